//! Rooms, members, bans and invites.

use serde_json::json;
use tertulia_protocol::{
    ids::{Nonce, RoomId, Seq, UserId},
    rest::{HistoryPage, Invite, List, Member, NewRoom, Room, RoomItem, RoomList, SettingsChange},
    room::Role,
};

use super::{Rest, RestError};

impl Rest {
    /// Makes a room.
    pub async fn make_room(&self, room: &NewRoom, key: Nonce) -> Result<Room, RestError> {
        self.call("POST", "/v1/rooms", Some(json!(room)), Some(key)).await
    }

    /// The direct room with somebody.
    pub async fn direct_room(&self, user: UserId) -> Result<Room, RestError> {
        self.call("PUT", &format!("/v1/direct/{user}"), None, None).await
    }

    /// A room that one is in.
    pub async fn room(&self, room: RoomId) -> Result<Room, RestError> {
        self.call("GET", &format!("/v1/rooms/{room}"), None, None).await
    }

    /// Changes a room's settings.
    pub async fn set_settings(
        &self,
        room: RoomId,
        settings: &SettingsChange,
        key: Nonce,
    ) -> Result<(), RestError> {
        self.do_it("PATCH", &format!("/v1/rooms/{room}"), Some(json!({"settings": settings})), Some(key))
            .await
    }

    /// Deletes a room.
    pub async fn delete_room(&self, room: RoomId, key: Nonce) -> Result<(), RestError> {
        self.do_it("DELETE", &format!("/v1/rooms/{room}"), None, Some(key)).await
    }

    /// One's own rooms.
    pub async fn my_rooms(&self) -> Result<Vec<RoomItem>, RestError> {
        self.call("GET", "/v1/me/rooms", None, None).await.map(|list: RoomList| list.items)
    }

    /// The first members of a room.
    pub async fn members(&self, room: RoomId) -> Result<Vec<Member>, RestError> {
        let path = format!("/v1/rooms/{room}/members?limit=200");
        self.call("GET", &path, None, None).await.map(|list: List<Member>| list.items)
    }

    /// Brings somebody into a room, or gives them another role.
    pub async fn put_member(
        &self,
        room: RoomId,
        user: UserId,
        role: Option<Role>,
        key: Nonce,
    ) -> Result<(), RestError> {
        let body = role.map_or_else(|| json!({}), |role| json!({"role": role}));
        self.do_it("PUT", &format!("/v1/rooms/{room}/members/{user}"), Some(body), Some(key)).await
    }

    /// Takes somebody out of a room; oneself: leaves.
    pub async fn remove_member(&self, room: RoomId, user: UserId, key: Nonce) -> Result<(), RestError> {
        self.do_it("DELETE", &format!("/v1/rooms/{room}/members/{user}"), None, Some(key)).await
    }

    /// Joins an open room, or one that there is an invite to.
    pub async fn join(&self, room: RoomId, invite: Option<&str>, key: Nonce) -> Result<(), RestError> {
        let body = invite.map_or_else(|| json!({}), |token| json!({"invite": token}));
        self.do_it("POST", &format!("/v1/rooms/{room}/join"), Some(body), Some(key)).await
    }

    /// Bans somebody, for good or for a time.
    pub async fn ban(
        &self,
        room: RoomId,
        user: UserId,
        duration_ms: Option<u64>,
        key: Nonce,
    ) -> Result<(), RestError> {
        let body = duration_ms.map_or_else(|| json!({}), |duration_ms| json!({"duration_ms": duration_ms}));
        self.do_it("PUT", &format!("/v1/rooms/{room}/bans/{user}"), Some(body), Some(key)).await
    }

    /// Lifts a ban.
    pub async fn unban(&self, room: RoomId, user: UserId, key: Nonce) -> Result<(), RestError> {
        self.do_it("DELETE", &format!("/v1/rooms/{room}/bans/{user}"), None, Some(key)).await
    }

    /// Makes a link into a room.
    pub async fn invite(&self, room: RoomId) -> Result<Invite, RestError> {
        self.call("POST", &format!("/v1/rooms/{room}/invites"), Some(json!({})), None).await
    }

    /// A page of a room's log after an entry.
    pub async fn entries_after(&self, room: RoomId, after: Seq) -> Result<HistoryPage, RestError> {
        self.call("GET", &format!("/v1/rooms/{room}/entries?after={after}&limit=200"), None, None).await
    }
}
