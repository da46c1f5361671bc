//! What happens to the connections of one worker, apart from reading, which needs the application.
//!
//! Nothing here calls the application: what it must hear is listed, and told at the end of the turn, so that
//! no call happens inside another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use super::WorkerSettings;
use super::connection::{Connection, Flushed, State, Table};
use super::staging::{Chain, Staging};
use super::wheel::Wheel;
use crate::gateway::transport::addresses::Guest;
use crate::gateway::transport::application::{CloseReason, ConnectionId, Enqueued};
use crate::gateway::transport::counters::CounterValues;
use crate::gateway::transport::shared::Transport;
use crate::gateway::transport::websocket::{CloseCode, Frame, Violation};

/// Reads thrown away from a peer that is not understood any more, before it is cut off.
const DISCARDED_READS_MAX_COUNT: u16 = 256;

/// How long peers have, when everything shuts down, to take what is queued for them.
const LAST_WORDS: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Core {
    pub(super) table: Table,
    pub(super) staging: Staging,
    pub(super) dirty: Vec<ConnectionId>,
    pub(super) unfinished: Vec<ConnectionId>,
    pub(super) dead: Vec<ConnectionId>,
    /// To be told to the application.
    pub(super) drained: Vec<ConnectionId>,
    pub(super) ended: Vec<(ConnectionId, CloseReason)>,
    /// The application was called after it was last told that the turn has ended.
    pub(super) is_unsettled: bool,
    pub(super) wheel: Wheel,
    pub(super) due: Vec<(u32, ConnectionId)>,
    pub(super) started: Instant,
    pub(super) now: Instant,
    pub(super) now_tick: u32,
    pub(super) application_tick: Option<Instant>,
    /// When a shutdown closes what is still open, and when it cuts off what has not closed then.
    pub(super) drain: Option<(Instant, Instant)>,
    pub(super) tally: CounterValues,
    pub(super) transport: Arc<Transport>,
    pub(super) settings: WorkerSettings,
}

impl Core {
    pub(super) fn new(settings: WorkerSettings, transport: Arc<Transport>, now: Instant) -> Self {
        Self {
            table: Table::default(),
            staging: Staging::default(),
            dirty: Vec::new(),
            unfinished: Vec::new(),
            dead: Vec::new(),
            drained: Vec::new(),
            ended: Vec::new(),
            is_unsettled: false,
            wheel: Wheel::new(),
            due: Vec::new(),
            started: now,
            now,
            now_tick: 0,
            application_tick: None,
            drain: None,
            tally: CounterValues::default(),
            transport,
            settings,
        }
    }

    // ---- Connections come ----

    /// Takes a connection whose upgrade was granted.
    pub(super) fn adopt(
        &mut self,
        mut stream: TcpStream,
        guest: Guest,
        registry: &Registry,
    ) -> std::io::Result<ConnectionId> {
        stream.set_nodelay(true)?;
        socket2::SockRef::from(&stream).set_send_buffer_size(self.settings.send_buffer_bytes)?;
        let token = Token(self.table.next_index());
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        let id = self.table.insert(stream, guest, self.now_tick);
        self.arm(id, self.now_tick + self.ping_after_ticks(id));
        self.tally.opened += 1;
        Ok(id)
    }

    // ---- The application speaks ----

    pub(super) fn send(&mut self, id: ConnectionId, frame: Frame) -> Enqueued {
        let limit = self.settings.queue_max_bytes;
        let over = |connection: &Connection| {
            connection.queued_bytes > 0 && connection.queued_bytes + frame.len() > limit
        };
        match self.table.get(id) {
            Some(connection) if connection.state == State::Open => {
                if over(connection) {
                    // Perhaps the socket takes what only waits for the end of the turn.
                    self.flush(id);
                }
            }
            _ => return Enqueued::Gone,
        }
        let Some(connection) = self.table.get_mut(id).filter(|connection| connection.state == State::Open)
        else {
            return Enqueued::Gone;
        };
        if over(connection) {
            self.tally.slow_readers += u64::from(!connection.wants_drained);
            connection.wants_drained = true;
            return Enqueued::Full;
        }
        self.stage(id, frame);
        Enqueued::Accepted
    }

    pub(super) fn notify_when_drained(&mut self, id: ConnectionId) {
        if let Some(connection) = self.table.get_mut(id) {
            connection.wants_drained = true;
            self.mark_dirty(id);
        }
    }

