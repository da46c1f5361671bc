//! The figures of runs.

use std::{collections::BTreeMap, fmt, time::Duration};

use tertulia_protocol::ids::{RoomId, Seq};

use crate::checker::{
    self, Violation,
    record::{Record, What},
};

/// What came of a run, or of all.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How often each kind of fault struck.
    pub faults: BTreeMap<&'static str, usize>,
    /// Posts that were acked.
    pub acked: usize,
    /// Requests that were refused on a full disk.
    pub refused: usize,
    /// Up to which entry rooms' logs have expired.
    pub expired: BTreeMap<RoomId, Seq>,
    /// Rooms that everybody left.
    pub emptied: Vec<RoomId>,
    /// From each fault's end, or the moment of the kill, to the next ack that anybody got.
    pub recoveries: Vec<Duration>,
    /// Promises that were not kept.
    pub violations: Vec<Violation>,
}

impl Outcome {
    /// Of one run, but for violations.
    pub fn of(records: &[Record]) -> Self {
        let mut outcome = Self::default();
        let mut waiting = Vec::new();
        for record in records {
            match &record.what {
                What::Acked { .. } => {
                    outcome.acked += 1;
                    for over_at in waiting.drain(..) {
                        outcome.recoveries.push(Duration::from_millis(record.at.since(over_at)));
                    }
                }
                What::Disturbed { how, over_at } => {
                    *outcome.faults.entry(how).or_default() += 1;
                    waiting.push(*over_at);
                }
                What::Emptied { room } => outcome.emptied.push(*room),
                _ => {}
            }
        }
        outcome.expired = checker::expired(records);
        outcome
    }

    /// Both.
    pub fn add(&mut self, other: Self) {
        other.faults.into_iter().for_each(|(how, count)| *self.faults.entry(how).or_default() += count);
        self.acked += other.acked;
        self.refused += other.refused;
        self.expired.extend(other.expired);
        self.emptied.extend(other.emptied);
        self.recoveries.extend(other.recoveries);
        self.violations.extend(other.violations);
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> = self.faults.iter().map(|(how, count)| format!("{how} {count}")).collect();
        let mut recoveries = self.recoveries.clone();
        recoveries.sort();
        let ms = |at: usize| recoveries.get(at).map_or(0, Duration::as_millis);
        write!(
            f,
            "{} faults ({}), {} acked messages, {} refused on a full disk, {} entries expired, {} rooms emptied, \
             {} violations, recovery {} ms median, {} ms worst",
            self.faults.values().sum::<usize>(),
            kinds.join(", "),
            self.acked,
            self.refused,
            self.expired.values().sum::<Seq>(),
            self.emptied.len(),
            self.violations.len(),
            ms(recoveries.len() / 2),
            ms(recoveries.len().saturating_sub(1)),
        )
    }
}
