//! A room: a state machine that checks commands, numbers entries, and knows what is committed.
//!
//! Rules are checked against *tentative* state, which holds every entry that has been numbered. What others may see is
//! *published* state: entries that are stored for good, with their projections. Between the two lies what the owner is
//! about to store. Within an epoch a number is never given out twice, so tentative state never rolls back: an owner
//! that is fenced drops the whole room.
//!
//! The room asks for what it does not know ([`Need`]) and never loads a member list. Commands are checked in
//! `decide.rs`, `window.rs` remembers nonces, `opening.rs` rebuilds a room from its stored tail.

mod decide;
mod opening;
mod window;

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    entry::{Entry, EntryBody, EntryKind},
    ids::{Epoch, Nonce, Posts, RoomId, Seq, TimeMs, UserId},
    limits::Limits,
    membership::{BanUntil, Member, Role, Standing},
    permission::RoomKind,
    row::{BUCKET_ENTRIES, Chain, Row, Salt},
    text::TextError,
};

pub use self::{
    opening::{Opening, Repair},
    window::{TAIL_ENTRIES, WINDOW_ENTRIES},
};
use self::window::{Target, Window};

/// Most member records that a room keeps in memory; others are looked up again.
pub const MEMBERS_CACHED_MAX: usize = 4_096;
/// Most messages outside the window whose state a room keeps in memory.
pub const TARGETS_CACHED_MAX: usize = 256;

/// The actor of commands that jobs give, such as closing an empty room. No person has this id.
pub const SYSTEM: UserId = UserId::new(0);

/// Who may come in without being asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// Only who has an invite, or is added.
    #[default]
    Invite,
    /// Everybody who knows the room.
    Open,
}

/// What newcomers may read of what was said before them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryPolicy {
    /// Everything.
    #[default]
    All,
    /// What came after they did.
    SinceJoin,
}

/// How a room's entries reach its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Broadcast {
    /// In the turn that committed them: lowest latency.
    Direct,
    /// From the room's queue, by fan-out workers: takes load off the owner.
    Queued,
}

/// What a room's owners may set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct RoomSettings {
    /// Who may come in.
    pub join: JoinPolicy,
    /// What newcomers may read.
    pub history: HistoryPolicy,
    /// Seconds that a member waits between two messages; 0 for none.
    pub slow_mode_s: u32,
    /// Days after which messages are deleted; the server's limit if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// How entries are broadcast; as the server says if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broadcast: Option<Broadcast>,
}

/// Longest slow mode, in seconds: six hours.
pub const SLOW_MODE_S_MAX: u32 = 21_600;
/// Longest retention, in days.
pub const RETENTION_DAYS_MAX: u32 = 36_500;

/// What a room is, beside its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomMeta {
    /// Its kind.
    pub kind: RoomKind,
    /// Its name; empty in direct rooms.
    pub name: String,
    /// Its topic; may be empty.
    pub topic: String,
    /// Its settings.
    pub settings: RoomSettings,
    /// How many belong to it.
    pub members: u64,
    /// How many of them are owners.
    pub owners: u64,
}

/// How far a log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 in an empty log.
    pub seq: Seq,
    /// How many messages there are up to it.
    pub posts: Posts,
    /// The hash chain up to it.
    pub chain: Chain,
}

/// A command with the one who gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Who gives it; [`SYSTEM`] for jobs and administrators, who need not be members.
    pub actor: UserId,
    /// What the actor calls it, on every retry.
    pub nonce: Nonce,
    /// The room's head that the actor knew when it first tried; `None` if it never retries beyond the nonce window.
    pub since: Option<Seq>,
    /// What is to be done.
    pub command: Command,
}

/// What can be done in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are as in the entry bodies of the same names")]
pub enum Command {
    /// Say something.
    Post { text: String, reply_to: Option<Seq> },
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
    Change { name: Option<String>, topic: Option<String>, settings: Option<RoomSettings> },
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
    /// No: nothing changed.
    Refused(Refusal),
}

/// What a room must know before it can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Need {
    /// How this person stands: see [`Room::learn_member`].
    Member(UserId),
    /// What this old message is: see [`Room::learn_message`].
    Message(Seq),
}

