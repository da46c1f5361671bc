//! One connection, and the table of them.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Write};

use bytes::{Buf, Bytes};
use mio::net::TcpStream;
use slab::Slab;

use super::staging::{Chain, Staging};
use crate::gateway::transport::addresses::Guest;
use crate::gateway::transport::application::ConnectionId;
use crate::gateway::transport::counters::CounterValues;
use crate::gateway::transport::websocket::Inbound;

/// Frames that go into one call to the system.
const SLICES_MAX_COUNT: usize = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Both sides talk.
    Open,
    /// A close frame was sent; the peer's is awaited.
    Closing,
    /// Both sides have closed; what is queued is still to be sent.
    Finishing,
    /// The peer is not understood any more: what is queued is sent, what comes is thrown away, so that the
    /// close frame is not lost in a reset.
    Lingering,
    /// To be removed at the end of the turn.
    Dead,
}

/// All that an open connection costs besides the kernel's part and an entry in the timer wheel.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) stream: TcpStream,
    /// Whom it counts for, until it is gone.
    _guest: Guest,
    pub(super) generation: u32,
    pub(super) inbound: Inbound,
    /// This turn's frames.
    pub(super) chain: Chain,
    /// Exists while the socket takes no more.
    pub(super) backlog: Option<Box<Backlog>>,
    /// Bytes in `chain` and `backlog`.
    pub(super) queued_bytes: usize,
    /// The tick of the timer's entry that counts.
    pub(super) due_tick: u32,
    /// When the peer was last heard, or when it was sent the ping that it has not answered.
    pub(super) since_tick: u32,
    /// Reads thrown away while lingering.
    pub(super) discarded_reads: u16,
    pub(super) state: State,
    pub(super) is_pinged: bool,
    pub(super) wants_drained: bool,
    /// Listed among those with something to write.
    pub(super) is_dirty: bool,
    /// Listed among those with more to read.
    pub(super) is_unfinished: bool,
}

#[derive(Debug)]
pub(super) struct Backlog {
    pub(super) frames: VecDeque<Bytes>,
    /// When the socket last took something.
    pub(super) progress_tick: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flushed {
    Done,
    Blocked,
    Broken,
}

impl Connection {
    /// Writes this turn's frames; what the socket does not take becomes the backlog. Behind a backlog frames
    /// only queue up, since the socket says when it is writable again.
    pub(super) fn flush(&mut self, staging: &mut Staging, tick: u32, tally: &mut CounterValues) -> Flushed {
        if let Some(backlog) = &mut self.backlog {
            staging.drain_into(&mut self.chain, &mut backlog.frames);
            return Flushed::Blocked;
        }
        while !self.chain.is_empty() {
            let written = match write(&mut self.stream, staging.iter(self.chain), tally) {
                Ok(written) => written,
                Err(_) => return Flushed::Broken,
            };
            staging.consume(&mut self.chain, written.bytes);
            self.queued_bytes -= written.bytes;
            if written.is_blocked {
                let mut frames = VecDeque::new();
                staging.drain_into(&mut self.chain, &mut frames);
                self.backlog = Some(Box::new(Backlog { frames, progress_tick: tick }));
                return Flushed::Blocked;
            }
        }
        Flushed::Done
    }

