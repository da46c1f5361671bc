//! The message store inside the server's process, on one folder: for a laptop, and for one machine in production.
//!
//! A thread of its own commits (`commit.rs`): it takes everything that waits, checks fences, and makes it durable with
//! one write and one sync, while the next turn fills. What a call writes stands in `writes.rs`, what it reads in
//! `reads.rs`, what is stored in `keys.rs`. Below lies an ordered store of bytes (`store/`).
//!
//! Reads run on the caller's thread. They cost microseconds while the operating system has the pages, and one read of
//! the disk for each block that it does not have; docs/decisions/0003-embedded-message-store.md has figures.
//!
//! It is not distributed: one process holds the folder, and another one gets an error that names the first.

mod commit;
mod keys;
mod reads;
mod store;
#[cfg(test)]
mod tests;
mod writes;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use tertulia_core::{
    Entry, Epoch, RoomId, Seq, ShardId, TimeMs, UserId,
    message::{MessageChange, MessageChangeKind},
    room::MessageFacts,
    row::Row,
};
use tertulia_ports::{
    EngineError, EngineResult,
    messages::{
        Append, AppendDone, From, Messages, READ_ROWS_MAX, ReadMarker, Span, StateOf, StoredHead, Tail,
        TakenOver,
    },
};

pub use self::store::fault::Fault;
use self::{
    commit::{Committer, Reach},
    reads::Reader,
    store::{Options, Store, disk::Disk},
    writes::{Progress, Turn},
};

const ENGINE: &str = "messages";

/// A message store in a folder of this machine.
#[derive(Debug)]
pub struct EmbeddedMessages {
    history: Arc<str>,
    reader: Reader,
    committer: Committer,
}

impl EmbeddedMessages {
    /// Opens the store in a folder, which is made if it is not there. `fresh_history` makes the id of a new history.
    pub fn open(folder: &Path, mut fresh_history: impl FnMut() -> String) -> Result<Self, Fault> {
        Self::open_on(Disk::default(), folder, &mut fresh_history)
    }

    fn open_on(disk: Disk, folder: &Path, fresh_history: &mut dyn FnMut() -> String) -> Result<Self, Fault> {
        let options = Options { disk, fresh_history, is_filtered: keys::is_filtered };
        let store = Store::open(folder, options)?;
        let history = store.shared().history().into();
        let reader = Reader::new(store.shared().clone());
        Ok(Self { history, reader, committer: Committer::start(store)? })
    }

    async fn erase_below(&self, room: RoomId, epoch: Epoch, first: Seq) -> EngineResult<()> {
        let mut from = 0;
        loop {
            let step = move |turn: &mut Turn<'_>| turn.expire(room, epoch, first, from);
            match self.committer.call(Reach::Both, step).await? {
                Progress::More(next) => from = next,
                Progress::Done => return Ok(()),
                Progress::Fenced => return Err(fenced(epoch)),
            }
        }
    }
}

fn fenced(epoch: Epoch) -> EngineError {
    EngineError::new(ENGINE, format_args!("epoch {epoch} is fenced"))
}

fn engine_error(fault: impl std::fmt::Display) -> EngineError {
    EngineError::new(ENGINE, fault)
}

#[async_trait]
impl Messages for EmbeddedMessages {
    fn history(&self) -> Arc<str> {
        self.history.clone()
    }

    async fn take_over(&self, shards: &[ShardId]) -> EngineResult<Vec<TakenOver>> {
        let shards = shards.to_vec();
        self.committer.call(Reach::ReadsRanges, move |turn| turn.take_over(&shards)).await
    }

    async fn open_room(&self, room: RoomId, epoch: Epoch, rows: usize) -> EngineResult<Option<Tail>> {
        self.committer.call(Reach::ReadsRanges, move |turn| turn.open_room(room, epoch, rows)).await
    }

    fn append(&self, appends: Vec<Append>, done: AppendDone) {
        self.committer.append(appends, done);
    }

