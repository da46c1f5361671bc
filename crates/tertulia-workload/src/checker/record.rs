//! What happened, as the clients saw it on the wire, and the recorder that they share.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;
use tertulia_client::outbox::Post;
use tertulia_protocol::{
    Code,
    entry::Entry,
    ids::{Nonce, Posts, RoomId, Seq, TimeMs, UserId},
    room::Departure,
    socket::server::RoomHead,
};

/// One device of one user: devices of a run have numbers of their own.
pub type Device = u32;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Record {
    /// When, by the system's clock, which is the server's too.
    pub at: TimeMs,
    /// Whose client saw it.
    pub user: UserId,
    /// On which device.
    pub device: Device,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are the protocol's")]
pub enum What {
    /// A post went over the wire, for the first or another time.
    Tried { room: RoomId, nonce: Nonce, since: Seq, post: Post },
    /// It was acked.
    Acked { room: RoomId, nonce: Nonce, post: Post, seq: Seq },
    /// It was refused.
    Refused { room: RoomId, nonce: Nonce, code: Code },
    /// A connection is open: with these cursors it was asked for, and this was the welcome.
    Welcome { opened_at: TimeMs, rooms: Vec<RoomHead> },
    /// The connection is gone.
    Closed,
    /// An entry came over the wire, by this path.
    Heard { path: Path, room: RoomId, entry: Entry },
    /// The device was told to go on after `to`.
    Skipped { room: RoomId, to: Seq },
    /// A list showed how far a room is.
    Listed {
        room: RoomId,
        first: Seq,
        head: Seq,
        posts: Posts,
        read: Seq,
        read_posts: Posts,
        unread: u64,
        last: Option<Entry>,
    },
    /// A page of a room's entries, and the first that could be read when it was made, if it says so.
    Paged { path: Path, room: RoomId, asked_at: TimeMs, first: Option<Seq>, items: Vec<Seq> },
    /// Somebody has read up to here: the user themselves or another.
    Receipt { room: RoomId, by: UserId, seq: Seq },
    /// A read marker was acked.
    MarkerSet { room: RoomId, seq: Seq },
    /// Somebody writes.
    Typing { room: RoomId, by: UserId },
    /// The server says: you are in.
    Joined { head: RoomHead },
    /// The server says: you are out.
    Gone { room: RoomId, why: Departure, seq: Seq },
    /// The client core gave an entry to its application.
    Applied { room: RoomId, seq: Seq },
    /// The client core passed over entries.
    Passed { room: RoomId, first: Seq, last: Seq },
    /// The client core started to follow a room, after this entry.
    Following { room: RoomId, after: Seq },
    /// The client core does not follow a room any more.
    Unfollowed { room: RoomId },
    /// In the end, the device is here.
    Settled { room: RoomId, cursor: Seq },
    /// In the end, the device has no more to do, and is connected.
    AllSettled { is_live: bool, unsent: usize },
    /// In the end, this is a room's log, as the user read it.
    Log { room: RoomId, first: Seq, through: Seq, entries: Vec<Entry> },
    /// In the end, these are messages with their state, as the user read them.
    Timeline { room: RoomId, through: Seq, items: Vec<Entry> },
    /// A change of a room's members was answered with yes.
    Changed { room: RoomId, of: UserId, change: Change },
    /// The deletion of a room was asked for: it may be gone from now on.
    DeletionTried { room: RoomId },
    /// The deletion of a room was answered with yes.
    RoomDeleted { room: RoomId },
    /// In the end, somebody looked for a room, by this path.
    Probed { room: RoomId, path: Path, is_there: bool },
    /// Everybody left a room, and it was answered with yes each time.
    Emptied { room: RoomId },
    /// Messages of a room, or of all rooms that say nothing else, are going to be kept for so long: from now on it may hold.
    RetentionTried { room: Option<RoomId>, days: Option<u64> },
    /// That was answered with yes: it holds.
    RetentionSet { room: Option<RoomId>, days: Option<u64> },
    /// The server's clock is set so far ahead of the one that records are made by, at once.
    ClockSet { ahead_ms: u64 },
    /// Jobs have been over every room, beginning after this time of the recording clock.
    Swept { since: TimeMs },
    /// The server was disturbed, and is not any more. It could serve again from when its process was killed (it was not
    /// there since), thawed, given room, or everybody was cut off.
    Disturbed { how: &'static str, over_at: TimeMs },
    /// Something came that the protocol's manual does not know.
    Unknown { text: String },
}

/// A way in which something can reach a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "named by what they are")]
pub enum Path {
    Live,
    History,
    Rest,
    List,
}

impl Path {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "the live connection",
            Self::History => "history",
            Self::Rest => "REST",
            Self::List => "a list",
        }
    }
}

/// A change of a room's members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "named by what they are")]
pub enum Change {
    Enter,
    Leave,
    Remove,
    Ban,
    Unban,
}

/// Where all clients of a run write down what they see.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    records: Arc<Mutex<Vec<Record>>>,
}

impl Recorder {
    /// Writes down what a device saw just now.
    pub fn add(&self, user: UserId, device: Device, what: What) {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let at = now();
        records.push(Record { at, user, device, what });
    }

    /// Everything, in order; the recorder is empty then.
    pub fn take(&self) -> Vec<Record> {
        std::mem::take(&mut self.records.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The time by the system's clock.
pub fn now() -> TimeMs {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimeMs(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
