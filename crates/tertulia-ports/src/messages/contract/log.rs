//! Order, spans, repeats, heads and the indexes of the log.

use std::{sync::Arc, thread};

use tertulia_core::{
    EntryBody, EntryKind, RoomId, Seq, TimeMs, UserId, membership::Role, row::BUCKET_ENTRIES,
};

use super::{
    super::READ_ROWS_MAX, ANA, Appended, BEN, From, Messages, OTHER_ROOM, Owner, Place, ROOM, append,
    assert_proven, numbers, text,
};

pub async fn check<P: Place>(fresh: &impl Fn() -> P) {
    rows_are_read_from_both_ends(&*fresh().open()).await;
    reads_are_bounded(&*fresh().open()).await;
    the_same_rows_again_change_nothing(&*fresh().open()).await;
    heads_come_in_the_order_asked_for(&*fresh().open()).await;
    one_senders_messages_are_found(&*fresh().open()).await;
    lifecycle_entries_are_found(&*fresh().open()).await;
    entries_are_found_by_time(&*fresh().open()).await;
    rooms_are_written_side_by_side(&fresh()).await;
    all_of_it_is_kept(&fresh()).await;
}

async fn rows_are_read_from_both_ends(store: &dyn Messages) {
    let mut owner = Owner::take_over(store, ROOM).await;
    let mut neighbour = Owner::take_over(store, OTHER_ROOM).await;
    for _ in 0..10 {
        assert_eq!(owner.say(store, 2), Appended::Committed);
        assert_eq!(neighbour.say(store, 1), Appended::Committed);
    }
    let cases: [(Seq, Seq, From, usize, &[Seq]); 8] = [
        (1, 20, From::Start, 3, &[1, 2, 3]),
        (1, 20, From::End, 3, &[18, 19, 20]),
        (5, 8, From::Start, 9, &[5, 6, 7, 8]),
        (5, 8, From::End, 2, &[7, 8]),
        (20, 99, From::Start, 9, &[20]),
        (21, 99, From::End, 9, &[]),
        (8, 5, From::Start, 9, &[]),
        (1, Seq::MAX, From::End, 0, &[]),
    ];
    for (first, last, from, limit, expected) in cases {
        let rows = store.read(&owner.span(first, last), from, limit).await.unwrap();
        assert_eq!(numbers(&rows), expected, "{first}..={last} {from:?} {limit}");
    }
    let rows = owner.rows(store).await;
    assert_proven(ROOM, &rows);
    assert_eq!(rows[4].decode().unwrap().body, Some(text("text 5")));
    let stranger = super::Span { room: RoomId::new(999), ..owner.span(1, 9) };
    assert_eq!(store.read(&stranger, From::Start, 9).await.unwrap(), []);
}

async fn reads_are_bounded(store: &dyn Messages) {
    let mut owner = Owner::take_over(store, ROOM).await;
    assert_eq!(owner.say(store, BUCKET_ENTRIES - 1), Appended::Committed);
    for _ in 0..2 {
        assert_eq!(owner.say(store, BUCKET_ENTRIES / 2), Appended::Committed);
    }
    let all = owner.head.seq;
    let rows = store.read(&owner.span(1, all), From::Start, usize::MAX).await.unwrap();
    assert_eq!(rows.len(), READ_ROWS_MAX);
    assert_proven(ROOM, &rows);
    let rows = store.read(&owner.span(1, all), From::End, usize::MAX).await.unwrap();
    assert_eq!(numbers(&rows), (all - READ_ROWS_MAX as u64 + 1..=all).collect::<Vec<_>>(), "across buckets");
}

async fn the_same_rows_again_change_nothing(store: &dyn Messages) {
    let mut owner = Owner::take_over(store, ROOM).await;
    let rows = owner.number([(ANA, text("one")), (BEN, text("two"))]);
    let repeated = owner.append_of(rows, false);
    for _ in 0..3 {
        assert_eq!(append(store, vec![repeated.clone()]), [Appended::Committed]);
    }
    let rows = owner.rows(store).await;
    assert_proven(ROOM, &rows);
    assert_eq!(rows.len(), 2);
    assert_eq!(store.by_sender(ROOM, ANA, 9, 9).await.unwrap(), [1]);
    assert_eq!(store.heads(&[ROOM]).await.unwrap()[0].posts, 2);
}

async fn heads_come_in_the_order_asked_for(store: &dyn Messages) {
    let mut one = Owner::take_over(store, ROOM).await;
    let mut other = Owner::take_over(store, OTHER_ROOM).await;
    one.say(store, 3);
    one.write(store, [(ANA, EntryBody::Left { user: ANA })]);
    other.say(store, 1);
    let empty = Owner::take_over(store, RoomId::new(73)).await.room;
    let heads = store.heads(&[OTHER_ROOM, RoomId::new(999), empty, ROOM]).await.unwrap();
    let told: Vec<_> = heads.iter().map(|head| (head.room, head.first, head.seq, head.posts)).collect();
    assert_eq!(told, [(OTHER_ROOM, 1, 1, 1), (ROOM, 1, 4, 3)]);
    assert_eq!(heads[1].epochs, one.epochs);
}

