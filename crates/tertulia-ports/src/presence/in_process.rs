//! Presence in memory: the reference for the suite, and what a single node runs on.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use smallvec::SmallVec;
use tertulia_core::{RoomId, TimeMs, UserId};

use super::{Presence, PresenceStore, Seen};
use crate::{EngineResult, bus::GatewayId};

/// Most people who are not connected and whose last time is remembered: those who left first are forgotten first.
pub const LAST_SEEN_KEPT_MAX: usize = 100_000;
/// Most ids that are kept for one room: nobody reads a longer list.
pub const ACTIVE_PER_ROOM_MAX: usize = 10_000;
/// Most ids that are kept for all rooms: the rooms saved longest ago are forgotten first. A megabyte, and a snapshot of
/// it is written in some milliseconds.
pub const ACTIVE_IDS_MAX: usize = 100_000;

/// Presence in memory.
#[derive(Debug, Default)]
pub struct InProcessPresence {
    people: Mutex<People>,
    active: Mutex<Active>,
}

impl InProcessPresence {
    /// [`PresenceStore::save_active`], for a caller that cannot wait.
    pub fn restore_active(&self, room: RoomId, users: &[UserId]) {
        lock(&self.active).save(room, users);
    }

    /// Every room that somebody has open, in the order in which they were saved.
    pub fn all_active(&self) -> Vec<(RoomId, Vec<UserId>)> {
        let active = lock(&self.active);
        active
            .order
            .values()
            .filter_map(|room| Some((*room, active.rooms.get(room)?.users.clone())))
            .collect()
    }
}

#[async_trait]
impl PresenceStore for InProcessPresence {
    async fn set(
        &self,
        gateway: GatewayId,
        users: &[(UserId, Presence)],
        now: TimeMs,
    ) -> EngineResult<Vec<Seen>> {
        Ok(lock(&self.people).set(gateway, users, now))
    }

    async fn get(&self, users: &[UserId]) -> EngineResult<Vec<Seen>> {
        let people = lock(&self.people);
        Ok(users.iter().map(|user| people.seen(*user)).collect())
    }

    async fn gateways_of(&self, user: UserId) -> EngineResult<Vec<GatewayId>> {
        let people = lock(&self.people);
        Ok(people.said_of(user).iter().map(|(gateway, _)| *gateway).collect())
    }

    async fn forget_gateway(&self, gateway: GatewayId, now: TimeMs) -> EngineResult<Vec<Seen>> {
        let mut people = lock(&self.people);
        let mut gone = people.on(gateway);
        gone.sort_unstable();
        let gone: Vec<_> = gone.into_iter().map(|user| (user, Presence::Off)).collect();
        Ok(people.set(gateway, &gone, now))
    }

    async fn save_active(&self, room: RoomId, users: &[UserId]) -> EngineResult<()> {
        lock(&self.active).save(room, users);
        Ok(())
    }

    async fn active(&self, room: RoomId) -> EngineResult<Vec<UserId>> {
        Ok(lock(&self.active).rooms.get(&room).map(|saved| saved.users.clone()).unwrap_or_default())
    }

    async fn count_online(&self) -> EngineResult<u64> {
        Ok(lock(&self.people).online.len() as u64)
    }
}

#[derive(Debug, Default)]
struct People {
    /// What gateways say of who is connected, by gateway; nobody here is `Off`. Almost all are on one gateway, and there
    /// are as many as people online.
    online: HashMap<UserId, SmallVec<[(GatewayId, Presence); 1]>>,
    /// When those who are not connected were.
    last_seen: HashMap<UserId, TimeMs>,
    /// Departures in order, to forget the oldest; entries of people who came back mean nothing.
    departures: VecDeque<(UserId, TimeMs)>,
}

impl People {
    fn set(&mut self, gateway: GatewayId, users: &[(UserId, Presence)], now: TimeMs) -> Vec<Seen> {
        let before: Vec<_> = users.iter().map(|(user, _)| (*user, self.presence(*user))).collect();
        for (user, presence) in users {
            match presence {
                Presence::Off => self.leave(gateway, *user, now),
                _ => self.stay(gateway, *user, *presence),
            }
        }
        let mut told = HashSet::new();
        before
            .into_iter()
            .filter(|(user, before)| self.presence(*user) != *before && told.insert(*user))
            .map(|(user, _)| self.seen(user))
            .collect()
    }

    fn stay(&mut self, gateway: GatewayId, user: UserId, presence: Presence) {
        let said = self.online.entry(user).or_default();
        match said.binary_search_by_key(&gateway, |(gateway, _)| *gateway) {
            Ok(at) => said[at].1 = presence,
            Err(at) => said.insert(at, (gateway, presence)),
        }
        self.last_seen.remove(&user);
    }

