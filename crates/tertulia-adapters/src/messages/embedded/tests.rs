//! The embedded store under the port's suite, and how it answers while the disk fails.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    time::{Duration, Instant},
};

use tertulia_core::{
    Entry, EntryBody, Nonce, RoomId, Seq, ShardId, TimeMs, UserId,
    room::Head,
    row::{Row, chain_start},
    shard::shard_of,
};
use tertulia_ports::{
    contract::block_on,
    messages::{
        Append, AppendRow, Appended, From, Messages, ReadMarker, RoomAppend, Span,
        contract::{Place, check},
    },
};

use super::{EmbeddedMessages, store::disk::Disk};

const ROOM: RoomId = RoomId::new(7);
const USER: UserId = UserId::new(1);

struct Folder(tempfile::TempDir);

impl Place for Folder {
    fn open(&self) -> Arc<dyn Messages> {
        Arc::new(open_on(self.0.path(), &Disk::default()))
    }
}

fn open_on(folder: &Path, disk: &Disk) -> EmbeddedMessages {
    EmbeddedMessages::open_on(disk.clone(), folder, &mut || "a history".into()).unwrap()
}

#[test]
fn passes_the_suite() {
    block_on(check(|| Folder(tempfile::tempdir().unwrap())));
}

fn rows(epoch: u32, head: &mut Head, count: u64) -> Append {
    let number = |_| {
        let body = EntryBody::Message { text: "hola".into(), reply_to: None, attachments: Vec::new() };
        let (seq, posts, kind) = (head.seq + 1, head.posts + 1, body.kind());
        let entry =
            Entry { seq, posts, sender: USER, nonce: Nonce(1), at: TimeMs(seq), kind, body: Some(body) };
        let (row, chain) = Row::encode(&entry, epoch, [0; 16], &head.chain);
        *head = Head { seq, posts, chain };
        AppendRow { row, message_by: Some(USER) }
    };
    let rows = (0..count).map(number).collect();
    Append {
        shard: shard_of(ROOM),
        epoch,
        rooms: vec![RoomAppend { room: ROOM, head: *head, rows, dirty: true }],
    }
}

fn append(store: &EmbeddedMessages, append: &Append) -> Appended {
    let (sender, receiver) = mpsc::channel();
    store.append(vec![append.clone()], Box::new(move |outcomes| sender.send(outcomes[0]).unwrap()));
    receiver.recv().unwrap()
}

fn numbers(store: &EmbeddedMessages) -> Vec<Seq> {
    let span = Span { room: ROOM, first: 1, last: Seq::MAX, epochs: [(1, 1)].into() };
    block_on(store.read(&span, From::Start, 99)).unwrap().iter().map(|row| row.seq).collect()
}

#[test]
fn what_nobody_knows_is_repeated_until_it_is_known() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), Disk::default());
    let store = open_on(folder.path(), &disk);
    let shard = shard_of(ROOM);
    assert_eq!(block_on(store.take_over(&[shard])).unwrap()[0].epoch, 1);
    block_on(store.open_room(ROOM, 1, 9)).unwrap().unwrap();
    let mut head = Head { seq: 0, posts: 0, chain: chain_start(ROOM) };
    for fault in [&disk.faults.no_sync, &disk.faults.full] {
        let batch = rows(1, &mut head, 2);
        let before = numbers(&store);
        fault.store(true, SeqCst);
        for _ in 0..3 {
            assert_eq!(append(&store, &batch), Appended::Unknown);
            assert_eq!(numbers(&store), before, "not seen before it is known");
        }
        assert!(block_on(store.take_over(&[shard])).is_err());
        let marker = ReadMarker { room: ROOM, user: USER, seq: 1, posts: 1 };
        assert!(block_on(store.save_markers(vec![marker])).is_err());
        fault.store(false, SeqCst);
        let begun = Instant::now();
        while append(&store, &batch) != Appended::Committed {
            assert!(begun.elapsed() < Duration::from_secs(20), "it is stored when the disk works again");
        }
        assert_eq!(append(&store, &batch), Appended::Committed, "once more does no harm");
    }
    assert_eq!(numbers(&store), [1, 2, 3, 4]);
    drop(store);
    let store = open_on(folder.path(), &disk);
    assert_eq!(numbers(&store), [1, 2, 3, 4]);
    assert_eq!(block_on(store.take_over(&[shard])).unwrap()[0].epoch, 2, "a failed take-over raised nothing");
    assert_eq!(append(&store, &rows(1, &mut head, 1)), Appended::Fenced);
}

#[test]
fn answers_come_in_the_order_of_the_calls() {
    const APPENDS: usize = 500;
    let folder = tempfile::tempdir().unwrap();
    let store = open_on(folder.path(), &Disk::default());
    block_on(store.take_over(&[shard_of(ROOM)])).unwrap();
    block_on(store.open_room(ROOM, 1, 9)).unwrap().unwrap();
    let mut head = Head { seq: 0, posts: 0, chain: chain_start(ROOM) };
    let answered = Arc::new(AtomicUsize::new(0));
    for number in 0..APPENDS {
        let answered = answered.clone();
        let done = Box::new(move |outcomes: Vec<Appended>| {
            assert_eq!(outcomes, [Appended::Committed]);
            assert_eq!(answered.fetch_add(1, SeqCst), number);
        });
        store.append(vec![rows(1, &mut head, 1)], done);
    }
    // It stands behind all of them, and raises the fence above them.
    block_on(store.take_over(&[shard_of(ROOM)])).unwrap();
    assert_eq!(answered.load(SeqCst), APPENDS);
    drop(store);
    let store = open_on(folder.path(), &Disk::default());
    assert_eq!(block_on(store.heads(&[ROOM])).unwrap()[0].seq, APPENDS as u64);
}

#[test]
fn what_waits_is_stored_before_the_store_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_on(folder.path(), &Disk::default());
    block_on(store.take_over(&[shard_of(ROOM)])).unwrap();
    let mut head = Head { seq: 0, posts: 0, chain: chain_start(ROOM) };
    let (sender, receiver) = mpsc::channel();
    for _ in 0..50 {
        let sender = sender.clone();
        store
            .append(vec![rows(1, &mut head, 1)], Box::new(move |outcomes| sender.send(outcomes[0]).unwrap()));
    }
    drop((store, sender));
    assert_eq!(receiver.iter().filter(|outcome| *outcome == Appended::Committed).count(), 50);
}

#[test]
fn opening_and_taking_everything_over_is_quick() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<_> = ShardId::all().collect();
    for epoch in 1..3 {
        let begun = Instant::now();
        let store = open_on(folder.path(), &Disk::default());
        assert!(block_on(store.take_over(&all)).unwrap().iter().all(|taken| taken.epoch == epoch));
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    }
}
