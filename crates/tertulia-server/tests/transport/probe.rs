//! An application that tells the test what it sees, echoes, and does what the test sends it.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use tertulia_server::gateway::transport::counters::CounterValues;
use tertulia_server::gateway::transport::{
    Application, CloseReason, ConnectionId, Enqueued, Frame, Guest, HttpSink, Io, Listener, ListenerSettings,
    Peer, Placement, Transport, Worker, WorkerHandle, WorkerSettings,
};

pub type Work = Box<dyn FnOnce(&mut Probe, &mut Io<'_>) + Send>;

#[derive(PartialEq, Debug)]
pub enum Seen {
    Opened(ConnectionId, Peer),
    Text(ConnectionId, String),
    Binary(ConnectionId, usize),
    Drained(ConnectionId),
    Closed(ConnectionId, CloseReason),
    Draining(Duration),
    Tick(Instant),
    TurnEnded,
}

pub struct Probe {
    pub seen: Sender<Seen>,
    pub tells_turns: bool,
}

impl Probe {
    fn tell(&self, seen: Seen) {
        // The test may have ended already.
        drop(self.seen.send(seen));
    }
}

impl Application for Probe {
    type Mail = Work;

    fn opened(&mut self, connection: ConnectionId, peer: &Peer, _io: &mut Io<'_>) {
        self.tell(Seen::Opened(connection, peer.clone()));
    }

    fn text(&mut self, connection: ConnectionId, text: &str, io: &mut Io<'_>) {
        self.tell(Seen::Text(connection, text.to_owned()));
        let _ = io.send(connection, Frame::text(text));
    }

    fn binary(&mut self, connection: ConnectionId, data: &[u8], io: &mut Io<'_>) {
        self.tell(Seen::Binary(connection, data.len()));
        let _ = io.send(connection, Frame::binary(data));
    }

    fn drained(&mut self, connection: ConnectionId, _io: &mut Io<'_>) {
        self.tell(Seen::Drained(connection));
    }

    fn closed(&mut self, connection: ConnectionId, reason: CloseReason, io: &mut Io<'_>) {
        assert_eq!(io.send(connection, Frame::text("too late")), Enqueued::Gone);
        self.tell(Seen::Closed(connection, reason));
    }

    fn mail(&mut self, work: Work, io: &mut Io<'_>) {
        work(self, io);
    }

    fn tick(&mut self, io: &mut Io<'_>) {
        self.tell(Seen::Tick(io.now()));
    }

    fn draining(&mut self, grace: Duration, deadline: Instant, io: &mut Io<'_>) {
        assert_eq!(deadline, io.now() + grace);
        self.tell(Seen::Draining(grace));
    }

    fn turn_ended(&mut self, _io: &mut Io<'_>) {
        if self.tells_turns {
            self.tell(Seen::TurnEnded);
        }
    }
}

/// What the HTTP side got.
pub type Handed = (TcpStream, Vec<u8>, SocketAddr);

struct Hands(Sender<Handed>);

impl HttpSink for Hands {
    fn accept(&self, stream: TcpStream, head: Vec<u8>, peer: SocketAddr, _: Guest) {
        self.0.send((stream, head, peer)).unwrap();
    }
}

/// Says nothing and serves nothing.
pub struct Quiet;

impl Application for Quiet {
    type Mail = ();

    fn opened(&mut self, _: ConnectionId, _: &Peer, _: &mut Io<'_>) {}

    fn text(&mut self, _: ConnectionId, _: &str, _: &mut Io<'_>) {}

    fn binary(&mut self, _: ConnectionId, _: &[u8], _: &mut Io<'_>) {}

    fn closed(&mut self, _: ConnectionId, _: CloseReason, _: &mut Io<'_>) {}

    fn mail(&mut self, (): (), _: &mut Io<'_>) {}
}

impl HttpSink for Quiet {
    fn accept(&self, _: TcpStream, _: Vec<u8>, _: SocketAddr, _: Guest) {}
}

/// A listener with one worker.
pub struct Server {
    pub transport: Arc<Transport>,
    pub worker: Worker<Work>,
    pub listener: Listener,
    pub seen: Receiver<Seen>,
    pub http: Receiver<Handed>,
}

impl Server {
    pub fn start() -> Self {
        Self::with(WorkerSettings::default(), ListenerSettings::default(), 1_000)
    }

    pub fn with_worker(change: impl FnOnce(&mut WorkerSettings)) -> Self {
        let mut settings = WorkerSettings::default();
        change(&mut settings);
        Self::with(settings, ListenerSettings::default(), 1_000)
    }

    pub fn with_listener(change: impl FnOnce(&mut ListenerSettings)) -> Self {
        let mut settings = ListenerSettings::default();
        change(&mut settings);
        Self::with(WorkerSettings::default(), settings, 1_000)
    }

    pub fn with(worker: WorkerSettings, listener: ListenerSettings, connection_limit: usize) -> Self {
        let transport = Arc::new(Transport::new(connection_limit));
        let (seen_sender, seen) = channel();
        let (http_sender, http) = channel();
        let make = |_handle: WorkerHandle<Work>| Probe { seen: seen_sender, tells_turns: false };
        let worker = Worker::start("worker", worker, &transport, make).unwrap();
        let placement = Placement::new(transport.clone(), vec![worker.handle().clone()]);
        let socket = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = Listener::start(socket, listener, placement, Hands(http_sender)).unwrap();
        Self { transport, worker, listener, seen, http }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    pub fn counters(&self) -> CounterValues {
        self.transport.counters.values()
    }

    /// Waits until `is_so` holds for the counters.
    pub fn wait(&self, is_so: impl Fn(CounterValues) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !is_so(self.counters()) {
            assert!(Instant::now() < deadline, "never came: {:?}", self.counters());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn next(&self) -> Seen {
        self.seen.recv_timeout(Duration::from_secs(20)).expect("something to see")
    }

    pub fn next_opened(&self) -> (ConnectionId, Peer) {
        match self.next() {
            Seen::Opened(connection, peer) => (connection, peer),
            seen => panic!("not an opening: {seen:?}"),
        }
    }

    pub fn next_closed(&self) -> (ConnectionId, CloseReason) {
        match self.next() {
            Seen::Closed(connection, reason) => (connection, reason),
            seen => panic!("not a closing: {seen:?}"),
        }
    }

    /// Has the worker do `work`, and gives what it returned.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Probe, &mut Io<'_>) -> T + Send + 'static,
    ) -> T {
        let (sender, receiver) = channel();
        let work: Work = Box::new(move |probe, io| sender.send(work(probe, io)).unwrap());
        self.worker.handle().post(work).unwrap();
        receiver.recv_timeout(Duration::from_secs(20)).expect("the work done")
    }
}
