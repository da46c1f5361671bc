//! Measures the embedded message store: durable commits, CPU and memory, pages and heads, opening again.
//!
//! `cargo run --release -p tertulia-adapters --example message_store -- [ROWS] [BATCH] [ROOMS]`
//! Figures and how they were got stand in docs/decisions/0003-embedded-message-store.md.

use std::{
    fs,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use tertulia_adapters::messages::embedded::EmbeddedMessages;
use tertulia_core::{
    Entry, EntryBody, Epoch, Nonce, RoomId, ShardId, TimeMs, UserId, room::Head, row::Row, shard::shard_of,
};
use tertulia_ports::{
    contract::block_on,
    messages::{Append, AppendRow, Appended, From, Messages, RoomAppend, Span},
};

/// How many reads of a kind are measured.
const READS: u64 = 5_000;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>().expect("a number"));
    let rows = arguments.next().unwrap_or(200_000);
    let batch = arguments.next().unwrap_or(64);
    let rooms = arguments.next().unwrap_or(2_000);
    let folder = tempfile::tempdir().expect("a folder");
    let open = || EmbeddedMessages::open(folder.path(), || "bench".into()).expect("it opens");

    let began = Instant::now();
    let store = open();
    println!("made in {:?}, memory {} KB", began.elapsed(), memory_kb());
    let shards: Vec<_> = ShardId::all().collect();
    let epoch = block_on(store.take_over(&shards)).expect("owned")[0].epoch;
    let mut load =
        Load { template: template(), heads: vec![0; rooms as usize], epoch, at: 0x9e37_79b9_7f4a_7c15 };

    let (memory, cpu, began) = (memory_kb(), cpu_time(), Instant::now());
    let mut turns = Vec::new();
    for _ in 0..rows / batch {
        let appends = load.batch(batch);
        let began = Instant::now();
        append(&store, appends);
        turns.push(began.elapsed());
    }
    let (wall, busy, peak) = (began.elapsed(), cpu_time() - cpu, memory_kb());
    std::thread::sleep(Duration::from_secs(1));
    turns.sort();
    println!(
        "{rows} rows in batches of {batch} to {rooms} rooms: {:.0} rows/s, {:.2} us CPU a row ({:.2} with what followed)",
        rows as f64 / wall.as_secs_f64(),
        busy.as_secs_f64() * 1e6 / rows as f64,
        (cpu_time() - cpu).as_secs_f64() * 1e6 / rows as f64,
    );
    println!(
        "a turn: half within {:?}, 99 of 100 within {:?}",
        turns[turns.len() / 2],
        turns[turns.len() * 99 / 100]
    );
    println!("memory: {} KB more under load, {} KB after", peak - memory, memory_kb() - memory);
    reads(&store, &mut load, rooms);
    drop(store);
    let began = Instant::now();
    let store = open();
    println!(
        "opened again in {:?}, memory {} KB, {} KB on disk",
        began.elapsed(),
        memory_kb(),
        disk_kb(folder.path())
    );
    reads(&store, &mut load, rooms);
}

fn reads(store: &EmbeddedMessages, load: &mut Load, rooms: u64) {
    let span =
        |room: u64, last| Span { room: RoomId::new(room + 1), first: 1, last, epochs: [(1, 1)].into() };
    let mut measure = |what: &str, read: &dyn Fn(u64, u64)| {
        let began = Instant::now();
        for _ in 0..READS {
            let room = load.random() % rooms;
            read(room, load.heads[room as usize]);
        }
        println!("{what}: {:.1} us", began.elapsed().as_secs_f64() * 1e6 / READS as f64);
    };
    measure("newest page of 50", &|room, head| {
        let page = block_on(store.read(&span(room, head), From::End, 50)).expect("a page");
        assert_eq!(page.len() as u64, head.min(50));
    });
    measure("any page of 50", &|room, head| {
        let last = (room * 7_919) % head.max(1) + 1;
        block_on(store.read(&span(room, last), From::End, 50)).expect("a page");
    });
    measure("head of a room", &|room, _| {
        block_on(store.heads(&[RoomId::new(room + 1)])).expect("a head");
    });
}

struct Load {
    template: Vec<u8>,
    heads: Vec<u64>,
    epoch: Epoch,
    at: u64,
}

impl Load {
    fn random(&mut self) -> u64 {
        self.at ^= self.at << 13;
        self.at ^= self.at >> 7;
        self.at ^= self.at << 17;
        self.at
    }

    /// One row for each of so many rooms, or several if there are fewer.
    fn batch(&mut self, rows: u64) -> Vec<Append> {
        let first = self.random();
        let append = |at: u64| {
            let index = (first.wrapping_add(at * 31)) % self.heads.len() as u64;
            let seq = &mut self.heads[index as usize];
            *seq += 1;
            let room = RoomId::new(index + 1);
            let row = Row { seq: *seq, epoch: self.epoch, bytes: self.template.clone() };
            let rows = vec![AppendRow { row, message_by: Some(UserId::new(*seq % 5 + 1)) }];
            let head = Head { seq: *seq, posts: *seq, chain: [7; 32] };
            let rooms = vec![RoomAppend { room, head, rows, dirty: *seq == 1 }];
            Append { shard: shard_of(room), epoch: self.epoch, rooms }
        };
        (0..rows).map(append).collect()
    }
}

/// A row with a text of 200 bytes.
fn template() -> Vec<u8> {
    let body = EntryBody::Message { text: "x".repeat(200), reply_to: None, attachments: Vec::new() };
    let (sender, nonce, at, kind) = (UserId::new(1), Nonce(1), TimeMs(1), body.kind());
    let entry = Entry { seq: 1, posts: 1, sender, nonce, at, kind, body: Some(body) };
    Row::encode(&entry, 1, [0; 16], &[0; 32]).0.bytes
}

fn append(store: &EmbeddedMessages, appends: Vec<Append>) {
    let (sender, receiver) = mpsc::sync_channel(1);
    let sender = Arc::new(sender);
    store.append(appends, Box::new(move |outcomes| sender.send(outcomes).expect("somebody waits")));
    let outcomes = receiver.recv().expect("an answer");
    assert!(outcomes.iter().all(|outcome| *outcome == Appended::Committed));
}

fn cpu_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("a Linux machine");
    let fields: Vec<_> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
    let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}

fn memory_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("a Linux machine");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).expect("a number")
}

fn disk_kb(folder: &std::path::Path) -> u64 {
    let of_entry = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => disk_kb(&entry.path()),
        Ok(about) => about.len() / 1_024,
        Err(_) => 0,
    };
    fs::read_dir(folder).expect("a folder").filter_map(Result::ok).map(of_entry).sum()
}
