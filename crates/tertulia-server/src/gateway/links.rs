//! Links from owners: how a loss is seen and mended.
//!
//! Every envelope of an owner carries the next number, and a heartbeat repeats the last one. When a number is missing, or
//! an owner is silent, or a shard has another owner, the gateway says what it has of the rooms concerned
//! (`Snapshot`), and the owner answers for each how far it has delivered; what lies between is read from the log.

use rustc_hash::FxHashMap;
use tertulia_core::{Epoch, RoomId, Seq, ShardId, TimeMs, room::EpochList, shard::shard_of};
use tertulia_ports::{
    bus::{Delivery, Envelope, LinkItem, OwnerId, ToOwner},
    messages::Span,
};

use super::{
    errands::Errand,
    machine::{Gateway, Outlet},
    rooms::GatewayRoom,
};

/// An owner that has been silent for so long may be gone, in ms: three heartbeats.
const SILENT_MS: u64 = 3_000;

/// How long an owner may take to answer a snapshot before it is asked again, in ms.
const ASK_AGAIN_MS: u64 = 1_000;

/// Entries that are kept while a room is held; more are dropped, and read from the log as well.
const KEPT_MAX: usize = 256;

/// Entries that are read at once to fill a hole.
const MEND_PAGE: usize = 512;

/// What is known of an owner's link.
#[derive(Debug)]
pub(super) struct InLink {
    /// The number of the last envelope.
    last: u64,
    heard_at: TimeMs,
}

/// Why a room is held: something is missing.
#[derive(Debug, Default)]
pub(super) struct Hold {
    /// When the owner was asked; `None` if it is to be asked.
    asked_at: Option<TimeMs>,
    /// The hole is being read.
    reading: bool,
    /// While it was read, something else went missing: the owner is to be asked once more.
    again: bool,
    /// The last entry that an owner said is missing.
    through: Seq,
    /// What came meanwhile.
    kept: Vec<(OwnerId, Delivery)>,
}

impl Hold {
    pub fn keep(&mut self, owner: OwnerId, delivery: Delivery) {
        if self.kept.len() < KEPT_MAX {
            self.kept.push((owner, delivery));
        }
    }
}

impl Gateway {
    pub(super) fn envelope(&mut self, envelope: Envelope, out: &mut impl Outlet) {
        let Envelope { owner, link_seq, items } = envelope;
        let elapsed = self.elapsed;
        let link = self.links.entry(owner).or_insert(InLink { last: 0, heard_at: elapsed });
        link.heard_at = elapsed;
        let expected = link.last + u64::from(!items.is_empty());
        let late = !items.is_empty() && link_seq <= link.last;
        if link_seq > expected && self.settings.hold_on_hole {
            self.hold_rooms_of(owner);
        }
        if let Some(link) = self.links.get_mut(&owner) {
            link.last = link.last.max(link_seq);
        }
        for item in items {
            match item {
                LinkItem::Entry(delivery) => self.deliver(owner, delivery, out),
                LinkItem::Signal { room, audience, frame } => self.signal(room, audience, &frame, out),
                LinkItem::Attached { request, rooms, .. } => self.attached(request, owner, late, rooms, out),
                // The owner has said more since: what this leaves out may be missing.
                LinkItem::Standing { .. } if late => {}
                LinkItem::Standing { room, epoch, through, epochs } => {
                    if let Some(place) = self.places.get(&room).copied() {
                        self.stands(place, owner, epoch, through, epochs, out);
                    }
                }
                LinkItem::Moved(shard) => {
                    self.hold_rooms(|room| room.owner == owner && shard_of(room.id) == shard);
                    self.ask_snapshots();
                }
                // An old wish: sessions have come since.
                LinkItem::Detached(room) => {
                    if let Some(place) = self.places.get(&room).copied() {
                        self.hold(place);
                        self.ask_snapshots();
                    }
                }
            }
        }
    }

    /// Something of an owner's rooms may be missing.
    fn hold_rooms_of(&mut self, owner: OwnerId) {
        self.hold_rooms(|room| room.owner == owner);
    }

    pub(super) fn moved(&mut self, shards: &[ShardId]) {
        self.hold_rooms(|room| shards.contains(&shard_of(room.id)));
        self.ask_snapshots();
    }

    fn hold_rooms(&mut self, which: impl Fn(&GatewayRoom) -> bool) {
        let places: Vec<u32> =
            self.rooms.iter().filter(|(_, room)| which(room)).map(|(place, _)| place as u32).collect();
        places.into_iter().for_each(|place| self.hold(place));
    }

    /// Delivers nothing more of a room until its owner has said what is missing.
    pub(super) fn hold(&mut self, place: u32) {
        if let Some(room) = self.rooms.get_mut(place as usize) {
            let hold = room.hold.get_or_insert_default();
            (hold.asked_at, hold.again) = (None, hold.reading);
        }
    }

