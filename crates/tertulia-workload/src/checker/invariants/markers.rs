//! 7. Read markers never go back: on one connection they only rise, and a later connection starts from what was acked.

use std::collections::BTreeMap;

use tertulia_protocol::ids::{RoomId, Seq, TimeMs, UserId};

use crate::checker::{
    Invariant, Violation,
    record::{Device, Record, What},
    truth::Truth,
};

pub(crate) fn check(records: &[Record], truth: &Truth, violations: &mut Vec<Violation>) {
    let mut shown: BTreeMap<(Device, RoomId, UserId), Seq> = BTreeMap::new();
    let mut set: BTreeMap<(UserId, RoomId), Vec<(TimeMs, Seq)>> = BTreeMap::new();
    for record in records {
        let (user, device) = (record.user, record.device);
        match &record.what {
            What::MarkerSet { room, seq } => set.entry((user, *room)).or_default().push((record.at, *seq)),
            What::Closed => shown.retain(|(of, _, _), _| *of != device),
            What::Gone { room, .. } => shown.retain(|(of, at, _), _| (*of, *at) != (device, *room)),
            What::Receipt { room, by, seq } => {
                let before = shown.insert((device, *room, *by), *seq).unwrap_or(0);
                if before > *seq {
                    let what =
                        format!("device {device} saw the marker of {by} at {before} and then at {seq}");
                    violations.push(Violation { invariant: Invariant::Markers, room: Some(*room), what });
                }
            }
            What::Welcome { opened_at, rooms } => {
                for head in rooms {
                    began(truth, &set, record, *opened_at, head.room, head.read, violations);
                }
            }
            _ => {}
        }
    }
}

fn began(
    truth: &Truth,
    set: &BTreeMap<(UserId, RoomId), Vec<(TimeMs, Seq)>>,
    record: &Record,
    opened_at: TimeMs,
    room: RoomId,
    read: Seq,
    violations: &mut Vec<Violation>,
) {
    let markers = set.get(&(record.user, room)).map(Vec::as_slice).unwrap_or_default();
    let acked = markers.iter().filter(|(at, _)| *at < opened_at).map(|(_, seq)| *seq).max().unwrap_or(0);
    // Who left and came back may have begun anew.
    let stayed = truth.rooms.get(&room).is_none_or(|log| log.stays(record.user).len() <= 1);
    if read < acked && stayed {
        let what =
            format!("the marker of {} was acked at {acked} and is {read} on a later connection", record.user);
        violations.push(Violation { invariant: Invariant::Markers, room: Some(room), what });
    }
}
