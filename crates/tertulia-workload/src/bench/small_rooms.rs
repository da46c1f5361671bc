//! Row 8, small rooms: 2,000 rooms of five, texts of 200 bytes, in each room the next message when all five have the one
//! before. Messages for each second that the server had on its core, every one durable and numbered before it is delivered,
//! beside the floor, which does the same without anything around it.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{
    Size,
    fan_out::Rate,
    process::processor_time,
    report::{Figure, Goal},
    target::{Heads, Plan, Programs, Side, Target},
};
use crate::load::{Connections, Load, is_entry, number_after};

/// People in a room.
const ROOM_PEOPLE: usize = 5;
/// The text's length, in bytes.
const TEXT_BYTES: usize = 200;
/// How long nothing may come.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn measure(programs: &Programs, size: Size) -> Result<Vec<Figure>> {
    let rooms = size.of(2_000, 20);
    let spent = size.of(Duration::from_secs(5), Duration::from_millis(300));
    let ours = messages(programs, Side::Ours, rooms, spent)?;
    let floor = messages(programs, Side::Floor, rooms, spent)?;
    let figure = |what: &str, ours, floor, goal| {
        let what = format!("{what}, {rooms} rooms of {ROOM_PEOPLE}");
        Figure { what, unit: "/s", ours, floor: Some(floor), goal }
    };
    Ok(vec![
        figure(
            "messages per second of core",
            ours.per_core_second,
            floor.per_core_second,
            Goal::RatioAtLeast(0.5),
        ),
        figure("messages per second", ours.per_second, floor.per_second, Goal::None),
    ])
}

fn messages(programs: &Programs, side: Side, rooms: usize, spent: Duration) -> Result<Rate> {
    let plan: Plan = (0..rooms * ROOM_PEOPLE).map(|person| vec![person / ROOM_PEOPLE]).collect();
    let target = Target::start(programs, side, &plan)?;
    let mut load = Load::new(target.address()?)?;
    let heads = target.open(&mut load)?;
    let mut talk = Talk::new(&target.rooms, &heads);
    for room in 0..rooms {
        talk.say(load.connections(), room);
    }
    talk.go_on(&mut load, spent / 4)?;
    let (began, before, first) = (Instant::now(), processor_time(target.server.id())?, talk.done);
    talk.go_on(&mut load, spent)?;
    let (spent, core) = (began.elapsed(), processor_time(target.server.id())? - before);
    let done = (talk.done - first) as f64;
    Ok(Rate { per_core_second: done / core.as_secs_f64(), per_second: done / spent.as_secs_f64() })
}

#[derive(Clone, Copy)]
struct Room {
    number: u64,
    /// The number of the last entry that somebody heard.
    head: u64,
    /// How many have heard the message that is on its way.
    heard: usize,
    said: usize,
}

/// All rooms, each with one message on its way.
struct Talk {
    rooms: Vec<Room>,
    text: String,
    sent: u64,
    done: u64,
    refused: Option<String>,
    frame: Vec<u8>,
}

impl Talk {
    fn new(rooms: &[u64], heads: &Heads) -> Self {
        let head = |number: &u64| heads.get(number).copied().unwrap_or(0);
        let room = |number: &u64| Room { number: *number, head: head(number), heard: 0, said: 0 };
        Self {
            rooms: rooms.iter().map(room).collect(),
            text: "x".repeat(TEXT_BYTES),
            sent: 0,
            done: 0,
            refused: None,
            frame: Vec::new(),
        }
    }

    fn say(&mut self, connections: &mut Connections, at: usize) {
        self.sent += 1;
        let (id, text, room) = (self.sent, &self.text, &mut self.rooms[at]);
        let (number, since) = (room.number, room.head);
        self.frame.clear();
        // Writing to memory does not fail.
        let _ = std::io::Write::write_fmt(
            &mut self.frame,
            format_args!(
                r#"{{"t":"send","id":{id},"room":"{number}","nonce":"{id:032x}","since":{since},"text":"{text}"}}"#
            ),
        );
        room.said += 1;
        room.heard = 0;
        connections.send(at * ROOM_PEOPLE + room.said % ROOM_PEOPLE, &self.frame);
    }

    fn go_on(&mut self, load: &mut Load, spent: Duration) -> Result<()> {
        let (until, mut moved_at) = (Instant::now() + spent, Instant::now());
        while Instant::now() < until {
            let before = self.done;
            load.turn(Duration::from_millis(10), &mut |connections, at, payload| {
                self.hear(connections, at, payload)
            })?;
            if let Some(refused) = &self.refused {
                bail!("a message was refused: {refused}");
            }
            if self.done > before {
                moved_at = Instant::now();
            } else if moved_at.elapsed() > PATIENCE {
                bail!("nothing came for {} s", PATIENCE.as_secs());
            }
        }
        Ok(())
    }

    fn hear(&mut self, connections: &mut Connections, at: usize, payload: &[u8]) {
        if is_entry(payload) {
            let room = &mut self.rooms[at / ROOM_PEOPLE];
            room.heard += 1;
            if room.heard == ROOM_PEOPLE {
                room.head = number_after(payload, b"\"seq\":").unwrap_or(room.head);
                self.done += 1;
                self.say(connections, at / ROOM_PEOPLE);
            }
        } else if payload.starts_with(br#"{"t":"error""#) {
            self.refused = Some(String::from_utf8_lossy(payload).into_owned());
        }
    }
}
