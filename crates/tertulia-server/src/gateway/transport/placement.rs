//! Which worker gets a new connection.

use std::net::{IpAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::addresses::Guest;
use super::application::Peer;
use super::proxies::Proxies;
use super::refusal::Refusal;
use super::shared::Transport;
use super::worker::WorkerHandle;

/// A connection whose upgrade has been granted.
#[derive(Debug)]
pub struct Arrival {
    /// The connection, set to non-blocking.
    pub stream: TcpStream,
    /// Who it is.
    pub peer: Peer,
    /// The answer `101` that is still to be sent; `None` when an HTTP server has sent it.
    pub response: Option<Bytes>,
    /// Whom it counts for.
    pub guest: Guest,
    /// What the peer has sent behind its upgrade request.
    pub received: Vec<u8>,
}

/// Places connections on the workers of one gateway, within the connection limit. Cheap to clone.
#[derive(Debug)]
pub struct Placement<M> {
    transport: Arc<Transport>,
    workers: Arc<[WorkerHandle<M>]>,
}

impl<M> Clone for Placement<M> {
    fn clone(&self) -> Self {
        Self { transport: self.transport.clone(), workers: self.workers.clone() }
    }
}

impl<M> Placement<M> {
    /// Places on `workers`, which were started with the same `transport`.
    pub fn new(transport: Arc<Transport>, workers: Vec<WorkerHandle<M>>) -> Self {
        Self { transport, workers: workers.into() }
    }

    /// What the workers share.
    pub fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// Counts a WebSocket that comes through a proxy for its client, if the proxy says who that is.
    ///
    /// # Errors
    /// What to answer if the client has as many connections as it may have.
    pub fn admit<'a>(
        &self,
        proxies: &Proxies,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
    ) -> Result<Guest, Refusal> {
        let client = proxies.client(peer, forwarded);
        if proxies.trusts(client) { Ok(Guest::default()) } else { self.transport.enter(client) }
    }

    /// Takes a place for a connection that is on its way, before it is told that it may come.
    ///
    /// # Errors
    /// What to answer at the connection limit.
    pub fn reserve(&self) -> Result<Place, Refusal> {
        match self.transport.take_place() {
            true => Ok(Place(Some(self.transport.clone()))),
            false => {
                self.transport.counters.refused_full.fetch_add(1, Ordering::Relaxed);
                Err(Refusal::FULL)
            }
        }
    }

    /// Gives `arrival` to the worker with the fewest connections.
    ///
    /// # Errors
    /// Gives it back, with what to answer, at the connection limit and when no worker runs.
    pub fn place(&self, arrival: Box<Arrival>) -> Result<(), (Box<Arrival>, Refusal)> {
        match self.reserve() {
            Ok(place) => self.settle(arrival, place),
            Err(refusal) => Err((arrival, refusal)),
        }
    }

    /// Gives `arrival`, which has its place, to the worker with the fewest connections.
    ///
    /// # Errors
    /// Gives it back, with what to answer, when no worker runs.
    pub fn settle(&self, mut arrival: Box<Arrival>, place: Place) -> Result<(), (Box<Arrival>, Refusal)> {
        let mut by_load: Vec<_> = self.workers.iter().collect();
        by_load.sort_by_key(|worker| worker.load());
        for worker in by_load {
            match worker.adopt(arrival) {
                Ok(()) => {
                    place.hand_over();
                    return Ok(());
                }
                Err(back) => arrival = back,
            }
        }
        self.transport.counters.refused_full.fetch_add(1, Ordering::Relaxed);
        Err((arrival, Refusal::STOPPING))
    }
}

/// One connection's place within the limit. It is given back when this is dropped.
#[derive(Debug)]
pub struct Place(Option<Arc<Transport>>);

impl Place {
    /// The place is a worker's from now on, which gives it back when the connection ends.
    fn hand_over(mut self) {
        self.0 = None;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(transport) = self.0.take() {
            transport.give_back(1);
        }
    }
}
