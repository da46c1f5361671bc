//! Reading what was said: pages, changes, one person's messages, lifecycle events.
//!
//! Only a grant decides what a reader may read: it is taken from the room's owner, at one instant, for every request.
//! What lies outside of it is not there. Nothing above the grant's `through` is read, whatever the store has.
//!
//! `page.rs` makes pages in both modes, `request.rs` checks what was asked for, `sender.rs` finds one person's messages.
//! [`Reader::entries`] is what the gateway catches up with, under a grant that it holds already.

mod page;
mod request;
mod sender;

use std::{sync::Arc, time::Duration};

use tertulia_core::{
    Entry, EntryKind, Posts, RoomId, Seq, TimeMs, UserId,
    room::Grant,
    row::{BadRow, Row},
};
use tertulia_ports::{
    EngineError, EngineResult,
    messages::{From as End, Messages, READ_ROWS_MAX, ReadMarker, Span, StateOf},
};
use tertulia_protocol::{ErrorDetail, entry};

pub use self::{
    page::Page,
    request::{PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX, PageMode, PageRequest, page_limit},
    sender::SentMessage,
};
use crate::{
    room::{Handle, RoomError},
    wire,
};

/// Why there is nothing to read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HistoryError {
    /// The room's owner says no, or nothing.
    #[error(transparent)]
    Room(#[from] RoomError),
    /// What was asked for makes no sense: says which field, and what it may be.
    #[error("{}", .0.detail)]
    Invalid(Box<ErrorDetail>),
    /// The store failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl HistoryError {
    /// The same as an error for clients.
    pub fn detail(&self) -> ErrorDetail {
        match self {
            Self::Room(error) => wire::room_error(error),
            Self::Invalid(detail) => (**detail).clone(),
            Self::Engine(error) => wire::engine_error(error),
        }
    }
}

/// What a request for changes is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// Changes are told up to this entry.
    pub through: Seq,
    /// The messages that changed.
    pub messages: Vec<entry::ChangedMessage>,
}

/// Reads history. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    messages: Arc<dyn Messages>,
    rooms: Handle,
}

impl Reader {
    /// A reader of this store, with grants from these rooms' owners.
    pub fn new(messages: Arc<dyn Messages>, rooms: Handle) -> Self {
        Self { messages, rooms }
    }

    /// A page of a room's history.
    pub async fn page(
        &self,
        reader: UserId,
        room: RoomId,
        request: &PageRequest,
    ) -> Result<Page, HistoryError> {
        let limit = page_limit(request.limit).map_err(HistoryError::Invalid)?;
        let grant = self.rooms.grant(reader, room).await?;
        self.page_of(&grant, reader, request, limit).await
    }

    /// Messages from `first` to `last` that entries above `after` changed. When there are very many, those of the
    /// lowest entries come, and `through` says where to go on.
    pub async fn changes(
        &self,
        reader: UserId,
        room: RoomId,
        (first, last): (Seq, Seq),
        after: Seq,
    ) -> Result<Changes, HistoryError> {
        let grant = self.rooms.grant(reader, room).await?;
        let (first, last) = (first.max(grant.first), last.min(grant.through));
        if first > last {
            return Ok(Changes { through: grant.through, messages: Vec::new() });
        }
        let states = self.messages.changes(room, first, last, after, reader).await?;
        self.confirm(&grant, reader, &states).await?;
        let through = match states.last() {
            Some(state) if states.len() >= READ_ROWS_MAX => state.state.changed_seq,
            _ => grant.through,
        };
        Ok(Changes { through, messages: states.iter().map(wire::changed_message).collect() })
    }

    /// The first lifecycle entries above `after`, and whether there may be more.
    pub async fn events(
        &self,
        reader: UserId,
        room: RoomId,
        after: Seq,
        limit: usize,
    ) -> Result<(Vec<entry::Entry>, bool), HistoryError> {
        let grant = self.rooms.grant(reader, room).await?;
        let Some(span) = span_of(&grant, after.saturating_add(1), grant.through) else {
            return Ok((Vec::new(), false));
        };
        let entries = self.messages.lifecycle(&span, limit).await?;
        Ok((entries.iter().map(wire::entry).collect(), entries.len() == limit))
    }

    /// Up to `limit` entries of a span that somebody holds a grant for, ascending.
    pub async fn entries(&self, span: &Span, from: End, limit: usize) -> EngineResult<Vec<Entry>> {
        let rows = self.messages.read(span, from, limit.min(READ_ROWS_MAX)).await?;
        decode(&rows)
    }

    /// How far a user has read a room, as their unread count goes by: not below what has expired or was never theirs to
    /// read, and past messages of their own that they sent when everything before them was read. Nothing is looked up
    /// where nothing is unread.
    pub async fn read_mark(
        &self,
        grant: &Grant,
        user: UserId,
        marker: Option<ReadMarker>,
    ) -> EngineResult<(Seq, Posts)> {
        let (seq, posts) = marker.map_or((0, 0), |marker| (marker.seq, marker.posts));
        if posts >= grant.posts {
            return Ok((seq, grant.posts));
        }
        if grant.first > grant.through {
            return Ok((seq.max(grant.through), grant.posts));
        }
        let mark = match seq < grant.first && grant.first > 1 {
            true => self.before_first(grant).await?,
            false => (seq, posts),
        };
        self.past_own(grant, user, mark).await
    }

