//! How often somebody may try: counts in windows of time, by key, within bounded memory.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tertulia_core::TimeMs;

/// Most keys that are remembered. When there are more, the ones whose windows are over go; if none is, all do: an
/// attacker with that many addresses is not held by a count of them.
const KEYS_MAX: usize = 65_536;

/// So many in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What it is called in headers.
    pub name: &'static str,
    /// How many.
    pub count: u64,
    /// In how long.
    pub window_ms: u64,
}

/// What is left of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// The rate.
    pub rate: Rate,
    /// How many more may come in this window.
    pub left: u64,
    /// When the window is over.
    pub reset_ms: u64,
}

/// Counts.
#[derive(Default)]
pub struct Rates {
    windows: Mutex<HashMap<(&'static str, String), Window>>,
}

#[derive(Clone, Copy)]
struct Window {
    began: TimeMs,
    ms: u64,
    count: u64,
}

impl Rates {
    /// Counts one more of a key. `Err`: it was too many, and was not counted.
    pub fn count(&self, rate: Rate, key: &str, now: TimeMs) -> Result<Remaining, Remaining> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= KEYS_MAX {
            windows.retain(|_, window| now.since(window.began) < window.ms);
            if windows.len() >= KEYS_MAX {
                windows.clear();
            }
        }
        let fresh = Window { began: now, ms: rate.window_ms, count: 0 };
        let window = windows.entry((rate.name, key.to_owned())).or_insert(fresh);
        // A clock that was set back begins a new window, too.
        if now.since(window.began) >= rate.window_ms || now < window.began {
            *window = fresh;
        }
        let reset_ms = rate.window_ms - now.since(window.began);
        if window.count >= rate.count {
            return Err(Remaining { rate, left: 0, reset_ms });
        }
        window.count += 1;
        Ok(Remaining { rate, left: rate.count - window.count, reset_ms })
    }

    /// Forgets a key: it has proved to be in its right.
    pub fn forgive(&self, rate: Rate, key: &str) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        windows.remove(&(rate.name, key.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { name: "test", count: 2, window_ms: 100 };

    #[test]
    fn so_many_in_a_window_and_again_in_the_next() {
        let rates = Rates::default();
        let count = |key, now| rates.count(RATE, key, TimeMs(now));
        assert_eq!(count("a", 1_000), Ok(Remaining { rate: RATE, left: 1, reset_ms: 100 }));
        assert_eq!(count("a", 1_050), Ok(Remaining { rate: RATE, left: 0, reset_ms: 50 }));
        assert_eq!(count("a", 1_099), Err(Remaining { rate: RATE, left: 0, reset_ms: 1 }));
        assert!(count("b", 1_099).is_ok(), "another key");
        assert!(count("a", 1_100).is_ok(), "the next window");
        assert!(count("a", 5).is_ok(), "a clock that was set back");
        rates.forgive(RATE, "a");
        assert_eq!(count("a", 6).map(|remaining| remaining.left), Ok(1));
    }

    #[test]
    fn memory_is_bounded() {
        let rates = Rates::default();
        for key in 0..KEYS_MAX + 10 {
            let counted = rates.count(RATE, &key.to_string(), TimeMs(1));
            assert!(counted.is_ok());
        }
        assert!(rates.windows.lock().unwrap().len() <= KEYS_MAX);
    }
}
