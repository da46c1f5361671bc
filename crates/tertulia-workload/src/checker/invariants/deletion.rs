//! 8. Deleted rooms, and rooms that everybody left, are gone from everything that can be asked, and no other room is. Beside it: nothing comes over the
//!    wire that the manual does not know.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_protocol::ids::{RoomId, TimeMs};

use crate::checker::{
    Invariant, Violation,
    record::{Record, What},
};

pub(crate) fn check(records: &[Record], violations: &mut Vec<Violation>) {
    let mut deleted: BTreeMap<RoomId, TimeMs> = BTreeMap::new();
    // Whose answer was lost: either is right.
    let mut tried: BTreeSet<RoomId> = BTreeSet::new();
    let mut broken = |room, what| violations.push(Violation { invariant: Invariant::Deletion, room, what });
    for record in records {
        match &record.what {
            What::DeletionTried { room } => {
                tried.insert(*room);
            }
            What::RoomDeleted { room } | What::Emptied { room } => {
                deleted.entry(*room).or_insert(record.at);
            }
            What::Probed { room, is_there: false, .. } if tried.contains(room) => {}
            What::Probed { room, path, is_there } if *is_there == deleted.contains_key(room) => {
                let found = if *is_there {
                    "was deleted or left by everybody, and is there"
                } else {
                    "was never deleted, and is gone"
                };
                broken(Some(*room), format!("the room {found} for {} by {path:?}", record.user));
            }
            What::Welcome { opened_at, rooms } => {
                for head in rooms {
                    if deleted.get(&head.room).is_some_and(|at| at < opened_at) {
                        broken(
                            Some(head.room),
                            format!(
                                "the room was deleted or left by everybody, and is in a welcome of {}",
                                record.user
                            ),
                        );
                    }
                }
            }
            What::Unknown { text } => {
                broken(None, format!("{} heard what no manual knows: {text}", record.user))
            }
            _ => {}
        }
    }
}
