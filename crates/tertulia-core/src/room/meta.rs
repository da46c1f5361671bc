//! What a room is beside its log: kind, name, settings, counts, and how far the log goes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{Epoch, Posts, Seq},
    permission::RoomKind,
    row::Chain,
};

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

impl RoomSettings {
    /// How long a member waits between two messages.
    pub(super) fn slow_mode_ms(&self) -> u64 {
        u64::from(self.slow_mode_s) * 1_000
    }
}

/// Settings to change; absent ones stay. Applied by the room, so that two changes at once do not undo each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are as in the settings")]
pub struct SettingsChange {
    pub join: Option<JoinPolicy>,
    pub history: Option<HistoryPolicy>,
    pub slow_mode_s: Option<u32>,
    pub retention_days: Option<Option<u32>>,
    pub broadcast: Option<Option<Broadcast>>,
}

impl SettingsChange {
    /// The settings with these changes.
    pub fn applied_to(&self, settings: &RoomSettings) -> RoomSettings {
        RoomSettings {
            join: self.join.unwrap_or(settings.join),
            history: self.history.unwrap_or(settings.history),
            slow_mode_s: self.slow_mode_s.unwrap_or(settings.slow_mode_s),
            retention_days: self.retention_days.unwrap_or(settings.retention_days),
            broadcast: self.broadcast.unwrap_or(settings.broadcast),
        }
    }
}

impl From<RoomSettings> for SettingsChange {
    /// All of them.
    fn from(settings: RoomSettings) -> Self {
        Self {
            join: Some(settings.join),
            history: Some(settings.history),
            slow_mode_s: Some(settings.slow_mode_s),
            retention_days: Some(settings.retention_days),
            broadcast: Some(settings.broadcast),
        }
    }
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

/// Which epoch owns which numbers: `(epoch, first seq)`, ascending. Cheap to clone.
pub type EpochList = Arc<[(Epoch, Seq)]>;

/// The epoch whose row counts at this number.
pub fn owning_epoch(epochs: &[(Epoch, Seq)], seq: Seq) -> Option<Epoch> {
    epochs.iter().rev().find(|(_, first)| *first <= seq).map(|(epoch, _)| *epoch)
}
