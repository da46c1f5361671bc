//! One frame: reading a client's header, writing a server's frame.

use bytes::{Buf, Bytes};

use super::{CloseCode, Violation};

/// Bytes that a control frame may carry (RFC 6455 section 5.5).
pub(super) const CONTROL_MAX_BYTES: usize = 125;

/// Bytes of a server's longest header: two, and a 64-bit length.
const HEADER_MAX_BYTES: usize = 10;

const FINAL_BIT: u8 = 0x80;
const RESERVED_BITS: u8 = 0x70;
const OPCODE_BITS: u8 = 0x0f;
const MASK_BIT: u8 = 0x80;
const LENGTH_BITS: u8 = 0x7f;
const LENGTH_IN_2_BYTES: u8 = 126;
const LENGTH_IN_8_BYTES: u8 = 127;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    fn parse(bits: u8) -> Result<Self, Violation> {
        Ok(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            unknown => return Err(Violation::UnknownOpcode(unknown)),
        })
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// What a client's frame says before its payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) is_final: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: [u8; 4],
    pub(super) payload_bytes: u64,
    pub(super) header_bytes: usize,
}

impl Header {
    /// Reads the header at the start of `input`; `None` when not all of it has arrived. What the first two
    /// bytes already prove wrong is refused without waiting for more.
    pub(super) fn parse(input: &[u8]) -> Result<Option<Self>, Violation> {
        let [first, second, rest @ ..] = input else {
            return Ok(None);
        };
        if first & RESERVED_BITS != 0 {
            return Err(Violation::ReservedBits);
        }
        let opcode = Opcode::parse(first & OPCODE_BITS)?;
        let is_final = first & FINAL_BIT != 0;
        if second & MASK_BIT == 0 {
            return Err(Violation::Unmasked);
        }
        let short = second & LENGTH_BITS;
        if opcode.is_control() {
            if !is_final {
                return Err(Violation::ControlFragmented);
            }
            if short as usize > CONTROL_MAX_BYTES {
                return Err(Violation::ControlTooLong);
            }
        }
        let Some((payload_bytes, rest)) = parse_length(short, rest)? else {
            return Ok(None);
        };
        let Some(mask) = rest.first_chunk::<4>() else {
            return Ok(None);
        };
        let header_bytes = input.len() - rest.len() + mask.len();
        Ok(Some(Self { is_final, opcode, mask: *mask, payload_bytes, header_bytes }))
    }
}

fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, Violation> {
    Ok(match short {
        LENGTH_IN_2_BYTES => {
            rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), rest))
        }
        LENGTH_IN_8_BYTES => match rest.split_first_chunk() {
            None => None,
            Some((length, _)) if length[0] & 0x80 != 0 => return Err(Violation::ImpossibleLength),
            Some((length, rest)) => Some((u64::from_be_bytes(*length), rest)),
        },
        short => Some((short.into(), rest)),
    })
}

/// A server's frame as it goes over the wire, header and payload together. A clone shares the bytes, so one
/// encoding serves every receiver.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame(Bytes);

impl Frame {
    /// A whole text message.
    pub fn text(text: &str) -> Self {
        Self::encode(Opcode::Text, text.as_bytes())
    }

    /// A whole binary message.
    pub fn binary(data: &[u8]) -> Self {
        Self::encode(Opcode::Binary, data)
    }

    /// A text message that `write` appends to the buffer it is given, so that a serialiser needs no buffer of
    /// its own. It must append UTF-8 and leave what is there.
    pub fn text_with(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        Self::encode_with(Opcode::Text, write)
    }

    /// A binary message that `write` appends to the buffer it is given. It must leave what is there.
    pub fn binary_with(write: impl FnOnce(&mut Vec<u8>)) -> Self {
        Self::encode_with(Opcode::Binary, write)
    }

    /// A ping; `data` is cut to what a control frame carries.
    pub(in crate::gateway::transport) fn ping(data: &[u8]) -> Self {
        Self::encode(Opcode::Ping, &data[..data.len().min(CONTROL_MAX_BYTES)])
    }

