//! The store on a real folder: against a model, with torn and damaged files, on a disk that fails.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::SmallRng};
use tempfile::TempDir;

use super::{
    Batch, Direction, Fault, Key, KeyRange, Options, Store, disk::Disk, folder::Folder, log, run::RunWriter,
};

fn open_on(folder: &Path, disk: &Disk) -> Result<Store, Fault> {
    let mut fresh_history = || "a history".to_owned();
    let is_filtered = |key: &[u8]| key.first().is_some_and(|byte| byte % 2 == 0);
    Store::open(folder, Options { disk: disk.clone(), fresh_history: &mut fresh_history, is_filtered })
}

fn open(folder: &Path) -> Result<Store, Fault> {
    open_on(folder, &Disk::default())
}

fn put(store: &mut Store, pairs: &[(&[u8], &[u8])]) -> Result<(), Fault> {
    let mut batch = Batch::new();
    for (key, value) in pairs {
        batch.put(Key::from_slice(key), value);
    }
    store.commit(&mut batch)
}

fn get(store: &Store, key: &[u8]) -> Option<Vec<u8>> {
    store.shared().view().get(key).unwrap()
}

fn all(store: &Store, direction: Direction) -> Vec<(Vec<u8>, Vec<u8>)> {
    between(store, &[], &[0xff; 9], direction)
}

fn between(store: &Store, first: &[u8], end: &[u8], direction: Direction) -> Vec<(Vec<u8>, Vec<u8>)> {
    let range = KeyRange { first: Key::from_slice(first), end: Key::from_slice(end) };
    let mut cursor = store.shared().view().range(&range, direction);
    let mut items = Vec::new();
    while let Some((key, value)) = cursor.next().unwrap() {
        items.push((key.to_vec(), value));
    }
    items
}

/// Waits until everything sealed is written out and merged.
fn settle(store: &Store) {
    let begun = Instant::now();
    let is_busy = || {
        let has_sealed = !store.shared.state().sealed.is_empty();
        let runs: Vec<_> = store.shared.state().runs.iter().map(|run| run.bytes()).collect();
        has_sealed || super::background::choose(&runs).is_some()
    };
    while is_busy() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the threads behind do their work");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for folder in ["log", "runs"] {
        fs::create_dir(to.path().join(folder)).unwrap();
        for file in files(&from.join(folder)) {
            fs::copy(&file, to.path().join(folder).join(file.file_name().unwrap())).unwrap();
        }
    }
    for file in ["FORMAT", "HISTORY"] {
        fs::copy(from.join(file), to.path().join(file)).unwrap();
    }
    to
}

#[test]
fn answers_as_a_map_does_through_runs_merges_and_restarts() {
    for seed in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut store = open(folder.path()).unwrap();
        for turn in 0..800 {
            let mut batch = Batch::new();
            for _ in 0..rng.random_range(1..12) {
                let number: u32 = rng.random_range(0..3_000);
                let key = [&[number as u8 % 5][..], &number.to_be_bytes()].concat();
                if rng.random_ratio(1, 5) {
                    batch.delete(Key::from_slice(&key));
                    model.remove(&key);
                } else {
                    let value = vec![rng.random(); rng.random_range(0..9_000)];
                    batch.put(Key::from_slice(&key), &value);
                    assert_eq!(batch.get(&key), Some(Some(&value[..])), "a batch reads what it wrote");
                    model.insert(key, value);
                }
            }
            store.commit(&mut batch).unwrap();
            if rng.random_ratio(1, 300) {
                drop(store);
                store = open(folder.path()).unwrap();
            }
            let [one, other] =
                [0, 0].map(|_| [&[rng.random_range(0..6)][..], &[0, 0, rng.random(), 0]].concat());
            let expected: Vec<_> = model
                .range(one.clone()..other.clone().max(one.clone()))
                .take(40)
                .map(|(key, _)| key.clone())
                .collect();
            let found = between(&store, &one, &other, Direction::Up);
            assert_eq!(
                found.into_iter().take(40).map(|(key, _)| key).collect::<Vec<_>>(),
                expected,
                "turn {turn}"
            );
            let key = [&[rng.random_range(0..5)][..], &rng.random_range(0..3_000u32).to_be_bytes()].concat();
            assert_eq!(get(&store, &key).as_ref(), model.get(&key));
        }
        settle(&store);
        assert!(store.shared.state().runs.len() < 8, "runs are merged");
        let expected: Vec<_> = model.into_iter().collect();
        assert_eq!(all(&store, Direction::Up), expected);
        drop(store);
        let store = open(folder.path()).unwrap();
        assert_eq!(all(&store, Direction::Down), expected.into_iter().rev().collect::<Vec<_>>());
    }
}

