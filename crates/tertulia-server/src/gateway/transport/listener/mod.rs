//! One port for everything: a thread that accepts connections, reads the head of each first request, and
//! sends the connection where it belongs.
//!
//! `route.rs` decides about the bytes of a head, `half_open.rs` keeps the connections whose head is not
//! complete, `acceptor.rs` is the loop.

mod acceptor;
mod half_open;
mod route;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use mio::{Poll, Waker};
use socket2::{Domain, Protocol, Socket, Type};

use super::addresses::Guest;
use super::handshake::HandshakePolicy;
use super::placement::Placement;
use super::proxies::Proxies;

/// Connections that the kernel may hold until they are accepted.
const BACKLOG_MAX_COUNT: i32 = 4_096;

/// Who serves the requests that are no WebSocket upgrades.
pub trait HttpSink: Send + 'static {
    /// Takes a connection on which `head`, at least a whole request head, has been read. The stream is
    /// non-blocking, and counts for `guest` as long as that is kept. Called on the acceptor's thread: it must not block.
    fn accept(&self, stream: TcpStream, head: Vec<u8>, peer: SocketAddr, guest: Guest);
}

/// Bounds and rules of a listener.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// The path, without query, at which WebSockets are opened.
    pub connect_path: String,
    /// Which upgrades are granted.
    pub policy: HandshakePolicy,
    /// Bytes of a request head.
    pub head_max_bytes: usize,
    /// Time for a request head to arrive.
    pub head_timeout: Duration,
    /// Connections whose head has not arrived. When there are more, the oldest is dropped.
    pub half_open_max_count: usize,
    /// Connections of these count for whom they say they come from: a WebSocket for its client, the rest for nobody.
    pub proxies: Proxies,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            connect_path: "/v1/connect".to_owned(),
            policy: HandshakePolicy::default(),
            head_max_bytes: 16 * 1024,
            head_timeout: Duration::from_secs(10),
            half_open_max_count: 2_048,
            proxies: Proxies::default(),
        }
    }
}

/// A running listener.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    control: Arc<Control>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
struct Control {
    is_stopping: AtomicBool,
    waker: Waker,
}

impl Listener {
    /// A socket on `address` (port 0: any free port) for [`start`](Self::start).
    ///
    /// # Errors
    /// The address is taken or not of this machine.
    pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // A restarted server gets its port back while old connections time out.
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG_MAX_COUNT)?;
        Ok(socket.into())
    }

    /// Starts accepting from `socket` on a thread of its own.
    ///
    /// # Errors
    /// The system has no thread, no file descriptor or no memory for it.
    pub fn start<M: Send + 'static>(
        socket: TcpListener,
        settings: ListenerSettings,
        placement: Placement<M>,
        http: impl HttpSink,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        let poll = Poll::new()?;
        let control = Arc::new(Control {
            is_stopping: AtomicBool::new(false),
            waker: Waker::new(poll.registry(), acceptor::WAKER)?,
        });
        let acceptor = acceptor::Acceptor::new(poll, socket, settings, placement, http)?;
        let for_thread = control.clone();
        let thread = std::thread::Builder::new()
            .name("acceptor".to_owned())
            .spawn(move || acceptor.run(&for_thread.is_stopping))?;
        Ok(Self { address, control, thread })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, drops connections whose request has not arrived, and waits for the thread's end. What
    /// was placed or handed on goes on. `false` when the thread had panicked.
    pub fn stop(self) -> bool {
        self.control.is_stopping.store(true, Ordering::Release);
        if let Err(error) = self.control.waker.wake() {
            tracing::error!(%error, "could not wake the acceptor");
            return false;
        }
        self.thread.join().is_ok()
    }
}