/// What [`Room::learn_message`] wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFacts {
    /// Who wrote it.
    pub sender: UserId,
    /// Whether it was deleted.
    pub deleted: bool,
    /// The kinds of reactions that it has.
    pub reactions: Vec<String>,
}

/// Why a command was refused. Final, unless it says when to retry.
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
    #[error("since {since} is older than what the room remembers ({oldest}): look whether it was sent, then decide")]
    StaleSend { since: Seq, oldest: Seq },
    #[error("this nonce was used for entry {seq}, which says something else")]
    NonceReused { seq: Seq },
    #[error("the room exists")]
    RoomExists,
    #[error("there is no message {seq}")]
    NoSuchMessage { seq: Seq },
    #[error("message {seq} was deleted")]
    MessageDeleted { seq: Seq },
    #[error("a message has at most {max} kinds of reactions")]
    TooManyReactions { max: u64 },
    #[error("they are not a member of this room")]
    NoSuchMember,
    #[error("they are a member of this room")]
    AlreadyMember,
    #[error("they are banned from this room")]
    TargetBanned,
    #[error("they are not banned from this room")]
    NotBanned,
    #[error("you are the last owner: make somebody else an owner first, or delete the room")]
    LastOwner,
    #[error("the room has members")]
    NotEmpty,
    #[error("nothing would change")]
    NothingToChange,
}

/// A reader's right to a room's log, taken at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The room.
    pub room: RoomId,
    /// The first entry that they may read.
    pub first: Seq,
    /// The last one that is published.
    pub through: Seq,
    /// How many messages there are up to `through`.
    pub posts: Posts,
    /// Which epoch owns which numbers: read each row from the epoch that owns its number.
    pub epochs: EpochList,
}

/// Which epoch owns which numbers: `(epoch, first seq)`, ascending. Cheap to clone.
pub type EpochList = Arc<[(Epoch, Seq)]>;

/// The epoch whose row counts at this number.
pub fn owning_epoch(epochs: &[(Epoch, Seq)], seq: Seq) -> Option<Epoch> {
    epochs.iter().rev().find(|(_, first)| *first <= seq).map(|(epoch, _)| *epoch)
}

/// An open room.
#[derive(Debug)]
pub struct Room {
    id: RoomId,
    epoch: Epoch,
    epochs: EpochList,
    /// `None` before it was created and after it was deleted.
    meta: Option<RoomMeta>,
    /// The first entry that is still there, after retention.
    first: Seq,
    /// Tentative: the last entry that has a number.
    head: Head,
    /// The last entry that everybody may see, and how many messages there are up to it.
    published: (Seq, Posts),
    window: Window,
    members: HashMap<UserId, CachedMember>,
    targets: HashMap<Seq, Target>,
    /// Numbered, and not yet taken to be stored.
    unsent: Vec<Numbered>,
}

#[derive(Debug, Clone)]
struct CachedMember {
    member: Member,
    /// When they last said something in this room, for slow mode.
    last_post_at: TimeMs,
}

/// An entry with the row that stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// The entry.
    pub entry: Entry,
    /// Its row.
    pub row: Row,
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

impl Room {
    /// The room's id.
    pub fn id(&self) -> RoomId {
        self.id
    }

    /// What it is; `None` if it does not exist.
    pub fn meta(&self) -> Option<&RoomMeta> {
        self.meta.as_ref()
    }

    /// Which epoch owns which numbers.
    pub fn epochs(&self) -> &EpochList {
        &self.epochs
    }

    /// The last number given out.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The last number that everybody may see, and how many messages there are up to it.
    pub fn published(&self) -> (Seq, Posts) {
        self.published
    }

    /// The first entry that is still there.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// Whether nothing is on its way: the room may be closed and opened again without loss.
    pub fn is_quiet(&self) -> bool {
        self.unsent.is_empty() && self.head.seq == self.published.0
    }

    /// Takes entries to be stored, up to the end of a bucket: one append never spans two.
    pub fn take_unsent(&mut self) -> Vec<Numbered> {
        let Some(bucket) = self.unsent.first().map(|numbered| numbered.entry.seq / BUCKET_ENTRIES) else {
            return Vec::new();
        };
        let end = self.unsent.partition_point(|numbered| numbered.entry.seq / BUCKET_ENTRIES == bucket);
        match end == self.unsent.len() {
            true => std::mem::take(&mut self.unsent),
            false => self.unsent.drain(..end).collect(),
        }
    }

