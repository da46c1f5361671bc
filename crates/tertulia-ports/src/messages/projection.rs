//! What a change makes of a message's stored state, the same for every store.
//!
//! The result depends only on which changes were applied, not on their order and not on repeats: the text is the one
//! of the highest entry, each person's reaction with an emoji is the one of the highest entry, and a deletion stays.
//! So a new owner may project a room's tail again, and a late projection of an old owner does no harm.

use serde::{Deserialize, Serialize};
use tertulia_core::{
    Seq,
    message::{MessageChange, MessageChangeKind, MessageState, Reactions},
};

/// A message's state with what it needs to never go back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredState {
    /// What readers see.
    pub state: MessageState,
    /// The entry that gave it its text; 0 if none has.
    pub text_seq: Seq,
    /// For each of the state's reactions, the entry by which its kind first came.
    pub first_seqs: Vec<Seq>,
}

/// One person's reaction to a message with one emoji. Kept when it was taken back, so that it does not come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredReaction {
    /// The entry that set it last.
    pub by_seq: Seq,
    /// Whether it is there.
    pub on: bool,
}

/// What a store has to write after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projected {
    /// Nothing: it was applied before, or something later was.
    Nothing,
    /// The state.
    State,
    /// The state and this person's reaction.
    Reaction(StoredReaction),
    /// The state; and erase the bodies with their salt of the message and of the state's edits, and all stored
    /// reactions to it.
    Deletion,
}

impl StoredState {
    /// The state of a message that nothing has changed.
    pub fn new(seq: Seq) -> Self {
        Self { state: MessageState { seq, ..MessageState::default() }, ..Self::default() }
    }

    /// Applies a change to this message. `stored` is what is stored of the person's reaction that it sets, if it does.
    pub fn apply(&mut self, change: &MessageChange, stored: Option<StoredReaction>) -> Projected {
        let is_new_edit = match &change.kind {
            MessageChangeKind::Edited { .. } => self.note_edit(change.by_seq),
            _ => false,
        };
        if self.state.deleted.is_some() {
            // The text of an edit that comes late is erased as well.
            return if is_new_edit { Projected::Deletion } else { Projected::Nothing };
        }
        let projected = match &change.kind {
            MessageChangeKind::Edited { .. } if change.by_seq <= self.text_seq => match is_new_edit {
                true => Projected::State,
                false => Projected::Nothing,
            },
            MessageChangeKind::Edited { text, at } => {
                self.state.text = Some(text.clone());
                self.state.edited_at = Some(*at);
                self.text_seq = change.by_seq;
                Projected::State
            }
            MessageChangeKind::Deleted(deleted) => {
                let MessageState { seq, changed_seq, .. } = self.state;
                let (edits, deleted) = (std::mem::take(&mut self.state.edits), Some(deleted.clone()));
                *self = Self {
                    state: MessageState { seq, changed_seq, edits, deleted, ..Default::default() },
                    ..Self::default()
                };
                Projected::Deletion
            }
            MessageChangeKind::Reacted { .. }
                if stored.is_some_and(|stored| change.by_seq <= stored.by_seq) =>
            {
                Projected::Nothing
            }
            MessageChangeKind::Reacted { emoji, on, .. } => {
                self.count(emoji, stored.is_some_and(|stored| stored.on), *on, change.by_seq);
                Projected::Reaction(StoredReaction { by_seq: change.by_seq, on: *on })
            }
        };
        if projected != Projected::Nothing {
            self.state.changed_seq = self.state.changed_seq.max(change.by_seq);
        }
        projected
    }

    /// Keeps which entries hold a text of the message. Says whether this one is new.
    fn note_edit(&mut self, by_seq: Seq) -> bool {
        let place = self.state.edits.binary_search(&by_seq);
        if let Err(at) = place {
            self.state.edits.insert(at, by_seq);
        }
        place.is_err()
    }

    fn count(&mut self, emoji: &str, was_on: bool, on: bool, by_seq: Seq) {
        let at = self.state.reactions.iter().position(|kind| kind.emoji == emoji);
        match (at, was_on, on) {
            (Some(at), false, true) => {
                self.state.reactions[at].count += 1;
                let first_seq = self.first_seqs[at].min(by_seq);
                let kind = self.remove(at);
                self.insert(kind, first_seq);
            }
            (None, _, true) => self.insert(Reactions { emoji: emoji.to_owned(), count: 1 }, by_seq),
            (Some(at), true, false) if self.state.reactions[at].count <= 1 => {
                self.remove(at);
            }
            (Some(at), true, false) => self.state.reactions[at].count -= 1,
            (Some(_), true, true) | (_, _, false) => {}
        }
    }

