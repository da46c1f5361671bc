//! The reference: a message store in memory, simple and deterministic.
//!
//! It has no threads and no clock: `append` calls back before it returns. Rows are kept by (number, epoch), as a
//! distributed store keeps them, so that reading by epoch list means something here too. It is not bounded and not
//! durable: for tests and the simulation, which wraps it in its faults.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tertulia_core::{
    Entry, EntryKind, Epoch, Posts, RoomId, Seq, ShardId, TimeMs, UserId,
    message::{MessageChange, MessageChangeKind},
    room::{Head, MessageFacts, owning_epoch},
    row::{BadRow, Row},
    shard::shard_of,
};

use super::{
    Append, AppendDone, AppendRow, Appended, From, Messages, READ_ROWS_MAX, ReadMarker, RoomAppend, Span,
    StateOf, StoredHead, Tail, TakenOver,
    projection::{Projected, StoredReaction, StoredState},
};
use crate::{EngineError, EngineResult};

/// A message store in memory.
#[derive(Debug)]
pub struct InProcessMessages {
    history: Arc<str>,
    store: Mutex<Store>,
}

#[derive(Debug, Default)]
struct Store {
    fences: BTreeMap<ShardId, Epoch>,
    dirty: BTreeMap<ShardId, BTreeSet<RoomId>>,
    logs: BTreeMap<RoomId, Log>,
    markers: BTreeMap<(UserId, RoomId), (Seq, Posts)>,
}

#[derive(Debug)]
struct Log {
    epochs: Vec<(Epoch, Seq)>,
    first: Seq,
    /// As the last append said; stays when the rows are gone.
    head: Option<Head>,
    rows: BTreeMap<(Seq, Epoch), Vec<u8>>,
    by_sender: BTreeSet<(UserId, Seq)>,
    states: BTreeMap<Seq, StoredState>,
    reactions: BTreeMap<(Seq, UserId, String), StoredReaction>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            epochs: Vec::new(),
            first: 1,
            head: None,
            rows: BTreeMap::new(),
            by_sender: BTreeSet::new(),
            states: BTreeMap::new(),
            reactions: BTreeMap::new(),
        }
    }
}

impl InProcessMessages {
    /// An empty store with this history.
    pub fn new(history: &str) -> Self {
        Self { history: history.into(), store: Mutex::default() }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    fn fence(&self, shard: ShardId) -> Epoch {
        self.fences.get(&shard).copied().unwrap_or(0)
    }

    fn check_fence(&self, room: RoomId, epoch: Epoch) -> EngineResult<()> {
        match self.fence(shard_of(room)) == epoch {
            true => Ok(()),
            false => Err(EngineError::new("messages", format_args!("epoch {epoch} is fenced"))),
        }
    }

    fn append(&mut self, append: Append) -> Appended {
        if self.fence(append.shard) != append.epoch {
            return Appended::Fenced;
        }
        for room in append.rooms {
            if room.dirty {
                self.dirty.entry(append.shard).or_default().insert(room.room);
            }
            self.logs.entry(room.room).or_default().append(room);
        }
        Appended::Committed
    }
}

impl Log {
    fn append(&mut self, append: RoomAppend) {
        for AppendRow { row, message_by } in append.rows {
            if let Some(sender) = message_by {
                self.by_sender.insert((sender, row.seq));
            }
            self.rows.insert((row.seq, row.epoch), row.bytes);
        }
        self.head = Some(append.head);
    }

