//! A block: some sorted items of a run, read and checked as one.
//!
//! An item is four numbers of variable length and bytes: how many bytes its key shares with the one before, how many
//! follow, 0 if the key is deleted or else one more than the value's length; then the rest of the key, and the value.
//! The block ends with the XXH3 of all of it.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::Key;

/// Bytes of a block's checksum.
pub const CHECKSUM_BYTES: usize = 8;

/// Builds a block.
#[derive(Debug, Default)]
pub struct BlockBuilder {
    bytes: Vec<u8>,
    first: Key,
    last: Key,
}

impl BlockBuilder {
    /// Adds an item behind all others.
    pub fn add(&mut self, key: &[u8], value: Option<&[u8]>) {
        let shared = if self.bytes.is_empty() { 0 } else { shared(&self.last, key) };
        if self.bytes.is_empty() {
            self.first = Key::from_slice(key);
        }
        put_number(&mut self.bytes, shared as u64);
        put_number(&mut self.bytes, (key.len() - shared) as u64);
        put_number(&mut self.bytes, value.map_or(0, |value| value.len() as u64 + 1));
        self.bytes.extend(&key[shared..]);
        self.bytes.extend(value.unwrap_or_default());
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The last key added.
    pub fn last(&self) -> &Key {
        &self.last
    }

    /// Ends the block: its first key and its bytes with the checksum. The builder is empty then.
    pub fn finish(&mut self, take: impl FnOnce(&Key, &[u8])) {
        let sum = xxh3_64(&self.bytes);
        self.bytes.extend(sum.to_be_bytes());
        take(&self.first, &self.bytes);
        self.bytes.clear();
        self.last.clear();
    }
}

fn shared(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}

/// Appends a number, 7 bits a byte, the lowest first.
pub fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Takes a number off the front.
pub fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// A block that was read and checked.
#[derive(Debug)]
pub struct Block {
    bytes: Vec<u8>,
}

impl Block {
    /// Checks the bytes. `None` if they are not what was written.
    pub fn check(mut bytes: Vec<u8>) -> Option<Self> {
        let end = bytes.len().checked_sub(CHECKSUM_BYTES)?;
        let sum = u64::from_be_bytes(bytes[end..].try_into().ok()?);
        bytes.truncate(end);
        (xxh3_64(&bytes) == sum).then_some(Self { bytes })
    }

    /// Its items, ascending.
    pub fn items(&self) -> BlockItems<'_> {
        BlockItems { bytes: &self.bytes, at: 0, key: Key::new() }
    }

    /// A value that an item pointed to.
    pub fn value(&self, range: &Range<usize>) -> &[u8] {
        &self.bytes[range.clone()]
    }
}

/// Steps through a block's items.
#[derive(Debug)]
pub struct BlockItems<'a> {
    bytes: &'a [u8],
    at: usize,
    key: Key,
}

impl BlockItems<'_> {
    /// The next item: its key, and where its value lies if it is not deleted. A checksum stood over the bytes, so what
    /// does not parse is taken for the end.
    pub fn next(&mut self) -> Option<(&Key, Option<Range<usize>>)> {
        let mut rest = &self.bytes[self.at..];
        let shared = take_number(&mut rest)? as usize;
        let key_length = take_number(&mut rest)? as usize;
        let value = take_number(&mut rest)?;
        let start = self.bytes.len() - rest.len();
        let key_end = start.checked_add(key_length)?;
        let end = key_end.checked_add((value as usize).saturating_sub(1))?;
        if end > self.bytes.len() || shared > self.key.len() {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(&self.bytes[start..key_end]);
        self.at = end;
        Some((&self.key, (value > 0).then_some(key_end..end)))
    }
}
