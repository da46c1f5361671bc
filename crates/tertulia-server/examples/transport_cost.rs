//! What the transport costs: memory per idle connection, and processor time per delivered frame.
//!
//! ```sh
//! cargo run --release --example transport_cost -- idle 10000
//! cargo run --release --example transport_cost -- fan-out 1000
//! ```
//! Each starts the server as a process of its own and reads what the kernel says of it. `fan-out` also runs a
//! floor, which does nothing but write ready bytes to the same number of sockets. A server of another make
//! can be measured by giving its command behind the number: it must print the port that it listens on, and
//! send each text message that it gets to all its connections.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tertulia_server::gateway::transport::{
    Application, CloseReason, ConnectionId, Enqueued, Frame, Guest, HttpSink, Io, Listener, ListenerSettings,
    Peer, Placement, Transport, Worker, WorkerSettings,
};

/// Payload of the fanned-out message.
const PAYLOAD_BYTES: usize = 200;

/// A server's frame around it: two bytes, and a 16-bit length.
const FRAME_BYTES: usize = PAYLOAD_BYTES + 4;

/// Connections that are opened at the same time.
const IN_FLIGHT: usize = 500;

const UPGRADE: &[u8] = b"GET /v1/connect HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// How long each measurement of processor time lasts, about.
const MEASURE: Duration = Duration::from_secs(2);

/// Times that a fan-out is measured; the median counts.
const REPEATS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve"] => serve(),
        ["floor", connections] => floor(number(connections)),
        ["idle", connections, command @ ..] => idle(number(connections), command),
        ["fan-out", connections, command @ ..] => fan_out(number(connections), command),
        _ => eprintln!("usage: transport_cost idle|fan-out CONNECTIONS [COMMAND…]"),
    }
}

fn number(word: &str) -> usize {
    word.parse().expect("a number of connections")
}

// ---- The server: every text message goes to everybody ----

#[derive(Default)]
struct Everybody(Vec<ConnectionId>);

impl Application for Everybody {
    type Mail = ();

    fn opened(&mut self, connection: ConnectionId, _: &Peer, _: &mut Io<'_>) {
        self.0.push(connection);
    }

    fn text(&mut self, _: ConnectionId, text: &str, io: &mut Io<'_>) {
        let frame = Frame::text(text);
        let is_open = |connection: &ConnectionId| io.send(*connection, frame.clone()) != Enqueued::Gone;
        self.0.retain(is_open);
    }

    fn binary(&mut self, _: ConnectionId, _: &[u8], _: &mut Io<'_>) {}

    fn closed(&mut self, _: ConnectionId, _: CloseReason, _: &mut Io<'_>) {}

    fn mail(&mut self, (): (), _: &mut Io<'_>) {}
}

struct NoHttp;

impl HttpSink for NoHttp {
    fn accept(&self, _: TcpStream, _: Vec<u8>, _: SocketAddr, _: Guest) {}
}

fn serve() {
    let transport = Arc::new(Transport::new(usize::MAX));
    let worker = Worker::start("worker", WorkerSettings::default(), &transport, |_| Everybody::default());
    let worker = worker.expect("a worker");
    let placement = Placement::new(transport, vec![worker.handle().clone()]);
    let socket = Listener::bind(any_port()).expect("a port");
    let listener =
        Listener::start(socket, ListenerSettings::default(), placement, NoHttp).expect("a listener");
    println!("{}", listener.address().port());
    worker.join();
}

/// Writes ready bytes to all its connections, as often as a byte comes on the first one.
fn floor(connections: usize) {
    let socket = TcpListener::bind(any_port()).expect("a port");
    println!("{}", socket.local_addr().expect("its address").port());
    let accept = || socket.accept().expect("a connection").0;
    let mut streams: Vec<TcpStream> = std::iter::repeat_with(accept).take(connections).collect();
    for stream in &streams {
        stream.set_nodelay(true).expect("no delay");
    }
    let frame = Frame::text(&"x".repeat(PAYLOAD_BYTES));
    let mut asked = [0; 4_096];
    while let Ok(1..) = streams[0].read(&mut asked) {
        for stream in &mut streams {
            stream.write_all(frame.bytes()).expect("a write");
        }
    }
}

fn any_port() -> SocketAddr {
    "0.0.0.0:0".parse().expect("an address")
}

// ---- The measurements ----

struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start(command: &[&str]) -> Self {
        // On one processor, with the load on the other.
        let mut process = Command::new("taskset")
            .args(["-c", "0"])
            .args(command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("taskset and the server");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its port");
        Self { process, port: line.trim().parse().expect("its port") }
    }

    fn own(words: &[&str]) -> Self {
        let program = std::env::current_exe().expect("this program");
        Self::start(&[&[program.to_str().expect("its path")], words].concat())
    }

    /// Opens connections, many at the same time.
    fn connect(&self, connections: usize, upgrades: bool) -> Vec<TcpStream> {
        let mut all = Vec::with_capacity(connections);
        while all.len() < connections {
            let until = connections.min(all.len() + IN_FLIGHT);
            let mut new: Vec<TcpStream> = (all.len()..until).map(|i| connect(self.port, i)).collect();
            if upgrades {
                for stream in &mut new {
                    stream.write_all(UPGRADE).expect("a request");
                }
                new.iter_mut().for_each(read_upgraded);
            }
            all.extend(new);
        }
        all
    }

    fn status_kb(&self, name: &str) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).expect("the server's status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the line");
        line.split_whitespace().next().and_then(|kb| kb.parse().ok()).expect("kilobytes")
    }

    /// Processor time of all its threads.
    fn processor_time(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("its threads");
        let nanoseconds = |task: std::io::Result<std::fs::DirEntry>| -> u64 {
            let path = task.expect("a thread").path().join("schedstat");
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
        };
        Duration::from_nanos(tasks.map(nanoseconds).sum())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().expect("the server runs");
        self.process.wait().expect("the server ends");
    }
}

fn connect(port: u16, i: usize) -> TcpStream {
    let address: SocketAddr = ([127, 0, 1, (i % 250) as u8 + 1], port).into();
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream
}

fn read_upgraded(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).expect("a response");
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
}

