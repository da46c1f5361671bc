//! What is read, on the caller's thread.

use std::{ops::RangeInclusive, sync::Arc};

use tertulia_core::{
    Entry, EntryKind, Epoch, Posts, RoomId, Seq, TimeMs, UserId,
    room::{Head, MessageFacts, owning_epoch},
    row::{BadRow, Row},
};
use tertulia_ports::messages::{
    From, READ_ROWS_MAX, ReadMarker, Span, StateOf, StoredHead,
    projection::{StoredReaction, StoredState},
};

use super::{
    Fault,
    keys::{self, Kind, StoredRoom, Value},
    store::{Direction, Shared, View},
};

/// Reads from the store.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
}

/// What a read answers.
pub type Read<T> = Result<T, ReadError>;

/// Why a read has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store could not.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A row is none.
    #[error(transparent)]
    Row(#[from] BadRow),
}

/// A value that was written by something else than this program.
pub fn bad_value(what: &str) -> Fault {
    Fault::Foreign { what: what.to_owned() }
}

/// A row from its parts.
pub fn row_of(seq: Seq, epoch: Epoch, bytes: Vec<u8>) -> Row {
    Row { seq, epoch, bytes }
}

impl Reader {
    /// A reader of this store.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Heads of rooms that have one.
    pub fn heads(&self, rooms: &[RoomId]) -> Read<Vec<StoredHead>> {
        let view = self.shared.view();
        let mut heads = Vec::with_capacity(rooms.len());
        for room in rooms {
            let Some(Head { seq, posts, .. }) = get(&view, &keys::head(*room))? else { continue };
            let Some(StoredRoom { first, epochs }) = get(&view, &keys::room(*room))? else { continue };
            heads.push(StoredHead { room: *room, epochs: epochs.into(), first, seq, posts });
        }
        Ok(heads)
    }

    /// Rows of a span, ascending.
    pub fn rows(&self, span: &Span, from: From, limit: usize) -> Read<Vec<Row>> {
        let mut rows = Vec::new();
        if span.first > span.last {
            return Ok(rows);
        }
        let direction = match from {
            From::Start => Direction::Up,
            From::End => Direction::Down,
        };
        let range = keys::between(Kind::Entry, &[span.room.get()], span.first, span.last);
        let mut entries = self.shared.view().range(&range, direction);
        while rows.len() < limit
            && let Some((key, bytes)) = entries.next()?
        {
            let (seq, epoch) = keys::entry_of(&key).ok_or_else(|| bad_value("an entry's key"))?;
            if owning_epoch(&span.epochs, seq) == Some(epoch) {
                rows.push(row_of(seq, epoch, bytes));
            }
        }
        if direction == Direction::Down {
            rows.reverse();
        }
        Ok(rows)
    }

    fn row(view: &View, span: &Span, seq: Seq) -> Read<Option<Row>> {
        let Some(epoch) = owning_epoch(&span.epochs, seq) else { return Ok(None) };
        Ok(view.get(&keys::entry(span.room, seq, epoch))?.map(|bytes| row_of(seq, epoch, bytes)))
    }

    /// States of messages in a range, ascending.
    pub fn states(&self, room: RoomId, first: Seq, last: Seq, reader: UserId) -> Read<Vec<StateOf>> {
        let mut states = Vec::new();
        if first > last {
            return Ok(states);
        }
        let view = self.shared.view();
        let mut stored = view.range(&keys::between(Kind::State, &[room.get()], first, last), Direction::Up);
        while let Some((_, value)) = stored.next()? {
            let stored = StoredState::decode(&value).ok_or_else(|| bad_value("a message's state"))?;
            states.push(state_of(&view, room, stored, reader)?);
        }
        Ok(states)
    }

    /// States in a range that changed after an entry, ascending by what changed them.
    pub fn changes(
        &self,
        room: RoomId,
        range: RangeInclusive<Seq>,
        after: Seq,
        reader: UserId,
    ) -> Read<Vec<StateOf>> {
        let mut states = Vec::new();
        let Some(from) = after.checked_add(1) else { return Ok(states) };
        let view = self.shared.view();
        let mut changed =
            view.range(&keys::between(Kind::Changed, &[room.get()], from, Seq::MAX), Direction::Up);
        while states.len() < READ_ROWS_MAX
            && let Some((key, _)) = changed.next()?
        {
            let seq = keys::number(&key, 2).ok_or_else(|| bad_value("a changed message's key"))?;
            if range.contains(&seq)
                && let Some(stored) = get(&view, &keys::state(room, seq))?
            {
                states.push(state_of(&view, room, stored, reader)?);
            }
        }
        Ok(states)
    }

