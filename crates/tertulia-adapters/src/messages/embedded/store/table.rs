//! A table: the newest writes, in memory, sorted by key over the bytes of their log segment.
//!
//! A write is `u16` length of the key, `u32` length of the value (all ones: the key is deleted), key, value.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use hashbrown::HashMap;

use super::{Direction, Item, Key, KeyRange, log};

const DELETED: u32 = u32::MAX;
const LENGTHS_BYTES: usize = 6;
/// How many items a reader takes from a table while nobody can write to it.
const ITEMS_AT_ONCE: usize = 64;

/// How much space an empty batch keeps for the next turn.
const KEPT_BYTES: usize = 512 * 1_024;

/// Where a value lies in an image; deleted if its length says so.
#[derive(Debug, Clone, Copy)]
struct Slot {
    offset: u32,
    length: u32,
}

impl Slot {
    fn value<'a>(&self, image: &'a [u8]) -> Option<&'a [u8]> {
        (self.length != DELETED).then(|| &image[self.offset as usize..][..self.length as usize])
    }
}

/// Writes that become durable together.
#[derive(Debug)]
pub struct Batch {
    record: Vec<u8>,
    writes: Vec<(Key, Slot)>,
    /// The last write of each key, for those who read their own writes.
    last: HashMap<Key, u32>,
}

impl Batch {
    /// Nothing yet.
    pub fn new() -> Self {
        let mut record = Vec::new();
        log::begin(&mut record);
        Self { record, writes: Vec::new(), last: HashMap::new() }
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Bytes of its record.
    pub fn bytes(&self) -> usize {
        self.record.len()
    }

    /// Sets a key's value.
    pub fn put(&mut self, key: Key, value: &[u8]) {
        self.write(key, Some(value));
    }

    /// Deletes a key.
    pub fn delete(&mut self, key: Key) {
        self.write(key, None);
    }

    fn write(&mut self, key: Key, value: Option<&[u8]>) {
        let length = value.map_or(DELETED, |value| value.len() as u32);
        self.record.extend((key.len() as u16).to_be_bytes());
        self.record.extend(length.to_be_bytes());
        self.record.extend(&*key);
        let offset = self.record.len() as u32;
        self.record.extend(value.unwrap_or_default());
        self.last.insert(Key::from_slice(&key), self.writes.len() as u32);
        self.writes.push((key, Slot { offset, length }));
    }

    /// What this batch makes of a key: `None` if nothing.
    pub fn get(&self, key: &[u8]) -> Option<Option<&[u8]>> {
        self.last.get(key).map(|at| self.writes[*at as usize].1.value(&self.record))
    }

    /// Where the batch ends now, for [`Batch::truncate`].
    pub fn mark(&self) -> Mark {
        Mark { bytes: self.record.len(), writes: self.writes.len() }
    }

    /// Takes back what was written since the mark.
    pub fn truncate(&mut self, mark: Mark) {
        if self.writes.len() == mark.writes {
            return;
        }
        self.record.truncate(mark.bytes);
        self.writes.truncate(mark.writes);
        let writes = self.writes.iter().enumerate();
        self.last = writes.map(|(at, (key, _))| (key.clone(), at as u32)).collect();
    }

    /// The record, for the log.
    pub fn record(&mut self) -> &mut Vec<u8> {
        &mut self.record
    }

    /// Forgets everything and keeps the space, unless it is unusually large.
    pub fn clear(&mut self) {
        if self.record.capacity() > KEPT_BYTES {
            *self = Self::new();
        }
        log::begin(&mut self.record);
        self.writes.clear();
        self.last.clear();
    }
}

/// A place in a batch.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    bytes: usize,
    writes: usize,
}

/// A sorted table in memory.
#[derive(Debug, Default)]
pub struct Table {
    content: RwLock<Content>,
}

#[derive(Debug, Default)]
struct Content {
    image: Vec<u8>,
    index: BTreeMap<Key, Slot>,
}