    fn leave(&mut self, gateway: GatewayId, user: UserId, now: TimeMs) {
        let Some(said) = self.online.get_mut(&user) else { return };
        said.retain(|(other, _)| *other != gateway);
        if said.is_empty() {
            self.online.remove(&user);
            self.last_seen.insert(user, now);
            self.departures.push_back((user, now));
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        while self.departures.len() > LAST_SEEN_KEPT_MAX {
            let Some((user, at)) = self.departures.pop_front() else { return };
            if self.last_seen.get(&user) == Some(&at) {
                self.last_seen.remove(&user);
            }
        }
    }

    fn presence(&self, user: UserId) -> Presence {
        self.said_of(user).iter().map(|(_, presence)| *presence).max().unwrap_or(Presence::Off)
    }

    fn said_of(&self, user: UserId) -> &[(GatewayId, Presence)] {
        self.online.get(&user).map_or(&[], |said| said)
    }

    /// Who is on a gateway. Asked only when one is gone, so it may look at everybody.
    fn on(&self, gateway: GatewayId) -> Vec<UserId> {
        let is_on = |said: &[(GatewayId, Presence)]| said.iter().any(|(other, _)| *other == gateway);
        self.online.iter().filter(|(_, said)| is_on(said)).map(|(user, _)| *user).collect()
    }

    fn seen(&self, user: UserId) -> Seen {
        Seen { user, presence: self.presence(user), last_seen_at: self.last_seen.get(&user).copied() }
    }
}

#[derive(Debug, Default)]
struct Active {
    rooms: HashMap<RoomId, Saved>,
    /// Rooms by when they were saved.
    order: BTreeMap<u64, RoomId>,
    /// Counts saves.
    turn: u64,
    /// How many ids all rooms have together.
    ids: usize,
}

#[derive(Debug)]
struct Saved {
    turn: u64,
    users: Vec<UserId>,
}

impl Active {
    fn save(&mut self, room: RoomId, users: &[UserId]) {
        self.forget(room);
        if users.is_empty() {
            return;
        }
        self.turn += 1;
        let users = users[..users.len().min(ACTIVE_PER_ROOM_MAX)].to_vec();
        self.ids += users.len();
        self.order.insert(self.turn, room);
        self.rooms.insert(room, Saved { turn: self.turn, users });
        while self.ids > ACTIVE_IDS_MAX {
            let Some((_, oldest)) = self.order.first_key_value() else { return };
            self.forget(*oldest);
        }
    }

    fn forget(&mut self, room: RoomId) {
        if let Some(saved) = self.rooms.remove(&room) {
            self.order.remove(&saved.turn);
            self.ids -= saved.users.len();
        }
    }
}

/// What these locks guard is whole between any two calls, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::block_on;

    #[test]
    fn those_who_left_first_are_forgotten_first() {
        let mut people = People::default();
        let user = |number: usize| UserId::new(number as u64 + 1);
        for number in 0..=LAST_SEEN_KEPT_MAX {
            people.set(GatewayId(1), &[(user(number), Presence::Here)], TimeMs(0));
            people.set(GatewayId(1), &[(user(number), Presence::Off)], TimeMs(number as u64));
        }
        assert_eq!(people.last_seen.len(), LAST_SEEN_KEPT_MAX);
        assert_eq!(people.seen(user(0)).last_seen_at, None);
        assert_eq!(people.seen(user(1)).last_seen_at, Some(TimeMs(1)));
        assert!(people.online.is_empty());
    }

    #[test]
    fn coming_and_going_does_not_grow() {
        let mut people = People::default();
        for at in 0..2 * LAST_SEEN_KEPT_MAX as u64 {
            people.set(GatewayId(at), &[(UserId::new(1), Presence::Here)], TimeMs(at));
            people.set(GatewayId(at), &[(UserId::new(1), Presence::Off)], TimeMs(at));
        }
        assert!(people.departures.len() <= LAST_SEEN_KEPT_MAX && people.last_seen.len() == 1);
        assert_eq!(people.seen(UserId::new(1)).last_seen_at, Some(TimeMs(2 * LAST_SEEN_KEPT_MAX as u64 - 1)));
    }

    #[test]
    fn the_rooms_saved_longest_ago_are_forgotten_first() {
        let presence = InProcessPresence::default();
        let users: Vec<_> = (1..=ACTIVE_PER_ROOM_MAX as u64 + 1).map(UserId::new).collect();
        let rooms = (ACTIVE_IDS_MAX / ACTIVE_PER_ROOM_MAX) as u64;
        for room in 1..=rooms {
            block_on(presence.save_active(RoomId::new(room), &users)).unwrap();
        }
        assert_eq!(block_on(presence.active(RoomId::new(1))).unwrap(), users[..ACTIVE_PER_ROOM_MAX]);
        block_on(presence.save_active(RoomId::new(1), &users[..1])).unwrap();
        block_on(presence.save_active(RoomId::new(rooms + 1), &users)).unwrap();
        assert_eq!(block_on(presence.active(RoomId::new(2))).unwrap(), [], "the oldest by now");
        assert_eq!(block_on(presence.active(RoomId::new(1))).unwrap(), users[..1]);
        let kept: usize = presence.all_active().iter().map(|(_, users)| users.len()).sum();
        assert_eq!(kept, lock(&presence.active).ids);
        assert!(kept <= ACTIVE_IDS_MAX);
    }
}
