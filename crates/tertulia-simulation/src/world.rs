//! The world of one seed: a queue of events by simulated time, and everything that they happen to.
//!
//! Events of one time come in the order in which they were put there. Nothing happens but by an event, so a seed decides
//! everything.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    fmt::Write as _,
    sync::Arc,
};

use bytes::Bytes;
use tertulia_core::{DeviceId, TimeMs, UserId};
use tertulia_ports::{
    bus::{GatewayId, ToGateway, ToOwner},
    directory::{Device, Devices, User, Users},
    presence::in_process::InProcessPresence,
    time::manual::SeededEntropy,
};
use tertulia_server::{
    gateway::{errands::Returned, transport::ConnectionId},
    identity::{Claims, Tokens},
    room::{
        Handle,
        handle::Callers,
        owner::Input,
        work::{Finished, Places},
    },
};
use tokio::runtime::Runtime;

use crate::{
    Outcome, Settings,
    bus::{Mail, SimulatedBus},
    checker::{Checker, last::Stores},
    clients::{Asked, Client},
    directory::FaultyDirectory,
    hosts::Host,
    nodes::{Flights, Node},
    rng::Rng,
    rooms::Plan,
    settings::Safeguard,
    store::FaultyMessages,
    tasks::{Hub, TaskId, Tasks, ready},
    trouble::Trouble,
    weather::Weather,
};

/// When a seed's weather calms down, in ms.
pub const CALM_AT_MS: u64 = 24_000;
/// How long everything may take to settle then: what clients wait for owners, and some heartbeats.
const SETTLE_MS: u64 = 16_000;
/// How long clients may take to come again, all of them, and to catch up.
const SYNC_MS: u64 = 8_000;
/// The wall clock at the start.
const START: TimeMs = TimeMs(1_770_000_000_000);
/// How often waiting futures see the time.
const CLOCK_MS: u64 = 50;

const NODES: usize = 3;
const HOSTS: usize = 2;
const USERS: u64 = 6;
/// Devices beside each user's first.
const SECOND_DEVICES: usize = 2;

/// What happens.
#[derive(Debug)]
pub enum Event {
    /// An owner looks at the clock.
    NodeTick(usize, u32),
    /// Something comes to an owner.
    Node(usize, u32, Input),
    /// An owner ends its turn.
    TurnEnd(usize, u32),
    /// A shard's part of an append lands in the store.
    Land(u64, usize),
    /// An append is answered.
    Answer(u64),
    /// A future goes on.
    Poll(TaskId),
    /// Futures see the time.
    Clock,
    /// Mail arrives at a node, whoever is its owner now.
    ToNode(usize, ToOwner),
    /// Mail arrives at a gateway.
    ToHost(GatewayId, ToGateway),
    /// An answer arrives at somebody who waits.
    ToCaller(u64, tertulia_ports::bus::Answer),
    /// A gateway looks at the clock.
    HostTick(usize, u32),
    /// A client's frame arrives at its gateway.
    Said(usize, u32, ConnectionId, String),
    /// A gateway sees that a connection is over.
    Parted(usize, u32, ConnectionId),
    /// A frame arrives at a client.
    Heard(usize, u32, Bytes),
    /// A client's connection is closed by its gateway.
    Closed(usize, u32),
    /// A client reads again.
    Reads(usize, u32),
    /// A client does something.
    Act(usize),
    /// A client connects.
    Connect(usize),
    /// A client looks at what it waits for.
    Waits(usize),
    /// Somebody does something by other ways than a socket.
    Rest,
    /// Something may go wrong.
    Fault,
    /// A dead node starts again.
    Restart(usize),
    /// Nodes hear which shards are theirs.
    Assignment,
    /// Senders hear who has a shard.
    Route(tertulia_core::ShardId, usize),
    /// The weather calms down.
    Calm,
    /// Whoever has lost a shard to somebody who is not to have it takes it over again.
    Reclaim,
    /// Everything must have settled: live sessions have everything.
    Settled,
    /// Everybody comes again.
    Return,
    /// The last look.
    End,
}