#[test]
fn readers_see_all_that_was_committed_while_tables_become_runs() {
    const KEYS: u64 = 64;
    const TURNS: u64 = 6_000;
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    let shared = store.shared().clone();
    let committed = AtomicU64::new(0);
    // Turn t sets key t % KEYS to t. So after turn c, no key is older than c - KEYS.
    let key = |turn: u64| Key::from_slice(&(turn % KEYS).to_be_bytes());
    let turn_of = |value: &[u8]| u64::from_be_bytes(value[..8].try_into().unwrap());
    let reader = |seed| {
        let mut rng = SmallRng::seed_from_u64(seed);
        loop {
            let before = committed.load(SeqCst);
            let wanted = rng.random_range(before.saturating_sub(KEYS - 1)..=before).max(1);
            let found = if rng.random() {
                shared.view().get(&key(wanted)).unwrap()
            } else {
                let range =
                    KeyRange { first: key(wanted), end: key(wanted).into_iter().chain([0]).collect() };
                let direction = if rng.random() { Direction::Up } else { Direction::Down };
                shared.view().range(&range, direction).next().unwrap().map(|(_, value)| value)
            };
            assert!(
                before == 0 || found.is_some_and(|value| turn_of(&value) >= wanted),
                "turn {wanted} is not seen"
            );
            if before == TURNS {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2).map(|seed| scope.spawn(move || reader(seed))).collect();
        let mut batch = Batch::new();
        for turn in 1..=TURNS {
            batch.put(key(turn), &[&turn.to_be_bytes()[..], &[0; 3_000]].concat());
            if turn % 8 == 0 {
                store.commit(&mut batch).unwrap();
                committed.store(turn, SeqCst);
            }
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    settle(&store);
    assert!(
        store.shared.state().runs.iter().any(|run| run.segments().0 != run.segments().1),
        "some were merged"
    );
}

#[test]
fn a_torn_tail_is_cut_wherever_it_tore() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    put(&mut store, &[(b"a", b"first")]).unwrap();
    put(&mut store, &[(b"b", b"second")]).unwrap();
    let start = fs::read(folder.path().join("log/0000000001.log"))
        .unwrap()
        .iter()
        .rposition(|byte| *byte != 0)
        .unwrap();
    put(&mut store, &[(b"c", b"the third, which is torn")]).unwrap();
    drop(store);
    let whole = fs::read(folder.path().join("log/0000000001.log")).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut rng = SmallRng::seed_from_u64(1);
    for at in start.next_multiple_of(8)..=end {
        let [cut, mut zeroed, mut garbled] = [0, 1, 2].map(|_| whole.clone());
        zeroed[at..].fill(0);
        rng.fill(&mut garbled[at..end]);
        let hows = [("cut", &cut[..at]), ("zeroed", &zeroed), ("garbled", &garbled)];
        for (how, bytes) in hows.into_iter().filter(|(how, _)| *how == "cut" || at % 3 == 0) {
            let copied = copy(folder.path());
            fs::write(copied.path().join("log/0000000001.log"), bytes).unwrap();
            let mut store = open(copied.path()).unwrap();
            let expected: &[_] = if at == end && how != "cut" { &[b"a", b"b", b"c"] } else { &[b"a", b"b"] };
            let keys: Vec<_> = all(&store, Direction::Up).into_iter().map(|(key, _)| key).collect();
            assert!(keys == expected || at == end, "{how} at byte {at}: {keys:?}");
            put(&mut store, &[(b"d", b"and on it goes")]).unwrap();
            drop(store);
            let store = open(copied.path()).unwrap();
            assert_eq!(get(&store, b"b"), Some(b"second".to_vec()), "{how} at byte {at}");
            assert_eq!(get(&store, b"d"), Some(b"and on it goes".to_vec()), "{how} at byte {at}");
        }
    }
}

#[test]
fn damage_before_whole_records_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    for number in 0..4u8 {
        put(&mut store, &[(&[number], b"a value")]).unwrap();
    }
    drop(store);
    let path = folder.path().join("log/0000000001.log");
    let whole = fs::read(&path).unwrap();
    let last = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let record = log::RECORD_HEADER_BYTES + 6 + 1 + 7;
    let last_record = last + 1 - record;
    // Up to the last record, whose damage cannot be told from a torn write. The padding is not looked at.
    let is_padding = |at: usize| at >= 16 && (at - 16) % record.next_multiple_of(8) >= record;
    for at in (0..last_record).filter(|at| !is_padding(*at)) {
        let copied = copy(folder.path());
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(copied.path().join("log/0000000001.log"), damaged).unwrap();
        let error = open(copied.path()).expect_err(&format!("byte {at} is wrong")).to_string();
        assert!(error.contains("log/0000000001.log is damaged") && error.contains("backup"), "{error}");
    }
}

/// A store with some runs.
fn with_runs(folder: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut store = open(folder).unwrap();
    let mut model = BTreeMap::new();
    let mut batch = Batch::new();
    for number in 0..5_500u32 {
        let (key, value) = (number.reverse_bits().to_be_bytes(), vec![number as u8; 2_000]);
        batch.put(Key::from_slice(&key), &value);
        model.insert(key.to_vec(), value);
        if batch.bytes() > 100_000 {
            store.commit(&mut batch).unwrap();
        }
    }
    store.commit(&mut batch).unwrap();
    settle(&store);
    model
}

#[test]
fn damage_in_runs_is_never_read_as_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let model = with_runs(folder.path());
    let mut rng = SmallRng::seed_from_u64(2);
    for _ in 0..40 {
        let copied = copy(folder.path());
        let runs = files(&copied.path().join("runs"));
        let run = &runs[rng.random_range(0..runs.len())];
        let mut bytes = fs::read(run).unwrap();
        let at = match rng.random_range(0..4) {
            0 => bytes.len() - rng.random_range(1..400),
            _ => rng.random_range(0..bytes.len()),
        };
        bytes[at] ^= 1 << rng.random_range(0..8);
        fs::write(run, bytes).unwrap();
        let outcome = open(copied.path()).and_then(|store| {
            let view = store.shared().view();
            for (key, value) in &model {
                assert_eq!(view.get(key)?.as_ref(), Some(value), "a wrong value, and no error");
            }
            let mut cursor =
                view.range(&KeyRange { first: Key::new(), end: Key::from_slice(&[0xff; 9]) }, Direction::Up);
            while let Some((key, value)) = cursor.next()? {
                assert_eq!(model.get(&key[..]), Some(&value), "a wrong value, and no error");
            }
            Ok(())
        });
        let name = run.file_name().unwrap().to_str().unwrap();
        if let Err(fault) = outcome {
            assert!(fault.to_string().contains(name), "{fault} does not name {name}");
        }
    }
}

