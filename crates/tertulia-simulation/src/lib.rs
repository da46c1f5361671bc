//! The whole server under seeds: the real state machines of owners, rooms, gateways and sessions on in-process ports,
//! on simulated time, with a bus that drops, delays, repeats and reorders, stores that fail and are slow, and owners
//! that die, freeze and are taken over. What must hold is checked with everything that happens.
//!
//! A seed says everything: one thread runs it, nothing asks the machine for time or chance, and the same seed gives the
//! same trace byte for byte. There are no sockets, no processes and no disks here; those are tested on real ones.
//!
//! Start reading at [`world`]: the queue of events and what each does. `nodes` hosts owners, `hosts` gateways, `clients`
//! is how people behave, `faults` what goes wrong between them, and `checker` what must hold.

mod bus;
mod checker;
mod clients;
mod directory;
mod faults;
mod hosts;
mod nodes;
mod rng;
mod rooms;
mod settings;
mod store;
mod tasks;
mod trouble;
mod weather;
pub mod world;

pub use settings::{Safeguard, Settings};

/// What came of a seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// How many events it had.
    pub events: u64,
    /// How many commands were acknowledged.
    pub acked: u64,
    /// The first thing that must not be.
    pub violation: Option<String>,
    /// What happened, line by line, if that was asked for.
    pub trace: String,
}

/// Runs a seed.
pub fn run(seed: u64, settings: &Settings) -> Outcome {
    world::World::new(seed, settings).run()
}
