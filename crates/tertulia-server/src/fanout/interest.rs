//! Which gateways have sessions in which rooms, and who has a room open. Kept apart from open rooms: a sleeping room
//! that people are connected to costs a few bytes.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use tertulia_core::{RoomId, ShardId, TimeMs, UserId, shard::shard_of};
use tertulia_ports::bus::GatewayId;

/// After this time, somebody who does not say so again is no longer writing, in ms.
pub const TYPING_MS: u64 = 8_000;

/// Most people whose writing is remembered in a room: with more, nobody reads who they are.
const TYPISTS_MAX: usize = 16;

/// Who is interested in the rooms of one owner.
#[derive(Debug, Default)]
pub struct Interest {
    gateways: FxHashMap<RoomId, SmallVec<[GatewayId; 2]>>,
    opened: FxHashMap<RoomId, Opened>,
    changed: FxHashSet<RoomId>,
}

/// Who has a room open.
#[derive(Debug, Default)]
struct Opened {
    /// On which gateways each user has it open.
    users: FxHashMap<UserId, SmallVec<[GatewayId; 1]>>,
    typists: Vec<(UserId, TimeMs)>,
}

impl Interest {
    /// A gateway has a session in a room.
    pub fn add(&mut self, room: RoomId, gateway: GatewayId) {
        let gateways = self.gateways.entry(room).or_default();
        if !gateways.contains(&gateway) {
            gateways.push(gateway);
        }
    }

    /// A gateway has none any more; `false` if it had none before.
    pub fn remove(&mut self, room: RoomId, gateway: GatewayId) -> bool {
        let Some(gateways) = self.gateways.get_mut(&room) else { return false };
        let before = gateways.len();
        gateways.retain(|known| *known != gateway);
        let had = gateways.len() < before;
        if gateways.is_empty() {
            self.gateways.remove(&room);
        }
        if let Some(opened) = self.opened.get_mut(&room) {
            opened.users.retain(|_, on| {
                on.retain(|known| *known != gateway);
                !on.is_empty()
            });
            self.changed.insert(room);
        }
        had
    }

    /// The gateways to which a room's entries go.
    pub fn of(&self, room: RoomId) -> &[GatewayId] {
        self.gateways.get(&room).map_or(&[], |gateways| gateways)
    }

    /// A user has the room open on a gateway.
    pub fn open(&mut self, room: RoomId, user: UserId, gateway: GatewayId) {
        let on = self.opened.entry(room).or_default().users.entry(user).or_default();
        if !on.contains(&gateway) {
            on.push(gateway);
            self.changed.insert(room);
        }
    }

    /// A user has it open there no longer.
    pub fn close(&mut self, room: RoomId, user: UserId, gateway: GatewayId) {
        let Some(opened) = self.opened.get_mut(&room) else { return };
        let Some(on) = opened.users.get_mut(&user) else { return };
        on.retain(|known| *known != gateway);
        if on.is_empty() {
            opened.users.remove(&user);
            opened.typists.retain(|(typist, _)| *typist != user);
        }
        self.changed.insert(room);
    }

    /// A user may not read a room any more.
    pub fn forget_user(&mut self, room: RoomId, user: UserId) {
        if let Some(opened) = self.opened.get_mut(&room) {
            opened.typists.retain(|(typist, _)| *typist != user);
            if opened.users.remove(&user).is_some() {
                self.changed.insert(room);
            }
        }
    }

    /// Nobody may.
    pub fn forget_room(&mut self, room: RoomId) {
        self.gateways.remove(&room);
        if self.opened.remove(&room).is_some() {
            self.changed.insert(room);
        }
    }

    /// Nobody hears of a shard's rooms from here any more: the gateways that did, ascending.
    pub fn forget_shard(&mut self, shard: ShardId) -> Vec<GatewayId> {
        let of_shard = |room: &RoomId| shard_of(*room) == shard;
        let mut gateways = Vec::new();
        self.gateways.retain(|room, interested| {
            let goes = of_shard(room);
            if goes {
                gateways.extend(interested.iter().copied());
            }
            !goes
        });
        self.opened.retain(|room, _| !of_shard(room));
        self.changed.retain(|room| !of_shard(room));
        gateways.sort_unstable();
        gateways.dedup();
        gateways
    }

    /// Who has the room open, ascending.
    pub fn active(&self, room: RoomId) -> Vec<UserId> {
        let mut users: Vec<_> =
            self.opened.get(&room).map(|opened| opened.users.keys().copied().collect()).unwrap_or_default();
        users.sort_unstable();
        users
    }

    /// How many have the room open.
    pub fn count_active(&self, room: RoomId) -> u64 {
        self.opened.get(&room).map_or(0, |opened| opened.users.len() as u64)
    }

    /// Somebody writes, or has stopped.
    pub fn typing(&mut self, room: RoomId, user: UserId, on: bool, now: TimeMs) {
        let typists = &mut self.opened.entry(room).or_default().typists;
        typists.retain(|(typist, at)| *typist != user && now.since(*at) < TYPING_MS);
        if on && typists.len() < TYPISTS_MAX {
            typists.push((user, now));
        }
    }

    /// Who is writing.
    pub fn typists(&self, room: RoomId, now: TimeMs) -> Vec<UserId> {
        let fresh = |(user, at): &(UserId, TimeMs)| (now.since(*at) < TYPING_MS).then_some(*user);
        self.opened
            .get(&room)
            .map(|opened| opened.typists.iter().filter_map(fresh).collect())
            .unwrap_or_default()
    }

    /// Rooms whose active users changed since the last call, with who is active now.
    pub fn take_changed(&mut self) -> Vec<(RoomId, Vec<UserId>)> {
        let mut rooms: Vec<_> = self.changed.drain().collect();
        rooms.sort_unstable();
        let changed = rooms.into_iter().map(|room| (room, self.active(room))).collect();
        self.opened.retain(|_, opened| !opened.users.is_empty() || !opened.typists.is_empty());
        changed
    }
}