    /// An owner says how far it has delivered.
    fn stands(
        &mut self,
        place: u32,
        owner: OwnerId,
        epoch: Epoch,
        through: Seq,
        epochs: EpochList,
        out: &mut impl Outlet,
    ) {
        let Some(room) = self.rooms.get_mut(place as usize) else { return };
        if epoch < room.epoch {
            return;
        }
        if through > room.applied {
            return self.mend(place, owner, epoch, through, epochs);
        }
        (room.owner, room.epoch, room.epochs) = (owner, epoch, epochs);
        if room.hold.as_ref().is_some_and(|hold| !hold.reading) {
            self.release(place, out);
        }
    }

    /// Reads what is missing up to `through`.
    pub(super) fn mend(&mut self, place: u32, owner: OwnerId, epoch: Epoch, through: Seq, epochs: EpochList) {
        let elapsed = self.elapsed;
        let Some(room) = self.rooms.get_mut(place as usize) else { return };
        if epoch < room.epoch {
            return;
        }
        (room.owner, room.epoch, room.epochs) = (owner, epoch, epochs.clone());
        let hold = room.hold.get_or_insert_default();
        hold.asked_at = Some(elapsed);
        hold.again = false;
        hold.through = hold.through.max(through);
        if !hold.reading {
            hold.reading = true;
            let span = Span { room: room.id, first: room.applied + 1, last: through, epochs };
            self.errands.push(Errand::Mend { span, epoch, limit: MEND_PAGE });
        }
    }

    /// A hole was read; `None` if the store does not answer.
    pub(super) fn mended(
        &mut self,
        room: RoomId,
        through: Seq,
        deliveries: Option<Vec<Delivery>>,
        out: &mut impl Outlet,
    ) {
        let Some(place) = self.places.get(&room).copied() else { return };
        let Some(hold) = self.rooms.get_mut(place as usize).and_then(|room| room.hold.as_mut()) else {
            return;
        };
        hold.reading = false;
        let Some(deliveries) = deliveries else { return hold.asked_at = None };
        let complete = deliveries.len() < MEND_PAGE;
        for delivery in deliveries {
            let Some(known) = self.rooms.get(place as usize).filter(|known| known.id == room) else { return };
            if delivery.seq == known.applied + 1 {
                self.apply(place, &delivery, out);
            }
        }
        let Some(known) = self.rooms.get_mut(place as usize).filter(|known| known.id == room) else { return };
        if known.applied < through && complete {
            return self.lose_room(place, out);
        }
        let Some(hold) = known.hold.as_mut() else { return };
        if known.applied < hold.through {
            let (owner, epoch, epochs, through) =
                (known.owner, known.epoch, known.epochs.clone(), hold.through);
            let again = hold.again;
            self.mend(place, owner, epoch, through, epochs);
            if again {
                self.hold(place);
            }
        } else if hold.again {
            hold.again = false;
        } else {
            self.release(place, out);
        }
    }

    /// Nothing is missing up to here: what was kept follows, and if that has a hole, the room is held again.
    fn release(&mut self, place: u32, out: &mut impl Outlet) {
        let Some(room) = self.rooms.get_mut(place as usize) else { return };
        let Some(hold) = room.hold.take() else { return };
        let mut kept = hold.kept;
        kept.sort_by_key(|(_, delivery)| delivery.seq);
        kept.into_iter().for_each(|(owner, delivery)| self.deliver(owner, delivery, out));
        // Sessions that fell behind while it was held read on from the log.
        if let Some(room) = self.rooms.get(place as usize) {
            let applied = room.applied;
            let behind: Vec<_> = room
                .subscribers
                .iter()
                .filter(|subscriber| subscriber.sent() < applied)
                .map(|subscriber| subscriber.connection)
                .collect();
            behind.into_iter().for_each(|connection| self.catch_up(connection, out));
        }
    }

    /// Looks for owners that have fallen silent, and asks about rooms that are held.
    pub(super) fn check_links(&mut self) {
        let elapsed = self.elapsed;
        let silent: Vec<_> = self
            .links
            .iter()
            .filter(|(_, link)| elapsed.since(link.heard_at) >= SILENT_MS)
            .map(|(owner, _)| *owner)
            .collect();
        for owner in silent {
            self.hold_rooms_of(owner);
            // Heard of again, or not: a dead owner's link is forgotten when no room is its any more.
            if self.rooms.iter().all(|(_, room)| room.owner != owner) {
                self.links.remove(&owner);
            }
        }
        self.ask_snapshots();
    }

    /// Tells owners what this gateway has of the rooms that are held.
    fn ask_snapshots(&mut self) {
        let elapsed = self.elapsed;
        let mut by_shard: FxHashMap<ShardId, Vec<(RoomId, Seq)>> = FxHashMap::default();
        for (_, room) in &mut self.rooms {
            let Some(hold) = &mut room.hold else { continue };
            if hold.reading || hold.asked_at.is_some_and(|asked_at| elapsed.since(asked_at) < ASK_AGAIN_MS) {
                continue;
            }
            hold.asked_at = Some(elapsed);
            by_shard.entry(shard_of(room.id)).or_default().push((room.id, room.applied));
        }
        let mut shards: Vec<_> = by_shard.into_iter().collect();
        shards.sort_unstable_by_key(|(shard, _)| *shard);
        for (shard, rooms) in shards {
            self.to_owners.push((shard, ToOwner::Snapshot { gateway: self.settings.id, rooms }));
        }
    }
}
