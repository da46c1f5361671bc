//! What cannot be avoided, as a server of its own: one thread, one readiness loop. It takes connections, numbers what is
//! said in a room, writes it to a file, syncs the file once a turn, then acks and fans out. It knows no users, no rights,
//! no history, and keeps no more than it needs. `bench` measures Tertulia against it with the same load.
//!
//! With `--raw` it neither numbers nor writes: ready bytes go to every socket of the room.

mod said;

use std::{
    collections::HashMap,
    fs::File,
    io::{ErrorKind, Read, Write},
    net::SocketAddr,
    path::PathBuf,
};

use anyhow::{Context, Result};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use slab::Slab;

use self::said::{Said, ack, entry, hello_rooms};
use crate::wire::{opcode, parse, put_server_frame};

/// The listener's token; connections have lower ones.
const LISTENER: Token = Token(usize::MAX);
/// Bytes that are read at once.
const READ_BYTES: usize = 64 * 1024;
/// A log of this size is begun anew: the floor keeps no history. In bytes.
const LOG_BYTES_MAX: u64 = 256 << 20;

/// How the floor is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its folder.
    pub data: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether it only sends.
    pub is_raw: bool,
}

struct Connection {
    stream: TcpStream,
    /// What could not be written yet; empty almost always.
    unwritten: Vec<u8>,
    /// The start of a frame, and whether frames have begun.
    partial: Vec<u8>,
    is_open: bool,
}

#[derive(Default)]
struct Room {
    head: u64,
    members: Vec<u32>,
}

struct Floor {
    poll: Poll,
    listener: TcpListener,
    connections: Slab<Connection>,
    rooms: HashMap<u64, Room>,
    log: File,
    log_bytes: u64,
    is_raw: bool,
    /// What this turn committed: who gets which bytes once the log is synced.
    acks: Vec<(usize, Vec<u8>)>,
    entries: Vec<(u64, Vec<u8>)>,
    rows: Vec<u8>,
}

/// Runs until it is killed.
pub fn main(settings: &Settings) -> Result<()> {
    let poll = Poll::new()?;
    let mut listener = TcpListener::bind(settings.listen).context("cannot listen")?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    std::fs::create_dir_all(&settings.data)?;
    let log = File::create(settings.data.join("floor.log")).context("cannot make the log")?;
    println!("listening on http://{}", listener.local_addr()?);
    let mut floor = Floor {
        poll,
        listener,
        connections: Slab::new(),
        rooms: HashMap::new(),
        log,
        log_bytes: 0,
        is_raw: settings.is_raw,
        acks: Vec::new(),
        entries: Vec::new(),
        rows: Vec::new(),
    };
    let (mut events, mut buffer) = (Events::with_capacity(4_096), vec![0; READ_BYTES]);
    loop {
        floor.turn(&mut events, &mut buffer)?;
    }
}

impl Floor {
    fn turn(&mut self, events: &mut Events, buffer: &mut [u8]) -> Result<()> {
        match self.poll.poll(events, None) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in events.iter() {
            if event.token() == LISTENER {
                self.accept()?;
                continue;
            }
            let at = event.token().0;
            if event.is_writable() {
                self.write(at, &[]);
            }
            if event.is_readable() || event.is_read_closed() {
                self.read(at, buffer);
            }
        }
        self.commit()
    }

