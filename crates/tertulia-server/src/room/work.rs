//! What an owner has done by others: everything that waits for a store or the directory.
//!
//! The state machine says *what* ([`Work`]), this says *how*, and the outcome comes back as [`Finished`]. The shard loop
//! runs [`perform`] on the runtime, the simulation whenever it likes.

use std::sync::Arc;

use tertulia_core::{
    Attachment, Entry, EntryBody, EntryKind, Epoch, Member, RoomId, Seq, ShardId, TimeMs, UploadId, UserId,
    message::{Deleted, MessageChange, MessageChangeKind},
    room::{HistoryPolicy, MessageFacts, Moment, Opening, Room, TAIL_ENTRIES, UNPUBLISHED_MAX},
};
use tertulia_ports::{
    EngineError, EngineResult,
    directory::{Directory, FeedChange, NotHeld},
    messages::{From, Messages, ReadMarker, Span, StoredHead, TakenOver},
    presence::PresenceStore,
};

/// How many read markers an opened room tells.
const MARKERS_TOLD_MAX: usize = 200;

/// When a room asked for something: an answer from before another ownership, or from before the room forgot something,
/// is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The epoch under which it is open.
    pub epoch: Epoch,
    /// The moment in its life.
    pub moment: Moment,
}

/// What an owner needs to have done.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "fields are the ids and spans that the sentences name")]
pub enum Work {
    /// Raise the fences of shards.
    TakeOver(Vec<ShardId>),
    /// Read a room's tail and what the directory knows of it; with `repair`, project the tail's entries again first.
    Open { room: RoomId, epoch: Epoch, repair: bool },
    /// Look a person's standing up.
    Member { room: RoomId, asked: Asked, user: UserId },
    /// Look an old message up.
    Message { asked: Asked, span: Span },
    /// Keep uploads for a message, and look up what it says of them.
    Hold { request: u64, user: UserId, uploads: Vec<UploadId>, until: TimeMs },
    /// Store what committed entries of a room change.
    Project { room: RoomId, epoch: Epoch, entries: Vec<Entry> },
    /// Read how a user stands in rooms, and how far those go.
    Standings { request: u64, user: UserId, rooms: Vec<RoomId> },
    /// Read how far rooms go, for a gateway that says what it has.
    Heads { request: u64, rooms: Vec<RoomId> },
    /// Read entries that wait to be broadcast.
    Queue { span: Span, limit: usize },
    /// Store a read marker at the start of what is left to read. Unless that is nothing, its posts are read from the log.
    Mark { request: u64, user: UserId, unread: Span, published: (Seq, u64) },
    /// Read how far members have read, and which of those who have the room open are here, as far as a reader may see it.
    Markers { request: u64, room: RoomId, reader: UserId, open: Vec<UserId> },
    /// Find what has expired, and delete it.
    Expire { request: u64, span: Span, epoch: Epoch, before: TimeMs },
    /// Delete a room's log.
    Delete { room: RoomId, epoch: Epoch },
    /// Rooms of these shards have their projections stored.
    Clean { shards: Vec<(ShardId, Epoch)>, still_dirty: Vec<RoomId> },
    /// Look whether a room's shard is still ours.
    Check { request: u64, room: RoomId, epoch: Epoch },
    /// Store who has rooms open.
    SaveActive(Vec<(RoomId, Vec<UserId>)>),
}

