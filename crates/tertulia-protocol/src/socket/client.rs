//! What a client says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{Nonce, RoomId, Seq, UploadId, UserId},
    room::PresenceState,
};

/// A frame from a client. `id` is the client's own number for the request: the answer carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ClientFrame {
    /// The first frame: who am I, and what do I have.
    Hello(Hello),
    /// Say something in a room.
    Send(Send),
    /// Change the text of one's own message.
    Edit(Edit),
    /// Delete a message.
    Delete(Delete),
    /// React to a message, or take it back.
    React(React),
    /// I have read up to here.
    Read(Read),
    /// I am writing, or not any more.
    Typing(Typing),
    /// I have this room open: I count as active in it, and hear who types and reads.
    Subscribe(Room),
    /// I have closed it.
    Unsubscribe(Room),
    /// Give me a page of what was said.
    History(History),
    /// Which messages in this range changed after that entry?
    Changes(Changes),
    /// Tell me the presence of these people, and of no others; and mine is this.
    Presence(Presence),
    /// Are you there?
    Ping(Ping),
}

/// The first frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The device's token.
    pub token: String,
    /// The history that the cursors belong to, as `welcome` said it; absent on a fresh device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
    /// The version of the user's feed that the device has; absent or 0 on a fresh device.
    #[serde(default)]
    pub feed: u64,
    /// The highest entry that the device has of each room; rooms that are not here start at their head.
    #[serde(default)]
    pub cursors: BTreeMap<RoomId, Seq>,
    /// What the client is, for the list of devices: "Tertulia web 0.1".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
}

/// Say something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    /// The request's number.
    pub id: u64,
    /// The room.
    pub room: RoomId,
    /// 128 random bits, the same on every retry.
    pub nonce: Nonce,
    /// The room's head that the client knew when it first tried.
    pub since: Seq,
    /// The text.
    pub text: String,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Seq>,
    /// Uploads that it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<UploadId>,
}

/// Change the text of one's own message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in Send")]
pub struct Edit {
    pub id: u64,
    pub room: RoomId,
    pub nonce: Nonce,
    pub since: Seq,
    /// The message.
    pub of: Seq,
    /// Its text from now on.
    pub text: String,
}

/// Delete a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in Send")]
pub struct Delete {
    pub id: u64,
    pub room: RoomId,
    pub nonce: Nonce,
    pub since: Seq,
    /// The message.
    pub of: Seq,
    /// Why, by a moderator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// React to a message, or take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "as in Send")]
pub struct React {
    pub id: u64,
    pub room: RoomId,
    pub nonce: Nonce,
    pub since: Seq,
    /// The message.
    pub of: Seq,
    /// With what.
    pub emoji: String,
    /// Whether it is there from now on.
    pub on: bool,
}

/// A read marker: it never goes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// The request's number.
    pub id: u64,
    /// The room.
    pub room: RoomId,
    /// The highest entry that the user has read.
    pub seq: Seq,
}

/// The user writes, or has stopped. Not answered; repeat it every 5 s while it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    /// The room.
    pub room: RoomId,
    /// Whether the user is writing.
    pub on: bool,
}

/// A request about one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The request's number.
    pub id: u64,
    /// The room.
    pub room: RoomId,
}

/// How a page is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryMode {
    /// Entries as they are in the log: to sync after a cursor.
    #[default]
    Entries,
    /// Messages and lifecycle entries with what became of them folded in: to show.
    Timeline,
}

/// A page of what was said. With `before`: the last ones before it; else the first ones after `after`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The request's number.
    pub id: u64,
    /// The room.
    pub room: RoomId,
    /// How the page is made.
    #[serde(default)]
    pub mode: HistoryMode,
    /// Only entries below this one, the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Seq>,
    /// Only entries above this one, the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Seq>,
    /// Most items, from 1 to 200; 50 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// Which cached messages changed?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The request's number.
    pub id: u64,
    /// The room.
    pub room: RoomId,
    /// The first message of the range.
    pub first: Seq,
    /// The last one.
    pub last: Seq,
    /// Only changes by entries above this one.
    pub after: Seq,
}

/// Whose presence the client shows, and the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// The request's number.
    pub id: u64,
    /// At most 200 people.
    #[serde(default)]
    pub users: Vec<UserId>,
    /// The user's own, on this device: `here` or `away`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<PresenceState>,
}

/// Answered by `pong` with the same number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    /// The request's number.
    pub id: u64,
}
