//! The frames that owners give to gateways: encoded and framed once, whoever reads them.

use bytes::Bytes;
use tertulia_core::{Entry, EntryBody, RoomId, UserId, room::SYSTEM};
use tertulia_ports::bus::{Effect, Why};
use tertulia_protocol::socket::server::{Read, ServerFrame, Typing};

use crate::{gateway::transport::Frame, wire};

/// How frames for clients are made: the owner does not know the wire.
pub trait Frames: Send {
    /// The frame of an entry.
    fn entry(&self, room: RoomId, entry: &Entry) -> Bytes;
    /// The frame that says that somebody writes.
    fn typing(&self, room: RoomId, user: UserId, on: bool) -> Bytes;
    /// The frame that says how far somebody has read.
    fn read(&self, room: RoomId, user: UserId, seq: u64, posts: u64) -> Bytes;
}

/// JSON text frames.
pub struct JsonFrames;

impl Frames for JsonFrames {
    fn entry(&self, room: RoomId, entry: &Entry) -> Bytes {
        of_json(&wire::entry_json(room, entry, None))
    }

    fn typing(&self, room: RoomId, user: UserId, on: bool) -> Bytes {
        frame(&ServerFrame::Typing(Typing { room, user, on }))
    }

    fn read(&self, room: RoomId, user: UserId, seq: u64, posts: u64) -> Bytes {
        frame(&ServerFrame::Read(Read { room, user, seq, posts }))
    }
}

/// The frame of an entry that one reader has missed.
pub fn entry_frame(room: RoomId, entry: &Entry, reader: UserId) -> Bytes {
    of_json(&wire::entry_json(room, entry, Some(reader)))
}

/// A frame with this JSON.
pub fn frame(server_frame: &ServerFrame) -> Bytes {
    of_json(&wire::json(server_frame))
}

fn of_json(json: &[u8]) -> Bytes {
    Frame::text_with(|payload| payload.extend_from_slice(json)).bytes().clone()
}

/// What an entry does to who may read on.
pub fn consequence(entry: &Entry) -> Effect {
    let by = (entry.sender != SYSTEM).then_some(entry.sender);
    let (user, why) = match &entry.body {
        Some(EntryBody::Left { user }) => (*user, Why::Left),
        Some(EntryBody::Removed { user, reason }) => (*user, Why::Removed { by, reason: reason.clone() }),
        Some(EntryBody::Banned { user, until, reason }) => {
            (*user, Why::Banned { by, until: *until, reason: reason.clone() })
        }
        Some(EntryBody::RoomDeleted) => return Effect::Deleted,
        _ => return Effect::None,
    };
    Effect::Gone { user, why }
}
