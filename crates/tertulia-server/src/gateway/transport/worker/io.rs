//! What an application may do from inside a call.

use std::time::Instant;

use super::core::Core;
use crate::gateway::transport::application::{ConnectionId, Enqueued};
use crate::gateway::transport::websocket::{CloseCode, Frame};

/// The worker's connections, as its application sees them.
#[derive(Debug)]
pub struct Io<'a>(pub(super) &'a mut Core);

impl Io<'_> {
    /// Queues `frame`. It is written at the end of the turn, in one call together with the turn's other
    /// frames for this connection, in the order they were given.
    pub fn send(&mut self, connection: ConnectionId, frame: Frame) -> Enqueued {
        self.0.send(connection, frame)
    }

    /// Asks for one [`drained`](crate::gateway::transport::Application::drained) when all that is queued now
    /// and until then has gone to the socket: the way to send a lot at the peer's pace.
    pub fn notify_when_drained(&mut self, connection: ConnectionId) {
        self.0.notify_when_drained(connection);
    }

    /// Closes after what is queued. `reason` is for people, up to 123 bytes. The application is told by
    /// `closed` at the end of the turn and no longer hears the peer.
    pub fn close(&mut self, connection: ConnectionId, code: CloseCode, reason: &str) {
        self.0.close(connection, code, reason);
    }

    /// Whether frames can be sent to it.
    pub fn is_open(&self, connection: ConnectionId) -> bool {
        self.0.is_open(connection)
    }

    /// Bytes that wait for this connection.
    pub fn queued_bytes(&self, connection: ConnectionId) -> usize {
        self.0.queued_bytes(connection)
    }

    /// Connections of this worker, closing ones included.
    pub fn connections(&self) -> usize {
        self.0.len()
    }

    /// Connections of all workers.
    pub fn all_connections(&self) -> usize {
        self.0.transport.connections()
    }

    /// When this turn began.
    pub fn now(&self) -> Instant {
        self.0.now()
    }

    /// Asks for one [`tick`](crate::gateway::transport::Application::tick) at `at`, give or take a
    /// millisecond. Of several requests the earliest counts, and serves for all.
    pub fn request_tick(&mut self, at: Instant) {
        self.0.request_tick(at);
    }
}