    /// The mark before what is left of a grant: more may have expired since it was given.
    async fn before_first(&self, grant: &Grant) -> EngineResult<(Seq, Posts)> {
        let Some(span) = span_of(grant, grant.first, grant.through) else {
            return Ok((grant.through, grant.posts));
        };
        let entries = self.entries(&span, End::Start, 1).await?;
        let before = |entry: &Entry| entry.posts.saturating_sub(u64::from(entry.kind == EntryKind::Message));
        Ok(entries.first().map_or((grant.through, grant.posts), |entry| (entry.seq - 1, before(entry))))
    }

    /// The mark behind the user's own messages that follow it. Where there are many of them, it is stored, so that they
    /// are not looked through again.
    async fn past_own(
        &self,
        grant: &Grant,
        user: UserId,
        mut mark: (Seq, Posts),
    ) -> EngineResult<(Seq, Posts)> {
        let start = mark.0;
        let (mut next, mut rows) = (start + 1, OWN_ROWS_FEW);
        let mut is_own = true;
        while is_own && mark.1 < grant.posts {
            let Some(span) = span_of(grant, next, grant.through) else { break };
            let entries = self.entries(&span, End::Start, rows).await?;
            let Some(last) = entries.last() else { break };
            (next, rows) = (last.seq + 1, READ_ROWS_MAX);
            for message in entries.iter().filter(|entry| entry.kind == EntryKind::Message) {
                is_own = message.sender == user;
                if !is_own {
                    break;
                }
                mark = (message.seq, message.posts);
            }
        }
        let (seq, posts) = mark;
        if seq > start + OWN_ROWS_FEW as Seq {
            self.messages.save_markers(vec![ReadMarker { room: grant.room, user, seq, posts }]).await?;
        }
        Ok(mark)
    }

    /// The last message of a room among its last entries, with its state, and when something last happened there.
    pub async fn last_message(&self, grant: &Grant, reader: UserId) -> Result<Preview, HistoryError> {
        let Some(span) = span_of(grant, 1, grant.through) else { return Ok(Preview::default()) };
        for rows in [PREVIEW_ROWS_FEW, PREVIEW_ROWS_MANY] {
            let entries = self.entries(&span, End::End, rows).await?;
            let at = entries.last().map(|entry| entry.at);
            let message = entries.iter().rev().find(|entry| entry.kind == EntryKind::Message);
            if let Some(message) = message {
                let states = self.messages.states(grant.room, message.seq, message.seq, reader).await?;
                self.confirm(grant, reader, &states).await?;
                return Ok(Preview {
                    message: Some(wire::entry_with_state(message, states.first(), reader)),
                    at,
                });
            }
            if entries.len() < rows {
                return Ok(Preview { message: None, at });
            }
        }
        Ok(Preview::default())
    }

    /// Makes sure that states read after the grant was taken show nothing that the reader may not see: those changed
    /// above `through` may belong to a time after a ban. Whoever gets a grant up to the change was still allowed to see
    /// it. An owner that has lost the shard gives none that goes so far; one that is about to publish the change does.
    async fn confirm(&self, grant: &Grant, reader: UserId, states: &[StateOf]) -> Result<(), HistoryError> {
        let changed = states.iter().map(|state| state.state.changed_seq).max().unwrap_or(0);
        let mut through = grant.through;
        for again in 0..CONFIRM_TRIES {
            if changed <= through {
                return Ok(());
            }
            if again > 0 {
                tokio::time::sleep(CONFIRM_PAUSE).await;
            }
            through = self.rooms.grant(reader, grant.room).await?.through;
        }
        match changed <= through {
            true => Ok(()),
            false => Err(RoomError::Unavailable.into()),
        }
    }
}

/// How often a grant is asked for again that must go up to a change which its owner is about to publish.
const CONFIRM_TRIES: u32 = 5;
/// The pause between two of them.
const CONFIRM_PAUSE: Duration = Duration::from_millis(20);

/// How many entries after a read marker are looked at first: mostly somebody else's message is among them.
const OWN_ROWS_FEW: usize = 8;

/// How many entries are looked through for the last message: mostly it is among the last few.
const PREVIEW_ROWS_FEW: usize = 4;
/// How many if it is not.
const PREVIEW_ROWS_MANY: usize = 64;

/// What a room list shows of what was said.
#[derive(Debug, Clone, Default)]
pub struct Preview {
    /// The last message, if it is among the last entries.
    pub message: Option<entry::Entry>,
    /// When the last entry was numbered.
    pub at: Option<TimeMs>,
}

/// The part of a grant from `first` to `last`; `None` if there is nothing in it.
fn span_of(grant: &Grant, first: Seq, last: Seq) -> Option<Span> {
    let (first, last) = (first.max(grant.first).max(1), last.min(grant.through));
    (first <= last).then(|| Span { room: grant.room, first, last, epochs: grant.epochs.clone() })
}

fn decode(rows: &[Row]) -> EngineResult<Vec<Entry>> {
    let damaged = |bad: BadRow| EngineError::new("messages", bad);
    rows.iter().map(|row| row.decode().map_err(damaged)).collect()
}

#[cfg(test)]
mod tests;
