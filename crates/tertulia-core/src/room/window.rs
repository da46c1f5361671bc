//! What a room remembers of its last entries: nonces, and what its messages are.

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
};

use crate::{
    entry::{Entry, EntryBody, EntryKind},
    ids::{Nonce, Seq, UserId},
    room::MessageFacts,
};

/// Most entries whose nonces a room remembers: retries older than that are answered `stale_send`.
pub const WINDOW_ENTRIES: usize = 1_024;
/// How many entries of the log's end are read to open a room. No room has more entries unpublished than that, so an
/// opening after a crash finds every projection that may be missing.
pub const TAIL_ENTRIES: usize = 64;

/// The last entries, without gaps up to the head.
#[derive(Debug)]
pub(super) struct Window {
    /// The number before the first remembered entry.
    oldest: Seq,
    entries: VecDeque<Remembered>,
}

#[derive(Debug)]
struct Remembered {
    nonce: Nonce,
    sender: UserId,
    /// `None` for erased entries, whose content is not known any more.
    digest: Option<u64>,
    kind: EntryKind,
}

/// A message that somebody wants to change.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// `None` if there is no message of that number.
    pub facts: Option<MessageFacts>,
    /// The last entry that changed it.
    pub changed_seq: Seq,
}

impl Target {
    pub fn learned(facts: Option<MessageFacts>) -> Self {
        Self { facts, changed_seq: 0 }
    }
}

impl Window {
    /// An empty window behind entry `oldest`.
    pub fn new(oldest: Seq) -> Self {
        Self { oldest, entries: VecDeque::new() }
    }

    /// Every entry above this number is remembered.
    pub fn oldest(&self) -> Seq {
        self.oldest
    }

    pub fn push(&mut self, entry: &Entry) {
        if self.entries.len() == WINDOW_ENTRIES {
            self.entries.pop_front();
            self.oldest += 1;
        }
        let digest = entry.body.as_ref().map(digest);
        self.entries.push_back(Remembered { nonce: entry.nonce, sender: entry.sender, digest, kind: entry.kind });
    }

    /// The entry that this sender gave this nonce.
    pub fn find(&self, sender: UserId, nonce: Nonce) -> Option<(Seq, Option<u64>)> {
        let at = self.entries.iter().rposition(|entry| entry.nonce == nonce && entry.sender == sender)?;
        Some((self.oldest + 1 + at as u64, self.entries[at].digest))
    }

    /// The remembered message of this number: `Some(None)` if that entry is none, `None` if it is not remembered.
    pub fn message(&self, seq: Seq) -> Option<Option<MessageFacts>> {
        let at = usize::try_from(seq.checked_sub(self.oldest + 1)?).ok()?;
        let entry = self.entries.get(at)?;
        Some((entry.kind == EntryKind::Message).then(|| MessageFacts {
            sender: entry.sender,
            deleted: entry.digest.is_none(),
            reactions: Vec::new(),
        }))
    }
}

/// Tells two contents under one nonce apart. In memory only.
pub(super) fn digest(body: &EntryBody) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.kind().hash(&mut hasher);
    match body {
        EntryBody::Message { text, reply_to } => (text, reply_to).hash(&mut hasher),
        EntryBody::Edit { of, text } => (of, text).hash(&mut hasher),
        EntryBody::Delete { of, .. } => of.hash(&mut hasher),
        EntryBody::Reaction { of, emoji, on } => (of, emoji, on).hash(&mut hasher),
        // Times that are counted from now differ on every try: what is done to whom is enough.
        other => other.subject().hash(&mut hasher),
    }
    hasher.finish()
}
