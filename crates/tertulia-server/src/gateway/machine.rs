//! A gateway: the sessions of one worker, as a state machine without I/O.
//!
//! Frames, mail and finished errands come in; frames go out through an [`Outlet`], mail to owners and errands are
//! collected and taken at the end of each turn. Nothing here waits.

use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use slab::Slab;
use tertulia_core::{Limits, RoomId, ShardId, TimeMs, UserId};
use tertulia_ports::{
    bus::{GatewayId, OwnerId, ToGateway, ToOwner},
    time::Entropy,
};
use tertulia_protocol::{
    Code, ErrorDetail,
    socket::{
        client::ClientFrame,
        server::{Error, Notice, ServerFrame},
    },
};

use super::{
    errands::{Errand, Returned},
    hello::Waiting,
    links::InLink,
    people::People,
    rate::TooFast,
    requests::Pending,
    rooms::GatewayRoom,
    session::{Session, Stage},
    transport::ConnectionId,
    watching::Watching,
};
use crate::{fanout::frame::frame, identity::Tokens};
use tertulia_protocol::socket::close;

/// How long a connection may be open without a hello, in ms.
pub const HELLO_MS: u64 = 10_000;

/// Most hellos that a gateway works on at once; more are turned away before any look-up.
pub const HELLOS_MAX: usize = 512;

/// Silence after which clients ask whether we live, in ms: told in `welcome`.
pub const HEARTBEAT_MS: u64 = 30_000;

/// Where frames go.
pub trait Outlet {
    /// Sends a frame that the client waits for. `false`: it does not take any more, and is to be closed.
    fn send(&mut self, connection: ConnectionId, frame: Bytes) -> bool;
    /// Sends a frame that can be read from the log as well. `false`: not now; `drained` follows.
    fn send_live(&mut self, connection: ConnectionId, frame: &Bytes) -> bool;
    /// Closes a connection. `closed` follows.
    fn close(&mut self, connection: ConnectionId, code: u16, reason: &str);
}

/// What a gateway is told at its start.
pub struct Settings {
    /// Its id.
    pub id: GatewayId,
    /// How devices prove who they are.
    pub tokens: Tokens,
    /// The id of the message store's history.
    pub history: Arc<str>,
    /// For delays that are to be spread.
    pub entropy: Arc<dyn Entropy>,
    /// Which owner, by a number, has a shard now: rooms of one owner are asked for together.
    pub owner_of: Box<dyn Fn(ShardId) -> Option<u64> + Send>,
    /// A safeguard that the simulation switches off: a room with a hole, or whose link has one, is held until it is
    /// filled.
    pub hold_on_hole: bool,
}

/// The state machine.
pub struct Gateway {
    pub(super) settings: Settings,
    pub(super) limits: Limits,
    /// The wall clock.
    pub(super) now: TimeMs,
    /// A clock that never jumps.
    pub(super) elapsed: TimeMs,

    /// By the connection's index.
    pub(super) sessions: Vec<Option<Box<Session>>>,
    pub(super) places: FxHashMap<RoomId, u32>,
    pub(super) rooms: Slab<GatewayRoom>,
    pub(super) links: FxHashMap<OwnerId, InLink>,
    pub(super) people: People,
    pub(super) watching: Watching,
    pub(super) pending: FxHashMap<u64, Pending>,
    pub(super) next_request: u64,
    pub(super) waiting: Waiting,

    pub(super) to_owners: Vec<(ShardId, ToOwner)>,
    pub(super) errands: Vec<Errand>,
    tick_at: TimeMs,
}