    /// Rows from the epochs that own them.
    fn rows<'a>(
        &'a self,
        numbers: RangeInclusive<Seq>,
        epochs: &'a [(Epoch, Seq)],
    ) -> impl DoubleEndedIterator<Item = Row> + 'a {
        let (first, last) = numbers.into_inner();
        self.rows
            .range((first, 0)..=(last.max(first), Epoch::MAX))
            .filter(move |_| first <= last)
            .filter(|((seq, epoch), _)| owning_epoch(epochs, *seq) == Some(*epoch))
            .map(|((seq, epoch), bytes)| Row { seq: *seq, epoch: *epoch, bytes: bytes.clone() })
    }

    fn row(&self, seq: Seq, epochs: &[(Epoch, Seq)]) -> Option<Row> {
        let epoch = owning_epoch(epochs, seq)?;
        self.rows.get(&(seq, epoch)).map(|bytes| Row { seq, epoch, bytes: bytes.clone() })
    }

    /// The last row that counts, or what was kept of it.
    fn head(&self) -> Result<Option<Head>, BadRow> {
        let Some(last) = self.rows(self.first..=Seq::MAX, &self.epochs).next_back() else {
            return Ok(self.head);
        };
        Ok(Some(Head { seq: last.seq, posts: last.header()?.posts, chain: last.chain()? }))
    }

    fn open(&mut self, epoch: Epoch, rows: usize) -> Result<Tail, BadRow> {
        let head = self.head()?;
        let next = head.map_or(1, |head| head.seq + 1);
        if self.epochs.last().is_none_or(|(last, _)| *last < epoch) {
            // An epoch that numbered nothing owns nothing.
            self.epochs.retain(|(_, first)| *first < next);
            self.epochs.push((epoch, next));
        }
        let mut tail: Vec<_> = self.rows(self.first..=Seq::MAX, &self.epochs).rev().take(rows).collect();
        tail.reverse();
        Ok(Tail { epochs: self.epochs.as_slice().into(), first: self.first, head, rows: tail })
    }

    fn project(&mut self, change: &MessageChange) {
        let Some(row) = self.row(change.seq, &self.epochs) else { return };
        let state = self.states.entry(change.seq).or_insert_with(|| StoredState::new(change.seq));
        let reaction = match &change.kind {
            MessageChangeKind::Reacted { user, emoji, .. } => Some((change.seq, *user, emoji.clone())),
            _ => None,
        };
        let stored = reaction.as_ref().and_then(|key| self.reactions.get(key).copied());
        match (state.apply(change, stored), reaction) {
            (Projected::Reaction(stored), Some(key)) => {
                self.reactions.insert(key, stored);
            }
            (Projected::Deletion, _) => {
                let edits = state.state.edits.clone();
                self.reactions.retain(|(seq, ..), _| *seq != change.seq);
                let edits = edits.into_iter().filter_map(|seq| self.row(seq, &self.epochs));
                for row in std::iter::once(row).chain(edits.collect::<Vec<_>>()) {
                    self.rows.insert((row.seq, row.epoch), row.erased().bytes);
                }
            }
            _ => {}
        }
    }

    fn state_of(&self, stored: &StoredState, reader: UserId) -> StateOf {
        let seq = stored.state.seq;
        let mine = self.reactions.range((seq, reader, String::new())..);
        let mine = mine.take_while(|((of, user, _), _)| (*of, *user) == (seq, reader));
        let mine = mine.filter(|(_, reaction)| reaction.on).map(|((.., emoji), _)| emoji.clone()).collect();
        StateOf { state: stored.state.clone(), mine }
    }

    fn expire(&mut self, first: Seq) {
        let end = self.head.map_or(1, |head| head.seq + 1);
        self.first = self.first.max(first.min(end));
        let first = self.first;
        self.rows.retain(|(seq, _), _| *seq >= first);
        self.by_sender.retain(|(_, seq)| *seq >= first);
        self.states.retain(|seq, _| *seq >= first);
        self.reactions.retain(|(seq, ..), _| *seq >= first);
        let owner = self.epochs.iter().rposition(|(_, from)| *from <= first).unwrap_or(0);
        self.epochs.drain(..owner);
    }
}

fn bad_row(error: BadRow) -> EngineError {
    EngineError::new("messages", error)
}

#[async_trait]
impl Messages for InProcessMessages {
    fn history(&self) -> Arc<str> {
        self.history.clone()
    }

