//! The loop of a worker, in the order in which things happen.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::event::Event as Readiness;
use mio::net::TcpStream;
use mio::{Events, Poll, Registry, Token};

use super::WorkerSettings;
use super::connection::State;
use super::core::Core;
use super::io::Io;
use super::mailbox::{Letters, Mailbox};
use crate::gateway::transport::application::{Application, ConnectionId};
use crate::gateway::transport::placement::Arrival;
use crate::gateway::transport::shared::Transport;
use crate::gateway::transport::websocket::{CloseCode, Event, Input, Violation};

/// The poll's token of the mailbox.
pub(super) const WAKER: Token = Token(usize::MAX);

/// Readiness events taken from one poll.
const EVENTS_MAX_COUNT: usize = 1_024;

/// Bytes that one connection may bring in one turn, and the size of the worker's only read buffer.
const READ_TURN_MAX_BYTES: usize = 16 * 1024;

/// Frames that one connection may bring in one turn; the rest waits for its next turn.
const FRAMES_TURN_MAX_COUNT: usize = 128;

/// Times that the application may answer its own callbacks before the worker looks at its sockets again.
const SETTLE_ROUNDS_MAX_COUNT: usize = 8;

/// Mail for which memory is kept from turn to turn.
const KEPT_MAIL_COUNT: usize = 4_096;

/// Arrivals for which memory is kept from turn to turn.
const KEPT_ARRIVALS_COUNT: usize = 64;

/// Runs a worker to its end.
pub(super) fn run<A: Application>(
    mut poll: Poll,
    mailbox: Arc<Mailbox<A::Mail>>,
    transport: Arc<Transport>,
    settings: WorkerSettings,
    make: impl FnOnce() -> A,
) {
    let core = Core::new(settings, transport, Instant::now());
    let mut guard = Guard { mailbox: &mailbox, core };
    let mut turns = Turns { application: make(), buffer: vec![0; READ_TURN_MAX_BYTES].into() };
    let mut events = Events::with_capacity(EVENTS_MAX_COUNT);
    let mut letters = Letters::default();
    while !guard.core.is_finished() {
        let core = &mut guard.core;
        let sleep = if mailbox.may_sleep() { core.sleep() } else { Some(Duration::ZERO) };
        let polled = poll.poll(&mut events, sleep);
        mailbox.is_awake();
        core.advance_clock(Instant::now());
        match polled {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                tracing::error!(%error, "a gateway worker cannot poll its sockets and ends");
                return;
            }
            _ => turns.turn(core, &mailbox, &events, &mut letters, poll.registry()),
        }
    }
}

/// Gives back the connections' places when the worker ends, by a shutdown or by a panic.
struct Guard<'a, M> {
    mailbox: &'a Mailbox<M>,
    core: Core,
}

impl<M> Drop for Guard<'_, M> {
    fn drop(&mut self) {
        self.mailbox.stop();
        self.mailbox.release(self.core.len());
        self.core.tally.closed += self.core.len() as u64;
        self.core.publish();
    }
}

struct Turns<A> {
    application: A,
    buffer: Box<[u8]>,
}

impl<A: Application> Turns<A> {
    fn turn(
        &mut self,
        core: &mut Core,
        mailbox: &Mailbox<A::Mail>,
        events: &Events,
        letters: &mut Letters<A::Mail>,
        registry: &Registry,
    ) {
        // Those that were cut short last time, before newer readiness can list them again.
        for id in core.take_unfinished() {
            if let Some(connection) = core.connection(id) {
                connection.is_unfinished = false;
                self.read(core, id);
            }
        }
        for event in events.iter().filter(|event| event.token() != WAKER) {
            self.ready(core, event);
        }
        self.read_letters(core, mailbox, letters, registry);
        core.fire_timers();
        if core.take_application_tick() {
            self.application.tick(&mut Io(core));
        }
        self.settle(core, mailbox);
        core.publish();
    }

    fn ready(&mut self, core: &mut Core, event: &Readiness) {
        let Some(id) = core.id_at(event.token().0) else {
            return;
        };
        if event.is_writable() {
            core.writable(id);
        }
        if event.is_readable() || event.is_read_closed() || event.is_error() {
            self.read(core, id);
            if event.is_read_closed() || event.is_error() {
                // The end itself is found by the read that returns nothing.
                core.read_again(id);
            }
        }
    }

