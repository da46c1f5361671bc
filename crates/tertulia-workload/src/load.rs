//! Thousands of connections of one thread, at the least cost: a readiness loop, one buffer for all, and for a connection
//! only what came half. What the frames mean is the caller's.

use std::{
    io::{ErrorKind, Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use mio::{Events, Interest, Poll, Registry, Token, net::TcpStream};
use socket2::{Domain, Socket, Type};

use crate::wire::{handshake, handshake_end, opcode, parse, put_client_frame};

/// Connections that are being opened at once.
const OPENING_MAX: usize = 512;
/// Connections from one of our addresses.
const PER_ADDRESS: usize = 1_000;
/// Bytes that are read at once.
const READ_BYTES: usize = 256 * 1024;
/// How a welcome begins.
const WELCOME: &[u8] = br#"{"t":"welcome""#;
/// How long opening connections may stand still.
const OPENING_PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The answer to the upgrade has not come yet.
    Upgrading,
    /// The answer to `hello` has not come yet.
    Greeting,
    Live,
    Closed,
}

struct Connection {
    stream: TcpStream,
    state: State,
    /// The start of a frame whose rest has not come.
    partial: Vec<u8>,
    /// What could not be written yet.
    unwritten: Vec<u8>,
}

/// The connections, to write on.
pub struct Connections {
    connections: Vec<Connection>,
    scratch: Vec<u8>,
}

impl Connections {
    /// Writes a text frame.
    pub fn send(&mut self, at: usize, text: &[u8]) {
        self.put(at, opcode::TEXT, text);
    }

    fn put(&mut self, at: usize, opcode: u8, payload: &[u8]) {
        self.scratch.clear();
        put_client_frame(&mut self.scratch, opcode, payload);
        let connection = &mut self.connections[at];
        connection.unwritten.extend_from_slice(&self.scratch);
        connection.flush();
    }
}

impl Connection {
    fn flush(&mut self) {
        while !self.unwritten.is_empty() {
            match self.stream.write(&self.unwritten) {
                Ok(written) => drop(self.unwritten.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.state = State::Closed;
                    return;
                }
            }
        }
    }
}

/// Many connections to one server.
pub struct Load {
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    server: SocketAddr,
    connections: Connections,
    live: usize,
    closed: usize,
}

impl Load {
    /// None yet.
    pub fn new(server: SocketAddr) -> Result<Self> {
        Ok(Self {
            poll: Poll::new()?,
            events: Events::with_capacity(4_096),
            buffer: vec![0; READ_BYTES],
            server,
            connections: Connections { connections: Vec::new(), scratch: Vec::new() },
            live: 0,
            closed: 0,
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.connections.connections.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Opens a connection for each text, which is its `hello`, and waits until all are welcome; `welcomed` gets each
    /// welcome. What else comes before all are is passed over.
    pub fn open(&mut self, hellos: &[Vec<u8>], welcomed: &mut dyn FnMut(usize, &[u8])) -> Result<()> {
        let target = self.live + hellos.len();
        let base = self.len();
        let mut moved_at = Instant::now();
        let mut next = 0;
        while self.live < target {
            while next < hellos.len() && self.len() - self.live < OPENING_MAX {
                self.connect().with_context(|| format!("cannot open connection {}", self.len()))?;
                next += 1;
            }
            let before = self.live;
            let mut hear = |_: &mut Connections, at: usize, payload: &[u8]| {
                if payload.starts_with(WELCOME) {
                    welcomed(at, payload);
                }
            };
            self.turn_with(Duration::from_millis(100), hellos, base, &mut hear)?;
            if self.closed > 0 {
                bail!("the server closed {} of {} connections", self.closed, self.len());
            }
            if self.live > before {
                moved_at = Instant::now();
            } else if moved_at.elapsed() > OPENING_PATIENCE {
                bail!("only {} of {target} connections were welcome", self.live);
            }
        }
        Ok(())
    }

    /// Waits for frames, and gives each to `hear` with the number of its connection.
    pub fn turn(
        &mut self,
        wait: Duration,
        hear: &mut dyn FnMut(&mut Connections, usize, &[u8]),
    ) -> Result<()> {
        self.turn_with(wait, &[], 0, hear)?;
        match self.closed {
            0 => Ok(()),
            closed => bail!("the server closed {closed} connections"),
        }
    }

    /// The connections, to write on.
    pub fn connections(&mut self) -> &mut Connections {
        &mut self.connections
    }

    fn connect(&mut self) -> Result<()> {
        let at = self.len();
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.set_tcp_nodelay(true)?;
        if self.server.ip().is_loopback() {
            let local = Ipv4Addr::new(127, 0, 1, u8::try_from(1 + at / PER_ADDRESS)?);
            socket.bind(&SocketAddr::new(IpAddr::V4(local), 0).into())?;
        }
        match socket.connect(&self.server.into()) {
            Ok(()) => {}
            Err(error)
                if error.raw_os_error() == Some(EINPROGRESS) || error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        let mut stream = TcpStream::from_std(socket.into());
        register(self.poll.registry(), &mut stream, at)?;
        let unwritten = handshake(&self.server.to_string());
        let connection = Connection { stream, state: State::Upgrading, partial: Vec::new(), unwritten };
        self.connections.connections.push(connection);
        Ok(())
    }

    fn turn_with(
        &mut self,
        wait: Duration,
        hellos: &[Vec<u8>],
        base: usize,
        hear: &mut dyn FnMut(&mut Connections, usize, &[u8]),
    ) -> Result<()> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        let ready: Vec<(usize, bool, bool)> = self
            .events
            .iter()
            .map(|event| {
                (event.token().0, event.is_readable() || event.is_read_closed(), event.is_writable())
            })
            .collect();
        let mut buffer = std::mem::take(&mut self.buffer);
        for (at, is_readable, is_writable) in ready {
            if is_writable {
                self.connections.connections[at].flush();
            }
            if is_readable {
                self.read(at, &mut buffer, hellos, base, hear)?;
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    fn read(
        &mut self,
        at: usize,
        buffer: &mut [u8],
        hellos: &[Vec<u8>],
        base: usize,
        hear: &mut dyn FnMut(&mut Connections, usize, &[u8]),
    ) -> Result<()> {
        loop {
            let connection = &mut self.connections.connections[at];
            if connection.state == State::Closed {
                return Ok(());
            }
            let kept = connection.partial.len();
            buffer[..kept].copy_from_slice(&connection.partial);
            let read = match connection.stream.read(&mut buffer[kept..]) {
                Ok(0) => None,
                Ok(read) => Some(read),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => None,
            };
            let Some(read) = read else {
                connection.state = State::Closed;
                self.closed += 1;
                return Ok(());
            };
            connection.partial.clear();
            let end = kept + read;
            let used = self.understand(at, &buffer[..end], hellos, base, hear)?;
            self.connections.connections[at].partial.extend_from_slice(&buffer[used..end]);
            // A short read means that nothing is left: more would be told.
            if end < buffer.len() {
                return Ok(());
            }
        }
    }

    /// Takes whole frames off the start of `bytes`; how many bytes they had.
    fn understand(
        &mut self,
        at: usize,
        bytes: &[u8],
        hellos: &[Vec<u8>],
        base: usize,
        hear: &mut dyn FnMut(&mut Connections, usize, &[u8]),
    ) -> Result<usize> {
        let mut used = 0;
        if self.connections.connections[at].state == State::Upgrading {
            match handshake_end(bytes) {
                Ok(None) => return Ok(0),
                Ok(Some(end)) => used = end,
                Err(line) => bail!("the server did not open a WebSocket: {line}"),
            }
            self.connections.connections[at].state = State::Greeting;
            self.connections.send(at, &hellos[at - base]);
        }
        while let Some(frame) = parse(&bytes[used..]) {
            let payload = &bytes[used + frame.payload.start..used + frame.payload.end];
            used += frame.payload.end;
            match (frame.opcode, self.connections.connections[at].state) {
                (opcode::TEXT, State::Greeting) => {
                    if !payload.starts_with(WELCOME) {
                        bail!("no welcome: {}", String::from_utf8_lossy(payload));
                    }
                    self.connections.connections[at].state = State::Live;
                    self.live += 1;
                    hear(&mut self.connections, at, payload);
                }
                (opcode::TEXT, _) => hear(&mut self.connections, at, payload),
                (opcode::PING, _) => self.connections.put(at, opcode::PONG, payload),
                (opcode::CLOSE, _) => {
                    bail!("the server closed a connection: {}", String::from_utf8_lossy(payload))
                }
                _ => {}
            }
        }
        Ok(used)
    }
}

/// The error of a connection that is still being opened.
const EINPROGRESS: i32 = 115;

fn register(registry: &Registry, stream: &mut TcpStream, at: usize) -> Result<()> {
    Ok(registry.register(stream, Token(at), Interest::READABLE | Interest::WRITABLE)?)
}

/// Whether a frame is an entry.
pub fn is_entry(payload: &[u8]) -> bool {
    payload.starts_with(br#"{"t":"entry""#)
}

/// The number after a name in a frame, such as `"seq":`.
pub fn number_after(payload: &[u8], name: &[u8]) -> Option<u64> {
    let at = payload.windows(name.len()).position(|window| window == name)? + name.len();
    let digits = payload[at..].iter().take_while(|byte| byte.is_ascii_digit());
    let number =
        digits.fold((0u64, false), |(number, _), digit| (number * 10 + u64::from(digit - b'0'), true));
    number.1.then_some(number.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_names() {
        let frame = br#"{"t":"entry","room":"7","seq":1203,"posts":5}"#;
        assert!(is_entry(frame));
        assert_eq!(number_after(frame, b"\"seq\":"), Some(1203));
        assert_eq!(number_after(frame, b"\"room\":"), None);
        assert_eq!(number_after(frame, b"\"at\":"), None);
    }
}
