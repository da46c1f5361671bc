//! One session: a signed-in client on one connection. Small, since a gateway holds very many.

use std::collections::BTreeMap;

use tertulia_core::{DeviceId, RoomId, Seq, TimeMs, UserId, room::Grant};

use tertulia_ports::directory::RoomBan;

use super::{errands::Markers, rate::Rate, transport::ConnectionId};

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub connection: ConnectionId,
    pub stage: Stage,
    pub user: UserId,
    pub device: DeviceId,
    /// Places of its rooms in the gateway's table.
    pub rooms: Vec<u32>,
    /// A read for catching up is under way: one at a time.
    pub catching_up: bool,
    /// Reads of history under way.
    pub reads: u8,
    /// The client is not in use.
    pub away: bool,
    pub rate: Rate,
    /// Its user shows how far they have read, and sees it of others.
    pub receipts: bool,
    /// Whose presence it shows.
    pub watching: Vec<UserId>,
}

/// How far a session has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// It has said nothing yet.
    Silent,
    /// Its device is being looked up.
    Resuming(Box<Cursors>),
    /// Owners are being asked for its rooms.
    Attaching(Box<Greeting>),
    /// It has its welcome.
    Live,
}

/// What a client said that it has.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    pub history_is_ours: bool,
    pub cursors: BTreeMap<RoomId, Seq>,
    pub client: Option<String>,
}

/// What a welcome is made of, while it is being made.
#[derive(Debug)]
pub(super) struct Greeting {
    pub cursors: Cursors,
    pub name: String,
    pub admin: bool,
    pub feed: u64,
    /// Answers that are still to come.
    pub awaited: usize,
    /// What the user may read, by room.
    pub grants: Vec<Grant>,
    pub markers: Markers,
    /// Rooms that the device knows, and from which its user is banned.
    pub bans: Vec<RoomBan>,
}

impl Session {
    pub fn new(connection: ConnectionId, elapsed: TimeMs) -> Self {
        Self {
            connection,
            stage: Stage::Silent,
            user: UserId::new(0),
            device: DeviceId::new(0),
            rooms: Vec::new(),
            catching_up: false,
            reads: 0,
            away: false,
            rate: Rate::new(elapsed),
            receipts: true,
            watching: Vec::new(),
        }
    }

    pub fn is_live(&self) -> bool {
        matches!(self.stage, Stage::Live)
    }
}
