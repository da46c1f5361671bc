//! Time and randomness: inputs everywhere in the server, so that the simulation decides both.
//!
//! The server runs on the machine's own, which stand in `tertulia-adapters`; tests on those of [`manual`].

pub mod manual;

use tertulia_core::{TimeMs, row::Salt};

/// What time it is.
pub trait Clock: Send + Sync {
    /// The wall clock: shown to people and stored, never used to decide who owns what.
    fn now(&self) -> TimeMs;
}

/// Random bytes that nobody can guess.
pub trait Entropy: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, bytes: &mut [u8]);

    /// 64 random bits.
    fn u64(&self) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }

    /// 16 random bytes for a row.
    fn salt(&self) -> Salt {
        let mut bytes = Salt::default();
        self.fill(&mut bytes);
        bytes
    }
}
