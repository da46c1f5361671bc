//! Which shards an owner has, under which epoch, and which of their rooms an earlier owner may have left unfinished.

use rustc_hash::FxHashSet;
use tertulia_core::{Epoch, RoomId, ShardId, shard::shard_of};
use tertulia_ports::{
    bus::{LinkItem, ToOwner},
    messages::TakenOver,
};

use super::{Effect, Owner, Slot, Work};

/// How long a slot of the dirty set is, in ms: afterwards rooms that are quiet are clean again.
pub const SLOT_MS: u64 = 60_000;

/// Most pieces of mail that wait for a shard to be taken over; more are told to come again.
const WAITING_MAX: usize = 10_000;

/// How many dirty rooms are repaired at once, beside those that somebody asks for.
const REPAIRS_MAX: usize = 16;

/// A shard of this owner.
#[derive(Debug)]
pub(super) enum Shard {
    /// Its fence is being raised.
    Taking {
        /// What came meanwhile.
        waiting: Vec<ToOwner>,
    },
    /// Ours, as far as we know.
    Owned {
        /// Under this number.
        epoch: Epoch,
        /// Rooms to be repaired before they serve anybody.
        dirty: FxHashSet<RoomId>,
    },
}

impl Owner {
    pub(super) fn assign(&mut self, shards: Vec<ShardId>) {
        let fresh: Vec<_> = shards.into_iter().filter(|shard| !self.shards.contains_key(shard)).collect();
        for shard in &fresh {
            self.shards.insert(*shard, Shard::Taking { waiting: Vec::new() });
        }
        if !fresh.is_empty() {
            self.effects.push(Effect::Work(Work::TakeOver(fresh)));
        }
    }

    pub(super) fn taken_over(&mut self, taken: Vec<TakenOver>) {
        let mut waiting = Vec::new();
        for TakenOver { shard, epoch, dirty } in taken {
            let dirty =
                if self.safeguards.repair { dirty.into_iter().collect() } else { FxHashSet::default() };
            match self.shards.insert(shard, Shard::Owned { epoch, dirty }) {
                Some(Shard::Taking { waiting: mail }) => waiting.extend(mail),
                // Released meanwhile: nothing is done under this epoch.
                None => drop(self.shards.remove(&shard)),
                Some(Shard::Owned { .. }) => {}
            }
        }
        for mail in waiting {
            self.mail(mail);
        }
        self.repair_some();
    }

    /// Lets shards go. What is under way is finished by nobody: its outcome is answered by the next owner.
    pub(super) fn release(&mut self, shards: &[ShardId]) {
        for shard in shards {
            self.drop_shard(*shard);
        }
    }

    /// Somebody else owns the shard: nothing of it is ours any more.
    pub(super) fn fenced(&mut self, shard: ShardId) {
        tracing::warn!(shard = shard.get(), owner = self.id.0, "a shard was taken over by somebody else");
        self.drop_shard(shard);
    }

    fn drop_shard(&mut self, shard: ShardId) {
        self.losses += 1;
        if let Some(Shard::Taking { waiting }) = self.shards.remove(&shard) {
            waiting.into_iter().for_each(|mail| self.turn_away(mail));
        }
        let mut rooms: Vec<_> = self.rooms.keys().copied().filter(|room| shard_of(*room) == shard).collect();
        rooms.sort_unstable();
        for room in rooms {
            self.drop_room(room);
        }
        // Told over the links, where a loss is seen: else a gateway could wait for ever for an owner that still lives.
        for gateway in self.interest.forget_shard(shard) {
            self.links.push(gateway, LinkItem::Moved(shard));
        }
    }

    /// Keeps mail for a shard that is being taken over.
    pub(super) fn wait_for_shard(&mut self, room: RoomId, mail: ToOwner) {
        match self.shards.get_mut(&shard_of(room)) {
            Some(Shard::Taking { waiting }) if waiting.len() < WAITING_MAX => waiting.push(mail),
            _ => self.turn_away(mail),
        }
    }

    /// The epoch under which a room is ours.
    pub(super) fn epoch_of(&self, room: RoomId) -> Option<Epoch> {
        match self.shard(room) {
            Some(Shard::Owned { epoch, .. }) => Some(*epoch),
            _ => None,
        }
    }

    /// Whether an earlier owner may have left the room unfinished.
    pub(super) fn is_dirty(&self, room: RoomId) -> bool {
        matches!(self.shard(room), Some(Shard::Owned { dirty, .. }) if dirty.contains(&room))
    }

    pub(super) fn repaired(&mut self, room: RoomId) {
        if let Some(Shard::Owned { dirty, .. }) = self.shards.get_mut(&shard_of(room)) {
            dirty.remove(&room);
        }
    }

    /// Opens some dirty rooms, whether anybody asks for them or not.
    pub(super) fn repair_some(&mut self) {
        let opening = self.rooms.values().filter(|slot| matches!(slot, Slot::Opening { .. })).count();
        let mut dirty: Vec<_> = self
            .shards
            .values()
            .filter_map(|shard| match shard {
                Shard::Owned { dirty, .. } => Some(dirty.iter().copied()),
                Shard::Taking { .. } => None,
            })
            .flatten()
            .filter(|room| !self.rooms.contains_key(room))
            .take(REPAIRS_MAX.saturating_sub(opening))
            .collect();
        dirty.sort_unstable();
        for room in dirty {
            self.open(room, Vec::new());
        }
    }

    /// Ends a slot: rooms whose entries are all published, with their projections, are clean.
    pub(super) fn clean(&mut self) {
        if self.cleaning || self.elapsed < self.clean_at {
            return;
        }
        self.clean_at = self.elapsed.plus(SLOT_MS);
        let mut marked: FxHashSet<ShardId> = FxHashSet::default();
        let mut still_dirty = Vec::new();
        for (room, slot) in &mut self.rooms {
            let Slot::Open(open) = slot else { continue };
            if std::mem::take(&mut open.marked_dirty) {
                marked.insert(shard_of(*room));
            }
            if !open.room.is_quiet() {
                still_dirty.push(*room);
            }
        }
        still_dirty.extend(self.shards.values().flat_map(|shard| match shard {
            Shard::Owned { dirty, .. } => dirty.iter().copied().collect::<Vec<_>>(),
            Shard::Taking { .. } => Vec::new(),
        }));
        marked.extend(self.closed_dirty.drain());
        let mut shards: Vec<_> = marked
            .into_iter()
            .filter_map(|shard| match self.shards.get(&shard) {
                Some(Shard::Owned { epoch, .. }) => Some((shard, *epoch)),
                _ => None,
            })
            .collect();
        if shards.is_empty() {
            return;
        }
        shards.sort_unstable();
        still_dirty.sort_unstable();
        still_dirty.dedup();
        self.cleaning = true;
        self.effects.push(Effect::Work(Work::Clean { shards, still_dirty }));
    }
}
