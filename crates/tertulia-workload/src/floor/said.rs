//! The few frames that the floor reads and writes, by looking at bytes.

use std::io::Write;

use crate::load::number_after;

/// The answer to every upgrade: the key in the handshake of the load generator is always the same.
pub(super) const UPGRADED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A `send`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said<'a> {
    pub id: u64,
    pub room: u64,
    /// As it is in JSON.
    pub text: &'a [u8],
}

impl<'a> Said<'a> {
    pub fn read(payload: &'a [u8]) -> Option<Self> {
        if !payload.starts_with(br#"{"t":"send""#) {
            return None;
        }
        let id = number_after(payload, b"\"id\":")?;
        let room = number_after(payload, b"\"room\":\"")?;
        let at = payload.windows(8).position(|window| window == b"\"text\":\"")? + 8;
        let end = payload[at..].iter().position(|byte| *byte == b'"')?;
        Some(Self { id, room, text: &payload[at..at + end] })
    }
}

/// The rooms that a `hello` of the load generator names beside what the protocol knows.
pub(super) fn hello_rooms(payload: &[u8]) -> Vec<u64> {
    let name = b"\"bench_rooms\":[";
    let Some(at) = payload.windows(name.len()).position(|window| window == name) else { return Vec::new() };
    let list = payload[at + name.len()..].split(|byte| *byte == b']').next().unwrap_or_default();
    let parts = list.split(|byte| *byte == b',');
    parts.filter_map(|part| std::str::from_utf8(part).ok()?.trim_matches('"').parse().ok()).collect()
}

pub(super) fn entry(said: &Said<'_>, by: usize, seq: u64) -> Vec<u8> {
    let mut frame = Vec::with_capacity(said.text.len() + 112);
    let room = said.room;
    // Writing to memory does not fail.
    let _ = write!(
        frame,
        r#"{{"t":"entry","room":"{room}","seq":{seq},"posts":{seq},"by":"{by}","at":1700000000000,"kind":"message","text":""#
    );
    frame.extend_from_slice(said.text);
    frame.extend_from_slice(b"\"}");
    frame
}

pub(super) fn ack(said: &Said<'_>, seq: u64) -> Vec<u8> {
    format!(r#"{{"t":"ack","id":{},"seq":{seq},"at":1700000000000}}"#, said.id).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_the_load() {
        let send = br#"{"t":"send","id":7,"room":"42","nonce":"00","since":0,"text":"hola"}"#;
        assert_eq!(Said::read(send), Some(Said { id: 7, room: 42, text: b"hola" }));
        assert_eq!(Said::read(br#"{"t":"ping","id":7}"#), None);
        let hello = br#"{"t":"hello","token":"x","bench_rooms":["4","15"]}"#;
        assert_eq!(hello_rooms(hello), [4, 15]);
        assert!(hello_rooms(br#"{"t":"hello"}"#).is_empty());
    }
}
