//! What a live session asks, and how the answers find back.
//!
//! Commands go to their room's owner with the client's nonce. An owner that is unknown, moving or silent is asked again
//! with the same nonce, within the client's patience; then the client hears that it should retry.

use std::sync::Arc;

use bytes::Bytes;
use tertulia_core::{
    Attached, Nonce, RoomId, Seq, TimeMs, UserId,
    room::{Ask, Command},
    shard::shard_of,
};
use tertulia_ports::bus::{Answer, ReplyTo, Signal, ToOwner};
use tertulia_protocol::{
    Code, ErrorDetail,
    socket::{
        client::{Changes, ClientFrame, History},
        server::{Ack, Pong, ReadMark, ServerFrame},
    },
};

use super::{
    errands::{Errand, Markers},
    machine::{Gateway, Outlet},
    transport::ConnectionId,
};
use crate::{fanout::frame::frame, wire};

/// How long a client waits for an owner, in ms.
const PATIENCE_MS: u64 = 8_000;

/// After which time an owner that has not answered is asked again, in ms.
const ASK_AGAIN_MS: u64 = 2_500;

/// After which time an owner that said "retry" is asked again, in ms.
const RETRY_MS: u64 = 100;

/// Reads of history that a session may have under way.
const READS_MAX: u8 = 8;

/// Something that an owner was asked.
#[derive(Debug)]
pub(super) enum Pending {
    Command {
        connection: ConnectionId,
        id: u64,
        room: RoomId,
        ask: Ask,
        until: TimeMs,
        again_at: TimeMs,
    },
    Signal {
        connection: ConnectionId,
        id: u64,
        room: RoomId,
        user: UserId,
        signal: Signal,
        until: TimeMs,
        again_at: TimeMs,
    },
    Attach {
        connection: ConnectionId,
        user: UserId,
        rooms: Vec<RoomId>,
        purpose: AttachFor,
        until: TimeMs,
        again_at: Option<TimeMs>,
    },
}

/// Why rooms are attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AttachFor {
    /// For a welcome.
    Hello,
    /// The user belongs to them now, and has read so far.
    Join(Arc<Markers>),
}

impl Gateway {
    pub(super) fn request(&mut self, connection: ConnectionId, frame: ClientFrame, out: &mut impl Outlet) {
        match frame {
            ClientFrame::Send(send) => {
                let attached = Attached::Uploads(send.attachments);
                let command = Command::Post { text: send.text, reply_to: send.reply_to, attached };
                self.command(connection, send.id, send.room, (send.nonce, send.since), command, out);
            }
            ClientFrame::Edit(edit) => {
                let command = Command::Edit { of: edit.of, text: edit.text };
                self.command(connection, edit.id, edit.room, (edit.nonce, edit.since), command, out);
            }
            ClientFrame::Delete(delete) => {
                let command = Command::Delete { of: delete.of, reason: delete.reason };
                self.command(connection, delete.id, delete.room, (delete.nonce, delete.since), command, out);
            }
            ClientFrame::React(react) => {
                let command = Command::React { of: react.of, emoji: react.emoji, on: react.on };
                self.command(connection, react.id, react.room, (react.nonce, react.since), command, out);
            }
            ClientFrame::Read(read) => {
                self.ask_signal(connection, read.id, read.room, Signal::Read(read.seq), out)
            }
            ClientFrame::Typing(typing) => self.typing(connection, typing.room, typing.on),
            ClientFrame::Subscribe(room) => self.open_room(connection, room.id, room.room, out),
            ClientFrame::Unsubscribe(room) => self.shut_room(connection, room.id, room.room, out),
            ClientFrame::History(history) => self.history(connection, history, out),
            ClientFrame::Changes(changes) => self.changes(connection, changes, out),
            ClientFrame::Presence(presence) => self.watch(connection, presence, out),
            ClientFrame::Ping(ping) => {
                self.send(connection, frame_of(ServerFrame::Pong(Pong { id: ping.id })), out);
            }
            ClientFrame::Hello(_) => {}
        }
    }

    fn command(
        &mut self,
        connection: ConnectionId,
        id: u64,
        room: RoomId,
        (nonce, since): (Nonce, Seq),
        command: Command,
        out: &mut impl Outlet,
    ) {
        let (elapsed, max) = (self.elapsed, self.limits.messages_per_10s);
        let Some(session) = self.session(connection) else { return };
        if let Err(too_fast) = session.rate.message(elapsed, max) {
            return self.too_fast(connection, Some(id), too_fast, out);
        }
        let ask = Ask { actor: session.user, nonce, since: Some(since), command };
        let (until, again_at) = (elapsed.plus(PATIENCE_MS), elapsed.plus(ASK_AGAIN_MS));
        self.ask(Pending::Command { connection, id, room, ask, until, again_at });
    }

