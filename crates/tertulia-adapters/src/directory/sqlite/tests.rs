//! The contract suite, and what only this adapter has to show.

use std::cell::RefCell;

use tempfile::TempDir;
use tertulia_core::{TimeMs, UserId};
use tertulia_ports::{
    contract::block_on,
    directory::{User, Users, contract},
};

use super::SqliteDirectory;

fn user(number: u64, handle: &str, name: &str) -> User {
    User {
        id: UserId::new(number),
        handle: handle.into(),
        name: name.into(),
        about: String::new(),
        admin: false,
        created_at: TimeMs(number),
    }
}

#[test]
fn the_suite_passes_in_memory() {
    block_on(contract::check(|| SqliteDirectory::in_memory().unwrap()));
}

#[test]
fn the_suite_passes_on_disk() {
    let folders = RefCell::new(Vec::new());
    block_on(contract::check(|| {
        let folder = TempDir::new().unwrap();
        let directory = SqliteDirectory::open(folder.path()).unwrap();
        folders.borrow_mut().push(folder);
        directory
    }));
}

#[test]
fn a_directory_on_disk_is_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let directory = SqliteDirectory::open(folder.path()).unwrap();
    let amaia = user(1, "amaia", "Amaia");
    block_on(directory.add_user(&amaia)).unwrap().unwrap();
    drop(directory);
    let directory = SqliteDirectory::open(folder.path()).unwrap();
    assert_eq!(block_on(directory.user(amaia.id)).unwrap(), Some(amaia));
}
