//! Row 17, footprint: from the start of the process to the first message that was accepted, on a folder with a room in it;
//! and the memory of a server that has nothing to do.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{
    Size,
    process::{SETTLED_AFTER, resident_bytes},
    report::{Figure, Goal},
    target::{Plan, Programs, Side, Target},
};
use crate::load::Load;

/// How long the first message may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn measure(programs: &Programs, _: Size) -> Result<Vec<Figure>> {
    let (ours, floor) = (start(programs, Side::Ours)?, start(programs, Side::Floor)?);
    let figure =
        |what: &str, unit, ours, floor, goal| Figure { what: what.to_owned(), unit, ours, floor, goal };
    Ok(vec![
        figure("start to first accepted message", "ms", ours.0, Some(floor.0), Goal::AtMost(100.0)),
        figure("memory of an idle server", "MB", ours.1, Some(floor.1), Goal::AtMost(20.0)),
    ])
}

/// Milliseconds to the first accepted message, and megabytes of memory.
fn start(programs: &Programs, side: Side) -> Result<(f64, f64)> {
    let plan: Plan = vec![vec![0]];
    let mut target = Target::start(programs, side, &plan)?;
    target.server.end_and_start(Duration::ZERO)?;
    // What is spent between the line that says that it is ready and here is the benchmark's own.
    let began = Instant::now();
    let mut load = Load::new(target.address()?)?;
    target.open(&mut load)?;
    let room = target.rooms[0];
    let frame =
        format!(r#"{{"t":"send","id":1,"room":"{room}","nonce":"{:032x}","since":1,"text":"hola"}}"#, 7);
    load.connections().send(0, frame.as_bytes());
    let mut is_acked = false;
    while !is_acked {
        load.turn(Duration::from_millis(10), &mut |_, _, payload| {
            is_acked |= payload.starts_with(br#"{"t":"ack""#)
        })?;
        if began.elapsed() > PATIENCE {
            bail!("the first message was not accepted");
        }
    }
    let first = target.server.ready_after + began.elapsed();
    drop(load);
    std::thread::sleep(SETTLED_AFTER);
    let memory = resident_bytes(target.server.id())? as f64 / (1024.0 * 1024.0);
    Ok((first.as_secs_f64() * 1_000.0, memory))
}
