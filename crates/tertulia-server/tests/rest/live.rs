//! A session on a socket, beside REST.

use std::time::Duration;

use serde_json::{Value, json};
use tertulia_core::RoomId;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::world::{Person, World};

/// Longer than anything here takes, so that a failure is an error and not a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// A live session.
pub struct Live {
    stream: TcpStream,
    received: Vec<u8>,
    requests: u64,
    /// The frame that it began with.
    pub welcome: Value,
    /// Every frame after it that answers no request.
    pub heard: Vec<Value>,
}

impl Live {
    pub async fn open(world: &World, person: &Person) -> Self {
        Self::with_cursors(world, person, json!({})).await
    }

    pub async fn with_cursors(world: &World, person: &Person, cursors: Value) -> Self {
        let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
        let upgrade = "GET /v1/connect HTTP/1.1\r\nhost: test\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";
        stream.write_all(upgrade.as_bytes()).await.unwrap();
        let mut received = Vec::new();
        while !received.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
        }
        let mut live =
            Self { stream, received: Vec::new(), requests: 0, welcome: Value::Null, heard: Vec::new() };
        let hello =
            json!({"t": "hello", "token": person.token, "history": "history one", "cursors": cursors});
        live.send(&hello).await;
        live.welcome = live.next().await;
        assert_eq!(live.welcome["t"], "welcome", "{}", live.welcome);
        live
    }

    pub async fn send(&mut self, frame: &Value) {
        let payload = frame.to_string().into_bytes();
        let mut bytes = vec![0x81, 0x80 | 126];
        bytes.extend((payload.len() as u16).to_be_bytes());
        // A mask of zeros leaves everything as it is.
        bytes.extend([0; 4]);
        bytes.extend(payload);
        self.stream.write_all(&bytes).await.unwrap();
    }

    /// Asks something, and returns its answer.
    pub async fn ask(&mut self, mut frame: Value) -> Value {
        self.requests += 1;
        frame["id"] = json!(self.requests);
        self.send(&frame).await;
        loop {
            let answer = self.next().await;
            if answer["id"] == json!(self.requests) {
                return answer;
            }
            self.heard.push(answer);
        }
    }

    /// Waits until something is heard, or was.
    pub async fn hears(&mut self, what: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(at) = self.heard.iter().position(&what) {
                return self.heard.remove(at);
            }
            let frame = self.next().await;
            self.heard.push(frame);
        }
    }

    /// What was heard of a type up to now: everything that an owner said before this room's next entry.
    pub async fn heard_of(&mut self, t: &str, world: &World, other: &Person, room: RoomId) -> Vec<Value> {
        let seq = other.say(world, room, "mark").await;
        let is_mark = |frame: &Value| {
            frame["t"] == "entry" && frame["room"] == json!(room) && frame["seq"] == json!(seq)
        };
        self.hears(is_mark).await;
        let (of_type, rest) = std::mem::take(&mut self.heard).into_iter().partition(|frame| frame["t"] == t);
        self.heard = rest;
        of_type
    }

    async fn next(&mut self) -> Value {
        loop {
            if let Some((first, payload, bytes)) = parse(&self.received) {
                assert_eq!(first, 0x81, "a text frame: {}", String::from_utf8_lossy(&payload));
                self.received.drain(..bytes);
                return serde_json::from_slice(&payload).unwrap();
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.received)).await;
            let read = read.unwrap_or_else(|_| panic!("nothing comes; heard: {:?}", self.heard));
            assert_ne!(read.unwrap(), 0, "the server has closed");
        }
    }
}

fn parse(bytes: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    let (&first, &short) = (bytes.first()?, bytes.get(1)?);
    let (length, header): (usize, usize) = match short {
        126 => (u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into(), 4),
        127 => (u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?) as usize, 10),
        short => (short.into(), 2),
    };
    Some((first, bytes.get(header..header + length)?.to_vec(), header + length))
}
