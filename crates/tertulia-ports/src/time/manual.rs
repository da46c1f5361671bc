//! Time that stands still until somebody moves it, and randomness that follows from a seed: for tests and the simulation.
//!
//! Never for a server that people use: whoever knows the seed knows every token.

use std::sync::atomic::{AtomicU64, Ordering};

use tertulia_core::TimeMs;

use super::{Clock, Entropy};

/// A clock that is moved by hand.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// A clock that shows this time.
    pub fn new(now: TimeMs) -> Self {
        Self(AtomicU64::new(now.0))
    }

    /// Shows another time, an earlier one too: wall clocks jump.
    pub fn set(&self, now: TimeMs) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// Moves the clock forward; returns the new time.
    pub fn advance(&self, ms: u64) -> TimeMs {
        TimeMs(self.0.fetch_add(ms, Ordering::SeqCst) + ms)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> TimeMs {
        TimeMs(self.0.load(Ordering::SeqCst))
    }
}

/// Bytes that follow from a seed: the same seed, the same bytes, as long as one thread asks.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// The bytes of this seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// The next 64 bits, by SplitMix64.
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_moves_only_by_hand() {
        let clock = ManualClock::new(TimeMs(1_000));
        assert_eq!(clock.now(), TimeMs(1_000));
        assert_eq!(clock.advance(5), TimeMs(1_005));
        clock.set(TimeMs(7));
        assert_eq!(clock.now(), TimeMs(7));
    }

    #[test]
    fn a_seed_gives_the_same_bytes_and_another_seed_others() {
        let draw = |seed| {
            let entropy = SeededEntropy::new(seed);
            let mut bytes = [0; 13];
            entropy.fill(&mut bytes);
            (bytes, entropy.u64(), entropy.salt())
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        // The first value that SplitMix64's author gives for seed 0.
        assert_eq!(SeededEntropy::new(0).u64(), 0xe220_a839_7b1d_cdaf);
    }
}
