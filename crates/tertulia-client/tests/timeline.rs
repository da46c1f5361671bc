//! A timeline that gets entries, late pages, skips and answers to its questions in any order shows what the log says.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as expected")]

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tertulia_client::{
    protocol::{
        entry::{ChangedMessage, Deleted, Entry, EntryBody, MessageState, Reactions},
        ids::{RoomId, Seq, TimeMs, UserId},
        socket::{
            client::HistoryMode,
            server::{Changed, Page},
        },
    },
    session::Question,
    timeline::Timeline,
};

const ROOM: RoomId = RoomId::new(1);
const ME: UserId = UserId::new(1);
const EMOJI: [&str; 2] = ["👍", "❤️"];

/// A log, and what a server would make of it.
#[derive(Default)]
struct Log {
    entries: Vec<Entry>,
    reacted: BTreeSet<(Seq, &'static str, UserId)>,
}

impl Log {
    fn add(&mut self, random: &mut StdRng) -> Entry {
        let seq = self.entries.len() as u64 + 1;
        let by = UserId::new(random.random_range(1..4));
        let live: Vec<Seq> =
            (1..seq).filter(|of| self.state(*of, seq).is_some_and(|state| state.deleted.is_none())).collect();
        let of = live.get(random.random_range(0..live.len().max(1))).copied();
        let body = match (random.random_range(0..10), of) {
            (0..2, Some(of)) => EntryBody::Edit { of, text: format!("edit {seq}") },
            (2, Some(of)) => EntryBody::Delete { of, reason: None },
            (3..6, Some(of)) => {
                let emoji = EMOJI[random.random_range(0..2)];
                let on = !self.reacted.contains(&(of, emoji, by));
                if on {
                    self.reacted.insert((of, emoji, by))
                } else {
                    self.reacted.remove(&(of, emoji, by))
                };
                EntryBody::Reaction { of, emoji: emoji.to_owned(), on }
            }
            _ => EntryBody::Message { text: format!("text {seq}"), reply_to: None, attachments: Vec::new() },
        };
        let entry = Entry { seq, posts: 0, by: Some(by), at: TimeMs(seq), nonce: None, body, state: None };
        self.entries.push(entry.clone());
        entry
    }

    /// The state of a message after the entries up to `through`.
    fn state(&self, message: Seq, through: Seq) -> Option<MessageState> {
        let entry = &self.entries[message as usize - 1];
        if !matches!(entry.body, EntryBody::Message { .. }) {
            return None;
        }
        let mut state = MessageState::default();
        for change in self.entries.iter().take(through as usize).skip(message as usize) {
            match &change.body {
                EntryBody::Edit { of, text } if *of == message => {
                    (state.text, state.edited_at) = (Some(text.clone()), Some(change.at));
                }
                EntryBody::Delete { of, .. } if *of == message => {
                    let deleted = Deleted { by: change.by.unwrap(), at: change.at, reason: None };
                    return Some(MessageState {
                        changed_seq: change.seq,
                        deleted: Some(deleted),
                        ..Default::default()
                    });
                }
                EntryBody::Reaction { of, emoji, on } if *of == message => {
                    react(&mut state.reactions, emoji, *on, change.by == Some(ME));
                }
                _ => continue,
            }
            state.changed_seq = change.seq;
        }
        Some(state)
    }

    fn shown(&self, message: Seq, through: Seq) -> Option<Entry> {
        let state = self.state(message, through)?;
        let mut entry = self.entries[message as usize - 1].clone();
        if state.deleted.is_some() {
            entry.body = EntryBody::Erased { was: "message".to_owned() };
        }
        entry.state = (state.changed_seq > 0).then_some(state);
        Some(entry)
    }

    fn page(&self, from: Seq, to: Seq, through: Seq) -> Page {
        let items = (from..=to).filter_map(|seq| self.shown(seq, through)).collect();
        Page { id: 0, room: ROOM, mode: HistoryMode::Timeline, first: 1, through, from, to, items }
    }

