//! What stands above the transport: a state machine that is told what happens and says what to send.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::handshake::UpgradeRequest;
use super::websocket::{CloseCode, Violation};
use super::worker::Io;

/// One connection of one worker. A place in the worker's table is used again, its generation is not, so an id
/// kept too long reaches nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionId {
    /// Place in the worker's table: small and dense, fit to index by.
    pub index: u32,
    /// Number of the connection among all that the worker has had.
    pub generation: u32,
}

/// Who connected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// The other end of the TCP connection; a proxy's, where one is in between.
    pub address: SocketAddr,
    /// What its upgrade request said.
    pub request: UpgradeRequest,
}

/// What became of a frame given to [`Io::send`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a frame that was not accepted will never be sent"]
pub enum Enqueued {
    /// It goes out with this turn, or when the socket takes it.
    Accepted,
    /// The peer is too slow: nothing more is taken until [`Application::drained`].
    Full,
    /// The connection is closing or gone.
    Gone,
}

/// Why a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CloseReason {
    /// The application closed it.
    Application(CloseCode),
    /// The peer closed it properly.
    Peer(Option<CloseCode>),
    /// The peer broke the protocol or a limit.
    Violation(Violation),
    /// The TCP connection broke or ended without a close frame.
    Lost,
    /// The peer answered no ping.
    Silent,
    /// The peer took no byte for too long.
    Stalled,
    /// The worker shuts down.
    Shutdown,
}

/// The program of one worker thread. All calls come from that thread and must not block.
///
/// Every connection is `opened` once and `closed` once; in between come its messages. The worker calls
/// [`turn_ended`](Self::turn_ended) whenever other calls have been made, before it writes or sleeps.
pub trait Application: Sized {
    /// What other threads send to this worker.
    type Mail: Send + 'static;

    /// A peer has connected. The answer to its upgrade goes out before anything sent here.
    fn opened(&mut self, connection: ConnectionId, peer: &Peer, io: &mut Io<'_>);

    /// A whole text message.
    fn text(&mut self, connection: ConnectionId, text: &str, io: &mut Io<'_>);

    /// A whole binary message.
    fn binary(&mut self, connection: ConnectionId, data: &[u8], io: &mut Io<'_>);

    /// Everything queued has gone to the socket: comes once after [`Enqueued::Full`] or
    /// [`Io::notify_when_drained`].
    fn drained(&mut self, _connection: ConnectionId, _io: &mut Io<'_>) {}

    /// The connection is over: nothing more comes from it and nothing more can be sent to it.
    fn closed(&mut self, connection: ConnectionId, reason: CloseReason, io: &mut Io<'_>);

    /// One piece of mail.
    fn mail(&mut self, mail: Self::Mail, io: &mut Io<'_>);

    /// The time asked for with [`Io::request_tick`] has come.
    fn tick(&mut self, _io: &mut Io<'_>) {}

    /// The worker shuts down and closes what is still open at `deadline`: the time to tell peers where to go.
    fn draining(&mut self, _grace: Duration, _deadline: Instant, _io: &mut Io<'_>) {}

    /// Everything that had happened has been told: the place to hand batches to other threads.
    fn turn_ended(&mut self, _io: &mut Io<'_>) {}
}
