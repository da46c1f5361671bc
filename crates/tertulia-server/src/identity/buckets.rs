//! How fast somebody may go on: buckets that fill again steadily, one number a key, within bounded memory.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
};

use tertulia_core::TimeMs;

use super::{Rate, Remaining};

/// Most keys that are remembered. When there are more, those whose bucket is full again go; if none is, all do.
const KEYS_MAX: usize = 65_536;

/// Buckets. A key that is not there has a full one.
pub struct Buckets<K> {
    /// When each bucket is full again, in microseconds.
    full_at: Mutex<HashMap<K, u64>>,
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self { full_at: Mutex::default() }
    }
}

impl<K: Eq + Hash> Buckets<K> {
    /// Takes one out of a key's bucket, which holds as many as the rate allows in its window. `Err`: it was empty, and
    /// `reset_ms` tells when there is one again; else it tells when the bucket is full.
    pub fn take(&self, rate: Rate, key: K, now: TimeMs) -> Result<Remaining, Remaining> {
        let (now, window) = (now.0 * 1_000, rate.window_ms * 1_000);
        let each = (window / rate.count.max(1)).max(1);
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= KEYS_MAX {
            buckets.retain(|_, full_at| *full_at > now);
            if buckets.len() >= KEYS_MAX {
                buckets.clear();
            }
        }
        let full_at = buckets.entry(key).or_insert(now);
        // Neither a clock that was set back nor a limit that was changed leaves more than an empty bucket.
        let missing = full_at.saturating_sub(now).min(window);
        if missing + each > window {
            let reset_ms = (missing + each - window).div_ceil(1_000);
            return Err(Remaining { rate, left: 0, reset_ms });
        }
        *full_at = now + missing + each;
        let left = (window - missing - each) / each;
        Ok(Remaining { rate, left, reset_ms: (missing + each).div_ceil(1_000) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { name: "test", count: 4, window_ms: 1_000 };

    #[test]
    fn a_burst_then_one_at_a_time() {
        let buckets = Buckets::default();
        let take =
            |key: u32, now| buckets.take(RATE, key, TimeMs(now)).map(|it| it.left).map_err(|it| it.reset_ms);
        let at = 1_000_000;
        assert_eq!([3, 2, 1, 0].map(Ok), [(); 4].map(|()| take(1, at)));
        assert_eq!((take(1, at), take(1, at + 100)), (Err(250), Err(150)));
        assert_eq!((take(1, at + 250), take(1, at + 250)), (Ok(0), Err(250)));
        assert_eq!(take(2, at), Ok(3), "another key");
        assert_eq!(take(1, at + 5_000), Ok(3), "full again, and no fuller");
        assert_eq!(take(1, 5), Err(250), "a clock that was set back");
        assert_eq!(take(1, 255), Err(250));
    }

    #[test]
    fn a_limit_that_changes_holds_at_once() {
        let buckets = Buckets::default();
        let take = |count, now| buckets.take(Rate { count, ..RATE }, 1, TimeMs(now)).is_ok();
        assert!(take(1, 0) && !take(1, 999));
        assert!(take(1, 1_000) && !take(4, 1_200) && take(4, 1_250));
    }

    #[test]
    fn memory_is_bounded() {
        let buckets = Buckets::default();
        for key in 0..KEYS_MAX + 10 {
            assert!(buckets.take(RATE, key, TimeMs(1)).is_ok());
        }
        assert!(buckets.full_at.lock().unwrap().len() <= KEYS_MAX);
    }
}
