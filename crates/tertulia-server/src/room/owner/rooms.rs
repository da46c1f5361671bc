//! Open rooms: opened by the first command with one read, closed when quiet. A sleeping room costs nothing here.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use tertulia_core::{
    Entry, Epoch, Member, Room, RoomId, Seq, TimeMs, UserId,
    room::{MessageFacts, Need, Numbered, Opening},
    shard::shard_of,
};
use tertulia_ports::{
    bus::{Answer, ReplyTo, ToOwner},
    directory::FeedChange,
    messages::Span,
};

use super::{Effect, Owner, Work};
use crate::room::work::Asked;

/// A room with nothing under way is closed after this time without a command, in ms.
pub const QUIET_MS: u64 = 5_000;

/// How often quiet rooms are looked for, in ms.
const SWEEP_MS: u64 = 1_000;

/// Most pieces of mail that wait for one room; more are told to come again.
const WAITING_MAX: usize = 4_096;

/// What an owner has of a room.
#[derive(Debug)]
pub(super) enum Slot {
    /// Its tail is being read.
    Opening { waiting: Vec<ToOwner> },
    /// It serves.
    Open(Box<OpenRoom>),
    /// It was deleted, and its log is being deleted.
    Deleting { waiting: Vec<ToOwner> },
}

/// A room that serves.
#[derive(Debug)]
pub(super) struct OpenRoom {
    pub room: Room,
    /// The epoch under which it is open.
    pub epoch: Epoch,
    /// Rows that the store was given, until it says what became of them. One append at a time.
    pub appending: Vec<Numbered>,
    /// The number of that append.
    pub batch: u64,
    /// Committed, and not yet published: they wait for their projections, in order.
    pub committed: VecDeque<Entry>,
    /// Entries up to this one have their projections stored.
    pub projected: Seq,
    /// The last entry of the projection that is under way; 0 if none is.
    pub projecting: Seq,
    /// Who waits for which entry to be published: the last of the command's, its first, and who.
    pub acks: VecDeque<(Seq, Seq, ReplyTo)>,
    /// What waits for something to be looked up.
    pub parked: FxHashMap<Need, Vec<ToOwner>>,
    /// Mail that waits until what is under way is done: behind a deletion, or because there is much of it.
    pub behind: Vec<ToOwner>,
    /// The read markers that were told since the room was opened.
    pub marks_told: FxHashMap<UserId, Seq>,
    /// Entries up to this one were given to gateways.
    pub delivered: Seq,
    /// The queue is being read.
    pub reading_queue: bool,
    /// The room is marked dirty in this slot.
    pub marked_dirty: bool,
    pub used_at: TimeMs,
}

impl Slot {
    pub fn is_quiet(&self) -> bool {
        matches!(self, Self::Open(open) if open.is_quiet())
    }
}

impl OpenRoom {
    fn new(room: Room, epoch: Epoch, elapsed: TimeMs) -> Self {
        let published = room.published().0;
        Self {
            room,
            epoch,
            appending: Vec::new(),
            batch: 0,
            committed: VecDeque::new(),
            projected: published,
            projecting: 0,
            acks: VecDeque::new(),
            parked: FxHashMap::default(),
            behind: Vec::new(),
            marks_told: FxHashMap::default(),
            delivered: published,
            reading_queue: false,
            marked_dirty: false,
            used_at: elapsed,
        }
    }

    /// Now, for a question about this room.
    pub fn asked(&self) -> Asked {
        Asked { epoch: self.epoch, moment: self.room.moment() }
    }

    pub fn is_quiet(&self) -> bool {
        self.is_told() && self.parked.is_empty()
    }

    /// Whether every entry that was numbered is published and delivered.
    fn is_told(&self) -> bool {
        self.room.is_quiet() && self.delivered == self.room.published().0
    }
}

impl Owner {
    /// Brings mail to its room, opening it if it sleeps.
    pub(super) fn bring(&mut self, room: RoomId, mail: ToOwner) {
        if self.epoch_of(room).is_none() {
            return self.wait_for_shard(room, mail);
        }
        match self.rooms.get_mut(&room) {
            None => self.open(room, vec![mail]),
            Some(Slot::Opening { waiting } | Slot::Deleting { waiting }) => match waiting.len() < WAITING_MAX
            {
                true => waiting.push(mail),
                false => self.turn_away(mail),
            },
            Some(Slot::Open(open)) => {
                open.used_at = self.elapsed;
                // Deleted, and the entry that says so not yet published and delivered, upon which the log goes: what
                // comes now comes after.
                if open.room.meta().is_none() && !open.is_told() {
                    open.behind.push(mail);
                } else {
                    self.serve(room, mail);
                }
            }
        }
    }

    pub(super) fn open(&mut self, room: RoomId, waiting: Vec<ToOwner>) {
        let Some(epoch) = self.epoch_of(room) else {
            return waiting.into_iter().for_each(|mail| self.turn_away(mail));
        };
        let repair = self.is_dirty(room);
        self.rooms.insert(room, Slot::Opening { waiting });
        self.effects.push(Effect::Work(Work::Open { room, epoch, repair }));
    }

