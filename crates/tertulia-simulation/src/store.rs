//! The message store with faults: the reference, with calls that take their time and fail, and appends that land late.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tertulia_core::{
    Entry, Epoch, RoomId, Seq, ShardId, TimeMs, UserId, message::MessageChange, room::MessageFacts, row::Row,
};
use tertulia_ports::{
    EngineResult,
    messages::{
        Append, AppendDone, Appended, From, Messages, ReadMarker, Span, StateOf, StoredHead, Tail, TakenOver,
        in_process::InProcessMessages,
    },
};

use crate::trouble::Trouble;

/// The store.
pub struct FaultyMessages {
    inner: InProcessMessages,
    trouble: Trouble,
    landed: Mutex<Landed>,
    /// A safeguard: rows are kept apart by the epoch that wrote them.
    epoch_rows: bool,
}

#[derive(Default)]
struct Landed {
    /// The last row of each room and epoch. An append that lands again changes nothing, as a write with an old
    /// timestamp.
    last: BTreeMap<(RoomId, Epoch), Seq>,
    /// Without the safeguard: rows of fenced owners that lie over those that count.
    over: BTreeMap<(RoomId, Seq), Row>,
    /// Where rooms begin, as far as they were expired or purged.
    firsts: BTreeMap<RoomId, Seq>,
}

impl FaultyMessages {
    /// An empty store with this trouble.
    pub fn new(trouble: Trouble, epoch_rows: bool) -> Self {
        let inner = InProcessMessages::new("simulated");
        Self { inner, trouble, landed: Mutex::default(), epoch_rows }
    }

    /// The reference itself, where nothing goes wrong.
    pub fn inner(&self) -> &InProcessMessages {
        &self.inner
    }

    /// Where a room begins: what lies before was expired or purged.
    pub fn first(&self, room: RoomId) -> Seq {
        self.landed().firsts.get(&room).copied().unwrap_or(1)
    }

    /// An append arrives at the store: its outcome, and the rows that are part of logs now.
    pub fn land(&self, append: &Append) -> (Appended, Vec<(RoomId, Row)>) {
        let mut landed = self.landed();
        let mut fresh = append.clone();
        fresh.rooms.retain(|room| {
            let last = room.rows.last().map_or(0, |row| row.row.seq);
            landed.last.get(&(room.room, append.epoch)).is_none_or(|known| *known < last)
        });
        let rows: Vec<_> = fresh
            .rooms
            .iter()
            .flat_map(|room| room.rows.iter().map(|row| (room.room, row.row.clone())))
            .collect();
        let outcome = Arc::new(Mutex::new(Appended::Unknown));
        let told = outcome.clone();
        let tell: AppendDone = Box::new(move |outcomes| {
            *told.lock().unwrap_or_else(PoisonError::into_inner) = outcomes[0];
        });
        self.inner.append(vec![fresh], tell);
        let outcome = *outcome.lock().unwrap_or_else(PoisonError::into_inner);
        if outcome != Appended::Committed {
            if !self.epoch_rows {
                landed.over.extend(rows.into_iter().map(|(room, row)| ((room, row.seq), row)));
            }
            return (outcome, Vec::new());
        }
        for (room, row) in &rows {
            landed.last.insert((*room, append.epoch), row.seq);
            landed.over.remove(&(*room, row.seq));
        }
        (outcome, rows)
    }

    /// Reads a span as readers do.
    pub async fn read_now(&self, span: &Span, from: From, limit: usize) -> EngineResult<Vec<Row>> {
        let mut rows = self.inner.read(span, from, limit).await?;
        let landed = self.landed();
        for row in &mut rows {
            if let Some(over) = landed.over.get(&(span.room, row.seq)) {
                *row = over.clone();
            }
        }
        Ok(rows)
    }

    fn landed(&self) -> MutexGuard<'_, Landed> {
        self.landed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that only passes through trouble, before and after.
macro_rules! troubled {
    ($self:ident, $call:ident($($argument:expr),*)) => {{
        $self.trouble.pass().await?;
        let answer = $self.inner.$call($($argument),*).await?;
        $self.trouble.pass().await?;
        Ok(answer)
    }};
}

#[async_trait]
impl Messages for FaultyMessages {
    fn history(&self) -> Arc<str> {
        self.inner.history()
    }