impl Table {
    /// A table with space for a segment.
    pub fn with_capacity(bytes: usize) -> Self {
        let content = Content { image: Vec::with_capacity(bytes), index: BTreeMap::new() };
        Self { content: RwLock::new(content) }
    }

    /// The table of a segment that was read again. `None` if it does not read.
    pub fn replay(replayed: log::Replayed) -> Option<Self> {
        let log::Replayed { image, turns, .. } = replayed;
        let mut index = BTreeMap::new();
        for (_, payload) in turns {
            let mut at = payload.start;
            while at < payload.end {
                let lengths = image.get(at..at + LENGTHS_BYTES)?;
                let key_length = usize::from(u16::from_be_bytes([lengths[0], lengths[1]]));
                let length = u32::from_be_bytes([lengths[2], lengths[3], lengths[4], lengths[5]]);
                let key = image.get(at + LENGTHS_BYTES..at + LENGTHS_BYTES + key_length)?;
                let offset = at + LENGTHS_BYTES + key_length;
                at = offset + if length == DELETED { 0 } else { length as usize };
                if at > payload.end {
                    return None;
                }
                index.insert(Key::from_slice(key), Slot { offset: offset as u32, length });
            }
        }
        Some(Self { content: RwLock::new(Content { image, index }) })
    }

    /// Takes a batch whose record is durable.
    pub fn apply(&self, batch: &mut Batch) {
        let mut content = self.write();
        let base = content.image.len() as u32;
        content.image.extend(&batch.record);
        for (key, slot) in batch.writes.drain(..) {
            content.index.insert(key, Slot { offset: base + slot.offset, length: slot.length });
        }
    }

    /// A key's value: `None` if the table knows nothing, `Some(None)` if it was deleted.
    pub fn get(&self, key: &[u8]) -> Option<Option<Vec<u8>>> {
        let content = self.read();
        let slot = content.index.get(key)?;
        Some(slot.value(&content.image).map(<[u8]>::to_vec))
    }

    /// Hands every item over, ascending.
    pub fn for_each<E>(&self, mut each: impl FnMut(&[u8], Option<&[u8]>) -> Result<(), E>) -> Result<(), E> {
        let content = self.read();
        content.index.iter().try_for_each(|(key, slot)| each(key, slot.value(&content.image)))
    }

    fn read(&self) -> RwLockReadGuard<'_, Content> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a range of a table, some items at a time, so that a slow reader holds nobody up.
#[derive(Debug)]
pub struct TableCursor {
    table: std::sync::Arc<Table>,
    range: KeyRange,
    direction: Direction,
    items: std::vec::IntoIter<Item>,
    is_done: bool,
}

impl TableCursor {
    /// Reads the range.
    pub fn new(table: std::sync::Arc<Table>, range: KeyRange, direction: Direction) -> Self {
        Self { table, range, direction, items: Vec::new().into_iter(), is_done: false }
    }

    /// The next item, deleted ones too.
    pub fn next(&mut self) -> Option<Item> {
        if self.items.len() == 0 && !self.is_done {
            self.fill();
        }
        self.items.next()
    }

    fn fill(&mut self) {
        let (first, end) = (&self.range.first, &self.range.end);
        if first >= end {
            self.is_done = true;
            return;
        }
        let content = self.table.read();
        let range = content.index.range::<Key, _>((Bound::Included(first), Bound::Excluded(end)));
        let item = |(key, slot): (&Key, &Slot)| {
            (Key::from_slice(key), slot.value(&content.image).map(<[u8]>::to_vec))
        };
        let items: Vec<Item> = match self.direction {
            Direction::Up => range.take(ITEMS_AT_ONCE).map(item).collect(),
            Direction::Down => range.rev().take(ITEMS_AT_ONCE).map(item).collect(),
        };
        self.is_done = items.len() < ITEMS_AT_ONCE;
        if let Some((last, _)) = items.last() {
            match self.direction {
                Direction::Up => {
                    self.range.first = last.clone();
                    self.range.first.push(0);
                }
                Direction::Down => self.range.end = last.clone(),
            }
        }
        self.items = items.into_iter();
    }
}
