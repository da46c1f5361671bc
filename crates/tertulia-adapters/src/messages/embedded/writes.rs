//! What calls write into a turn.

use std::collections::HashSet;

use tertulia_core::{
    EntryKind, Epoch, RoomId, Seq, ShardId, UserId,
    message::{MessageChange, MessageChangeKind},
    room::{Head, owning_epoch},
    row::Row,
    shard::{SHARD_COUNT, shard_of},
};
use tertulia_ports::messages::{
    Append, AppendRow, Appended, ReadMarker, RoomAppend, Tail, TakenOver,
    projection::{Projected, StoredState},
};

use super::{
    Fault,
    keys::{self, Kind, StoredRoom, Value},
    reads::{bad_value, row_of},
    store::{Batch, Direction, Mark, Shared, View},
};

/// How many entries one step of an expiry deletes, so that others get their turn between steps.
const EXPIRE_ENTRIES: usize = 256;
/// How many read markers one step deletes.
const FORGET_MARKERS: usize = 1_024;

/// The fences of all shards, as they are durable or about to be.
#[derive(Debug)]
pub struct Fences {
    epochs: Vec<Epoch>,
    /// What this turn raised, with what was there before.
    raised: Vec<(ShardId, Epoch)>,
}

impl Fences {
    /// Reads them.
    pub fn load(view: &View) -> Result<Self, Fault> {
        let mut epochs = vec![0; usize::from(SHARD_COUNT)];
        let mut fences = view.range(&keys::all_shards(Kind::Fence), Direction::Up);
        while let Some((key, value)) = fences.next()? {
            let (Some(shard), Some(epoch)) = (keys::shard(&key), Epoch::decode(&value)) else {
                return Err(bad_value("a fence"));
            };
            epochs[usize::from(shard.get())] = epoch;
        }
        Ok(Self { epochs, raised: Vec::new() })
    }

    fn of(&self, shard: ShardId) -> Epoch {
        self.epochs[usize::from(shard.get())]
    }

    fn raise(&mut self, shard: ShardId) -> Epoch {
        let before = self.of(shard);
        self.raised.push((shard, before));
        self.epochs[usize::from(shard.get())] = before + 1;
        before + 1
    }

    /// The turn is durable.
    pub fn keep(&mut self) {
        self.raised.clear();
    }

    /// The turn is not durable.
    pub fn undo(&mut self) {
        while let Some((shard, before)) = self.raised.pop() {
            self.epochs[usize::from(shard.get())] = before;
        }
    }
}

/// How far a call that runs in steps has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Go on from here.
    More(Seq),
    /// Nothing is left.
    Done,
    /// The epoch is fenced: nothing was done.
    Fenced,
}

/// What is made durable together.
#[derive(Debug)]
pub struct Turn<'a> {
    shared: &'a Shared,
    batch: &'a mut Batch,
    fences: &'a mut Fences,
}

impl<'a> Turn<'a> {
    /// A turn that goes on with a batch.
    pub fn new(shared: &'a Shared, batch: &'a mut Batch, fences: &'a mut Fences) -> Self {
        Self { shared, batch, fences }
    }

    /// Where the turn is now.
    pub fn mark(&self) -> Mark {
        self.batch.mark()
    }

    /// Takes back what was written since the mark.
    pub fn truncate(&mut self, mark: Mark) {
        self.batch.truncate(mark);
    }

    /// Appends rows, if the epoch owns the shard.
    pub fn append(&mut self, append: Append) -> Appended {
        if self.fences.of(append.shard) != append.epoch {
            return Appended::Fenced;
        }
        for RoomAppend { room, head, rows, dirty } in append.rooms {
            for AppendRow { row, message_by } in rows {
                if let Some(sender) = message_by {
                    self.batch.put(keys::sent(room, sender, row.seq), &[]);
                } else if row.header().is_ok_and(|entry| entry.kind.is_lifecycle()) {
                    self.batch.put(keys::lifecycle(room, row.seq), &[]);
                }
                self.batch.put(keys::entry(room, row.seq, row.epoch), &row.bytes);
            }
            self.batch.put(keys::head(room), &head.encode());
            if dirty {
                self.batch.put(keys::dirty(append.shard, room), &[]);
            }
        }
        Appended::Committed
    }

