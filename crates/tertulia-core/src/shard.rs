//! Shards: the fixed slices of all rooms that are owned, taken over and fenced as one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::RoomId;

/// How many shards there are, for good: stored fences and room ownership depend on it.
pub const SHARD_COUNT: u16 = 4_096;

/// One of the [`SHARD_COUNT`] slices of all rooms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShardId(u16);

impl ShardId {
    /// The shard with this number, below [`SHARD_COUNT`].
    pub fn new(number: u16) -> Option<Self> {
        (number < SHARD_COUNT).then_some(Self(number))
    }

    /// Its number, below [`SHARD_COUNT`].
    pub fn get(self) -> u16 {
        self.0
    }

    /// Every shard, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..SHARD_COUNT).map(Self)
    }
}

impl fmt::Display for ShardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The shard that a room belongs to. Frozen: see the golden test.
pub fn shard_of(room: RoomId) -> ShardId {
    // The finalizer of splitmix64: room ids may be anything, shards must be even.
    let mut bits = room.get();
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    ShardId((bits % u64::from(SHARD_COUNT)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_of_rooms_are_frozen() {
        let shards: Vec<u16> = [1, 2, 3, 1_000, u64::MAX].map(|id| shard_of(RoomId::new(id)).get()).into();
        assert_eq!(shards, [1509, 1162, 2288, 2775, 3773]);
    }

    #[test]
    fn consecutive_ids_spread_evenly() {
        let mut rooms_of = vec![0u32; usize::from(SHARD_COUNT)];
        for id in 1..=u64::from(SHARD_COUNT) * 16 {
            rooms_of[usize::from(shard_of(RoomId::new(id)).get())] += 1;
        }
        assert!(*rooms_of.iter().max().unwrap() < 48, "a shard has three times its share");
    }
}
