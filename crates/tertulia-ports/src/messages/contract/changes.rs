//! What became of messages, and read markers.

use tertulia_core::{
    RoomId, Seq, TimeMs, UserId,
    message::{Deleted, MessageChange, MessageChangeKind, Reactions},
};

use super::{
    super::{ReadMarker, StateOf},
    ANA, BEN, Messages, OTHER_ROOM, Owner, Place, ROOM, assert_proven,
};

pub async fn check<P: Place>(fresh: &impl Fn() -> P) {
    edits_and_reactions_are_projected(&fresh()).await;
    changes_never_go_back(&*fresh().open()).await;
    a_deletion_erases(&fresh()).await;
    changes_are_found_by_what_made_them(&*fresh().open()).await;
    changes_to_what_is_not_there_are_ignored(&*fresh().open()).await;
    markers_never_go_back(&fresh()).await;
}

fn edited(seq: Seq, by_seq: Seq, text: &str) -> MessageChange {
    MessageChange { seq, by_seq, kind: MessageChangeKind::Edited { text: text.into(), at: TimeMs(by_seq) } }
}

fn reacted(seq: Seq, by_seq: Seq, user: UserId, emoji: &str, on: bool) -> MessageChange {
    MessageChange { seq, by_seq, kind: MessageChangeKind::Reacted { user, emoji: emoji.into(), on } }
}

fn deleted(seq: Seq, by_seq: Seq) -> MessageChange {
    let deleted = Deleted { by: BEN, at: TimeMs(by_seq), reason: Some("off topic".into()) };
    MessageChange { seq, by_seq, kind: MessageChangeKind::Deleted(deleted) }
}

async fn state(store: &dyn Messages, seq: Seq, reader: UserId) -> StateOf {
    store.states(ROOM, seq, seq, reader).await.unwrap().pop().expect("the message was changed")
}

