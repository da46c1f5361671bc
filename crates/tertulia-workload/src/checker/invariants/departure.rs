//! 5. After a removal, ban or leave at number n, no entry above n reaches that user, by any path: live, history, REST, list
//!    preview, receipts, typing, second device. Rejoining opens the log again, from the moment that it was numbered.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_protocol::ids::{RoomId, Seq, TimeMs, UserId};

use crate::checker::{
    Invariant, Violation,
    record::{Device, Record, What},
    truth::{Stay, Truth},
};

pub(crate) fn check(records: &[Record], truth: &Truth, violations: &mut Vec<Violation>) {
    let mut stays: BTreeMap<(RoomId, UserId), Vec<Stay>> = BTreeMap::new();
    // Whether newcomers read everything. A log with holes does not tell who was in, and is left out.
    let whole = truth.rooms.iter().filter(|(_, log)| log.is_whole());
    let shows_all: BTreeMap<RoomId, bool> = whole.map(|(room, log)| (*room, log.shows_all())).collect();
    // By the server's clock, which only goes forward: so far ahead it may have been.
    let mut ahead_ms = 0;
    for record in records {
        if let What::ClockSet { ahead_ms: ahead } = &record.what {
            ahead_ms = *ahead;
        }
        let at = TimeMs(record.at.0 + ahead_ms);
        for (room, seq, path) in seen(&record.what, record.user) {
            let (Some(log), Some(shows_all)) = (truth.rooms.get(&room), shows_all.get(&room)) else {
                continue;
            };
            let stays = stays.entry((room, record.user)).or_insert_with(|| log.stays(record.user));
            if !may_see(stays, *shows_all, seq, at) {
                let user = record.user;
                let what = format!("{user} saw entry {seq} by {path} at {}, being in by {stays:?}", at.0);
                violations.push(Violation { invariant: Invariant::Departure, room: Some(room), what });
            }
        }
    }
    after_gone(records, violations);
}

/// The numbers that a record shows to its user.
fn seen(what: &What, user: UserId) -> Vec<(RoomId, Seq, &'static str)> {
    match what {
        What::Heard { path, room, entry } => vec![(*room, entry.seq, path.name())],
        What::Receipt { room, by, seq } if *by != user => vec![(*room, *seq, "receipt")],
        What::Listed { room, head, last, .. } => {
            let preview = last.iter().map(|entry| (*room, entry.seq, "preview"));
            preview.chain([(*room, *head, "list")]).collect()
        }
        What::Joined { head } => vec![(head.room, head.head, "joined")],
        What::Welcome { rooms, .. } => rooms.iter().map(|head| (head.room, head.head, "welcome")).collect(),
        _ => Vec::new(),
    }
}

fn may_see(stays: &[Stay], shows_all: bool, seq: Seq, at: TimeMs) -> bool {
    stays.iter().any(|stay| {
        let begins = if shows_all { 0 } else { stay.from };
        (begins..=stay.to.unwrap_or(Seq::MAX)).contains(&seq) && stay.from_at <= at
    })
}

/// On one connection: after `gone`, nothing more of the room, before `joined`.
fn after_gone(records: &[Record], violations: &mut Vec<Violation>) {
    let mut gone: BTreeSet<(Device, RoomId)> = BTreeSet::new();
    for record in records {
        let device = record.device;
        let heard = match &record.what {
            What::Closed => {
                gone.retain(|(of, _)| *of != device);
                None
            }
            What::Gone { room, .. } => {
                gone.insert((device, *room));
                None
            }
            What::Joined { head } => {
                gone.remove(&(device, head.room));
                None
            }
            What::Typing { room, .. } => Some((*room, "typing")),
            What::Receipt { room, .. } => Some((*room, "a receipt")),
            What::Heard { path: crate::checker::record::Path::Live, room, .. } => Some((*room, "an entry")),
            _ => None,
        };
        let Some((room, thing)) = heard.filter(|(room, _)| gone.contains(&(device, *room))) else { continue };
        let what = format!("device {device} of {} heard {thing} after it was told to be out", record.user);
        violations.push(Violation { invariant: Invariant::Departure, room: Some(room), what });
    }
}
