//! The suite that every directory passes on its real engine.
//!
//! `people.rs` has users, devices, friends and the audit; `rooms.rs` the owner's projection and invites, step by step;
//! `files.rs` uploads and what messages use of them;
//! `model.rs` long random histories of rooms against a model; `together.rs` callers at the same time.

#![expect(clippy::unwrap_used, reason = "a suite of tests")]

mod files;
mod model;
mod people;
mod rooms;
mod together;

use tertulia_core::{DeviceId, Entry, EntryBody, Nonce, RoomId, Seq, TimeMs, UserId};

use super::{Device, Directory, FeedChange, FeedKind, User};

/// Seeds of the random histories.
const SEEDS: std::ops::Range<u64> = 0..12;

/// Checks everything, on a fresh directory each time.
pub async fn check<D: Directory>(fresh: impl Fn() -> D) {
    people::check(&fresh).await;
    rooms::check(&fresh).await;
    files::check(&fresh).await;
    together::check(&fresh);
    for seed in SEEDS {
        model::check(&fresh(), seed).await;
    }
}

fn id(number: u64) -> UserId {
    UserId::new(number)
}

fn room_id(number: u64) -> RoomId {
    RoomId::new(number)
}

/// Somebody with the handle `user{number}`.
fn user(number: u64) -> User {
    named(number, &format!("user{number}"), &format!("User {number}"))
}

fn named(number: u64, handle: &str, name: &str) -> User {
    User {
        id: id(number),
        handle: handle.into(),
        name: name.into(),
        about: String::new(),
        admin: false,
        created_at: TimeMs(1_000 + number),
    }
}

async fn add_users(directory: &impl Directory, numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        directory.add_user(&user(number)).await.unwrap().unwrap();
    }
}

fn device(number: u64, user: u64, seen: u64, expires: u64) -> Device {
    Device {
        id: DeviceId::new(number),
        user: id(user),
        client: "web".into(),
        created_at: TimeMs(1),
        last_seen_at: TimeMs(seen),
        expires_at: TimeMs(expires),
    }
}

fn entry(seq: Seq, body: EntryBody) -> Entry {
    Entry {
        seq,
        posts: 0,
        sender: id(1),
        nonce: Nonce::default(),
        at: TimeMs(10_000 + seq),
        kind: body.kind(),
        body: Some(body),
    }
}

/// The changes of one kind for these users, each at its version.
fn changes<const N: usize>(of: FeedKind, at: [(u64, u64); N]) -> Vec<FeedChange> {
    at.into_iter().map(|(user, version)| FeedChange { user: id(user), version, of }).collect()
}