#[test]
fn missing_files_are_errors_that_name_them() {
    let folder = tempfile::tempdir().unwrap();
    with_runs(folder.path());
    for part in ["runs", "log"] {
        let copied = copy(folder.path());
        let of_part = files(&copied.path().join(part));
        assert!(of_part.len() >= 2, "{of_part:?}");
        fs::remove_file(&of_part[0]).unwrap();
        let error = open(copied.path()).expect_err("a file is missing").to_string();
        assert!(error.contains(part) && error.contains("later ones are there"), "{error}");
    }
}

#[test]
fn half_done_work_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let model = with_runs(folder.path());
    let runs = files(&folder.path().join("runs"));
    fs::write(folder.path().join("runs/0000000001-0000000009.tmp"), b"half a run").unwrap();
    // As if a merge had ended, and the process before it removed what it merged.
    let merged = runs.iter().map(|run| run.file_stem().unwrap().to_str().unwrap().split_once('-').unwrap());
    let (first, last) = merged.into_iter().find(|(first, last)| first != last).expect("some were merged");
    let before = folder.path().join(format!("runs/{first}-{first}.run"));
    fs::copy(folder.path().join(format!("runs/{first}-{last}.run")), before).unwrap();
    let store = open(folder.path()).unwrap();
    assert_eq!(all(&store, Direction::Up), model.into_iter().collect::<Vec<_>>());
    assert_eq!(files(&folder.path().join("runs")), runs);
}

#[test]
fn one_process_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let error = open(folder.path()).expect_err("it is in use").to_string();
    let expected =
        format!("data folder {} is in use by process {}", folder.path().display(), std::process::id());
    assert_eq!(error, expected);
    drop(store);
    open(folder.path()).unwrap();
}

#[test]
fn another_format_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    fs::write(folder.path().join("FORMAT"), "tertulia messages, format 2\n").unwrap();
    let error = open(folder.path()).expect_err("another format").to_string();
    assert!(error.contains("FORMAT") && error.contains("format 2") && error.contains("format 1"), "{error}");
}

#[test]
fn the_history_is_kept_and_renewed_when_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(open(folder.path()).unwrap().shared().history(), "a history");
    fs::write(folder.path().join("HISTORY"), "another").unwrap();
    assert_eq!(open(folder.path()).unwrap().shared().history(), "another");
    fs::remove_file(folder.path().join("HISTORY")).unwrap();
    assert_eq!(open(folder.path()).unwrap().shared().history(), "a history");
}

