//! What a gateway's listener and workers share: the number of connections and the counters.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::addresses::{Addresses, Guest};
use super::counters::Counters;
use super::refusal::Refusal;

/// The state of one gateway's transport that any thread may read.
#[derive(Debug)]
pub struct Transport {
    /// What has been counted.
    pub counters: Counters,
    open: AtomicUsize,
    connection_limit: AtomicUsize,
    addresses: Arc<Addresses>,
}

impl Transport {
    /// A transport that takes `connection_limit` WebSockets at a time, and any number of connections of one address.
    pub fn new(connection_limit: usize) -> Self {
        Self {
            counters: Counters::default(),
            open: AtomicUsize::new(0),
            connection_limit: AtomicUsize::new(connection_limit),
            addresses: Arc::new(Addresses::new(0)),
        }
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

    /// Changes how many connections of every kind one address may have from now on; 0 is any number.
    pub fn set_address_limit(&self, limit: usize) {
        self.addresses.set_limit(limit);
    }

    /// Counts one more connection of an address.
    ///
    /// # Errors
    /// What to answer if it has as many as it may have.
    pub fn enter(&self, address: IpAddr) -> Result<Guest, Refusal> {
        self.addresses.enter(address).ok_or_else(|| {
            self.counters.refused_address.fetch_add(1, Ordering::Relaxed);
            Refusal::CROWD
        })
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
