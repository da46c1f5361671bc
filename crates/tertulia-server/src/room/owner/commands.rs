//! A command's way: decided, numbered, appended, projected, published.

use tertulia_core::{
    Attached, Attachment, Entry, EntryKind, RoomId, Seq,
    room::{Broadcast, Circumstances, Command, Decision, Head, Numbered, Refusal},
    shard::shard_of,
};
use tertulia_ports::{
    bus::{Answer, Delivery, Effect as Consequence, LinkItem, ReplyTo, ToOwner},
    directory::{FeedChange, NotHeld},
    messages::{Append, AppendRow, Appended, RoomAppend, Span},
};

use super::rooms::OpenRoom;
use super::{Effect, Owner, Slot, Work, readers::Request};
use crate::{fanout::frame::consequence, room::work::has_attachments};

/// How long an append of unknown outcome waits before it is repeated, in ms.
const REPEAT_MS: u64 = 100;

/// How long the files of a message are kept for it at least, in ms: far longer than it takes to store it.
const HOLD_MS: u64 = 60 * 60 * 1_000;

/// Most commands that wait until a room has stored what it numbered; more are told to come again.
const BEHIND_MAX: usize = 4_096;

/// Most entries that are read at once to be broadcast from the queue.
const QUEUE_ENTRIES: usize = 256;

impl Owner {
    /// Serves mail in a room that is open.
    pub(super) fn serve(&mut self, room: RoomId, mail: ToOwner) {
        let ToOwner::Command { ask, .. } = &mail else { return self.serve_reader(room, mail) };
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        match ask.since.is_some_and(|since| since > open.room.head().seq) {
            // Who knows more than we gave numbers to has it from another owner, or makes it up.
            true => {
                let epoch = open.epoch;
                let request = self.request(Request::Check { room, mail });
                self.effects.push(Effect::Work(Work::Check { request, room, epoch }));
            }
            false => self.decide(room, mail),
        }
    }

    /// The store has said whether the room is still ours.
    pub(super) fn checked(&mut self, request: u64, is_ours: bool) {
        let Some(Request::Check { room, mail }) = self.take_request(request) else { return };
        if is_ours {
            return self.decide(room, mail);
        }
        self.fenced(shard_of(room));
        self.turn_away(mail);
    }

    fn decide(&mut self, room: RoomId, mail: ToOwner) {
        let ToOwner::Command { ask, reply_to, .. } = &mail else { return };
        let (reply_to, now) = (*reply_to, self.now);
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        let mut around = Circumstances { limits: &self.limits, now, salt: &mut *self.salt };
        match open.room.decide(ask, &mut around) {
            Decision::Numbered { first, last } => {
                if self.safeguards.commit_first {
                    open.wait_for(last, first, reply_to);
                } else {
                    self.effects.push(Effect::Reply(reply_to, Answer::Done { seq: first, at: Some(now) }));
                }
                self.due.push(room);
            }
            Decision::Repeated { seq } if seq <= open.room.published().0 => {
                self.reply(reply_to, Answer::Done { seq, at: None });
            }
            Decision::Repeated { seq } => open.wait_for(seq, seq, reply_to),
            Decision::Need(need) => self.park(room, need, mail),
            Decision::NeedUploads => self.hold_uploads(room, mail),
            // Enough is on its way to the store: the rest waits here.
            Decision::Refused(Refusal::Busy) if open.behind.len() < BEHIND_MAX => open.behind.push(mail),
            Decision::Refused(Refusal::Busy) => self.turn_away(mail),
            Decision::Refused(refusal) => self.reply(reply_to, Answer::Refused(refusal)),
        }
    }

    /// A message waits until its files are known, and sure to stay until it is stored.
    fn hold_uploads(&mut self, room: RoomId, mail: ToOwner) {
        let ToOwner::Command { ask, .. } = &mail else { return };
        let Command::Post { attached: Attached::Uploads(uploads), .. } = &ask.command else { return };
        let (user, uploads, until) = (ask.actor, uploads.clone(), self.now.plus(HOLD_MS));
        let request = self.request(Request::Hold { room, mail });
        self.effects.push(Effect::Work(Work::Hold { request, user, uploads, until }));
    }

    /// The files of a message are known, or it cannot have them.
    pub(super) fn held(&mut self, request: u64, held: Result<Vec<Attachment>, NotHeld>) {
        let Some(Request::Hold { room, mut mail }) = self.take_request(request) else { return };
        let ToOwner::Command { ask, reply_to, .. } = &mut mail else { return };
        let refusal = match held {
            Ok(attachments) => {
                if let Command::Post { attached, .. } = &mut ask.command {
                    *attached = Attached::Held(attachments);
                }
                return self.bring(room, mail);
            }
            Err(NotHeld::Unknown { upload }) => Refusal::NoSuchUpload { upload },
            Err(NotHeld::Unfinished { upload }) => Refusal::UploadUnfinished { upload },
            Err(NotHeld::Refused { upload, reason }) => Refusal::UploadRefused { upload, reason },
        };
        let reply_to = *reply_to;
        self.reply(reply_to, Answer::Refused(refusal));
    }

