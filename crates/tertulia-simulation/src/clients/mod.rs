//! People's devices: each keeps a cursor a room and an outbox, and speaks the wire's JSON with a gateway.
//!
//! A device does what docs/protocol.md tells authors of clients to do, and holds what it hears against what it may
//! expect: entries in order without holes, nothing of a room that it has left. `hears.rs` takes frames, `acts.rs` is
//! what people do, `outbox.rs` what becomes of their commands.

mod acts;
mod hears;
mod outbox;

use std::collections::{BTreeMap, BTreeSet};

use tertulia_core::{Nonce, RoomId, Seq, UserId, room::Ask};
use tertulia_protocol::socket::client::{ClientFrame, Hello};
use tertulia_server::{
    gateway::transport::ConnectionId,
    room::{Done, RoomError},
};

use crate::world::{Event, World};

/// How long a client waits for its welcome or an answer before it comes again, in ms.
const PATIENCE_MS: u64 = 12_000;
/// How often it looks at what it waits for, in ms.
const LOOK_MS: u64 = 500;

/// A command that did not come over a socket, and its answer.
#[derive(Debug)]
pub struct Asked {
    /// The room.
    pub room: RoomId,
    /// What was asked.
    pub ask: Ask,
    /// What was answered.
    pub answer: Result<Done, RoomError>,
}

/// A device.
pub struct Client {
    /// Whose it is.
    pub user: UserId,
    token: String,
    /// Counts its connections.
    link: u32,
    /// Where it is connected: host, the host's life, connection.
    place: Option<(usize, u32, ConnectionId)>,
    /// It has its welcome.
    is_live: bool,
    connected_at: u64,
    history: Option<String>,
    /// The highest entry that it has, by room.
    cursors: BTreeMap<RoomId, Seq>,
    /// The rooms that this connection has.
    rooms: BTreeSet<RoomId>,
    /// Markers that were stored when this connection began.
    markers: BTreeMap<RoomId, Seq>,
    opened: BTreeSet<RoomId>,
    outbox: Vec<Letter>,
    /// What this connection has asked, by the request's number.
    waiting: BTreeMap<u64, Question>,
    next_id: u64,
    /// When its last frame arrives, so that frames keep their order, and when the last one for it does.
    out_at: u64,
    in_at: u64,
}

/// A command on its way, until it is answered for good.
#[derive(Debug, Clone)]
struct Letter {
    room: RoomId,
    nonce: Nonce,
    since: Seq,
    what: What,
    /// When it is sent again.
    again_at: u64,
    /// The request that it was last sent with, on this connection.
    id: Option<u64>,
    /// It was `stale_send`: everything above this entry is looked through for it.
    looks_after: Option<Seq>,
}

/// What a command does.
#[derive(Debug, Clone)]
enum What {
    Post { text: String, reply_to: Option<Seq> },
    Edit { of: Seq, text: String },
    Delete { of: Seq },
    React { of: Seq, emoji: String, on: bool },
}

/// What a request was.
#[derive(Debug, Clone)]
enum Question {
    Command(Nonce),
    /// A page that is looked through for a command.
    Look(Nonce),
    Read(RoomId, Seq),
    Open(RoomId),
    Other,
}

impl Client {
    /// A device that was never connected.
    pub fn new(user: UserId, token: String) -> Self {
        Self {
            user,
            token,
            link: 0,
            place: None,
            is_live: false,
            connected_at: 0,
            history: None,
            cursors: BTreeMap::new(),
            rooms: BTreeSet::new(),
            markers: BTreeMap::new(),
            opened: BTreeSet::new(),
            outbox: Vec::new(),
            waiting: BTreeMap::new(),
            next_id: 0,
            out_at: 0,
            in_at: 0,
        }
    }
}

impl World {
    /// A client connects, and says hello.
    pub(crate) fn connect(&mut self, client: usize) {
        if self.clients[client].place.is_some() {
            return;
        }
        let at = self.rng.below(self.hosts.len() as u64) as usize;
        let me = &mut self.clients[client];
        me.link += 1;
        (me.is_live, me.connected_at) = (false, self.now);
        me.rooms.clear();
        me.opened.clear();
        me.waiting.clear();
        me.outbox.iter_mut().for_each(|letter| letter.id = None);
        let link = me.link;
        let (life, connection) = self.accept(at, client, link);
        let user = self.clients[client].user;
        let markers = self.plan.rooms.iter().map(|room| (room.id, self.checker.marker(room.id, user)));
        let markers = markers.collect();
        let me = &mut self.clients[client];
        me.markers = markers;
        me.place = Some((at, life, connection));
        let hello = Hello {
            token: me.token.clone(),
            history: me.history.clone(),
            feed: 0,
            cursors: me.cursors.clone(),
            client: None,
        };
        self.say(client, &ClientFrame::Hello(hello));
    }

