//! The embedded message store killed with -9 at any moment: what was acknowledged is there, once and unchanged, and
//! the store opens within a second.
//!
//! A child process (this program again) appends and prints what was committed; the parent kills it and looks. How many
//! times: `TERTULIA_CRASHES`, 60 unless told. A failing run prints its seed: `TERTULIA_CRASH_SEED`.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use tertulia_adapters::messages::embedded::EmbeddedMessages;
use tertulia_core::{
    Entry, EntryBody, Epoch, Nonce, RoomId, Seq, TimeMs, UserId,
    room::Head,
    row::{Row, chain_start},
    shard::shard_of,
};
use tertulia_ports::{
    contract::block_on,
    messages::{Append, AppendRow, Appended, From, Messages, RoomAppend, Span, Tail},
};

const CHILD_FOLDER: &str = "TERTULIA_CRASH_FOLDER";
const CRASHES: u64 = 60;
const ROOMS: u64 = 6;
/// Crashes on one folder before a fresh one is taken.
const CRASHES_OF_A_FOLDER: u64 = 20;
const OPENS_WITHIN: Duration = Duration::from_secs(1);
const OPENING_TRIES: u32 = 5;

fn open(folder: &Path) -> EmbeddedMessages {
    EmbeddedMessages::open(folder, || "crashes".into()).unwrap()
}

/// The text of an entry: long ones so that segments fill, and other ones at each number.
fn text_of(room: RoomId, seq: Seq) -> String {
    format!("{room}:{seq} ").repeat((seq % 7 * 40 + 1) as usize)
}

fn number_rows(room: RoomId, epoch: Epoch, head: &mut Head, count: u64) -> Vec<AppendRow> {
    let number = |_| {
        let (seq, posts) = (head.seq + 1, head.posts + 1);
        let body = EntryBody::Message { text: text_of(room, seq), reply_to: None, attachments: Vec::new() };
        let (sender, nonce, at, kind) = (UserId::new(1), Nonce(u128::from(seq)), TimeMs(seq), body.kind());
        let entry = Entry { seq, posts, sender, nonce, at, kind, body: Some(body) };
        let (row, chain) = Row::encode(&entry, epoch, [3; 16], &head.chain);
        *head = Head { seq, posts, chain };
        AppendRow { row, message_by: Some(sender) }
    };
    (0..count).map(number).collect()
}

/// The child: a writer for each room, until it is killed. Does nothing in an ordinary run.
#[test]
fn child() {
    let Ok(folder) = env::var(CHILD_FOLDER) else { return };
    let store = Arc::new(open(folder.as_ref()));
    let output = Arc::new(Mutex::new(std::io::stdout()));
    let writer = |number: u64| {
        let (store, output) = (store.clone(), output.clone());
        thread::spawn(move || write_on(&store, RoomId::new(number), &output))
    };
    let writers: Vec<_> = (1..=ROOMS).map(writer).collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
}

fn write_on(store: &EmbeddedMessages, room: RoomId, output: &Mutex<std::io::Stdout>) {
    let epoch = block_on(store.take_over(&[shard_of(room)])).unwrap()[0].epoch;
    let Tail { head, .. } = block_on(store.open_room(room, epoch, 1)).unwrap().unwrap();
    let mut head = head.unwrap_or(Head { seq: 0, posts: 0, chain: chain_start(room) });
    loop {
        let rows = number_rows(room, epoch, &mut head, room.get() % 3 * 5 + 1);
        let rooms = vec![RoomAppend { room, head, rows, dirty: head.seq < 20 }];
        let (sender, receiver) = mpsc::channel();
        let done = Box::new(move |outcomes: Vec<Appended>| sender.send(outcomes[0]).unwrap());
        store.append(vec![Append { shard: shard_of(room), epoch, rooms }], done);
        assert_eq!(receiver.recv().unwrap(), Appended::Committed);
        let mut output = output.lock().unwrap();
        writeln!(output, "acked {room} {}", head.seq).unwrap();
        output.flush().unwrap();
    }
}