    /// Gives the store what was numbered: one append a shard, one in flight a room.
    pub(super) fn append_due(&mut self) {
        let mut due = std::mem::take(&mut self.due);
        due.sort_unstable();
        due.dedup();
        let rooms = due.into_iter().filter(|room| {
            let Some(Slot::Open(open)) = self.rooms.get_mut(room) else { return false };
            open.next_batch()
        });
        let mut rooms: Vec<_> = rooms.collect();
        self.submit(&mut rooms);
    }

    /// Appends what rooms have in `appending`.
    fn submit(&mut self, rooms: &mut [RoomId]) {
        if rooms.is_empty() {
            return;
        }
        rooms.sort_unstable_by_key(|room| (shard_of(*room), *room));
        self.next_batch += 1;
        let batch = self.next_batch;
        let mut appends: Vec<Append> = Vec::new();
        let mut of_shards = Vec::new();
        for of_shard in rooms.chunk_by(|one, other| shard_of(*one) == shard_of(*other)) {
            let shard = shard_of(of_shard[0]);
            let Some(epoch) = self.epoch_of(of_shard[0]) else { continue };
            let rooms = of_shard.iter().filter_map(|room| match self.rooms.get_mut(room) {
                Some(Slot::Open(open)) => Some(open.append(*room, batch)),
                _ => None,
            });
            appends.push(Append { shard, epoch, rooms: rooms.collect() });
            of_shards.push((shard, of_shard.to_vec()));
        }
        self.appending.insert(batch, of_shards);
        self.effects.push(Effect::Append { batch, appends });
    }

    pub(super) fn appended(&mut self, batch: u64, outcomes: Vec<Appended>) {
        let Some(of_shards) = self.appending.remove(&batch) else { return };
        for ((shard, rooms), outcome) in of_shards.into_iter().zip(outcomes) {
            match outcome {
                Appended::Fenced if self.safeguards.fence => self.fenced(shard),
                Appended::Unknown if self.safeguards.repeat_unknown => self.unknown.extend(rooms),
                Appended::Committed | Appended::Fenced | Appended::Unknown => {
                    rooms.into_iter().for_each(|room| self.committed(room, batch));
                }
            }
        }
    }

    /// Repeats appends of unknown outcome with the same rows.
    pub(super) fn repeat_unknown(&mut self) {
        if self.unknown.is_empty() || self.elapsed < self.repeat_at {
            return;
        }
        self.repeat_at = self.elapsed.plus(REPEAT_MS);
        let mut rooms = std::mem::take(&mut self.unknown);
        rooms.retain(
            |room| matches!(self.rooms.get(room), Some(Slot::Open(open)) if !open.appending.is_empty()),
        );
        self.submit(&mut rooms);
    }

    fn committed(&mut self, room: RoomId, batch: u64) {
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        if open.batch == batch {
            open.marked_dirty = true;
            let entries = std::mem::take(&mut open.appending).into_iter().map(|numbered| numbered.entry);
            open.committed.extend(entries);
            self.advance(room);
        }
    }

    pub(super) fn projected(&mut self, room: RoomId, through: Seq, feeds: Vec<FeedChange>) {
        self.tell_feeds(feeds);
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        if open.projecting == through {
            open.projecting = 0;
            open.projected = through;
            self.advance(room);
        }
    }

    /// Projects and publishes what can be, then goes on with what was numbered, and what was held back, meanwhile.
    fn advance(&mut self, room: RoomId) {
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        let entries = open.next_projection();
        if !entries.is_empty() {
            let epoch = open.epoch;
            self.effects.push(Effect::Work(Work::Project { room, epoch, entries }));
        }
        self.publish(room);
        self.due.push(room);
        if let Some(Slot::Open(open)) = self.rooms.get_mut(&room) {
            let behind = std::mem::take(&mut open.behind);
            behind.into_iter().for_each(|mail| self.bring(room, mail));
        }
    }

    pub(super) fn tell_feeds(&mut self, feeds: Vec<FeedChange>) {
        if !feeds.is_empty() {
            self.effects.push(Effect::Feeds(feeds));
        }
    }

    /// Shows everybody the entries that are committed and projected, in order, and acknowledges them.
    fn publish(&mut self, room: RoomId) {
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        let mut published = Vec::new();
        while let Some(entry) = open.committed.front() {
            if changes_state(entry) && entry.seq > open.projected {
                break;
            }
            let Some(entry) = open.committed.pop_front() else { break };
            open.room.publish(&entry);
            published.push(entry);
        }
        let through = open.room.published().0;
        while let Some((last, first, reply_to)) =
            open.acks.front().copied().filter(|(last, ..)| *last <= through)
        {
            debug_assert!(first <= last);
            open.acks.pop_front();
            let at = published.iter().find(|entry| entry.seq == first).map(|entry| entry.at);
            self.effects.push(Effect::Reply(reply_to, Answer::Done { seq: first, at }));
        }
        for entry in published {
            self.broadcast(room, entry);
        }
    }

