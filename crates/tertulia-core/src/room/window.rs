//! What a room remembers of its last entries: nonces, and what its messages are.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    num::NonZeroU32,
};

use crate::{
    entry::{Entry, EntryBody, EntryKind},
    ids::{Nonce, Seq, UserId},
};

use super::MessageFacts;

/// Most entries whose nonces a room remembers: retries older than that are answered `stale_send`.
pub const WINDOW_ENTRIES: usize = 1_024;
/// How many entries of the log's end are read to open a room. Its owner appends whatever changes state so that it stands
/// among these until its projection is stored: so an opening after a crash finds every projection that may be missing.
pub const TAIL_ENTRIES: usize = 64;
/// How many of them an opened room remembers: it was quiet, or its senders' retries are few; a quiet room stays small.
pub(super) const TAIL_REMEMBERED: usize = 32;
/// Most entries that a room has numbered and not published: all of them are remembered.
pub const UNPUBLISHED_MAX: usize = WINDOW_ENTRIES;

/// The last entries, without gaps up to the head.
#[derive(Debug)]
pub(super) struct Window {
    /// The number before the first remembered entry.
    oldest: Seq,
    entries: VecDeque<Remembered>,
    /// For each entry some bits of its nonce, to look through all of them fast.
    tags: VecDeque<u16>,
}

#[derive(Debug)]
struct Remembered {
    nonce: Nonce,
    sender: UserId,
    /// `None` for erased entries, whose content is not known any more.
    digest: Option<NonZeroU32>,
    kind: EntryKind,
    /// Whether an edit or a reaction changed it: what it is now is known elsewhere.
    touched: bool,
}

/// An entry that was found by its nonce.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub seq: Seq,
    kind: EntryKind,
    digest: Option<NonZeroU32>,
}

impl Seen {
    /// Whether it may say the same as this body. Of an erased one only the kind is known.
    pub fn may_be(&self, body: &EntryBody) -> bool {
        self.kind == body.kind() && self.digest.is_none_or(|known| known == digest(body))
    }
}

impl Window {
    /// An empty window behind entry `oldest`, for that many entries at first.
    pub fn new(oldest: Seq, entries: usize) -> Self {
        Self { oldest, entries: VecDeque::with_capacity(entries), tags: VecDeque::with_capacity(entries) }
    }

    /// Forgets all but the last entries.
    pub fn keep_last(&mut self, entries: usize) {
        let gone = self.entries.len().saturating_sub(entries);
        self.oldest += gone as u64;
        self.entries.drain(..gone);
        self.tags.drain(..gone);
        self.entries.shrink_to_fit();
        self.tags.shrink_to_fit();
    }

    /// Every entry above this number is remembered.
    pub fn oldest(&self) -> Seq {
        self.oldest
    }

    pub fn push(&mut self, entry: &Entry) {
        if self.entries.len() == WINDOW_ENTRIES {
            self.entries.pop_front();
            self.tags.pop_front();
            self.oldest += 1;
        }
        self.tags.push_back(tag(entry.nonce));
        self.entries.push_back(Remembered {
            nonce: entry.nonce,
            sender: entry.sender,
            digest: entry.body.as_ref().map(digest),
            kind: entry.kind,
            touched: false,
        });
    }

    /// The entry that this sender gave this nonce. Zero is no nonce: entries that a command made besides its first
    /// have it.
    pub fn find(&self, sender: UserId, nonce: Nonce) -> Option<Seen> {
        if nonce == Nonce::default() {
            return None;
        }
        let is_it = |at: usize| self.entries[at].nonce == nonce && self.entries[at].sender == sender;
        let (front, back) = self.tags.as_slices();
        let in_front = find_tagged(front, tag(nonce), is_it);
        let in_back = || find_tagged(back, tag(nonce), |at| is_it(front.len() + at));
        let at = in_front.or_else(|| Some(front.len() + in_back()?))?;
        let entry = &self.entries[at];
        Some(Seen { seq: self.oldest + 1 + at as u64, kind: entry.kind, digest: entry.digest })
    }

    /// The remembered message of this number: `Some(None)` if that entry is none, `None` if the window does not know.
    pub fn message(&self, seq: Seq) -> Option<Option<MessageFacts>> {
        let entry = self.entries.get(self.place(seq)?)?;
        let deleted = entry.digest.is_none();
        if entry.touched && !deleted {
            return None;
        }
        let facts = MessageFacts { sender: entry.sender, deleted, edits: 0, reactions: Vec::new() };
        Some((entry.kind == EntryKind::Message).then_some(facts))
    }

    /// A message was edited, or somebody reacted to it. Gives its state before, if this is the first time.
    pub fn touch(&mut self, seq: Seq) -> Option<MessageFacts> {
        let facts = self.message(seq)??;
        let at = self.place(seq)?;
        self.entries.get_mut(at)?.touched = true;
        Some(facts)
    }

    /// A message was deleted: its content is forgotten here too, as an opening would find it.
    pub fn erase(&mut self, seq: Seq) {
        if let Some(entry) = self.place(seq).and_then(|at| self.entries.get_mut(at)) {
            entry.digest = None;
        }
    }

    fn place(&self, seq: Seq) -> Option<usize> {
        usize::try_from(seq.checked_sub(self.oldest + 1)?).ok()
    }
}

fn tag(nonce: Nonce) -> u16 {
    nonce.0 as u16
}

/// The first place that has this tag and is the right one. Almost every block of tags has none, and is passed over in a
/// few instructions.
fn find_tagged(tags: &[u16], tag: u16, is_it: impl Fn(usize) -> bool) -> Option<usize> {
    const BLOCK: usize = 64;
    let blocks = tags.chunks(BLOCK).enumerate();
    let tagged = blocks.filter(|(_, tags)| tags.iter().fold(false, |found, other| found | (*other == tag)));
    let mut places = tagged.flat_map(|(block, tags)| block * BLOCK..block * BLOCK + tags.len());
    places.find(|at| tags[*at] == tag && is_it(*at))
}

/// Tells two contents under one nonce apart. In memory only.
fn digest(body: &EntryBody) -> NonZeroU32 {
    let mut hasher = DefaultHasher::new();
    match body {
        // What it carries is not known before uploads are looked up.
        EntryBody::Message { text, reply_to, .. } => (text, reply_to).hash(&mut hasher),
        EntryBody::Edit { of, text } => (of, text).hash(&mut hasher),
        EntryBody::Delete { of, .. } => of.hash(&mut hasher),
        EntryBody::Reaction { of, emoji, on } => (of, emoji, on).hash(&mut hasher),
        EntryBody::Created { name, settings, .. } => (name, settings).hash(&mut hasher),
        EntryBody::RoleChanged { user, role } => (user, role).hash(&mut hasher),
        // Times that are counted from now differ on every try, and changes leave out what stays: who it is about is
        // enough.
        other => other.subject().hash(&mut hasher),
    }
    NonZeroU32::new(hasher.finish() as u32).unwrap_or(NonZeroU32::MIN)
}

const _: () = assert!(TAIL_ENTRIES <= WINDOW_ENTRIES && UNPUBLISHED_MAX <= WINDOW_ENTRIES);
const _: () = assert!(size_of::<Remembered>() == 32);
