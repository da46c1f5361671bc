//! A session against a tiny model of a server, in weather: connections drop at any point, frames are lost, doubled and
//! late, answers say "retry", the nonce window is short. Nothing may be lost, doubled or reordered.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as expected")]

mod model;

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng, rngs::StdRng};
use tertulia_client::{
    outbox::Post,
    protocol::{
        Code,
        entry::EntryBody,
        ids::{RoomId, Seq},
        socket::close,
    },
    session::{Event, Input, Output, Saved, Session, Status},
};

use crate::model::{Server, Weather};

/// One device: a session, its connection to the model, and what it heard.
struct Device {
    session: Session,
    wire: Option<usize>,
    opening: bool,
    entries: BTreeMap<RoomId, Vec<(Seq, EntryBody)>>,
    passed: BTreeMap<RoomId, u64>,
    done: BTreeMap<u64, Seq>,
    refused: BTreeMap<u64, Code>,
    ended: Option<Option<Code>>,
}

impl Device {
    fn new(token: &str, saved: Saved, seed: u64) -> Self {
        Self {
            session: Session::new(token, "test", saved, seed),
            wire: None,
            opening: false,
            entries: BTreeMap::new(),
            passed: BTreeMap::new(),
            done: BTreeMap::new(),
            refused: BTreeMap::new(),
            ended: None,
        }
    }

    fn step(&mut self, now_ms: u64, server: &mut Server) {
        if self.opening {
            self.opening = false;
            self.wire = server.open();
            let input = if self.wire.is_some() { Input::Opened } else { Input::Closed(None) };
            self.session.handle(now_ms, input);
        }
        if let Some(wire) = self.wire {
            match server.take(wire) {
                Ok(Some(frame)) => self.session.handle(now_ms, Input::Frame(frame)),
                Ok(None) => {}
                Err(code) => {
                    self.wire = None;
                    self.session.handle(now_ms, Input::Closed(code));
                }
            }
        }
        if self.session.deadline_ms().is_some_and(|deadline| deadline <= now_ms) {
            self.session.handle(now_ms, Input::Time);
        }
        while let Some(output) = self.session.poll() {
            match output {
                Output::Open => (self.wire, self.opening) = (None, true),
                Output::Close => {
                    if let Some(wire) = self.wire.take() {
                        server.cut(wire, None);
                    }
                    self.opening = false;
                }
                Output::Write(frame) => {
                    if let Some(wire) = self.wire {
                        server.say(now_ms, wire, frame);
                    }
                }
                Output::Tell(event) => self.hear(event),
            }
        }
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Entry { room, entry } => {
                self.entries.entry(room).or_default().push((entry.seq, entry.body))
            }
            Event::Passed { room, first, last } => *self.passed.entry(room).or_default() += last + 1 - first,
            Event::Done { key, seq, .. } => assert_eq!(self.done.insert(key, seq), None, "post {key} twice"),
            Event::Refused { key, error, .. } => drop(self.refused.insert(key, error.code)),
            Event::Status(Status::Ended { why }) => self.ended = Some(why),
            _ => {}
        }
    }
}

struct World {
    server: Server,
    devices: Vec<Device>,
    now_ms: u64,
}

impl World {
    fn new(weather: Weather, seed: u64) -> Self {
        let server = Server::new(weather, seed);
        let devices = ["1", "2", "3"].iter().enumerate();
        let devices = devices.map(|(at, token)| Device::new(token, Saved::default(), seed * 10 + at as u64));
        Self { devices: devices.collect(), server, now_ms: 0 }
    }

    fn run(&mut self, steps: u32, mut each: impl FnMut(&mut Self, u32)) {
        for step in 0..steps {
            each(self, step);
            for device in &mut self.devices {
                device.step(self.now_ms, &mut self.server);
            }
            self.now_ms += 10;
        }
    }

    /// In good weather, until nothing is left to do. A last word in each room lets everybody see what they missed.
    fn settle(&mut self) {
        self.server.weather = Weather::default();
        self.run(6_000, |_, _| {});
        for room in self.server.rooms() {
            self.server.fill(room, 1);
        }
        self.run(6_000, |_, _| {});
    }
}

fn storm(seed: u64, weather: Weather) -> World {
    let mut world = World::new(Weather::default(), seed);
    world.run(100, |_, _| {});
    world.server.weather = weather;
    let mut random = StdRng::seed_from_u64(seed);
    let mut posts = 0;
    world.run(3_000, |world, _| {
        if random.random_bool(0.05) {
            let at = random.random_range(0..world.devices.len());
            let room = world.server.rooms()[random.random_range(0..2)];
            posts += 1;
            let post = Post::Message {
                text: format!("text {posts} by {at}"),
                reply_to: None,
                attachments: Vec::new(),
            };
            world.devices[at].session.handle(world.now_ms, Input::Post { key: posts, room, post });
        }
        if random.random_bool(0.002) {
            let at = random.random_range(0..world.devices.len());
            // The program ends and starts again with what it kept.
            let saved: Saved =
                serde_json::from_str(&serde_json::to_string(&world.devices[at].session.save()).unwrap())
                    .unwrap();
            let device = &mut world.devices[at];
            if let Some(wire) = device.wire.take() {
                world.server.cut(wire, None);
            }
            device.opening = false;
            device.session = Session::new(&(at + 1).to_string(), "test", saved, random.random());
        }
    });
    world.settle();
    assert!(posts > 50);
    world
}

