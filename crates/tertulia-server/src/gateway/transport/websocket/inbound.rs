//! The bytes of one peer, turned into messages.
//!
//! A message that came whole in one read is handed on where it lies. State is kept, in one allocation, only
//! while a frame is cut or a message has fragments to come.

use super::frame::{Header, Opcode};
use super::mask::unmask;
use super::text::PartialText;
use super::{CloseCode, Violation};

/// What a peer may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MessageLimits {
    /// Payload bytes of one message, over all its fragments.
    pub message_max_bytes: usize,
    /// Frames of one message.
    pub fragments_max_count: u32,
}

/// Something whole from the peer.
#[derive(PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message.
    Binary(&'a [u8]),
    /// A ping, to be answered with the same bytes.
    Ping(&'a [u8]),
    /// The answer to a ping, or an unasked sign of life.
    Pong(&'a [u8]),
    /// The peer closes; `None` when it gave no code. Nothing after this counts.
    Close(Option<CloseCode>),
}

/// Received bytes that have not been looked at. They are unmasked in place.
#[derive(Debug)]
pub struct Input<'a>(&'a mut [u8]);

impl<'a> Input<'a> {
    /// Wraps what was read.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self(bytes)
    }

    /// What is left.
    pub fn rest(&self) -> &[u8] {
        self.0
    }

    fn take(&mut self, bytes: usize) -> &'a mut [u8] {
        let (taken, rest) = std::mem::take(&mut self.0).split_at_mut(bytes);
        self.0 = rest;
        taken
    }

    fn take_payload(&mut self, header: &Header, bytes: usize) -> &'a mut [u8] {
        self.take(header.header_bytes);
        let payload = self.take(bytes);
        unmask(payload, header.mask, 0);
        payload
    }
}

/// The receiving state of one connection: eight bytes while nothing is cut.
#[derive(Default, Debug)]
pub struct Inbound(Option<Box<Partial>>);

#[derive(Default, Debug)]
struct Partial {
    /// Raw bytes for the start of the next read: a cut header, a cut control frame, or frames that had to wait.
    held: Vec<u8>,
    message: Option<Message>,
    frame: Option<OpenFrame>,
    fragments: u32,
    /// The message was handed out and is to be dropped.
    is_spent: bool,
}

#[derive(Debug)]
enum Message {
    Text(PartialText),
    Binary(Vec<u8>),
}

/// A data frame of which not all has arrived.
#[derive(Debug)]
struct OpenFrame {
    is_final: bool,
    mask: [u8; 4],
    received_bytes: u64,
    remaining_bytes: u64,
}

enum Step<'a> {
    Event(Event<'a>),
    Assembled,
    Starved,
}

impl Inbound {
    /// Moves what was held back to the start of `buffer`, as much as fits, and says how many bytes it is. The
    /// next read goes behind it.
    pub fn release(&mut self, buffer: &mut [u8]) -> usize {
        let Some(partial) = &mut self.0 else { return 0 };
        let mut held = std::mem::take(&mut partial.held);
        let bytes = held.len().min(buffer.len());
        buffer[..bytes].copy_from_slice(&held[..bytes]);
        if bytes < held.len() {
            held.drain(..bytes);
            partial.held = held;
        }
        bytes
    }

    /// Keeps `rest`, which [`next`](Self::next) left, until the next read; frees everything when nothing is
    /// pending.
    pub fn hold(&mut self, rest: &[u8]) {
        self.forget_spent();
        let is_idle =
            self.0.as_ref().is_none_or(|partial| partial.message.is_none() && partial.held.is_empty());
        if rest.is_empty() && is_idle {
            self.0 = None;
        } else {
            let held = &mut self.0.get_or_insert_default().held;
            held.splice(..0, rest.iter().copied());
        }
    }

