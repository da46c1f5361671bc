//! Presence: who is online where.
//!
//! Kept per gateway, so that what a dead gateway said can be forgotten as one. Never trusted for delivery.
//!
//! [`in_process`] is the reference; the suite stands in `contract.rs`.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod in_process;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tertulia_core::{RoomId, TimeMs, UserId};

use crate::{EngineResult, bus::GatewayId};

/// How somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Not connected, or does not want to be seen.
    Off,
    /// Connected, and not in use.
    Away,
    /// Asked not to be disturbed.
    Busy,
    /// In use.
    Here,
}

/// How somebody is, and when they were last connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Who.
    pub user: UserId,
    /// How: the highest of what their gateways say.
    pub presence: Presence,
    /// When they were last connected, if they are not.
    pub last_seen_at: Option<TimeMs>,
}

/// Who is online where.
#[async_trait]
pub trait PresenceStore: Send + Sync {
    /// What a gateway says of users on it now; `Off` when their last session there ended. Returns who looks different
    /// to others than before, in the order told, each once; the last word on a user counts.
    async fn set(
        &self,
        gateway: GatewayId,
        users: &[(UserId, Presence)],
        now: TimeMs,
    ) -> EngineResult<Vec<Seen>>;
    /// How these users are, in the order asked for.
    async fn get(&self, users: &[UserId]) -> EngineResult<Vec<Seen>>;
    /// Which gateways a user is connected to.
    async fn gateways_of(&self, user: UserId) -> EngineResult<Vec<GatewayId>>;
    /// Forgets everything that a gateway said.
    async fn forget_gateway(&self, gateway: GatewayId, now: TimeMs) -> EngineResult<Vec<Seen>>;
    /// Stores who has a room open, in place of what was stored: ids only, for readers and operators; at most 1 s old.
    /// Stores may keep the first ten thousand of a room, and forget the rooms saved longest ago.
    async fn save_active(&self, room: RoomId, users: &[UserId]) -> EngineResult<()>;
    /// Who had the room open when that was last stored.
    async fn active(&self, room: RoomId) -> EngineResult<Vec<UserId>>;
    /// How many users are connected.
    async fn count_online(&self) -> EngineResult<u64>;
}
