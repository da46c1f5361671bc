//! Row 4, fan-out: one room, texts of 190 bytes, the next message when everybody has the one before. Deliveries for each
//! second that the server had on its core, beside a floor that sends ready bytes to as many sockets.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{
    Size,
    process::processor_time,
    report::{Figure, Goal},
    target::{Plan, Programs, Side, Target},
};
use crate::load::{Load, is_entry, number_after};

/// The text's length, in bytes.
const TEXT_BYTES: usize = 190;
/// How long a message may take to reach everybody.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn measure(programs: &Programs, size: Size) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for people in size.of(vec![100, 1_000, 10_000], vec![50]) {
        let spent = size.of(Duration::from_secs(3), Duration::from_millis(300));
        let ours = deliveries(programs, Side::Ours, people, spent)?;
        let floor = deliveries(programs, Side::RawFloor, people, spent)?;
        let figure =
            |what: String, ours, floor, goal| Figure { what, unit: "/s", ours, floor: Some(floor), goal };
        let what = format!("deliveries per second of core, room of {people}");
        figures.push(figure(what, ours.per_core_second, floor.per_core_second, Goal::RatioAtLeast(0.7)));
        let what = format!("deliveries per second, room of {people}");
        figures.push(figure(what, ours.per_second, floor.per_second, Goal::None));
    }
    Ok(figures)
}

/// How fast it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub per_core_second: f64,
    pub per_second: f64,
}

fn deliveries(programs: &Programs, side: Side, people: usize, spent: Duration) -> Result<Rate> {
    let plan: Plan = vec![vec![0]; people];
    let target = Target::start(programs, side, &plan)?;
    let mut load = Load::new(target.address()?)?;
    let heads = target.open(&mut load)?;
    let room = target.rooms[0];
    let head = heads.get(&room).copied().unwrap_or(0);
    let mut room = Room { room, people, sent: 0, head, text: "x".repeat(TEXT_BYTES) };
    for _ in 0..5 {
        room.say(&mut load)?;
    }
    let (began, before, first) = (Instant::now(), processor_time(target.server.id())?, room.sent);
    while began.elapsed() < spent {
        room.say(&mut load)?;
    }
    let (spent, core) = (began.elapsed(), processor_time(target.server.id())? - before);
    let delivered = ((room.sent - first) * people as u64) as f64;
    Ok(Rate { per_core_second: delivered / core.as_secs_f64(), per_second: delivered / spent.as_secs_f64() })
}

struct Room {
    room: u64,
    people: usize,
    sent: u64,
    head: u64,
    text: String,
}

impl Room {
    /// Says something, by one after the other, and waits until everybody has it.
    fn say(&mut self, load: &mut Load) -> Result<()> {
        self.sent += 1;
        let (room, id, since, text) = (self.room, self.sent, self.head, &self.text);
        let frame = format!(
            r#"{{"t":"send","id":{id},"room":"{room}","nonce":"{id:032x}","since":{since},"text":"{text}"}}"#
        );
        let speaker = usize::try_from(id)? % self.people;
        load.connections().send(speaker, frame.as_bytes());
        let (mut heard, mut head, mut refused, began) = (0, 0, None, Instant::now());
        while heard < self.people {
            load.turn(Duration::from_millis(100), &mut |_, _, payload| {
                if is_entry(payload) {
                    heard += 1;
                    if head == 0 {
                        head = number_after(payload, b"\"seq\":").unwrap_or(0);
                    }
                } else if payload.starts_with(br#"{"t":"error""#) {
                    refused = Some(String::from_utf8_lossy(payload).into_owned());
                }
            })?;
            if let Some(refused) = refused {
                bail!("a message was refused: {refused}");
            }
            if began.elapsed() > PATIENCE {
                bail!("message {id} reached only {heard} of {}", self.people);
            }
        }
        self.head = self.head.max(head);
        Ok(())
    }
}