    /// What an owner must know of an old message.
    pub fn message_facts(&self, span: &Span) -> Read<Option<MessageFacts>> {
        let view = self.shared.view();
        let Some(row) = Self::row(&view, span, span.first)? else { return Ok(None) };
        let entry = row.header()?;
        if entry.kind != EntryKind::Message {
            return Ok(None);
        }
        let state = get::<StoredState>(&view, &keys::state(span.room, entry.seq))?.unwrap_or_default().state;
        let reactions = state.reactions.into_iter().map(|kind| kind.emoji).collect();
        let (deleted, edits) = (state.deleted.is_some(), state.edits.len() as u32);
        Ok(Some(MessageFacts { sender: entry.sender, deleted, edits, reactions }))
    }

    /// Numbers of one sender's messages below `before`, descending.
    pub fn by_sender(&self, room: RoomId, sender: UserId, before: Seq, limit: usize) -> Read<Vec<Seq>> {
        let mut numbers = Vec::new();
        let Some(last) = before.checked_sub(1) else { return Ok(numbers) };
        let range = keys::between(Kind::Sent, &[room.get(), sender.get()], 0, last);
        let mut sent = self.shared.view().range(&range, Direction::Down);
        while numbers.len() < limit
            && let Some((key, _)) = sent.next()?
        {
            numbers.push(keys::number(&key, 2).ok_or_else(|| bad_value("a sent message's key"))?);
        }
        Ok(numbers)
    }

    /// The first lifecycle entries of a span.
    pub fn lifecycle(&self, span: &Span, limit: usize) -> Read<Vec<Entry>> {
        let mut entries = Vec::new();
        if span.first > span.last {
            return Ok(entries);
        }
        let view = self.shared.view();
        let range = keys::between(Kind::Lifecycle, &[span.room.get()], span.first, span.last);
        let mut numbers = view.range(&range, Direction::Up);
        while entries.len() < limit
            && let Some((key, _)) = numbers.next()?
        {
            let seq = keys::number(&key, 1).ok_or_else(|| bad_value("a lifecycle entry's key"))?;
            if let Some(row) = Self::row(&view, span, seq)? {
                entries.push(row.decode()?);
            }
        }
        Ok(entries)
    }

    /// A user's read markers.
    pub fn markers_of_user(&self, user: UserId) -> Read<Vec<ReadMarker>> {
        let mut stored = self.shared.view().range(&keys::all(Kind::Marker, &[user.get()]), Direction::Up);
        let mut markers = Vec::new();
        while let Some((key, value)) = stored.next()? {
            let room = keys::number(&key, 1).map(RoomId::new);
            markers.extend(room.and_then(|room| marker(room, user, &value)));
        }
        Ok(markers)
    }

    /// A room's read markers, ascending by user.
    pub fn markers_of_room(&self, room: RoomId, limit: usize) -> Read<Vec<ReadMarker>> {
        let mut stored = self.shared.view().range(&keys::all(Kind::Reader, &[room.get()]), Direction::Up);
        let mut markers = Vec::new();
        while markers.len() < limit
            && let Some((key, value)) = stored.next()?
        {
            let user = keys::number(&key, 1).map(UserId::new);
            markers.extend(user.and_then(|user| marker(room, user, &value)));
        }
        Ok(markers)
    }

    /// The highest entry of a span at or before a time: halves the span, since times rise along a log.
    pub fn last_before(&self, span: &Span, at: TimeMs) -> Read<Option<Seq>> {
        let Some(first) = self.rows(span, From::Start, 1)?.pop() else { return Ok(None) };
        if first.header()?.at > at {
            return Ok(None);
        }
        let view = self.shared.view();
        let (mut before, mut after) = (first.seq, span.last.saturating_add(1));
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            match Self::row(&view, span, middle)? {
                Some(row) if row.header()?.at <= at => before = middle,
                // Beyond the end of the log, or later.
                _ => after = middle,
            }
        }
        Ok(Some(before))
    }
}

fn get<V: Value>(view: &View, key: &[u8]) -> Read<Option<V>> {
    let Some(bytes) = view.get(key)? else { return Ok(None) };
    Ok(Some(V::decode(&bytes).ok_or_else(|| bad_value("a value"))?))
}

fn state_of(view: &View, room: RoomId, stored: StoredState, reader: UserId) -> Read<StateOf> {
    let mut mine = Vec::new();
    if !stored.state.reactions.is_empty() {
        let range =
            keys::between(Kind::Reaction, &[room.get(), stored.state.seq], reader.get(), reader.get());
        let mut reactions = view.range(&range, Direction::Up);
        while let Some((key, value)) = reactions.next()? {
            let is_on = StoredReaction::decode(&value).is_some_and(|reaction| reaction.on);
            mine.extend(keys::reaction_emoji(&key).filter(|_| is_on).map(str::to_owned));
        }
    }
    Ok(StateOf { state: stored.state, mine })
}

fn marker(room: RoomId, user: UserId, value: &[u8]) -> Option<ReadMarker> {
    let (seq, posts) = <(Seq, Posts)>::decode(value)?;
    Some(ReadMarker { room, user, seq, posts })
}