    pub(super) fn close(&mut self, id: ConnectionId, code: CloseCode, reason: &str) {
        self.close_with(id, code, reason, State::Closing, CloseReason::Application(code));
    }

    pub(super) fn close_with(
        &mut self,
        id: ConnectionId,
        code: CloseCode,
        text: &str,
        then: State,
        reason: CloseReason,
    ) {
        if self.is_open(id) {
            self.stage(id, Frame::close(Some(code), text));
            self.leave(id, then, reason);
        }
    }

    // ---- The peer speaks ----

    /// Notes a sign of life.
    pub(super) fn heard(&mut self, id: ConnectionId, bytes: usize) {
        self.tally.bytes_in += bytes as u64;
        if let Some(connection) = self.table.get_mut(id).filter(|connection| connection.state == State::Open)
        {
            connection.since_tick = self.now_tick;
            connection.is_pinged = false;
        }
    }

    /// Answers a ping, unless the peer does not read its answers.
    pub(super) fn answer_ping(&mut self, id: ConnectionId, data: &[u8]) {
        let limit = self.settings.queue_max_bytes;
        if self.is_open(id) && self.queued_bytes(id) < limit {
            self.stage(id, Frame::pong(data));
        }
    }

    /// The peer sent a close frame.
    pub(super) fn peer_closed(&mut self, id: ConnectionId, code: Option<CloseCode>) {
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        match connection.state {
            State::Open => {
                self.stage(id, Frame::close(code, ""));
                self.leave(id, State::Finishing, CloseReason::Peer(code));
            }
            State::Closing => {
                connection.state = State::Finishing;
                self.mark_dirty(id);
            }
            _ => {}
        }
    }

    /// The peer broke the protocol.
    pub(super) fn violated(&mut self, id: ConnectionId, violation: Violation) {
        self.tally.violations += 1;
        if self.is_open(id) {
            let reason = CloseReason::Violation(violation);
            self.close_with(id, violation.code(), &violation.to_string(), State::Lingering, reason);
        } else if let Some(connection) =
            self.table.get_mut(id).filter(|connection| connection.state == State::Closing)
        {
            connection.state = State::Lingering;
            self.mark_dirty(id);
        }
    }

    /// The TCP connection is gone.
    pub(super) fn lost(&mut self, id: ConnectionId) {
        if self.is_open(id) {
            self.ended.push((id, CloseReason::Lost));
        }
        self.kill(id);
    }

    /// Counts a read that was thrown away.
    pub(super) fn discarded(&mut self, id: ConnectionId) {
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        connection.discarded_reads += 1;
        if connection.discarded_reads > DISCARDED_READS_MAX_COUNT {
            self.kill(id);
        }
    }

    /// Lists a connection that has more to read than one turn gives it.
    pub(super) fn read_again(&mut self, id: ConnectionId) {
        if let Some(connection) = self.table.get_mut(id).filter(|connection| !connection.is_unfinished) {
            connection.is_unfinished = true;
            self.unfinished.push(id);
        }
    }

    pub(super) fn take_unfinished(&mut self) -> Vec<ConnectionId> {
        std::mem::take(&mut self.unfinished)
    }

    // ---- Writing ----

    pub(super) fn stage(&mut self, id: ConnectionId, frame: Frame) {
        self.tally.frames_out += 1;
        self.stage_bytes(id, frame.into_bytes());
    }

    /// Queues bytes, of a frame or of the answer to the upgrade.
    pub(super) fn stage_bytes(&mut self, id: ConnectionId, bytes: Bytes) {
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        connection.queued_bytes += bytes.len();
        self.staging.push(&mut connection.chain, bytes);
        self.mark_dirty(id);
        if self.staging.is_full() {
            self.flush_dirty();
        }
    }

    fn mark_dirty(&mut self, id: ConnectionId) {
        if let Some(connection) = self.table.get_mut(id).filter(|connection| !connection.is_dirty) {
            connection.is_dirty = true;
            self.dirty.push(id);
        }
    }