    fn insert(&mut self, kind: Reactions, first_seq: Seq) {
        let at = self.first_seqs.partition_point(|seq| *seq < first_seq);
        self.first_seqs.insert(at, first_seq);
        self.state.reactions.insert(at, kind);
    }

    fn remove(&mut self, at: usize) -> Reactions {
        self.first_seqs.remove(at);
        self.state.reactions.remove(at)
    }
}

#[cfg(test)]
mod tests {
    use tertulia_core::{TimeMs, UserId, message::Deleted};

    use super::*;

    fn edit(by_seq: Seq, text: &str) -> MessageChange {
        let kind = MessageChangeKind::Edited { text: text.into(), at: TimeMs(by_seq * 10) };
        MessageChange { seq: 1, by_seq, kind }
    }

    fn react(by_seq: Seq, emoji: &str, on: bool) -> MessageChange {
        MessageChange {
            seq: 1,
            by_seq,
            kind: MessageChangeKind::Reacted { user: UserId::new(5), emoji: emoji.into(), on },
        }
    }

    fn delete(by_seq: Seq) -> MessageChange {
        let deleted = Deleted { by: UserId::new(5), at: TimeMs(1), reason: None };
        MessageChange { seq: 1, by_seq, kind: MessageChangeKind::Deleted(deleted) }
    }

    #[test]
    fn the_highest_edit_stays_in_any_order() {
        for order in [[2, 3], [3, 2]] {
            let mut state = StoredState::new(1);
            for by_seq in order {
                state.apply(&edit(by_seq, &format!("text {by_seq}")), None);
            }
            assert_eq!((state.state.text.as_deref(), state.state.changed_seq), (Some("text 3"), 3));
            assert_eq!(state.state.edited_at, Some(TimeMs(30)));
            assert_eq!(state.apply(&edit(3, "text 3"), None), Projected::Nothing, "a repeat");
        }
    }

    #[test]
    fn a_reaction_taken_back_does_not_come_again() {
        let mut state = StoredState::new(1);
        let on = state.apply(&react(2, "+1", true), None);
        assert_eq!(on, Projected::Reaction(StoredReaction { by_seq: 2, on: true }));
        assert_eq!(state.state.reactions, [Reactions { emoji: "+1".into(), count: 1 }]);
        let Projected::Reaction(off) =
            state.apply(&react(4, "+1", false), Some(StoredReaction { by_seq: 2, on: true }))
        else {
            panic!("it was not taken back");
        };
        assert_eq!(state.apply(&react(2, "+1", true), Some(off)), Projected::Nothing, "late");
        assert_eq!(state.state.reactions, []);
        assert_eq!(state.state.changed_seq, 4);
    }

    #[test]
    fn kinds_stand_in_the_order_in_which_they_came() {
        let mut state = StoredState::new(1);
        for (by_seq, emoji) in [(5, "b"), (3, "a"), (9, "c"), (4, "b")] {
            state.apply(&react(by_seq, emoji, true), None);
        }
        let kinds: Vec<_> =
            state.state.reactions.iter().map(|kind| (kind.emoji.as_str(), kind.count)).collect();
        assert_eq!(kinds, [("a", 1), ("b", 2), ("c", 1)]);
        assert_eq!(state.first_seqs, [3, 4, 9]);
    }

    #[test]
    fn nothing_changes_what_was_deleted() {
        let mut state = StoredState::new(1);
        state.apply(&edit(2, "a secret"), None);
        assert_eq!(state.apply(&delete(4), None), Projected::Deletion);
        let deleted = state.clone();
        for change in [edit(2, "a secret"), react(5, "+1", true), delete(4)] {
            assert_eq!(state.apply(&change, None), Projected::Nothing);
        }
        assert_eq!(state, deleted);
        assert_eq!((state.state.text, state.state.changed_seq), (None, 4));
    }

    #[test]
    fn a_deletion_knows_all_edits_that_hold_a_text() {
        let mut state = StoredState::new(1);
        for by_seq in [5, 3, 5] {
            state.apply(&edit(by_seq, "a secret"), None);
        }
        assert_eq!(state.apply(&delete(6), None), Projected::Deletion);
        assert_eq!(state.state.edits, [3, 5]);
        assert_eq!(state.apply(&edit(4, "late"), None), Projected::Deletion, "its text is erased too");
        assert_eq!((state.state.edits.as_slice(), state.state.text), (&[3, 4, 5][..], None));
    }
}