/// What became of it.
#[derive(Debug)]
#[expect(missing_docs, reason = "as in Work")]
pub enum Finished {
    TakeOver(Vec<TakenOver>),
    /// `None`: fenced.
    Open {
        room: RoomId,
        opening: Option<Box<Opening>>,
        feeds: Vec<FeedChange>,
    },
    Member {
        room: RoomId,
        asked: Asked,
        user: UserId,
        member: Member,
    },
    Message {
        room: RoomId,
        asked: Asked,
        seq: Seq,
        facts: Option<MessageFacts>,
    },
    Hold {
        request: u64,
        held: Result<Vec<Attachment>, NotHeld>,
    },
    Project {
        room: RoomId,
        through: Seq,
        feeds: Vec<FeedChange>,
    },
    Standings {
        request: u64,
        standings: Vec<StandingOf>,
    },
    Heads {
        request: u64,
        heads: Vec<StoredHead>,
    },
    Queue {
        room: RoomId,
        entries: Vec<Entry>,
    },
    Mark {
        request: u64,
        marker: ReadMarker,
        /// Whether the reader shows others how far they have read.
        shown: bool,
    },
    Markers {
        request: u64,
        markers: Vec<ReadMarker>,
        /// How many the reader may see of those who have the room open.
        active: u64,
    },
    Expire {
        request: u64,
        room: RoomId,
        first: Option<Seq>,
    },
    Delete {
        room: RoomId,
    },
    /// Somebody else owns the room's shard.
    Fenced {
        room: RoomId,
        epoch: Epoch,
    },
    Check {
        request: u64,
        is_ours: bool,
    },
    Clean,
    SaveActive,
    /// It was not done. Worth another try.
    Failed {
        work: Work,
        error: EngineError,
    },
}

/// How a user stands in a room that may not be open.
#[derive(Debug, Clone)]
pub struct StandingOf {
    /// The room.
    pub room: RoomId,
    /// How they stand.
    pub member: Member,
    /// What newcomers may read; `None` if there is no such room.
    pub history: Option<HistoryPolicy>,
    /// How far the room goes; `None` if it has no entries.
    pub head: Option<StoredHead>,
}

/// Where work is done.
#[derive(Clone)]
pub struct Places {
    /// The message store.
    pub messages: Arc<dyn Messages>,
    /// The directory.
    pub directory: Arc<dyn Directory>,
    /// Who is online.
    pub presence: Arc<dyn PresenceStore>,
}

/// Does a piece of work.
pub async fn perform(places: &Places, work: Work) -> Finished {
    match try_perform(places, &work).await {
        Ok(finished) => finished,
        Err(error) => Finished::Failed { work, error },
    }
}

async fn try_perform(places: &Places, work: &Work) -> EngineResult<Finished> {
    let messages = &places.messages;
    Ok(match work {
        Work::TakeOver(shards) => Finished::TakeOver(messages.take_over(shards).await?),
        Work::Open { room, epoch, repair } => open(places, *room, *epoch, *repair).await?,
        Work::Member { room, asked, user } => {
            let member = places.directory.member(*room, *user).await?;
            Finished::Member { room: *room, asked: *asked, user: *user, member }
        }
        Work::Message { asked, span } => {
            let facts = messages.message_facts(span).await?;
            Finished::Message { room: span.room, asked: *asked, seq: span.first, facts }
        }
        Work::Hold { request, user, uploads, until } => {
            let held = places.directory.hold_uploads(*user, uploads, *until).await?;
            Finished::Hold { request: *request, held }
        }
        Work::Project { room, epoch, entries } => {
            let feeds = project(places, *room, *epoch, entries).await?;
            Finished::Project { room: *room, through: entries.last().map_or(0, |entry| entry.seq), feeds }
        }
        Work::Standings { request, user, rooms } => {
            Finished::Standings { request: *request, standings: standings(places, *user, rooms).await? }
        }
        Work::Heads { request, rooms } => {
            Finished::Heads { request: *request, heads: messages.heads(rooms).await? }
        }
        Work::Queue { span, limit } => {
            let rows = messages.read(span, From::Start, *limit).await?;
            let entries = rows.iter().map(|row| row.decode()).collect::<Result<_, _>>();
            Finished::Queue { room: span.room, entries: entries.map_err(damaged)? }
        }
        Work::Mark { request, user, unread, published } => {
            let marker = save_marker(places, *user, unread, *published).await?;
            let shown = places.directory.without_receipts(&[*user]).await?.is_empty();
            Finished::Mark { request: *request, marker, shown }
        }
        Work::Markers { request, room, reader, open } => {
            let markers = receipts(places, *room, *reader).await?;
            let sights = places.directory.sights(*reader, open).await?;
            let active = sights.iter().filter(|sight| sight.presence).count() as u64;
            Finished::Markers { request: *request, markers, active }
        }
        Work::Expire { request, span, epoch, before } => {
            let last = messages.last_before(span, *before).await?;
            if let Some(last) = last {
                messages.expire(span.room, *epoch, last + 1).await?;
            }
            // After it: who is not the owner any more has been refused by then.
            places.directory.expire_files(span.room, last.map_or(span.first, |last| last + 1)).await?;
            Finished::Expire { request: *request, room: span.room, first: last.map(|last| last + 1) }
        }
        Work::Delete { room, epoch } => delete(messages, *room, *epoch).await?,
        Work::Check { request, room, epoch } => {
            let is_ours = messages.open_room(*room, *epoch, 1).await?.is_some();
            Finished::Check { request: *request, is_ours }
        }
        Work::Clean { shards, still_dirty } => {
            messages.mark_clean(shards, still_dirty).await?;
            Finished::Clean
        }
        Work::SaveActive(rooms) => {
            for (room, users) in rooms {
                places.presence.save_active(*room, users).await?;
            }
            Finished::SaveActive
        }
    })
}

