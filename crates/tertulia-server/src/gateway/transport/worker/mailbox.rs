//! How other threads reach a worker: a bounded box that wakes it once per batch.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mio::Waker;
use thiserror::Error;

use crate::gateway::transport::placement::Arrival;
use crate::gateway::transport::shared::Transport;

/// Mail was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum PostError {
    /// The worker does not keep up: as much mail as the box holds waits to be read.
    #[error("the worker's mailbox is full")]
    Full,
    /// The worker has ended.
    #[error("the worker has stopped")]
    Stopped,
}

/// Everything that waits for the worker.
#[derive(Debug)]
pub(super) struct Letters<M> {
    pub(super) mail: Vec<M>,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) shutdown: Option<Duration>,
}

impl<M> Default for Letters<M> {
    fn default() -> Self {
        Self { mail: Vec::new(), arrivals: Vec::new(), shutdown: None }
    }
}

impl<M> Letters<M> {
    fn is_empty(&self) -> bool {
        self.mail.is_empty() && self.arrivals.is_empty() && self.shutdown.is_none()
    }
}

#[derive(Debug)]
struct Slot<M> {
    letters: Letters<M>,
    /// No connections are taken any more.
    is_draining: bool,
    /// Nothing is taken any more.
    is_stopped: bool,
}

#[derive(Debug)]
pub(super) struct Mailbox<M> {
    slot: Mutex<Slot<M>>,
    mail_max_count: usize,
    /// Set while the worker may be asleep; whoever clears it wakes it.
    is_asleep: AtomicBool,
    waker: Waker,
    /// Connections that the worker has or is about to get.
    load: AtomicUsize,
    transport: Arc<Transport>,
}

impl<M> Mailbox<M> {
    pub(super) fn new(waker: Waker, mail_max_count: usize, transport: Arc<Transport>) -> Self {
        Self {
            slot: Mutex::new(Slot { letters: Letters::default(), is_draining: false, is_stopped: false }),
            mail_max_count,
            is_asleep: AtomicBool::new(false),
            waker,
            load: AtomicUsize::new(0),
            transport,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Slot<M>> {
        // Every change is a single push or swap: a panic elsewhere leaves nothing half done.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if self.is_asleep.swap(false, Ordering::SeqCst)
            && let Err(error) = self.waker.wake()
        {
            tracing::error!(%error, "could not wake a gateway worker");
        }
    }

    /// Announces sleep; `false` when something has come and there must be none. What is posted from now on
    /// wakes the worker.
    pub(super) fn may_sleep(&self) -> bool {
        self.is_asleep.store(true, Ordering::SeqCst);
        self.lock().letters.is_empty()
    }

    /// Ends sleep: until the next one nobody needs to wake the worker.
    pub(super) fn is_awake(&self) {
        self.is_asleep.store(false, Ordering::SeqCst);
    }

    /// Exchanges what has come for `empty`.
    pub(super) fn collect(&self, empty: &mut Letters<M>) {
        std::mem::swap(&mut self.lock().letters, empty);
    }

    /// Refuses everything from now on, and gives back what was on its way.
    pub(super) fn stop(&self) {
        let mut slot = self.lock();
        slot.is_stopped = true;
        let lost = std::mem::take(&mut slot.letters);
        drop(slot);
        self.release(lost.arrivals.len());
    }

    /// Counts `connections` that the worker no longer has.
    pub(super) fn release(&self, connections: usize) {
        self.load.fetch_sub(connections, Ordering::Relaxed);
        self.transport.give_back(connections);
    }
}

/// The way to one worker. Cheap to clone.
#[derive(Debug)]
pub struct WorkerHandle<M>(pub(super) Arc<Mailbox<M>>);

impl<M> Clone for WorkerHandle<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M> WorkerHandle<M> {
    /// Sends one piece of mail. Mail of one thread arrives in its order.
    ///
    /// # Errors
    /// The mail is dropped when the box is full or the worker has stopped.
    pub fn post(&self, mail: M) -> Result<(), PostError> {
        match self.post_all(std::iter::once(mail)) {
            0 => Ok(()),
            _ if self.0.lock().is_stopped => Err(PostError::Stopped),
            _ => Err(PostError::Full),
        }
    }

    /// Sends a batch, with one lock and at most one wake. Says how many pieces at its end were dropped
    /// because the box was full or the worker has stopped.
    #[must_use = "mail that was dropped will not be delivered"]
    pub fn post_all(&self, batch: impl IntoIterator<Item = M>) -> usize {
        let mut batch = batch.into_iter();
        let mut slot = self.0.lock();
        let before = slot.letters.mail.len();
        let room = if slot.is_stopped { 0 } else { self.0.mail_max_count.saturating_sub(before) };
        slot.letters.mail.extend(batch.by_ref().take(room));
        let has_new = slot.letters.mail.len() > before;
        drop(slot);
        if has_new {
            self.0.wake();
        }
        let dropped = batch.count();
        if dropped > 0 {
            self.0.transport.counters.mail_refused.fetch_add(dropped as u64, Ordering::Relaxed);
        }
        dropped
    }

    /// Ends the worker: no new connections, the application is told, and at the end of `grace` what is still
    /// open is closed with 1001. The worker's thread ends when the last connection is gone.
    pub fn shutdown(&self, grace: Duration) {
        let mut slot = self.0.lock();
        slot.is_draining = true;
        slot.letters.shutdown = Some(grace);
        drop(slot);
        self.0.wake();
    }

    /// Connections that it has or is about to get.
    pub fn load(&self) -> usize {
        self.0.load.load(Ordering::Relaxed)
    }

    pub(in crate::gateway::transport) fn adopt(&self, arrival: Box<Arrival>) -> Result<(), Box<Arrival>> {
        let mut slot = self.0.lock();
        if slot.is_stopped || slot.is_draining {
            return Err(arrival);
        }
        slot.letters.arrivals.push(*arrival);
        self.0.load.fetch_add(1, Ordering::Relaxed);
        drop(slot);
        self.0.wake();
        Ok(())
    }
}
