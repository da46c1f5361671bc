//! What a screen shows of one room: messages with what became of them, and lifecycle entries, in the ranges that the device
//! has. Live entries are folded in as they come; pages and `changes` come folded, and what is newer than they are is folded
//! in again, so a late page never takes an edit back.
//!
//! Not here: the cursor, which is in [`catch_up`](crate::catch_up), and asking: this says what to ask.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tertulia_protocol::{
    entry::{Deleted, Entry, EntryBody, MessageState, Reactions},
    ids::{RoomId, Seq, UserId},
    socket::{
        client::HistoryMode,
        server::{Changed, Page},
    },
};

use crate::{ranges::Ranges, session::Question};

/// Changes that are kept to be folded into late pages; a page that is older asks for what it misses.
const RECENT_MAX: usize = 500;
/// Items asked for at once.
const PAGE_ITEMS: i64 = 50;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    entry: Entry,
    state: MessageState,
    /// Who is known to have reacted, by emoji.
    reacted: BTreeMap<String, BTreeSet<UserId>>,
}

/// What a device shows of one room.
#[derive(Debug, Clone)]
pub struct Timeline {
    room: RoomId,
    me: UserId,
    items: BTreeMap<Seq, Item>,
    ranges: Ranges,
    /// The newest changes, ascending: all that there were after `recent_after`.
    recent: VecDeque<Entry>,
    recent_after: Seq,
    head: Seq,
    questions: VecDeque<Question>,
}

impl Timeline {
    /// An empty timeline of a device whose cursor is at `cursor`.
    pub fn new(room: RoomId, me: UserId, cursor: Seq) -> Self {
        Self {
            room,
            me,
            items: BTreeMap::new(),
            ranges: Ranges::default(),
            recent: VecDeque::new(),
            recent_after: cursor,
            head: cursor,
            questions: VecDeque::new(),
        }
    }

