//! One thread, its readiness loop, its connections, and the application over them.
//!
//! `turn.rs` is the loop, `core.rs` what happens to a connection, `connection.rs` one connection and its
//! writing, `staging.rs` the frames of a turn, `timers.rs` what time does, by the `wheel.rs`, `mailbox.rs`
//! the way in for other threads.

mod connection;
mod core;
mod io;
mod mailbox;
mod staging;
mod timers;
mod turn;
mod wheel;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use mio::{Poll, Waker};

use self::mailbox::Mailbox;
use super::application::Application;
use super::shared::Transport;
use super::websocket::{CloseCode, MessageLimits};

pub use io::Io;
pub use mailbox::{PostError, WorkerHandle};

/// Bounds of one worker.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// What a peer may send.
    pub messages: MessageLimits,
    /// Bytes that may wait for one peer. An empty queue takes one frame of any size.
    pub queue_max_bytes: usize,
    /// Pieces of mail that may wait for the worker.
    pub mail_max_count: usize,
    /// A peer that was silent this long is sent a ping. Up to a quarter earlier, to spread the pings of peers
    /// that came together.
    pub ping_after: Duration,
    /// A peer that stays silent this long after a ping is closed.
    pub pong_timeout: Duration,
    /// What such a peer is told.
    pub silent_code: CloseCode,
    /// A peer that takes no byte of a waiting queue this long is cut off.
    pub stall_timeout: Duration,
    /// How long a peer may take to answer a close frame.
    pub close_timeout: Duration,
    /// The kernel's send buffer per connection. Left to itself it would grow to megabytes for a slow peer.
    pub send_buffer_bytes: usize,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            messages: MessageLimits { message_max_bytes: 64 * 1024, fragments_max_count: 128 },
            queue_max_bytes: 256 * 1024,
            mail_max_count: 262_144,
            ping_after: Duration::from_secs(30),
            pong_timeout: Duration::from_secs(15),
            silent_code: CloseCode::POLICY,
            stall_timeout: Duration::from_secs(30),
            close_timeout: Duration::from_secs(5),
            send_buffer_bytes: 128 * 1024,
        }
    }
}

/// A running worker.
#[derive(Debug)]
pub struct Worker<M> {
    handle: WorkerHandle<M>,
    thread: JoinHandle<()>,
}

impl<M: Send + 'static> Worker<M> {
    /// Starts a thread called `name` that runs the application that `make` returns there.
    ///
    /// # Errors
    /// The system has no thread, no file descriptor or no memory for it.
    pub fn start<A: Application<Mail = M>>(
        name: &str,
        settings: WorkerSettings,
        transport: &Arc<Transport>,
        make: impl FnOnce(WorkerHandle<M>) -> A + Send + 'static,
    ) -> std::io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), turn::WAKER)?;
        let mailbox = Arc::new(Mailbox::new(waker, settings.mail_max_count, transport.clone()));
        let handle = WorkerHandle(mailbox.clone());
        let for_application = handle.clone();
        let transport = transport.clone();
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || turn::run(poll, mailbox, transport, settings, || make(for_application)))?;
        Ok(Self { handle, thread })
    }

    /// The way to it.
    pub fn handle(&self) -> &WorkerHandle<M> {
        &self.handle
    }

    /// Waits for its end; `false` when it panicked.
    pub fn join(self) -> bool {
        self.thread.join().is_ok()
    }
}