    /// Writes what has been queued in this turn.
    pub(super) fn flush_dirty(&mut self) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for id in dirty.drain(..) {
            if let Some(connection) = self.table.get_mut(id) {
                connection.is_dirty = false;
                self.flush(id);
            }
        }
        self.dirty = dirty;
        self.staging.clear();
    }

    fn flush(&mut self, id: ConnectionId) {
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        if connection.state == State::Dead {
            return;
        }
        let was_blocked = connection.backlog.is_some();
        match connection.flush(&mut self.staging, self.now_tick, &mut self.tally) {
            Flushed::Done => self.flushed(id),
            Flushed::Blocked if was_blocked => {}
            Flushed::Blocked => {
                let stalled = self.now_tick + self.ticks(self.settings.stall_timeout);
                self.arm_before(id, stalled);
            }
            Flushed::Broken => self.lost(id),
        }
    }

    /// The socket takes bytes again.
    pub(super) fn writable(&mut self, id: ConnectionId) {
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        if connection.backlog.is_none() || connection.state == State::Dead {
            return;
        }
        match connection.flush_backlog(self.now_tick, &mut self.tally) {
            Flushed::Done => self.mark_dirty(id),
            Flushed::Blocked => {}
            Flushed::Broken => self.lost(id),
        }
    }

    /// Nothing is queued any more.
    fn flushed(&mut self, id: ConnectionId) {
        let Some(connection) = self.table.get_mut(id) else {
            return;
        };
        match connection.state {
            State::Open if connection.wants_drained => {
                connection.wants_drained = false;
                self.drained.push(id);
            }
            State::Finishing => self.kill(id),
            // The error of a socket that is already broken shows at the next read.
            State::Lingering => drop(connection.stream.shutdown(std::net::Shutdown::Write)),
            State::Open | State::Closing | State::Dead => {}
        }
    }

    // ---- Ends ----

    /// Ends the conversation; the connection itself ends when `then` has run its course, or at the deadline.
    fn leave(&mut self, id: ConnectionId, then: State, reason: CloseReason) {
        if let Some(connection) = self.table.get_mut(id) {
            connection.state = then;
            connection.since_tick = self.now_tick;
            self.ended.push((id, reason));
            self.arm(id, self.now_tick + self.close_ticks());
        }
    }

    pub(super) fn kill(&mut self, id: ConnectionId) {
        if let Some(connection) = self.table.get_mut(id).filter(|connection| connection.state != State::Dead)
        {
            connection.state = State::Dead;
            connection.chain = Chain::EMPTY;
            connection.backlog = None;
            self.dead.push(id);
        }
    }

    /// Removes what has ended, after the application was told; says how many.
    pub(super) fn bury(&mut self) -> usize {
        let mut buried = 0;
        for id in std::mem::take(&mut self.dead) {
            // Dropping the stream closes it, which also takes it out of the poll.
            buried += usize::from(self.table.remove(id).is_some());
        }
        self.tally.closed += buried as u64;
        buried
    }

    pub(super) fn begin_drain(&mut self, grace: Duration) -> Instant {
        let deadline = self.now + grace;
        self.drain = Some((deadline, deadline + self.settings.close_timeout.min(LAST_WORDS)));
        deadline
    }

    /// Says goodbye to all. Nobody's answer is waited for: whoever has got everything that was queued is let go when they
    /// close, and the rest at the cut-off.
    pub(super) fn close_all(&mut self) {
        for id in self.table.ids() {
            self.close_with(
                id,
                CloseCode::GOING_AWAY,
                "server is shutting down",
                State::Lingering,
                CloseReason::Shutdown,
            );
        }
    }

    /// Whether a shutdown has come to its end.
    pub(super) fn is_finished(&self) -> bool {
        self.drain.is_some_and(|(_, cut_off)| self.table.is_empty() || self.now >= cut_off)
    }

    pub(super) fn is_draining(&self) -> bool {
        self.drain.is_some()
    }

    pub(super) fn publish(&mut self) {
        self.transport.counters.absorb(&mut self.tally);
    }

    // ---- Looking ----

    pub(super) fn connection(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.table.get_mut(id)
    }

    pub(super) fn id_at(&self, index: usize) -> Option<ConnectionId> {
        self.table.id_at(index)
    }

    pub(super) fn is_open(&self, id: ConnectionId) -> bool {
        self.table.get(id).is_some_and(|connection| connection.state == State::Open)
    }

    pub(super) fn queued_bytes(&self, id: ConnectionId) -> usize {
        self.table.get(id).map_or(0, |connection| connection.queued_bytes)
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }
}