    async fn take_over(&self, shards: &[ShardId]) -> EngineResult<Vec<TakenOver>> {
        let mut store = self.store();
        let take_over = |shard: &ShardId| {
            let epoch = store.fence(*shard) + 1;
            store.fences.insert(*shard, epoch);
            let dirty = store.dirty.get(shard).into_iter().flatten().copied().collect();
            TakenOver { shard: *shard, epoch, dirty }
        };
        Ok(shards.iter().map(take_over).collect())
    }

    async fn open_room(&self, room: RoomId, epoch: Epoch, rows: usize) -> EngineResult<Option<Tail>> {
        let mut store = self.store();
        if store.fence(shard_of(room)) != epoch {
            return Ok(None);
        }
        store.logs.entry(room).or_default().open(epoch, rows).map(Some).map_err(bad_row)
    }

    fn append(&self, appends: Vec<Append>, done: AppendDone) {
        let outcomes = {
            let mut store = self.store();
            appends.into_iter().map(|append| store.append(append)).collect()
        };
        done(outcomes);
    }

    async fn project(&self, room: RoomId, _epoch: Epoch, changes: Vec<MessageChange>) -> EngineResult<()> {
        if let Some(log) = self.store().logs.get_mut(&room) {
            changes.iter().for_each(|change| log.project(change));
        }
        Ok(())
    }

    async fn mark_clean(&self, shards: &[(ShardId, Epoch)], still_dirty: &[RoomId]) -> EngineResult<()> {
        let mut store = self.store();
        for (shard, epoch) in shards {
            if store.fence(*shard) == *epoch {
                store.dirty.entry(*shard).or_default().retain(|room| still_dirty.contains(room));
            }
        }
        Ok(())
    }

    async fn heads(&self, rooms: &[RoomId]) -> EngineResult<Vec<StoredHead>> {
        let store = self.store();
        let mut heads = Vec::new();
        for room in rooms {
            let Some(log) = store.logs.get(room) else { continue };
            let Some(Head { seq, posts, .. }) = log.head().map_err(bad_row)? else { continue };
            let epochs = log.epochs.as_slice().into();
            heads.push(StoredHead { room: *room, epochs, first: log.first, seq, posts });
        }
        Ok(heads)
    }

    async fn read(&self, span: &Span, from: From, limit: usize) -> EngineResult<Vec<Row>> {
        let store = self.store();
        let Some(log) = store.logs.get(&span.room) else { return Ok(Vec::new()) };
        let rows = log.rows(span.first..=span.last, &span.epochs);
        let limit = limit.min(READ_ROWS_MAX);
        Ok(match from {
            From::Start => rows.take(limit).collect(),
            From::End => {
                let mut rows: Vec<_> = rows.rev().take(limit).collect();
                rows.reverse();
                rows
            }
        })
    }

    async fn states(
        &self,
        room: RoomId,
        first: Seq,
        last: Seq,
        reader: UserId,
    ) -> EngineResult<Vec<StateOf>> {
        let store = self.store();
        let Some(log) = store.logs.get(&room) else { return Ok(Vec::new()) };
        let states = log.states.values().filter(|stored| (first..=last).contains(&stored.state.seq));
        Ok(states.map(|stored| log.state_of(stored, reader)).collect())
    }

    async fn changes(
        &self,
        room: RoomId,
        first: Seq,
        last: Seq,
        after: Seq,
        reader: UserId,
    ) -> EngineResult<Vec<StateOf>> {
        let mut changed = self.states(room, first, last, reader).await?;
        changed.retain(|of| of.state.changed_seq > after);
        changed.sort_by_key(|of| of.state.changed_seq);
        changed.truncate(READ_ROWS_MAX);
        Ok(changed)
    }

    async fn message_facts(&self, span: &Span) -> EngineResult<Option<MessageFacts>> {
        let store = self.store();
        let Some(log) = store.logs.get(&span.room) else { return Ok(None) };
        let Some(row) = log.row(span.first, &span.epochs) else { return Ok(None) };
        let entry = row.header().map_err(bad_row)?;
        if entry.kind != EntryKind::Message {
            return Ok(None);
        }
        let state = log.states.get(&entry.seq).map(|stored| stored.state.clone()).unwrap_or_default();
        let reactions = state.reactions.into_iter().map(|kind| kind.emoji).collect();
        let (deleted, edits) = (state.deleted.is_some(), state.edits.len() as u32);
        Ok(Some(MessageFacts { sender: entry.sender, deleted, edits, reactions }))
    }

