//! The weather of a seed: which faults it has, and how many. Each seed has some kinds and not others, so that one kind
//! does not hide what another would find.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::rng::Rng;

/// How often what goes wrong: rates are per mille.
#[derive(Debug, Default)]
pub struct Weather {
    /// Mail that the bus loses.
    pub drop: u64,
    /// Mail that comes twice.
    pub repeat: u64,
    /// Mail that comes late.
    pub late: u64,
    /// How late, at most, in ms.
    pub late_ms: u64,
    /// Mail between the same two keeps its order.
    pub in_order: bool,
    /// Calls of stores that fail, before or after they had their effect.
    pub fail: u64,
    /// Calls of stores that take long.
    pub slow: u64,
    /// How long, at most, in ms.
    pub slow_ms: u64,
    /// Appends whose outcome nobody knows.
    pub unknown: u64,
    /// Owners that die, at each look.
    pub crash: u64,
    /// Owners that are stopped for a while, at each look.
    pub freeze: u64,
    /// Shards that get another owner, at each look.
    pub moves: u64,
    /// Gateways that die, at each look.
    pub gateway_crash: u64,
    /// Connections that break, at each act of a client.
    pub disconnect: u64,
    /// Clients that stop reading, at each act.
    pub slow_reader: u64,
    /// Clocks that jump, at each look.
    pub clock_jump: u64,
    /// How much more often than usual people do something.
    pub pace: u64,
    /// How often people are in the same room, whatever else there is.
    pub crowd: u64,
    calm: AtomicBool,
}

impl Weather {
    /// The weather of a seed.
    pub fn new(rng: &mut Rng) -> Self {
        let mut rate = |max: u64| if rng.chance(400) { 0 } else { 1 + rng.below(max) };
        let mut weather = Self {
            drop: rate(120),
            repeat: rate(100),
            late: rate(150),
            late_ms: 100 + rate(4_000),
            fail: rate(60),
            slow: rate(100),
            slow_ms: 50 + rate(3_000),
            unknown: rate(200),
            crash: rate(120),
            freeze: rate(120),
            moves: rate(200),
            gateway_crash: rate(40),
            disconnect: rate(60),
            slow_reader: rate(40),
            clock_jump: rate(40),
            in_order: false,
            pace: 1,
            crowd: 0,
            calm: AtomicBool::new(false),
        };
        weather.in_order = rng.chance(500);
        weather.pace = *rng.pick(&[1, 1, 2, 4]);
        weather.crowd = *rng.pick(&[0, 0, 500, 800]);
        weather
    }

    /// From now on nothing goes wrong.
    pub fn calm_down(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    /// Whether nothing goes wrong any more.
    pub fn is_calm(&self) -> bool {
        self.calm.load(Ordering::Relaxed)
    }

    /// Whether it happens this time.
    pub fn strikes(&self, rate: u64, rng: &mut Rng) -> bool {
        rate > 0 && rng.chance(rate) && !self.is_calm()
    }
}
