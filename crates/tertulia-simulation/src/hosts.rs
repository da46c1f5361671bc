//! Hosts of gateways: connections without sockets, errands, and readers that are slow.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use tertulia_core::TimeMs;
use tertulia_ports::bus::{Bus, GatewayId, ToGateway};
use tertulia_server::{
    gateway::{
        errands::{self, Desk, Returned},
        machine::{Gateway, Outlet, Settings},
        transport::ConnectionId,
    },
    history::Reader,
};

use crate::{
    settings::Safeguard,
    world::{Done, Event, Home, World},
};

/// How often a gateway looks at the clock, in ms.
const TICK_MS: u64 = 100;
/// Frames that a connection holds whose client does not read, and still gets live ones.
const LIVE_FRAMES_MAX: usize = 3;
/// Frames that a connection holds at most.
const FRAMES_MAX: usize = 60;

/// A gateway and its connections.
pub struct Host {
    /// The gateway's id: another one with each start.
    pub id: GatewayId,
    /// Counts its starts.
    pub life: u32,
    gateway: Gateway,
    wires: Wires,
    started_at: u64,
}

/// Connections.
#[derive(Default)]
struct Wires {
    wires: BTreeMap<ConnectionId, Wire>,
    free: Vec<u32>,
    opened: u32,
    /// What goes to clients: their number, the number of their connection, and the frame.
    out: Vec<(usize, u32, Bytes)>,
    closed: Vec<ConnectionId>,
}

struct Wire {
    client: usize,
    link: u32,
    /// The client does not read.
    is_stuck: bool,
    held: VecDeque<Bytes>,
    /// The gateway wants to know when what is held has gone.
    wants_drained: bool,
}

impl Outlet for Wires {
    fn send(&mut self, connection: ConnectionId, frame: Bytes) -> bool {
        let Some(wire) = self.wires.get_mut(&connection) else { return true };
        if !wire.is_stuck {
            self.out.push((wire.client, wire.link, frame));
            return true;
        }
        let has_room = wire.held.len() < FRAMES_MAX;
        if has_room {
            wire.held.push_back(frame);
        }
        has_room
    }

    fn send_live(&mut self, connection: ConnectionId, frame: &Bytes) -> bool {
        match self.wires.get_mut(&connection) {
            Some(wire) if wire.held.len() >= LIVE_FRAMES_MAX => {
                wire.wants_drained = true;
                false
            }
            Some(_) => self.send(connection, frame.clone()),
            None => false,
        }
    }

    fn close(&mut self, connection: ConnectionId, _code: u16, _reason: &str) {
        self.closed.push(connection);
    }
}

impl World {
    /// A gateway without connections.
    pub(crate) fn new_host(&mut self, at: usize, life: u32) -> Host {
        let id = GatewayId(1 + at as u64 + 10 * u64::from(life));
        let bus = self.bus.clone();
        let settings = Settings {
            id,
            tokens: self.tokens.clone(),
            history: self.places.messages.history(),
            entropy: self.entropy.clone(),
            owner_of: Box::new(move |shard| bus.owner_of(shard)),
            hold_on_hole: self.settings.has(Safeguard::HoldOnHole),
        };
        let gateway = Gateway::new(settings);
        Host { id, life, gateway, wires: Wires::default(), started_at: self.now }
    }

    /// A gateway dies with its connections, and another one starts in its place.
    pub(crate) fn restart_host(&mut self, at: usize) {
        let life = self.hosts[at].life + 1;
        let fresh = self.new_host(at, life);
        let old = std::mem::replace(&mut self.hosts[at], fresh);
        for wire in old.wires.wires.values() {
            let ms = self.rng.below(50);
            self.after(ms, Event::Closed(wire.client, wire.link));
        }
        self.after(TICK_MS, Event::HostTick(at, life));
    }

    /// A client's connection is accepted.
    pub(crate) fn accept(&mut self, at: usize, client: usize, link: u32) -> (u32, ConnectionId) {
        let host = &mut self.hosts[at];
        let wires = &mut host.wires;
        let index = wires.free.pop().unwrap_or(wires.wires.len() as u32);
        wires.opened += 1;
        let connection = ConnectionId { index, generation: wires.opened };
        let wire = Wire { client, link, is_stuck: false, held: VecDeque::new(), wants_drained: false };
        wires.wires.insert(connection, wire);
        let life = host.life;
        self.turn_host(at, |gateway, _| gateway.opened(connection));
        (life, connection)
    }

