//! Row 1, memory of an idle connection: authenticated connections, each in rooms of five, each has sent and received ten
//! messages, ten seconds of quiet; the growth of resident memory, divided by the connections.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{
    Size,
    process::{SETTLED_AFTER, resident_bytes},
    report::{Figure, Goal},
    target::{Heads, Plan, Programs, Side, Target},
};
use crate::load::{Load, is_entry};

/// People in a room.
const ROOM_PEOPLE: usize = 5;
/// Rooms of a person.
const PERSON_ROOMS: usize = 3;
/// Messages that each sends.
const MESSAGES: usize = 10;
/// Messages on their way at once.
const IN_FLIGHT_MAX: usize = 500;
/// How long messages may stand still.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn measure(programs: &Programs, size: Size) -> Result<Vec<Figure>> {
    let people = size.of(18_000, 200);
    let quiet = size.of(Duration::from_secs(10), Duration::from_secs(1));
    let ours = growth(programs, Side::Ours, people, quiet)?;
    let floor = growth(programs, Side::Floor, people, quiet)?;
    let figure = |what: &str, ours, floor, goal| {
        let what = format!("memory per {what}, {people} in {PERSON_ROOMS} rooms");
        Figure { what, unit: "KB", ours, floor: Some(floor), goal }
    };
    Ok(vec![
        figure("idle connection", ours.idle, floor.idle, Goal::AtMost(1.5)),
        figure("connection that said nothing", ours.silent, floor.silent, Goal::None),
    ])
}

/// Growth of memory per connection, in KB: when all are connected, and when they have talked and are quiet again.
struct Growth {
    silent: f64,
    idle: f64,
}

/// Rooms of five in which everybody meets others in each of their rooms.
fn plan(people: usize) -> Plan {
    let rooms = people.div_ceil(ROOM_PEOPLE);
    let place = |person: usize, round: usize| match round {
        0 => person / ROOM_PEOPLE,
        1 => rooms + person % rooms,
        _ => 2 * rooms + (person + person / rooms) % rooms,
    };
    (0..people).map(|person| (0..PERSON_ROOMS).map(|round| place(person, round)).collect()).collect()
}

fn growth(programs: &Programs, side: Side, people: usize, quiet: Duration) -> Result<Growth> {
    let plan = plan(people);
    let target = Target::start(programs, side, &plan)?;
    std::thread::sleep(SETTLED_AFTER);
    let before = resident_bytes(target.server.id())?;
    let mut load = Load::new(target.address()?)?;
    let heads = target.open(&mut load)?;
    rest(&mut load, quiet / 4)?;
    let grown = |now: u64| now.saturating_sub(before) as f64 / 1024.0 / people as f64;
    let silent = grown(resident_bytes(target.server.id())?);
    talk(&mut load, &target, &plan, &heads)?;
    rest(&mut load, quiet)?;
    Ok(Growth { silent, idle: grown(resident_bytes(target.server.id())?) })
}

/// Nobody says anything for a time.
fn rest(load: &mut Load, time: Duration) -> Result<()> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        load.turn(Duration::from_millis(100), &mut |_, _, _| {})?;
    }
    Ok(())
}

/// Everybody sends their messages and hears those of others; a few hundred are on their way at once.
fn talk(load: &mut Load, target: &Target, plan: &Plan, heads: &Heads) -> Result<()> {
    let total = plan.len() * MESSAGES;
    let (mut sent, mut acked, mut heard) = (0, 0, vec![0usize; plan.len()]);
    let mut refused = None;
    let mut moved_at = Instant::now();
    while acked < total {
        while sent < total && sent - acked < IN_FLIGHT_MAX {
            let (person, round) = (sent % plan.len(), sent / plan.len());
            let room = target.rooms[plan[person][round % PERSON_ROOMS]];
            let (id, since) = (sent as u64 + 1, heads.get(&room).copied().unwrap_or(0));
            let text = "a short text as people write them, of some words";
            let frame = format!(
                r#"{{"t":"send","id":{id},"room":"{room}","nonce":"{id:032x}","since":{since},"text":"{text}"}}"#
            );
            load.connections().send(person, frame.as_bytes());
            sent += 1;
        }
        let before = acked;
        load.turn(Duration::from_millis(100), &mut |_, at, payload| {
            if is_entry(payload) {
                heard[at] += 1;
            } else if payload.starts_with(br#"{"t":"ack""#) {
                acked += 1;
            } else if payload.starts_with(br#"{"t":"error""#) {
                refused = Some(String::from_utf8_lossy(payload).into_owned());
            }
        })?;
        if let Some(refused) = refused {
            bail!("a message was refused: {refused}");
        }
        if acked > before {
            moved_at = Instant::now();
        } else if moved_at.elapsed() > PATIENCE {
            bail!("only {acked} of {total} messages were acked");
        }
    }
    let deaf = heard.iter().filter(|heard| **heard < MESSAGES).count();
    if deaf > 0 {
        // What was acked last may still be on its way.
        load.turn(Duration::from_secs(1), &mut |_, at, payload| heard[at] += usize::from(is_entry(payload)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn everybody_is_in_three_rooms_of_five() {
        for people in [200, 18_000] {
            let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
            for places in plan(people) {
                let mut distinct = places.clone();
                distinct.dedup();
                assert_eq!(distinct.len(), PERSON_ROOMS);
                places.into_iter().for_each(|place| *sizes.entry(place).or_default() += 1);
            }
            assert_eq!(sizes.len(), people * PERSON_ROOMS / ROOM_PEOPLE);
            assert!(sizes.values().all(|size| *size == ROOM_PEOPLE));
        }
    }
}