    /// Raises fences.
    pub fn take_over(&mut self, shards: &[ShardId]) -> Result<Vec<TakenOver>, Fault> {
        let mut taken: Vec<TakenOver> = Vec::with_capacity(shards.len());
        for shard in shards {
            let epoch = self.fences.raise(*shard);
            self.batch.put(keys::fence(*shard), &epoch.encode());
            taken.push(TakenOver { shard: *shard, epoch, dirty: Vec::new() });
        }
        self.for_each_dirty(shards.iter().copied(), |_, shard, room| {
            let of_shard = taken.iter_mut().filter(|taken| taken.shard == shard);
            of_shard.for_each(|taken| taken.dirty.push(room));
        })?;
        Ok(taken)
    }

    /// Rooms of these shards are clean.
    pub fn mark_clean(
        &mut self,
        shards: &[(ShardId, Epoch)],
        still_dirty: &HashSet<RoomId>,
    ) -> Result<(), Fault> {
        let owned: Vec<_> = shards.iter().filter(|(shard, epoch)| self.fences.of(*shard) == *epoch).collect();
        self.for_each_dirty(owned.iter().map(|(shard, _)| *shard), |batch, shard, room| {
            if !still_dirty.contains(&room) {
                batch.delete(keys::dirty(shard, room));
            }
        })
    }

    /// Goes through dirty rooms of shards, neighbours with one read.
    fn for_each_dirty(
        &mut self,
        shards: impl Iterator<Item = ShardId>,
        mut each: impl FnMut(&mut Batch, ShardId, RoomId),
    ) -> Result<(), Fault> {
        let mut shards: Vec<_> = shards.collect();
        shards.sort_unstable();
        shards.dedup();
        let view = self.shared.view();
        for neighbours in shards.chunk_by(|one, other| one.get() + 1 == other.get()) {
            let (Some(first), Some(last)) = (neighbours.first(), neighbours.last()) else { continue };
            let mut dirty = view.range(&keys::of_shards(Kind::Dirty, *first, *last), Direction::Up);
            while let Some((key, _)) = dirty.next()? {
                let (Some(shard), Some(room)) = (keys::shard(&key), keys::dirty_room(&key)) else {
                    return Err(bad_value("a dirty room"));
                };
                each(self.batch, shard, room);
            }
        }
        Ok(())
    }

    /// Reads a room's end, and lets the epoch own what comes.
    pub fn open_room(&mut self, room: RoomId, epoch: Epoch, rows: usize) -> Result<Option<Tail>, Fault> {
        if self.fences.of(shard_of(room)) != epoch {
            return Ok(None);
        }
        let mut stored = self.room(room)?.unwrap_or(StoredRoom { first: 1, epochs: Vec::new() });
        let head: Option<Head> = self.get(&keys::head(room))?;
        let next = head.map_or(1, |head| head.seq + 1);
        if stored.epochs.last().is_none_or(|(last, _)| *last < epoch) {
            // An epoch that numbered nothing owns nothing.
            stored.epochs.retain(|(_, first)| *first < next);
            stored.epochs.push((epoch, next));
            self.batch.put(keys::room(room), &stored.encode());
        }
        let mut tail = Vec::new();
        if stored.first < next {
            let range = keys::between(Kind::Entry, &[room.get()], stored.first, next - 1);
            let mut entries = self.shared.view().range(&range, Direction::Down);
            while tail.len() < rows
                && let Some((key, bytes)) = entries.next()?
            {
                let (seq, epoch) = entry_of(&key)?;
                if owning_epoch(&stored.epochs, seq) == Some(epoch) {
                    tail.push(row_of(seq, epoch, bytes));
                }
            }
        }
        tail.reverse();
        Ok(Some(Tail { epochs: stored.epochs.into(), first: stored.first, head, rows: tail }))
    }

