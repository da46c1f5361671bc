//! Fences, epochs and epoch lists, tails, dirty rooms.

use tertulia_core::{ShardId, shard::shard_of};

use super::{
    ANA, Append, Appended, From, Messages, OTHER_ROOM, Owner, Place, ROOM, append, assert_proven, numbers,
    text,
};

pub async fn check<P: Place>(fresh: &impl Fn() -> P) {
    epochs_rise_and_are_kept(&fresh()).await;
    a_late_append_is_fenced_and_never_seen(&*fresh().open()).await;
    each_append_has_its_own_outcome(&*fresh().open()).await;
    a_fenced_epoch_opens_nothing(&*fresh().open()).await;
    rooms_are_read_by_their_epoch_lists(&fresh()).await;
    an_epoch_without_entries_owns_nothing(&*fresh().open()).await;
    the_tail_is_what_was_committed(&fresh()).await;
    rooms_stay_dirty_until_they_are_clean(&fresh()).await;
    who_is_fenced_cleans_nothing(&*fresh().open()).await;
}

async fn epochs_rise_and_are_kept(place: &impl Place) {
    let shards: Vec<_> = [9, 3, 4095].into_iter().filter_map(ShardId::new).collect();
    for epoch in 1..=3 {
        let store = place.open();
        let taken = store.take_over(&shards).await.unwrap();
        assert_eq!(
            taken.iter().map(|taken| taken.shard).collect::<Vec<_>>(),
            shards,
            "in the order asked for"
        );
        assert!(taken.iter().all(|taken| taken.epoch == epoch && taken.dirty.is_empty()));
    }
    let store = place.open();
    let all: Vec<_> = ShardId::all().collect();
    let taken = store.take_over(&all).await.unwrap();
    assert_eq!(taken.len(), all.len());
    assert!(taken.iter().all(|taken| taken.epoch == if shards.contains(&taken.shard) { 4 } else { 1 }));
}

async fn a_late_append_is_fenced_and_never_seen(store: &dyn Messages) {
    let mut old = Owner::take_over(store, ROOM).await;
    assert_eq!(old.say(store, 3), Appended::Committed);
    let mut late = old.clone();
    let late_rows = late.number([(ANA, text("too late")), (ANA, text("by far"))]);
    let late = late.append_of(late_rows, true);

    let mut new = Owner::take_over(store, ROOM).await;
    assert_eq!(append(store, vec![late.clone()]), [Appended::Fenced]);
    assert_eq!(new.rows(store).await.len(), 3);
    assert_eq!(new.say(store, 1), Appended::Committed);
    assert_eq!(append(store, vec![late]), [Appended::Fenced], "again, with a number that is taken by now");

    let rows = new.rows(store).await;
    assert_proven(ROOM, &rows);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[3].epoch, new.epoch);
    let span = old.span(1, 9);
    let seen = store.read(&span, From::Start, 9).await.unwrap();
    assert!(seen.iter().all(|row| row.epoch == old.epoch), "an old list shows nothing of the new owner's");
    assert_eq!(store.heads(&[ROOM]).await.unwrap()[0].seq, 4);
    assert_eq!(store.by_sender(ROOM, ANA, 9, 9).await.unwrap(), [4, 3, 2, 1]);
    assert!(store.take_over(&[shard_of(ROOM)]).await.unwrap()[0].dirty.is_empty());
}

async fn each_append_has_its_own_outcome(store: &dyn Messages) {
    assert_ne!(shard_of(ROOM), shard_of(OTHER_ROOM));
    let mut lost = Owner::take_over(store, ROOM).await;
    let mut kept = Owner::take_over(store, OTHER_ROOM).await;
    let winner = Owner::take_over(store, ROOM).await;
    let of_lost = lost.number([(ANA, text("mine no more"))]);
    let of_kept = kept.number([(ANA, text("still mine"))]);
    let appends = vec![lost.append_of(of_lost, false), kept.append_of(of_kept, false)];
    assert_eq!(append(store, appends), [Appended::Fenced, Appended::Committed]);
    assert_eq!(winner.rows(store).await.len(), 0);
    assert_eq!(numbers(&kept.rows(store).await), [1]);
    assert_eq!(append(store, Vec::<Append>::new()), []);
}

async fn a_fenced_epoch_opens_nothing(store: &dyn Messages) {
    let old = Owner::take_over(store, ROOM).await;
    let new = Owner::take_over(store, ROOM).await;
    assert!(store.open_room(ROOM, old.epoch, 8).await.unwrap().is_none());
    assert!(store.open_room(ROOM, new.epoch, 8).await.unwrap().is_some());
}

