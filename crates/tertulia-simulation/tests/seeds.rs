//! The simulation tests itself: a seed replays byte for byte, the server as it is breaks nothing, and each safeguard that
//! is switched off is caught.

use tertulia_simulation::{Safeguard, Settings, run};

/// Within so many seeds a missing safeguard must be caught.
const SEEDS_MAX: u64 = 400;
/// Seeds that are run here; thousands are run by `cargo xtask sim`.
const SEEDS: u64 = 25;

fn is_caught_without(safeguard: Safeguard) {
    let settings = Settings { without: Some(safeguard), trace: false };
    let caught = (1..=SEEDS_MAX).find_map(|seed| run(seed, &settings).violation);
    assert!(caught.is_some(), "{SEEDS_MAX} seeds without {safeguard}, and nothing is seen");
}

#[test]
fn a_seed_replays_byte_for_byte() {
    for seed in [1, 2, 17] {
        let settings = Settings { without: None, trace: true };
        let (one, other) = (run(seed, &settings), run(seed, &settings));
        assert!(one.acked > 0 && one.trace.lines().count() as u64 >= one.events, "seed {seed} does nothing");
        assert!(one == other, "seed {seed} goes two ways");
    }
}

#[test]
fn a_trace_changes_nothing() {
    let [plain, traced] = [false, true].map(|trace| run(3, &Settings { without: None, trace }));
    assert_eq!((plain.events, plain.acked), (traced.events, traced.acked));
}

#[test]
fn nothing_is_broken() {
    for seed in 1..=SEEDS {
        let outcome = run(seed, &Settings::default());
        assert_eq!(outcome.violation, None, "seed {seed}");
    }
}

#[test]
fn without_fence_is_caught() {
    is_caught_without(Safeguard::Fence);
}

#[test]
fn without_commit_first_is_caught() {
    is_caught_without(Safeguard::CommitFirst);
}

#[test]
fn without_repair_is_caught() {
    is_caught_without(Safeguard::Repair);
}

#[test]
fn without_repeat_unknown_is_caught() {
    is_caught_without(Safeguard::RepeatUnknown);
}

#[test]
fn without_check_readers_is_caught() {
    is_caught_without(Safeguard::CheckReaders);
}

#[test]
fn without_hold_on_hole_is_caught() {
    is_caught_without(Safeguard::HoldOnHole);
}

#[test]
fn without_since_is_caught() {
    is_caught_without(Safeguard::Since);
}

#[test]
fn without_epoch_rows_is_caught() {
    is_caught_without(Safeguard::EpochRows);
}

#[test]
fn without_link_sequence_is_caught() {
    is_caught_without(Safeguard::LinkSequence);
}
