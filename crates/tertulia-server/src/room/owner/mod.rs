//! An owner: the state machine that numbers, stores and broadcasts what happens in the rooms of its shards.
//!
//! No I/O, no clock: [`Input`] in, [`Effect`]s out, one turn at a time. A turn takes whatever has arrived, then
//! [`Owner::end_turn`] appends what was numbered (one append in flight a room) and says what is due to gateways. The
//! thread around it is `shard_loop`, and the simulation runs it as it is.
//!
//! Shards and epochs are in `shards.rs`, opening and closing rooms in `rooms.rs`, commands up to their publication in
//! `commands.rs`, readers and signals in `readers.rs`.

mod commands;
mod readers;
mod rooms;
mod shards;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use tertulia_core::{Limits, RoomId, ShardId, TimeMs, room::Broadcast, row::Salt, shard::shard_of};
use tertulia_ports::{
    bus::{Answer, Envelope, GatewayId, OwnerId, ReplyTo, ToOwner},
    coordination::RuntimeConfig,
    directory::FeedChange,
    messages::{Append, Appended, Span},
};

use self::{readers::Request, rooms::Slot, shards::Shard};
use super::work::{Finished, Work};
use crate::fanout::{frame::Frames, interest::Interest, links::Links};

/// How often links say that they live, in ms.
pub const HEARTBEAT_MS: u64 = 1_000;

/// What happens to an owner.
#[derive(Debug)]
pub enum Input {
    /// Somebody says something.
    Mail(ToOwner),
    /// An append has its outcomes.
    Appended {
        /// Its number.
        batch: u64,
        /// An outcome a shard, in the order of the append.
        outcomes: Vec<Appended>,
    },
    /// Work is done.
    Finished(Finished),
    /// These shards are ours.
    Assign(Vec<ShardId>),
    /// These shards are no longer ours: finish what is under way, then let go.
    Release(Vec<ShardId>),
    /// The configuration changed.
    Config(Arc<RuntimeConfig>),
}

/// What an owner wants.
#[derive(Debug)]
pub enum Effect {
    /// Append rows, and say what became of them.
    Append {
        /// The number to say it with.
        batch: u64,
        /// The rows.
        appends: Vec<Append>,
    },
    /// Do this, and say what became of it.
    Work(Work),
    /// Do this a little later.
    Retry(Work),
    /// Say this to who waits.
    Reply(ReplyTo, Answer),
    /// Say this to a gateway.
    Envelope(GatewayId, Envelope),
    /// Tell gateways of users whose feeds changed.
    Feeds(Vec<FeedChange>),
    /// A room has lost its last member.
    Emptied(RoomId),
}

/// Safeguards that the simulation switches off one at a time, to see that each is needed. All on in a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Safeguards {
    /// An append that was fenced is not acknowledged.
    pub fence: bool,
    /// Answers and broadcasts wait until entries are stored.
    pub commit_first: bool,
    /// Projections left by a dead owner are stored before the room serves anybody.
    pub repair: bool,
    /// An append of unknown outcome is repeated with the same rows.
    pub repeat_unknown: bool,
    /// A reader's standing is checked by the owner.
    pub check_readers: bool,
}

impl Safeguards {
    /// As it must be.
    pub const ALL: Self =
        Self { fence: true, commit_first: true, repair: true, repeat_unknown: true, check_readers: true };
}

/// The state machine.
pub struct Owner {
    id: OwnerId,
    safeguards: Safeguards,
    frames: Box<dyn Frames>,
    salt: Box<dyn FnMut() -> Salt + Send>,
    limits: Limits,
    broadcast: Broadcast,
    /// The wall clock, for what is stored and shown.
    now: TimeMs,
    /// Time since some start, by a clock that never jumps: for everything that is due.
    elapsed: TimeMs,

    shards: FxHashMap<ShardId, Shard>,
    rooms: FxHashMap<RoomId, Slot>,
    interest: Interest,
    links: Links,
    /// What was asked of others for readers, with the losses when it was asked.
    requests: FxHashMap<u64, (u64, Request)>,
    next_request: u64,