    async fn project(&self, room: RoomId, _epoch: Epoch, changes: Vec<MessageChange>) -> EngineResult<()> {
        let is_deletion = |change: &MessageChange| matches!(change.kind, MessageChangeKind::Deleted(_));
        // A deletion reads reactions in a range.
        let together = |one: &MessageChange, other: &MessageChange| !is_deletion(one) && !is_deletion(other);
        let parts: Vec<_> = changes.chunk_by(together).map(<[_]>::to_vec).collect();
        for part in parts {
            let reach = if part.first().is_some_and(is_deletion) { Reach::Both } else { Reach::Writes };
            self.committer.call(reach, move |turn| turn.project(room, &part)).await?;
        }
        Ok(())
    }

    async fn mark_clean(&self, shards: &[(ShardId, Epoch)], still_dirty: &[RoomId]) -> EngineResult<()> {
        let (shards, still_dirty) = (shards.to_vec(), still_dirty.iter().copied().collect());
        self.committer.call(Reach::Both, move |turn| turn.mark_clean(&shards, &still_dirty)).await
    }

    async fn heads(&self, rooms: &[RoomId]) -> EngineResult<Vec<StoredHead>> {
        self.reader.heads(rooms).map_err(engine_error)
    }

    async fn read(&self, span: &Span, from: From, limit: usize) -> EngineResult<Vec<Row>> {
        self.reader.rows(span, from, limit.min(READ_ROWS_MAX)).map_err(engine_error)
    }

    async fn states(
        &self,
        room: RoomId,
        first: Seq,
        last: Seq,
        reader: UserId,
    ) -> EngineResult<Vec<StateOf>> {
        self.reader.states(room, first, last, reader).map_err(engine_error)
    }

    async fn changes(
        &self,
        room: RoomId,
        first: Seq,
        last: Seq,
        after: Seq,
        reader: UserId,
    ) -> EngineResult<Vec<StateOf>> {
        self.reader.changes(room, first..=last, after, reader).map_err(engine_error)
    }

    async fn message_facts(&self, span: &Span) -> EngineResult<Option<MessageFacts>> {
        self.reader.message_facts(span).map_err(engine_error)
    }

    async fn by_sender(
        &self,
        room: RoomId,
        sender: UserId,
        before: Seq,
        limit: usize,
    ) -> EngineResult<Vec<Seq>> {
        self.reader.by_sender(room, sender, before, limit).map_err(engine_error)
    }

    async fn lifecycle(&self, span: &Span, limit: usize) -> EngineResult<Vec<Entry>> {
        self.reader.lifecycle(span, limit).map_err(engine_error)
    }

    async fn save_markers(&self, markers: Vec<ReadMarker>) -> EngineResult<Vec<ReadMarker>> {
        self.committer.call(Reach::Writes, move |turn| turn.save_markers(&markers)).await
    }

    async fn markers_of_user(&self, user: UserId) -> EngineResult<Vec<ReadMarker>> {
        self.reader.markers_of_user(user).map_err(engine_error)
    }

    async fn markers_of_room(&self, room: RoomId, limit: usize) -> EngineResult<Vec<ReadMarker>> {
        self.reader.markers_of_room(room, limit).map_err(engine_error)
    }

    async fn expire(&self, room: RoomId, epoch: Epoch, first: Seq) -> EngineResult<()> {
        self.erase_below(room, epoch, first).await
    }

    async fn delete_room(&self, room: RoomId, epoch: Epoch) -> EngineResult<()> {
        self.erase_below(room, epoch, Seq::MAX).await?;
        loop {
            match self.committer.call(Reach::Both, move |turn| turn.forget_markers(room, epoch)).await? {
                Progress::More(_) => {}
                Progress::Done => return Ok(()),
                Progress::Fenced => return Err(fenced(epoch)),
            }
        }
    }

    async fn last_before(&self, span: &Span, at: TimeMs) -> EngineResult<Option<Seq>> {
        self.reader.last_before(span, at).map_err(engine_error)
    }
}