/// How far members have read, as far as a reader may see it: who shows none sees none.
async fn receipts(places: &Places, room: RoomId, reader: UserId) -> EngineResult<Vec<ReadMarker>> {
    let mut markers = places.messages.markers_of_room(room, MARKERS_TOLD_MAX).await?;
    let users: Vec<_> = markers.iter().map(|marker| marker.user).chain([reader]).collect();
    let without = places.directory.without_receipts(&users).await?;
    let sees = !without.contains(&reader);
    markers.retain(|marker| marker.user == reader || sees && !without.contains(&marker.user));
    Ok(markers)
}

async fn open(places: &Places, room: RoomId, epoch: Epoch, repair: bool) -> EngineResult<Finished> {
    let rows = if repair { UNPUBLISHED_MAX } else { TAIL_ENTRIES };
    let Some(tail) = places.messages.open_room(room, epoch, rows).await? else {
        return Ok(Finished::Open { room, opening: None, feeds: Vec::new() });
    };
    let mut opening = Opening {
        room,
        epoch,
        epochs: tail.epochs,
        meta: None,
        first: tail.first,
        purged: tail.head,
        tail: tail.rows,
    };
    let mut feeds = Vec::new();
    if repair {
        let (_, repair) = Room::open(opening.clone()).map_err(damaged)?;
        feeds = project(places, room, epoch, &repair.entries).await?;
        // The log of a deleted room goes with it, also when its owner died between the two.
        if repair.entries.last().is_some_and(|entry| entry.body == Some(EntryBody::RoomDeleted)) {
            places.messages.delete_room(room, epoch).await?;
            opening.tail.clear();
        }
    }
    opening.meta = places.directory.room(room).await?.map(|record| record.meta);
    Ok(Finished::Open { room, opening: Some(Box::new(opening)), feeds })
}

/// Deletes a room's log. What failed is done again as long as the shard is ours.
async fn delete(messages: &Arc<dyn Messages>, room: RoomId, epoch: Epoch) -> EngineResult<Finished> {
    match messages.delete_room(room, epoch).await {
        Ok(()) => Ok(Finished::Delete { room }),
        Err(error) => match messages.open_room(room, epoch, 1).await? {
            Some(_) => Err(error),
            None => Ok(Finished::Fenced { room, epoch }),
        },
    }
}

