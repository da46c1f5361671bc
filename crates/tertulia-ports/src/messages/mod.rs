//! The message store: logs of rooms, what became of their messages, fences, heads and read markers.
//!
//! # Promises
//! - **Fence**: once `take_over` of a shard returned epoch `e`, no append of an epoch below `e` is answered
//!   `Committed`, and none that was not answered yet becomes part of the log (it may leave rows, but under an epoch
//!   that does not own their numbers).
//! - **Durability**: what was answered `Committed` survives what `docs/data.md` says for the engine.
//! - **Reads** give each number's row from the epoch that owns it by the caller's list, and nothing else.
//! - Projections (`project`, `save_cursors`) are idempotent and never go back.
//!
//! Appends answer by a callback, since they are the hot path: the shard loop has no executor to wake, and an engine
//! with a thread of its own (group commit) calls straight back. Everything else is rare enough to be async.
//!
//! Calls that write take their place in the store's order when `append` is called, or when the future is first polled.
//! The reference is [`in_process`], the suite for adapters `contract`, and [`projection`] says what changes make of a
//! message.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod in_process;
pub mod projection;

use std::sync::Arc;

use async_trait::async_trait;
use tertulia_core::{
    Entry, Epoch, Posts, RoomId, Seq, ShardId, TimeMs, UserId,
    message::{MessageChange, MessageState},
    room::{EpochList, Head, MessageFacts},
    row::Row,
};

use crate::EngineResult;

/// Most rows that one `read` returns.
pub const READ_ROWS_MAX: usize = 1_024;

/// New rows of one shard.
#[derive(Debug, Clone)]
pub struct Append {
    /// The shard.
    pub shard: ShardId,
    /// The owner's epoch.
    pub epoch: Epoch,
    /// The rooms with their rows.
    pub rooms: Vec<RoomAppend>,
}

/// New rows of one room: consecutive, ascending, within one bucket.
#[derive(Debug, Clone)]
pub struct RoomAppend {
    /// The room.
    pub room: RoomId,
    /// The head after these rows: stored with them, for rooms that are not open.
    pub head: Head,
    /// The entries' rows with who sent them: messages go into the index by sender.
    pub rows: Vec<AppendRow>,
    /// Set with the room's first rows in a slot of the owner's: the room is dirty until the slot is clean.
    pub dirty: bool,
}

/// One row and what the indexes need of it.
#[derive(Debug, Clone)]
pub struct AppendRow {
    /// The row.
    pub row: Row,
    /// The sender, if the entry is a message.
    pub message_by: Option<UserId>,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// Stored for good, and still ours.
    Committed,
    /// Somebody else owns the shard now: drop everything of it.
    Fenced,
    /// Nobody knows: repeat the same rows until it is one of the others.
    Unknown,
}

/// Called once with an outcome for each append, in their order.
pub type AppendDone = Box<dyn FnOnce(Vec<Appended>) + Send>;

/// A shard that was taken over.
#[derive(Debug, Clone)]
pub struct TakenOver {
    /// The shard.
    pub shard: ShardId,
    /// The new epoch: higher than all before.
    pub epoch: Epoch,
    /// Rooms that an earlier owner may have left without their last projections.
    pub dirty: Vec<RoomId>,
}

/// The end of a room's log, as its new owner finds it.
#[derive(Debug, Clone)]
pub struct Tail {
    /// Which epoch owns which numbers, the caller's included.
    pub epochs: EpochList,
    /// The first entry that is still there; 1 in a fresh room.
    pub first: Seq,
    /// The head as it is kept; `None` if the room never had an entry.
    pub head: Option<Head>,
    /// The last rows, ascending, at most as many as asked for.
    pub rows: Vec<Row>,
}

/// How far a room's log goes, without opening it.
#[derive(Debug, Clone)]
pub struct StoredHead {
    /// The room.
    pub room: RoomId,
    /// Which epoch owns which numbers.
    pub epochs: EpochList,
    /// The first entry that is still there.
    pub first: Seq,
    /// The last entry's number.
    pub seq: Seq,
    /// How many messages there are up to it.
    pub posts: Posts,
}

/// A part of a log: `first..=last`, from the epochs that own it.
#[derive(Debug, Clone)]
pub struct Span {
    /// The room.
    pub room: RoomId,
    /// The first number.
    pub first: Seq,
    /// The last one.
    pub last: Seq,
    /// Which epoch owns which numbers.
    pub epochs: EpochList,
}

/// From which end a span is read. Rows come ascending in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The first rows of the span.
    Start,
    /// The last rows of the span.
    End,
}

/// How far a user has read a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadMarker {
    /// The room.
    pub room: RoomId,
    /// The user.
    pub user: UserId,
    /// The highest entry that they have read.
    pub seq: Seq,
    /// How many messages there are up to it.
    pub posts: Posts,
}

