//! Friends and blocks.

use async_trait::async_trait;
use tertulia_core::{TimeMs, UserId};

use super::FeedChange;
use crate::EngineResult;

/// How two people stand, seen from one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Friendship {
    /// They are friends.
    Friends,
    /// I asked them.
    Asked,
    /// They ask me.
    Asks,
}

/// What somebody may see of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// How they are.
    pub presence: bool,
    /// When they were last here.
    pub last_seen: bool,
}

/// Friends and blocks.
#[async_trait]
pub trait Friends: Send + Sync {
    /// Asks for a friendship, or accepts theirs. `None` if one has blocked the other, or if they are
    /// one.
    async fn befriend(
        &self,
        user: UserId,
        other: UserId,
        now: TimeMs,
    ) -> EngineResult<Option<(Friendship, Vec<FeedChange>)>>;
    /// Ends a friendship, declines or withdraws. Nothing happens if there is none.
    async fn unfriend(&self, user: UserId, other: UserId) -> EngineResult<Vec<FeedChange>>;
    /// All of a user's friendships.
    async fn friends(&self, user: UserId) -> EngineResult<Vec<(UserId, Friendship)>>;
    /// How two people stand.
    async fn friendship(&self, user: UserId, other: UserId) -> EngineResult<Option<Friendship>>;
    /// Blocks somebody, which ends the friendship; or takes the block back.
    async fn set_block(&self, user: UserId, other: UserId, blocked: bool) -> EngineResult<Vec<FeedChange>>;
    /// Whom a user has blocked.
    async fn blocks(&self, user: UserId) -> EngineResult<Vec<UserId>>;
    /// What a user may see of others, in the order asked for: nothing of those who have blocked them, and else what they
    /// let be seen. One sees all of oneself.
    async fn sights(&self, viewer: UserId, users: &[UserId]) -> EngineResult<Vec<Sight>>;
    /// Whether either has blocked the other.
    async fn is_blocked(&self, one: UserId, other: UserId) -> EngineResult<bool>;
}
