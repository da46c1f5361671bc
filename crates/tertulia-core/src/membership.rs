//! How a person stands in a room.

use serde::{Deserialize, Serialize};

use crate::ids::{Seq, TimeMs};

/// What a member is in a room; later ones may do more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, and writes where members may.
    Member,
    /// Keeps order: removes, bans, deletes.
    Moderator,
    /// May do everything, deleting the room included.
    Owner,
}

/// How long a ban lasts. `None` is for good.
pub type BanUntil = Option<TimeMs>;

/// How a person stands in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "standing", rename_all = "snake_case")]
pub enum Standing {
    /// Never was in it, has left, or was removed: may come again.
    Out,
    /// Belongs to it.
    In {
        /// What they are in it.
        role: Role,
        /// The entry that brought them in.
        since_seq: Seq,
    },
    /// May not come in.
    Banned {
        /// When the ban ends.
        until: BanUntil,
        /// What the moderator wrote.
        reason: Option<String>,
    },
}

/// A person's standing and the last entry that changed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// How they stand.
    pub standing: Standing,
    /// The entry that made it so; 0 if none did.
    pub seq: Seq,
    /// In a direct room: one of the two has blocked the other.
    pub blocked: bool,
}

impl Standing {
    /// The role, if the person belongs to the room.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::In { role, .. } => Some(*role),
            Self::Out | Self::Banned { .. } => None,
        }
    }

    /// Whether a ban holds at this time.
    pub fn is_banned(&self, now: TimeMs) -> bool {
        matches!(self, Self::Banned { until, .. } if until.is_none_or(|until| now < until))
    }
}

impl Member {
    /// Somebody of whom the room knows nothing.
    pub const STRANGER: Self = Self { standing: Standing::Out, seq: 0, blocked: false };

    /// Their role, if they belong to the room.
    pub fn role(&self) -> Option<Role> {
        self.standing.role()
    }

    /// Whether a ban holds at this time.
    pub fn is_banned(&self, now: TimeMs) -> bool {
        self.standing.is_banned(now)
    }
}