/// What came of a future.
#[derive(Debug)]
pub enum Done {
    /// Work of an owner.
    Work(usize, u32, Box<Finished>),
    /// An errand of a gateway.
    Errand(usize, u32, Option<Returned>),
    /// A command that did not come over a socket.
    Asked(Box<Asked>),
    /// Nothing to tell.
    Nothing,
}

/// Whose future it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// An owner's, so that it stops when its node is frozen.
    Node(usize),
    /// Somebody else's.
    Elsewhere,
}

struct Due {
    at: Reverse<(u64, u64)>,
    event: Event,
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// Everything there is.
pub struct World {
    pub(crate) seed: u64,
    pub(crate) settings: Settings,
    pub(crate) now: u64,
    queue: BinaryHeap<Due>,
    counter: u64,
    events: u64,
    trace: String,
    over: bool,
    pub(crate) rng: Rng,
    pub(crate) weather: Arc<Weather>,
    pub(crate) hub: Arc<Hub>,
    pub(crate) tasks: Tasks<Home, Done>,
    runtime: Runtime,
    runtime_ms: u64,
    pub(crate) places: Places,
    pub(crate) store: Arc<FaultyMessages>,
    pub(crate) directory: Arc<FaultyDirectory>,
    pub(crate) bus: Arc<SimulatedBus>,
    pub(crate) callers: Arc<Callers>,
    pub(crate) handle: Handle,
    pub(crate) tokens: Tokens,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) flights: Flights,
    pub(crate) hosts: Vec<Host>,
    pub(crate) clients: Vec<Client>,
    pub(crate) users: Vec<UserId>,
    pub(crate) plan: Plan,
    pub(crate) checker: Checker,
    /// When the last mail between two arrives, where mail keeps its order.
    pub(crate) last_arrival: BTreeMap<(u64, u64), u64>,
    /// Link numbers that gateways are told when links are not numbered.
    pub(crate) links: BTreeMap<(u64, u64), u64>,
}