    fn changed(&self, first: Seq, last: Seq, after: Seq, through: Seq) -> Changed {
        let changed = |seq| {
            self.state(seq, through).filter(|state| state.changed_seq > after).map(|state| (seq, state))
        };
        let messages = (first..=last).filter_map(changed);
        let messages = messages.map(|(seq, state)| ChangedMessage { seq, state }).collect();
        Changed { id: 0, room: ROOM, through, messages }
    }
}

fn react(reactions: &mut Vec<Reactions>, emoji: &str, on: bool, mine: bool) {
    match reactions.iter_mut().find(|reactions| reactions.emoji == emoji) {
        Some(reactions) if on => {
            reactions.count += 1;
            reactions.mine |= mine;
        }
        Some(reactions) => {
            reactions.count -= 1;
            reactions.mine &= !mine;
        }
        None => reactions.push(Reactions { emoji: emoji.to_owned(), count: 1, mine }),
    }
    reactions.retain(|reactions| reactions.count > 0);
}

/// An answer that is on its way.
enum Answer {
    Page(Page),
    Changed(Changed, Seq, Seq),
}

fn ask(log: &Log, question: Question) -> Answer {
    let through = log.entries.len() as u64;
    match question {
        Question::History { before, .. } => {
            let before = before.unwrap();
            Answer::Page(log.page(before.saturating_sub(6).max(1), before - 1, through))
        }
        Question::Changes { first, last, after, .. } => {
            Answer::Changed(log.changed(first, last, after, through), first, last)
        }
        other => panic!("a timeline does not ask {other:?}"),
    }
}

#[test]
fn whatever_comes_first_the_same_is_shown_in_the_end() {
    for seed in 0..300 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut log = Log::default();
        (0..random.random_range(0..30)).for_each(|_| drop(log.add(&mut random)));
        let mut timeline = Timeline::new(ROOM, ME, log.entries.len() as u64);
        let mut on_their_way = Vec::new();
        for _ in 0..120 {
            match random.random_range(0..10) {
                0..6 => {
                    let entry = log.add(&mut random);
                    timeline.entry(&entry);
                }
                6 if random.random_bool(0.1) => {
                    (0..30).for_each(|_| drop(log.add(&mut random)));
                    timeline.passed(log.entries.len() as u64);
                }
                6 | 7 => on_their_way.extend(timeline.older(1).map(|question| ask(&log, question))),
                _ if !on_their_way.is_empty() => {
                    let at = random.random_range(0..on_their_way.len());
                    answer(&mut timeline, on_their_way.swap_remove(at));
                }
                _ => {}
            }
            if random.random_bool(0.3) {
                on_their_way.extend(timeline.question().map(|question| ask(&log, question)));
            }
        }
        finish(&mut timeline, &log, on_their_way);
        let through = log.entries.len() as u64;
        let expected: BTreeMap<Seq, Entry> =
            (1..=through).filter_map(|seq| log.shown(seq, through)).map(|entry| (entry.seq, entry)).collect();
        let shown: BTreeMap<Seq, Entry> = timeline.items().map(|entry| (entry.seq, entry)).collect();
        for (seq, entry) in &expected {
            assert_eq!(shown.get(seq), Some(entry), "seed {seed}");
        }
        assert_eq!(shown.len(), expected.len());
    }
}

fn answer(timeline: &mut Timeline, answer: Answer) {
    match answer {
        Answer::Page(page) => timeline.page(&page),
        Answer::Changed(changed, first, last) => timeline.changed(&changed, first, last),
    }
}

/// Asks and answers until nothing is left to ask.
fn finish(timeline: &mut Timeline, log: &Log, mut on_their_way: Vec<Answer>) {
    loop {
        on_their_way.drain(..).for_each(|late| answer(timeline, late));
        match timeline.question().or_else(|| timeline.older(1)) {
            Some(question) => on_their_way.push(ask(log, question)),
            None => return,
        }
    }
}
