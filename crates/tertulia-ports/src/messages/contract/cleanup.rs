//! What expires, and rooms that are deleted.

use tertulia_core::{
    EntryBody, Seq, TimeMs, UserId,
    membership::Role,
    message::{MessageChange, MessageChangeKind},
    shard::shard_of,
};

use super::{
    super::ReadMarker, ANA, Appended, BEN, From, Messages, OTHER_ROOM, Owner, Place, ROOM, numbers, text,
};

pub async fn check<P: Place>(fresh: &impl Fn() -> P) {
    what_expired_is_gone(&fresh()).await;
    everything_may_expire(&fresh()).await;
    a_deleted_room_keeps_its_head(&fresh()).await;
    who_is_fenced_deletes_nothing(&*fresh().open()).await;
}

/// A room with entries of all sorts, each message edited and reacted to.
async fn furnished(store: &dyn Messages, room: tertulia_core::RoomId, messages: u64) -> Owner {
    let mut owner = Owner::take_over(store, room).await;
    owner.write(store, [(ANA, EntryBody::Entered { user: ANA, role: Role::Member })]);
    for chunk in 0..messages.div_ceil(500) {
        let bodies = (0..500.min(messages - chunk * 500)).map(|_| (ANA, text("hola")));
        assert_eq!(owner.write(store, bodies), Appended::Committed);
    }
    owner.write(store, [(ANA, EntryBody::Entered { user: BEN, role: Role::Member })]);
    let edited = |seq| MessageChangeKind::Edited { text: format!("edited {seq}"), at: TimeMs(1) };
    let reacted = |user| MessageChangeKind::Reacted { user, emoji: "👍".into(), on: true };
    let mut changes = Vec::new();
    for seq in 2..=messages + 1 {
        let by_seq = owner.head.seq + seq * 2;
        changes.push(MessageChange { seq, by_seq, kind: edited(seq) });
        changes.push(MessageChange { seq, by_seq: by_seq + 1, kind: reacted(BEN) });
    }
    store.project(room, owner.epoch, changes).await.unwrap();
    let marker = ReadMarker { room, user: BEN, seq: 2, posts: 1 };
    store.save_markers(vec![marker]).await.unwrap();
    owner
}

async fn assert_whole(store: &dyn Messages, owner: &Owner, messages: u64) {
    assert_eq!(owner.rows(store).await.len() as u64, messages + 2);
    assert_eq!(store.by_sender(owner.room, ANA, Seq::MAX, 9_999).await.unwrap().len() as u64, messages);
    assert_eq!(store.states(owner.room, 0, Seq::MAX, BEN).await.unwrap().len() as u64, messages);
    assert_eq!(store.lifecycle(&owner.span(1, Seq::MAX), 9).await.unwrap().len(), 2);
    assert_eq!(store.markers_of_room(owner.room, 9).await.unwrap().len(), 1);
}

async fn what_expired_is_gone(place: &impl Place) {
    let store = place.open();
    let owner = furnished(&*store, ROOM, 900).await;
    let neighbour = furnished(&*store, OTHER_ROOM, 3).await;
    store.expire(ROOM, owner.epoch, 700).await.unwrap();
    store.expire(ROOM, owner.epoch, 600).await.unwrap();
    drop(store);

    let store = place.open();
    assert_eq!(numbers(&owner.rows(&*store).await), (700..=902).collect::<Vec<_>>());
    assert_eq!(
        store.by_sender(ROOM, ANA, Seq::MAX, 999).await.unwrap(),
        (700..=901).rev().collect::<Vec<_>>()
    );
    let states = store.states(ROOM, 0, Seq::MAX, BEN).await.unwrap();
    assert_eq!((states.len(), states[0].state.seq), (202, 700));
    assert!(states.iter().all(|of| of.mine == ["👍"]));
    assert_eq!(store.changes(ROOM, 0, Seq::MAX, 0, BEN).await.unwrap().len(), 202);
    let lifecycle = store.lifecycle(&owner.span(1, 999), 9).await.unwrap();
    assert_eq!(lifecycle.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [902]);
    assert_eq!(store.message_facts(&owner.span(699, 699)).await.unwrap(), None);
    let head = store.heads(&[ROOM]).await.unwrap().remove(0);
    assert_eq!((head.first, head.seq, head.posts), (700, 902, 900), "posts count what expired too");
    let again = Owner::take_over(&*store, ROOM).await;
    let tail = store.open_room(ROOM, again.epoch, 999).await.unwrap().unwrap();
    assert_eq!((tail.first, tail.rows.len(), tail.head.map(|head| head.seq)), (700, 203, Some(902)));
    assert_whole(&*store, &neighbour, 3).await;
}

