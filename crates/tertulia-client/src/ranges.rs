//! A set of numbers, kept as the ranges they form: what a device has of a room.

use std::collections::BTreeMap;

/// Numbers as ranges that neither overlap nor touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges {
    /// First number of each range, and its last.
    ranges: BTreeMap<u64, u64>,
}

impl Ranges {
    /// Adds the numbers from `first` to `last`; none if `first > last`.
    pub fn insert(&mut self, first: u64, last: u64) {
        if first > last {
            return;
        }
        let (mut first, mut last) = (first, last);
        while let Some((&start, &end)) = self.ranges.range(..=last.saturating_add(1)).next_back() {
            if end.saturating_add(1) < first {
                break;
            }
            first = first.min(start);
            last = last.max(end);
            self.ranges.remove(&start);
        }
        self.ranges.insert(first, last);
    }

    /// Takes away all numbers below `first`.
    pub fn cut_below(&mut self, first: u64) {
        while let Some((&start, &end)) = self.ranges.first_key_value() {
            if start >= first {
                return;
            }
            self.ranges.remove(&start);
            self.insert(first, end);
        }
    }

    /// Whether the number is there.
    pub fn contains(&self, number: u64) -> bool {
        self.ranges.range(..=number).next_back().is_some_and(|(_, end)| *end >= number)
    }

    /// The highest hole within `first..=last`, as first and last number that are missing.
    pub fn last_hole(&self, first: u64, last: u64) -> Option<(u64, u64)> {
        let mut end = last;
        for (start, range_end) in self.ranges.range(..=last).rev() {
            if *range_end < end {
                return (end >= first).then(|| (first.max(range_end + 1), end));
            }
            end = start.checked_sub(1)?;
        }
        (end >= first).then_some((first, end))
    }

    /// The ranges, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.ranges.iter().map(|(first, last)| (*first, *last))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::{Rng, SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn ranges_are_what_a_set_is() {
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..500 {
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            for _ in 0..random.random_range(0..12) {
                let first = random.random_range(0..40u64);
                let last = (first + random.random_range(0..8)).saturating_sub(1);
                ranges.insert(first, last);
                set.extend(first..=last);
            }
            let cut = random.random_range(0..20);
            ranges.cut_below(cut);
            set.retain(|number| *number >= cut);
            let flat: Vec<u64> = ranges.iter().flat_map(|(first, last)| first..=last).collect();
            assert_eq!(flat, set.iter().copied().collect::<Vec<_>>());
            assert!((0..50).all(|number| ranges.contains(number) == set.contains(&number)));
            let (first, last) = (random.random_range(1..20u64), random.random_range(20..40u64));
            let end = (first..=last).rev().find(|number| !set.contains(number));
            let hole = end.map(|end| {
                let below = (first..=end).rev().find(|number| set.contains(number));
                (below.map_or(first, |below| below + 1), end)
            });
            assert_eq!(ranges.last_hole(first, last), hole);
        }
    }
}