/// Stores what entries change: messages' states first, then rooms and memberships. Safe to repeat.
async fn project(
    places: &Places,
    room: RoomId,
    epoch: Epoch,
    entries: &[Entry],
) -> EngineResult<Vec<FeedChange>> {
    let changes: Vec<MessageChange> = entries.iter().filter_map(message_change).collect();
    if !changes.is_empty() {
        places.messages.project(room, epoch, changes).await?;
    }
    // Who comes in has nothing to catch up with: unread is what was said since.
    let markers: Vec<ReadMarker> =
        entries.iter().filter_map(|entry| marker_of_newcomer(room, entry)).collect();
    if !markers.is_empty() {
        places.messages.save_markers(markers).await?;
    }
    match entries.iter().any(changes_directory) {
        true => places.directory.apply(room, epoch, entries).await,
        false => Ok(Vec::new()),
    }
}

/// Whether the directory has something to do with an entry.
fn changes_directory(entry: &Entry) -> bool {
    entry.kind.is_lifecycle() || entry.kind == EntryKind::Delete || has_attachments(entry)
}

/// Whether an entry is a message that carries files.
pub(super) fn has_attachments(entry: &Entry) -> bool {
    entry.body.as_ref().is_some_and(|body| !body.attachments().is_empty())
}

fn marker_of_newcomer(room: RoomId, entry: &Entry) -> Option<ReadMarker> {
    match entry.body {
        Some(EntryBody::Entered { user, .. }) => {
            Some(ReadMarker { room, user, seq: entry.seq, posts: entry.posts })
        }
        _ => None,
    }
}

fn message_change(entry: &Entry) -> Option<MessageChange> {
    let kind = match entry.body.as_ref()? {
        EntryBody::Edit { text, .. } => MessageChangeKind::Edited { text: text.clone(), at: entry.at },
        EntryBody::Delete { reason, .. } => {
            MessageChangeKind::Deleted(Deleted { by: entry.sender, at: entry.at, reason: reason.clone() })
        }
        EntryBody::Reaction { emoji, on, .. } => {
            MessageChangeKind::Reacted { user: entry.sender, emoji: emoji.clone(), on: *on }
        }
        _ => return None,
    };
    Some(MessageChange { seq: entry.body.as_ref()?.target()?, by_seq: entry.seq, kind })
}

async fn standings(places: &Places, user: UserId, rooms: &[RoomId]) -> EngineResult<Vec<StandingOf>> {
    let members = places.directory.standings(user, rooms).await?;
    let mut heads = places.messages.heads(rooms).await?.into_iter().peekable();
    let mut standings = Vec::with_capacity(rooms.len());
    for (room, member) in rooms.iter().zip(members) {
        // Only members need to know more of the room.
        let history = match member.role() {
            Some(_) => places.directory.room(*room).await?.map(|record| record.meta.settings.history),
            None => None,
        };
        let head = heads.next_if(|head| head.room == *room);
        standings.push(StandingOf { room: *room, member, history, head });
    }
    Ok(standings)
}

/// Stores how far somebody has read, and tells how far that is now.
async fn save_marker(
    places: &Places,
    user: UserId,
    unread: &Span,
    published: (Seq, u64),
) -> EngineResult<ReadMarker> {
    let (seq, posts) = read_up_to(places, unread, published).await?;
    let marker = ReadMarker { room: unread.room, user, seq, posts };
    let saved = places.messages.save_markers(vec![marker]).await?;
    Ok(saved.first().copied().unwrap_or(marker))
}

/// The entry before the first that is left to read, and how many posts there are up to it. Who has read up to an entry that
/// expired has read all that expired with it.
async fn read_up_to(places: &Places, unread: &Span, published: (Seq, u64)) -> EngineResult<(Seq, u64)> {
    if unread.first > published.0 {
        return Ok(published);
    }
    let rows = places.messages.read(unread, From::Start, 1).await?;
    let Some(row) = rows.first() else { return Ok(published) };
    let header = row.header().map_err(damaged)?;
    let is_message = header.kind == EntryKind::Message;
    Ok((row.seq - 1, header.posts - u64::from(is_message)))
}

fn damaged(error: impl std::fmt::Display) -> EngineError {
    EngineError::new("messages", error)
}