async fn edits_and_reactions_are_projected(place: &impl Place) {
    let store = place.open();
    let mut owner = Owner::take_over(&*store, ROOM).await;
    owner.say(&*store, 5);
    assert_eq!(store.states(ROOM, 1, 5, ANA).await.unwrap(), [], "nothing was ever changed");
    let changes = vec![
        edited(2, 6, "better"),
        reacted(4, 7, ANA, "👍", true),
        reacted(4, 8, BEN, "👍", true),
        reacted(4, 9, BEN, "🎉", true),
        reacted(4, 10, ANA, "🎉", true),
        reacted(4, 11, ANA, "🎉", false),
    ];
    store.project(ROOM, owner.epoch, changes).await.unwrap();
    drop(store);
    let store = place.open();
    let states = store.states(ROOM, 1, 5, ANA).await.unwrap();
    assert_eq!(states.iter().map(|of| of.state.seq).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(states[0].state.text.as_deref(), Some("better"));
    assert_eq!((states[0].state.edited_at, states[0].state.changed_seq), (Some(TimeMs(6)), 6));
    let kind = |emoji: &str, count| Reactions { emoji: emoji.into(), count };
    assert_eq!(states[1].state.reactions, [kind("👍", 2), kind("🎉", 1)]);
    assert_eq!(states[1].mine, ["👍"]);
    assert_eq!(state(&*store, 4, BEN).await.mine.len(), 2);
    assert_eq!(state(&*store, 4, UserId::new(3)).await.mine, [""; 0]);
    assert_eq!(store.states(ROOM, 3, 3, ANA).await.unwrap(), []);
    assert_eq!(store.states(ROOM, 5, 1, ANA).await.unwrap(), []);
    let facts = store.message_facts(&owner.span(4, 4)).await.unwrap().unwrap();
    assert_eq!(facts.reactions, ["👍", "🎉"]);
    assert_eq!(store.message_facts(&owner.span(2, 2)).await.unwrap().unwrap().edits, 1);
}

async fn changes_never_go_back(store: &dyn Messages) {
    let mut owner = Owner::take_over(store, ROOM).await;
    owner.say(store, 2);
    let changes = [
        edited(1, 3, "second"),
        reacted(1, 4, ANA, "👍", true),
        reacted(1, 5, ANA, "👍", false),
        edited(1, 6, "third"),
        reacted(1, 7, BEN, "👀", true),
    ];
    store.project(ROOM, owner.epoch, changes.to_vec()).await.unwrap();
    let before = state(store, 1, BEN).await;
    assert_eq!(before.state.text.as_deref(), Some("third"));
    for change in &changes {
        store.project(ROOM, owner.epoch, vec![change.clone()]).await.unwrap();
        assert_eq!(state(store, 1, BEN).await, before, "{change:?} again");
    }
    let newer = Owner::take_over(store, ROOM).await;
    store.project(ROOM, newer.epoch, changes.to_vec()).await.unwrap();
    assert_eq!(state(store, 1, BEN).await, before, "repeated by the next owner");
    for change in changes.iter().rev() {
        let other = MessageChange { seq: 2, ..change.clone() };
        store.project(ROOM, newer.epoch, vec![other]).await.unwrap();
    }
    let mut backwards = state(store, 2, BEN).await;
    backwards.state.seq = 1;
    assert_eq!(backwards, before, "the order does not matter");
}

async fn a_deletion_erases(place: &impl Place) {
    let store = place.open();
    let mut owner = Owner::take_over(&*store, ROOM).await;
    owner.say(&*store, 3);
    owner.write(&*store, [(ANA, tertulia_core::EntryBody::Edit { of: 2, text: "a later text".into() })]);
    let changes = vec![edited(2, 4, "a later text"), reacted(2, 5, BEN, "👍", true), deleted(2, 6)];
    store.project(ROOM, owner.epoch, changes.clone()).await.unwrap();
    store.project(ROOM, owner.epoch, changes).await.unwrap();
    drop(store);

    let store = place.open();
    let rows = owner.rows(&*store).await;
    assert_proven(ROOM, &rows);
    let entries: Vec<_> = rows.iter().map(|row| row.decode().unwrap()).collect();
    assert!(entries[0].body.is_some() && entries[2].body.is_some());
    assert_eq!((&entries[1].body, &entries[3].body), (&None, &None), "the message and its edit");
    assert!(rows.iter().all(|row| !row.bytes.windows(12).any(|bytes| bytes == b"a later text")));
    let of = state(&*store, 2, BEN).await;
    assert_eq!((of.state.text, of.state.reactions, of.mine), (None, vec![], vec![]));
    assert_eq!(of.state.deleted.unwrap().reason.as_deref(), Some("off topic"));
    assert!(store.message_facts(&owner.span(2, 2)).await.unwrap().unwrap().deleted);
    store.project(ROOM, owner.epoch, vec![reacted(2, 9, ANA, "👍", true)]).await.unwrap();
    assert_eq!(state(&*store, 2, ANA).await.mine, [""; 0], "nothing comes after a deletion");
    let tail = store.open_room(ROOM, owner.epoch, 9).await.unwrap().unwrap();
    assert_eq!(tail.rows, rows, "the next owner sees the same");
}

async fn changes_are_found_by_what_made_them(store: &dyn Messages) {
    let mut owner = Owner::take_over(store, ROOM).await;
    owner.say(store, 9);
    let changes = vec![
        edited(3, 10, "a"),
        edited(1, 11, "b"),
        edited(7, 12, "c"),
        edited(3, 13, "d"),
        edited(8, 14, "e"),
    ];
    store.project(ROOM, owner.epoch, changes).await.unwrap();
    let found = async |first, last, after| {
        let states = store.changes(ROOM, first, last, after, ANA).await.unwrap();
        states.iter().map(|of| (of.state.changed_seq, of.state.seq)).collect::<Vec<_>>()
    };
    assert_eq!(found(1, 9, 0).await, [(11, 1), (12, 7), (13, 3), (14, 8)], "each once, by its last change");
    assert_eq!(found(1, 7, 11).await, [(12, 7), (13, 3)]);
    assert_eq!(found(1, 9, 14).await, []);
    assert_eq!(found(1, 9, Seq::MAX).await, []);
    assert_eq!(found(4, 6, 0).await, []);
}

async fn changes_to_what_is_not_there_are_ignored(store: &dyn Messages) {
    let mut owner = Owner::take_over(store, ROOM).await;
    owner.say(store, 1);
    store.project(ROOM, owner.epoch, vec![edited(9, 10, "none"), deleted(8, 11)]).await.unwrap();
    store.project(RoomId::new(999), owner.epoch, vec![edited(1, 2, "none")]).await.unwrap();
    store.project(ROOM, owner.epoch, vec![]).await.unwrap();
    assert_eq!(store.states(ROOM, 0, Seq::MAX, ANA).await.unwrap(), []);
}

async fn markers_never_go_back(place: &impl Place) {
    let marker = |room, user, seq| ReadMarker { room, user, seq, posts: seq - 1 };
    let store = place.open();
    store
        .save_markers(vec![marker(ROOM, ANA, 5), marker(OTHER_ROOM, ANA, 2), marker(ROOM, BEN, 4)])
        .await
        .unwrap();
    store.save_markers(vec![marker(ROOM, ANA, 3), marker(ROOM, BEN, 6), marker(ROOM, BEN, 5)]).await.unwrap();
    drop(store);
    let store = place.open();
    store.save_markers(vec![marker(ROOM, ANA, 1)]).await.unwrap();
    let of_ana = store.markers_of_user(ANA).await.unwrap();
    assert_eq!(of_ana, [marker(ROOM, ANA, 5), marker(OTHER_ROOM, ANA, 2)]);
    assert_eq!(store.markers_of_room(ROOM, 9).await.unwrap(), [marker(ROOM, ANA, 5), marker(ROOM, BEN, 6)]);
    assert_eq!(store.markers_of_room(ROOM, 1).await.unwrap(), [marker(ROOM, ANA, 5)]);
    assert_eq!(store.markers_of_user(UserId::new(3)).await.unwrap(), []);
}