    pub(crate) fn host_mail(&mut self, gateway: GatewayId, mut mail: ToGateway) {
        let Some(at) = self.hosts.iter().position(|host| host.id == gateway) else { return };
        if let (ToGateway::Link(envelope), false) = (&mut mail, self.settings.has(Safeguard::LinkSequence)) {
            let last = self.links.entry((envelope.owner.0, gateway.0)).or_default();
            *last += u64::from(!envelope.items.is_empty());
            envelope.link_seq = *last;
        }
        self.turn_host(at, |gateway, out| gateway.mail(mail, out));
    }

    pub(crate) fn host_tick(&mut self, at: usize, life: u32) {
        if self.hosts[at].life == life {
            self.turn_host(at, |gateway, out| gateway.tick(out));
            self.after(TICK_MS, Event::HostTick(at, life));
        }
    }

    pub(crate) fn host_text(&mut self, at: usize, life: u32, connection: ConnectionId, text: &str) {
        if self.hosts[at].life == life && self.hosts[at].wires.wires.contains_key(&connection) {
            self.turn_host(at, |gateway, out| gateway.text(connection, text, out));
        }
    }

    /// A connection is over, however it ended.
    pub(crate) fn host_closed(&mut self, at: usize, life: u32, connection: ConnectionId) {
        let host = &mut self.hosts[at];
        if host.life == life && host.wires.wires.remove(&connection).is_some() {
            host.wires.free.push(connection.index);
            self.turn_host(at, |gateway, _| gateway.closed(connection));
        }
    }

    /// A client stops reading, or goes on: then everything that was held reaches it.
    pub(crate) fn set_stuck(&mut self, at: usize, life: u32, connection: ConnectionId, is_stuck: bool) {
        let host = &mut self.hosts[at];
        let Some(wire) = host.wires.wires.get_mut(&connection).filter(|_| host.life == life) else { return };
        wire.is_stuck = is_stuck;
        if is_stuck {
            return;
        }
        let (client, link) = (wire.client, wire.link);
        let held = std::mem::take(&mut wire.held);
        let wants_drained = std::mem::take(&mut wire.wants_drained);
        host.wires.out.extend(held.into_iter().map(|frame| (client, link, frame)));
        self.turn_host(at, |gateway, out| {
            if wants_drained {
                gateway.drained(connection, out);
            }
        });
    }

    pub(crate) fn errand_done(&mut self, at: usize, life: u32, returned: Option<Returned>) {
        if let Some(returned) = returned.filter(|_| self.hosts[at].life == life) {
            self.turn_host(at, |gateway, out| gateway.returned(returned, out));
        }
    }

    /// Lets a gateway do something, and takes along what it wants.
    fn turn_host(&mut self, at: usize, turn: impl FnOnce(&mut Gateway, &mut Wires)) {
        let now = self.wall_clock(0);
        let elapsed = TimeMs(self.now - self.hosts[at].started_at);
        let host = &mut self.hosts[at];
        host.gateway.at(now, elapsed);
        turn(&mut host.gateway, &mut host.wires);
        let (id, life) = (host.id, host.life);
        let (mail, errands) = (host.gateway.take_mail(), host.gateway.take_errands());
        let out = std::mem::take(&mut host.wires.out);
        let closed = std::mem::take(&mut host.wires.closed);
        for (shard, mail) in mail {
            self.bus.to_owner(shard, mail);
        }
        for errand in errands {
            let desk = Desk {
                directory: self.places.directory.clone(),
                messages: self.places.messages.clone(),
                presence: self.places.presence.clone(),
                reader: Reader::new(self.places.messages.clone(), self.handle.clone()),
                bus: self.bus.clone(),
            };
            self.tasks.spawn(Home::Elsewhere, async move {
                Done::Errand(at, life, errands::run(&desk, id, errand, now).await)
            });
        }
        for (client, link, frame) in out {
            self.carry_to(client, link, Event::Heard(client, link, frame));
        }
        for connection in closed {
            let Some(wire) = self.hosts[at].wires.wires.get(&connection) else { continue };
            let (client, link) = (wire.client, wire.link);
            self.carry_to(client, link, Event::Closed(client, link));
            self.after(0, Event::Parted(at, life, connection));
        }
    }
}