    /// Applies changes to messages' states.
    pub fn project(&mut self, room: RoomId, changes: &[MessageChange]) -> Result<(), Fault> {
        let Some(stored) = self.room(room)? else { return Ok(()) };
        for change in changes {
            self.project_one(room, &stored.epochs, change)?;
        }
        Ok(())
    }

    fn project_one(
        &mut self,
        room: RoomId,
        epochs: &[(Epoch, Seq)],
        change: &MessageChange,
    ) -> Result<(), Fault> {
        let seq = change.seq;
        if self.row(room, seq, epochs)?.is_none() {
            return Ok(());
        }
        let state_key = keys::state(room, seq);
        let mut state = self.get(&state_key)?.unwrap_or_else(|| StoredState::new(seq));
        let changed_before = state.state.changed_seq;
        let reaction_key = match &change.kind {
            MessageChangeKind::Reacted { user, emoji, .. } => Some(keys::reaction(room, seq, *user, emoji)),
            _ => None,
        };
        let stored = match &reaction_key {
            Some(key) => self.get(key)?,
            None => None,
        };
        match (state.apply(change, stored), reaction_key) {
            (Projected::Nothing, _) => return Ok(()),
            (Projected::Reaction(reaction), Some(key)) => self.batch.put(key, &reaction.encode()),
            (Projected::Deletion, _) => self.erase(room, epochs, &state)?,
            _ => {}
        }
        self.batch.put(state_key, &state.encode());
        let changed = state.state.changed_seq;
        if changed != changed_before {
            if changed_before > 0 {
                self.batch.delete(keys::changed(room, changed_before, seq));
            }
            self.batch.put(keys::changed(room, changed, seq), &[]);
        }
        Ok(())
    }

    /// Erases the bodies of a deleted message and of its edits, and the reactions to it.
    fn erase(&mut self, room: RoomId, epochs: &[(Epoch, Seq)], state: &StoredState) -> Result<(), Fault> {
        let seq = state.state.seq;
        for seq in std::iter::once(seq).chain(state.state.edits.iter().copied()) {
            if let Some(row) = self.row(room, seq, epochs)? {
                self.batch.put(keys::entry(room, row.seq, row.epoch), &row.erased().bytes);
            }
        }
        self.delete_range(&keys::all(Kind::Reaction, &[room.get(), seq]))
    }

    /// Stores read markers; lower ones than stored are ignored.
    /// Returns what is stored now.
    pub fn save_markers(&mut self, markers: &[ReadMarker]) -> Result<Vec<ReadMarker>, Fault> {
        let mut saved = Vec::with_capacity(markers.len());
        for marker @ ReadMarker { room, user, seq, posts } in markers {
            let key = keys::marker(*user, *room);
            let stored: Option<(Seq, u64)> = self.get(&key)?;
            match stored {
                Some((seq_then, posts_then)) if (seq_then, posts_then) >= (*seq, *posts) => {
                    saved.push(ReadMarker { seq: seq_then, posts: posts_then, ..*marker });
                }
                _ => {
                    let value = (*seq, *posts).encode();
                    self.batch.put(key, &value);
                    self.batch.put(keys::reader(*room, *user), &value);
                    saved.push(*marker);
                }
            }
        }
        Ok(saved)
    }

    /// Moves a room's first entry, and deletes some of what lies before it, from `from` on.
    pub fn expire(&mut self, room: RoomId, epoch: Epoch, first: Seq, from: Seq) -> Result<Progress, Fault> {
        if self.fences.of(shard_of(room)) != epoch {
            return Ok(Progress::Fenced);
        }
        let Some(mut stored) = self.room(room)? else { return Ok(Progress::Done) };
        let head: Option<Head> = self.get(&keys::head(room))?;
        let first = first.min(head.map_or(1, |head| head.seq + 1)).max(stored.first);
        let owner = stored.epochs.iter().rposition(|(_, from)| *from <= first).unwrap_or(0);
        if first > stored.first || owner > 0 {
            stored.first = first;
            stored.epochs.drain(..owner);
            self.batch.put(keys::room(room), &stored.encode());
        }
        let Some(last) = stored.first.checked_sub(1).filter(|last| from <= *last) else {
            return Ok(Progress::Done);
        };
        let deleted = self.delete_entries(room, from, last)?;
        for kind in [Kind::Lifecycle, Kind::Reaction] {
            self.delete_range(&keys::between(kind, &[room.get()], from, deleted))?;
        }
        self.delete_states(room, from, deleted)?;
        Ok(if deleted < last { Progress::More(deleted + 1) } else { Progress::Done })
    }