#[test]
fn what_could_not_be_made_durable_never_shows_beside_what_came_after() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), Disk::default());
    let mut store = open_on(folder.path(), &disk).unwrap();
    put(&mut store, &[(b"a", b"before")]).unwrap();
    for round in 0..3 {
        disk.faults.no_sync.store(true, SeqCst);
        // Whole on the disk, but nobody knows.
        put(&mut store, &[(b"lost", b"unknown"), (b"a", b"unknown")]).expect_err("it cannot be synced");
        put(&mut store, &[(b"lost", b"unknown")]).expect_err("it still cannot");
        assert_eq!(get(&store, b"lost"), None);
        disk.faults.no_sync.store(false, SeqCst);
        let value = format!("after {round}");
        assert!((0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            put(&mut store, &[(b"b", value.as_bytes())]).is_ok()
        }));
        assert_eq!(get(&store, b"a"), Some(b"before".to_vec()));
        if round == 1 {
            drop(store);
            store = open_on(folder.path(), &disk).unwrap();
        }
    }
    settle(&store);
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(get(&store, b"lost"), None);
    assert_eq!(get(&store, b"a"), Some(b"before".to_vec()));
    assert_eq!(get(&store, b"b"), Some(b"after 2".to_vec()));
}

#[test]
fn a_full_disk_loses_nothing() {
    let (folder, disk) = (tempfile::tempdir().unwrap(), Disk::default());
    let mut store = open_on(folder.path(), &disk).unwrap();
    let value = vec![7; 10_000];
    let put_until_stored = |store: &mut Store, number: u32| {
        let begun = Instant::now();
        while put(store, &[(&number.to_be_bytes(), &value)]).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the disk has space again");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    for number in 0..450u32 {
        if number % 150 == 149 {
            disk.faults.full.store(true, SeqCst);
            for _ in 0..3 {
                put(&mut store, &[(b"never", &value)]).expect_err("the disk is full");
            }
            assert_eq!(all(&store, Direction::Up).len(), number as usize);
            disk.faults.full.store(false, SeqCst);
        }
        put_until_stored(&mut store, number);
    }
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(all(&store, Direction::Up).len(), 450);
}

#[test]
fn records_larger_than_a_segment_fit() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    let large = vec![9; 3 * log::SEGMENT_BYTES];
    put(&mut store, &[(b"a", b"small")]).unwrap();
    put(&mut store, &[(b"b", &large)]).unwrap();
    put(&mut store, &[(b"c", b"small")]).unwrap();
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(get(&store, b"b"), Some(large));
    assert_eq!(get(&store, b"c"), Some(b"small".to_vec()));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_logs_format_is_frozen() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    let mut batch = Batch::new();
    batch.put(Key::from_slice(b"a key"), b"a value");
    batch.delete(Key::from_slice(b"gone"));
    store.commit(&mut batch).unwrap();
    let log = fs::read(folder.path().join("log/0000000001.log")).unwrap();
    assert_eq!(log.len(), log::SEGMENT_BYTES);
    let frozen = concat!(
        "544552544c4f473100000000000000017e2710c50000001c00000000000000010000000000000001585cb8f0da578d8b",
        "00050000000761206b6579612076616c75650004ffffffff676f6e65000000000000000000000000",
    );
    assert_eq!(hex(&log[..88]), frozen);
    assert!(log[88..].iter().all(|byte| *byte == 0));
}

#[test]
fn the_runs_format_is_frozen() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Folder::open(folder.path(), Disk::default(), &mut || "a history".into()).unwrap();
    let mut writer = RunWriter::create(&folder, (2, 5), 9, 2).unwrap();
    writer.add(b"a kex", None, false).unwrap();
    writer.add(b"a key", Some(b"a value"), true).unwrap();
    writer.add(b"another", Some(b""), true).unwrap();
    writer.finish().unwrap();
    let run = fs::read(folder.run(2, 5)).unwrap();
    let frozen = concat!(
        "00050061206b657804010879612076616c75650106016e6f7468657205e6e7df591f15ab00050361206b65780024f650",
        "f707904f9a3100050361206b657824120106006e6f74686572c551529f34ce315f850000000800100000000000000000",
        "000000000000020000100000000008000000000000000200000000000800000004000000000000000212c787989837b3",
        "6800000000000000360000001b0000000000000051000000000000004000000000000000030000000000000002000000",
        "0000000009779bc4fb0d264c905445525452554e31",
    );
    assert_eq!(hex(&run), frozen);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("messages");
    drop(open(&folder).unwrap());
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
}
