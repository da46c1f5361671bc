//! A room: a state machine that checks commands, numbers entries, and knows what is committed.
//!
//! Rules are checked against *tentative* state, which holds every entry that has been numbered. What others may see is
//! *published* state: entries that are stored for good, with their projections. Between the two lies what the owner is
//! about to store. Within an epoch a number is never given out twice, so tentative state never rolls back: an owner
//! that is fenced drops the whole room.
//!
//! The order of things: `command.rs` is what can be asked, `decide.rs` checks it (`members.rs` what concerns people),
//! `apply.rs` makes the new state, `reading.rs` says what a reader may read. `window.rs` remembers nonces,
//! `knowledge.rs` is what the room asks its stores, and `opening.rs` rebuilds a room from its stored tail.

mod apply;
mod command;
mod decide;
mod knowledge;
mod members;
mod meta;
mod opening;
mod reading;
mod window;

use std::collections::HashMap;

use crate::{
    entry::{Entry, EntryBody, EntryKind},
    ids::{Epoch, Nonce, Posts, RoomId, Seq, TimeMs, UserId},
    row::{BUCKET_ENTRIES, Row},
};

pub use self::{
    command::{Ask, Circumstances, Command, Decision, MessageFacts, Need, Refusal, SYSTEM},
    decide::EDITS_PER_MESSAGE_MAX,
    knowledge::{MEMBERS_CACHED_MAX, Moment, TARGETS_CACHED_MAX},
    members::CREATE_MEMBERS_MAX,
    meta::{
        Broadcast, EpochList, Head, HistoryPolicy, JoinPolicy, RETENTION_DAYS_MAX, RoomMeta, RoomSettings,
        SLOW_MODE_S_MAX, SettingsChange, owning_epoch,
    },
    opening::{Opening, Repair},
    reading::{Grant, GrantError},
    window::{TAIL_ENTRIES, UNPUBLISHED_MAX, WINDOW_ENTRIES},
};
use self::{
    knowledge::{Cache, Known, Target},
    window::Window,
};

/// An open room.
#[derive(Debug)]
pub struct Room {
    id: RoomId,
    epoch: Epoch,
    epochs: EpochList,
    /// `None` before it was created and after it was deleted.
    meta: Option<RoomMeta>,
    /// The first entry that is still there, after retention.
    first: Seq,
    /// The entry that made it, if that is remembered; else 0.
    created: Seq,
    /// The entry that opened its whole history to its members, if that is remembered; else 0.
    history_opened: Seq,
    /// Tentative: the last entry that has a number.
    head: Head,
    /// The last entry that everybody may see, and how many messages there are up to it.
    published: (Seq, Posts),
    window: Window,
    members: Cache<UserId, Known>,
    targets: Cache<Seq, Target>,
    /// In slow mode, when members last said something, as long as that keeps them waiting.
    last_posts: HashMap<UserId, TimeMs>,
    moment: Moment,
    /// Numbered, and not yet taken to be stored.
    unsent: Vec<Numbered>,
}

/// An entry with the row that stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered {
    /// The entry.
    pub entry: Entry,
    /// Its row.
    pub row: Row,
}

impl Room {
    /// The room's id.
    pub fn id(&self) -> RoomId {
        self.id
    }

    /// The epoch under which its owner numbers.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// What it is, tentatively: readers get it from the directory. `None` if it does not exist.
    pub fn meta(&self) -> Option<&RoomMeta> {
        self.meta.as_ref()
    }

    /// Which epoch owns which numbers.
    pub fn epochs(&self) -> &EpochList {
        &self.epochs
    }

    /// The last number given out.
    pub fn head(&self) -> Head {
        self.head
    }

    /// The last number that everybody may see, and how many messages there are up to it.
    pub fn published(&self) -> (Seq, Posts) {
        self.published
    }

    /// The first entry that is still there.
    pub fn first(&self) -> Seq {
        self.first
    }

    /// How many entries are numbered and not published: never more than [`UNPUBLISHED_MAX`]. Who holds commands back
    /// near that spares their senders a [`Refusal::Busy`].
    pub fn unpublished(&self) -> usize {
        (self.head.seq - self.published.0) as usize
    }

    /// Whether nothing is on its way: the room may be closed and opened again without loss.
    pub fn is_quiet(&self) -> bool {
        self.unsent.is_empty() && self.head.seq == self.published.0
    }

    /// Takes entries to be stored, up to the end of a bucket: one append never spans two.
    pub fn take_unsent(&mut self) -> Vec<Numbered> {
        let Some(bucket) = self.unsent.first().map(|numbered| numbered.entry.seq / BUCKET_ENTRIES) else {
            return Vec::new();
        };
        let end = self.unsent.partition_point(|numbered| numbered.entry.seq / BUCKET_ENTRIES == bucket);
        match end == self.unsent.len() {
            true => std::mem::take(&mut self.unsent),
            false => self.unsent.drain(..end).collect(),
        }
    }

    /// Whether entries wait to be taken.
    pub fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// The entry is stored, with its projection: everybody may see it.
    ///
    /// # Panics
    /// If it is not the one above the last: entries are published in order.
    pub fn publish(&mut self, entry: &Entry) {
        assert!(
            entry.seq == self.published.0 + 1 && entry.seq <= self.head.seq,
            "entry {} cannot be published: {} are, of {}",
            entry.seq,
            self.published.0,
            self.head.seq,
        );
        self.published = (entry.seq, entry.posts);
    }

    /// Moves the room's first entry: what lies before has expired.
    pub fn expire(&mut self, first: Seq) {
        self.first = self.first.max(first.min(self.published.0 + 1));
    }

    /// Gives the next number to a body.
    fn number(
        &mut self,
        sender: UserId,
        nonce: Nonce,
        body: EntryBody,
        around: &mut Circumstances<'_>,
    ) -> Seq {
        let kind = body.kind();
        let seq = self.head.seq + 1;
        let posts = self.head.posts + u64::from(kind == EntryKind::Message);
        let entry = Entry { seq, posts, sender, nonce, at: around.now, kind, body: Some(body) };
        let (row, chain) = Row::encode(&entry, self.epoch, (around.salt)(), &self.head.chain);
        self.head = Head { seq, posts, chain };
        self.window.push(&entry);
        self.apply(&entry);
        self.unsent.push(Numbered { entry, row });
        seq
    }
}
