//! Until when messages may have expired, and until when they must have, by what the runs set and how late it was.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_protocol::ids::{RoomId, TimeMs};

use super::record::{Record, What};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Moments by the server's clock: what was numbered at or before one.
#[derive(Debug, Default)]
pub(super) struct Cuts {
    /// May be gone.
    pub may: BTreeMap<RoomId, TimeMs>,
    /// Must be gone after the sweep.
    pub must: BTreeMap<RoomId, TimeMs>,
}

/// What may hold: more than one value while a change is under way.
struct Rules {
    server: BTreeSet<u64>,
    rooms: BTreeMap<RoomId, BTreeSet<Option<u64>>>,
}

impl Cuts {
    pub fn of(records: &[Record], rooms: impl Iterator<Item = RoomId>) -> Self {
        let rooms = rooms.map(|room| (room, BTreeSet::from([None]))).collect();
        let mut rules = Rules { server: BTreeSet::from([0]), rooms };
        let (mut cuts, mut ahead_ms) = (Self::default(), 0);
        for record in records {
            let is_about_time = matches!(
                record.what,
                What::RetentionTried { .. }
                    | What::RetentionSet { .. }
                    | What::ClockSet { .. }
                    | What::Swept { .. }
            );
            if !is_about_time {
                continue;
            }
            // What held until now, and what may hold from now on.
            cuts.note(&rules, TimeMs(record.at.0 + ahead_ms));
            match &record.what {
                What::RetentionTried { room, days } => rules.may_be(*room, *days),
                What::RetentionSet { room, days } => rules.is(*room, *days),
                What::ClockSet { ahead_ms: ahead } => ahead_ms = *ahead,
                What::Swept { since } => cuts.swept(&rules, TimeMs(since.0 + ahead_ms)),
                _ => {}
            }
            cuts.note(&rules, TimeMs(record.at.0 + ahead_ms));
        }
        if let Some(last) = records.last() {
            cuts.note(&rules, TimeMs(last.at.0 + ahead_ms));
        }
        cuts
    }

    fn note(&mut self, rules: &Rules, now: TimeMs) {
        for room in rules.rooms.keys() {
            let shortest = rules.days(*room).into_iter().filter(|days| *days > 0).min();
            if let Some(days) = shortest {
                let cut = self.may.entry(*room).or_default();
                *cut = (*cut).max(before(now, days));
            }
        }
    }

    fn swept(&mut self, rules: &Rules, since: TimeMs) {
        for room in rules.rooms.keys() {
            let days = rules.days(*room);
            if let (1, Some(days @ 1..)) = (days.len(), days.first()) {
                self.must.insert(*room, before(since, *days));
            }
        }
    }
}

impl Rules {
    fn may_be(&mut self, room: Option<RoomId>, days: Option<u64>) {
        match room {
            Some(room) => drop(self.rooms.entry(room).or_default().insert(days)),
            None => drop(self.server.insert(days.unwrap_or(0))),
        }
    }

    fn is(&mut self, room: Option<RoomId>, days: Option<u64>) {
        match room {
            Some(room) => drop(self.rooms.insert(room, BTreeSet::from([days]))),
            None => self.server = BTreeSet::from([days.unwrap_or(0)]),
        }
    }

    /// For how long messages of a room may be kept; 0 for ever.
    fn days(&self, room: RoomId) -> BTreeSet<u64> {
        let of_room = self.rooms.get(&room).into_iter().flatten();
        of_room
            .flat_map(|days| days.map_or_else(|| self.server.clone(), |days| BTreeSet::from([days])))
            .collect()
    }
}

fn before(now: TimeMs, days: u64) -> TimeMs {
    TimeMs(now.0.saturating_sub(days * DAY_MS))
}