    /// A client leaves; its gateway sees that some time later.
    pub(crate) fn disconnect(&mut self, client: usize) {
        let Some((at, life, connection)) = self.clients[client].place.take() else { return };
        let ms = if self.rng.chance(700) { self.rng.below(5) } else { self.rng.below(3_000) };
        self.after(ms, Event::Parted(at, life, connection));
        self.clients[client].is_live = false;
        let ms = self.rng.within(10, 2_500);
        self.after(ms, Event::Connect(client));
    }

    /// A client's connection was closed by its gateway.
    pub(crate) fn connection_closed(&mut self, client: usize, link: u32) {
        if self.clients[client].link == link && self.clients[client].place.take().is_some() {
            self.clients[client].is_live = false;
            let ms = self.rng.within(10, 800);
            self.after(ms, Event::Connect(client));
        }
    }

    /// Says something to a client, in order.
    pub(crate) fn carry_to(&mut self, client: usize, link: u32, event: Event) {
        if self.clients[client].link == link {
            let at = self.clients[client].in_at.max(self.now + self.rng.below(3));
            self.clients[client].in_at = at;
            self.at(at, event);
        }
    }

    /// A client says something to its gateway, in order.
    fn say(&mut self, client: usize, frame: &ClientFrame) {
        let Some((at, life, connection)) = self.clients[client].place else { return };
        let text = serde_json::to_string(frame).expect("a frame is plain data");
        let arrives = self.clients[client].out_at.max(self.now + self.rng.below(3));
        self.clients[client].out_at = arrives;
        self.at(arrives, Event::Said(at, life, connection, text));
    }

    /// A client asks something: the request's number.
    fn request(&mut self, client: usize, question: Question, frame: impl FnOnce(u64) -> ClientFrame) -> u64 {
        let me = &mut self.clients[client];
        me.next_id += 1;
        let id = me.next_id;
        me.waiting.insert(id, question);
        self.say(client, &frame(id));
        id
    }

    /// A client looks at what it waits for: its welcome, and commands that are due again.
    pub(crate) fn look_at_waiting(&mut self, client: usize) {
        self.after(LOOK_MS, Event::Waits(client));
        let me = &self.clients[client];
        if me.place.is_some() && !me.is_live && self.now > me.connected_at + PATIENCE_MS {
            return self.disconnect(client);
        }
        if me.is_live {
            self.send_due(client);
        }
    }

    /// Whoever has stopped reading goes on.
    pub(crate) fn wake_readers(&mut self) {
        for client in 0..self.clients.len() {
            let link = self.clients[client].link;
            self.reads_again(client, link);
        }
    }

    pub(crate) fn reads_again(&mut self, client: usize, link: u32) {
        if let Some((at, life, connection)) =
            self.clients[client].place.filter(|_| self.clients[client].link == link)
        {
            self.set_stuck(at, life, connection, false);
        }
    }

    /// Everything has settled: who is connected has what there is.
    pub(crate) fn check_live(&mut self) {
        for client in &self.clients {
            let user = client.user;
            if !client.is_live {
                self.checker.violated(4, || format!("a device of {user} gets no welcome"));
                continue;
            }
            for room in &client.rooms {
                let Some(truth) = self.checker.rooms.get(room) else { continue };
                let (head, cursor) = (truth.head(), client.cursors.get(room).copied().unwrap_or(0));
                if !truth.is_member(user) {
                    let stays = truth.stays.get(&user).cloned();
                    self.checker.violated(5, || {
                        format!("a device of {user} still has room {room}, who was in it for {stays:?}")
                    });
                } else if cursor != head && self.store.first(*room) <= head {
                    self.checker.violated(4, || {
                        format!("a device of {user} has room {room} up to {cursor} of {head}")
                    });
                }
            }
        }
    }

    /// Everybody comes again: then everybody has all of their rooms.
    pub(crate) fn everybody_returns(&mut self) {
        for client in 0..self.clients.len() {
            self.disconnect(client);
        }
    }

    /// At the end devices have the rooms that their users belong to.
    pub(crate) fn check_rooms_of_devices(&mut self) {
        for client in &self.clients {
            let user = client.user;
            let missing = self
                .checker
                .rooms
                .iter()
                .find(|(room, truth)| truth.is_member(user) && !client.rooms.contains(room));
            if let Some(room) = missing.map(|(room, _)| *room) {
                self.checker.violated(4, || format!("a device of {user} does not have room {room}"));
            }
        }
    }
}
