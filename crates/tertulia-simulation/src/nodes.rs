//! Nodes: each runs one owner, whose work takes its time and whose appends land when they do, or never.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_core::ShardId;
use tertulia_ports::{
    bus::{OwnerId, ReplyTo, ToGateway},
    messages::{Append, Appended},
};
use tertulia_server::{
    fanout::frame::JsonFrames,
    room::{
        owner::{Effect, Input, Owner, Safeguards},
        work::{Work, perform},
    },
};

use crate::{
    bus::Mail,
    settings::Safeguard,
    world::{Done, Event, Home, World},
};

/// How often an owner looks at the clock, in ms.
const TICK_MS: u64 = 100;
/// How long work that failed waits before it is tried again, in ms: as in the shard loop.
const RETRY_MS: u64 = 250;
/// How long an append may take until its outcome counts as unknown, in ms.
const APPEND_PATIENCE_MS: u64 = 1_500;

/// A node.
#[derive(Default)]
pub struct Node {
    /// Its owner; `None` while it is dead.
    pub owner: Option<Owner>,
    /// Counts its starts.
    pub life: u32,
    /// Until when it does nothing.
    pub frozen_until: u64,
    /// How wrong its clock is, in ms.
    pub skew_ms: i64,
    /// What came while it was frozen.
    held: Vec<Input>,
    started_at: u64,
    /// Its turn is about to end.
    turn_ends: bool,
}

/// Appends on their way.
#[derive(Default)]
pub struct Flights {
    flights: BTreeMap<u64, Flight>,
    next: u64,
}

struct Flight {
    node: usize,
    life: u32,
    batch: u64,
    appends: Vec<Append>,
    outcomes: Vec<Appended>,
    /// Parts whose outcome the owner never learns.
    lost: BTreeSet<usize>,
    answered: bool,
    /// Parts that have not landed yet, and will.
    to_land: usize,
}

impl World {
    /// Starts a node: with a new owner, which has nothing yet.
    pub(crate) fn start_node(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        node.life += 1;
        node.started_at = self.now;
        node.frozen_until = 0;
        node.held.clear();
        node.turn_ends = false;
        let id = OwnerId(1_000 * (at as u64 + 1) + u64::from(node.life));
        let has = |safeguard| self.settings.has(safeguard);
        let safeguards = Safeguards {
            fence: has(Safeguard::Fence),
            commit_first: has(Safeguard::CommitFirst),
            repair: has(Safeguard::Repair),
            repeat_unknown: has(Safeguard::RepeatUnknown),
            check_readers: has(Safeguard::CheckReaders),
        };
        let entropy = self.entropy.clone();
        let salt = Box::new(move || tertulia_ports::time::Entropy::salt(&*entropy));
        node.owner = Some(Owner::new(id, Box::new(JsonFrames), salt, safeguards));
        let life = node.life;
        self.after(1, Event::NodeTick(at, life));
    }

    pub(crate) fn restart_node(&mut self, at: usize) {
        if self.nodes[at].owner.is_none() {
            self.start_node(at);
            let shards = self.plan.shards_of(at);
            let life = self.nodes[at].life;
            self.after(5, Event::Node(at, life, Input::Assign(shards)));
        }
    }

    /// A node dies with all that it knows. What it has sent lands all the same.
    pub(crate) fn kill_node(&mut self, at: usize) {
        let node = &mut self.nodes[at];
        node.owner = None;
        node.life += 1;
        node.held.clear();
    }

    /// A frozen node goes on with what came meanwhile.
    pub(crate) fn thaw(&mut self, at: usize) {
        let life = self.nodes[at].life;
        self.nodes[at].frozen_until = 0;
        for input in std::mem::take(&mut self.nodes[at].held) {
            self.node_input(at, life, input);
        }
    }

    pub(crate) fn node_input(&mut self, at: usize, life: u32, input: Input) {
        if (1..=self.now).contains(&self.nodes[at].frozen_until) {
            self.thaw(at);
        }
        let now = self.wall_clock(self.nodes[at].skew_ms);
        let node = &mut self.nodes[at];
        let Some(owner) = node.owner.as_mut().filter(|_| node.life == life) else { return };
        if node.frozen_until > self.now {
            return node.held.push(input);
        }
        owner.handle(input, now);
        if !std::mem::replace(&mut node.turn_ends, true) {
            let ms = self.rng.below(3);
            self.after(ms, Event::TurnEnd(at, life));
        }
    }

    pub(crate) fn node_tick(&mut self, at: usize, life: u32) {
        if self.nodes[at].life != life {
            return;
        }
        let until = self.nodes[at].frozen_until;
        if until > self.now {
            return self.at(until, Event::NodeTick(at, life));
        }
        if until > 0 {
            self.thaw(at);
        }
        let now = self.wall_clock(self.nodes[at].skew_ms);
        let node = &mut self.nodes[at];
        let elapsed = tertulia_core::TimeMs(self.now - node.started_at);
        if let Some(owner) = &mut node.owner {
            owner.tick(now, elapsed);
            self.turn_end(at, life);
        }
        self.after(TICK_MS, Event::NodeTick(at, life));
    }