    /// Bytes held back.
    pub fn held_bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |partial| partial.held.len())
    }

    /// The next whole thing in `input`, or `None` when more must be read first. After an error the
    /// connection cannot be understood any more.
    pub fn next<'event, 'read: 'event>(
        &'event mut self,
        input: &mut Input<'read>,
        limits: MessageLimits,
    ) -> Result<Option<Event<'event>>, Violation> {
        self.forget_spent();
        match self.step(input, limits)? {
            Step::Event(event) => Ok(Some(event)),
            Step::Starved => Ok(None),
            Step::Assembled => self.assembled().map(Some),
        }
    }

    fn step<'a>(&mut self, input: &mut Input<'a>, limits: MessageLimits) -> Result<Step<'a>, Violation> {
        loop {
            if let Some(partial) = self.0.as_mut().filter(|partial| partial.frame.is_some()) {
                match partial.continue_frame(input)? {
                    Progress::Starved => return Ok(Step::Starved),
                    Progress::FrameEnded => continue,
                    Progress::MessageEnded => return Ok(Step::Assembled),
                }
            }
            let Some(header) = Header::parse(input.rest())? else {
                return Ok(Step::Starved);
            };
            if header.opcode.is_control() {
                return control(header, input);
            }
            self.check_data(&header, limits)?;
            let is_whole = (input.rest().len() - header.header_bytes) as u64 >= header.payload_bytes;
            if header.is_final && is_whole && header.opcode != Opcode::Continuation {
                let payload = input.take_payload(&header, header.payload_bytes as usize);
                return whole(header.opcode, payload).map(Step::Event);
            }
            input.take(header.header_bytes);
            self.0.get_or_insert_default().begin_frame(&header);
        }
    }

    fn check_data(&self, header: &Header, limits: MessageLimits) -> Result<(), Violation> {
        let message = self.0.as_ref().and_then(|partial| partial.message.as_ref());
        let so_far = match (message, header.opcode) {
            (None, Opcode::Continuation) => return Err(Violation::StrayContinuation),
            (None, _) => 0,
            (Some(message), Opcode::Continuation) => message.bytes(),
            (Some(_), _) => return Err(Violation::Interrupted),
        };
        let limit = limits.message_max_bytes;
        if header.payload_bytes.saturating_add(so_far as u64) > limit as u64 {
            return Err(Violation::MessageTooBig { limit });
        }
        if self.0.as_ref().is_some_and(|partial| partial.fragments >= limits.fragments_max_count) {
            return Err(Violation::TooManyFragments { limit: limits.fragments_max_count });
        }
        Ok(())
    }

    fn assembled(&mut self) -> Result<Event<'_>, Violation> {
        let partial = self.0.get_or_insert_default();
        partial.is_spent = true;
        match &partial.message {
            Some(Message::Text(text)) => {
                text.finish()?;
                Ok(Event::Text(text.as_str()))
            }
            Some(Message::Binary(data)) => Ok(Event::Binary(data)),
            None => Err(Violation::StrayContinuation),
        }
    }

    fn forget_spent(&mut self) {
        if let Some(partial) = self.0.as_mut().filter(|partial| partial.is_spent) {
            partial.message = None;
            partial.fragments = 0;
            partial.is_spent = false;
        }
    }
}

enum Progress {
    Starved,
    FrameEnded,
    MessageEnded,
}

impl Partial {
    fn begin_frame(&mut self, header: &Header) {
        match header.opcode {
            Opcode::Text => self.message = Some(Message::Text(PartialText::default())),
            Opcode::Binary => self.message = Some(Message::Binary(Vec::new())),
            _ => {}
        }
        self.fragments += 1;
        self.frame = Some(OpenFrame {
            is_final: header.is_final,
            mask: header.mask,
            received_bytes: 0,
            remaining_bytes: header.payload_bytes,
        });
    }

    /// Appends what has arrived of the open frame to its message. Memory grows with what arrives, never with
    /// what was announced.
    fn continue_frame(&mut self, input: &mut Input<'_>) -> Result<Progress, Violation> {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else {
            return Ok(Progress::FrameEnded);
        };
        let available = input.rest().len().min(usize::try_from(frame.remaining_bytes).unwrap_or(usize::MAX));
        let piece = input.take(available);
        unmask(piece, frame.mask, frame.received_bytes);
        match message {
            Message::Text(text) => text.push(piece)?,
            Message::Binary(data) => data.extend_from_slice(piece),
        }
        frame.received_bytes += available as u64;
        frame.remaining_bytes -= available as u64;
        if frame.remaining_bytes > 0 {
            return Ok(Progress::Starved);
        }
        let is_final = frame.is_final;
        self.frame = None;
        Ok(if is_final { Progress::MessageEnded } else { Progress::FrameEnded })
    }
}

impl Message {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.bytes(),
            Self::Binary(data) => data.len(),
        }
    }
}

fn control<'a>(header: Header, input: &mut Input<'a>) -> Result<Step<'a>, Violation> {
    let payload_bytes = header.payload_bytes as usize;
    if input.rest().len() < header.header_bytes + payload_bytes {
        return Ok(Step::Starved);
    }
    let payload = &*input.take_payload(&header, payload_bytes);
    Ok(Step::Event(match header.opcode {
        Opcode::Ping => Event::Ping(payload),
        Opcode::Pong => Event::Pong(payload),
        _ => Event::Close(close_code(payload)?),
    }))
}

fn close_code(payload: &[u8]) -> Result<Option<CloseCode>, Violation> {
    let Some((number, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(Violation::CloseTooShort) };
    };
    let number = u16::from_be_bytes(*number);
    let code = CloseCode::new(number).ok_or(Violation::InvalidCloseCode(number))?;
    std::str::from_utf8(reason).map_err(|_| Violation::InvalidUtf8)?;
    Ok(Some(code))
}

fn whole(opcode: Opcode, payload: &[u8]) -> Result<Event<'_>, Violation> {
    if opcode == Opcode::Binary {
        return Ok(Event::Binary(payload));
    }
    std::str::from_utf8(payload).map(Event::Text).map_err(|_| Violation::InvalidUtf8)
}

#[cfg(test)]
mod tests;