    /// Reads once, and hands on the messages that are whole.
    fn read(&mut self, core: &mut Core, id: ConnectionId) {
        let Some(connection) = core.connection(id) else {
            return;
        };
        match connection.state {
            State::Dead => return,
            State::Lingering | State::Finishing => return self.discard(core, id),
            State::Open | State::Closing => {}
        }
        let held = connection.inbound.release(&mut self.buffer);
        let room = self.buffer.len() - held;
        let mut has_ended = false;
        let mut has_more = true;
        let mut received = 0;
        if room > 0 {
            match connection.stream.read(&mut self.buffer[held..]) {
                Ok(0) => has_ended = true,
                Ok(bytes) => {
                    received = bytes;
                    // A read that came back short has emptied the socket; news will be announced.
                    has_more = bytes == room;
                    core.heard(id, bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => has_more = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => has_ended = true,
            }
        }
        match self.parse(core, id, held + received) {
            Parsed::All if has_ended => core.lost(id),
            Parsed::All if !has_more => {}
            Parsed::All | Parsed::Some => core.read_again(id),
            Parsed::Closed(code) => core.peer_closed(id, code),
            Parsed::Violated(violation) => core.violated(id, violation),
        }
    }

    /// Parses the first `filled` bytes of the buffer.
    fn parse(&mut self, core: &mut Core, id: ConnectionId, filled: usize) -> Parsed {
        let Some(connection) = core.connection(id) else {
            return Parsed::All;
        };
        // Taken out while the application may use all connections.
        let mut inbound = std::mem::take(&mut connection.inbound);
        let limits = core.settings.messages;
        let mut input = Input::new(&mut self.buffer[..filled]);
        let mut parsed = Parsed::Some;
        for _ in 0..FRAMES_TURN_MAX_COUNT {
            let event = match inbound.next(&mut input, limits) {
                Ok(Some(event)) => event,
                Ok(None) => {
                    parsed = Parsed::All;
                    break;
                }
                Err(violation) => return Parsed::Violated(violation),
            };
            core.tally.frames_in += 1;
            match event {
                Event::Close(code) => return Parsed::Closed(code),
                Event::Ping(data) => core.answer_ping(id, data),
                Event::Pong(_) => {}
                // What comes after our close frame is not listened to.
                Event::Text(_) | Event::Binary(_) if !core.is_open(id) => {}
                Event::Text(text) => self.application.text(id, text, &mut Io(core)),
                Event::Binary(data) => self.application.binary(id, data, &mut Io(core)),
            }
        }
        inbound.hold(input.rest());
        if let Some(connection) = core.connection(id) {
            connection.inbound = inbound;
        }
        parsed
    }

    fn discard(&mut self, core: &mut Core, id: ConnectionId) {
        let Some(connection) = core.connection(id) else {
            return;
        };
        match connection.stream.read(&mut self.buffer) {
            Ok(0) => core.lost(id),
            Ok(bytes) => {
                core.discarded(id);
                if bytes == self.buffer.len() {
                    core.read_again(id);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => core.read_again(id),
            Err(_) => core.lost(id),
        }
    }

    fn read_letters(
        &mut self,
        core: &mut Core,
        mailbox: &Mailbox<A::Mail>,
        letters: &mut Letters<A::Mail>,
        registry: &Registry,
    ) {
        mailbox.collect(letters);
        for arrival in letters.arrivals.drain(..) {
            self.open(core, mailbox, arrival, registry);
        }
        for mail in letters.mail.drain(..) {
            self.application.mail(mail, &mut Io(core));
        }
        letters.mail.shrink_to(KEPT_MAIL_COUNT);
        letters.arrivals.shrink_to(KEPT_ARRIVALS_COUNT);
        if let Some(grace) = letters.shutdown.take().filter(|_| !core.is_draining()) {
            let deadline = core.begin_drain(grace);
            self.application.draining(grace, deadline, &mut Io(core));
        }
    }

    fn open(&mut self, core: &mut Core, mailbox: &Mailbox<A::Mail>, arrival: Arrival, registry: &Registry) {
        let Arrival { stream, peer, response, guest, received } = arrival;
        let id = match core.adopt(TcpStream::from_std(stream), guest, registry) {
            Ok(id) => id,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken over");
                mailbox.release(1);
                return;
            }
        };
        if let Some(response) = response {
            core.stage_bytes(id, response);
        }
        self.application.opened(id, &peer, &mut Io(core));
        if !received.is_empty()
            && let Some(connection) = core.connection(id)
        {
            connection.inbound.hold(&received);
            core.read_again(id);
        }
    }

    /// Tells the application what has ended or drained, and writes what it says, until there is nothing new.
    fn settle(&mut self, core: &mut Core, mailbox: &Mailbox<A::Mail>) {
        for _ in 0..SETTLE_ROUNDS_MAX_COUNT {
            self.application.turn_ended(&mut Io(core));
            core.flush_dirty();
            core.is_unsettled = !(core.drained.is_empty() && core.ended.is_empty());
            if !core.is_unsettled {
                break;
            }
            for id in std::mem::take(&mut core.drained) {
                if core.is_open(id) {
                    self.application.drained(id, &mut Io(core));
                }
            }
            for (id, reason) in std::mem::take(&mut core.ended) {
                self.application.closed(id, reason, &mut Io(core));
            }
        }
        if core.ended.is_empty() {
            let buried = core.bury();
            mailbox.release(buried);
        }
    }
}

/// How far the bytes that were read have been understood.
enum Parsed {
    /// All frames that are whole.
    All,
    /// As many as one turn allows.
    Some,
    Closed(Option<CloseCode>),
    Violated(Violation),
}