    pub(crate) fn turn_end(&mut self, at: usize, life: u32) {
        let node = &mut self.nodes[at];
        if node.life != life {
            return;
        }
        if node.frozen_until > self.now {
            let until = node.frozen_until;
            return self.at(until, Event::TurnEnd(at, life));
        }
        node.turn_ends = false;
        let effects = node.owner.as_mut().map(Owner::end_turn).unwrap_or_default();
        for effect in effects {
            self.effect(at, life, effect);
        }
    }

    fn effect(&mut self, at: usize, life: u32, effect: Effect) {
        match effect {
            Effect::Append { batch, appends } => self.take_off(at, life, batch, appends),
            Effect::Work(work) => self.work(at, life, 0, work),
            Effect::Retry(work) => self.work(at, life, RETRY_MS, work),
            Effect::Reply(ReplyTo::Gateway(gateway, request), answer) => {
                self.mail(Mail::Gateway(gateway, ToGateway::Answer { request, answer }));
            }
            Effect::Reply(ReplyTo::Caller(caller), answer) => self.mail(Mail::Caller(caller, answer)),
            Effect::Envelope(gateway, envelope) => {
                self.mail(Mail::Gateway(gateway, ToGateway::Link(envelope)))
            }
            Effect::Feeds(changes) => self.mail(Mail::AllGateways(ToGateway::Feed(changes))),
            Effect::Emptied(room) => self.delete_if_empty(room),
        }
    }

    fn mail(&mut self, mail: Mail) {
        use tertulia_ports::bus::Bus;

        match mail {
            Mail::Gateway(gateway, mail) => self.bus.to_gateway(gateway, mail),
            Mail::Caller(caller, answer) => self.bus.to_caller(caller, answer),
            Mail::AllGateways(mail) => self.bus.to_all_gateways(mail),
            Mail::Owner(..) => {}
        }
    }

    fn work(&mut self, at: usize, life: u32, after_ms: u64, work: Work) {
        let (places, hub) = (self.places.clone(), self.hub.clone());
        self.note(|| format!("node {at} has to do {work:?}"));
        self.tasks.spawn(Home::Node(at), async move {
            if after_ms > 0 {
                hub.pause(after_ms).await;
            }
            Done::Work(at, life, Box::new(perform(&places, work).await))
        });
    }

    /// An append is on its way: each shard's part lands by itself, and the owner hears of all at once.
    fn take_off(&mut self, node: usize, life: u32, batch: u64, appends: Vec<Append>) {
        self.flights.next += 1;
        let flight = self.flights.next;
        let (mut answer_ms, mut to_land, mut lost) = (1, 0, BTreeSet::new());
        for part in 0..appends.len() {
            let usual_ms = self.rng.within(1, 4);
            let land_ms = match self.weather.strikes(self.weather.slow, &mut self.rng) {
                true => self.rng.within(5, 5 + self.weather.slow_ms),
                false => usual_ms,
            };
            if self.weather.strikes(self.weather.unknown, &mut self.rng) {
                lost.insert(part);
                answer_ms = answer_ms.max(self.rng.within(20, APPEND_PATIENCE_MS));
                // It never lands, or in time, or long after.
                let late_ms = [0, land_ms, land_ms + self.rng.below(4 * APPEND_PATIENCE_MS)];
                let land_ms = *self.rng.pick(&late_ms);
                if land_ms > 0 {
                    to_land += 1;
                    self.after(land_ms, Event::Land(flight, part));
                }
            } else {
                to_land += 1;
                self.after(land_ms, Event::Land(flight, part));
                answer_ms = answer_ms.max(land_ms + self.rng.within(0, 2));
            }
        }
        let outcomes = vec![Appended::Unknown; appends.len()];
        let flown = Flight { node, life, batch, appends, outcomes, lost, answered: false, to_land };
        self.flights.flights.insert(flight, flown);
        self.after(answer_ms, Event::Answer(flight));
    }

    pub(crate) fn land(&mut self, flight: u64, part: usize) {
        let Some(flown) = self.flights.flights.get_mut(&flight) else { return };
        flown.to_land -= 1;
        let (outcome, rows) = self.store.land(&flown.appends[part]);
        flown.outcomes[part] = outcome;
        if flown.answered && flown.to_land == 0 {
            self.flights.flights.remove(&flight);
        }
        for (room, row) in rows {
            self.checker.landed(room, &row);
        }
        self.note(|| format!("{outcome:?}"));
    }

    pub(crate) fn answer_append(&mut self, flight: u64) {
        let Some(flown) = self.flights.flights.get_mut(&flight) else { return };
        flown.answered = true;
        for lost in &flown.lost {
            flown.outcomes[*lost] = Appended::Unknown;
        }
        let (node, life, batch) = (flown.node, flown.life, flown.batch);
        let outcomes = flown.outcomes.clone();
        if flown.to_land == 0 {
            self.flights.flights.remove(&flight);
        }
        self.node_input(node, life, Input::Appended { batch, outcomes });
    }

    /// Nodes hear again which shards are theirs: whoever has lost one takes it over.
    pub(crate) fn tell_assignment(&mut self) {
        for at in 0..self.nodes.len() {
            let shards: Vec<ShardId> = self.plan.shards_of(at);
            let life = self.nodes[at].life;
            self.node_input(at, life, Input::Assign(shards));
        }
        self.after(1_000, Event::Assignment);
    }
}
