//! A short run of `cargo xtask faults` on the real binary: a few people, and the server killed, stopped and disturbed. What
//! the wire cannot tell is looked up in the stores afterwards: that nothing is left of what expired or was deleted.

use std::{path::Path, time::Duration};

use tertulia_adapters::{directory::sqlite::SqliteDirectory, messages::embedded::EmbeddedMessages};
use tertulia_core::{RoomId, Seq, UserId};
use tertulia_ports::{
    directory::Rooms as _,
    messages::{From, Messages as _, Span},
};
use tertulia_workload::faults::{Outcome, Settings, run};

/// More than a run starts its server.
const EPOCHS_MAX: u32 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_lose_nothing_and_nothing_is_left_of_what_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().join("data");
    let settings = Settings {
        server: env!("CARGO_BIN_EXE_tertulia").into(),
        runs: 1,
        // It fills the disk, and kills the server in a sweep.
        seed: 2,
        people: 30,
        rooms: 10,
        chaos: Duration::from_secs(5),
        disturb: true,
        traces: folder.path().to_owned(),
        keep: Some(keep.clone()),
    };
    let outcome = tokio::task::spawn_blocking(move || run(&settings).unwrap()).await.unwrap();
    assert_eq!(outcome.violations, []);
    assert!(!outcome.faults.is_empty() && outcome.acked > 100, "{outcome}");
    assert!(!outcome.emptied.is_empty(), "{outcome}");
    let jumped = ["clock jump", "kill -9 in a sweep"].iter().any(|how| outcome.faults.contains_key(how));
    assert!(!jumped || !outcome.expired.is_empty(), "{outcome}");
    nothing_is_left(&keep, &outcome).await;
}

async fn nothing_is_left(data: &Path, outcome: &Outcome) {
    let messages = EmbeddedMessages::open(&data.join("messages"), String::new).unwrap();
    let directory = SqliteDirectory::open(data).unwrap();
    for room in outcome.emptied.iter().map(|room| RoomId::new(room.get())) {
        assert!(directory.room(room).await.unwrap().is_none(), "{room} was left by everybody");
        is_gone_up_to(&messages, room, Seq::MAX).await;
        assert_eq!(messages.markers_of_room(room, 10).await.unwrap(), []);
    }
    for (room, last) in &outcome.expired {
        is_gone_up_to(&messages, RoomId::new(room.get()), *last).await;
    }
}

/// No row is there, whichever epoch wrote it, and no state.
async fn is_gone_up_to(messages: &EmbeddedMessages, room: RoomId, last: Seq) {
    for epoch in 1..=EPOCHS_MAX {
        let span = Span { room, first: 1, last, epochs: [(epoch, 1)].into() };
        let rows = messages.read(&span, From::Start, 10).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.seq).collect::<Vec<_>>(), [0; 0], "of {room}, up to {last}");
    }
    let states = messages.states(room, 1, last, UserId::new(1)).await.unwrap();
    assert_eq!(states, [], "of {room}, up to {last}");
}
