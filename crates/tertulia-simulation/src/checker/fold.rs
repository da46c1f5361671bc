//! What the entries of a room make of it, told again and as simply as can be: to hold the stores' projections against.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_core::{EntryBody, Role, Seq, UserId};

use super::truth::RoomTruth;

/// How somebody stands by the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// A member.
    In(Role),
    /// Not a member.
    Out,
    /// Banned, maybe for a time.
    Banned,
}

/// What became of one message.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Became {
    /// Its text, if it was edited.
    pub text: Option<String>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Who reacts with what.
    pub reactions: BTreeMap<String, BTreeSet<UserId>>,
}

/// How people stand since the room was last made.
pub fn standings(truth: &RoomTruth) -> BTreeMap<UserId, Stands> {
    let mut standings = BTreeMap::new();
    for entry in truth.entries.values() {
        match &entry.body {
            Some(EntryBody::Created { .. } | EntryBody::RoomDeleted) => standings.clear(),
            Some(EntryBody::Entered { user, role } | EntryBody::RoleChanged { user, role }) => {
                standings.insert(*user, Stands::In(*role));
            }
            Some(EntryBody::Banned { user, .. }) => {
                standings.insert(*user, Stands::Banned);
            }
            Some(
                EntryBody::Left { user } | EntryBody::Removed { user, .. } | EntryBody::Unbanned { user },
            ) => {
                standings.insert(*user, Stands::Out);
            }
            _ => {}
        }
    }
    standings
}

/// What became of messages that were ever changed.
pub fn messages(truth: &RoomTruth) -> BTreeMap<Seq, Became> {
    let mut messages: BTreeMap<Seq, Became> = BTreeMap::new();
    for entry in truth.entries.values() {
        let Some((of, body)) = entry.body.as_ref().and_then(|body| Some((body.target()?, body))) else {
            continue;
        };
        let became = messages.entry(of).or_default();
        match body {
            EntryBody::Delete { .. } => *became = Became { deleted: true, ..Became::default() },
            _ if became.deleted => {}
            EntryBody::Edit { text, .. } => became.text = Some(text.clone()),
            EntryBody::Reaction { emoji, on: true, .. } => {
                became.reactions.entry(emoji.clone()).or_default().insert(entry.sender);
            }
            EntryBody::Reaction { emoji, .. } => {
                if let Some(who) = became.reactions.get_mut(emoji) {
                    who.remove(&entry.sender);
                }
                became.reactions.retain(|_, who| !who.is_empty());
            }
            _ => {}
        }
    }
    messages
}
