//! Callers at the same time, on threads of their own.

use std::thread;

use tertulia_core::{EntryBody, Role, permission::RoomKind, room::RoomSettings};

use super::*;
use crate::{
    contract::block_on,
    directory::{Friendship, Invite, Privacy},
};

const CALLERS: u64 = 8;

pub(super) fn check<D: Directory>(fresh: &impl Fn() -> D) {
    a_handle_goes_to_one(&fresh());
    an_invite_is_used_as_often_as_it_says(&fresh());
    friends_who_ask_each_other_at_once_are_friends(&fresh());
    feeds_have_no_holes_and_no_doubles(&fresh());
    rooms_do_not_disturb_each_other(&fresh());
}

/// What each caller got, by their number from 1.
fn all_at_once<T: Send>(call: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let call = &call;
    thread::scope(|scope| {
        let callers: Vec<_> = (1..=CALLERS).map(|caller| scope.spawn(move || call(caller))).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    })
}

fn a_handle_goes_to_one(directory: &impl Directory) {
    let added = all_at_once(|caller| block_on(directory.add_user(&named(caller, "ana", "Ana"))).unwrap());
    assert_eq!(added.iter().filter(|added| added.is_ok()).count(), 1);
    assert_eq!(block_on(directory.count_users()).unwrap(), 1);
    assert_eq!(block_on(directory.find_users("ana", 9)).unwrap().len(), 1);
}

fn an_invite_is_used_as_often_as_it_says(directory: &impl Directory) {
    block_on(directory.apply(room_id(7), 1, &made_by(1))).unwrap();
    let invite = Invite {
        token: "t".into(),
        room: room_id(7),
        by: id(1),
        created_at: TimeMs(1),
        expires_at: None,
        uses_left: Some(5),
    };
    block_on(directory.add_invite(&invite)).unwrap();
    let used = all_at_once(|_| block_on(directory.use_invite("t", TimeMs(2))).unwrap());
    assert_eq!(used.iter().filter(|used| **used).count(), 5);
}

fn friends_who_ask_each_other_at_once_are_friends(directory: &impl Directory) {
    block_on(add_users(directory, 1..=CALLERS));
    // Everybody asks everybody.
    all_at_once(|caller| {
        for other in (1..=CALLERS).filter(|other| *other != caller) {
            block_on(directory.befriend(id(caller), id(other), TimeMs(1))).unwrap().unwrap();
        }
    });
    for user in 1..=CALLERS {
        let friends = block_on(directory.friends(id(user))).unwrap();
        let all = (1..=CALLERS).filter(|other| *other != user).map(|other| (id(other), Friendship::Friends));
        assert_eq!(friends, all.collect::<Vec<_>>());
    }
}

fn feeds_have_no_holes_and_no_doubles(directory: &impl Directory) {
    const CHANGES: u64 = 10;
    block_on(add_users(directory, [1]));
    let told = all_at_once(|_| {
        let change =
            |_| block_on(directory.set_settings(id(1), "{}", Privacy::default())).unwrap().remove(0).version;
        (0..CHANGES).map(change).collect::<Vec<_>>()
    });
    assert!(told.iter().all(|versions| versions.is_sorted()));
    let mut versions = told.concat();
    versions.sort();
    assert_eq!(versions, (1..=CALLERS * CHANGES).collect::<Vec<_>>());
    let feed = block_on(directory.feed_after(id(1), 0, 1_000)).unwrap();
    assert_eq!(feed.iter().map(|(version, _)| *version).collect::<Vec<_>>(), versions);
}

fn rooms_do_not_disturb_each_other(directory: &impl Directory) {
    const STEPS: u64 = 10;
    block_on(add_users(directory, 1..=CALLERS));
    all_at_once(|caller| {
        let room = room_id(caller);
        block_on(directory.apply(room, 1, &made_by(caller))).unwrap();
        for step in 0..STEPS {
            let user = id(caller % CALLERS + 1);
            let come = entry(3 + 2 * step, EntryBody::Entered { user, role: Role::Member });
            let go = entry(4 + 2 * step, EntryBody::Left { user });
            block_on(directory.apply(room, 1, &[come])).unwrap();
            // What was written is there for whoever asks next.
            assert!(block_on(directory.member(room, user)).unwrap().role().is_some());
            assert_eq!(block_on(directory.room(room)).unwrap().unwrap().meta.members, 2);
            block_on(directory.apply(room, 1, &[go])).unwrap();
            assert!(block_on(directory.member(room, user)).unwrap().role().is_none());
        }
    });
    for number in 1..=CALLERS {
        assert_eq!(block_on(directory.room_ids_of(id(number))).unwrap(), [room_id(number)]);
        assert_eq!(block_on(directory.feed_version(id(number))).unwrap(), 1 + 2 * STEPS);
    }
}

fn made_by(user: u64) -> [Entry; 2] {
    let created = EntryBody::Created {
        room_kind: RoomKind::Group,
        name: "Plaza".into(),
        settings: RoomSettings::default(),
    };
    [entry(1, created), entry(2, EntryBody::Entered { user: id(user), role: Role::Owner })]
}