    fn ask_signal(
        &mut self,
        connection: ConnectionId,
        id: u64,
        room: RoomId,
        signal: Signal,
        out: &mut impl Outlet,
    ) {
        if self.place_in(connection, room).is_none() {
            return self.not_member(connection, id, out);
        }
        let elapsed = self.elapsed;
        let Some(user) = self.session(connection).map(|session| session.user) else { return };
        let (until, again_at) = (elapsed.plus(PATIENCE_MS), elapsed.plus(ASK_AGAIN_MS));
        self.ask(Pending::Signal { connection, id, room, user, signal, until, again_at });
    }

    fn typing(&mut self, connection: ConnectionId, room: RoomId, on: bool) {
        if self.place_in(connection, room).is_none() {
            return;
        }
        let Some(user) = self.session(connection).map(|session| session.user) else { return };
        let mail = ToOwner::Signal { room, user, signal: Signal::Typing(on), reply_to: None };
        self.to_owners.push((shard_of(room), mail));
    }

    fn open_room(&mut self, connection: ConnectionId, id: u64, room: RoomId, out: &mut impl Outlet) {
        if let Some(place) = self.place_in(connection, room) {
            self.set_open(place, connection, true);
        }
        self.ask_signal(connection, id, room, Signal::Open(self.settings.id), out);
    }

    fn shut_room(&mut self, connection: ConnectionId, id: u64, room: RoomId, out: &mut impl Outlet) {
        if let Some(place) = self.place_in(connection, room) {
            self.set_open(place, connection, false);
        }
        self.ack(connection, id, out);
    }

    fn history(&mut self, connection: ConnectionId, request: History, out: &mut impl Outlet) {
        if let Some(user) = self.begin_read(connection, request.id, out) {
            self.errands.push(Errand::Page { connection, user, request });
        }
    }

    fn changes(&mut self, connection: ConnectionId, request: Changes, out: &mut impl Outlet) {
        if let Some(user) = self.begin_read(connection, request.id, out) {
            self.errands.push(Errand::Changes { connection, user, request });
        }
    }

    fn begin_read(&mut self, connection: ConnectionId, id: u64, out: &mut impl Outlet) -> Option<UserId> {
        let session = self.session(connection)?;
        if session.reads < READS_MAX {
            session.reads += 1;
            return Some(session.user);
        }
        let error =
            ErrorDetail::new(Code::RateLimited, format!("{READS_MAX} reads of history are under way"));
        self.error(connection, Some(id), error.after_ms(RETRY_MS), out);
        None
    }

    pub(super) fn read_done(&mut self, connection: ConnectionId, frame: Bytes, out: &mut impl Outlet) {
        if let Some(session) = self.session(connection) {
            session.reads -= 1;
            self.send(connection, frame, out);
        }
    }

    pub(super) fn ack(&mut self, connection: ConnectionId, id: u64, out: &mut impl Outlet) {
        self.send(connection, frame_of(ServerFrame::Ack(ack(id))), out);
    }

    fn not_member(&mut self, connection: ConnectionId, id: u64, out: &mut impl Outlet) {
        let error = ErrorDetail::new(Code::NotMember, Code::NotMember.about());
        self.error(connection, Some(id), error, out);
    }

    /// Asks an owner, and keeps the question until it is answered.
    fn ask(&mut self, pending: Pending) {
        let request = self.remember(pending);
        self.ask_again(request);
    }

    pub(super) fn remember(&mut self, pending: Pending) -> u64 {
        self.next_request += 1;
        self.pending.insert(self.next_request, pending);
        self.next_request
    }

    fn ask_again(&mut self, request: u64) {
        let gateway = self.settings.id;
        let reply_to = ReplyTo::Gateway(gateway, request);
        let (room, mail) = match self.pending.get(&request) {
            Some(Pending::Command { room, ask, .. }) => {
                (*room, ToOwner::Command { room: *room, ask: ask.clone(), reply_to })
            }
            Some(Pending::Signal { room, user, signal, .. }) => {
                let reply_to = Some(reply_to);
                (*room, ToOwner::Signal { room: *room, user: *user, signal: *signal, reply_to })
            }
            Some(Pending::Attach { .. }) | None => return,
        };
        self.to_owners.push((shard_of(room), mail));
    }

