//! What fjall 3 costs as a message store, with the keys of the embedded store, and what it does with damage.
//!
//! `fjall-as-message-store cost [ROWS] [BATCH] [ROOMS]` measures what the example `message_store` measures.
//! `fjall-as-message-store damage` flips each bit of a journal of five batches, and counts what opening makes of it.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

/// Bytes of a row with a text of 200 bytes.
const ROW_BYTES: usize = 347;
/// Bytes of a memtable: about those of a table of the embedded store.
const MEMTABLE_BYTES: u64 = 4 << 20;
const CACHE_BYTES: u64 = 4 << 20;
const READS: u64 = 5_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, otherwise| arguments.get(at).map_or(otherwise, |text| text.parse().expect("a number"));
    match arguments.first().map(String::as_str) {
        Some("damage") => damage(),
        _ => cost(number(1, 200_000), number(2, 64), number(3, 2_000)),
    }
}

fn open(folder: &Path) -> fjall::Result<(Database, Keyspace)> {
    let database = Database::builder(folder).cache_size(CACHE_BYTES).worker_threads(1).open()?;
    let keyspace =
        database.keyspace("messages", || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES))?;
    Ok((database, keyspace))
}

fn key(kind: u8, numbers: &[u64]) -> Vec<u8> {
    let mut key = vec![kind];
    numbers.iter().for_each(|number| key.extend(number.to_be_bytes()));
    key
}

fn cost(rows: u64, batch_rows: u64, rooms: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, keyspace) = open(folder.path()).expect("it opens");
    let (mut heads, mut random) = (vec![0u64; rooms as usize], 0x9e37_79b9_7f4a_7c15u64);
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let row = vec![7; ROW_BYTES];
    let (memory, cpu, began) = (memory_kb(), cpu_time(), Instant::now());
    for _ in 0..rows / batch_rows {
        let mut batch = database.batch().durability(Some(PersistMode::SyncData));
        let first = next();
        for at in 0..batch_rows {
            let room = first.wrapping_add(at * 31) % rooms;
            let seq = &mut heads[room as usize];
            *seq += 1;
            batch.insert(&keyspace, key(1, &[room, *seq]), &row[..]);
            batch.insert(&keyspace, key(2, &[room, *seq % 5, *seq]), vec![]);
            batch.insert(&keyspace, key(8, &[room]), &row[..48]);
        }
        batch.commit().expect("it commits");
    }
    let (wall, busy) = (began.elapsed().as_secs_f64(), cpu_time() - cpu);
    println!(
        "{rows} rows in batches of {batch_rows}: {:.0} rows/s, {:.2} us CPU a row, {} KB more",
        rows as f64 / wall,
        busy.as_secs_f64() * 1e6 / rows as f64,
        memory_kb() - memory
    );
    let began = Instant::now();
    for _ in 0..READS {
        let room = next() % rooms;
        let page = keyspace.range(key(1, &[room, 0])..=key(1, &[room, u64::MAX])).rev().take(50);
        page.for_each(|item| assert!(item.into_inner().is_ok()));
    }
    println!("newest page of 50: {:.1} us", began.elapsed().as_secs_f64() * 1e6 / READS as f64);
    drop((database, keyspace));
    let began = Instant::now();
    let _opened = open(folder.path()).expect("it opens again");
    println!("opened again in {:?}", began.elapsed());
}

fn damage() {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, keyspace) = open(folder.path()).expect("it opens");
    let from = journal(folder.path());
    for number in 0..5 {
        let mut batch = database.batch().durability(Some(PersistMode::SyncData));
        batch.insert(&keyspace, format!("key{number}"), format!("a value, the {number}th"));
        batch.commit().expect("it commits");
    }
    let whole = journal(folder.path());
    let bytes = whole.1.iter().rposition(|byte| *byte != 0).expect("a journal") + 1;
    // The last batch's damage cannot be told from a torn write.
    let last = whole.1.windows(4).rposition(|window| window == b"key4").expect("a batch") - 40;
    let (mut errors, mut lost, mut whole_again) = (0, 0, 0);
    for at in 0..last.min(bytes) {
        let mut damaged = whole.1.clone();
        damaged[at] ^= 0x10;
        let copied = tempfile::tempdir().expect("a folder");
        copy(folder.path(), copied.path());
        fs::write(copied.path().join(&from.0), damaged).expect("written");
        let opened = open(copied.path());
        let Ok((_database, keyspace)) = &opened else {
            errors += 1;
            continue;
        };
        match (0..5).all(|number| keyspace.get(format!("key{number}")).is_ok_and(|value| value.is_some())) {
            true => whole_again += 1,
            false => lost += 1,
        }
    }
    println!("{errors} errors, {whole_again} without harm, {lost} opened with durable batches silently lost");
}

/// The journal's name and bytes.
fn journal(folder: &Path) -> (String, Vec<u8>) {
    let mut files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let path = files.find(|path| path.extension().is_some_and(|name| name == "jnl")).expect("a journal");
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    let mut bytes = fs::read(path).expect("it reads");
    bytes.truncate(64 * 1_024);
    (name, bytes)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").map(|entry| entry.expect("a file")) {
        let target = to.join(entry.file_name());
        match entry.path() {
            path if path.is_dir() => {
                fs::create_dir(&target).expect("made");
                copy(&path, &target);
            }
            path if path.extension().is_some_and(|name| name == "jnl") => {}
            path => drop(fs::copy(path, target).expect("copied")),
        }
    }
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
