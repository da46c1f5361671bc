//! The suite that every message store passes on its real engine.
//!
//! [`check`] runs all of it. The parts: who owns what (`ownership.rs`), the log (`log.rs`), what became of messages
//! (`changes.rs`), what goes away (`cleanup.rs`), and random calls beside the reference (`random.rs`).

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

mod changes;
mod cleanup;
mod log;
mod ownership;
mod random;

use std::sync::{Arc, mpsc};

use tertulia_core::{
    Entry, EntryBody, Epoch, Nonce, RoomId, Seq, TimeMs, UserId,
    room::{EpochList, Head},
    row::{Row, chain_start},
    shard::shard_of,
};

use super::{Append, AppendRow, Appended, From, Messages, RoomAppend, Span, Tail};

pub use random::check_random;

/// A place where a store lives: what was stored there is found again when it is opened again.
pub trait Place {
    /// Opens the store. The one before is dropped by then.
    fn open(&self) -> Arc<dyn Messages>;
}

/// Runs every check, each on a fresh place.
pub async fn check<P: Place>(fresh: impl Fn() -> P) {
    ownership::check(&fresh).await;
    log::check(&fresh).await;
    changes::check(&fresh).await;
    cleanup::check(&fresh).await;
    for seed in 0..RANDOM_SEEDS {
        check_random(&fresh(), seed, RANDOM_CALLS).await;
    }
}

/// How many seeds of random calls [`check`] takes, and how many calls of each.
const RANDOM_SEEDS: u64 = 4;
const RANDOM_CALLS: usize = 200;

const ROOM: RoomId = RoomId::new(71);
const OTHER_ROOM: RoomId = RoomId::new(72);
const ANA: UserId = UserId::new(1);
const BEN: UserId = UserId::new(2);

/// Somebody who owns a room and writes to its log.
#[derive(Debug, Clone)]
struct Owner {
    room: RoomId,
    epoch: Epoch,
    epochs: EpochList,
    head: Head,
}

impl Owner {
    /// Takes the room's shard over and opens the room.
    async fn take_over(store: &dyn Messages, room: RoomId) -> Self {
        let taken = store.take_over(&[shard_of(room)]).await.unwrap();
        Self::open(store, room, taken[0].epoch).await
    }

    /// Opens the room under an epoch that owns its shard.
    async fn open(store: &dyn Messages, room: RoomId, epoch: Epoch) -> Self {
        let Tail { epochs, head, .. } =
            store.open_room(room, epoch, 8).await.unwrap().expect("the epoch owns the room");
        Self {
            room,
            epoch,
            epochs,
            head: head.unwrap_or(Head { seq: 0, posts: 0, chain: chain_start(room) }),
        }
    }

    /// Numbers bodies.
    fn number(&mut self, bodies: impl IntoIterator<Item = (UserId, EntryBody)>) -> Vec<AppendRow> {
        let number = |(sender, body): (UserId, EntryBody)| {
            let is_message = matches!(body, EntryBody::Message { .. });
            let seq = self.head.seq + 1;
            let posts = self.head.posts + u64::from(is_message);
            let (nonce, at) = (Nonce(u128::from(seq)), TimeMs(1_000 + seq * 10));
            let entry = Entry { seq, posts, sender, nonce, at, kind: body.kind(), body: Some(body) };
            let (row, chain) = Row::encode(&entry, self.epoch, [seq as u8; 16], &self.head.chain);
            self.head = Head { seq, posts, chain };
            AppendRow { row, message_by: is_message.then_some(sender) }
        };
        bodies.into_iter().map(number).collect()
    }

    fn append_of(&self, rows: Vec<AppendRow>, dirty: bool) -> Append {
        let rooms = vec![RoomAppend { room: self.room, head: self.head, rows, dirty }];
        Append { shard: shard_of(self.room), epoch: self.epoch, rooms }
    }

    /// Numbers and stores bodies.
    fn write(
        &mut self,
        store: &dyn Messages,
        bodies: impl IntoIterator<Item = (UserId, EntryBody)>,
    ) -> Appended {
        let rows = self.number(bodies);
        append(store, vec![self.append_of(rows, false)])[0]
    }

    /// Stores so many messages of Ana's.
    fn say(&mut self, store: &dyn Messages, count: u64) -> Appended {
        let first = self.head.seq + 1;
        self.write(store, (first..first + count).map(|seq| (ANA, text(&format!("text {seq}")))))
    }

    fn span(&self, first: Seq, last: Seq) -> Span {
        Span { room: self.room, first, last, epochs: self.epochs.clone() }
    }

    /// All rows of the log.
    async fn rows(&self, store: &dyn Messages) -> Vec<Row> {
        store.read(&self.span(1, self.head.seq), From::Start, usize::MAX).await.unwrap()
    }
}

fn text(text: &str) -> EntryBody {
    EntryBody::Message { text: text.into(), reply_to: None, attachments: Vec::new() }
}

/// Appends and waits for the outcomes, repeating what nobody knows.
fn append(store: &dyn Messages, appends: Vec<Append>) -> Vec<Appended> {
    loop {
        let (sender, receiver) = mpsc::channel();
        store.append(appends.clone(), Box::new(move |outcomes| sender.send(outcomes).unwrap()));
        let outcomes = receiver.recv().expect("every append is answered");
        assert_eq!(outcomes.len(), appends.len(), "an outcome for each append");
        if !outcomes.contains(&Appended::Unknown) {
            return outcomes;
        }
    }
}

fn numbers(rows: &[Row]) -> Vec<Seq> {
    rows.iter().map(|row| row.seq).collect()
}

/// Holds that the rows prove each other, from the room's start.
fn assert_proven(room: RoomId, rows: &[Row]) {
    let mut chain = chain_start(room);
    for (row, seq) in rows.iter().zip(1..) {
        assert_eq!(row.seq, seq, "no gaps");
        assert!(row.proves(&chain), "row {seq} proves itself");
        chain = row.chain().unwrap();
    }
}