async fn rooms_are_read_by_their_epoch_lists(place: &impl Place) {
    let mut expected = Vec::new();
    for turn in 0..3 {
        let store = place.open();
        let mut owner = Owner::take_over(&*store, ROOM).await;
        expected.push((owner.epoch, turn * 3 + 1));
        assert_eq!(*owner.epochs, *expected, "each owner begins behind the head");
        assert_eq!(owner.say(&*store, 3), Appended::Committed);
        let again = Owner::open(&*store, ROOM, owner.epoch).await;
        assert_eq!(*again.epochs, *expected, "opened again, nothing changes");
    }
    let store = place.open();
    let owner = Owner::take_over(&*store, ROOM).await;
    let rows = owner.rows(&*store).await;
    assert_proven(ROOM, &rows);
    assert_eq!(rows.iter().map(|row| row.epoch).collect::<Vec<_>>(), [1, 1, 1, 2, 2, 2, 3, 3, 3]);
    let mut wrong = owner.span(1, 9);
    wrong.epochs = [(1, 1), (3, 5)].into();
    assert_eq!(numbers(&store.read(&wrong, From::Start, 9).await.unwrap()), [1, 2, 3, 7, 8, 9]);
    wrong.epochs = [(2, 6)].into();
    assert_eq!(numbers(&store.read(&wrong, From::End, 9).await.unwrap()), [6]);
    wrong.epochs = [].into();
    assert_eq!(store.read(&wrong, From::Start, 9).await.unwrap(), []);
    assert_eq!(*store.heads(&[ROOM]).await.unwrap()[0].epochs, *owner.epochs);
}

async fn an_epoch_without_entries_owns_nothing(store: &dyn Messages) {
    for _ in 0..5 {
        Owner::take_over(store, ROOM).await;
    }
    let mut owner = Owner::take_over(store, ROOM).await;
    assert_eq!(*owner.epochs, [(owner.epoch, 1)], "the list does not grow with every owner");
    owner.say(store, 2);
    for _ in 0..5 {
        Owner::take_over(store, ROOM).await;
    }
    let last = Owner::take_over(store, ROOM).await;
    assert_eq!(*last.epochs, [(owner.epoch, 1), (last.epoch, 3)]);
}

async fn the_tail_is_what_was_committed(place: &impl Place) {
    let store = place.open();
    let epoch = store.take_over(&[shard_of(ROOM)]).await.unwrap()[0].epoch;
    let tail = store.open_room(ROOM, epoch, 8).await.unwrap().unwrap();
    assert_eq!((tail.first, tail.head, tail.rows.len(), &*tail.epochs), (1, None, 0, &[(epoch, 1)][..]));
    let mut owner = Owner::open(&*store, ROOM, epoch).await;
    owner.say(&*store, 10);
    owner.write(&*store, [(ANA, tertulia_core::EntryBody::Left { user: ANA })]);
    drop(store);

    let store = place.open();
    let epoch = store.take_over(&[shard_of(ROOM)]).await.unwrap()[0].epoch;
    let tail = store.open_room(ROOM, epoch, 4).await.unwrap().unwrap();
    assert_eq!(numbers(&tail.rows), [8, 9, 10, 11]);
    assert_eq!(tail.head, Some(owner.head));
    assert_eq!((owner.head.seq, owner.head.posts), (11, 10));
    let tail = store.open_room(ROOM, epoch, 100).await.unwrap().unwrap();
    assert_proven(ROOM, &tail.rows);
    assert_eq!(tail.rows.len(), 11);
}

async fn rooms_stay_dirty_until_they_are_clean(place: &impl Place) {
    let shard = shard_of(ROOM);
    let store = place.open();
    let mut owner = Owner::take_over(&*store, ROOM).await;
    let mut other = Owner::take_over(&*store, OTHER_ROOM).await;
    for owner in [&mut owner, &mut other] {
        let rows = owner.number([(ANA, text("hola"))]);
        append(&*store, vec![owner.append_of(rows, true)]);
    }
    drop(store);

    let store = place.open();
    let taken = store.take_over(&[shard, shard_of(OTHER_ROOM)]).await.unwrap();
    assert_eq!(taken[0].dirty, [ROOM]);
    assert_eq!(taken[1].dirty, [OTHER_ROOM]);
    let taken = store.take_over(&[shard]).await.unwrap();
    assert_eq!(taken[0].dirty, [ROOM], "still dirty: the owner between has not repaired it");
    store.mark_clean(&[(shard, taken[0].epoch)], &[ROOM]).await.unwrap();
    let taken = store.take_over(&[shard]).await.unwrap();
    assert_eq!(taken[0].dirty, [ROOM], "it was said to be still dirty");
    store.mark_clean(&[(shard, taken[0].epoch)], &[]).await.unwrap();
    assert!(store.take_over(&[shard]).await.unwrap()[0].dirty.is_empty());
    assert_eq!(store.take_over(&[shard_of(OTHER_ROOM)]).await.unwrap()[0].dirty, [OTHER_ROOM]);
}

async fn who_is_fenced_cleans_nothing(store: &dyn Messages) {
    let shard = shard_of(ROOM);
    let mut owner = Owner::take_over(store, ROOM).await;
    let rows = owner.number([(ANA, text("hola"))]);
    append(store, vec![owner.append_of(rows, true)]);
    Owner::take_over(store, ROOM).await;
    store.mark_clean(&[(shard, owner.epoch)], &[]).await.unwrap();
    assert_eq!(store.take_over(&[shard]).await.unwrap()[0].dirty, [ROOM]);
}
