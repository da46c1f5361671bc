//! A server to test against, people on it, and a small HTTP client.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use tempfile::TempDir;
use tertulia_adapters::{blobs::files::FileBlobs, directory::sqlite::SqliteDirectory};
use tertulia_core::{DeviceId, Limits, RoomId, TimeMs, UserId};
use tertulia_ports::{
    coordination::{RuntimeConfig, in_process::InProcessCoordination},
    messages::in_process::InProcessMessages,
    presence::in_process::InProcessPresence,
    time::manual::{ManualClock, SeededEntropy},
};
use tertulia_server::{
    api::{self, HttpSettings},
    identity::{Claims, Tickets, Tokens},
    jobs::Schedule,
    roles::{Ports, Server, Settings},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

pub const START: TimeMs = TimeMs(1_700_000_000_000);

/// A running server.
pub struct World {
    pub server: Server,
    pub ports: Ports,
    pub clock: Arc<ManualClock>,
    pub tokens: Tokens,
    pub tickets: Arc<Tickets>,
    /// Where files are.
    pub files: TempDir,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    pub id: UserId,
    pub device: DeviceId,
    pub token: String,
    pub handle: String,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// The answer's JSON, which must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        if self.body.is_empty() { Value::Null } else { self.json() }
    }

    /// A problem with this status and code.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let problem = self.expect(status);
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status)), "{problem}");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        problem
    }
}

impl World {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut api::Settings)) -> Self {
        Self::serving(change, HttpSettings::default()).await
    }

    pub async fn serving(change: impl FnOnce(&mut api::Settings), http: HttpSettings) -> Self {
        let clock = Arc::new(ManualClock::new(START));
        let files = tempfile::tempdir().unwrap();
        let config = RuntimeConfig { limits: Limits::default(), ..RuntimeConfig::default() };
        let ports = Ports {
            directory: Arc::new(SqliteDirectory::in_memory().unwrap()),
            messages: Arc::new(InProcessMessages::new("history one")),
            coordination: Arc::new(InProcessCoordination::new(config)),
            presence: Arc::new(InProcessPresence::default()),
            blobs: Arc::new(FileBlobs::open(files.path()).unwrap()),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(7)),
        };
        let mut api = api::Settings { first_room: None, ..api::Settings::default() };
        change(&mut api);
        let (tokens, tickets) = (Tokens::new(&[5; 32]), Arc::new(Tickets::default()));
        let settings = Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            node: "test".to_owned(),
            place: String::new(),
            gateways: 1,
            owners: 1,
            allowed_origins: Vec::new(),
            schedule: Schedule::default(),
            http,
            grace: Duration::from_millis(100),
            drain: Duration::from_secs(5),
            tokens: tokens.clone(),
            tickets: tickets.clone(),
            api,
        };
        let server = Server::start(&ports, settings).unwrap();
        Self { server, ports, clock, tokens, tickets, files }
    }

    /// Sends a request on a connection of its own.
    pub async fn call(&self, method: &str, path: &str, token: Option<&str>, body: Option<Value>) -> Reply {
        let headers: Vec<(&str, String)> =
            token.map(|token| ("authorization", format!("Bearer {token}"))).into_iter().collect();
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        self.send(method, path, &headers, &body).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, String)], body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.server.address()).await.unwrap();
        stream.write_all(&request(method, path, headers, body, "close")).await.unwrap();
        read_reply(&mut stream, method == "HEAD").await
    }

    pub async fn sign_up(&self, name: &str) -> Person {
        let session = self.call("POST", "/v1/users", None, Some(json!({"name": name}))).await.expect(201);
        person(&session)
    }

    /// The administrator, by their link.
    pub async fn administrator(&self) -> Person {
        let ticket = self.tickets.issue(self.ports.clock.now(), &*self.ports.entropy);
        person(&self.call("POST", "/v1/sessions", None, Some(json!({"ticket": ticket}))).await.expect(201))
    }

    /// A token of somebody's whose time is over.
    pub fn expired(&self, person: &Person) -> String {
        self.tokens.issue(&Claims { user: person.id, device: person.device, expires_at: START })
    }

    /// A group of this owner's with these members.
    pub async fn group(&self, owner: &Person, members: &[&Person]) -> RoomId {
        let members: Vec<String> = members.iter().map(|person| person.id.to_string()).collect();
        let wish = json!({"kind": "group", "name": "tea", "members": members});
        let room = owner.post(self, "/v1/rooms", wish).await.expect(201);
        room["id"].as_str().unwrap().parse().unwrap()
    }

    pub async fn set_limits(&self, change: impl FnOnce(&mut Limits)) {
        let before = self.ports.coordination.config();
        let mut config = (*before).clone();
        change(&mut config.limits);
        assert!(self.ports.coordination.set_config(config).await.unwrap());
    }
}

impl Person {
    pub async fn get(&self, world: &World, path: &str) -> Reply {
        world.call("GET", path, Some(&self.token), None).await
    }

    pub async fn put(&self, world: &World, path: &str, body: Value) -> Reply {
        world.call("PUT", path, Some(&self.token), Some(body)).await
    }

    pub async fn post(&self, world: &World, path: &str, body: Value) -> Reply {
        world.call("POST", path, Some(&self.token), Some(body)).await
    }

    pub async fn patch(&self, world: &World, path: &str, body: Value) -> Reply {
        world.call("PATCH", path, Some(&self.token), Some(body)).await
    }

    pub async fn delete(&self, world: &World, path: &str) -> Reply {
        world.call("DELETE", path, Some(&self.token), None).await
    }

    /// Says something, and returns its number.
    pub async fn say(&self, world: &World, room: RoomId, text: &str) -> u64 {
        let said = self.post(world, &format!("/v1/rooms/{room}/messages"), json!({"text": text})).await;
        said.expect(201)["msg_id"].as_u64().unwrap()
    }
}

pub fn person(session: &Value) -> Person {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Person {
        id: text(&session["user"]["id"]).parse().unwrap(),
        device: text(&session["device"]).parse().unwrap(),
        token: text(&session["token"]),
        handle: text(&session["user"]["handle"]),
    }
}

pub fn request(
    method: &str,
    path: &str,
    headers: &[(&str, String)],
    body: &[u8],
    connection: &str,
) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: {connection}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            head.push_str("content-type: application/json\r\n");
        }
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// Reads one answer, up to its length.
pub async fn read_reply(stream: &mut TcpStream, is_head: bool) -> Reply {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "{}", String::from_utf8_lossy(&bytes));
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
    while !is_head && bytes.len() < head_end + length {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "a whole body");
    }
    Reply { status, headers, body: bytes[head_end..].to_vec() }
}
