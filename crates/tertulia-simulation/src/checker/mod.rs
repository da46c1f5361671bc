//! The history checker: what must hold, looked at with every row that lands, every answer, and everything that a client
//! is shown; and once more at the end (`last.rs`), when everything has settled.
//!
//! The truth is what landed in the store ([`truth`]). Whatever anybody sees or is told is held against it.

pub mod fold;
pub mod last;
pub mod truth;

use std::collections::{BTreeMap, btree_map::Entry as Place};

use tertulia_core::{Nonce, RoomId, Seq, UserId, entry::EntryBody, row::Row};
use tertulia_protocol::entry::{Entry as Shown, EntryBody as ShownBody};
use tertulia_server::wire;

use self::truth::RoomTruth;

/// Everything that was seen, and the first thing that must not be.
#[derive(Default)]
pub struct Checker {
    /// What landed, by room.
    pub rooms: BTreeMap<RoomId, RoomTruth>,
    /// Answers that said "done".
    pub acked: u64,
    /// Commands by what their senders called them, with the entry that they were told.
    told: BTreeMap<(RoomId, UserId, Nonce), Seq>,
    /// The highest marker that a user was told to be stored, by room.
    markers: BTreeMap<(RoomId, UserId), Seq>,
    /// Texts of messages: each is sent once, whatever nonces it was sent under.
    texts: BTreeMap<String, (RoomId, Seq)>,
    /// What must not be.
    pub violation: Option<String>,
}

impl Checker {
    /// Notes a violation; only the first counts.
    pub fn violated(&mut self, invariant: u8, what: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(format!("invariant {invariant}: {}", what()));
        }
    }

    /// A row has become part of a log.
    pub fn landed(&mut self, room: RoomId, row: &Row) {
        let Ok(entry) = row.decode() else {
            return self.violated(2, || format!("row {} of room {room} cannot be read", row.seq));
        };
        if let Some(EntryBody::Message { text, .. }) = &entry.body {
            let place = (room, entry.seq);
            let first = *self.texts.entry(text.clone()).or_insert(place);
            if first != place {
                self.violated(3, || {
                    format!("room {room} has the message {text:?} twice, at {} and {}", first.1, place.1)
                });
            }
        }
        if let Err((invariant, what)) =
            self.rooms.entry(room).or_insert_with(|| RoomTruth::new(room)).land(row, entry)
        {
            self.violated(invariant, || format!("room {room}: {what}"));
        }
    }

    /// Somebody was told that their command is this entry.
    pub fn acked(
        &mut self,
        room: RoomId,
        actor: UserId,
        nonce: Nonce,
        seq: Seq,
        is_it: impl Fn(&EntryBody) -> bool,
    ) {
        self.acked += 1;
        match self.told.entry((room, actor, nonce)) {
            Place::Vacant(place) => {
                place.insert(seq);
            }
            Place::Occupied(place) if *place.get() != seq => {
                let before = *place.get();
                self.violated(3, || {
                    format!("room {room}: nonce {nonce} was acknowledged as {before}, then as {seq}")
                });
            }
            Place::Occupied(_) => {}
        }
        let entry = self.rooms.get(&room).and_then(|truth| truth.entries.get(&seq));
        let right = entry.is_some_and(|entry| {
            (entry.sender, entry.nonce) == (actor, nonce) && entry.body.as_ref().is_some_and(is_it)
        });
        if !right {
            let entry = entry.cloned();
            self.violated(1, || {
                format!(
                    "room {room}: {nonce} of {actor} was acknowledged as {seq}, where the log has {entry:?}"
                )
            });
        }
    }

    /// A reader is shown an entry.
    pub fn shown(&mut self, room: RoomId, reader: UserId, shown: &Shown) {
        let truth = self.rooms.get(&room);
        let Some((truth, entry)) = truth.and_then(|truth| Some((truth, truth.entries.get(&shown.seq)?)))
        else {
            return self
                .violated(6, || format!("room {room}: {reader} was shown {shown:?}, which is not stored"));
        };
        let stored = wire::entry(entry);
        let same = match &shown.body {
            ShownBody::Erased { was } => {
                *was == wire::kind_name(entry.kind)
                    && truth.is_deleted(shown.seq)
                    && (shown.posts, shown.by, shown.at) == (stored.posts, stored.by, stored.at)
            }
            _ => Shown { state: None, nonce: None, ..shown.clone() } == stored,
        };
        let same = same && shown.nonce.is_none_or(|nonce| (nonce, reader) == (entry.nonce, entry.sender));
        if !same {
            self.violated(2, || {
                format!("room {room}: {reader} was shown {shown:?}, and stored is {stored:?}")
            });
        }
        if let Some(deleted) = shown.state.as_ref().filter(|state| state.deleted.is_some()) {
            let (seq, by) = (shown.seq, deleted.changed_seq);
            self.reached(room, reader, by, || format!("what {by} made of {seq}"));
        } else if let Some(state) = &shown.state {
            let (seq, by) = (shown.seq, state.changed_seq);
            self.reached(room, reader, by, || format!("what {by} made of {seq}"));
        }
        self.reached(room, reader, shown.seq, || format!("entry {}", shown.seq));
    }

    /// Something of entry `seq` has reached a reader: they must have been a member then, or later and have come back.
    pub fn reached(&mut self, room: RoomId, reader: UserId, seq: Seq, what: impl FnOnce() -> String) {
        let truth = self.rooms.get(&room);
        if seq > 0 && !truth.is_some_and(|truth| truth.may_know(reader, seq)) {
            let stays = truth.and_then(|truth| truth.stays.get(&reader)).cloned();
            self.violated(5, || {
                format!("room {room}: {} reached {reader}, who was in it for {stays:?}", what())
            });
        }
    }

    /// Somebody was told that their marker is stored.
    pub fn marked(&mut self, room: RoomId, user: UserId, seq: Seq) {
        let known = self.markers.entry((room, user)).or_default();
        *known = (*known).max(seq);
    }

    /// What a user's marker must not be below, as of now.
    pub fn marker(&self, room: RoomId, user: UserId) -> Seq {
        let first = self.rooms.get(&room).map_or(1, |truth| truth.created);
        self.markers.get(&(room, user)).copied().filter(|seq| *seq >= first).unwrap_or(0)
    }

    /// A user is shown a marker of theirs; `at_least` is what was stored when they asked.
    pub fn marker_shown(&mut self, room: RoomId, user: UserId, seq: Seq, at_least: Seq) {
        // A room that was deleted since has no markers.
        if seq < at_least && self.marker(room, user) >= at_least {
            self.violated(7, || format!("room {room}: the marker of {user} is {seq}, and was {at_least}"));
        }
    }
}
