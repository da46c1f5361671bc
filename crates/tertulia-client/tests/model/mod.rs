//! A tiny server without I/O: two rooms, three users, a log, nonces within a window, and bad weather.

use std::collections::{BTreeMap, VecDeque};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use tertulia_client::protocol::{
    entry::{Entry, EntryBody},
    ids::{Nonce, RoomId, Seq, TimeMs, UserId},
    socket::{
        client::{ClientFrame, Hello, History, Send},
        server::ServerFrame,
    },
};

/// Entries within which nonces are known.
const WINDOW: u64 = 8;
/// Further behind than this is skipped.
const SKIP_ABOVE: u64 = 1_000;
const HEARTBEAT_MS: u64 = 5_000;

/// How likely each evil is, for a frame.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// The connection is cut, before or after the frame was understood.
    pub cut: f64,
    /// A live entry is lost.
    pub lose: f64,
    /// A frame comes twice.
    pub double: f64,
    /// A request is refused with "retry".
    pub refuse: f64,
    /// The connection goes dead without being closed.
    pub silence: f64,
    /// When a connection was cut, others say much.
    pub rush: f64,
}

#[derive(Default)]
struct Wire {
    user: Option<UserId>,
    out: VecDeque<ServerFrame>,
    /// Cut, with this close code.
    cut: Option<Option<u16>>,
    dead: bool,
}

pub struct Server {
    pub weather: Weather,
    random: StdRng,
    history: String,
    logs: BTreeMap<RoomId, Vec<Entry>>,
    nonces: BTreeMap<(RoomId, UserId, Nonce), Seq>,
    wires: Vec<Wire>,
    hellos: usize,
    restarts: usize,
    stale: usize,
}

impl Server {
    pub fn new(weather: Weather, seed: u64) -> Self {
        let rooms = [RoomId::new(11), RoomId::new(12)];
        Self {
            weather,
            random: StdRng::seed_from_u64(seed ^ 0x5eed),
            history: "first".to_owned(),
            logs: rooms.into_iter().map(|room| (room, Vec::new())).collect(),
            nonces: BTreeMap::new(),
            wires: Vec::new(),
            hellos: 0,
            restarts: 0,
            stale: 0,
        }
    }

    pub fn rooms(&self) -> Vec<RoomId> {
        self.logs.keys().copied().collect()
    }

    pub fn log(&self, room: RoomId) -> &[Entry] {
        &self.logs[&room]
    }

    pub fn connections(&self) -> usize {
        self.hellos
    }

    pub fn restarts(&self) -> usize {
        self.restarts
    }

    pub fn stale_sends(&self) -> usize {
        self.stale
    }

    pub fn open(&mut self) -> Option<usize> {
        if self.chance(self.weather.cut) {
            return None;
        }
        self.wires.push(Wire::default());
        Some(self.wires.len() - 1)
    }

    pub fn cut(&mut self, wire: usize, code: Option<u16>) {
        if self.wires[wire].user.is_some() && code.is_none() {
            self.restarts += 1;
        }
        self.wires[wire].cut = Some(code);
        self.wires[wire].user = None;
    }

    /// The next frame for the wire; an error when it is cut.
    pub fn take(&mut self, wire: usize) -> Result<Option<ServerFrame>, Option<u16>> {
        if let Some(code) = self.wires[wire].cut {
            return Err(code);
        }
        if self.wires[wire].dead {
            return Ok(None);
        }
        Ok(self.wires[wire].out.pop_front())
    }

    /// Another history: everybody is cut off, and the log is shorter.
    pub fn restore(&mut self, history: &str) {
        self.history = history.to_owned();
        self.nonces.clear();
        self.logs.values_mut().for_each(|log| log.truncate(3));
        for wire in 0..self.wires.len() {
            self.cut(wire, None);
        }
    }

    /// Somebody else says much.
    pub fn fill(&mut self, room: RoomId, count: u64) {
        for _ in 0..count {
            let number = self.logs[&room].len();
            let body = EntryBody::Message {
                text: format!("filling {number}"),
                reply_to: None,
                attachments: Vec::new(),
            };
            self.append(0, room, UserId::new(99), body);
        }
    }

    pub fn say(&mut self, now_ms: u64, wire: usize, frame: ClientFrame) {
        if self.wires[wire].cut.is_some() || self.wires[wire].dead {
            return;
        }
        if self.chance(self.weather.silence / 20.0) {
            self.wires[wire].dead = true;
            return;
        }
        if self.chance(self.weather.cut) {
            return self.cut(wire, None);
        }
        match frame {
            ClientFrame::Hello(hello) => self.hello(wire, hello),
            ClientFrame::Send(send) => self.send(now_ms, wire, send),
            ClientFrame::History(history) => self.page(wire, history),
            ClientFrame::Ping(ping) => self.put(wire, json!({"t": "pong", "id": ping.id})),
            other => panic!("the model does not know {other:?}"),
        }
        if self.chance(self.weather.cut) {
            self.cut(wire, None);
            if self.chance(self.weather.rush) {
                self.rooms().into_iter().for_each(|room| self.fill(room, WINDOW + 2));
            }
        }
    }