async fn one_senders_messages_are_found(store: &dyn Messages) {
    let mut owner = Owner::take_over(store, ROOM).await;
    let mut neighbour = Owner::take_over(store, OTHER_ROOM).await;
    let bodies = (0..20).map(|at| (if at % 3 == 0 { BEN } else { ANA }, text("hola")));
    owner.write(store, bodies);
    owner.write(store, [(BEN, EntryBody::Edit { of: 1, text: "no message".into() })]);
    neighbour.write(store, [(BEN, text("elsewhere"))]);
    let found = |before, limit| store.by_sender(ROOM, BEN, before, limit);
    assert_eq!(found(Seq::MAX, 99).await.unwrap(), [19, 16, 13, 10, 7, 4, 1]);
    assert_eq!(found(13, 2).await.unwrap(), [10, 7]);
    assert_eq!(found(1, 2).await.unwrap(), [0; 0]);
    assert_eq!(found(0, 2).await.unwrap(), [0; 0]);
    assert_eq!(store.by_sender(ROOM, UserId::new(3), 99, 9).await.unwrap(), [0; 0]);
    let facts = store.message_facts(&owner.span(4, 4)).await.unwrap().unwrap();
    assert_eq!((facts.sender, facts.deleted, facts.reactions.len()), (BEN, false, 0));
    assert_eq!(store.message_facts(&owner.span(21, 21)).await.unwrap(), None, "an edit is no message");
    assert_eq!(store.message_facts(&owner.span(99, 99)).await.unwrap(), None);
}

async fn lifecycle_entries_are_found(store: &dyn Messages) {
    let mut owner = Owner::take_over(store, ROOM).await;
    let entered = |user| (ANA, EntryBody::Entered { user, role: Role::Member });
    owner.write(store, [entered(ANA), (ANA, text("hola")), entered(BEN), (BEN, text("buenas"))]);
    owner.write(store, [(BEN, EntryBody::Left { user: BEN })]);
    let entries = store.lifecycle(&owner.span(1, 99), 99).await.unwrap();
    let told: Vec<_> = entries.iter().map(|entry| (entry.seq, entry.kind)).collect();
    assert_eq!(told, [(1, EntryKind::Entered), (3, EntryKind::Entered), (5, EntryKind::Left)]);
    assert_eq!(entries[2].body, Some(EntryBody::Left { user: BEN }));
    let numbers =
        |entries: Vec<tertulia_core::Entry>| entries.iter().map(|entry| entry.seq).collect::<Vec<_>>();
    assert_eq!(numbers(store.lifecycle(&owner.span(2, 4), 9).await.unwrap()), [3]);
    assert_eq!(numbers(store.lifecycle(&owner.span(1, 9), 1).await.unwrap()), [1]);
    assert_eq!(numbers(store.lifecycle(&owner.span(9, 1), 1).await.unwrap()), [0; 0]);
}

async fn entries_are_found_by_time(store: &dyn Messages) {
    let mut owner = Owner::take_over(store, ROOM).await;
    assert_eq!(store.last_before(&owner.span(1, 9), TimeMs(u64::MAX)).await.unwrap(), None);
    owner.say(store, 50);
    for seq in 1..=50 {
        let at = TimeMs(1_000 + seq * 10);
        assert_eq!(store.last_before(&owner.span(1, 50), at).await.unwrap(), Some(seq));
        assert_eq!(store.last_before(&owner.span(1, 50), at.plus(9)).await.unwrap(), Some(seq));
    }
    assert_eq!(store.last_before(&owner.span(1, 50), TimeMs(1_009)).await.unwrap(), None);
    assert_eq!(store.last_before(&owner.span(10, 20), TimeMs(1_050)).await.unwrap(), None);
    assert_eq!(store.last_before(&owner.span(10, 20), TimeMs(9_999)).await.unwrap(), Some(20));
    assert_eq!(store.last_before(&owner.span(1, Seq::MAX), TimeMs(9_999)).await.unwrap(), Some(50));
}

async fn rooms_are_written_side_by_side(place: &impl Place) {
    const WRITERS: u64 = 8;
    const APPENDS: u64 = 40;
    let store = place.open();
    let mut owners = Vec::new();
    for number in 0..WRITERS {
        owners.push(Owner::take_over(&*store, RoomId::new(100 + number)).await);
    }
    let write = |mut owner: Owner, store: Arc<dyn Messages>| {
        thread::spawn(move || {
            for count in 0..APPENDS {
                assert_eq!(owner.say(&*store, count % 3 + 1), Appended::Committed);
            }
            owner
        })
    };
    let writers: Vec<_> = owners.into_iter().map(|owner| write(owner, store.clone())).collect();
    let owners: Vec<_> = writers.into_iter().map(|writer| writer.join().expect("no writer panics")).collect();
    for owner in owners {
        let rows = owner.rows(&*store).await;
        assert_proven(owner.room, &rows);
        assert_eq!(rows.len() as u64, owner.head.seq);
    }
}

async fn all_of_it_is_kept(place: &impl Place) {
    let store = place.open();
    let history = store.history();
    let mut owner = Owner::take_over(&*store, ROOM).await;
    owner.say(&*store, 1_000);
    let before = owner.rows(&*store).await;
    drop(store);
    let store = place.open();
    assert_eq!(store.history(), history);
    assert_eq!(owner.rows(&*store).await, before);
    assert_eq!(before.len(), 1_000);
}