    /// Writes the backlog after the socket has become writable.
    pub(super) fn flush_backlog(&mut self, tick: u32, tally: &mut CounterValues) -> Flushed {
        let Some(backlog) = &mut self.backlog else {
            return Flushed::Done;
        };
        while !backlog.frames.is_empty() {
            let written = match write(&mut self.stream, backlog.frames.iter(), tally) {
                Ok(written) => written,
                Err(_) => return Flushed::Broken,
            };
            self.queued_bytes -= written.bytes;
            if written.bytes > 0 {
                backlog.progress_tick = tick;
            }
            consume(&mut backlog.frames, written.bytes);
            if written.is_blocked {
                return Flushed::Blocked;
            }
        }
        self.backlog = None;
        Flushed::Done
    }
}

struct Written {
    bytes: usize,
    is_blocked: bool,
}

fn write<'a>(
    stream: &mut TcpStream,
    frames: impl Iterator<Item = &'a Bytes>,
    tally: &mut CounterValues,
) -> io::Result<Written> {
    let mut slices = [IoSlice::new(&[]); SLICES_MAX_COUNT];
    let (mut count, mut offered) = (0, 0);
    for (slice, frame) in slices.iter_mut().zip(frames) {
        *slice = IoSlice::new(frame);
        count += 1;
        offered += frame.len();
    }
    tally.writes += 1;
    let result = if count == 1 { stream.write(&slices[0]) } else { stream.write_vectored(&slices[..count]) };
    let bytes = match result {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
        Err(error) if error.kind() == io::ErrorKind::Interrupted => {
            return Ok(Written { bytes: 0, is_blocked: false });
        }
        Err(error) => return Err(error),
    };
    tally.bytes_out += bytes as u64;
    // A socket that took less than it was offered is full: asking again would only cost a call.
    let is_blocked = bytes < offered;
    tally.blocked += u64::from(is_blocked);
    Ok(Written { bytes, is_blocked })
}

fn consume(frames: &mut VecDeque<Bytes>, mut bytes: usize) {
    while let Some(first) = frames.front_mut() {
        if bytes < first.len() {
            first.advance(bytes);
            return;
        }
        bytes -= first.len();
        frames.pop_front();
    }
}

/// The connections of one worker.
#[derive(Default, Debug)]
pub(super) struct Table {
    connections: Slab<Connection>,
    next_generation: u32,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// The index that the next connection gets.
    pub(super) fn next_index(&self) -> usize {
        self.connections.vacant_key()
    }

    pub(super) fn insert(&mut self, stream: TcpStream, guest: Guest, tick: u32) -> ConnectionId {
        let generation = self.next_generation;
        self.next_generation = generation.wrapping_add(1);
        let index = self.connections.insert(Connection {
            stream,
            _guest: guest,
            generation,
            inbound: Inbound::default(),
            chain: Chain::EMPTY,
            backlog: None,
            queued_bytes: 0,
            due_tick: 0,
            since_tick: tick,
            discarded_reads: 0,
            state: State::Open,
            is_pinged: false,
            wants_drained: false,
            is_dirty: false,
            is_unfinished: false,
        });
        ConnectionId { index: index as u32, generation }
    }

    pub(super) fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        self.get_mut(id)?;
        self.connections.try_remove(id.index as usize)
    }

    pub(super) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(id.index as usize).filter(|connection| connection.generation == id.generation)
    }

    pub(super) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections
            .get_mut(id.index as usize)
            .filter(|connection| connection.generation == id.generation)
    }

    /// The id of the connection at `index`.
    pub(super) fn id_at(&self, index: usize) -> Option<ConnectionId> {
        let connection = self.connections.get(index)?;
        Some(ConnectionId { index: index as u32, generation: connection.generation })
    }

    pub(super) fn ids(&self) -> Vec<ConnectionId> {
        let id = |(index, connection): (usize, &Connection)| ConnectionId {
            index: index as u32,
            generation: connection.generation,
        };
        self.connections.iter().map(id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_is_small() {
        // Debug builds of mio add the poll's number to a stream.
        let limit = if cfg!(debug_assertions) { 80 } else { 64 };
        assert!(size_of::<Connection>() <= limit, "{} bytes", size_of::<Connection>());
    }

    #[test]
    fn partly_written_frames_are_cut() {
        let mut frames: VecDeque<Bytes> = ["one", "two", "three"].map(Bytes::from).into();
        consume(&mut frames, 4);
        assert_eq!(frames, ["wo", "three"]);
        consume(&mut frames, 7);
        assert!(frames.is_empty());
    }
}