    /// The answer to a ping.
    pub(in crate::gateway::transport) fn pong(data: &[u8]) -> Self {
        Self::encode(Opcode::Pong, &data[..data.len().min(CONTROL_MAX_BYTES)])
    }

    /// A close frame; `reason` is cut at a character when it is too long. Without a code it is empty.
    pub fn close(code: Option<CloseCode>, reason: &str) -> Self {
        let Some(code) = code else {
            return Self::encode(Opcode::Close, &[]);
        };
        let number = code.number().to_be_bytes();
        let room = CONTROL_MAX_BYTES - number.len();
        let reason = &reason[..reason.floor_char_boundary(room)];
        Self::encode(Opcode::Close, &[&number, reason.as_bytes()].concat())
    }

    /// A frame from the bytes of another one, which were passed on by who knows nothing of frames.
    pub fn from_encoded(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The encoded bytes.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to send; a frame has at least a header.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::gateway::transport) fn into_bytes(self) -> Bytes {
        self.0
    }

    fn encode(opcode: Opcode, payload: &[u8]) -> Self {
        let mut header = [0; HEADER_MAX_BYTES];
        let header_bytes = write_header(&mut header, opcode, payload.len());
        let mut frame = Vec::with_capacity(header_bytes + payload.len());
        frame.extend_from_slice(&header[..header_bytes]);
        frame.extend_from_slice(payload);
        Self(frame.into())
    }

    /// Leaves room for the longest header, then writes the header right before the payload.
    fn encode_with(opcode: Opcode, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut frame = vec![0; HEADER_MAX_BYTES];
        write(&mut frame);
        let mut header = [0; HEADER_MAX_BYTES];
        let header_bytes = write_header(&mut header, opcode, frame.len().saturating_sub(HEADER_MAX_BYTES));
        let start = HEADER_MAX_BYTES - header_bytes;
        frame[start..HEADER_MAX_BYTES].copy_from_slice(&header[..header_bytes]);
        let mut frame = Bytes::from(frame);
        frame.advance(start);
        Self(frame)
    }
}

fn write_header(header: &mut [u8; HEADER_MAX_BYTES], opcode: Opcode, payload_bytes: usize) -> usize {
    header[0] = FINAL_BIT | opcode as u8;
    if let Ok(short) = u8::try_from(payload_bytes)
        && short < LENGTH_IN_2_BYTES
    {
        header[1] = short;
        2
    } else if let Ok(length) = u16::try_from(payload_bytes) {
        header[1] = LENGTH_IN_2_BYTES;
        header[2..4].copy_from_slice(&length.to_be_bytes());
        4
    } else {
        header[1] = LENGTH_IN_8_BYTES;
        header[2..10].copy_from_slice(&(payload_bytes as u64).to_be_bytes());
        10
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_use_the_shortest_length() {
        for (payload_bytes, header) in [
            (0, vec![0x82, 0]),
            (125, vec![0x82, 125]),
            (126, vec![0x82, 126, 0, 126]),
            (65_535, vec![0x82, 126, 255, 255]),
            (65_536, vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let payload = vec![7; payload_bytes];
            let frame = Frame::binary(&payload);
            assert_eq!(frame.bytes(), &[header, payload.clone()].concat(), "{payload_bytes} bytes");
            assert_eq!(frame, Frame::binary_with(|buffer| buffer.extend_from_slice(&payload)));
        }
    }

    #[test]
    fn a_close_reason_is_cut_between_characters() {
        let frame = Frame::close(Some(CloseCode::POLICY), &"ä".repeat(100));
        assert_eq!(frame.bytes()[..4], [0x88, 124, 0x03, 0xf0]);
        assert_eq!(frame.len(), 2 + 2 + 122);
        assert!(std::str::from_utf8(&frame.bytes()[4..]).is_ok());
        assert_eq!(Frame::close(None, "ignored").bytes()[..], [0x88, 0]);
    }
}
