//! WebSocket as a load generator speaks it: frames from bytes and to bytes, without a state per connection beyond what came
//! half. Masks are zero, which a server cannot tell from any other.

use std::ops::Range;

/// The request that opens a WebSocket at `/v1/connect`.
pub fn handshake(authority: &str) -> Vec<u8> {
    let head = "GET /v1/connect HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    format!("{head}Host: {authority}\r\n\r\n").into_bytes()
}

/// The end of the answer's head, once it is there; an error with its first line if it is no upgrade.
pub fn handshake_end(bytes: &[u8]) -> Result<Option<usize>, String> {
    let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let line =
        String::from_utf8_lossy(bytes.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    match line.starts_with("HTTP/1.1 101") {
        true => Ok(Some(at + 4)),
        false => Err(line),
    }
}

/// Kinds of frames.
pub mod opcode {
    /// Text.
    pub const TEXT: u8 = 1;
    /// The end.
    pub const CLOSE: u8 = 8;
    /// Are you there?
    pub const PING: u8 = 9;
    /// I am here.
    pub const PONG: u8 = 10;
}

/// Appends a whole frame from a client.
pub fn put_client_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    put_head(out, opcode, payload.len(), true);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(payload);
}

/// Appends a whole frame from a server.
pub fn put_server_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    put_head(out, opcode, payload.len(), false);
    out.extend_from_slice(payload);
}

fn put_head(out: &mut Vec<u8>, opcode: u8, length: usize, is_masked: bool) {
    let mask = if is_masked { 0x80 } else { 0 };
    out.push(0x80 | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => out.push(mask | short),
        (_, Ok(middle)) => {
            out.push(mask | 126);
            out.extend_from_slice(&middle.to_be_bytes());
        }
        _ => {
            out.push(mask | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// One frame in a buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Its kind.
    pub opcode: u8,
    /// Where its payload is.
    pub payload: Range<usize>,
}

/// The frame at the start of `bytes`, once all of it is there. Masked ones have to be masked with zeros.
pub fn parse(bytes: &[u8]) -> Option<Frame> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    let (length, mut start): (usize, usize) = match second & 0x7f {
        126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
        127 => (usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?, 10),
        short => (usize::from(short), 2),
    };
    if second & 0x80 != 0 {
        start += 4;
    }
    let end = start.checked_add(length)?;
    (bytes.len() >= end).then_some(Frame { opcode: first & 0x0f, payload: start..end })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_from_their_bytes() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![b'x'; length];
            for put in [put_client_frame, put_server_frame] {
                let mut bytes = Vec::new();
                put(&mut bytes, opcode::TEXT, &payload);
                assert!((0..bytes.len()).step_by(97).all(|end| parse(&bytes[..end]).is_none()));
                let frame = parse(&bytes).unwrap();
                assert_eq!((frame.opcode, &bytes[frame.payload.clone()]), (opcode::TEXT, payload.as_slice()));
                assert_eq!(frame.payload.end, bytes.len());
            }
        }
    }

    #[test]
    fn answers_to_the_handshake() {
        assert_eq!(handshake_end(b"HTTP/1.1 101 Switching"), Ok(None));
        assert_eq!(handshake_end(b"HTTP/1.1 101 S\r\nA: b\r\n\r\nxy"), Ok(Some(24)));
        assert_eq!(handshake_end(b"HTTP/1.1 503 Busy\r\n\r\n"), Err("HTTP/1.1 503 Busy".to_owned()));
    }
}