    /// Gives an entry to gateways, now or from the queue.
    fn broadcast(&mut self, room: RoomId, entry: Entry) {
        let mode = self.broadcast;
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        let mode = open.room.meta().and_then(|meta| meta.settings.broadcast).unwrap_or(mode);
        let caught_up = open.delivered + 1 == entry.seq;
        if caught_up && (mode == Broadcast::Direct || self.interest.of(room).is_empty()) {
            self.deliver(room, &entry);
        } else if !self.queued.contains(&room) {
            self.queued.push(room);
        }
    }

    /// Reads what waits in rooms' queues: the log itself, after the position up to which it was delivered.
    pub(super) fn drain_queues(&mut self) {
        for room in std::mem::take(&mut self.queued) {
            let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { continue };
            let (first, last) = (open.delivered + 1, open.room.published().0);
            if open.reading_queue || first > last {
                continue;
            }
            open.reading_queue = true;
            let span = Span { room, first, last, epochs: open.room.epochs().clone() };
            self.effects.push(Effect::Work(Work::Queue { span, limit: QUEUE_ENTRIES }));
        }
    }

    pub(super) fn queue_read(&mut self, room: RoomId, entries: Vec<Entry>) {
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        open.reading_queue = false;
        let published = open.room.published().0;
        for entry in entries {
            let Some(Slot::Open(open)) = self.rooms.get(&room) else { return };
            if entry.seq == open.delivered + 1 {
                self.deliver(room, &entry);
            }
        }
        if matches!(self.rooms.get(&room), Some(Slot::Open(open)) if open.delivered < published) {
            self.queued.push(room);
        }
    }

    fn deliver(&mut self, room: RoomId, entry: &Entry) {
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        open.delivered = entry.seq;
        let epoch = open.epoch;
        let emptied = open.room.meta().is_some_and(|meta| meta.members == 0);
        let effect = consequence(entry);
        let gateways = self.interest.of(room);
        if !gateways.is_empty() {
            let frame = self.frames.entry(room, entry);
            let delivery =
                Delivery { room, epoch, seq: entry.seq, posts: entry.posts, effect: effect.clone(), frame };
            for gateway in gateways {
                self.links.push(*gateway, LinkItem::Entry(delivery.clone()));
            }
        }
        match effect {
            Consequence::None => {}
            Consequence::Gone { user, .. } => {
                self.interest.forget_user(room, user);
                if emptied {
                    self.effects.push(Effect::Emptied(room));
                }
            }
            Consequence::Deleted => self.delete(room),
        }
    }

    /// Everybody knows that the room was deleted: now its log goes.
    fn delete(&mut self, room: RoomId) {
        let Some(epoch) = self.epoch_of(room) else { return };
        self.losses += 1;
        self.interest.forget_room(room);
        if let Some(Slot::Open(open)) = self.rooms.insert(room, Slot::Deleting { waiting: Vec::new() }) {
            let behind = open.behind;
            if let Some(Slot::Deleting { waiting }) = self.rooms.get_mut(&room) {
                *waiting = behind;
            }
        }
        self.effects.push(Effect::Work(Work::Delete { room, epoch }));
    }
}

impl OpenRoom {
    /// Somebody waits until `last` is published.
    fn wait_for(&mut self, last: Seq, first: Seq, reply_to: ReplyTo) {
        let at = self.acks.partition_point(|(waiting, ..)| *waiting <= last);
        self.acks.insert(at, (last, first, reply_to));
    }

    /// Moves what is to be stored next into `appending`; `false` if nothing is, or an append is under way.
    fn next_batch(&mut self) -> bool {
        if self.appending.is_empty() {
            self.appending = self.room.take_unsent();
            return !self.appending.is_empty();
        }
        false
    }

    /// What changes state among the committed entries, if none of it is being projected.
    fn next_projection(&mut self) -> Vec<Entry> {
        if self.projecting > 0 {
            return Vec::new();
        }
        let due = |entry: &&Entry| changes_state(entry) && entry.seq > self.projected;
        let due: Vec<Entry> = self.committed.iter().filter(due).cloned().collect();
        self.projecting = due.last().map_or(0, |entry| entry.seq);
        due
    }

    fn append(&mut self, room: RoomId, batch: u64) -> RoomAppend {
        self.batch = batch;
        // Said again with every repeat: the first may never have arrived.
        let dirty = !self.marked_dirty;
        let head = self.appending.last().map_or(self.room.head(), |Numbered { entry, row }| Head {
            seq: entry.seq,
            posts: entry.posts,
            chain: row.chain().unwrap_or_default(),
        });
        let rows = self.appending.iter().map(|Numbered { entry, row }| AppendRow {
            row: row.clone(),
            message_by: (entry.kind == EntryKind::Message).then_some(entry.sender),
        });
        RoomAppend { room, head, rows: rows.collect(), dirty }
    }
}

/// Whether an entry has a projection, which is stored before anybody sees it.
fn changes_state(entry: &Entry) -> bool {
    entry.kind != EntryKind::Message || has_attachments(entry)
}
