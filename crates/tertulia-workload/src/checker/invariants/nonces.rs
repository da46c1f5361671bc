//! 3. The same nonce of the same sender in the same room has one number, or is `stale_send`; never two.

use std::collections::BTreeMap;

use tertulia_protocol::ids::{Nonce, RoomId, Seq, UserId};

use crate::checker::{
    Invariant, Violation,
    record::{Record, What},
};

pub(crate) fn check(records: &[Record], violations: &mut Vec<Violation>) {
    let mut numbers: BTreeMap<(RoomId, UserId, Nonce), Seq> = BTreeMap::new();
    for record in records {
        let What::Acked { room, nonce, seq, .. } = &record.what else { continue };
        let first = *numbers.entry((*room, record.user, *nonce)).or_insert(*seq);
        if first != *seq {
            let what =
                format!("nonce {nonce} of {} was acked as entry {first} and as entry {seq}", record.user);
            violations.push(Violation { invariant: Invariant::Nonces, room: Some(*room), what });
        }
    }
}
