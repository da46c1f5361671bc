//! What a room's log holds: numbered entries, one for each thing that happened.

use serde::{Deserialize, Serialize};

use crate::{
    attachment::Attachment,
    ids::{Nonce, Posts, Seq, TimeMs, UserId},
    membership::{BanUntil, Role},
    permission::RoomKind,
    room::RoomSettings,
};

/// One numbered thing in a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the room.
    pub seq: Seq,
    /// How many messages the room has up to and including this entry.
    pub posts: Posts,
    /// Who did it.
    pub sender: UserId,
    /// What its sender called the command; zero for entries that a command made besides its first.
    pub nonce: Nonce,
    /// When its owner numbered it.
    pub at: TimeMs,
    /// What kind it is: known even when the body is erased.
    pub kind: EntryKind,
    /// What happened; `None` when it was erased by a deletion.
    pub body: Option<EntryBody>,
}

/// The kinds of entries with their ordinals in stored rows. Frozen: never reuse a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
#[expect(missing_docs, reason = "each is told at its body")]
pub enum EntryKind {
    Message = 1,
    Edit = 2,
    Delete = 3,
    Reaction = 4,
    Created = 16,
    Entered = 17,
    Left = 18,
    Removed = 19,
    Banned = 20,
    Unbanned = 21,
    RoleChanged = 22,
    Changed = 23,
    RoomDeleted = 24,
}

impl EntryKind {
    const ALL: [Self; 13] = [
        Self::Message,
        Self::Edit,
        Self::Delete,
        Self::Reaction,
        Self::Created,
        Self::Entered,
        Self::Left,
        Self::Removed,
        Self::Banned,
        Self::Unbanned,
        Self::RoleChanged,
        Self::Changed,
        Self::RoomDeleted,
    ];

    /// The kind with this ordinal.
    pub fn from_ordinal(ordinal: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == ordinal)
    }

    /// Whether it tells of the room or its members, not of messages.
    pub fn is_lifecycle(self) -> bool {
        self as u8 >= 16
    }
}

/// What happened. Stored as JSON under these names: frozen, as [`EntryKind`] is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// A message was deleted: its body is erased from the log.
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
    /// The room was made. Always entry 1, or the first after a room of that id was deleted.
    Created {
        /// Its kind, for good.
        room_kind: RoomKind,
        /// Its name; empty in direct rooms.
        name: String,
        /// Its settings.
        settings: RoomSettings,
    },
    /// Somebody came in, or was brought in by the sender.
    Entered {
        /// Who.
        user: UserId,
        /// As what.
        role: Role,
    },
    /// Somebody went of their own will.
    Left {
        /// Who.
        user: UserId,
    },
    /// Somebody was taken out; they may come again.
    Removed {
        /// Who.
        user: UserId,
        /// Why, in the moderator's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody was taken out and may not come again.
    Banned {
        /// Who.
        user: UserId,
        /// When the ban ends; for good if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: BanUntil,
        /// Why, in the moderator's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Somebody may come again.
    Unbanned {
        /// Who.
        user: UserId,
    },
    /// Somebody has another role.
    RoleChanged {
        /// Who.
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
        /// The new settings, all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settings: Option<RoomSettings>,
    },
    /// The room is closed for good; everything goes.
    RoomDeleted,
}

impl EntryBody {
    /// Its kind.
    pub fn kind(&self) -> EntryKind {
        match self {
            Self::Message { .. } => EntryKind::Message,
            Self::Edit { .. } => EntryKind::Edit,
            Self::Delete { .. } => EntryKind::Delete,
            Self::Reaction { .. } => EntryKind::Reaction,
            Self::Created { .. } => EntryKind::Created,
            Self::Entered { .. } => EntryKind::Entered,
            Self::Left { .. } => EntryKind::Left,
            Self::Removed { .. } => EntryKind::Removed,
            Self::Banned { .. } => EntryKind::Banned,
            Self::Unbanned { .. } => EntryKind::Unbanned,
            Self::RoleChanged { .. } => EntryKind::RoleChanged,
            Self::Changed { .. } => EntryKind::Changed,
            Self::RoomDeleted => EntryKind::RoomDeleted,
        }
    }

    /// The text that a message has by it; empty if it gives none.
    pub fn text(&self) -> &str {
        match self {
            Self::Message { text, .. } | Self::Edit { text, .. } => text,
            _ => "",
        }
    }

    /// What a message carries.
    pub fn attachments(&self) -> &[Attachment] {
        match self {
            Self::Message { attachments, .. } => attachments,
            _ => &[],
        }
    }

    /// The person whose standing it changes.
    pub fn subject(&self) -> Option<UserId> {
        match self {
            Self::Entered { user, .. }
            | Self::Left { user }
            | Self::Removed { user, .. }
            | Self::Banned { user, .. }
            | Self::Unbanned { user }
            | Self::RoleChanged { user, .. } => Some(*user),
            _ => None,
        }
    }

    /// The message that it changes.
    pub fn target(&self) -> Option<Seq> {
        match self {
            Self::Edit { of, .. } | Self::Delete { of, .. } | Self::Reaction { of, .. } => Some(*of),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_frozen() {
        let ordinals: Vec<u8> = EntryKind::ALL.map(|kind| kind as u8).into();
        assert_eq!(ordinals, [1, 2, 3, 4, 16, 17, 18, 19, 20, 21, 22, 23, 24]);
        for kind in EntryKind::ALL {
            assert_eq!(EntryKind::from_ordinal(kind as u8), Some(kind));
        }
        assert_eq!(EntryKind::from_ordinal(0), None);
    }
}