    fn hello(&mut self, wire: usize, hello: Hello) {
        self.hellos += 1;
        let user: UserId = hello.token.parse().unwrap();
        self.wires[wire].user = Some(user);
        let known = hello.history.as_ref().is_none_or(|history| *history == self.history);
        let cursors = if known { hello.cursors } else { BTreeMap::new() };
        let heads: Vec<(RoomId, u64)> =
            self.logs.iter().map(|(room, log)| (*room, log.len() as u64)).collect();
        let rooms = heads.iter().map(|(room, head)| {
            json!({"room": room, "first": 1, "head": head, "posts": head, "read": 0, "read_posts": 0})
        });
        let welcome = json!({
            "t": "welcome", "user": user, "device": "5", "name": "x", "admin": false, "history": self.history,
            "feed": 1, "heartbeat_ms": HEARTBEAT_MS, "now": 0, "limits": {}, "rooms": rooms.collect::<Vec<_>>(),
        });
        self.put(wire, welcome);
        for (room, head) in heads {
            let mut from = cursors.get(&room).copied().unwrap_or(head);
            if head - from > SKIP_ABOVE {
                from = head - 10;
                self.put(wire, json!({"t": "skip", "room": room, "to": from, "posts": from}));
            }
            for seq in from as usize..self.logs[&room].len() {
                let entry = self.for_reader(room, &self.logs[&room][seq], Some(user));
                self.put_entry(wire, room, &entry);
            }
        }
    }

    fn send(&mut self, now_ms: u64, wire: usize, send: Send) {
        let Some(user) = self.wires[wire].user else { return };
        let head = self.logs[&send.room].len() as u64;
        let nonce = (send.room, user, send.nonce);
        let oldest = head.saturating_sub(WINDOW);
        if self.chance(self.weather.refuse) {
            let later = json!({"t": "error", "id": send.id, "code": "unavailable", "detail": "x", "retry_after_ms": 40});
            return self.put(wire, later);
        }
        let known = self.nonces.get(&nonce).copied().filter(|seq| *seq > oldest);
        let seq = match known {
            Some(seq) => seq,
            None if send.since < oldest => {
                self.stale += 1;
                return self
                    .put(wire, json!({"t": "error", "id": send.id, "code": "stale_send", "detail": "x"}));
            }
            None => {
                let body =
                    EntryBody::Message { text: send.text, reply_to: send.reply_to, attachments: Vec::new() };
                let seq = self.append(now_ms, send.room, user, body);
                self.nonces.insert(nonce, seq);
                seq
            }
        };
        self.put(wire, json!({"t": "ack", "id": send.id, "seq": seq, "at": now_ms}));
    }

    fn append(&mut self, now_ms: u64, room: RoomId, by: UserId, body: EntryBody) -> Seq {
        let log = self.logs.get_mut(&room).unwrap();
        let seq = log.len() as u64 + 1;
        let entry =
            Entry { seq, posts: seq, by: Some(by), at: TimeMs(now_ms), nonce: None, body, state: None };
        log.push(entry.clone());
        for wire in 0..self.wires.len() {
            if self.wires[wire].user.is_some() && !self.chance(self.weather.lose) {
                self.put_entry(wire, room, &entry);
            }
        }
        seq
    }

    fn page(&mut self, wire: usize, history: History) {
        let log = &self.logs[&history.room];
        let (after, limit) = (history.after.unwrap(), history.limit.unwrap() as u64);
        let to = (after + limit).min(log.len() as u64);
        let items = &log[(after as usize).min(log.len())..(to as usize).max(after as usize).min(log.len())];
        let items: Vec<Entry> =
            items.iter().map(|entry| self.for_reader(history.room, entry, self.wires[wire].user)).collect();
        let page = json!({
            "t": "page", "id": history.id, "room": history.room, "mode": "entries", "first": 1,
            "through": log.len(), "from": after + 1, "to": to, "items": items,
        });
        self.put(wire, page);
    }

    /// What is read from the log tells readers the nonces of their own.
    fn for_reader(&self, room: RoomId, entry: &Entry, reader: Option<UserId>) -> Entry {
        let mut own = self.nonces.iter().filter(|((at, by, _), seq)| {
            (*at, Some(*by), **seq) == (room, reader, entry.seq) && entry.by == reader
        });
        Entry { nonce: own.next().map(|((_, _, nonce), _)| *nonce), ..entry.clone() }
    }

    fn put_entry(&mut self, wire: usize, room: RoomId, entry: &Entry) {
        let mut frame = serde_json::to_value(entry).unwrap();
        frame["t"] = "entry".into();
        frame["room"] = json!(room);
        self.put(wire, frame);
    }

    fn put(&mut self, wire: usize, frame: Value) {
        let frame: ServerFrame = serde_json::from_value(frame).unwrap();
        let may_double = !matches!(frame, ServerFrame::Welcome(_));
        if may_double && self.chance(self.weather.double) {
            self.wires[wire].out.push_back(frame.clone());
        }
        self.wires[wire].out.push_back(frame);
    }

    fn chance(&mut self, likelihood: f64) -> bool {
        self.random.random_bool(likelihood)
    }
}
