//! What a room knows of people and old messages, and how it learns it.
//!
//! The room never loads a list: it asks for one person or one message at a time, and forgets what the stores know as
//! well. An answer may be overtaken by what happened since it was read, so it comes with the [`Moment`] of the
//! question, and is dropped if the room has forgotten something in between; then the room asks again.

use std::{collections::HashMap, hash::Hash};

use crate::{
    ids::{Seq, TimeMs, UserId},
    membership::{Member, Role, Standing},
};

use super::{MessageFacts, Room};

/// Most member records that a room keeps in memory; others are looked up again.
pub const MEMBERS_CACHED_MAX: usize = 4_096;
/// Most messages with edits, reactions, or from before the window, whose state a room keeps in memory.
pub const TARGETS_CACHED_MAX: usize = 256;

/// A moment in an open room's life: an answer that was read after it is good as long as it lasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment(u64);

/// How a person stands, with the last entry that made it so.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub standing: Standing,
    pub seq: Seq,
    /// In a direct room: whether one of the two has blocked the other; `None` if that must be asked.
    pub blocked: Option<bool>,
}

impl Known {
    pub fn role(&self) -> Option<Role> {
        self.standing.role()
    }

    pub fn is_banned(&self, now: TimeMs) -> bool {
        self.standing.is_banned(now)
    }
}

/// A message that somebody wants to change.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// `None` if there is no message of that number.
    pub facts: Option<MessageFacts>,
    /// The last entry that changed it, as far as the room has seen.
    pub changed_seq: Seq,
    /// A reaction was taken back: its kind may be gone, which only the store knows.
    pub kinds_may_be_fewer: bool,
}

impl Target {
    pub fn new(facts: Option<MessageFacts>) -> Self {
        Self { facts, changed_seq: 0, kinds_may_be_fewer: false }
    }
}

impl Room {
    /// Now. Taken when the room says [`super::Need`], and given back with the answer.
    pub fn moment(&self) -> Moment {
        self.moment
    }

    /// Tells how a person stands, as the directory has it. Ignored where the room knows better, and if the room has
    /// forgotten something since it asked.
    pub fn learn_member(&mut self, user: UserId, member: Member, asked: Moment) {
        if asked != self.moment {
            return;
        }
        let published = self.published.0;
        if let Some(known) = self.members.get_mut(&user) {
            if known.seq <= published {
                known.blocked.get_or_insert(member.blocked);
            }
            return;
        }
        // From before the room was made again: nobody keeps a place or a ban in a room that is gone.
        let standing = if member.seq < self.created { Standing::Out } else { member.standing };
        let known = Known { standing, seq: member.seq, blocked: Some(member.blocked) };
        self.remember_member(user, known);
    }

    /// Forgets how a person stands, as far as the directory knows it: something outside the log has changed.
    pub fn forget_member(&mut self, user: UserId) {
        let published = self.published.0;
        if self.members.get(&user).is_some_and(|known| known.seq <= published) {
            self.members.remove(&user);
        }
        self.pass_moment();
    }

    /// Tells what an old message is; `None` if there is no message of that number. Ignored as in
    /// [`Room::learn_member`].
    pub fn learn_message(&mut self, seq: Seq, facts: Option<MessageFacts>, asked: Moment) {
        let outdated = |target: &Target| target.kinds_may_be_fewer && target.changed_seq <= self.published.0;
        if asked == self.moment && self.targets.get(&seq).is_none_or(outdated) {
            self.remember_target(seq, Target::new(facts));
        }
    }

    pub(super) fn remember_member(&mut self, user: UserId, known: Known) {
        let published = self.published.0;
        if self.members.insert(user, known, |known| known.seq > published) {
            self.pass_moment();
        }
    }

    pub(super) fn remember_target(&mut self, seq: Seq, target: Target) {
        let published = self.published.0;
        if self.targets.insert(seq, target, |target| target.changed_seq > published) {
            self.pass_moment();
        }
    }

    /// Answers that are on their way may be older than what is no longer remembered.
    pub(super) fn pass_moment(&mut self) {
        self.moment.0 += 1;
    }
}

/// A map of bounded size, but for what nobody else knows yet.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    map: HashMap<K, V>,
    max: usize,
    /// When so many are there, it is swept: more than `max` only while more than that must stay.
    sweep_at: usize,
}

impl<K: Eq + Hash, V> Cache<K, V> {
    pub fn new(max: usize) -> Self {
        Self { map: HashMap::new(), max, sweep_at: max }
    }

    pub fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key)
    }

    pub fn remove(&mut self, key: &K) {
        self.map.remove(key);
    }

    pub fn clear(&mut self) {
        self.map.clear();
    }

    /// Inserts, and says whether it dropped others for that: all that need not stay, when it is full.
    pub fn insert(&mut self, key: K, value: V, must_stay: impl Fn(&V) -> bool) -> bool {
        let full = self.map.len() >= self.sweep_at;
        if full {
            self.map.retain(|_, value| must_stay(value));
            self.sweep_at = self.max.max(2 * self.map.len());
        }
        self.map.insert(key, value);
        full
    }
}