    /// Deletes at most [`EXPIRE_ENTRIES`] entries with their place in the index by sender. Returns up to which number
    /// nothing is left.
    fn delete_entries(&mut self, room: RoomId, from: Seq, last: Seq) -> Result<Seq, Fault> {
        let range = keys::between(Kind::Entry, &[room.get()], from, last);
        let mut entries = self.shared.view().range(&range, Direction::Up);
        let mut deleted = 0;
        while let Some((key, bytes)) = entries.next()? {
            let (seq, epoch) = entry_of(&key)?;
            if deleted == EXPIRE_ENTRIES {
                return Ok(seq - 1);
            }
            deleted += 1;
            if let Ok(entry) = row_of(seq, epoch, bytes).header()
                && entry.kind == EntryKind::Message
            {
                self.batch.delete(keys::sent(room, entry.sender, seq));
            }
            self.batch.delete(key);
        }
        Ok(last)
    }

    fn delete_states(&mut self, room: RoomId, from: Seq, last: Seq) -> Result<(), Fault> {
        let mut states =
            self.shared.view().range(&keys::between(Kind::State, &[room.get()], from, last), Direction::Up);
        while let Some((key, value)) = states.next()? {
            let stored = StoredState::decode(&value).ok_or_else(|| bad_value("a message's state"))?;
            self.batch.delete(keys::changed(room, stored.state.changed_seq, stored.state.seq));
            self.batch.delete(key);
        }
        Ok(())
    }

    fn delete_range(&mut self, range: &super::store::KeyRange) -> Result<(), Fault> {
        let mut items = self.shared.view().range(range, Direction::Up);
        while let Some((key, _)) = items.next()? {
            self.batch.delete(key);
        }
        Ok(())
    }

    /// Deletes some read markers of a room.
    pub fn forget_markers(&mut self, room: RoomId, epoch: Epoch) -> Result<Progress, Fault> {
        if self.fences.of(shard_of(room)) != epoch {
            return Ok(Progress::Fenced);
        }
        let mut readers = self.shared.view().range(&keys::all(Kind::Reader, &[room.get()]), Direction::Up);
        for _ in 0..FORGET_MARKERS {
            let Some((key, _)) = readers.next()? else { return Ok(Progress::Done) };
            let user = keys::number(&key, 1).ok_or_else(|| bad_value("a reader"))?;
            self.batch.delete(keys::marker(UserId::new(user), room));
            self.batch.delete(key);
        }
        Ok(Progress::More(0))
    }

    fn room(&self, room: RoomId) -> Result<Option<StoredRoom>, Fault> {
        self.get(&keys::room(room))
    }

    fn row(&self, room: RoomId, seq: Seq, epochs: &[(Epoch, Seq)]) -> Result<Option<Row>, Fault> {
        let Some(epoch) = owning_epoch(epochs, seq) else { return Ok(None) };
        Ok(self.bytes(&keys::entry(room, seq, epoch))?.map(|bytes| row_of(seq, epoch, bytes)))
    }

    fn get<V: Value>(&self, key: &[u8]) -> Result<Option<V>, Fault> {
        let Some(bytes) = self.bytes(key)? else { return Ok(None) };
        V::decode(&bytes).map(Some).ok_or_else(|| bad_value("a value"))
    }

    fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        match self.batch.get(key) {
            Some(value) => Ok(value.map(<[u8]>::to_vec)),
            None => self.shared.view().get(key),
        }
    }
}

fn entry_of(key: &[u8]) -> Result<(Seq, Epoch), Fault> {
    keys::entry_of(key).ok_or_else(|| bad_value("an entry's key"))
}
