//! Entries of a room's log on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    attachment::Attachment,
    ids::{Nonce, Posts, Seq, TimeMs, UserId},
    room::{Role, RoomKind, RoomSettings},
};

/// One numbered thing in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its number in the room: 1, 2, 3 without gaps.
    pub seq: Seq,
    /// How many messages the room has up to and including this entry.
    pub posts: Posts,
    /// Who did it; absent if the system did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub by: Option<UserId>,
    /// When the server numbered it, in ms.
    #[schema(value_type = u64)]
    pub at: TimeMs,
    /// What the reader's own client called it: only in what is read from the log, and only in the reader's own entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub nonce: Option<Nonce>,
    /// What happened.
    #[serde(flatten)]
    pub body: EntryBody,
    /// Only in pages of a timeline: what became of the message since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<MessageState>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EntryBody {
    /// Somebody said something.
    Message {
        /// What they said.
        text: String,
        /// The message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        /// What it carries.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        attachments: Vec<Attachment>,
    },
    /// A message got another text.
    Edit {
        /// The message.
        of: Seq,
        /// Its text from now on.
        text: String,
    },
    /// A message was deleted.
    Delete {
        /// The message.
        of: Seq,
        /// What a moderator wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody reacted to a message, or took it back.
    Reaction {
        /// The message.
        of: Seq,
        /// With what.
        emoji: String,
        /// Whether it is there from now on.
        on: bool,
    },
    /// The body was erased by a deletion; `was` tells what it was.
    Erased {
        /// Its kind before.
        was: String,
    },
    /// The room was made.
    Created {
        /// Its kind.
        room_kind: RoomKind,
        /// Its name; empty in direct rooms.
        name: String,
        /// Its settings.
        settings: RoomSettings,
    },
    /// Somebody came in, or was brought in by `by`.
    Entered {
        /// Who.
        #[schema(value_type = String)]
        user: UserId,
        /// As what.
        role: Role,
    },
    /// Somebody went.
    Left {
        /// Who.
        #[schema(value_type = String)]
        user: UserId,
    },
    /// Somebody was taken out.
    Removed {
        /// Who.
        #[schema(value_type = String)]
        user: UserId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody was banned.
    Banned {
        /// Who.
        #[schema(value_type = String)]
        user: UserId,
        /// When the ban ends; for good if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<u64>)]
        until: Option<TimeMs>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody may come again.
    Unbanned {
        /// Who.
        #[schema(value_type = String)]
        user: UserId,
    },
    /// Somebody has another role.
    RoleChanged {
        /// Who.
        #[schema(value_type = String)]
        user: UserId,
        /// Their role from now on.
        role: Role,
    },
    /// Name, topic or settings changed; what is absent stayed.
    Changed {
        /// The new name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The new topic.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        topic: Option<String>,
        /// The new settings.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settings: Option<RoomSettings>,
    },
    /// The room was deleted.
    RoomDeleted,
}

/// What became of a message: its last text, deletion, reactions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageState {
    /// The entry that changed it last.
    pub changed_seq: Seq,
    /// Its text after the last edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When it was last edited, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>)]
    pub edited_at: Option<TimeMs>,
    /// How it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Deleted>,
    /// Its reactions, in the order in which they first came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reactions>,
}

/// How a message was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deleted {
    /// Who did it.
    #[schema(value_type = String)]
    pub by: UserId,
    /// When, in ms.
    #[schema(value_type = u64)]
    pub at: TimeMs,
    /// What a moderator wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One kind of reaction to a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reactions {
    /// The emoji.
    pub emoji: String,
    /// How many reacted with it.
    pub count: u64,
    /// Whether the reader did.
    pub mine: bool,
}

/// A message that changed, in the answer to `changes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedMessage {
    /// The message.
    pub seq: Seq,
    /// What became of it.
    pub state: MessageState,
}