impl World {
    /// The world of a seed, before anything has happened.
    pub fn new(seed: u64, settings: &Settings) -> Self {
        let mut rng = Rng::new(seed, 0);
        let weather = Arc::new(Weather::new(&mut rng));
        let hub = Arc::new(Hub::default());
        let trouble =
            |engine, stream| Trouble::new(engine, hub.clone(), weather.clone(), Rng::new(seed, stream));
        let store = Arc::new(FaultyMessages::new(trouble("messages", 1), settings.has(Safeguard::EpochRows)));
        let directory = Arc::new(FaultyDirectory::new(trouble("sqlite", 2)));
        let presence = Arc::new(InProcessPresence::default());
        let bus = Arc::new(SimulatedBus::default());
        let callers = Arc::new(Callers::default());
        let handle = Handle::new(bus.clone(), callers.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without threads and sockets starts");
        let places = Places { messages: store.clone(), directory: directory.clone(), presence };
        let users: Vec<_> = (1..=USERS).map(UserId::new).collect();
        let plan = Plan::new(&users, &mut rng);
        let mut world = Self {
            seed,
            settings: *settings,
            now: 0,
            queue: BinaryHeap::new(),
            counter: 0,
            events: 0,
            trace: String::new(),
            over: false,
            weather,
            tasks: Tasks::new(hub.clone()),
            hub,
            runtime,
            runtime_ms: 0,
            places,
            store,
            directory,
            bus,
            callers,
            handle,
            tokens: Tokens::new(&[7; 32]),
            entropy: Arc::new(SeededEntropy::new(seed)),
            nodes: Vec::new(),
            flights: Flights::default(),
            hosts: Vec::new(),
            clients: Vec::new(),
            users,
            plan,
            checker: Checker::default(),
            last_arrival: BTreeMap::new(),
            links: BTreeMap::new(),
            rng,
        };
        world.populate();
        world
    }

    /// Everybody and everything that is there from the start.
    fn populate(&mut self) {
        let weather = self.weather.clone();
        self.note(|| format!("{weather:?}"));
        for at in 0..NODES {
            self.nodes.push(Node::default());
            self.start_node(at);
        }
        for at in 0..HOSTS {
            let host = self.new_host(at, 0);
            self.hosts.push(host);
            self.after(self.rng.clone().below(100), Event::HostTick(at, 0));
        }
        for user in self.users.clone() {
            let name = format!("user{user}");
            let person = User {
                id: user,
                handle: name.clone(),
                name,
                about: String::new(),
                admin: false,
                created_at: START,
            };
            ready(self.directory.inner().add_user(&person))
                .expect("memory does not fail")
                .expect("a new name");
        }
        let mut devices: Vec<_> = self.users.clone();
        devices.extend(self.users.iter().take(SECOND_DEVICES).copied());
        for (at, user) in devices.into_iter().enumerate() {
            let id = DeviceId::new(100 + at as u64);
            let expires_at = START.plus(1_000_000_000);
            let device = Device {
                id,
                user,
                client: "simulated".to_owned(),
                created_at: START,
                last_seen_at: START,
                expires_at,
            };
            ready(self.directory.inner().add_device(&device)).expect("memory does not fail");
            let token = self.tokens.issue(&Claims { user, device: id, expires_at });
            self.clients.push(Client::new(user, token));
            self.after(500 + 50 * at as u64, Event::Connect(at));
            self.after(1_000 + 70 * at as u64, Event::Act(at));
            self.after(1_000 + 70 * at as u64, Event::Waits(at));
        }
        self.assign_at_first();
        self.make_rooms();
        self.after(CLOCK_MS, Event::Clock);
        self.after(2_000, Event::Fault);
        self.after(1_500, Event::Rest);
        self.after(1_000, Event::Assignment);
        for (at, event) in [
            (CALM_AT_MS, Event::Calm),
            (CALM_AT_MS + SETTLE_MS, Event::Settled),
            (CALM_AT_MS + SETTLE_MS + 1, Event::Return),
            (CALM_AT_MS + SETTLE_MS + SYNC_MS, Event::End),
        ] {
            self.after(at, event);
        }
    }

    /// Runs until the end, or until something happens that must not.
    pub fn run(mut self) -> Outcome {
        while !self.over && self.checker.violation.is_none() {
            let Some(Due { at: Reverse((at, _)), event }) = self.queue.pop() else { break };
            self.now = at;
            self.hub.set_now_ms(at);
            self.events += 1;
            if self.settings.trace {
                let _ = writeln!(self.trace, "{at:>6} {event:?}");
            }
            self.happen(event);
            self.carry();
        }
        if let Some(violation) = self.checker.violation.clone() {
            self.note(|| violation);
        }
        Outcome {
            seed: self.seed,
            events: self.events,
            acked: self.checker.acked,
            violation: self.checker.violation,
            trace: self.trace,
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::NodeTick(at, life) => self.node_tick(at, life),
            Event::Node(at, life, input) => self.node_input(at, life, input),
            Event::TurnEnd(at, life) => self.turn_end(at, life),
            Event::Land(flight, part) => self.land(flight, part),
            Event::Answer(flight) => self.answer_append(flight),
            Event::Poll(task) => self.poll(task),
            Event::Clock => self.clock(),
            Event::ToNode(at, mail) => {
                let life = self.nodes[at].life;
                self.node_input(at, life, Input::Mail(mail));
            }
            Event::ToHost(gateway, mail) => self.host_mail(gateway, mail),
            Event::ToCaller(caller, answer) => self.callers.answer(caller, answer),
            Event::HostTick(at, life) => self.host_tick(at, life),
            Event::Said(at, life, connection, text) => self.host_text(at, life, connection, &text),
            Event::Parted(at, life, connection) => self.host_closed(at, life, connection),
            Event::Heard(client, link, frame) => self.hear(client, link, &frame),
            Event::Closed(client, link) => self.connection_closed(client, link),
            Event::Reads(client, link) => self.reads_again(client, link),
            Event::Act(client) => self.act(client),
            Event::Connect(client) => self.connect(client),
            Event::Waits(client) => self.look_at_waiting(client),
            Event::Rest => self.rest(),
            Event::Fault => self.fault(),
            Event::Restart(at) => self.restart_node(at),
            Event::Assignment => self.tell_assignment(),
            Event::Route(shard, node) => self.bus.route(shard, node),
            Event::Calm => self.calm_down(),
            Event::Reclaim => self.reclaim(),
            Event::Settled => self.check_live(),
            Event::Return => self.everybody_returns(),
            Event::End => self.end(),
        }
    }

    /// Takes along what an event has set off elsewhere.
    fn carry(&mut self) {
        for mail in self.bus.take() {
            self.send(mail);
        }
        for (at, task) in self.hub.take_wakes() {
            self.at(at, Event::Poll(task));
        }
    }

    /// Something is to happen after so many ms.
    pub(crate) fn after(&mut self, ms: u64, event: Event) {
        self.at(self.now + ms, event);
    }

    /// Something is to happen at this time.
    pub(crate) fn at(&mut self, at: u64, event: Event) {
        self.counter += 1;
        self.queue.push(Due { at: Reverse((at.max(self.now), self.counter)), event });
    }

    /// Writes something down, if everything is.
    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if self.settings.trace {
            let _ = writeln!(self.trace, "{:>6} -- {}", self.now, line());
        }
    }

