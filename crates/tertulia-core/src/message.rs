//! A message's present state: what its log entries have made of it.

use serde::{Deserialize, Serialize};

use crate::ids::{Seq, TimeMs, UserId};

/// What edits, deletions and reactions made of one message. Kept beside the log, so that a page of a timeline needs
/// no fold over later entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageState {
    /// The message's number.
    pub seq: Seq,
    /// The entry that changed it last; 0 if none has.
    pub changed_seq: Seq,
    /// Its text after the last edit; `None` if it was never edited.
    pub text: Option<String>,
    /// The entries that edited it, ascending: a deletion erases their bodies too, since its texts stand there.
    #[serde(default)]
    pub edits: Vec<Seq>,
    /// When it was last edited.
    pub edited_at: Option<TimeMs>,
    /// Who deleted it, and why.
    pub deleted: Option<Deleted>,
    /// Reactions in the order in which their kinds first came.
    pub reactions: Vec<Reactions>,
}

/// How a message was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Who did it.
    pub by: UserId,
    /// When.
    pub at: TimeMs,
    /// What a moderator wrote.
    pub reason: Option<String>,
}

/// One kind of reaction to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reactions {
    /// The emoji.
    pub emoji: String,
    /// How many people reacted with it.
    pub count: u64,
}

/// A change to a message's state, made by the entry `by_seq`. Applying one twice changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageChange {
    /// The message.
    pub seq: Seq,
    /// The entry that changes it.
    pub by_seq: Seq,
    /// How.
    pub kind: MessageChangeKind,
}

/// How a message's state changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageChangeKind {
    /// It has another text.
    Edited {
        /// The text.
        text: String,
        /// When.
        at: TimeMs,
    },
    /// It is gone: its state, its body, and those of its edits.
    Deleted(Deleted),
    /// Somebody's reaction came or went.
    Reacted {
        /// Who reacted.
        user: UserId,
        /// With what.
        emoji: String,
        /// Whether it is there now.
        on: bool,
    },
}
