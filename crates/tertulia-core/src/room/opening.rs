//! How a room is opened: from its stored tail, with one read.

use std::collections::HashMap;

use crate::{
    entry::{Entry, EntryBody, EntryKind},
    ids::{Epoch, RoomId, Seq},
    row::{BadRow, Row, chain_start},
};

use super::{
    Cache, EpochList, Head, MEMBERS_CACHED_MAX, Moment, Room, RoomMeta, TARGETS_CACHED_MAX, Window,
    window::TAIL_REMEMBERED,
};

/// What the stores know of a room.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The room.
    pub room: RoomId,
    /// The epoch of its new owner.
    pub epoch: Epoch,
    /// Which epoch owns which numbers, the new owner's included.
    pub epochs: EpochList,
    /// The directory's row, if the room exists.
    pub meta: Option<RoomMeta>,
    /// The first entry that is still there; 1 in a fresh room.
    pub first: Seq,
    /// The head as kept for a log that was purged; `None` if the log has rows or never had any.
    pub purged: Option<Head>,
    /// The last rows, ascending and without gaps: [`TAIL_ENTRIES`](super::TAIL_ENTRIES) of them, or all there are.
    pub tail: Vec<Row>,
}

/// What an owner that died may have left undone: projections to be stored again before the room serves anybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repair {
    /// Entries that change state, ascending.
    pub entries: Vec<Entry>,
}

impl Room {
    /// Opens a room whose stored entries are all published.
    ///
    /// The [`Repair`] holds the tail's entries that change state; after a crash their projections are stored again
    /// first, and `meta` and members are read after that.
    pub fn open(opening: Opening) -> Result<(Self, Repair), BadRow> {
        let Opening { room, epoch, epochs, meta, first, purged, tail } = opening;
        let entries = tail.iter().map(Row::decode).collect::<Result<Vec<_>, _>>()?;
        check_numbers(&entries)?;
        let head = match (tail.last(), entries.last()) {
            (Some(row), Some(entry)) => Head { seq: entry.seq, posts: entry.posts, chain: row.chain()? },
            _ => purged.unwrap_or(Head { seq: 0, posts: 0, chain: chain_start(room) }),
        };
        let mut opened = Self {
            id: room,
            epoch,
            epochs,
            meta,
            first,
            created: 0,
            history_opened: 0,
            head,
            published: (head.seq, head.posts),
            window: Window::new(head.seq - entries.len() as u64, entries.len()),
            members: Cache::new(MEMBERS_CACHED_MAX),
            targets: Cache::new(TARGETS_CACHED_MAX),
            last_posts: HashMap::new(),
            moment: Moment::default(),
            unsent: Vec::new(),
        };
        for entry in &entries {
            opened.remember(entry);
        }
        opened.window.keep_last(TAIL_REMEMBERED);
        let changes_state = |entry: &Entry| entry.kind != EntryKind::Message;
        let entries = entries.into_iter().filter(changes_state).collect();
        Ok((opened, Repair { entries }))
    }

    /// Remembers an entry of the tail, whose outcome is in the directory already.
    fn remember(&mut self, entry: &Entry) {
        self.window.push(entry);
        self.touch(entry);
        match (&entry.body, entry.kind) {
            (_, EntryKind::Message) => self.note_post(entry.sender, entry.at),
            (Some(EntryBody::Changed { settings: Some(_), .. }), _) => self.last_posts.clear(),
            (_, EntryKind::Created) => {
                self.last_posts.clear();
                self.created = entry.seq;
                self.first = self.first.max(entry.seq);
            }
            _ => {}
        }
    }
}

/// Rows with gaps cannot be a log's end.
fn check_numbers(entries: &[Entry]) -> Result<(), BadRow> {
    let out_of_order =
        entries.windows(2).find(|two| two[0].seq.wrapping_add(1) != two[1].seq).map(|two| &two[1]);
    let too_low = entries.first().filter(|first| first.seq == 0);
    match out_of_order.or(too_low) {
        Some(entry) => Err(BadRow::Damaged { seq: entry.seq, what: "its number" }),
        None => Ok(()),
    }
}
