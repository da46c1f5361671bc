//! What the rooms' logs are: first as they were read back in the end, then as anybody ever saw them. Everything that was
//! seen has to fit into one log.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_client::outbox::Post;
use tertulia_protocol::{
    entry::{Entry, EntryBody},
    ids::{RoomId, Seq, TimeMs, UserId},
    room::HistoryPolicy,
};

use super::{
    Invariant, Violation,
    record::{Record, What},
    retention::Cuts,
};

/// One room's log.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Entries by number, with their body if anybody saw it.
    pub entries: BTreeMap<Seq, Entry>,
    /// The last number when it was read back in the end; none if nobody could read it.
    pub through: Option<Seq>,
    /// The last entry that may have expired by right.
    pub may_have_expired: Seq,
    /// The last entry that has to be gone after the sweep.
    pub has_expired: Seq,
    /// Messages and edits whose body is erased by right.
    erased: BTreeSet<Seq>,
}

/// When somebody was in a room: from this entry to that one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    pub from: Seq,
    pub from_at: TimeMs,
    /// The entry that ended it; `None` while it lasts.
    pub to: Option<Seq>,
}

/// All logs.
#[derive(Debug, Default)]
pub(super) struct Truth {
    pub rooms: BTreeMap<RoomId, Log>,
}

impl Truth {
    pub fn of(records: &[Record], violations: &mut Vec<Violation>) -> Self {
        let mut truth = Self::default();
        truth.find_deletions(records);
        truth.find_deleted_edits(records);
        for record in records {
            if let What::Log { room, first, through, entries } = &record.what {
                truth.read_back(*room, *first, *through, entries, violations);
            }
        }
        for record in records {
            if let What::Heard { room, entry, .. } = &record.what {
                truth.heard(*room, entry, record, violations);
            }
        }
        let cuts = Cuts::of(records, truth.rooms.keys().copied());
        for (room, log) in &mut truth.rooms {
            log.check_numbers(*room, violations);
            log.may_have_expired = cuts.may.get(room).map_or(0, |cut| log.before_first_after(*cut));
            log.has_expired = cuts.must.get(room).map_or(0, |cut| log.last_before(*cut));
        }
        truth
    }

    /// Bodies may be erased once a deletion of them was seen by anybody; the edits of a deleted message go with it.
    fn find_deletions(&mut self, records: &[Record]) {
        for (room, entry) in all_seen(records) {
            if let EntryBody::Delete { of, .. } = &entry.body {
                self.rooms.entry(room).or_default().erased.insert(*of);
            }
        }
        for (room, entry) in all_seen(records) {
            if let EntryBody::Edit { of, .. } = &entry.body
                && let Some(log) = self.rooms.get_mut(&room)
                && log.erased.contains(of)
            {
                log.erased.insert(entry.seq);
            }
        }
    }

    /// Of an edit that went with its message before anybody saw it, only who sent it tells that it was one of that message.
    fn find_deleted_edits(&mut self, records: &[Record]) {
        let mut editors: BTreeSet<(RoomId, UserId)> = BTreeSet::new();
        for record in records {
            if let What::Tried { room, post: Post::Edit { of, .. }, .. } = &record.what
                && self.rooms.get(room).is_some_and(|log| log.erased.contains(of))
            {
                editors.insert((*room, record.user));
            }
        }
        for (room, entry) in all_seen(records) {
            if matches!(&entry.body, EntryBody::Erased { was } if was == "edit")
                && entry.by.is_some_and(|by| editors.contains(&(room, by)))
            {
                self.rooms.entry(room).or_default().erased.insert(entry.seq);
            }
        }
    }

    fn read_back(
        &mut self,
        room: RoomId,
        first: Seq,
        through: Seq,
        entries: &[Entry],
        violations: &mut Vec<Violation>,
    ) {
        let expected: Vec<Seq> = (first.max(1)..=through).collect();
        let numbers: Vec<Seq> = entries.iter().map(|entry| entry.seq).collect();
        if numbers != expected {
            let what = format!("reading {first}..={through} gave the numbers {}", shorten(&numbers));
            violations.push(Violation { invariant: Invariant::Numbers, room: Some(room), what });
        }
        let log = self.rooms.entry(room).or_default();
        log.through = log.through.max(Some(through));
        for entry in entries {
            log.add(room, entry, Invariant::Numbers, "read back", violations);
        }
    }

    fn heard(&mut self, room: RoomId, entry: &Entry, record: &Record, violations: &mut Vec<Violation>) {
        let log = self.rooms.entry(room).or_default();
        if log.through.is_some_and(|through| entry.seq > through) {
            let what =
                format!("{} heard entry {}, which is not in the log in the end", record.user, entry.seq);
            violations.push(Violation { invariant: Invariant::Lasting, room: Some(room), what });
        }
        log.add(room, entry, Invariant::Lasting, "heard", violations);
    }
}

