//! The people on this gateway: their presence, their feeds, and devices that were signed out.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use tertulia_core::{DeviceId, RoomId, TimeMs, UserId};
use tertulia_ports::{
    directory::{FeedChange, FeedKind},
    presence::Presence,
};
use tertulia_protocol::{
    Code,
    socket::{
        close,
        server::{Notice, ServerFrame},
    },
};

use super::{
    errands::{Errand, Markers},
    machine::{Gateway, Outlet},
    requests::AttachFor,
    session::Session,
    transport::ConnectionId,
};
use crate::fanout::frame::frame;

/// How long somebody whose last session ended is still shown as here, in ms: pages are reloaded.
const LEAVE_MS: u64 = 3_000;

/// How often devices are checked, in ms, should word of a revocation be lost.
const CHECK_DEVICES_MS: u64 = 30_000;

/// The people on this gateway.
#[derive(Debug, Default)]
pub(super) struct People {
    here: FxHashMap<UserId, Person>,
    /// Whose presence may have changed.
    due: FxHashSet<UserId>,
    /// Devices that were seen since that was last stored, with what their clients are.
    pub seen: Vec<(DeviceId, TimeMs, Option<String>)>,
    checked_at: TimeMs,
}

#[derive(Debug)]
struct Person {
    connections: SmallVec<[ConnectionId; 1]>,
    /// What was said of them last.
    said: Presence,
    /// When their last session ended.
    left_at: TimeMs,
    /// The version of their feed whose settings are known.
    settled: u64,
}

impl People {
    /// A user's live connections.
    pub fn connections(&self, user: UserId) -> &[ConnectionId] {
        self.here.get(&user).map_or(&[], |person| &person.connections)
    }
}

impl Gateway {
    /// A session is live.
    pub(super) fn arrive(&mut self, user: UserId, connection: ConnectionId) {
        let person = self.people.here.entry(user).or_insert_with(|| Person {
            connections: SmallVec::new(),
            said: Presence::Off,
            left_at: TimeMs::default(),
            settled: 0,
        });
        person.connections.push(connection);
        self.people.due.insert(user);
    }

    /// A session has ended.
    pub(super) fn part(&mut self, session: &Session) {
        for user in &session.watching {
            self.watching.unwatch(*user, session.connection);
        }
        if let Some(person) = self.people.here.get_mut(&session.user) {
            person.connections.retain(|known| *known != session.connection);
            person.left_at = self.elapsed;
            self.people.due.insert(session.user);
        }
    }

    /// Says what changed of people's presence.
    pub(super) fn say_presence(&mut self) {
        if self.people.due.is_empty() {
            return;
        }
        let mut due: Vec<_> = self.people.due.iter().copied().collect();
        due.sort_unstable();
        let mut said = Vec::new();
        for user in due {
            let Some(person) = self.people.here.get(&user) else {
                self.people.due.remove(&user);
                continue;
            };
            if person.connections.is_empty() && self.elapsed.since(person.left_at) < LEAVE_MS {
                continue;
            }
            let in_use = |connection: &ConnectionId| {
                let session = self.sessions.get(connection.index as usize).and_then(Option::as_ref);
                session.is_some_and(|session| session.connection == *connection && !session.away)
            };
            let presence = match &person.connections {
                none if none.is_empty() => Presence::Off,
                some if some.iter().any(in_use) => Presence::Here,
                _ => Presence::Away,
            };
            self.people.due.remove(&user);
            let Some(person) = self.people.here.get_mut(&user) else { continue };
            if std::mem::replace(&mut person.said, presence) != presence {
                said.push((user, presence));
            }
            if presence == Presence::Off {
                self.people.here.remove(&user);
            }
        }
        if !said.is_empty() {
            self.errands.push(Errand::SetPresence(said));
        }
    }

    /// A user may look different from now on.
    pub(super) fn presence_changed(&mut self, user: UserId) {
        self.people.due.insert(user);
    }

    /// Feeds have new versions.
    pub(super) fn feeds(&mut self, changes: &[FeedChange], out: &mut impl Outlet) {
        for change in changes {
            self.waiting.remember(*change);
            if let FeedKind::Blocks | FeedKind::Friends | FeedKind::Settings = change.of {
                self.look_again(change.user);
            }
            let connections = self.connections_of(change.user);
            if connections.is_empty() {
                continue;
            }
            let notice = Notice::Feed { version: change.version, of: change.of.name().to_owned() };
            let notice = frame(&ServerFrame::Notice(notice));
            for connection in &connections {
                self.send(*connection, notice.clone(), out);
            }
            match change.of {
                FeedKind::Rooms => self.errands.push(Errand::Rooms { user: change.user }),
                FeedKind::Devices => {
                    let of_session = |connection: &ConnectionId| Some(self.session(*connection)?.device);
                    let devices = connections.iter().filter_map(of_session).collect();
                    self.errands.push(Errand::CheckDevices(devices));
                }
                FeedKind::Settings => {
                    self.errands.push(Errand::Receipts { user: change.user, version: change.version });
                }
                FeedKind::Friends | FeedKind::Blocks | FeedKind::Profile => {}
            }
        }
    }

    /// The rooms that a user belongs to now: new ones are attached. Those that are gone went with an entry.
    pub(super) fn rooms_listed(&mut self, user: UserId, rooms: &[RoomId], markers: &Markers) {
        for connection in self.connections_of(user) {
            let Some(session) = self.session(connection) else { continue };
            let places = session.rooms.clone();
            let has = |room: &RoomId| self.places.get(room).is_some_and(|place| places.contains(place));
            let fresh: Vec<_> = rooms.iter().copied().filter(|room| !has(room)).collect();
            if !fresh.is_empty() {
                self.attach(connection, user, &fresh, &AttachFor::Join(markers.clone().into()));
            }
        }
    }

    /// Whether a user shows how far they have read, by their settings of this version of their feed or a later one.
    pub(super) fn receipts_read(&mut self, user: UserId, version: u64, on: bool) {
        // Two that were under way together may come back in the other order.
        let Some(person) = self.people.here.get_mut(&user).filter(|person| person.settled < version) else {
            return;
        };
        person.settled = version;
        for connection in self.connections_of(user) {
            if let Some(session) = self.session(connection) {
                session.receipts = on;
            }
        }
    }

    /// Looks from time to time whether devices were signed out, and stores when they were seen.
    pub(super) fn check_devices(&mut self) {
        if self.elapsed < self.people.checked_at {
            return;
        }
        self.people.checked_at = self.elapsed.plus(CHECK_DEVICES_MS);
        let live = self.sessions.iter().flatten().filter(|session| session.is_live());
        let devices: Vec<_> = live.map(|session| session.device).collect();
        if !devices.is_empty() {
            self.errands.push(Errand::CheckDevices(devices));
        }
        if !self.people.seen.is_empty() {
            self.errands.push(Errand::Touch(std::mem::take(&mut self.people.seen)));
        }
    }

    /// These devices were signed out.
    pub(super) fn revoked(&mut self, devices: &[DeviceId], out: &mut impl Outlet) {
        let revoked = self.sessions.iter().flatten().filter(|session| devices.contains(&session.device));
        let connections: Vec<_> = revoked.map(|session| session.connection).collect();
        for connection in connections {
            out.close(connection, close::REVOKED, Code::TokenRevoked.name());
        }
    }
}
