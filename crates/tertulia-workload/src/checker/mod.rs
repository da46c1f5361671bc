//! The history checker: from what clients said, heard and read back, whether the promises of docs/testing.md were kept.
//!
//! It knows only the wire, and trusts no client's logic: its [`record`]s are what went over the connections. Each promise
//! has a file in `invariants`; [`truth`] puts together what the rooms' logs are.

mod invariants;
pub mod record;
mod retention;
#[cfg(test)]
mod tests;
mod truth;

use std::{collections::BTreeMap, fmt};

use tertulia_protocol::ids::{RoomId, Seq};

use self::{record::Record, truth::Truth};

/// A promise that was not kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Which of the eight invariants.
    pub invariant: Invariant,
    /// The room, if it is about one.
    pub room: Option<RoomId>,
    /// What was seen.
    pub what: String,
}

/// What must hold, whatever happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// Acked means: in the log for good, at that number, once, with that content.
    Acked,
    /// Numbers have no gaps and no doubles, and every reader sees the same header at a number.
    Numbers,
    /// The same nonce of the same sender in the same room has one number.
    Nonces,
    /// Every member with a live session has everything in the end, and had it in order.
    Delivery,
    /// After a removal or ban, nothing above it reaches that user by any path.
    Departure,
    /// Nothing that was shown vanishes or becomes another.
    Lasting,
    /// Read markers never go back.
    Markers,
    /// Deleted rooms and expired history are gone, and nothing else is.
    Deletion,
}

impl Invariant {
    /// Its number in the list of docs/testing.md.
    pub fn number(self) -> u32 {
        self as u32 + 1
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invariant {} ({:?})", self.invariant.number(), self.invariant)?;
        if let Some(room) = self.room {
            write!(f, ", room {room}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Every promise that the records show to be broken. Records are in the order in which they happened.
pub fn check(records: &[Record]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let truth = Truth::of(records, &mut violations);
    invariants::acked::check(records, &truth, &mut violations);
    invariants::nonces::check(records, &mut violations);
    invariants::delivery::check(records, &truth, &mut violations);
    invariants::departure::check(records, &truth, &mut violations);
    invariants::state::check(records, &truth, &mut violations);
    invariants::markers::check(records, &truth, &mut violations);
    invariants::deletion::check(records, &mut violations);
    invariants::expiry::check(records, &truth, &mut violations);
    violations.sort();
    violations.dedup();
    violations
}

/// Up to which entry each room's log has expired: nothing of it may be left.
pub fn expired(records: &[Record]) -> BTreeMap<RoomId, Seq> {
    let truth = Truth::of(records, &mut Vec::new());
    let expired = truth.rooms.iter().map(|(room, log)| (*room, log.has_expired));
    expired.filter(|(_, last)| *last > 0).collect()
}