impl Log {
    fn add(
        &mut self,
        room: RoomId,
        entry: &Entry,
        invariant: Invariant,
        how: &str,
        violations: &mut Vec<Violation>,
    ) {
        let is_erased = matches!(entry.body, EntryBody::Erased { .. });
        if is_erased && !self.erased.contains(&entry.seq) {
            let what = format!("entry {} was {how} as erased, and nobody deleted it", entry.seq);
            violations.push(Violation { invariant: Invariant::Acked, room: Some(room), what });
        }
        let Some(known) = self.entries.get_mut(&entry.seq) else {
            self.entries.insert(entry.seq, Entry { state: None, ..entry.clone() });
            return;
        };
        let known_is_erased = matches!(known.body, EntryBody::Erased { .. });
        let same = (known.seq, known.posts, known.by, known.at, kind(&known.body))
            == (entry.seq, entry.posts, entry.by, entry.at, kind(&entry.body));
        let same = same && (is_erased || known_is_erased || known.body == entry.body);
        if !same {
            let what = format!("entry {} was {how} as {entry:?}, and elsewhere as {known:?}", entry.seq);
            violations.push(Violation { invariant, room: Some(room), what });
        }
        if known_is_erased && !is_erased {
            *known = Entry { state: None, ..entry.clone() };
        }
    }

    /// `posts` counts the messages.
    fn check_numbers(&self, room: RoomId, violations: &mut Vec<Violation>) {
        let pairs = self.entries.values().zip(self.entries.values().skip(1));
        for (before, after) in pairs.filter(|(before, after)| before.seq + 1 == after.seq) {
            let expected = before.posts + u64::from(kind(&after.body) == "message");
            if after.posts != expected {
                let what = format!("entry {} counts {} posts, not {expected}", after.seq, after.posts);
                violations.push(Violation { invariant: Invariant::Numbers, room: Some(room), what });
            }
        }
    }

    fn last_before(&self, cut: TimeMs) -> Seq {
        self.entries.values().rev().find(|entry| entry.at <= cut).map_or(0, |entry| entry.seq)
    }

    /// The last entry that may be as old, where nobody saw some.
    fn before_first_after(&self, cut: TimeMs) -> Seq {
        let last = self.last_before(cut);
        let later = self.entries.range(last + 1..).next().map(|(seq, _)| seq - 1);
        later.or(self.through).unwrap_or(last).max(last)
    }

    /// Whether an entry that nobody read back may have expired.
    pub fn may_be_gone(&self, seq: Seq) -> bool {
        seq <= self.may_have_expired
    }

    /// Whether entries may be missing here that were there once: who was in at which time is not known then.
    pub fn is_cut(&self) -> bool {
        self.may_have_expired > 0 && !self.is_whole()
    }

    /// Whether the body of this entry may be erased.
    pub fn may_be_erased(&self, seq: Seq) -> bool {
        self.erased.contains(&seq)
    }

    /// Whether every number from the first to the last is known.
    pub fn is_whole(&self) -> bool {
        self.entries.len() as u64 == self.entries.keys().next_back().copied().unwrap_or(0)
    }

    /// When the user was in the room.
    pub fn stays(&self, user: UserId) -> Vec<Stay> {
        let mut stays: Vec<Stay> = Vec::new();
        for entry in self.entries.values() {
            let is_over = stays.last().is_none_or(|stay| stay.to.is_some());
            match &entry.body {
                EntryBody::Entered { user: who, .. } if *who == user && is_over => {
                    stays.push(Stay { from: entry.seq, from_at: entry.at, to: None });
                }
                EntryBody::Left { user: who }
                | EntryBody::Removed { user: who, .. }
                | EntryBody::Banned { user: who, .. }
                    if *who == user && !is_over =>
                {
                    if let Some(stay) = stays.last_mut() {
                        stay.to = Some(entry.seq);
                    }
                }
                EntryBody::RoomDeleted => {
                    if let Some(stay) = stays.last_mut() {
                        stay.to = stay.to.or(Some(entry.seq));
                    }
                }
                _ => {}
            }
        }
        stays
    }

    /// Whether newcomers read what came before them. A room's policy does not change in the runs that are checked.
    pub fn shows_all(&self) -> bool {
        self.entries.values().all(|entry| match &entry.body {
            EntryBody::Created { settings, .. } => settings.history == HistoryPolicy::All,
            EntryBody::Changed { settings: Some(settings), .. } => settings.history == HistoryPolicy::All,
            _ => true,
        })
    }
}

/// Every entry that anybody saw.
fn all_seen(records: &[Record]) -> impl Iterator<Item = (RoomId, &Entry)> {
    records.iter().flat_map(|record| {
        let (room, entries) = match &record.what {
            What::Heard { room, entry, .. } => (*room, std::slice::from_ref(entry)),
            What::Log { room, entries, .. } => (*room, entries.as_slice()),
            _ => (RoomId::new(0), [].as_slice()),
        };
        entries.iter().map(move |entry| (room, entry))
    })
}

/// The kind of an entry, erased or not.
pub(super) fn kind(body: &EntryBody) -> &str {
    match body {
        EntryBody::Message { .. } => "message",
        EntryBody::Edit { .. } => "edit",
        EntryBody::Delete { .. } => "delete",
        EntryBody::Reaction { .. } => "reaction",
        EntryBody::Erased { was } => was,
        EntryBody::Created { .. } => "created",
        EntryBody::Entered { .. } => "entered",
        EntryBody::Left { .. } => "left",
        EntryBody::Removed { .. } => "removed",
        EntryBody::Banned { .. } => "banned",
        EntryBody::Unbanned { .. } => "unbanned",
        EntryBody::RoleChanged { .. } => "role_changed",
        EntryBody::Changed { .. } => "changed",
        EntryBody::RoomDeleted => "room_deleted",
    }
}

fn shorten(numbers: &[Seq]) -> String {
    let text = format!("{numbers:?}");
    text.chars().take(300).collect()
}