impl Gateway {
    /// A gateway without sessions.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            limits: Limits::default(),
            now: TimeMs::default(),
            elapsed: TimeMs::default(),
            sessions: Vec::new(),
            places: FxHashMap::default(),
            rooms: Slab::new(),
            links: FxHashMap::default(),
            people: People::default(),
            watching: Watching::default(),
            pending: FxHashMap::default(),
            next_request: 0,
            waiting: Waiting::default(),
            to_owners: Vec::new(),
            errands: Vec::new(),
            tick_at: TimeMs::default(),
        }
    }

    /// Its id.
    pub fn id(&self) -> GatewayId {
        self.settings.id
    }

    /// What time it is, before anything is told. `elapsed` never jumps.
    pub fn at(&mut self, now: TimeMs, elapsed: TimeMs) {
        (self.now, self.elapsed) = (now, elapsed);
    }

    /// A client has connected.
    pub fn opened(&mut self, connection: ConnectionId) {
        let index = connection.index as usize;
        if self.sessions.len() <= index {
            self.sessions.resize_with(index + 1, || None);
        }
        self.sessions[index] = Some(Box::new(Session::new(connection, self.elapsed)));
        self.waiting.silent.push_back((self.elapsed.plus(HELLO_MS), connection));
    }

    /// A client says something.
    pub fn text(&mut self, connection: ConnectionId, text: &str, out: &mut impl Outlet) {
        let (elapsed, max) = (self.elapsed, self.limits.messages_per_10s);
        let Some(session) = self.session(connection) else { return };
        if let Err(too_fast) = session.rate.frame(elapsed, max) {
            return self.too_fast(connection, id_in(text), too_fast, out);
        }
        match serde_json::from_str::<ClientFrame>(text) {
            Ok(frame) => self.frame(connection, frame, out),
            Err(error) => self.not_understood(connection, text, &error, out),
        }
    }

    /// A client sends bytes: nothing of this protocol does.
    pub fn binary(&mut self, connection: ConnectionId, out: &mut impl Outlet) {
        let error = ErrorDetail::new(Code::Malformed, "frames are JSON text; this one is binary");
        self.error(connection, None, error, out);
    }

    /// A connection is over.
    pub fn closed(&mut self, connection: ConnectionId) {
        let Some(slot) = self.sessions.get_mut(connection.index as usize) else { return };
        let Some(session) = slot.take_if(|session| session.connection == connection) else { return };
        self.waiting.left(&session.stage);
        for place in &session.rooms {
            self.unsubscribe(*place, connection, session.user);
        }
        self.part(&session);
    }

    /// Everything that a connection was sent has gone: what it missed meanwhile is read from the log.
    pub fn drained(&mut self, connection: ConnectionId, out: &mut impl Outlet) {
        self.catch_up(connection, out);
    }

    /// Mail has come.
    pub fn mail(&mut self, mail: ToGateway, out: &mut impl Outlet) {
        match mail {
            ToGateway::Link(envelope) => self.envelope(envelope, out),
            ToGateway::Answer { request, answer } => self.answer(request, answer, out),
            ToGateway::Feed(changes) => self.feeds(&changes, out),
            ToGateway::Presence(seen) => self.presence_seen(&seen, out),
            ToGateway::Moved(shards) => self.moved(&shards),
            ToGateway::Config(config) => {
                if self.limits != config.limits {
                    self.limits = config.limits;
                    let notice = ServerFrame::Notice(Notice::Limits { limits: self.limits });
                    self.tell_all(&frame(&notice), out);
                }
            }
        }
    }

    /// An errand is done.
    pub fn returned(&mut self, returned: Returned, out: &mut impl Outlet) {
        match returned {
            Returned::Resumed { connection, resumed } => self.resumed(connection, resumed, out),
            Returned::ReadMarks { connection, marks } => self.marks_read(connection, marks, out),
            Returned::Entries { connection, room, entries } => self.caught_up(connection, room, entries, out),
            Returned::Mended { room, through, deliveries } => self.mended(room, through, deliveries, out),
            Returned::Answered { connection, frame } => self.read_done(connection, frame, out),
            Returned::Rooms { user, rooms, markers } => self.rooms_listed(user, &rooms, &markers),
            Returned::Presence { connection, asked, seen } => {
                self.presence_read(connection, asked, seen, out);
            }
            Returned::Receipts { user, version, on } => self.receipts_read(user, version, on),
            Returned::Revoked(devices) => self.revoked(&devices, out),
        }
    }

    /// What is due by the clock. Call it about ten times a second.
    pub fn tick(&mut self, out: &mut impl Outlet) {
        self.close_silent(out);
        self.retry_pending(out);
        self.say_presence();
        if self.elapsed >= self.tick_at {
            self.tick_at = self.elapsed.plus(1_000);
            self.check_links();
            self.check_devices();
            self.ask_presence_again();
        }
    }

    /// The server goes down: clients are told to go, and to come back spread over a time.
    pub fn drain(&mut self, within_ms: u64, out: &mut impl Outlet) {
        let connections: Vec<_> = self.sessions.iter().flatten().map(|session| session.connection).collect();
        for connection in connections {
            let after_ms = self.settings.entropy.u64() % within_ms.max(1);
            let notice = ServerFrame::Notice(Notice::Reconnect { after_ms, to: None });
            self.send(connection, frame(&notice), out);
        }
    }

    /// What goes to owners: taken at the end of a turn.
    pub fn take_mail(&mut self) -> Vec<(ShardId, ToOwner)> {
        std::mem::take(&mut self.to_owners)
    }

    /// What is to be done by others: taken at the end of a turn.
    pub fn take_errands(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.errands)
    }

    fn frame(&mut self, connection: ConnectionId, frame: ClientFrame, out: &mut impl Outlet) {
        let Some(session) = self.session(connection) else { return };
        match (&session.stage, frame) {
            (Stage::Silent, ClientFrame::Hello(hello)) => self.hello(connection, hello, out),
            (Stage::Live, ClientFrame::Hello(_)) => {
                out.close(connection, close::UNEXPECTED, "hello came twice");
            }
            (Stage::Live, frame) => self.request(connection, frame, out),
            _ => out.close(
                connection,
                close::UNEXPECTED,
                "the first frame is hello, and its answer comes first",
            ),
        }
    }

    fn not_understood(
        &mut self,
        connection: ConnectionId,
        text: &str,
        error: &serde_json::Error,
        out: &mut impl Outlet,
    ) {
        let Some(session) = self.session(connection) else { return };
        if !session.is_live() {
            return out.close(connection, close::UNEXPECTED, "the first frame is hello");
        }
        let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let id = value.get("id").and_then(serde_json::Value::as_u64);
        let detail = match value.get("t").and_then(serde_json::Value::as_str) {
            Some(name) if FRAME_NAMES.contains(&name) => ErrorDetail {
                field: Some("t".into()),
                ..ErrorDetail::new(Code::Invalid, format!("{name}: {error}"))
            },
            Some(name) => {
                let name: String = name.chars().take(40).collect();
                let detail = format!("there is no frame {name}");
                ErrorDetail { field: Some("t".into()), ..ErrorDetail::new(Code::UnknownFrame, detail) }
            }
            None if value.is_object() => {
                ErrorDetail { field: Some("t".into()), ..ErrorDetail::new(Code::Malformed, "t is missing") }
            }
            None => ErrorDetail::new(Code::Malformed, format!("not a JSON object: {error}")),
        };
        self.error(connection, id, detail, out);
    }

    pub(super) fn too_fast(
        &mut self,
        connection: ConnectionId,
        id: Option<u64>,
        too_fast: TooFast,
        out: &mut impl Outlet,
    ) {
        match too_fast {
            TooFast::Flood => out.close(connection, close::FLOOD, "too many frames, again and again"),
            TooFast::Wait(retry_after_ms) => {
                let max = self.limits.messages_per_10s;
                let detail = ErrorDetail {
                    field: Some("messages_per_10s".into()),
                    bound: Some(max.into()),
                    ..ErrorDetail::new(Code::RateLimited, format!("more than {max} messages in 10 s"))
                };
                self.error(connection, id, detail.after_ms(retry_after_ms), out);
            }
        }
    }

    pub(super) fn error(
        &mut self,
        connection: ConnectionId,
        id: Option<u64>,
        error: ErrorDetail,
        out: &mut impl Outlet,
    ) {
        self.send(connection, frame(&ServerFrame::Error(Error { id, error })), out);
    }

    /// Sends a frame that the client waits for; one that takes no more is closed, since it would wait for ever.
    pub(super) fn send(&mut self, connection: ConnectionId, frame: Bytes, out: &mut impl Outlet) {
        if !out.send(connection, frame) {
            out.close(connection, close::FLOOD, "the client does not read");
        }
    }

    pub(super) fn tell_all(&mut self, frame: &Bytes, out: &mut impl Outlet) {
        for session in self.sessions.iter().flatten().filter(|session| session.is_live()) {
            out.send_live(session.connection, frame);
        }
    }

    pub(super) fn session(&mut self, connection: ConnectionId) -> Option<&mut Session> {
        let session = self.sessions.get_mut(connection.index as usize)?.as_mut()?;
        (session.connection == connection).then_some(session)
    }

    /// The live connections of a user.
    pub(super) fn connections_of(&self, user: UserId) -> Vec<ConnectionId> {
        self.people.connections(user).to_vec()
    }
}

/// The id of a request that is not served, so that its client does not wait for ever.
fn id_in(text: &str) -> Option<u64> {
    serde_json::from_str::<serde_json::Value>(text).ok()?.get("id")?.as_u64()
}

/// The types of frames that clients send.
const FRAME_NAMES: [&str; 13] = [
    "hello",
    "send",
    "edit",
    "delete",
    "react",
    "read",
    "typing",
    "subscribe",
    "unsubscribe",
    "history",
    "changes",
    "presence",
    "ping",
];