    pub(super) fn opened(&mut self, room: RoomId, opening: Option<Opening>, feeds: Vec<FeedChange>) {
        self.tell_feeds(feeds);
        let Some(Slot::Opening { .. }) = self.rooms.get(&room) else { return };
        let Some(opening) = opening else { return self.fenced(shard_of(room)) };
        if self.epoch_of(room) != Some(opening.epoch) {
            return self.drop_room(room);
        }
        let epoch = opening.epoch;
        let (opened, _) = match Room::open(opening) {
            Ok(opened) => opened,
            Err(error) => {
                tracing::error!(%error, %room, "a room's log is damaged, and the room stays closed");
                return self.open_failed(room);
            }
        };
        self.repaired(room);
        let slot = Slot::Open(Box::new(OpenRoom::new(opened, epoch, self.elapsed)));
        if let Some(Slot::Opening { waiting }) = self.rooms.insert(room, slot) {
            waiting.into_iter().for_each(|mail| self.mail(mail));
        }
        self.repair_some();
    }

    pub(super) fn open_failed(&mut self, room: RoomId) {
        self.drop_room(room);
    }

    /// Forgets a room with everything under way. Whoever waits is told to come again.
    pub(super) fn drop_room(&mut self, room: RoomId) {
        match self.rooms.remove(&room) {
            Some(Slot::Opening { waiting } | Slot::Deleting { waiting }) => {
                waiting.into_iter().for_each(|mail| self.turn_away(mail));
            }
            Some(Slot::Open(open)) => {
                let OpenRoom { acks, parked, behind, .. } = *open;
                acks.into_iter().for_each(|(_, _, reply_to)| self.reply(reply_to, Answer::Retry));
                let mut parked: Vec<_> = parked.into_iter().collect();
                parked.sort_by_key(|(need, _)| match need {
                    Need::Member(user) => (0, user.get()),
                    Need::Message(seq) => (1, *seq),
                });
                parked
                    .into_iter()
                    .flat_map(|(_, mail)| mail)
                    .chain(behind)
                    .for_each(|mail| self.turn_away(mail));
            }
            None => {}
        }
    }

    /// Keeps mail until the room knows what it needs to know.
    pub(super) fn park(&mut self, room: RoomId, need: Need, mail: ToOwner) {
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return self.turn_away(mail) };
        if let Some(parked) = open.parked.get_mut(&need) {
            return match parked.len() < WAITING_MAX {
                true => parked.push(mail),
                false => self.turn_away(mail),
            };
        }
        open.parked.insert(need, vec![mail]);
        let work = match need {
            Need::Member(user) => Work::Member { room, asked: open.asked(), user },
            Need::Message(seq) => {
                let epochs = open.room.epochs().clone();
                Work::Message { asked: open.asked(), span: Span { room, first: seq, last: seq, epochs } }
            }
        };
        self.effects.push(Effect::Work(work));
    }

    pub(super) fn learned_member(&mut self, room: RoomId, asked: Asked, user: UserId, member: Member) {
        if let Some(open) = self.open_under(room, asked.epoch) {
            open.room.learn_member(user, member, asked.moment);
            self.unpark(room, Need::Member(user));
        }
    }

    pub(super) fn learned_message(
        &mut self,
        room: RoomId,
        asked: Asked,
        seq: Seq,
        facts: Option<MessageFacts>,
    ) {
        if let Some(open) = self.open_under(room, asked.epoch) {
            open.room.learn_message(seq, facts, asked.moment);
            self.unpark(room, Need::Message(seq));
        }
    }

    /// The open room, if it is still open under the epoch in which something was asked for it.
    fn open_under(&mut self, room: RoomId, epoch: Epoch) -> Option<&mut OpenRoom> {
        match self.rooms.get_mut(&room) {
            Some(Slot::Open(open)) if open.epoch == epoch => Some(open),
            _ => None,
        }
    }

    fn unpark(&mut self, room: RoomId, need: Need) {
        if let Some(Slot::Open(open)) = self.rooms.get_mut(&room) {
            let parked = open.parked.remove(&need).unwrap_or_default();
            if open.parked.is_empty() {
                open.parked = FxHashMap::default();
            }
            parked.into_iter().for_each(|mail| self.bring(room, mail));
        }
    }

    pub(super) fn look_up_failed(&mut self, room: RoomId) {
        if let Some(Slot::Open(open)) = self.rooms.get_mut(&room) {
            let parked = std::mem::take(&mut open.parked);
            parked.into_values().flatten().for_each(|mail| self.turn_away(mail));
        }
    }

    /// The log of a deleted room is gone: its id is free for a new room, which goes on numbering.
    pub(super) fn deleted(&mut self, room: RoomId) {
        if !matches!(self.rooms.get(&room), Some(Slot::Deleting { .. })) {
            return;
        }
        if let Some(Slot::Deleting { waiting }) = self.rooms.remove(&room) {
            waiting.into_iter().for_each(|mail| self.mail(mail));
        }
    }

    /// Closes rooms that nobody has used for a while.
    pub(super) fn sweep(&mut self) {
        // A reader's standing that is being read must not miss what a room does that closes meanwhile.
        if self.elapsed < self.sweep_at || !self.requests.is_empty() {
            return;
        }
        self.sweep_at = self.elapsed.plus(SWEEP_MS);
        let now = self.elapsed;
        let closed_dirty = &mut self.closed_dirty;
        self.rooms.retain(|room, slot| match slot {
            Slot::Open(open) if open.is_quiet() && now.since(open.used_at) >= QUIET_MS => {
                if open.marked_dirty {
                    closed_dirty.insert(shard_of(*room));
                }
                false
            }
            _ => true,
        });
        self.rooms.shrink_to(2 * self.rooms.len());
        self.repair_some();
    }
}