    async fn take_over(&self, shards: &[ShardId]) -> EngineResult<Vec<TakenOver>> {
        troubled!(self, take_over(shards))
    }

    async fn open_room(&self, room: RoomId, epoch: Epoch, rows: usize) -> EngineResult<Option<Tail>> {
        troubled!(self, open_room(room, epoch, rows))
    }

    /// Owners' appends do not come this way: the world lets them land.
    fn append(&self, appends: Vec<Append>, done: AppendDone) {
        done(appends.iter().map(|append| self.land(append).0).collect());
    }

    async fn project(&self, room: RoomId, epoch: Epoch, changes: Vec<MessageChange>) -> EngineResult<()> {
        troubled!(self, project(room, epoch, changes.clone()))
    }

    async fn mark_clean(&self, shards: &[(ShardId, Epoch)], still_dirty: &[RoomId]) -> EngineResult<()> {
        troubled!(self, mark_clean(shards, still_dirty))
    }

    async fn heads(&self, rooms: &[RoomId]) -> EngineResult<Vec<StoredHead>> {
        troubled!(self, heads(rooms))
    }

    async fn read(&self, span: &Span, from: From, limit: usize) -> EngineResult<Vec<Row>> {
        self.trouble.pass().await?;
        let rows = self.read_now(span, from, limit).await?;
        self.trouble.pass().await?;
        Ok(rows)
    }

    async fn states(
        &self,
        room: RoomId,
        first: Seq,
        last: Seq,
        reader: UserId,
    ) -> EngineResult<Vec<StateOf>> {
        troubled!(self, states(room, first, last, reader))
    }

    async fn changes(
        &self,
        room: RoomId,
        first: Seq,
        last: Seq,
        after: Seq,
        reader: UserId,
    ) -> EngineResult<Vec<StateOf>> {
        troubled!(self, changes(room, first, last, after, reader))
    }

    async fn message_facts(&self, span: &Span) -> EngineResult<Option<MessageFacts>> {
        troubled!(self, message_facts(span))
    }

    async fn by_sender(
        &self,
        room: RoomId,
        sender: UserId,
        before: Seq,
        limit: usize,
    ) -> EngineResult<Vec<Seq>> {
        troubled!(self, by_sender(room, sender, before, limit))
    }

    async fn lifecycle(&self, span: &Span, limit: usize) -> EngineResult<Vec<Entry>> {
        troubled!(self, lifecycle(span, limit))
    }

    async fn save_markers(&self, markers: Vec<ReadMarker>) -> EngineResult<Vec<ReadMarker>> {
        troubled!(self, save_markers(markers.clone()))
    }

    async fn markers_of_user(&self, user: UserId) -> EngineResult<Vec<ReadMarker>> {
        troubled!(self, markers_of_user(user))
    }

    async fn markers_of_room(&self, room: RoomId, limit: usize) -> EngineResult<Vec<ReadMarker>> {
        troubled!(self, markers_of_room(room, limit))
    }

    async fn expire(&self, room: RoomId, epoch: Epoch, first: Seq) -> EngineResult<()> {
        self.trouble.pass().await?;
        self.inner.expire(room, epoch, first).await?;
        self.landed().firsts.entry(room).and_modify(|known| *known = (*known).max(first)).or_insert(first);
        self.trouble.pass().await
    }

    async fn delete_room(&self, room: RoomId, epoch: Epoch) -> EngineResult<()> {
        self.trouble.pass().await?;
        let head = self.inner.heads(&[room]).await?.first().map_or(0, |head| head.seq);
        self.inner.delete_room(room, epoch).await?;
        self.landed().firsts.insert(room, head + 1);
        self.trouble.pass().await
    }

    async fn last_before(&self, span: &Span, at: TimeMs) -> EngineResult<Option<Seq>> {
        troubled!(self, last_before(span, at))
    }
}
