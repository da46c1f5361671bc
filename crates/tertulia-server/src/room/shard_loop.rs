//! The thread around an owner: takes what has arrived, turns the state machine, does what it wants done.
//!
//! The thread never waits for a store: appends answer through its queue, everything else runs on the runtime.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tertulia_core::{RoomId, ShardId, TimeMs};
use tertulia_ports::{
    bus::{Bus, OwnerId, ReplyTo, ToGateway, ToOwner},
    coordination::RuntimeConfig,
    messages::{Append, Appended},
    time::{Clock, Entropy},
};
use tokio::runtime;

use super::{
    owner::{Effect, Input, Owner, Safeguards},
    work::{Places, Work, perform},
};
use crate::{fanout::frame::JsonFrames, metrics::Counter};

/// How often an owner looks at the clock when nothing happens, in ms.
const TICK: Duration = Duration::from_millis(50);

/// Most inputs of one turn: a flood must not keep a turn from ending.
const TURN_INPUTS_MAX: usize = 4_096;

/// How long work that failed waits before it is tried again.
const RETRY: Duration = Duration::from_millis(250);

/// What the thread around an owner needs.
pub struct ShardLoop {
    /// The owner's id.
    pub id: OwnerId,
    /// Where its work is done.
    pub places: Places,
    /// How it speaks.
    pub bus: Arc<dyn Bus>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where salt comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The runtime that its work runs on.
    pub runtime: runtime::Handle,
    /// Called with rooms that have lost their last member.
    pub emptied: Arc<dyn Fn(RoomId) + Send + Sync>,
    /// Counts entries that were stored.
    pub committed: Counter,
}

/// A running owner. Cheap to clone.
#[derive(Clone)]
pub struct OwnerHandle(mpsc::Sender<Event>);

enum Event {
    Input(Input),
    Stop,
}

impl OwnerHandle {
    /// Says something to the owner; lost if it has stopped.
    pub fn mail(&self, mail: ToOwner) {
        self.input(Input::Mail(mail));
    }

    /// Gives the owner shards.
    pub fn assign(&self, shards: Vec<ShardId>) {
        self.input(Input::Assign(shards));
    }

    /// Tells the owner the configuration.
    pub fn config(&self, config: Arc<RuntimeConfig>) {
        self.input(Input::Config(config));
    }

    /// Lets the owner finish what is under way, then ends its thread.
    pub fn stop(&self) {
        // A thread that has ended needs no telling.
        let _ = self.0.send(Event::Stop);
    }

    fn input(&self, input: Input) {
        let _ = self.0.send(Event::Input(input));
    }
}

/// How long an owner that was told to stop waits for what is under way.
const STOP_TURNS_MAX: u32 = 100;

impl ShardLoop {
    /// Starts the thread.
    pub fn start(self) -> io::Result<(OwnerHandle, JoinHandle<()>)> {
        let (sender, receiver) = mpsc::channel();
        let handle = OwnerHandle(sender);
        let own = handle.clone();
        let thread = thread::Builder::new().name("owner".into()).spawn(move || self.run(&own, &receiver))?;
        Ok((handle, thread))
    }

    fn run(self, own: &OwnerHandle, inbox: &mpsc::Receiver<Event>) {
        let entropy = self.entropy.clone();
        let salt = Box::new(move || entropy.salt());
        let mut owner = Owner::new(self.id, Box::new(JsonFrames), salt, Safeguards::ALL);
        let start = Instant::now();
        let mut ticked = None;
        let mut stopping = None;
        loop {
            match inbox.recv_timeout(TICK) {
                Ok(event) => {
                    let more = inbox.try_iter().take(TURN_INPUTS_MAX);
                    for event in std::iter::once(event).chain(more) {
                        match event {
                            Event::Input(input) => owner.handle(input, self.clock.now()),
                            Event::Stop => stopping = Some(0),
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if ticked.is_none_or(|ticked: Instant| ticked.elapsed() >= TICK) {
                ticked = Some(Instant::now());
                owner.tick(self.clock.now(), TimeMs(start.elapsed().as_millis() as u64));
            }
            for effect in owner.end_turn() {
                self.perform(effect, own);
            }
            if let Some(turns) = &mut stopping {
                *turns += 1;
                if owner.is_idle() || *turns > STOP_TURNS_MAX {
                    return;
                }
            }
        }
    }

    fn perform(&self, effect: Effect, own: &OwnerHandle) {
        match effect {
            Effect::Append { batch, appends } => {
                let (own, committed) = (own.clone(), self.committed.clone());
                let rows = |append: &Append| append.rooms.iter().map(|room| room.rows.len() as u64).sum();
                let counts: Vec<u64> = appends.iter().map(rows).collect();
                let done = Box::new(move |outcomes: Vec<Appended>| {
                    let stored =
                        outcomes.iter().zip(counts).filter(|(outcome, _)| **outcome == Appended::Committed);
                    committed.add(stored.map(|(_, count)| count).sum());
                    own.input(Input::Appended { batch, outcomes });
                });
                self.places.messages.append(appends, done);
            }
            Effect::Work(work) => self.spawn(work, Duration::ZERO, own),
            Effect::Retry(work) => self.spawn(work, RETRY, own),
            Effect::Reply(ReplyTo::Gateway(gateway, request), answer) => {
                self.bus.to_gateway(gateway, ToGateway::Answer { request, answer });
            }
            Effect::Reply(ReplyTo::Caller(caller), answer) => self.bus.to_caller(caller, answer),
            Effect::Envelope(gateway, envelope) => self.bus.to_gateway(gateway, ToGateway::Link(envelope)),
            Effect::Feeds(changes) => self.bus.to_all_gateways(ToGateway::Feed(changes)),
            Effect::Emptied(room) => (self.emptied)(room),
        }
    }

    fn spawn(&self, work: Work, after: Duration, own: &OwnerHandle) {
        let (places, own) = (self.places.clone(), own.clone());
        self.runtime.spawn(async move {
            if !after.is_zero() {
                tokio::time::sleep(after).await;
            }
            own.input(Input::Finished(perform(&places, work).await));
        });
    }
}
