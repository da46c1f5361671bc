//! Rooms, and how they stand in one's list.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::User;
use crate::{
    entry::Entry,
    ids::{Posts, RoomId, Seq, TimeMs, UserId},
    room::{Broadcast, HistoryPolicy, JoinPolicy, Role, RoomKind, RoomSettings},
};

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Room {
    /// Its id.
    #[schema(value_type = String)]
    pub id: RoomId,
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
    /// When it was made, in ms.
    #[schema(value_type = u64)]
    pub created_at: TimeMs,
    /// What you are in it; absent if you do not belong to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub my_role: Option<Role>,
    /// The other one, in direct rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<User>,
}

/// A room of yours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomItem {
    /// The room.
    #[serde(flatten)]
    pub room: Room,
    /// The first entry that you may read.
    pub first: Seq,
    /// The last entry.
    pub head: Seq,
    /// How many messages there are up to it.
    pub posts: Posts,
    /// The highest entry that you have read.
    pub read: Seq,
    /// How many messages there are up to it.
    pub read_posts: Posts,
    /// How many messages you have not read.
    pub unread: u64,
    /// Whether you want no notifications from it.
    pub muted: bool,
    /// Whether it stands on top of your list.
    pub pinned: bool,
    /// The last message, if it is among the room's last entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastMessage>,
}

/// The last message of a room, for a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastMessage {
    /// The message, with its state.
    #[serde(flatten)]
    pub entry: Entry,
    /// The shown name of who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_name: Option<String>,
}

/// All of your rooms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomList {
    /// The rooms, newest activity first.
    pub items: Vec<RoomItem>,
    /// The version of your feed that they belong to.
    pub feed: u64,
}

/// The kinds of rooms that people make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NewRoomKind {
    /// Everybody writes.
    Group,
    /// Owners and moderators write, everybody reads.
    Channel,
}

/// A room to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewRoom {
    /// Its kind, for good.
    pub kind: NewRoomKind,
    /// Its name.
    pub name: String,
    /// Its topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Its settings.
    #[serde(default)]
    pub settings: RoomSettings,
    /// Who is in it from the start, besides you.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub members: Vec<UserId>,
}

/// What to change of a room; absent fields stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomChange {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Its settings, as far as they change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsChange>,
}

/// Settings to change; absent ones stay. `null` gives `retention_days` and `broadcast` back to the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingsChange {
    /// Who may come in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinPolicy>,
    /// What newcomers may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryPolicy>,
    /// Seconds that a member waits between two messages; 0 for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_mode_s: Option<u32>,
    /// Days after which messages are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<u32>)]
    pub retention_days: Option<Option<u32>>,
    /// How entries are broadcast.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[schema(value_type = Option<Broadcast>)]
    pub broadcast: Option<Option<Broadcast>>,
}

/// A field that is there, be it `null`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Coming into a room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Join {
    /// An invite's token; not needed where everybody may come in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
}

/// Who has a room open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RoomActive {
    /// Their ids.
    #[schema(value_type = Vec<String>)]
    pub users: Vec<UserId>,
    /// How many they are.
    pub count: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_settings_stay_and_null_gives_them_back() {
        let change: SettingsChange =
            serde_json::from_str(r#"{"join": "open", "retention_days": null}"#).unwrap();
        let expected = SettingsChange {
            join: Some(JoinPolicy::Open),
            retention_days: Some(None),
            ..SettingsChange::default()
        };
        assert_eq!(change, expected);
        let text = serde_json::to_string(&change).unwrap();
        assert_eq!(serde_json::from_str::<SettingsChange>(&text).unwrap(), change);
    }
}
