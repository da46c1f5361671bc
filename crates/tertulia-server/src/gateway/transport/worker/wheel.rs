//! Coarse timers for many connections: a ring of slots, one per tick.
//!
//! An entry is never removed: it is overtaken. A connection remembers the tick of its latest entry, and one
//! that fires at another tick means nothing.

use crate::gateway::transport::application::ConnectionId;

/// Ticks that the ring looks ahead. What is due later fires early and is set again.
const SLOTS: u32 = 1_024;

#[derive(Debug)]
pub(super) struct Wheel {
    slots: Box<[Vec<ConnectionId>]>,
    now: u32,
    entries: usize,
}

impl Wheel {
    pub(super) fn new() -> Self {
        Self { slots: vec![Vec::new(); SLOTS as usize].into(), now: 0, entries: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Sets a timer for `tick`, or as near as the ring reaches; says which tick that is.
    pub(super) fn insert(&mut self, connection: ConnectionId, tick: u32) -> u32 {
        let tick = tick.clamp(self.now.saturating_add(1), self.now.saturating_add(SLOTS - 1));
        self.slots[(tick % SLOTS) as usize].push(connection);
        self.entries += 1;
        tick
    }

    /// Moves on to tick `now`, adding what has become due, with its tick, to `due`.
    pub(super) fn advance(&mut self, now: u32, due: &mut Vec<(u32, ConnectionId)>) {
        let passed = now.saturating_sub(self.now).min(SLOTS);
        for tick in self.now + 1..=self.now + passed {
            // Taken whole, so that a slot filled once in a storm does not keep its memory.
            let slot = std::mem::take(&mut self.slots[(tick % SLOTS) as usize]);
            self.entries -= slot.len();
            due.extend(slot.into_iter().map(|connection| (tick, connection)));
        }
        self.now = self.now.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(index: u32) -> ConnectionId {
        ConnectionId { index, generation: 7 }
    }

    fn advance(wheel: &mut Wheel, now: u32) -> Vec<(u32, u32)> {
        let mut due = Vec::new();
        wheel.advance(now, &mut due);
        due.into_iter().map(|(tick, connection)| (tick, connection.index)).collect()
    }

    #[test]
    fn entries_fire_at_their_tick() {
        let mut wheel = Wheel::new();
        assert_eq!(wheel.insert(id(1), 5), 5);
        assert_eq!(wheel.insert(id(2), 3), 3);
        assert_eq!(wheel.insert(id(3), 0), 1, "what is past is due next");
        assert_eq!(advance(&mut wheel, 2), [(1, 3)]);
        assert_eq!(advance(&mut wheel, 2), []);
        assert_eq!(advance(&mut wheel, 5), [(3, 2), (5, 1)]);
        assert!(wheel.is_empty());
    }

    #[test]
    fn far_entries_are_cut_to_the_ring_and_a_long_sleep_fires_all() {
        let mut wheel = Wheel::new();
        advance(&mut wheel, 1_000);
        assert_eq!(wheel.insert(id(1), 1_000_000), 1_000 + SLOTS - 1);
        assert_eq!(wheel.insert(id(2), 1_001), 1_001);
        assert_eq!(advance(&mut wheel, 500_000), [(1_001, 2), (1_000 + SLOTS - 1, 1)]);
        assert_eq!(wheel.insert(id(3), 7), 500_001);
        assert_eq!(advance(&mut wheel, 500_001), [(500_001, 3)]);
    }
}
