//! Random calls, on the store and on the reference beside it: both must answer the same.

use std::sync::Arc;

use rand::{Rng, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use tertulia_core::{
    EntryBody, RoomId, Seq, TimeMs, UserId,
    membership::Role,
    message::{Deleted, MessageChange, MessageChangeKind},
    shard::shard_of,
};

use super::{
    super::{ReadMarker, in_process::InProcessMessages},
    Appended, From, Messages, Owner, Place, Span, append, text,
};

const USERS: u64 = 4;
/// Two of these rooms share a shard.
const ROOMS: [u64; 4] = [71, 72, 5_000, 5_001];

/// Makes so many random calls under a seed.
pub async fn check_random(place: &impl Place, seed: u64, calls: usize) {
    let store = place.open();
    let reference = InProcessMessages::new(&store.history());
    let mut pair =
        Pair { store, reference, owners: Vec::new(), fenced: Vec::new(), rng: SmallRng::seed_from_u64(seed) };
    for room in ROOMS {
        pair.take_over(RoomId::new(room)).await;
    }
    for call in 0..calls {
        if pair.rng.random_ratio(1, 60) {
            // The reference stays, the store is opened again.
            pair.store = Arc::new(InProcessMessages::new(""));
            pair.store = place.open();
        }
        pair.write().await;
        pair.compare().await;
        assert!(pair.owners.len() == ROOMS.len(), "seed {seed}, call {call}");
    }
}

struct Pair {
    store: Arc<dyn Messages>,
    reference: InProcessMessages,
    owners: Vec<Owner>,
    /// Owners of before.
    fenced: Vec<Owner>,
    rng: SmallRng,
}

impl Pair {
    async fn take_over(&mut self, room: RoomId) {
        let shard = shard_of(room);
        let taken = self.store.take_over(&[shard]).await.unwrap();
        let expected = self.reference.take_over(&[shard]).await.unwrap();
        assert_eq!((taken[0].epoch, &taken[0].dirty), (expected[0].epoch, &expected[0].dirty));
        let rooms: Vec<_> =
            ROOMS.into_iter().map(RoomId::new).filter(|room| shard_of(*room) == shard).collect();
        for room in rooms {
            let owner = Owner::open(&*self.store, room, taken[0].epoch).await;
            let expected = Owner::open(&self.reference, room, taken[0].epoch).await;
            assert_eq!((&owner.epochs, owner.head), (&expected.epochs, expected.head));
            let before = self.owners.iter().position(|owner| owner.room == room);
            self.fenced.extend(before.map(|at| self.owners.swap_remove(at)));
            self.owners.push(owner);
        }
    }

    async fn write(&mut self) {
        let at = self.rng.random_range(0..self.owners.len());
        match self.rng.random_range(0..100) {
            0..4 => self.take_over(self.owners[at].room).await,
            4..50 => self.append(at),
            50..54 => self.append_late(),
            54..80 => self.project(at).await,
            80..92 => self.save_markers().await,
            92..95 => self.mark_clean(at).await,
            95..98 => self.expire(at).await,
            _ => self.delete(at).await,
        }
    }

    fn append(&mut self, at: usize) {
        let count = self.rng.random_range(1..6);
        let mut bodies = Vec::new();
        for _ in 0..count {
            let sender = self.user();
            let body = match self.rng.random_range(0..6) {
                0 => EntryBody::Entered { user: sender, role: Role::Member },
                1 => EntryBody::Left { user: sender },
                _ => text(&"x".repeat(self.rng.random_range(1..400))),
            };
            bodies.push((sender, body));
        }
        let dirty = self.rng.random_ratio(1, 4);
        let owner = &mut self.owners[at];
        let rows = owner.number(bodies);
        let appends = vec![owner.append_of(rows, dirty)];
        assert_eq!(append(&*self.store, appends.clone()), [Appended::Committed]);
        assert_eq!(append(&self.reference, appends), [Appended::Committed]);
    }

    fn append_late(&mut self) {
        let Some(owner) = self.fenced.choose(&mut self.rng) else { return };
        let rows = owner.clone().number([(UserId::new(1), text("too late"))]);
        let appends = vec![owner.append_of(rows, true)];
        assert_eq!(append(&*self.store, appends.clone()), [Appended::Fenced]);
        assert_eq!(append(&self.reference, appends), [Appended::Fenced]);
    }

    async fn project(&mut self, at: usize) {
        let owner = self.owners[at].clone();
        let head = owner.head.seq.max(1);
        let mut changes = Vec::new();
        for _ in 0..self.rng.random_range(1..5) {
            // Each number changes one message only, as entries do; later and earlier ones come in any order.
            let seq = self.rng.random_range(1..=head + 2);
            let by_seq = 10_000 + self.rng.random_range(0..30) * 10_000 + seq;
            let user = self.user();
            let kind = match self.rng.random_range(0..12) {
                0 => MessageChangeKind::Deleted(Deleted { by: user, at: TimeMs(by_seq), reason: None }),
                1..5 => MessageChangeKind::Edited { text: format!("by {by_seq}"), at: TimeMs(by_seq) },
                _ => {
                    let emoji = (*["👍", "🎉", "👀"].choose(&mut self.rng).expect("some")).to_owned();
                    MessageChangeKind::Reacted { user, emoji, on: self.rng.random() }
                }
            };
            changes.push(MessageChange { seq, by_seq, kind });
        }
        self.store.project(owner.room, owner.epoch, changes.clone()).await.unwrap();
        self.reference.project(owner.room, owner.epoch, changes).await.unwrap();
    }

    async fn save_markers(&mut self) {
        let mut markers = Vec::new();
        for _ in 0..self.rng.random_range(1..5) {
            let seq = self.rng.random_range(0..50);
            let room = self.owners.choose(&mut self.rng).expect("some").room;
            markers.push(ReadMarker { room, user: self.user(), seq, posts: seq / 2 });
        }
        self.store.save_markers(markers.clone()).await.unwrap();
        self.reference.save_markers(markers).await.unwrap();
    }

    async fn mark_clean(&mut self, at: usize) {
        let shards = [(shard_of(self.owners[at].room), self.owners[at].epoch)];
        let still: Vec<_> =
            self.owners.iter().filter(|_| self.rng.random()).map(|owner| owner.room).collect();
        self.store.mark_clean(&shards, &still).await.unwrap();
        self.reference.mark_clean(&shards, &still).await.unwrap();
    }

    async fn expire(&mut self, at: usize) {
        let Owner { room, epoch, head, .. } = self.owners[at];
        let first = self.rng.random_range(0..head.seq + 3);
        self.store.expire(room, epoch, first).await.unwrap();
        self.reference.expire(room, epoch, first).await.unwrap();
    }

    async fn delete(&mut self, at: usize) {
        let Owner { room, epoch, .. } = self.owners[at];
        self.store.delete_room(room, epoch).await.unwrap();
        self.reference.delete_room(room, epoch).await.unwrap();
    }

    /// Reads some things from both.
    async fn compare(&mut self) {
        let owner = self.owners.choose(&mut self.rng).expect("some").clone();
        let (store, reference) = (&*self.store, &self.reference);
        let first: Seq = self.rng.random_range(0..=owner.head.seq + 1);
        let last = self.rng.random_range(0..=owner.head.seq + 1);
        let span: Span = owner.span(first, last);
        let limit = self.rng.random_range(0..40);
        let reader = UserId::new(self.rng.random_range(1..=USERS));
        macro_rules! same {
            ($call:ident($($argument:expr),*)) => {
                assert_eq!(
                    store.$call($($argument),*).await.unwrap(),
                    reference.$call($($argument),*).await.unwrap(),
                    concat!(stringify!($call), " in {:?}"),
                    owner
                );
            };
        }
        same!(read(&span, From::Start, limit));
        same!(read(&span, From::End, limit));
        same!(read(&owner.span(0, Seq::MAX), From::End, 9));
        same!(states(owner.room, first, last, reader));
        same!(changes(owner.room, first, Seq::MAX, last * 5_000, reader));
        same!(message_facts(&span));
        same!(by_sender(owner.room, reader, last, limit));
        same!(lifecycle(&span, limit));
        same!(markers_of_room(owner.room, limit));
        same!(last_before(&span, TimeMs(1_000 + last * 7)));
        let markers = sorted(store.markers_of_user(reader).await.unwrap());
        assert_eq!(markers, sorted(reference.markers_of_user(reader).await.unwrap()));
        let rooms: Vec<_> = self.owners.iter().map(|owner| owner.room).collect();
        let told = |heads: Vec<super::super::StoredHead>| {
            heads
                .into_iter()
                .map(|head| (head.room, head.epochs, head.first, head.seq, head.posts))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(store.heads(&rooms).await.unwrap()), told(reference.heads(&rooms).await.unwrap()));
    }

    fn user(&mut self) -> UserId {
        UserId::new(self.rng.random_range(1..=USERS))
    }
}

fn sorted(mut markers: Vec<ReadMarker>) -> Vec<ReadMarker> {
    markers.sort_by_key(|marker| (marker.user, marker.room));
    markers
}