/// The message store.
#[async_trait]
pub trait Messages: Send + Sync {
    /// The id of this store's history, renewed by a restore.
    fn history(&self) -> Arc<str>;

    /// Raises the fences of shards. In the order asked for. Rooms stay dirty until the new owner says that they are clean.
    async fn take_over(&self, shards: &[ShardId]) -> EngineResult<Vec<TakenOver>>;

    /// Reads a room's end for its new owner, repairs it, and adds `(epoch, head + 1)` to its epoch list. Opening it again
    /// under the same epoch changes nothing.
    ///
    /// `Ok(None)`: the epoch is fenced.
    async fn open_room(&self, room: RoomId, epoch: Epoch, rows: usize) -> EngineResult<Option<Tail>>;

    /// Appends rows of rooms that were opened, those of each shard all or none. See [`Appended`]. Bounded: an engine that
    /// is behind answers late.
    fn append(&self, appends: Vec<Append>, done: AppendDone);

    /// Applies changes to messages' states, in any order and any number of times ([`projection`]); a deletion erases the
    /// bodies and salts of the message and of its edits as well. Changes to messages that are no longer there are
    /// ignored.
    async fn project(&self, room: RoomId, epoch: Epoch, changes: Vec<MessageChange>) -> EngineResult<()>;

    /// Everything projected up to now is durable: rooms of these shards that were marked dirty before this call, by this
    /// epoch or an earlier one, are clean, but for `still_dirty`. Nothing happens in shards whose epoch is fenced.
    async fn mark_clean(&self, shards: &[(ShardId, Epoch)], still_dirty: &[RoomId]) -> EngineResult<()>;

    /// Heads of rooms, in the order asked for; rooms that never had an entry are left out.
    async fn heads(&self, rooms: &[RoomId]) -> EngineResult<Vec<StoredHead>>;

    /// Up to `limit` rows of a span, at most [`READ_ROWS_MAX`].
    async fn read(&self, span: &Span, from: From, limit: usize) -> EngineResult<Vec<Row>>;

    /// The states of messages in a range that were ever changed, ascending; `reader`'s own reactions come apart.
    async fn states(&self, room: RoomId, first: Seq, last: Seq, reader: UserId)
    -> EngineResult<Vec<StateOf>>;

    /// States in a range whose last change was made by an entry above `after`, ascending by that entry, at most
    /// [`READ_ROWS_MAX`]: the last one's `changed_seq` is the next `after`.
    async fn changes(
        &self,
        room: RoomId,
        first: Seq,
        last: Seq,
        after: Seq,
        reader: UserId,
    ) -> EngineResult<Vec<StateOf>>;

    /// What an owner must know of the old message at the span's first number to let somebody change it; `None` if there
    /// is no such message.
    async fn message_facts(&self, span: &Span) -> EngineResult<Option<MessageFacts>>;

    /// Numbers of one sender's messages below `before`, descending.
    async fn by_sender(
        &self,
        room: RoomId,
        sender: UserId,
        before: Seq,
        limit: usize,
    ) -> EngineResult<Vec<Seq>>;

    /// The first lifecycle entries of a span, ascending.
    async fn lifecycle(&self, span: &Span, limit: usize) -> EngineResult<Vec<Entry>>;

    /// Stores read markers durably; lower ones than stored are ignored.
    /// Returns what is stored now, in the order given.
    async fn save_markers(&self, markers: Vec<ReadMarker>) -> EngineResult<Vec<ReadMarker>>;

    /// A user's read markers, of all their rooms.
    async fn markers_of_user(&self, user: UserId) -> EngineResult<Vec<ReadMarker>>;

    /// Read markers of a room, ascending by user, at most `limit`.
    async fn markers_of_room(&self, room: RoomId, limit: usize) -> EngineResult<Vec<ReadMarker>>;

    /// Moves the room's first entry, at most behind its head, and deletes what lies before it with its projections. An
    /// error, and nothing changes, if the epoch is fenced.
    async fn expire(&self, room: RoomId, epoch: Epoch, first: Seq) -> EngineResult<()>;

    /// Deletes everything of a room but its head, so that numbers never start again. An error, and nothing changes, if the
    /// epoch is fenced.
    async fn delete_room(&self, room: RoomId, epoch: Epoch) -> EngineResult<()>;

    /// The highest entry at or before a time, within a span, as times rise along a log: for retention. `None` if there is
    /// none. Where a clock was set back, any entry at or before the time whose next one is later may be meant.
    async fn last_before(&self, span: &Span, at: TimeMs) -> EngineResult<Option<Seq>>;
}

/// A message's state with the reader's own reactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateOf {
    /// The state.
    pub state: MessageState,
    /// The emoji that the reader reacted with.
    pub mine: Vec<String>,
}
