//! How a room is opened: from its stored tail, with one read.

use std::collections::HashMap;

use crate::{
    entry::{Entry, EntryBody, EntryKind},
    ids::{Epoch, RoomId, Seq},
    membership::{Member, Standing},
    row::{BadRow, Row, chain_start},
};

use super::{EpochList, Head, Room, RoomMeta, TAIL_ENTRIES, Target, Window};

/// What the stores know of a room.
#[derive(Debug, Clone)]
pub struct Opening {
    /// The room.
    pub room: RoomId,
    /// The epoch of its new owner.
    pub epoch: Epoch,
    /// Which epoch owns which numbers, the new owner's included.
    pub epochs: EpochList,
    /// The directory's row, if the room exists.
    pub meta: Option<RoomMeta>,
    /// The first entry that is still there; 1 in a fresh room.
    pub first: Seq,
    /// The head as kept for a log that was purged; `None` if the log has rows or never had any.
    pub purged: Option<Head>,
    /// The last rows without gaps, ascending, at most [`TAIL_ENTRIES`] or more.
    pub tail: Vec<Row>,
}

/// What an owner that died may have left undone: projections to be stored again before the room serves anybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repair {
    /// Entries that change state, ascending.
    pub entries: Vec<Entry>,
}

impl Room {
    /// Opens a room whose stored entries are all published.
    ///
    /// The [`Repair`] holds the tail's entries that change state; after a crash their projections are stored again
    /// first, and `meta` and members are read after that.
    pub fn open(opening: Opening) -> Result<(Self, Repair), BadRow> {
        let Opening { room, epoch, epochs, meta, first, purged, tail } = opening;
        let entries = tail.iter().map(Row::decode).collect::<Result<Vec<_>, _>>()?;
        let head = match (tail.last(), entries.last()) {
            (Some(row), Some(entry)) => Head { seq: entry.seq, posts: entry.posts, chain: row.chain()? },
            _ => purged.unwrap_or(Head { seq: 0, posts: 0, chain: chain_start(room) }),
        };
        let mut opened = Self {
            id: room,
            epoch,
            epochs,
            meta,
            first,
            head,
            published: (head.seq, head.posts),
            window: Window::new(head.seq - entries.len() as u64),
            members: HashMap::new(),
            targets: HashMap::new(),
            unsent: Vec::new(),
        };
        for entry in &entries {
            opened.window.push(entry);
            opened.touch(entry);
        }
        let changes_state = |entry: &Entry| entry.kind != EntryKind::Message;
        let entries = entries.into_iter().filter(changes_state).collect();
        Ok((opened, Repair { entries }))
    }

    /// Moves the room's first entry: what lies before has expired.
    pub fn expire(&mut self, first: Seq) {
        self.first = self.first.max(first.min(self.published.0 + 1));
    }

    /// Applies a numbered entry to tentative state.
    pub(super) fn apply(&mut self, entry: &Entry) {
        self.touch(entry);
        let Some(body) = &entry.body else { return };
        match body {
            EntryBody::Created { room_kind, name, settings } => {
                self.meta = Some(RoomMeta {
                    kind: *room_kind,
                    name: name.clone(),
                    topic: String::new(),
                    settings: settings.clone(),
                    members: 0,
                    owners: 0,
                });
                self.members.clear();
                self.first = entry.seq;
            }
            EntryBody::Entered { user, role } => {
                self.stand(*user, Standing::In { role: *role, since_seq: entry.seq }, entry.seq);
            }
            EntryBody::Left { user } | EntryBody::Removed { user, .. } | EntryBody::Unbanned { user } => {
                self.stand(*user, Standing::Out, entry.seq);
            }
            EntryBody::Banned { user, until, reason } => {
                self.stand(*user, Standing::Banned { until: *until, reason: reason.clone() }, entry.seq);
            }
            EntryBody::RoleChanged { user, role } => {
                let since_seq = match self.members.get(user).map(|cached| &cached.member.standing) {
                    Some(Standing::In { since_seq, .. }) => *since_seq,
                    _ => entry.seq,
                };
                self.stand(*user, Standing::In { role: *role, since_seq }, entry.seq);
            }
            EntryBody::Changed { name, topic, settings } => {
                if let Some(meta) = &mut self.meta {
                    name.clone_into_some(&mut meta.name);
                    topic.clone_into_some(&mut meta.topic);
                    settings.clone_into_some(&mut meta.settings);
                }
            }
            EntryBody::RoomDeleted => {
                self.meta = None;
                self.members.clear();
                self.targets.clear();
            }
            EntryBody::Message { .. } => {
                if let Some(cached) = self.members.get_mut(&entry.sender) {
                    cached.last_post_at = entry.at;
                }
            }
            EntryBody::Edit { .. } | EntryBody::Delete { .. } | EntryBody::Reaction { .. } => {}
        }
    }

    fn stand(&mut self, user: crate::ids::UserId, standing: Standing, seq: Seq) {
        let cached = self.members.entry(user).or_insert_with(|| super::CachedMember {
            member: Member::STRANGER,
            last_post_at: Default::default(),
        });
        let before = cached.member.role();
        cached.member.standing = standing;
        cached.member.seq = seq;
        let after = cached.member.role();
        if let Some(meta) = &mut self.meta {
            let owner = |role: Option<_>| u64::from(role == Some(crate::membership::Role::Owner));
            meta.members = (meta.members + u64::from(after.is_some())).saturating_sub(u64::from(before.is_some()));
            meta.owners = (meta.owners + owner(after)).saturating_sub(owner(before));
        }
    }

    /// Keeps what a message is in step with entries that change it.
    fn touch(&mut self, entry: &Entry) {
        let Some((of, body)) = entry.body.as_ref().and_then(|body| Some((body.target()?, body))) else { return };
        if !self.targets.contains_key(&of) {
            // Not remembered: whoever wants to change it later reads it from the store.
            let Some(facts) = self.window.message(of) else { return };
            self.targets.insert(of, Target::learned(facts));
        }
        let Some(target) = self.targets.get_mut(&of) else { return };
        target.changed_seq = entry.seq;
        let Some(facts) = &mut target.facts else { return };
        match body {
            EntryBody::Delete { .. } => facts.deleted = true,
            EntryBody::Reaction { emoji, on: true, .. } if !facts.reactions.contains(emoji) => {
                facts.reactions.push(emoji.clone());
            }
            _ => {}
        }
    }
}

trait CloneIntoSome<T> {
    fn clone_into_some(&self, target: &mut T);
}

impl<T: Clone> CloneIntoSome<T> for Option<T> {
    fn clone_into_some(&self, target: &mut T) {
        if let Some(value) = self {
            target.clone_from(value);
        }
    }
}

const _: () = assert!(TAIL_ENTRIES <= super::WINDOW_ENTRIES);