    /// Rooms that have numbered something in this turn.
    due: Vec<RoomId>,
    /// Appends under way: their shards and rooms, to read the outcomes.
    appending: FxHashMap<u64, Vec<(ShardId, Vec<RoomId>)>>,
    next_batch: u64,
    /// Appends of unknown outcome, to be repeated.
    unknown: Vec<RoomId>,
    repeat_at: TimeMs,
    /// Rooms whose entries wait in the queue.
    queued: Vec<RoomId>,
    /// Shards with rooms that were closed while marked dirty.
    closed_dirty: FxHashSet<ShardId>,
    /// Raised whenever a shard is lost or a room deleted: what was asked before may be stale.
    losses: u64,
    effects: Vec<Effect>,
    /// Who opened rooms in this turn.
    opened: Vec<(RoomId, ReplyTo, Answer)>,

    heartbeat_at: TimeMs,
    sweep_at: TimeMs,
    clean_at: TimeMs,
    cleaning: bool,
}

impl Owner {
    /// An owner of no shards yet.
    pub fn new(
        id: OwnerId,
        frames: Box<dyn Frames>,
        salt: Box<dyn FnMut() -> Salt + Send>,
        safeguards: Safeguards,
    ) -> Self {
        Self {
            id,
            safeguards,
            frames,
            salt,
            limits: Limits::default(),
            broadcast: Broadcast::Direct,
            now: TimeMs::default(),
            elapsed: TimeMs::default(),
            shards: FxHashMap::default(),
            rooms: FxHashMap::default(),
            interest: Interest::default(),
            links: Links::new(id),
            requests: FxHashMap::default(),
            next_request: 0,
            due: Vec::new(),
            appending: FxHashMap::default(),
            next_batch: 0,
            unknown: Vec::new(),
            repeat_at: TimeMs::default(),
            queued: Vec::new(),
            closed_dirty: FxHashSet::default(),
            losses: 0,
            effects: Vec::new(),
            opened: Vec::new(),
            heartbeat_at: TimeMs::default(),
            sweep_at: TimeMs::default(),
            clean_at: TimeMs::default(),
            cleaning: false,
        }
    }

    /// Takes one thing that has happened.
    pub fn handle(&mut self, input: Input, now: TimeMs) {
        self.now = now;
        match input {
            Input::Mail(mail) => self.mail(mail),
            Input::Appended { batch, outcomes } => self.appended(batch, outcomes),
            Input::Finished(finished) => self.finished(finished),
            Input::Assign(shards) => self.assign(shards),
            Input::Release(shards) => self.release(&shards),
            Input::Config(config) => {
                self.limits = config.limits;
                self.broadcast = config.broadcast.unwrap_or(Broadcast::Direct);
            }
        }
    }

    /// Ends a turn: everything that was numbered goes to the store, everything that was said to the gateways.
    pub fn end_turn(&mut self) -> Vec<Effect> {
        self.append_due();
        self.drain_queues();
        let envelopes = self.links.flush();
        self.effects
            .extend(envelopes.into_iter().map(|(gateway, envelope)| Effect::Envelope(gateway, envelope)));
        self.answer_opened();
        std::mem::take(&mut self.effects)
    }

    /// What is due by the clock. Call it some times a second, then [`Owner::end_turn`]. `elapsed` never jumps.
    pub fn tick(&mut self, now: TimeMs, elapsed: TimeMs) {
        (self.now, self.elapsed) = (now, elapsed);
        if elapsed >= self.heartbeat_at {
            self.heartbeat_at = elapsed.plus(HEARTBEAT_MS);
            let beats = self.links.heartbeats();
            self.effects.extend(beats.into_iter().map(|(gateway, beat)| Effect::Envelope(gateway, beat)));
            let active = self.interest.take_changed();
            if !active.is_empty() {
                self.effects.push(Effect::Work(Work::SaveActive(active)));
            }
        }
        self.repeat_unknown();
        self.sweep();
        self.clean();
    }

    /// How many rooms are open.
    pub fn open_rooms(&self) -> usize {
        self.rooms.len()
    }

    /// Whether nothing is under way in any room: an owner that was told to release everything may stop.
    pub fn is_idle(&self) -> bool {
        self.appending.is_empty() && self.requests.is_empty() && self.rooms.values().all(Slot::is_quiet)
    }