    /// The wall clock, set wrong by so many ms.
    pub(crate) fn wall_clock(&self, skew_ms: i64) -> TimeMs {
        TimeMs(START.0.saturating_add(self.now).saturating_add_signed(skew_ms))
    }

    fn poll(&mut self, task: TaskId) {
        if let Some(Home::Node(at)) = self.tasks.home(task) {
            // What a frozen node has sent may still arrive; what it would do next waits.
            let until = self.nodes[at].frozen_until;
            if until > self.now && self.rng.chance(700) {
                return self.at(until, Event::Poll(task));
            }
        }
        let done = {
            let _clock = self.runtime.enter();
            self.tasks.poll(task)
        };
        if let Some(done) = &done {
            self.note(|| format!("{done:?}"));
        }
        match done {
            None | Some(Done::Nothing) => {}
            Some(Done::Work(at, life, finished)) => {
                if let Finished::TakeOver(taken) = &*finished {
                    self.plan.holders.extend(taken.iter().map(|taken| (taken.shard, at)));
                }
                self.node_input(at, life, Input::Finished(*finished));
            }
            Some(Done::Errand(at, life, returned)) => self.errand_done(at, life, returned),
            Some(Done::Asked(asked)) => self.asked(*asked),
        }
    }

    /// Moves the clock of futures that wait by timers.
    fn clock(&mut self) {
        let ms = self.now - self.runtime_ms;
        self.runtime_ms = self.now;
        self.runtime.block_on(tokio::time::advance(std::time::Duration::from_millis(ms)));
        self.after(CLOCK_MS, Event::Clock);
    }

    fn send(&mut self, mail: Mail) {
        if let Mail::AllGateways(mail) = mail {
            for id in self.hosts.iter().map(|host| host.id).collect::<Vec<_>>() {
                self.send(Mail::Gateway(id, mail.clone()));
            }
            return;
        }
        let (from, to) = match &mail {
            Mail::Owner(node, _) => (0, *node as u64),
            Mail::Gateway(gateway, ToGateway::Link(envelope)) => (envelope.owner.0, 100 + gateway.0),
            Mail::Gateway(gateway, _) => (1, 100 + gateway.0),
            Mail::Caller(caller, _) => (2, *caller),
            Mail::AllGateways(_) => return,
        };
        for ms in self.fates() {
            let mut at = self.now + ms;
            if self.weather.in_order {
                let last = self.last_arrival.entry((from, to)).or_default();
                at = at.max(*last);
                *last = at;
            }
            let event = match mail.clone() {
                Mail::Owner(node, mail) => Event::ToNode(node, mail),
                Mail::Gateway(gateway, mail) => Event::ToHost(gateway, mail),
                Mail::Caller(caller, answer) => Event::ToCaller(caller, answer),
                Mail::AllGateways(_) => return,
            };
            self.at(at, event);
        }
    }

    fn end(&mut self) {
        self.over = true;
        self.check_live();
        self.check_rooms_of_devices();
        let stores = Stores { messages: &self.store, directory: &self.directory, users: &self.users };
        self.checker.check_stores(&stores);
    }
}