    /// Whether entries wait to be taken.
    pub fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// The entry is stored, with its projection: everybody may see it.
    pub fn publish(&mut self, entry: &Entry) {
        debug_assert_eq!(entry.seq, self.published.0 + 1, "entries are published in order");
        self.published = (entry.seq, entry.posts);
    }

    /// Tells how a person stands, as the directory has it. Ignored where the room knows better.
    pub fn learn_member(&mut self, user: UserId, member: Member) {
        if self.members.len() >= MEMBERS_CACHED_MAX {
            let published = self.published.0;
            self.members.retain(|_, cached| cached.member.seq > published);
        }
        self.members.entry(user).or_insert(CachedMember { member, last_post_at: TimeMs::default() });
    }

    /// Forgets how a person stands, unless it is not in the directory yet: something outside the log has changed.
    pub fn forget_member(&mut self, user: UserId) {
        let published = self.published.0;
        if self.members.get(&user).is_some_and(|cached| cached.member.seq <= published) {
            self.members.remove(&user);
        }
    }

    /// Tells what an old message is; `None` if there is no message of that number.
    pub fn learn_message(&mut self, seq: Seq, facts: Option<MessageFacts>) {
        if self.targets.len() >= TARGETS_CACHED_MAX {
            let (published, window) = (self.published.0, self.window.oldest());
            self.targets.retain(|seq, target| *seq > window || target.changed_seq > published);
        }
        self.targets.entry(seq).or_insert_with(|| Target::learned(facts));
    }

    /// What a reader may read now.
    pub fn grant(&self, user: UserId, now: TimeMs) -> Result<Grant, GrantError> {
        let first = match self.reader(user, now)? {
            Reader::Whole => self.first,
            Reader::Since(seq) => seq.max(self.first),
        };
        let (through, posts) = self.published;
        Ok(Grant { room: self.id, first, through, posts, epochs: self.epochs.clone() })
    }

    /// Whether the person belongs to the room and may see what is said: for typing, receipts and subscriptions.
    pub fn check_reader(&self, user: UserId, now: TimeMs) -> Result<(), GrantError> {
        self.reader(user, now).map(|_| ())
    }

    fn reader(&self, user: UserId, now: TimeMs) -> Result<Reader, GrantError> {
        let meta = self.meta.as_ref().ok_or(GrantError::Refused(Refusal::NotMember))?;
        if user == SYSTEM {
            return Ok(Reader::Whole);
        }
        let member = &self.members.get(&user).ok_or(GrantError::Need(Need::Member(user)))?.member;
        match &member.standing {
            // Numbered but not published: not yet a member for those who read.
            Standing::In { since_seq, .. } if *since_seq <= self.published.0 => {
                Ok(match meta.settings.history {
                    HistoryPolicy::All => Reader::Whole,
                    HistoryPolicy::SinceJoin => Reader::Since(*since_seq),
                })
            }
            Standing::Banned { until, reason } if member.is_banned(now) => {
                Err(GrantError::Refused(Refusal::Banned { until: *until, reason: reason.clone() }))
            }
            _ => Err(GrantError::Refused(Refusal::NotMember)),
        }
    }

    /// Gives the next number to a body.
    fn number(&mut self, sender: UserId, nonce: Nonce, body: EntryBody, around: &mut Circumstances<'_>) -> Seq {
        let kind = body.kind();
        let seq = self.head.seq + 1;
        let posts = self.head.posts + u64::from(kind == EntryKind::Message);
        let entry = Entry { seq, posts, sender, nonce, at: around.now, kind, body: Some(body) };
        let (row, chain) = Row::encode(&entry, self.epoch, (around.salt)(), &self.head.chain);
        self.head = Head { seq, posts, chain };
        self.window.push(&entry);
        self.apply(&entry);
        self.unsent.push(Numbered { entry, row });
        seq
    }
}

/// Why there is no grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantError {
    /// Ask again when this is known.
    Need(Need),
    /// No.
    Refused(Refusal),
}

enum Reader {
    Whole,
    Since(Seq),
}