fn idle(connections: usize, command: &[&str]) {
    let server = if command.is_empty() { Server::own(&["serve"]) } else { Server::start(command) };
    let mut streams = server.connect(100, true);
    let before = server.status_kb("VmRSS:");
    let cpu_before = server.processor_time();
    streams.extend(server.connect(connections, true));
    let cpu = server.processor_time() - cpu_before;
    for stream in &mut streams[1..] {
        stream.write_all(&client_frame(0x8a, b"a sign of life")).expect("a pong");
    }
    std::thread::sleep(Duration::from_secs(1));
    let grown = (server.status_kb("VmRSS:") - before) * 1_024;
    let idle_before = server.processor_time();
    std::thread::sleep(Duration::from_secs(5));
    let idle = server.processor_time() - idle_before;
    println!(
        "{connections} idle connections: {} B each; connecting {:.1} us each; idle {:.3} % of a core",
        grown / connections as u64,
        cpu.as_secs_f64() * 1e6 / connections as f64,
        idle.as_secs_f64() * 100.0 / 5.0,
    );
}

fn fan_out(connections: usize, command: &[&str]) {
    for burst in [1, 4, 16] {
        let floor = Server::own(&["floor", &connections.to_string()]);
        let server = if command.is_empty() { Server::own(&["serve"]) } else { Server::start(command) };
        let mut of_floor = floor.connect(connections, false);
        let mut of_server = server.connect(connections, true);
        let mut pairs = Vec::new();
        for _ in 0..REPEATS {
            // The floor does each write by itself, whatever the burst.
            let floor_ns = per_delivery(&floor, &mut of_floor, 1);
            pairs.push((per_delivery(&server, &mut of_server, burst), floor_ns));
        }
        pairs.sort_by(|a, b| (a.0 / a.1).total_cmp(&(b.0 / b.1)));
        let (ours, floor) = pairs[REPEATS / 2];
        println!(
            "{connections} sockets, {burst} message(s) at once: {ours:.0} ns a delivery, floor {floor:.0} ns, \
             {:.2}x the floor's rate",
            floor / ours,
        );
    }
}

/// Nanoseconds of the server's processor time per frame that arrived.
fn per_delivery(server: &Server, streams: &mut [TcpStream], burst: usize) -> f64 {
    let messages = client_frame(0x81, &[b'x'; PAYLOAD_BYTES]).repeat(burst);
    let mut arrived = vec![0; FRAME_BYTES * burst];
    let began = Instant::now();
    let before = server.processor_time();
    let mut rounds = 0;
    while began.elapsed() < MEASURE / 2 {
        streams[0].write_all(&messages).expect("a message");
        for stream in streams.iter_mut() {
            stream.read_exact(&mut arrived).expect("a delivery");
        }
        rounds += 1;
    }
    let spent = server.processor_time() - before;
    spent.as_nanos() as f64 / (rounds * burst * streams.len()) as f64
}

/// A client's frame with a mask of zeros.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..126) => frame.push(0x80 | short),
        _ => {
            frame.push(0x80 | 126);
            frame.extend((payload.len() as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
