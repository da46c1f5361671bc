//! What a numbered entry makes of a room's tentative state.

use crate::{
    entry::{Entry, EntryBody},
    ids::{Seq, TimeMs, UserId},
    membership::{Role, Standing},
};

use super::{HistoryPolicy, Known, Room, RoomMeta, Target};

impl Room {
    /// Applies a numbered entry, the one above the last.
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
                self.forget_all();
                self.first = entry.seq;
                self.created = entry.seq;
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
                let since_seq = match self.members.get(user).map(|known| &known.standing) {
                    Some(Standing::In { since_seq, .. }) => *since_seq,
                    _ => entry.seq,
                };
                self.stand(*user, Standing::In { role: *role, since_seq }, entry.seq);
            }
            EntryBody::Changed { .. } => self.change(body, entry.seq),
            EntryBody::RoomDeleted => {
                self.meta = None;
                self.forget_all();
            }
            EntryBody::Message { .. } => self.note_post(entry.sender, entry.at),
            EntryBody::Edit { .. } | EntryBody::Delete { .. } | EntryBody::Reaction { .. } => {}
        }
    }

    fn forget_all(&mut self) {
        self.members.clear();
        self.targets.clear();
        self.last_posts.clear();
    }

    fn change(&mut self, body: &EntryBody, seq: Seq) {
        let (Some(meta), EntryBody::Changed { name, topic, settings }) = (&mut self.meta, body) else {
            return;
        };
        if let Some(name) = name {
            meta.name.clone_from(name);
        }
        if let Some(topic) = topic {
            meta.topic.clone_from(topic);
        }
        if let Some(settings) = settings {
            if settings.history == HistoryPolicy::All && meta.settings.history != HistoryPolicy::All {
                self.history_opened = seq;
            }
            meta.settings.clone_from(settings);
            self.last_posts.clear();
        }
    }

    fn stand(&mut self, user: UserId, standing: Standing, seq: Seq) {
        let known = self.members.get(&user);
        let (before, blocked) = known.map_or((None, None), |known| (known.role(), known.blocked));
        let after = standing.role();
        self.remember_member(user, Known { standing, seq, blocked });
        if let Some(meta) = &mut self.meta {
            let owner = |role: Option<Role>| u64::from(role == Some(Role::Owner));
            let member = |role: Option<Role>| u64::from(role.is_some());
            meta.members = (meta.members + member(after)).saturating_sub(member(before));
            meta.owners = (meta.owners + owner(after)).saturating_sub(owner(before));
        }
    }

    /// In slow mode, keeps when somebody said something. It counts from when the settings last changed.
    pub(super) fn note_post(&mut self, sender: UserId, at: TimeMs) {
        let pause_ms = self.meta.as_ref().map_or(0, |meta| meta.settings.slow_mode_ms());
        if pause_ms == 0 {
            return;
        }
        if self.last_posts.len() == self.last_posts.capacity() {
            self.last_posts.retain(|_, last| at.since(*last) < pause_ms);
            self.last_posts.reserve(self.last_posts.len() + 1);
        }
        self.last_posts.insert(sender, at);
    }

    /// Keeps what a message is in step with entries that change it.
    pub(super) fn touch(&mut self, entry: &Entry) {
        let Some((of, body)) = entry.body.as_ref().and_then(|body| Some((body.target()?, body))) else {
            return;
        };
        if let EntryBody::Delete { .. } = body {
            self.window.erase(of);
        } else if let Some(facts) = self.window.touch(of) {
            self.remember_target(of, Target { changed_seq: entry.seq, ..Target::new(Some(facts)) });
        }
        // Not remembered: whoever wants to change it later reads it from the store.
        let Some(target) = self.targets.get_mut(&of) else { return };
        target.changed_seq = entry.seq;
        let Some(facts) = &mut target.facts else { return };
        match body {
            EntryBody::Delete { .. } => facts.deleted = true,
            EntryBody::Edit { .. } => facts.edits += 1,
            EntryBody::Reaction { on: false, .. } => target.kinds_may_be_fewer = true,
            EntryBody::Reaction { emoji, .. } if !facts.reactions.contains(emoji) => {
                facts.reactions.push(emoji.clone());
            }
            _ => {}
        }
    }
}
