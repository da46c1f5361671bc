//! The frames that owners give to gateways: encoded and framed once, whoever reads them.

use bytes::Bytes;
use tertulia_core::{Entry, RoomId, UserId};
use tertulia_protocol::socket::server::{Read, ServerFrame, Typing};

use crate::{gateway::transport::Frame, room::owner::Frames, wire};

/// JSON text frames.
pub struct JsonFrames;

impl Frames for JsonFrames {
    fn entry(&self, room: RoomId, entry: &Entry) -> Bytes {
        of_json(&wire::entry_json(room, entry))
    }

    fn typing(&self, room: RoomId, user: UserId, on: bool) -> Bytes {
        frame(&ServerFrame::Typing(Typing { room, user, on }))
    }

    fn read(&self, room: RoomId, user: UserId, seq: u64, posts: u64) -> Bytes {
        frame(&ServerFrame::Read(Read { room, user, seq, posts }))
    }
}

/// A frame with this JSON.
pub fn frame(server_frame: &ServerFrame) -> Bytes {
    of_json(&wire::json(server_frame))
}

fn of_json(json: &[u8]) -> Bytes {
    Frame::text_with(|payload| payload.extend_from_slice(json)).bytes().clone()
}
