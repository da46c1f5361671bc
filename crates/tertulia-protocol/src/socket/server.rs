//! What a client hears.

use serde::{Deserialize, Serialize};
use tertulia_core::Limits;

use crate::{
    entry::{ChangedMessage, Entry},
    error::ErrorDetail,
    ids::{DeviceId, Posts, RoomId, Seq, TimeMs, UserId},
    room::{Departure, PresenceState},
    socket::client::HistoryMode,
};

/// A frame from the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerFrame {
    /// The answer to `hello`.
    Welcome(Box<Welcome>),
    /// A request was done.
    Ack(Ack),
    /// A request was not done, or the connection is about to be closed.
    Error(Error),
    /// Something happened in a room.
    Entry(RoomEntry),
    /// The device is too far behind: it goes on after `to`, and asks for what it wants of the rest.
    Skip(Skip),
    /// The answer to `history`.
    Page(Page),
    /// The answer to `changes`.
    Changed(Changed),
    /// Somebody has read up to here.
    Read(Read),
    /// Somebody is writing, or has stopped.
    Typing(Typing),
    /// Somebody's presence.
    Presence(Presence),
    /// A room came, went, or is another.
    Room(Room),
    /// Something that concerns the whole connection.
    Notice(Notice),
    /// The answer to `ping`.
    Pong(Pong),
}

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Who the token belongs to.
    pub user: UserId,
    /// The device.
    pub device: DeviceId,
    /// Their shown name.
    pub name: String,
    /// Whether they administer this server.
    pub admin: bool,
    /// The id of this server's history; another one than the device has means: drop cursors and cache.
    pub history: String,
    /// The version of the user's feed; another one than the device has means: fetch rooms, friends and settings anew.
    pub feed: u64,
    /// Silence after which the client sends `ping`, in ms.
    pub heartbeat_ms: u64,
    /// The server's time, in ms.
    pub now: TimeMs,
    /// The limits in force.
    pub limits: Limits,
    /// The user's rooms with their heads. Entries after the cursors follow.
    pub rooms: Vec<RoomHead>,
}

/// How far a room has gone, and the user in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomHead {
    /// The room.
    pub room: RoomId,
    /// The first entry that the user may read.
    pub first: Seq,
    /// The last entry.
    pub head: Seq,
    /// How many messages there are up to it.
    pub posts: Posts,
    /// The user's read marker.
    pub read: Seq,
    /// How many messages there are up to it: unread = posts - read_posts.
    pub read_posts: Posts,
}

/// A request was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The request's number.
    pub id: u64,
    /// The entry that it became.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<Seq>,
    /// When that was numbered, in ms; absent for a retry of what was numbered before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<TimeMs>,
    /// The answer to `subscribe`: how far the others have read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<Vec<ReadMark>>,
    /// The answer to `subscribe`: who is writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typing: Option<Vec<UserId>>,
    /// The answer to `subscribe`: how many have the room open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active: Option<u64>,
}

/// How far somebody has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadMark {
    /// Who.
    pub user: UserId,
    /// The highest entry that they have read.
    pub seq: Seq,
}

/// A request was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// The request's number; absent if the frame had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What went wrong.
    #[serde(flatten)]
    pub error: ErrorDetail,
}

/// Something happened in a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomEntry {
    /// The room.
    pub room: RoomId,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// The device goes on after `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The room.
    pub room: RoomId,
    /// The entry after which it goes on.
    pub to: Seq,
    /// How many messages there are up to it.
    pub posts: Posts,
}

/// A page of what was said, ascending.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The request's number.
    pub id: u64,
    /// The room.
    pub room: RoomId,
    /// How it was made.
    pub mode: HistoryMode,
    /// The first entry that the user may read.
    pub first: Seq,
    /// The last entry that was there when the page was made.
    pub through: Seq,
    /// The page covers the entries from here.
    pub from: Seq,
    /// To here, without holes. `from > to` if it covers none.
    pub to: Seq,
    /// The items, ascending.
    pub items: Vec<Entry>,
}

/// Messages that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The request's number.
    pub id: u64,
    /// The room.
    pub room: RoomId,
    /// Changes are told up to this entry.
    pub through: Seq,
    /// The messages.
    pub messages: Vec<ChangedMessage>,
}

/// Somebody has read up to here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// The room.
    pub room: RoomId,
    /// Who: the user themselves, on another device, too.
    pub user: UserId,
    /// The highest entry that they have read.
    pub seq: Seq,
    /// How many messages there are up to it.
    pub posts: Posts,
}

/// Somebody is writing. Forget it after 8 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// The room.
    pub room: RoomId,
    /// Who.
    pub user: UserId,
    /// Whether they are.
    pub on: bool,
}

/// Somebody's presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// Who.
    pub user: UserId,
    /// How.
    pub state: PresenceState,
    /// When they were last here, in ms, if they let it be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen_at: Option<TimeMs>,
}

/// A room came, went, or is another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Room {
    /// The user belongs to it now; entries follow from `head`.
    Joined(RoomHead),
    /// The user does not belong to it any more: nothing more comes of it.
    Gone {
        /// The room.
        room: RoomId,
        /// Why.
        why: Departure,
        /// The entry that made it so.
        seq: Seq,
        /// Who removed or banned them; absent if the system did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
        /// When a ban ends, in ms; for good if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<TimeMs>,
        /// What the moderator wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Something that concerns the whole connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// Limits changed.
    Limits {
        /// All of them.
        limits: Limits,
    },
    /// The user's feed has a new version: fetch what `of` names.
    Feed {
        /// The version.
        version: u64,
        /// What changed: `rooms`, `friends`, `blocks`, `settings`, `profile`, `devices`.
        of: String,
    },
    /// Connect again, after a time and elsewhere if said so.
    Reconnect {
        /// How long to wait, in ms.
        after_ms: u64,
        /// Where to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<String>,
    },
}

/// The answer to `ping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    /// The request's number.
    pub id: u64,
}