    /// What is shown, oldest first: entries with their state.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = Entry> {
        self.items.values().map(|item| {
            let is_message = matches!(item.entry.body, EntryBody::Message { .. } | EntryBody::Erased { .. });
            let state = (is_message && item.state.changed_seq > 0).then(|| item.state.clone());
            Entry { state, ..item.entry.clone() }
        })
    }

    /// The question that shows what came before the oldest item of the newest range; none when the room's start is shown.
    pub fn older(&self, first: Seq) -> Option<Question> {
        let (_, last) = self.ranges.last_hole(first.max(1), self.head)?;
        let before = Some(last + 1);
        Some(Question::History {
            room: self.room,
            mode: HistoryMode::Timeline,
            before,
            after: None,
            limit: Some(PAGE_ITEMS),
        })
    }

    /// The next thing that has to be asked for what is shown to be right.
    pub fn question(&mut self) -> Option<Question> {
        self.questions.pop_front()
    }

    /// The next entry of the room.
    pub fn entry(&mut self, entry: &Entry) {
        self.head = self.head.max(entry.seq);
        self.ranges.insert(entry.seq, entry.seq);
        if target(&entry.body).is_none() {
            let item =
                Item { entry: entry.clone(), state: MessageState::default(), reacted: BTreeMap::new() };
            self.items.insert(entry.seq, item);
            return;
        }
        self.fold(entry);
        self.recent.push_back(entry.clone());
        if self.recent.len() > RECENT_MAX
            && let Some(oldest) = self.recent.pop_front()
        {
            self.recent_after = oldest.seq;
        }
    }

    /// The device passes over entries up to `last`: what they changed has to be asked for.
    pub fn passed(&mut self, last: Seq) {
        let before = self.head;
        self.head = self.head.max(last);
        self.recent.clear();
        self.recent_after = self.head;
        let shown: Vec<(Seq, Seq)> = self.ranges.iter().collect();
        for (first, last) in shown {
            self.ask_changes(first, last, before);
        }
    }

    /// A page of the timeline came.
    pub fn page(&mut self, page: &Page) {
        for entry in &page.items {
            let state = entry.state.clone().unwrap_or_default();
            self.merge(Entry { state: None, ..entry.clone() }, state, page.through);
        }
        self.ranges.insert(page.from, page.to);
        self.replay(page.from, page.to, page.through);
    }

    /// What changed in a range came.
    pub fn changed(&mut self, changed: &Changed, first: Seq, last: Seq) {
        for message in &changed.messages {
            if let Some(item) = self.items.get(&message.seq) {
                self.merge(item.entry.clone(), message.state.clone(), changed.through);
            }
        }
        self.replay(first, last, changed.through);
    }

    /// Entries below `first` are gone.
    pub fn cut_below(&mut self, first: Seq) {
        self.items = self.items.split_off(&first);
        self.ranges.cut_below(first);
    }

    /// Takes a message as it was after the entries up to `through`; what came later is folded in again by `replay`, or is
    /// asked for: then what is shown stays if it is newer.
    fn merge(&mut self, mut entry: Entry, state: MessageState, through: Seq) {
        if state.deleted.is_some() {
            entry.body = EntryBody::Erased { was: "message".to_owned() };
        }
        let can_replay = through >= self.recent_after;
        let shown = self.items.get(&entry.seq).map_or(0, |item| item.state.changed_seq);
        if can_replay || state.changed_seq >= shown {
            self.items.insert(entry.seq, Item { entry, state, reacted: BTreeMap::new() });
        }
    }

    /// Folds in what came after `through`, where it concerns a range that is as old as that.
    fn replay(&mut self, first: Seq, last: Seq, through: Seq) {
        if through < self.recent_after {
            return self.ask_changes(first, last, through);
        }
        let newer: Vec<Entry> = self.recent.iter().filter(|entry| entry.seq > through).cloned().collect();
        for entry in &newer {
            self.fold(entry);
        }
    }

    fn ask_changes(&mut self, first: Seq, last: Seq, after: Seq) {
        if self.items.range(first..=last).next().is_some() {
            self.questions.push_back(Question::Changes { room: self.room, first, last, after });
        }
    }

    /// Folds a change into its message, unless that has it.
    fn fold(&mut self, change: &Entry) {
        let Some(item) = target(&change.body).and_then(|of| self.items.get_mut(&of)) else { return };
        if item.state.changed_seq >= change.seq || item.state.deleted.is_some() {
            return;
        }
        item.state.changed_seq = change.seq;
        match &change.body {
            EntryBody::Edit { text, .. } => {
                item.state.text = Some(text.clone());
                item.state.edited_at = Some(change.at);
            }
            EntryBody::Delete { reason, .. } => {
                if let Some(by) = change.by {
                    item.state = MessageState {
                        changed_seq: change.seq,
                        deleted: Some(Deleted { by, at: change.at, reason: reason.clone() }),
                        ..MessageState::default()
                    };
                }
                item.entry.body = EntryBody::Erased { was: "message".to_owned() };
            }
            EntryBody::Reaction { emoji, on, .. } => {
                if let Some(by) = change.by {
                    item.react(by, by == self.me, emoji, *on);
                }
            }
            _ => {}
        }
    }
}

impl Item {
    fn react(&mut self, by: UserId, is_mine: bool, emoji: &str, on: bool) {
        let known = self.reacted.entry(emoji.to_owned()).or_default();
        let at = self.state.reactions.iter().position(|reactions| reactions.emoji == emoji);
        let had = match at.map(|at| &self.state.reactions[at]) {
            Some(reactions) if is_mine => reactions.mine,
            Some(_) => known.contains(&by) || !on,
            None => false,
        };
        if on {
            known.insert(by);
        } else {
            known.remove(&by);
        }
        match (at, on) {
            (None, true) => {
                let reactions = Reactions { emoji: emoji.to_owned(), count: 1, mine: is_mine };
                self.state.reactions.push(reactions);
            }
            (Some(at), true) if !had => {
                self.state.reactions[at].count += 1;
                self.state.reactions[at].mine |= is_mine;
            }
            (Some(at), false) if had => {
                let reactions = &mut self.state.reactions[at];
                reactions.count = reactions.count.saturating_sub(1);
                reactions.mine &= !is_mine;
                if reactions.count == 0 {
                    self.state.reactions.remove(at);
                }
            }
            _ => {}
        }
    }
}

/// The message that an entry changes.
fn target(body: &EntryBody) -> Option<Seq> {
    match body {
        EntryBody::Edit { of, .. } | EntryBody::Delete { of, .. } | EntryBody::Reaction { of, .. } => {
            Some(*of)
        }
        EntryBody::Erased { was } if was != "message" => Some(0),
        _ => None,
    }
}