    fn mail(&mut self, mail: ToOwner) {
        match mail {
            ToOwner::Attach { gateway, request, user, rooms } => self.attach(gateway, request, user, rooms),
            ToOwner::Detach { gateway, room } => self.detach(gateway, room),
            ToOwner::Snapshot { gateway, rooms } => self.snapshot(gateway, rooms),
            ToOwner::Grants { user, rooms, reply_to } => self.grants(user, rooms, reply_to),
            // A sleeping room remembers nobody.
            ToOwner::Forget { room, reply_to, .. } if !self.rooms.contains_key(&room) => {
                self.reply(reply_to, Answer::Ok);
            }
            ToOwner::Command { room, .. }
            | ToOwner::Signal { room, .. }
            | ToOwner::Forget { room, .. }
            | ToOwner::Expire { room, .. }
            | ToOwner::Active { room, .. } => self.bring(room, mail),
        }
    }

    fn finished(&mut self, finished: Finished) {
        match finished {
            Finished::TakeOver(taken) => self.taken_over(taken),
            Finished::Open { room, opening, feeds } => {
                self.opened(room, opening.map(|opening| *opening), feeds)
            }
            Finished::Member { room, asked, user, member } => self.learned_member(room, asked, user, member),
            Finished::Message { room, asked, seq, facts } => self.learned_message(room, asked, seq, facts),
            Finished::Project { room, through, feeds } => self.projected(room, through, feeds),
            Finished::Standings { request, standings } => self.standings(request, standings),
            Finished::Heads { request, heads } => self.heads(request, heads),
            Finished::Queue { room, entries } => self.queue_read(room, entries),
            Finished::Mark { request, marker, shown } => self.marked(request, marker, shown),
            Finished::Markers { request, markers, active } => self.markers(request, markers, active),
            Finished::Hold { request, held } => self.held(request, held),
            Finished::Expire { request, room, first } => self.expired(request, room, first),
            Finished::Delete { room } => self.deleted(room),
            Finished::Check { request, is_ours } => self.checked(request, is_ours),
            Finished::Fenced { room, epoch } if self.epoch_of(room) == Some(epoch) => {
                self.fenced(shard_of(room))
            }
            Finished::Fenced { .. } => {}
            Finished::Clean => self.cleaning = false,
            Finished::SaveActive => {}
            Finished::Failed { work, error } => self.failed(work, &error),
        }
    }

    fn failed(&mut self, work: Work, error: &tertulia_ports::EngineError) {
        tracing::warn!(%error, owner = self.id.0, "an engine failed, and is asked again");
        match work {
            // Who waits is told to come again: they may find another way meanwhile.
            Work::Open { room, .. } => self.open_failed(room),
            Work::Member { room, .. } | Work::Message { span: Span { room, .. }, .. } => {
                self.look_up_failed(room);
            }
            Work::Standings { request, .. }
            | Work::Heads { request, .. }
            | Work::Mark { request, .. }
            | Work::Markers { request, .. }
            | Work::Expire { request, .. }
            | Work::Hold { request, .. }
            | Work::Check { request, .. } => self.request_failed(request),
            Work::SaveActive(_) => {}
            work @ (Work::TakeOver(_)
            | Work::Project { .. }
            | Work::Queue { .. }
            | Work::Delete { .. }
            | Work::Clean { .. }) => self.effects.push(Effect::Retry(work)),
        }
    }

    fn reply(&mut self, reply_to: ReplyTo, answer: Answer) {
        self.effects.push(Effect::Reply(reply_to, answer));
    }

    /// Whoever waits for an answer to this mail is told to ask again.
    fn turn_away(&mut self, mail: ToOwner) {
        match mail {
            ToOwner::Command { reply_to, .. }
            | ToOwner::Grants { reply_to, .. }
            | ToOwner::Forget { reply_to, .. }
            | ToOwner::Expire { reply_to, .. }
            | ToOwner::Active { reply_to, .. }
            | ToOwner::Signal { reply_to: Some(reply_to), .. } => self.reply(reply_to, Answer::Retry),
            ToOwner::Attach { gateway, request, .. } => {
                self.reply(ReplyTo::Gateway(gateway, request), Answer::Retry);
            }
            ToOwner::Detach { .. } | ToOwner::Snapshot { .. } | ToOwner::Signal { reply_to: None, .. } => {}
        }
    }

    fn request(&mut self, request: Request) -> u64 {
        self.next_request += 1;
        self.requests.insert(self.next_request, (self.losses, request));
        self.next_request
    }

    fn shard(&self, room: RoomId) -> Option<&Shard> {
        self.shards.get(&shard_of(room))
    }
}