async fn everything_may_expire(place: &impl Place) {
    let store = place.open();
    let owner = furnished(&*store, ROOM, 5).await;
    store.expire(ROOM, owner.epoch, Seq::MAX).await.unwrap();
    drop(store);
    let store = place.open();
    let mut again = Owner::take_over(&*store, ROOM).await;
    assert_eq!(again.head, owner.head, "the head stays, with its chain");
    let tail = store.open_room(ROOM, again.epoch, 9).await.unwrap().unwrap();
    assert_eq!((tail.first, tail.rows.len()), (8, 0));
    assert_eq!(again.say(&*store, 1), Appended::Committed);
    assert_eq!(numbers(&store.read(&again.span(1, 99), From::Start, 9).await.unwrap()), [8]);
    assert_eq!(store.heads(&[ROOM]).await.unwrap()[0].posts, 6);
}

async fn a_deleted_room_keeps_its_head(place: &impl Place) {
    let store = place.open();
    let owner = furnished(&*store, ROOM, 600).await;
    let neighbour = furnished(&*store, OTHER_ROOM, 3).await;
    let many = (10..3_000).map(|user| ReadMarker { room: ROOM, user: UserId::new(user), seq: 1, posts: 0 });
    store.save_markers(many.collect()).await.unwrap();
    for _ in 0..2 {
        store.delete_room(ROOM, owner.epoch).await.unwrap();
    }
    drop(store);

    let store = place.open();
    assert_eq!(owner.rows(&*store).await, []);
    assert_eq!(store.by_sender(ROOM, ANA, Seq::MAX, 9).await.unwrap(), [0; 0]);
    assert_eq!(store.states(ROOM, 0, Seq::MAX, BEN).await.unwrap(), []);
    assert_eq!(store.changes(ROOM, 0, Seq::MAX, 0, BEN).await.unwrap(), []);
    assert_eq!(store.lifecycle(&owner.span(0, Seq::MAX), 9).await.unwrap(), []);
    assert_eq!(store.markers_of_room(ROOM, 9).await.unwrap(), []);
    assert_eq!(store.markers_of_user(BEN).await.unwrap().len(), 1, "that of the other room");
    assert_whole(&*store, &neighbour, 3).await;
    let head = store.heads(&[ROOM]).await.unwrap().remove(0);
    assert_eq!((head.first, head.seq, head.posts), (603, 602, 600));
    let mut again = Owner::take_over(&*store, ROOM).await;
    again.say(&*store, 2);
    assert_eq!(again.head.seq, 604, "numbers never start again");
    assert_eq!(numbers(&again.rows(&*store).await), [603, 604]);
}

async fn who_is_fenced_deletes_nothing(store: &dyn Messages) {
    let old = furnished(store, ROOM, 3).await;
    let taken = store.take_over(&[shard_of(ROOM)]).await.unwrap();
    assert!(store.expire(ROOM, old.epoch, 4).await.is_err());
    assert!(store.delete_room(ROOM, old.epoch).await.is_err());
    assert_whole(store, &old, 3).await;
    store.delete_room(ROOM, taken[0].epoch).await.unwrap();
    assert_eq!(old.rows(store).await, []);
}