/// Lets a child write for so long, kills it, and returns the last number acknowledged in each room.
fn write_and_kill(folder: &Path, after: Duration) -> BTreeMap<u64, Seq> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture", "--test-threads", "1"])
        .env(CHILD_FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let reader = thread::spawn(move || {
        let mut acked = BTreeMap::new();
        // The last line may be cut short: its number is too low then, which only asks for less.
        for line in output.split(b'\n') {
            let line = String::from_utf8(line.unwrap()).unwrap();
            let mut words = line.split(' ').skip_while(|word| *word != "acked").skip(1);
            if let (Some(room), Some(seq)) = (words.next(), words.next()) {
                let highest = acked.entry(room.parse().unwrap()).or_insert(0);
                *highest = seq.parse().unwrap_or(0).max(*highest);
            }
        }
        acked
    });
    thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

/// Opens the store within the time it has. Other work of the machine may be in the way once or twice.
fn open_within(folder: &Path) -> EmbeddedMessages {
    for _ in 0..OPENING_TRIES {
        let began = Instant::now();
        let store = open(folder);
        if began.elapsed() < OPENS_WITHIN {
            return store;
        }
    }
    panic!("it did not open within {OPENS_WITHIN:?}, {OPENING_TRIES} times");
}

/// Opens the store and holds each room against what was acknowledged. Returns how far each room goes.
fn look(folder: &Path, acked: &BTreeMap<u64, Seq>) -> u64 {
    let store = open_within(folder);
    let mut rows = 0;
    for number in 1..=ROOMS {
        let room = RoomId::new(number);
        let acked = acked.get(&number).copied().unwrap_or(0);
        let Some(head) = block_on(store.heads(&[room])).unwrap().pop() else {
            assert_eq!(acked, 0, "room {room} is lost");
            continue;
        };
        assert!(head.seq >= acked, "room {room}: {acked} was acknowledged, and the head is {}", head.seq);
        assert_eq!(head.posts, head.seq);
        let mut chain = chain_start(room);
        let mut next = 1;
        while next <= head.seq {
            let span = Span { room, first: next, last: head.seq, epochs: head.epochs.clone() };
            for row in block_on(store.read(&span, From::Start, usize::MAX)).unwrap() {
                assert_eq!(row.seq, next, "room {room} has a hole");
                assert!(row.proves(&chain), "room {room}: row {next} is another");
                let body =
                    EntryBody::Message { text: text_of(room, next), reply_to: None, attachments: Vec::new() };
                assert_eq!(row.decode().unwrap().body, Some(body));
                chain = row.chain().unwrap();
                next += 1;
            }
        }
        let sent = block_on(store.by_sender(room, UserId::new(1), Seq::MAX, usize::MAX)).unwrap();
        assert_eq!(sent, (1..=head.seq).rev().collect::<Vec<_>>(), "room {room}: its index");
        rows += head.seq;
    }
    rows
}

#[test]
fn nothing_acknowledged_is_lost() {
    let told = |name: &str, otherwise| env::var(name).map_or(otherwise, |value| value.parse().unwrap());
    let (crashes, seed) = (told("TERTULIA_CRASHES", CRASHES), told("TERTULIA_CRASH_SEED", 1));
    let mut rng = SmallRng::seed_from_u64(seed);
    println!("{crashes} crashes, seed {seed}");
    let mut folder = tempfile::tempdir().unwrap();
    let (mut acked, mut total) = (BTreeMap::new(), 0);
    for crash in 0..crashes {
        if crash % CRASHES_OF_A_FOLDER == 0 {
            folder = tempfile::tempdir().unwrap();
            acked.clear();
        }
        // Now and then within the opening itself.
        let after = Duration::from_micros(if rng.random_ratio(1, 4) {
            rng.random_range(500..20_000)
        } else {
            rng.random_range(20_000..250_000)
        });
        for (room, seq) in write_and_kill(folder.path(), after) {
            let highest = acked.entry(room).or_insert(0);
            *highest = seq.max(*highest);
        }
        total += acked.values().sum::<u64>();
        let rows = look(folder.path(), &acked);
        assert!(rows >= acked.values().sum(), "seed {seed}, crash {crash}");
    }
    assert!(total > 0 || crashes == 0, "something was acknowledged");
    println!("{crashes} crashes, nothing lost");
}