/// Everything that was said is in the log once, in each device's order; every device heard all of the log in order.
fn check(world: &World) {
    for (at, device) in world.devices.iter().enumerate() {
        assert!(device.session.is_live(), "device {at} is not live");
        assert!(
            device.session.outbox().is_empty(),
            "device {at} has posts left: {:?}",
            device.session.outbox()
        );
        assert!(device.refused.is_empty(), "device {at}: {:?}", device.refused);
    }
    for room in world.server.rooms() {
        let log = world.server.log(room);
        let texts: Vec<&String> = log.iter().filter_map(text).collect();
        let mut once = texts.clone();
        once.sort();
        once.dedup();
        assert_eq!(texts.len(), once.len(), "something was doubled");
        for (at, device) in world.devices.iter().enumerate() {
            let own: Vec<u64> = texts.iter().filter_map(|text| own_number(text, at)).collect();
            assert!(own.is_sorted(), "device {at} was reordered: {own:?}");
            let heard = device.entries.get(&room).map(Vec::as_slice).unwrap_or_default();
            assert!(heard.windows(2).all(|pair| pair[0].0 < pair[1].0), "device {at} heard in disorder");
            let all = heard.iter().all(|(seq, body)| log[*seq as usize - 1].body == *body);
            assert!(all, "device {at} heard something else than the log has");
            let passed = device.passed.get(&room).copied().unwrap_or(0);
            assert_eq!(heard.len() as u64 + passed, log.len() as u64, "device {at} missed something");
        }
    }
    let done: usize = world.devices.iter().map(|device| device.done.len()).sum();
    let rooms = world.server.rooms();
    let texts = rooms.iter().flat_map(|room| world.server.log(*room)).filter_map(text);
    assert_eq!(done, texts.filter(|text| text.starts_with("text ")).count());
}

fn text(entry: &tertulia_client::protocol::entry::Entry) -> Option<&String> {
    match &entry.body {
        EntryBody::Message { text, .. } => Some(text),
        _ => None,
    }
}

fn own_number(text: &str, device: usize) -> Option<u64> {
    let (number, by) = text.strip_prefix("text ")?.split_once(" by ")?;
    (by == device.to_string()).then(|| number.parse().unwrap())
}

#[test]
fn in_good_weather_all_is_heard_at_once() {
    let world = storm(1, Weather::default());
    check(&world);
    assert_eq!(world.server.connections(), 3 + world.server.restarts());
}

#[test]
fn in_any_weather_nothing_is_lost_doubled_or_reordered() {
    let weather = Weather { cut: 0.005, lose: 0.02, double: 0.02, refuse: 0.03, silence: 0.01, rush: 0.0 };
    for seed in 0..60 {
        check(&storm(seed, weather));
    }
}

#[test]
fn late_retries_find_their_own_entry_instead_of_doubling() {
    // Connections are cut after a send was understood, and while the sender is away much is said by others.
    let weather = Weather { cut: 0.05, lose: 0.0, double: 0.0, refuse: 0.0, silence: 0.0, rush: 0.5 };
    let mut stale = 0;
    for seed in 100..130 {
        let world = storm(seed, weather);
        check(&world);
        stale += world.server.stale_sends();
    }
    assert!(stale > 20, "only {stale} sends were stale: the test is too mild");
}

#[test]
fn far_behind_is_skipped_and_another_history_forgets() {
    let mut world = World::new(Weather::default(), 7);
    world.run(200, |_, _| {});
    let room = world.server.rooms()[0];
    let wire = world.devices[0].wire.unwrap();
    world.server.cut(wire, None);
    world.server.fill(room, 5_000);
    world.settle();
    check(&world);
    assert_eq!(world.devices[0].session.cursor(room), Some(5_001));
    assert!(world.devices[0].passed[&room] > 3_000);

    world.server.restore("another history");
    world.run(6_000, |_, _| {});
    let head = world.server.log(room).len() as u64;
    assert!(world.devices.iter().all(|device| device.session.cursor(room) == Some(head)));
}

#[test]
fn a_revoked_token_ends_the_session() {
    let mut world = World::new(Weather::default(), 8);
    world.run(200, |_, _| {});
    let wire = world.devices[1].wire.unwrap();
    world.server.cut(wire, Some(close::REVOKED));
    world.run(200, |_, _| {});
    assert_eq!(world.devices[1].ended, Some(Some(Code::TokenRevoked)));
    assert_eq!(world.devices[0].ended, None);
}

#[test]
fn a_silent_server_is_left() {
    let mut world = World::new(Weather::default(), 9);
    world.run(200, |_, _| {});
    let before = world.server.connections();
    world.server.weather.silence = 1.0;
    // One heartbeat and the patience after it, and the way back.
    world.run(8_000, |_, _| {});
    assert!(world.server.connections() > before);
    world.settle();
    check(&world);
}
