//! A WebSocket on a connection that HTTP has used before, as browsers and proxies ask for it.

use serde_json::{Value, json};
use tertulia_client::connection::Address;
use tertulia_workload::wire::{self, opcode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::world::{Live, World};

/// A connection and what came on it that was not taken yet.
struct Raw {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Raw {
    /// A connection on which HTTP has answered once.
    async fn used(address: &Address) -> Self {
        let stream = TcpStream::connect(address.authority()).await.unwrap();
        let mut raw = Self { stream, received: Vec::new() };
        raw.write(format!("GET /v1/server HTTP/1.1\r\nHost: {}\r\n\r\n", address.authority()).as_bytes())
            .await;
        let (head, body) = raw.answer().await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(body["name"], "Tertulia");
        raw
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    async fn more(&mut self) {
        assert_ne!(self.stream.read_buf(&mut self.received).await.unwrap(), 0, "the connection ended");
    }

    /// An answer's head, and its body if it has one.
    async fn answer(&mut self) -> (String, Value) {
        let end = loop {
            match self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.more().await,
            }
        };
        let head = String::from_utf8(self.received.drain(..end).collect()).unwrap();
        let lower = head.to_lowercase();
        let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while self.received.len() < length {
            self.more().await;
        }
        let body: Vec<u8> = self.received.drain(..length).collect();
        (head, serde_json::from_slice(&body).unwrap_or_default())
    }

    /// The next text frame.
    async fn frame(&mut self) -> Value {
        loop {
            if let Some(frame) = wire::parse(&self.received) {
                assert_eq!(frame.opcode, opcode::TEXT);
                let value = serde_json::from_slice(&self.received[frame.payload.clone()]).unwrap();
                self.received.drain(..frame.payload.end);
                return value;
            }
            self.more().await;
        }
    }
}

fn upgrade(address: &Address, extra: &str) -> Vec<u8> {
    let plain = String::from_utf8(wire::handshake(address.authority())).unwrap();
    format!("{}{extra}\r\n", plain.strip_suffix("\r\n").unwrap()).into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_connection_becomes_a_socket() {
    let world = World::start();
    let address = &world.server.address;
    let amaia = world.sign_up("Amaia").await;
    let mut raw = Raw::used(address).await;
    let origin = format!("Origin: {address}\r\nSec-WebSocket-Protocol: tertulia.v1.json\r\n");
    // The first frame comes right behind the request.
    let mut bytes = upgrade(address, &origin);
    let hello = json!({"t": "hello", "token": amaia.token}).to_string();
    wire::put_client_frame(&mut bytes, opcode::TEXT, hello.as_bytes());
    raw.write(&bytes).await;
    let (head, _) = raw.answer().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let lower = head.to_lowercase();
    for header in [
        "upgrade: websocket",
        "connection: upgrade",
        "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=",
        "sec-websocket-protocol: tertulia.v1.json",
    ] {
        assert!(lower.contains(&format!("\r\n{header}\r\n")), "{head}");
    }
    let welcome = raw.frame().await;
    assert_eq!((&welcome["t"], &welcome["name"]), (&json!("welcome"), &json!("Amaia")));
    let mut ping = Vec::new();
    wire::put_client_frame(&mut ping, opcode::TEXT, br#"{"t":"ping","id":3}"#);
    raw.write(&ping).await;
    assert_eq!(raw.frame().await, json!({"t": "pong", "id": 3}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_on_a_new_connection_is_refused_on_a_kept_one() {
    let world = World::start();
    let address = &world.server.address;
    for (request, status, code) in [
        (upgrade(address, "Origin: https://evil.example\r\n"), 403, "origin_refused"),
        (b"GET /v1/connect HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), 426, "upgrade_required"),
        (
            b"POST /v1/connect HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n".to_vec(),
            405,
            "method_not_allowed",
        ),
    ] {
        let mut raw = Raw::used(address).await;
        raw.write(&request).await;
        let (head, body) = raw.answer().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(body["code"], code, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_connection_limit_is_answered_before_the_upgrade() {
    let world = World::start();
    let address = &world.server.address;
    let amaia = world.sign_up("Amaia").await;
    world.admin(&["limits", "connections_per_gateway=1"]);
    let live = Live::open(address, &amaia.token).await;
    let mut raw = Raw::used(address).await;
    raw.write(&upgrade(address, "")).await;
    let (head, body) = raw.answer().await;
    assert!(
        head.starts_with("HTTP/1.1 503 ") && head.to_lowercase().contains("\r\nretry-after: 5\r\n"),
        "{head}"
    );
    assert_eq!((&body["code"], &body["retry_after_ms"]), (&json!("connection_limit"), &json!(5_000)));
    drop(live);
    // The place is free again once the server has seen the end.
    for _ in 0..100 {
        let mut raw = Raw::used(address).await;
        raw.write(&upgrade(address, "")).await;
        if raw.answer().await.0.starts_with("HTTP/1.1 101 ") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the place was not given back");
}
