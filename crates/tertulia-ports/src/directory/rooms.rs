//! Rooms and who belongs to them.

use async_trait::async_trait;
use tertulia_core::{
    Entry, Epoch, Member, RoomId, Seq, TimeMs, UserId,
    membership::{BanUntil, Role},
    room::RoomMeta,
};

use super::FeedChange;
use crate::EngineResult;

/// A room as the directory has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRecord {
    /// Its id.
    pub id: RoomId,
    /// Kind, name, settings, counts.
    pub meta: RoomMeta,
    /// When it was made.
    pub created_at: TimeMs,
    /// The two of a direct room.
    pub pair: Option<(UserId, UserId)>,
}

/// One of a user's rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRoom {
    /// The room.
    pub room: RoomRecord,
    /// What they are in it.
    pub role: Role,
    /// The entry that brought them in.
    pub since_seq: Seq,
    /// Whether they want no notifications from it.
    pub muted: bool,
    /// Whether it stands on top of their list.
    pub pinned: bool,
}

/// One of a room's members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomMember {
    /// Who.
    pub user: UserId,
    /// What they are.
    pub role: Role,
    /// The entry that brought them in.
    pub since_seq: Seq,
}

/// Somebody who is banned from a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomBan {
    /// The room.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// By whom; `None` if the system did it.
    pub by: Option<UserId>,
    /// Until when; for good if absent.
    pub until: BanUntil,
    /// Why.
    pub reason: Option<String>,
    /// The entry that says so.
    pub seq: Seq,
}

/// Rooms and who belongs to them.
#[async_trait]
pub trait Rooms: Send + Sync {
    /// Applies lifecycle entries of a room (others are ignored) in order: the owner's projection. Idempotent. Entries of
    /// a room that does not exist change nothing; after a deletion, only `Created` with a higher number makes it again.
    /// People whose standing changed have their feeds raised, once a call, ascending by id.
    async fn apply(&self, room: RoomId, epoch: Epoch, entries: &[Entry]) -> EngineResult<Vec<FeedChange>>;
    /// A room, if it exists.
    async fn room(&self, room: RoomId) -> EngineResult<Option<RoomRecord>>;
    /// The direct room of two people, if it exists.
    async fn direct_room(&self, one: UserId, other: UserId) -> EngineResult<Option<RoomId>>;
    /// How a person stands in a room, blocks in direct rooms included. [`Member::STRANGER`] if nothing is known.
    async fn member(&self, room: RoomId, user: UserId) -> EngineResult<Member>;
    /// How a person stands in rooms, in the order asked for.
    async fn standings(&self, user: UserId, rooms: &[RoomId]) -> EngineResult<Vec<Member>>;
    /// The rooms that a user belongs to, ascending by id.
    async fn rooms_of(&self, user: UserId) -> EngineResult<Vec<UserRoom>>;
    /// Only their ids.
    async fn room_ids_of(&self, user: UserId) -> EngineResult<Vec<RoomId>>;
    /// How many rooms a user belongs to.
    async fn count_rooms_of(&self, user: UserId) -> EngineResult<u64>;
    /// Members above a user id, ascending by id; with `text`, only those whose name or handle starts with it.
    async fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        text: &str,
        limit: usize,
    ) -> EngineResult<Vec<RoomMember>>;
    /// Bans above a user id, ascending by id.
    async fn bans(&self, room: RoomId, after: Option<UserId>, limit: usize) -> EngineResult<Vec<RoomBan>>;
    /// From which of these rooms a user is banned, over or not, in the order asked for.
    async fn bans_of(&self, user: UserId, rooms: &[RoomId]) -> EngineResult<Vec<RoomBan>>;
    /// Sets what only concerns the member: absent fields stay, and whoever enters again starts afresh.
    async fn set_room_preferences(
        &self,
        room: RoomId,
        user: UserId,
        muted: Option<bool>,
        pinned: Option<bool>,
    ) -> EngineResult<Vec<FeedChange>>;
    /// Rooms without members, at most `limit`.
    async fn empty_rooms(&self, limit: usize) -> EngineResult<Vec<RoomId>>;
    /// Rooms above an id, ascending: for sweeps over all of them.
    async fn rooms_after(&self, after: Option<RoomId>, limit: usize) -> EngineResult<Vec<RoomRecord>>;
    /// How many rooms there are.
    async fn count_rooms(&self) -> EngineResult<u64>;
}
