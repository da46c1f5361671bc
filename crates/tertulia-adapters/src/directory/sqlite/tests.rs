//! The contract suite, and what only this adapter has to show.

use std::{
    cell::RefCell,
    fs,
    pin::Pin,
    sync::mpsc::{Sender, channel},
    task::{Context, Poll, Waker},
};

use rusqlite::{Connection, Error};
use tempfile::TempDir;
use tertulia_core::{TimeMs, UserId};
use tertulia_ports::{
    EngineResult,
    contract::block_on,
    directory::{Privacy, User, Users, contract},
};

use super::{FILE, OpenError, SqliteDirectory, engine::CALLS_WAITING_MAX};

/// A call on its way.
type Calling<'a> = Pin<Box<dyn Future<Output = EngineResult<()>> + 'a>>;

fn user(number: u64) -> User {
    User {
        id: UserId::new(number),
        handle: format!("user{number}"),
        name: format!("User {number}"),
        about: String::new(),
        admin: false,
        created_at: TimeMs(number),
    }
}

fn on_disk() -> (TempDir, SqliteDirectory) {
    let folder = TempDir::new().unwrap();
    let directory = SqliteDirectory::open(folder.path()).unwrap();
    (folder, directory)
}

/// Keeps the writing thread busy until something is sent, or the sender goes.
fn hold_writer<'a>(directory: &'a SqliteDirectory) -> (Sender<()>, Calling<'a>) {
    let ((release, released), (start, started)) = (channel(), channel());
    let mut holding: Calling<'_> = Box::pin(directory.write(move |_| {
        start.send(()).unwrap();
        let _ = released.recv();
        Ok(())
    }));
    assert!(poll(&mut holding).is_pending());
    started.recv().unwrap();
    (release, holding)
}

fn poll(call: &mut Calling<'_>) -> Poll<EngineResult<()>> {
    call.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn the_suite_passes_in_memory() {
    block_on(contract::check(|| SqliteDirectory::in_memory().unwrap()));
}

#[test]
fn the_suite_passes_on_disk() {
    let folders = RefCell::new(Vec::new());
    block_on(contract::check(|| {
        let (folder, directory) = on_disk();
        folders.borrow_mut().push(folder);
        directory
    }));
}

#[test]
fn a_directory_on_disk_is_there_after_a_restart() {
    let (folder, directory) = on_disk();
    block_on(directory.add_user(&user(1))).unwrap().unwrap();
    drop(directory);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "one file, with everything in it");
    let directory = SqliteDirectory::open(folder.path()).unwrap();
    assert_eq!(block_on(directory.user(UserId::new(1))).unwrap(), Some(user(1)));
}

#[test]
fn what_is_answered_is_on_disk() {
    let (folder, directory) = on_disk();
    let number = |sql: &'static str| {
        block_on(directory.write(move |writer| writer.query_row(sql, [], |row| row.get::<_, i64>(0))))
    };
    assert_eq!(number("PRAGMA synchronous").unwrap(), 2, "FULL");
    assert_eq!(number("PRAGMA foreign_keys").unwrap(), 1);
    block_on(directory.add_user(&user(1))).unwrap().unwrap();
    // What a crash at this moment would leave, without a goodbye.
    let copy = TempDir::new().unwrap();
    for name in [FILE.to_owned(), format!("{FILE}-wal")] {
        fs::copy(folder.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let recovered = SqliteDirectory::open(copy.path()).unwrap();
    assert_eq!(block_on(recovered.user(UserId::new(1))).unwrap(), Some(user(1)));
}

#[test]
fn a_call_that_fails_takes_back_only_itself() {
    let (_folder, directory) = on_disk();
    for number in 1..=3 {
        block_on(directory.add_user(&user(number))).unwrap().unwrap();
    }
    let (release, holding) = hold_writer(&directory);
    let mut calls: Vec<Calling<'_>> = Vec::new();
    for number in 1..=3 {
        let mut call: Calling<'_> = Box::pin(directory.write(move |writer| {
            writer.execute("INSERT INTO credentials (user, password) VALUES (?, '')", [number])?;
            if number == 2 { Err(Error::InvalidQuery) } else { Ok(()) }
        }));
        assert!(poll(&mut call).is_pending());
        calls.push(call);
    }
    release.send(()).unwrap();
    block_on(holding).unwrap();
    let done: Vec<_> = calls.into_iter().map(|call| block_on(call).is_ok()).collect();
    assert_eq!(done, [true, false, true]);
    for number in 1..=3 {
        let there = block_on(directory.password(UserId::new(number))).unwrap().is_some();
        assert_eq!(there, number != 2, "{number}");
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, directory) = on_disk();
    block_on(directory.add_user(&user(1))).unwrap().unwrap();
    let mut names = Vec::new();
    for file in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.file_name());
        names.push(file.file_name());
    }
    assert!(names.len() >= 2, "the file and its log: {names:?}");
}

