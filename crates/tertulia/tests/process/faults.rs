//! A short run of `cargo xtask faults` on the real binary: a few people, and the server killed and stopped.

use std::time::Duration;

use tertulia_workload::faults::{Settings, run};

#[test]
fn people_lose_nothing_while_the_server_is_killed_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = run(&Settings {
        server: env!("CARGO_BIN_EXE_tertulia").into(),
        runs: 1,
        seed: 1,
        people: 30,
        rooms: 10,
        chaos: Duration::from_secs(4),
        disturb: true,
        traces: folder.path().to_owned(),
    })
    .unwrap();
    assert_eq!(outcome.violations, []);
    assert!(outcome.faults > 0 && outcome.acked > 100, "{outcome:?}");
}
