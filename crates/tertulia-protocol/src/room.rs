//! What rooms and their members are on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kinds of rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Exactly two people.
    Direct,
    /// Everybody writes.
    Group,
    /// Owners and moderators write, everybody reads.
    Channel,
}

/// What a member is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads, and writes where members may.
    Member,
    /// Removes, bans, deletes.
    Moderator,
    /// May do everything.
    Owner,
}

/// Who may come in without being asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JoinPolicy {
    /// Only who has an invite, or is added.
    #[default]
    Invite,
    /// Everybody who knows the room.
    Open,
}

/// What newcomers may read of what was said before them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HistoryPolicy {
    /// Everything.
    #[default]
    All,
    /// What came after they did.
    SinceJoin,
}

/// How a room's entries reach its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Broadcast {
    /// In the turn that committed them.
    Direct,
    /// From the room's queue.
    Queued,
}

/// What a room's owners and moderators may set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

/// Why somebody is not in a room any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Departure {
    /// They left.
    Left,
    /// They were removed, and may come again.
    Removed,
    /// They were banned.
    Banned,
    /// The room was deleted.
    Deleted,
}

/// Presence as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceState {
    /// At least one device is connected and in use.
    Here,
    /// Connected, and not in use.
    Away,
    /// Asked not to be disturbed.
    Busy,
    /// Not connected, or does not want to be seen.
    Off,
}
