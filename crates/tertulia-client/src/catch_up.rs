//! How far a device is in one room: the cursor, and what came above a hole in the numbers. A hole is a loss that the
//! reader sees and mends, by asking for the log after the cursor.
//!
//! Not here: what is shown, which is the [`timeline`](crate::timeline)'s.

use std::collections::BTreeMap;

use tertulia_protocol::{
    entry::Entry,
    ids::{Posts, Seq},
    socket::server::{Page, RoomHead, Skip},
};

/// Most entries that are kept above a hole: more are fetched again when the hole is filled.
const AHEAD_MAX: usize = 1_000;

/// What follows from something that came.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// Entries that are next in order.
    pub entries: Vec<Entry>,
    /// Entries that the device passes over, as first and last number.
    pub passed: Option<(Seq, Seq)>,
    /// Whether the log after the cursor is to be asked for.
    pub ask: bool,
}

/// How far a device is in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatchUp {
    cursor: Seq,
    posts: Posts,
    head: Seq,
    ahead: BTreeMap<Seq, Entry>,
    asking: bool,
}

impl CatchUp {
    /// A device that has everything up to `cursor`.
    pub fn new(cursor: Seq, posts: Posts) -> Self {
        Self { cursor, posts, head: cursor, ahead: BTreeMap::new(), asking: false }
    }

    /// The highest entry up to which the device has everything that it wanted.
    pub fn cursor(&self) -> Seq {
        self.cursor
    }

    /// How many messages the room has up to the cursor.
    pub fn posts(&self) -> Posts {
        self.posts
    }

    /// The highest entry that the device knows of.
    pub fn head(&self) -> Seq {
        self.head
    }

    /// The server told how far the room is: entries up to there are on their way, but for those that are out of the
    /// device's reach for good.
    pub fn told(&mut self, head: &RoomHead) -> Step {
        let mut step = Step::default();
        self.head = self.head.max(head.head);
        self.pass_below(head.first.min(head.head + 1), &mut step);
        if self.cursor == head.head {
            self.posts = head.posts;
        }
        step
    }

    /// The connection was lost: so was the question.
    pub fn lost(&mut self) {
        self.asking = false;
        self.ahead.clear();
    }

    /// An entry came.
    pub fn entry(&mut self, entry: Entry) -> Step {
        let mut step = Step::default();
        self.head = self.head.max(entry.seq);
        if entry.seq == self.cursor + 1 {
            self.apply(entry, &mut step);
            self.drain(&mut step);
        } else if entry.seq > self.cursor {
            if self.ahead.len() < AHEAD_MAX {
                self.ahead.insert(entry.seq, entry);
            }
            step.ask = !std::mem::replace(&mut self.asking, true);
        }
        step
    }

    /// The device is told to go on after `to`.
    pub fn skip(&mut self, skip: &Skip) -> Step {
        let mut step = Step::default();
        self.head = self.head.max(skip.to);
        if skip.to > self.cursor {
            step.passed = Some((self.cursor + 1, skip.to));
            (self.cursor, self.posts) = (skip.to, skip.posts);
            self.drain(&mut step);
        }
        step
    }

    /// The log after the cursor came.
    pub fn page(&mut self, page: &Page) -> Step {
        let mut step = Step::default();
        self.asking = false;
        self.head = self.head.max(page.through);
        self.pass_below(page.first.min(page.through + 1), &mut step);
        for entry in &page.items {
            if entry.seq == self.cursor + 1 {
                self.apply(entry.clone(), &mut step);
            }
        }
        self.drain(&mut step);
        let went_on = !step.entries.is_empty() || step.passed.is_some();
        if self.cursor < self.head && went_on {
            self.asking = true;
            step.ask = true;
        }
        step
    }

    /// The question failed: it may be asked again.
    pub fn failed(&mut self) {
        self.asking = false;
    }

    /// Whether entries are known to be missing and nobody was asked for them.
    pub fn has_open_hole(&self) -> bool {
        !self.asking && !self.ahead.is_empty()
    }

    /// Asks for the log after the cursor, if it was not asked for yet.
    pub fn ask(&mut self) -> bool {
        !std::mem::replace(&mut self.asking, true)
    }

    /// Entries below the first that is readable will never come.
    fn pass_below(&mut self, readable: Seq, step: &mut Step) {
        if readable > self.cursor + 1 {
            step.passed = Some((self.cursor + 1, readable - 1));
            self.cursor = readable - 1;
        }
    }

    fn apply(&mut self, entry: Entry, step: &mut Step) {
        (self.cursor, self.posts) = (entry.seq, entry.posts);
        step.entries.push(entry);
    }

    fn drain(&mut self, step: &mut Step) {
        while let Some(first) = self.ahead.first_entry() {
            match first.key().cmp(&(self.cursor + 1)) {
                std::cmp::Ordering::Less => drop(first.remove()),
                std::cmp::Ordering::Equal => {
                    let entry = first.remove();
                    self.apply(entry, step);
                }
                std::cmp::Ordering::Greater => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tertulia_protocol::ids::RoomId;

    use super::*;

    #[test]
    fn what_expired_while_the_device_was_away_is_passed() {
        for (first, head, cursor, passed) in [
            (1, 30, 27, None),
            (28, 30, 27, None),
            (30, 30, 29, Some((28, 29))),
            (31, 30, 30, Some((28, 30))),
        ] {
            let mut at = CatchUp::new(27, 5);
            let room = RoomId::new(1);
            let step = at.told(&RoomHead { room, first, head, posts: 6, read: head, read_posts: 6 });
            assert_eq!((at.cursor(), step.passed), (cursor, passed), "{first}");
        }
    }
}
