//! 4. Every member with a live session gets everything, in order: each device's entries follow on each other from where it
//!    began, and in the end it is where the log is.

use std::collections::BTreeMap;

use tertulia_protocol::ids::{RoomId, Seq, UserId};

use crate::checker::{
    Invariant, Violation,
    record::{Device, Record, What},
    truth::Truth,
};

pub(crate) fn check(records: &[Record], truth: &Truth, violations: &mut Vec<Violation>) {
    let mut at: BTreeMap<(Device, RoomId), Seq> = BTreeMap::new();
    for record in records {
        match &record.what {
            What::Following { room, after } => drop(at.insert((record.device, *room), *after)),
            What::Unfollowed { room } => drop(at.remove(&(record.device, *room))),
            What::Applied { room, seq } => {
                follow(&mut at, record, *room, *seq, *seq, violations);
            }
            What::Passed { room, first, last } => {
                follow(&mut at, record, *room, *first, *last, violations);
            }
            _ => {}
        }
    }
    in_the_end(records, truth, violations);
}

fn follow(
    at: &mut BTreeMap<(Device, RoomId), Seq>,
    record: &Record,
    room: RoomId,
    first: Seq,
    last: Seq,
    violations: &mut Vec<Violation>,
) {
    let (user, device) = (record.user, record.device);
    match at.insert((device, room), last) {
        Some(before) if before + 1 == first => {}
        before => {
            let what = format!("device {device} of {user} got entry {first} after {before:?}");
            violations.push(Violation { invariant: Invariant::Delivery, room: Some(room), what });
        }
    }
}

fn in_the_end(records: &[Record], truth: &Truth, violations: &mut Vec<Violation>) {
    let mut devices: BTreeMap<Device, UserId> = BTreeMap::new();
    let mut cursors: BTreeMap<(Device, RoomId), Seq> = BTreeMap::new();
    for record in records {
        match &record.what {
            What::AllSettled { is_live, unsent } => {
                devices.insert(record.device, record.user);
                if !is_live || *unsent > 0 {
                    let live = if *is_live { "is live" } else { "is not live" };
                    let what =
                        format!("device {} of {} {live}, with {unsent} unsent", record.device, record.user);
                    violations.push(Violation { invariant: Invariant::Delivery, room: None, what });
                }
            }
            What::Settled { room, cursor } => drop(cursors.insert((record.device, *room), *cursor)),
            _ => {}
        }
    }
    for (room, log) in &truth.rooms {
        let Some(through) = log.through.filter(|_| !log.is_cut()) else { continue };
        for (device, user) in &devices {
            let is_in = log.stays(*user).last().is_some_and(|stay| stay.to.is_none());
            let cursor = cursors.get(&(*device, *room)).copied();
            let expected = is_in.then_some(through);
            if cursor != expected {
                let what =
                    format!("device {device} of {user} ended at {cursor:?} and should be at {expected:?}");
                violations.push(Violation { invariant: Invariant::Delivery, room: Some(*room), what });
            }
        }
    }
}
