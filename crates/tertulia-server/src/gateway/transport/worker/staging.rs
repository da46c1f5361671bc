//! The frames of one turn, for all connections of a worker, in one growing array.
//!
//! Each connection strings its own frames together in it, so that queueing a frame allocates nothing; the
//! turn's end writes each string with one call.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

const NONE: u32 = u32::MAX;

/// Entries for which memory is kept from turn to turn.
const KEPT_ENTRIES: usize = 16_384;

/// Entries after which the turn's frames are written early, to bound their memory.
pub(super) const FULL_ENTRIES: usize = 65_536;

#[derive(Default, Debug)]
pub(super) struct Staging(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    frame: Bytes,
    next: u32,
}

/// One connection's frames, by their first and last place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chain {
    head: u32,
    tail: u32,
}

impl Chain {
    pub(super) const EMPTY: Self = Self { head: NONE, tail: NONE };

    pub(super) fn is_empty(self) -> bool {
        self.head == NONE
    }
}

impl Staging {
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= FULL_ENTRIES
    }

    pub(super) fn push(&mut self, chain: &mut Chain, frame: Bytes) {
        let place = self.0.len() as u32;
        self.0.push(Entry { frame, next: NONE });
        match self.0.get_mut(chain.tail as usize) {
            Some(last) => last.next = place,
            None => chain.head = place,
        }
        chain.tail = place;
    }

    pub(super) fn iter(&self, chain: Chain) -> impl Iterator<Item = &Bytes> {
        let mut place = chain.head;
        std::iter::from_fn(move || {
            let entry = self.0.get(place as usize)?;
            place = entry.next;
            Some(&entry.frame)
        })
    }

    /// Takes the first `bytes` off `chain`.
    pub(super) fn consume(&mut self, chain: &mut Chain, mut bytes: usize) {
        while let Some(entry) = self.0.get_mut(chain.head as usize) {
            if bytes < entry.frame.len() {
                entry.frame.advance(bytes);
                return;
            }
            bytes -= entry.frame.len();
            entry.frame = Bytes::new();
            chain.head = entry.next;
        }
        *chain = Chain::EMPTY;
    }

    /// Moves all of `chain` to the end of `queue`.
    pub(super) fn drain_into(&mut self, chain: &mut Chain, queue: &mut VecDeque<Bytes>) {
        while let Some(entry) = self.0.get_mut(chain.head as usize) {
            queue.push_back(std::mem::take(&mut entry.frame));
            chain.head = entry.next;
        }
        *chain = Chain::EMPTY;
    }

    /// Empties the array, when no connection has a chain in it any more.
    pub(super) fn clear(&mut self) {
        self.0.clear();
        self.0.shrink_to(KEPT_ENTRIES);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(staging: &Staging, chain: Chain) -> Vec<&[u8]> {
        staging.iter(chain).map(|frame| &frame[..]).collect()
    }

    #[test]
    fn chains_share_the_array_and_are_consumed_by_bytes() {
        let mut staging = Staging::default();
        let (mut a, mut b) = (Chain::EMPTY, Chain::EMPTY);
        staging.push(&mut a, Bytes::from_static(b"one"));
        staging.push(&mut b, Bytes::from_static(b"two"));
        staging.push(&mut a, Bytes::from_static(b"three"));
        assert_eq!(left(&staging, a), [b"one".as_slice(), b"three"]);
        staging.consume(&mut a, 5);
        assert_eq!(left(&staging, a), [b"ree"]);
        staging.consume(&mut b, 3);
        assert!(b.is_empty() && !a.is_empty());
        staging.push(&mut a, Bytes::from_static(b"!"));
        let mut queue = VecDeque::new();
        staging.drain_into(&mut a, &mut queue);
        assert_eq!(queue, ["ree", "!"]);
        assert!(a.is_empty());
    }
}