    async fn by_sender(
        &self,
        room: RoomId,
        sender: UserId,
        before: Seq,
        limit: usize,
    ) -> EngineResult<Vec<Seq>> {
        let store = self.store();
        let Some(log) = store.logs.get(&room) else { return Ok(Vec::new()) };
        let numbers = log.by_sender.range((sender, 0)..(sender, before));
        Ok(numbers.rev().take(limit).map(|(_, seq)| *seq).collect())
    }

    async fn lifecycle(&self, span: &Span, limit: usize) -> EngineResult<Vec<Entry>> {
        let store = self.store();
        let Some(log) = store.logs.get(&span.room) else { return Ok(Vec::new()) };
        let entries = log.rows(span.first..=span.last, &span.epochs).map(|row| row.decode().map_err(bad_row));
        entries
            .filter(|entry| entry.as_ref().map_or(true, |entry| entry.kind.is_lifecycle()))
            .take(limit)
            .collect()
    }

    async fn save_markers(&self, markers: Vec<ReadMarker>) -> EngineResult<Vec<ReadMarker>> {
        let mut store = self.store();
        let saved = markers.into_iter().map(|ReadMarker { room, user, seq, posts }| {
            let stored = store.markers.entry((user, room)).or_default();
            *stored = (*stored).max((seq, posts));
            marker(room, user, *stored)
        });
        Ok(saved.collect())
    }

    async fn markers_of_user(&self, user: UserId) -> EngineResult<Vec<ReadMarker>> {
        let store = self.store();
        let of_user = store.markers.iter().filter(|((of, _), _)| *of == user);
        Ok(of_user.map(|((user, room), stored)| marker(*room, *user, *stored)).collect())
    }

    async fn markers_of_room(&self, room: RoomId, limit: usize) -> EngineResult<Vec<ReadMarker>> {
        let store = self.store();
        let of_room = store.markers.iter().filter(|((_, of), _)| *of == room).take(limit);
        Ok(of_room.map(|((user, room), stored)| marker(*room, *user, *stored)).collect())
    }

    async fn expire(&self, room: RoomId, epoch: Epoch, first: Seq) -> EngineResult<()> {
        let mut store = self.store();
        store.check_fence(room, epoch)?;
        if let Some(log) = store.logs.get_mut(&room) {
            log.expire(first);
        }
        Ok(())
    }

    async fn delete_room(&self, room: RoomId, epoch: Epoch) -> EngineResult<()> {
        let mut store = self.store();
        store.check_fence(room, epoch)?;
        if let Some(log) = store.logs.get_mut(&room) {
            log.expire(Seq::MAX);
        }
        store.markers.retain(|(_, of), _| *of != room);
        Ok(())
    }

    async fn last_before(&self, span: &Span, at: TimeMs) -> EngineResult<Option<Seq>> {
        let store = self.store();
        let Some(log) = store.logs.get(&span.room) else { return Ok(None) };
        for row in log.rows(span.first..=span.last, &span.epochs).rev() {
            if row.header().map_err(bad_row)?.at <= at {
                return Ok(Some(row.seq));
            }
        }
        Ok(None)
    }
}

fn marker(room: RoomId, user: UserId, (seq, posts): (Seq, Posts)) -> ReadMarker {
    ReadMarker { room, user, seq, posts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contract::block_on,
        messages::contract::{Place, check},
    };

    struct Kept(Arc<InProcessMessages>);

    impl Place for Kept {
        fn open(&self) -> Arc<dyn Messages> {
            self.0.clone()
        }
    }

    #[test]
    fn passes_the_suite() {
        block_on(check(|| Kept(Arc::new(InProcessMessages::new("here")))));
    }
}