    fn accept(&mut self) -> Result<()> {
        loop {
            match self.listener.accept() {
                Ok((mut stream, _)) => {
                    stream.set_nodelay(true)?;
                    let slot = self.connections.vacant_entry();
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    self.poll.registry().register(&mut stream, Token(slot.key()), interest)?;
                    let (unwritten, partial) = (Vec::new(), Vec::new());
                    slot.insert(Connection { stream, unwritten, partial, is_open: false });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot accept"),
            }
        }
    }

    fn read(&mut self, at: usize, buffer: &mut [u8]) {
        loop {
            let Some(connection) = self.connections.get_mut(at) else { return };
            let kept = connection.partial.len();
            buffer[..kept].copy_from_slice(&connection.partial);
            let read = match connection.stream.read(&mut buffer[kept..]) {
                Ok(0) => None,
                Ok(read) => Some(read),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => None,
            };
            let Some(read) = read else {
                self.connections.remove(at);
                return;
            };
            let end = kept + read;
            let used = self.understand(at, &buffer[..end]);
            let connection = &mut self.connections[at];
            connection.partial = buffer[used..end].to_vec();
            if end < buffer.len() {
                return;
            }
        }
    }

    fn understand(&mut self, at: usize, bytes: &[u8]) -> usize {
        let mut used = 0;
        if !self.connections[at].is_open {
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return 0 };
            used = end + 4;
            self.connections[at].is_open = true;
            self.write(at, said::UPGRADED);
        }
        while let Some(frame) = parse(&bytes[used..]) {
            let payload = &bytes[used + frame.payload.start..used + frame.payload.end];
            used += frame.payload.end;
            match Said::read(payload) {
                Some(said) if frame.opcode == opcode::TEXT => self.said(at, &said),
                _ if payload.starts_with(br#"{"t":"hello""#) => self.hello(at, payload),
                _ => {}
            }
        }
        used
    }

    fn hello(&mut self, at: usize, payload: &[u8]) {
        let member = u32::try_from(at).expect("fewer than 2^32 connections");
        for room in hello_rooms(payload) {
            self.rooms.entry(room).or_default().members.push(member);
        }
        let mut frame = Vec::new();
        put_server_frame(&mut frame, opcode::TEXT, br#"{"t":"welcome"}"#);
        self.write(at, &frame);
    }

    fn said(&mut self, at: usize, said: &Said<'_>) {
        let room = self.rooms.entry(said.room).or_default();
        room.head += 1;
        let (seq, mut framed) = (room.head, Vec::with_capacity(said.text.len() + 128));
        put_server_frame(&mut framed, opcode::TEXT, &entry(said, at, seq));
        if self.is_raw {
            return self.fan_out(said.room, &framed);
        }
        self.rows.extend_from_slice(&framed);
        self.entries.push((said.room, framed));
        let mut framed = Vec::with_capacity(64);
        put_server_frame(&mut framed, opcode::TEXT, &ack(said, seq));
        self.acks.push((at, framed));
    }

    /// One write and one sync for all that the turn numbered, then acks and entries.
    fn commit(&mut self) -> Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.log.write_all(&self.rows).context("cannot write the log")?;
        self.log.sync_data().context("cannot sync the log")?;
        self.log_bytes += self.rows.len() as u64;
        if self.log_bytes > LOG_BYTES_MAX {
            self.log.set_len(0)?;
            std::io::Seek::rewind(&mut self.log)?;
            self.log_bytes = 0;
        }
        self.rows.clear();
        for (at, frame) in std::mem::take(&mut self.acks) {
            self.write(at, &frame);
        }
        for (room, frame) in std::mem::take(&mut self.entries) {
            self.fan_out(room, &frame);
        }
        Ok(())
    }

    fn fan_out(&mut self, room: u64, frame: &[u8]) {
        let members =
            self.rooms.get_mut(&room).map(|room| std::mem::take(&mut room.members)).unwrap_or_default();
        for member in &members {
            self.write(*member as usize, frame);
        }
        if let Some(room) = self.rooms.get_mut(&room) {
            room.members = members;
        }
    }

    /// Writes what waits and then these bytes, as far as the socket takes them.
    fn write(&mut self, at: usize, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(at) else { return };
        let mut rest = bytes;
        if connection.unwritten.is_empty() {
            rest = &bytes[written(&mut connection.stream, bytes)..];
        }
        connection.unwritten.extend_from_slice(rest);
        if !connection.unwritten.is_empty() {
            let done = written(&mut connection.stream, &connection.unwritten);
            connection.unwritten.drain(..done);
            if connection.unwritten.is_empty() {
                connection.unwritten = Vec::new();
            }
        }
    }
}

fn written(stream: &mut TcpStream, bytes: &[u8]) -> usize {
    let mut done = 0;
    while done < bytes.len() {
        match stream.write(&bytes[done..]) {
            Ok(written) => done += written,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // A broken connection is noticed when it is read.
            Err(_) => break,
        }
    }
    done
}
