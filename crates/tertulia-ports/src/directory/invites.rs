//! Invites by link.

use async_trait::async_trait;
use tertulia_core::{RoomId, TimeMs, UserId};

use crate::EngineResult;

/// An invite by link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// The secret in the link.
    pub token: String,
    /// Where it leads.
    pub room: RoomId,
    /// Who made it.
    pub by: UserId,
    /// When.
    pub created_at: TimeMs,
    /// When it ends; never if absent.
    pub expires_at: Option<TimeMs>,
    /// How many may still use it; any number if absent.
    pub uses_left: Option<u64>,
}

/// Invites by link.
#[async_trait]
pub trait Invites: Send + Sync {
    /// Adds an invite.
    async fn add_invite(&self, invite: &Invite) -> EngineResult<()>;
    /// The invite of this token, if it holds at this time.
    async fn invite(&self, token: &str, now: TimeMs) -> EngineResult<Option<Invite>>;
    /// Uses one up; `false` if it no longer holds.
    async fn use_invite(&self, token: &str, now: TimeMs) -> EngineResult<bool>;
    /// A room's invites, newest first.
    async fn invites(&self, room: RoomId) -> EngineResult<Vec<Invite>>;
    /// Takes an invite back; `false` if there was none.
    async fn revoke_invite(&self, room: RoomId, token: &str) -> EngineResult<bool>;
    /// Removes invites that no longer hold, at most `limit`: how many.
    async fn drop_expired_invites(&self, now: TimeMs, limit: usize) -> EngineResult<u64>;
}
