//! The system's wall clock, and its random bytes.

use std::{cell::RefCell, time::SystemTime};

use tertulia_core::TimeMs;
use tertulia_ports::time::{Clock, Entropy};

/// The machine's wall clock. It may jump, in both directions.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> TimeMs {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        TimeMs(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Bytes asked of the system at once: a salt for each message would be a system call for each message.
const DRAWN_BYTES: usize = 512;

/// The system's random bytes, drawn in small portions for each thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

struct Drawn {
    bytes: [u8; DRAWN_BYTES],
    used: usize,
}

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: [0; DRAWN_BYTES], used: DRAWN_BYTES }) };
}

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > DRAWN_BYTES {
            return draw(bytes);
        }
        DRAWN.with_borrow_mut(|drawn| {
            if DRAWN_BYTES - drawn.used < bytes.len() {
                draw(&mut drawn.bytes);
                drawn.used = 0;
            }
            let taken = &mut drawn.bytes[drawn.used..drawn.used + bytes.len()];
            bytes.copy_from_slice(taken);
            // What was given away is nobody else's business.
            taken.fill(0);
            drawn.used += bytes.len();
        });
    }
}

fn draw(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system gives random bytes once it has booted");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_clock_shows_this_century() {
        assert!((1_700_000_000_000..4_102_444_800_000).contains(&SystemClock.now().0));
    }

    #[test]
    fn no_bytes_are_given_twice() {
        let mut seen = HashSet::new();
        for _ in 0..4 * DRAWN_BYTES {
            assert!(seen.insert(OsEntropy.u64()));
        }
        let mut long = [0; 2 * DRAWN_BYTES];
        OsEntropy.fill(&mut long);
        assert_ne!(long[..DRAWN_BYTES], long[DRAWN_BYTES..]);
    }

    #[test]
    fn odd_lengths_are_filled_to_the_end() {
        for length in [1, 3, 7, DRAWN_BYTES - 1, DRAWN_BYTES, DRAWN_BYTES + 1] {
            let mut set = vec![0u8; length];
            for _ in 0..64 {
                let mut bytes = vec![0; length];
                OsEntropy.fill(&mut bytes);
                set.iter_mut().zip(bytes).for_each(|(set, byte)| *set |= byte);
            }
            assert!(set.iter().all(|set| *set != 0), "a byte of {length} stayed empty");
        }
    }
}
