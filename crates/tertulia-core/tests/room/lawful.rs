//! Which entry may follow a log: the rules once more, told of what happened and not of what was asked.

use tertulia_core::{
    Entry, EntryBody, EntryKind, Role, Standing, TimeMs, UserId,
    permission::RoomKind,
    room::{HistoryPolicy, SYSTEM},
};

use crate::world::Stores;

/// Panics unless this entry may come next in the log that made this state.
pub fn check(before: &Stores, head: (u64, u64), entry: &Entry, members_max: u64) {
    let is_post = u64::from(entry.kind == EntryKind::Message);
    assert_eq!(
        (entry.seq, entry.posts),
        (head.0 + 1, head.1 + is_post),
        "numbers have no gaps, posts are exact"
    );
    let body = entry.body.as_ref().expect("a new entry has a body");
    assert_eq!(body.kind(), entry.kind);
    if let EntryBody::Created { .. } = body {
        return assert_eq!(before.meta, None, "a room is made where there is none");
    }
    let meta = before.meta.as_ref().expect("nothing happens in a room that does not exist");
    let is_creation = entry.nonce.0 == 0;
    if let EntryBody::Entered { user, .. } = body {
        check_entered(before, *user, entry, members_max);
        return assert!(
            entry.sender == *user || is_creation || meta.kind != RoomKind::Direct && acts(before, entry),
            "somebody brings them in"
        );
    }
    assert!(acts(before, entry), "only who belongs to the room does anything in it: {entry:?}");
    match body {
        EntryBody::Edit { of, .. } => assert_eq!(living(before, *of), entry.sender, "a text is its writer's"),
        EntryBody::Reaction { of, .. } | EntryBody::Message { reply_to: Some(of), .. } => {
            living(before, *of);
            assert!(may_read(before, entry.sender, *of), "{} may not read {of}", entry.sender);
        }
        EntryBody::Delete { of, .. } => {
            let sender = living(before, *of);
            assert!(sender == entry.sender || above(before, entry.sender, sender), "{entry:?}");
        }
        EntryBody::Left { user } => assert_eq!(*user, entry.sender),
        EntryBody::Removed { user, .. } => {
            assert!(role(before, *user).is_some() && above(before, entry.sender, *user), "{entry:?}");
        }
        EntryBody::Banned { user, .. } => assert!(above(before, entry.sender, *user), "{entry:?}"),
        EntryBody::Unbanned { user } => {
            assert!(is_banned(before, *user, entry.at) && rank(before, entry.sender) > Some(Role::Member));
        }
        EntryBody::RoleChanged { user, role: new } => {
            assert!(role(before, *user).is_some_and(|old| old != *new), "{entry:?}");
            assert_eq!(rank(before, entry.sender), Some(Role::Owner));
        }
        EntryBody::Changed { .. } => assert!(rank(before, entry.sender) > Some(Role::Member)),
        EntryBody::RoomDeleted => assert_eq!(rank(before, entry.sender), Some(Role::Owner)),
        EntryBody::Created { .. } | EntryBody::Entered { .. } | EntryBody::Message { .. } => {}
    }
    let lifecycle = entry.kind.is_lifecycle() && entry.kind != EntryKind::RoomDeleted;
    assert!(!(lifecycle && meta.kind == RoomKind::Direct), "nothing changes the two of a direct room");
}

/// Panics if this is no state that a room may be in, between two commands.
pub fn check_state(state: &Stores) {
    let Some(meta) = &state.meta else { return };
    match meta.kind {
        RoomKind::Direct => assert_eq!((meta.members, meta.owners), (2, 0)),
        _ => assert!(meta.members == 0 || meta.owners > 0, "people without an owner"),
    }
}

fn check_entered(before: &Stores, user: UserId, entry: &Entry, members_max: u64) {
    assert_ne!(user, SYSTEM);
    assert_eq!(role(before, user), None, "{user} is a member already");
    assert!(!is_banned(before, user, entry.at), "{user} is banned");
    assert!(before.meta.as_ref().is_some_and(|meta| meta.members < members_max), "the room is full");
}

fn acts(before: &Stores, entry: &Entry) -> bool {
    entry.sender == SYSTEM || role(before, entry.sender).is_some()
}

fn role(state: &Stores, user: UserId) -> Option<Role> {
    state.members.get(&user).and_then(|(standing, _)| standing.role())
}

/// The role with which somebody acts.
fn rank(state: &Stores, user: UserId) -> Option<Role> {
    if user == SYSTEM { Some(Role::Owner) } else { role(state, user) }
}

fn above(state: &Stores, one: UserId, other: UserId) -> bool {
    one == SYSTEM || other != SYSTEM && rank(state, one) > Some(role(state, other).unwrap_or(Role::Member))
}

fn may_read(state: &Stores, user: UserId, seq: u64) -> bool {
    let hidden = state.meta.as_ref().is_some_and(|meta| meta.settings.history == HistoryPolicy::SinceJoin);
    match state.members.get(&user) {
        Some((Standing::In { since_seq, .. }, _)) => !hidden || *since_seq <= seq,
        _ => user == SYSTEM,
    }
}

fn is_banned(state: &Stores, user: UserId, at: TimeMs) -> bool {
    match state.members.get(&user) {
        Some((Standing::Banned { until, .. }, _)) => until.is_none_or(|until| at < until),
        _ => false,
    }
}

/// The sender of a message that is there.
fn living(state: &Stores, of: u64) -> UserId {
    let message = state.messages.get(&of).unwrap_or_else(|| panic!("{of} is no message"));
    assert!(!message.deleted && of >= state.first, "{of} is gone");
    message.sender
}
