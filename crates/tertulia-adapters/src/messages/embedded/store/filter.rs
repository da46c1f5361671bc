//! A filter says which keys a run surely does not have, by one read of 64 bytes.
//!
//! Each key has one of the filter's blocks: 56 bytes of bits, of which it sets six, and the XXH3 of those bytes, so that
//! a damaged filter is seen and hides nothing.

use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a block.
pub const BLOCK_BYTES: usize = 64;

const BITS_BYTES: usize = 56;
const BITS: u64 = 8 * BITS_BYTES as u64;
/// Bits for each key: about one key in a hundred that is not there seems to be.
const BITS_PER_KEY: u64 = 12;
const PROBES: usize = 6;

/// Collects keys.
#[derive(Debug)]
pub struct FilterBuilder {
    bytes: Vec<u8>,
}

impl FilterBuilder {
    /// A filter for at most so many keys.
    pub fn new(keys: usize) -> Self {
        let blocks = (keys as u64 * BITS_PER_KEY).div_ceil(BITS).max(1) as usize;
        Self { bytes: vec![0; blocks * BLOCK_BYTES] }
    }

    /// Adds a key.
    pub fn add(&mut self, key: &[u8]) {
        let hash = xxh3_64(key);
        let block = place(hash, self.bytes.len());
        for bit in probes(hash) {
            self.bytes[block + bit / 8] |= 1 << (bit % 8);
        }
    }

    /// The filter's bytes.
    pub fn finish(mut self) -> Vec<u8> {
        for block in self.bytes.chunks_exact_mut(BLOCK_BYTES) {
            let sum = xxh3_64(&block[..BITS_BYTES]);
            block[BITS_BYTES..].copy_from_slice(&sum.to_be_bytes());
        }
        self.bytes
    }
}

/// Where the key's block begins in a filter of so many bytes.
pub fn block_of(key: &[u8], filter_bytes: usize) -> usize {
    place(xxh3_64(key), filter_bytes)
}

/// Whether the key may be in the run. `None` if the block is damaged.
pub fn may_have(key: &[u8], block: &[u8; BLOCK_BYTES]) -> Option<bool> {
    let (bits, sum) = block.split_at(BITS_BYTES);
    let has = |bit: usize| bits[bit / 8] & 1 << (bit % 8) != 0;
    (xxh3_64(bits).to_be_bytes() == *sum).then(|| probes(xxh3_64(key)).all(has))
}

fn place(hash: u64, filter_bytes: usize) -> usize {
    let blocks = (filter_bytes / BLOCK_BYTES) as u64;
    (((hash >> 32) * blocks) >> 32) as usize * BLOCK_BYTES
}

fn probes(hash: u64) -> impl Iterator<Item = usize> {
    let mut bits = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..PROBES).map(move |_| {
        let bit = ((bits >> 55) * BITS) >> 9;
        bits = bits.rotate_left(9);
        bit as usize
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_added_is_seen_and_few_others() {
        let key = |number: u64| number.to_be_bytes();
        let mut filter = FilterBuilder::new(10_000);
        (0..10_000).for_each(|number| filter.add(&key(number)));
        let bytes = filter.finish();
        let may_have = |number: u64| {
            let at = block_of(&key(number), bytes.len());
            may_have(&key(number), bytes[at..at + BLOCK_BYTES].try_into().unwrap()).unwrap()
        };
        assert!((0..10_000).all(may_have));
        let others = (10_000..110_000).filter(|number| may_have(*number)).count();
        assert!(others < 3_000, "{others} of 100,000 seem to be there");
    }

    #[test]
    fn a_damaged_block_is_seen() {
        let mut block: [u8; BLOCK_BYTES] = FilterBuilder::new(1).finish().try_into().unwrap();
        block[3] ^= 1;
        assert_eq!(may_have(b"key", &block), None);
    }
}
