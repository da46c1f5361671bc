//! Which worker gets a new connection.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::application::Peer;
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

    /// Gives `arrival` to the worker with the fewest connections.
    ///
    /// # Errors
    /// Gives it back, with what to answer, at the connection limit and when no worker runs.
    pub fn place(&self, mut arrival: Box<Arrival>) -> Result<(), (Box<Arrival>, Refusal)> {
        let counters = &self.transport.counters;
        if !self.transport.take_place() {
            counters.refused_full.fetch_add(1, Ordering::Relaxed);
            return Err((arrival, Refusal::FULL));
        }
        let mut by_load: Vec<_> = self.workers.iter().collect();
        by_load.sort_by_key(|worker| worker.load());
        for worker in by_load {
            match worker.adopt(arrival) {
                Ok(()) => return Ok(()),
                Err(back) => arrival = back,
            }
        }
        self.transport.give_back(1);
        counters.refused_full.fetch_add(1, Ordering::Relaxed);
        Err((arrival, Refusal::STOPPING))
    }
}
