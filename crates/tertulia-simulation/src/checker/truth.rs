//! What landed in one room's log, and who belonged to it when.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_core::{
    Entry, EntryBody, Nonce, RoomId, Seq, UserId,
    row::{Chain, Row, chain_start},
};

/// From which entry to which somebody belonged to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stay {
    /// The entry that brought them in.
    pub from: Seq,
    /// The entry that took them out; `None` while they are in.
    pub to: Option<Seq>,
}

/// A room's log as it landed. Nothing is ever taken away here.
pub struct RoomTruth {
    /// The entries.
    pub entries: BTreeMap<Seq, Entry>,
    /// The hash chain up to each.
    pub chains: BTreeMap<Seq, Chain>,
    /// Who was in it when.
    pub stays: BTreeMap<UserId, Vec<Stay>>,
    /// The entry that made it last.
    pub created: Seq,
    /// Whether it is there.
    pub exists: bool,
    nonces: BTreeMap<(UserId, Nonce), Seq>,
    /// Messages that were deleted, with their edits.
    deleted: BTreeSet<Seq>,
}

impl RoomTruth {
    /// An empty log.
    pub fn new(room: RoomId) -> Self {
        Self {
            entries: BTreeMap::new(),
            chains: BTreeMap::from([(0, chain_start(room))]),
            stays: BTreeMap::new(),
            created: 0,
            exists: false,
            nonces: BTreeMap::new(),
            deleted: BTreeSet::new(),
        }
    }

    /// The last entry.
    pub fn head(&self) -> Seq {
        self.entries.last_key_value().map_or(0, |(seq, _)| *seq)
    }

    /// A row lands; an error says which invariant it breaks, and how.
    pub fn land(&mut self, row: &Row, entry: Entry) -> Result<(), (u8, String)> {
        let seq = entry.seq;
        if let Some(known) = self.entries.get(&seq) {
            return match *known == entry {
                true => Ok(()),
                false => Err((6, format!("entry {seq} was {known:?}, and becomes {entry:?}"))),
            };
        }
        if seq != self.head() + 1 {
            return Err((2, format!("entry {seq} comes after {}", self.head())));
        }
        let previous = &self.chains[&(seq - 1)];
        if !row.proves(previous) {
            return Err((2, format!("entry {seq} does not follow from the entries before it")));
        }
        self.chains.insert(seq, row.chain().map_err(|error| (2, error.to_string()))?);
        if entry.nonce != Nonce::default()
            && let Some(first) = self.nonces.insert((entry.sender, entry.nonce), seq)
        {
            return Err((3, format!("nonce {} is entry {first} and entry {seq}", entry.nonce)));
        }
        self.apply(&entry);
        self.entries.insert(seq, entry);
        Ok(())
    }

    fn apply(&mut self, entry: &Entry) {
        match &entry.body {
            Some(EntryBody::Created { .. }) => (self.created, self.exists) = (entry.seq, true),
            Some(EntryBody::Entered { user, .. }) => {
                let stays = self.stays.entry(*user).or_default();
                if stays.last().is_none_or(|stay| stay.to.is_some()) {
                    stays.push(Stay { from: entry.seq, to: None });
                }
            }
            Some(
                EntryBody::Left { user } | EntryBody::Removed { user, .. } | EntryBody::Banned { user, .. },
            ) => {
                self.end_stay(*user, entry.seq);
            }
            Some(EntryBody::RoomDeleted) => {
                self.exists = false;
                let everybody: Vec<_> = self.stays.keys().copied().collect();
                everybody.into_iter().for_each(|user| self.end_stay(user, entry.seq));
            }
            Some(EntryBody::Delete { of, .. }) => {
                self.deleted.insert(*of);
            }
            _ => {}
        }
    }

    fn end_stay(&mut self, user: UserId, seq: Seq) {
        if let Some(stay) = self.stays.get_mut(&user).and_then(|stays| stays.last_mut()) {
            stay.to.get_or_insert(seq);
        }
    }

    /// Whether somebody belongs to it.
    pub fn is_member(&self, user: UserId) -> bool {
        self.stays.get(&user).and_then(|stays| stays.last()).is_some_and(|stay| stay.to.is_none())
    }

    /// Whether somebody may know of an entry: they were in the room at it, or after it.
    pub fn may_know(&self, user: UserId, seq: Seq) -> bool {
        let stays = self.stays.get(&user).map_or(&[][..], Vec::as_slice);
        stays.iter().any(|stay| stay.to.is_none_or(|to| seq <= to))
    }

    /// Whether the body of an entry is to be erased: its message was deleted.
    pub fn is_deleted(&self, seq: Seq) -> bool {
        match self.entries.get(&seq).and_then(|entry| entry.body.as_ref()) {
            Some(EntryBody::Edit { of, .. }) => self.deleted.contains(of),
            _ => self.deleted.contains(&seq),
        }
    }
}
