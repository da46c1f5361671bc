//! What can be asked of a room, and what it answers.

use crate::{
    attachment::Attached,
    ids::{Nonce, Seq, TimeMs, UploadId, UserId},
    limits::Limits,
    membership::{BanUntil, Role},
    permission::RoomKind,
    row::Salt,
    text::TextError,
};

use super::{RoomSettings, SettingsChange};

/// The actor of commands that jobs give, such as closing an empty room. No person has this id.
pub const SYSTEM: UserId = UserId::new(0);

/// A command with the one who gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Who gives it; [`SYSTEM`] for jobs and administrators, who need not be members.
    pub actor: UserId,
    /// What the actor calls it, on every retry. Zero stands for none, and is for the system's commands only.
    pub nonce: Nonce,
    /// The room's head that the actor knew when it first tried, the same on every retry. It makes a retry safe however
    /// late it comes: without it, one that comes after the nonce was forgotten is done a second time.
    pub since: Option<Seq>,
    /// What is to be done.
    pub command: Command,
}

/// What can be done in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are as in the entry bodies of the same names")]
pub enum Command {
    /// Say something.
    Post { text: String, reply_to: Option<Seq>, attached: Attached },
    /// Change the text of one's own message.
    Edit { of: Seq, text: String },
    /// Delete a message.
    Delete { of: Seq, reason: Option<String> },
    /// React to a message, or take it back.
    React { of: Seq, emoji: String, on: bool },
    /// Make the room, with these members beside its maker, who owns it (in direct rooms nobody does).
    Create { kind: RoomKind, name: String, settings: RoomSettings, members: Vec<UserId> },
    /// Come in: the room is open, or the actor holds an invite that was checked.
    Join { invited: bool },
    /// Bring somebody in.
    Add { user: UserId },
    /// Go.
    Leave,
    /// Take somebody out.
    Remove { user: UserId, reason: Option<String> },
    /// Take somebody out, or keep them out.
    Ban { user: UserId, until: BanUntil, reason: Option<String> },
    /// Let somebody come again.
    Unban { user: UserId },
    /// Give a member another role.
    SetRole { user: UserId, role: Role },
    /// Change name, topic or settings.
    Change { name: Option<String>, topic: Option<String>, settings: Option<SettingsChange> },
    /// Delete the room.
    DeleteRoom,
    /// Delete the room if nobody belongs to it: cleanup's word.
    DeleteIfEmpty,
}

/// What the room makes of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It is entries `first` to `last` now. Acknowledge with `first` once `last` is published.
    Numbered {
        /// The command's own entry.
        first: Seq,
        /// The last of those that it made.
        last: Seq,
    },
    /// The same command was numbered before. Acknowledge with it once it is published.
    Repeated {
        /// Its entry.
        seq: Seq,
    },
    /// Ask again when this is known.
    Need(Need),
    /// Ask again with [`Attached::Held`].
    NeedUploads,
    /// No: nothing changed.
    Refused(Refusal),
}

/// What a room must know before it can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// How this person stands: see [`super::Room::learn_member`].
    Member(UserId),
    /// What this old message is: see [`super::Room::learn_message`].
    Message(Seq),
}

/// What [`super::Room::learn_message`] wants to know, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFacts {
    /// Who wrote it.
    pub sender: UserId,
    /// Whether it was deleted.
    pub deleted: bool,
    /// How often it was edited: the length of its state's list of edits.
    pub edits: u32,
    /// The kinds of reactions that it has.
    pub reactions: Vec<String>,
}

/// Why a command was refused. Final, except for `SlowMode`, `StaleSend` and `Busy`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Refusal {
    #[error("there is no such room, or you are not a member of it")]
    NotMember,
    #[error("you are banned from this room")]
    Banned { until: BanUntil, reason: Option<String> },
    #[error("one of you has blocked the other")]
    Blocked,
    #[error("your role in this room does not allow that")]
    NotAllowed,
    #[error("{field} {error}")]
    Text { field: &'static str, error: TextError },
    #[error("{field} is {value}, and must be at most {max}")]
    TooLarge { field: &'static str, value: u64, max: u64 },
    #[error("the room has {max} members, and takes no more")]
    RoomFull { max: u64 },
    #[error("the room is in slow mode: wait {retry_after_ms} ms")]
    SlowMode { retry_after_ms: u64 },
    #[error(
        "since {since} is older than what the room remembers ({oldest}): look whether it was sent, then decide"
    )]
    StaleSend { since: Seq, oldest: Seq },
    #[error("this nonce was used for entry {seq}, which says something else")]
    NonceReused { seq: Seq },
    #[error("the room exists")]
    RoomExists,
    #[error("there is no message {seq}")]
    NoSuchMessage { seq: Seq },
    #[error("message {seq} was deleted")]
    MessageDeleted { seq: Seq },
    #[error("you have no upload {upload}")]
    NoSuchUpload { upload: UploadId },
    #[error("upload {upload} is not finished: try again when it is ready")]
    UploadUnfinished { upload: UploadId },
    #[error("upload {upload} was refused: {reason}")]
    UploadRefused { upload: UploadId, reason: String },
    #[error("a message has at most {max} kinds of reactions")]
    TooManyReactions { max: u64 },
    #[error("a message can be edited at most {max} times")]
    TooManyEdits { max: u64 },
    #[error("they are not a member of this room")]
    NoSuchMember,
    #[error("they are a member of this room")]
    AlreadyMember,
    #[error("they are banned from this room")]
    TargetBanned,
    #[error("they are not banned from this room")]
    NotBanned,
    #[error("the room would be without an owner: make somebody else an owner first, or delete the room")]
    LastOwner,
    #[error("the room has members")]
    NotEmpty,
    #[error("nothing would change")]
    NothingToChange,
    #[error(
        "a direct room is of exactly two people, its id follows from them, and no other room has such an id"
    )]
    NotAPair,
    #[error("the nonce is zero, and must be 128 random bits")]
    NoNonce,
    /// Nothing is wrong with the command: retry with the same nonce.
    #[error("the room has too much on its way to the store: try again")]
    Busy,
}

/// What the owner knows besides the room: limits, the time, and how to make salt.
pub struct Circumstances<'a> {
    /// The limits in force.
    pub limits: &'a Limits,
    /// The time now.
    pub now: TimeMs,
    /// Gives 16 fresh random bytes.
    pub salt: &'a mut dyn FnMut() -> Salt,
}