    /// An owner has answered.
    pub(super) fn answer(&mut self, request: u64, answer: Answer, out: &mut impl Outlet) {
        let soon = self.elapsed.plus(RETRY_MS);
        if answer == Answer::Retry {
            match self.pending.get_mut(&request) {
                Some(Pending::Command { again_at, .. } | Pending::Signal { again_at, .. }) => {
                    *again_at = soon
                }
                Some(Pending::Attach { again_at, .. }) => *again_at = Some(soon),
                None => {}
            }
            return;
        }
        let (connection, id) = match self.pending.remove(&request) {
            Some(Pending::Command { connection, id, .. } | Pending::Signal { connection, id, .. }) => {
                (connection, id)
            }
            Some(attach @ Pending::Attach { .. }) => return drop(self.pending.insert(request, attach)),
            None => return,
        };
        if self.session(connection).is_none() {
            return;
        }
        match answer {
            Answer::Done { seq, at } => {
                let done = Ack { seq: Some(seq), at, ..ack(id) };
                self.send(connection, frame_of(ServerFrame::Ack(done)), out);
            }
            Answer::Ok => self.ack(connection, id, out),
            Answer::Opened { reads, typing, active } => {
                let reads = reads.iter().map(|mark| ReadMark { user: mark.user, seq: mark.seq }).collect();
                let opened =
                    Ack { reads: Some(reads), typing: Some(typing), active: Some(active), ..ack(id) };
                self.send(connection, frame_of(ServerFrame::Ack(opened)), out);
            }
            Answer::Refused(refusal) => self.error(connection, Some(id), wire::refusal(&refusal), out),
            Answer::Grants(_) | Answer::Active(_) | Answer::Retry => {}
        }
    }

    /// Asks owners again that have not answered, and tells clients whose patience is over.
    pub(super) fn retry_pending(&mut self, out: &mut impl Outlet) {
        let elapsed = self.elapsed;
        let mut due: Vec<(u64, bool)> = self
            .pending
            .iter()
            .filter_map(|(request, pending)| match pending {
                Pending::Command { until, again_at, .. } | Pending::Signal { until, again_at, .. } => {
                    (elapsed >= *again_at || elapsed >= *until).then_some((*request, elapsed >= *until))
                }
                Pending::Attach { until, again_at, .. } => {
                    let again = again_at.is_some_and(|at| elapsed >= at);
                    (again || elapsed >= *until).then_some((*request, elapsed >= *until))
                }
            })
            .collect();
        due.sort_unstable();
        for (request, over) in due {
            match over {
                true => self.give_up(request, out),
                false => self.once_more(request),
            }
        }
    }

    fn once_more(&mut self, request: u64) {
        let later = self.elapsed.plus(ASK_AGAIN_MS);
        match self.pending.get_mut(&request) {
            Some(Pending::Command { again_at, .. } | Pending::Signal { again_at, .. }) => {
                *again_at = later;
                self.ask_again(request);
            }
            // Under another number: an answer to the first that comes after all must not count twice.
            Some(Pending::Attach { .. }) => {
                if let Some(pending) = self.pending.remove(&request) {
                    self.attach_again(pending);
                }
            }
            None => {}
        }
    }

    fn give_up(&mut self, request: u64, out: &mut impl Outlet) {
        match self.pending.remove(&request) {
            Some(Pending::Command { connection, id, .. } | Pending::Signal { connection, id, .. }) => {
                let error = ErrorDetail::new(Code::Unavailable, Code::Unavailable.about());
                self.error(connection, Some(id), error.after_ms(RETRY_MS), out);
            }
            Some(Pending::Attach { connection, purpose: AttachFor::Hello, .. }) => {
                self.give_up_hello(connection, out);
            }
            // A room that is not attached now is attached with the next hello.
            Some(Pending::Attach { connection, .. }) => {
                out.close(connection, tertulia_protocol::socket::close::OVERLOADED, "a room has no owner");
            }
            None => {}
        }
    }

    /// The room's place, if the session has it.
    fn place_in(&mut self, connection: ConnectionId, room: RoomId) -> Option<u32> {
        let place = self.places.get(&room).copied()?;
        self.session(connection)?.rooms.contains(&place).then_some(place)
    }
}

fn frame_of(server_frame: ServerFrame) -> Bytes {
    frame(&server_frame)
}

fn ack(id: u64) -> Ack {
    Ack { id, seq: None, at: None, reads: None, typing: None, active: None }
}
