//! What a gateway's listener and workers share: the number of connections and the counters.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::counters::Counters;

/// The state of one gateway's transport that any thread may read.
#[derive(Debug)]
pub struct Transport {
    /// What has been counted.
    pub counters: Counters,
    open: AtomicUsize,
    connection_limit: AtomicUsize,
}

impl Transport {
    /// A transport that takes `connection_limit` WebSockets at a time.
    pub fn new(connection_limit: usize) -> Self {
        let connection_limit = AtomicUsize::new(connection_limit);
        Self { counters: Counters::default(), open: AtomicUsize::new(0), connection_limit }
    }

    /// WebSockets that are open or on their way to a worker.
    pub fn connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// How many it takes.
    pub fn connection_limit(&self) -> usize {
        self.connection_limit.load(Ordering::Relaxed)
    }

    /// Changes how many it takes from now on. Connections above a lowered limit stay.
    pub fn set_connection_limit(&self, limit: usize) {
        self.connection_limit.store(limit, Ordering::Relaxed);
    }

    /// Takes a place for one connection, if there is one.
    pub(super) fn take_place(&self) -> bool {
        let limit = self.connection_limit();
        let taken = self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |open| (open < limit).then_some(open + 1));
        taken.is_ok()
    }

    pub(super) fn give_back(&self, places: usize) {
        self.open.fetch_sub(places, Ordering::Relaxed);
    }
}