#[test]
fn calls_beyond_what_may_wait_are_turned_away() {
    let (_folder, directory) = on_disk();
    let (release, holding) = hold_writer(&directory);
    let mut calls: Vec<Calling<'_>> = Vec::new();
    for _ in 0..=CALLS_WAITING_MAX {
        let mut call: Calling<'_> =
            Box::pin(async { directory.set_admin(UserId::new(1), true).await.map(drop) });
        match poll(&mut call) {
            Poll::Pending => calls.push(call),
            Poll::Ready(refused) => {
                assert_eq!(refused.unwrap_err().to_string(), "sqlite: too many calls are waiting");
                break;
            }
        }
    }
    assert_eq!(calls.len(), CALLS_WAITING_MAX);
    release.send(()).unwrap();
    for call in std::iter::once(holding).chain(calls) {
        block_on(call).unwrap();
    }
    block_on(directory.set_admin(UserId::new(1), true)).unwrap();
}

#[test]
fn a_full_disk_is_an_error_and_nothing_else() {
    let (_folder, directory) = on_disk();
    block_on(directory.add_user(&user(1))).unwrap().unwrap();
    let limit = |pages: i64| {
        let limit = move |writer: &Connection| {
            writer.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))
        };
        block_on(directory.write(limit)).unwrap()
    };
    limit(1);
    let error = (2..1_000).find_map(|number| {
        let added =
            block_on(directory.set_settings(UserId::new(1), &"x".repeat(number * 100), Privacy::default()));
        added.err()
    });
    assert_eq!(error.unwrap().to_string(), "sqlite: database or disk is full");
    assert_eq!(block_on(directory.user(UserId::new(1))).unwrap(), Some(user(1)));
    limit(1 << 20);
    block_on(directory.add_user(&user(2))).unwrap().unwrap();
    assert_eq!(block_on(directory.count_users()).unwrap(), 2);
}

#[test]
fn what_cannot_be_opened_says_why() {
    let open = |spoil: &dyn Fn(&std::path::Path)| {
        let (folder, directory) = on_disk();
        for number in 1..=50 {
            block_on(directory.add_user(&user(number))).unwrap().unwrap();
        }
        drop(directory);
        let path = folder.path().join(FILE);
        spoil(&path);
        let before = fs::read(&path).ok();
        let opened = SqliteDirectory::open(folder.path());
        assert_eq!(fs::read(&path).ok(), before, "nothing changed");
        opened.err().map(|error| (error.to_string(), error))
    };
    let bytes = |path: &std::path::Path, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    };
    assert!(open(&|_| {}).is_none());
    for (what, change) in [
        ("no database", &(|bytes: &mut Vec<u8>| bytes.fill(b'x')) as &dyn Fn(&mut Vec<u8>)),
        ("cut", &|bytes| bytes.truncate(10_000)),
        ("a page of zeros", &|bytes| bytes[8_192..12_288].fill(0)),
        ("a header of noise", &|bytes| bytes[..16].fill(7)),
    ] {
        let (text, error) = open(&|path| bytes(path, change)).expect(what);
        assert!(matches!(error, OpenError::Damaged { .. }), "{what}: {text}");
        assert!(text.contains(FILE) && text.contains("backup"), "{what}: {text}");
    }
    let run = |sql: &'static str| {
        move |path: &std::path::Path| Connection::open(path).unwrap().execute_batch(sql).unwrap()
    };
    let (text, _) = open(&run("PRAGMA user_version = 99")).unwrap();
    assert!(
        text.ends_with("has schema version 99, and this program knows versions up to 4: use a newer program")
    );
    let (text, _) = open(&run("PRAGMA application_id = 7")).unwrap();
    assert!(text.ends_with("is a database of another program"), "{text}");
    let (text, _) = open(&|path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    })
    .unwrap();
    assert!(text.starts_with("cannot open "), "{text}");
    let nowhere = SqliteDirectory::open(std::path::Path::new("/nonexistent/folder")).err().unwrap();
    assert!(
        nowhere.to_string().starts_with("cannot open /nonexistent/folder/directory.sqlite: "),
        "{nowhere}"
    );
}
