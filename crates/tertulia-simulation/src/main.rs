//! `tertulia-simulation --seeds N [--seed S] [--without SAFEGUARD] [--trace]`: runs seeds, and says what must not be.
//!
//! Without `--seed` the seeds are 1 to N; with it, N from S on. `cargo xtask sim` builds and runs this in release.

use std::{
    io::{self, Write as _},
    process::ExitCode,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
};

use tertulia_simulation::{Outcome, Settings, run};

/// Seeds of a run if nobody says.
const SEEDS: u64 = 200;
/// After how many seeds progress is told.
const PROGRESS: u64 = 250;
/// Seeds that fail before a run gives up: more tell nothing new.
const FAILURES_MAX: usize = 5;

fn main() -> ExitCode {
    match arguments() {
        Ok((seeds, first, settings)) => run_all(seeds, first, &settings),
        Err(error) => {
            eprintln!(
                "{error}\nusage: tertulia-simulation [--seeds N] [--seed S] [--without SAFEGUARD] [--trace]"
            );
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<(u64, u64, Settings), pico_args::Error> {
    let mut arguments = pico_args::Arguments::from_env();
    let trace = arguments.contains("--trace");
    let without = arguments.opt_value_from_str("--without")?;
    let seed: Option<u64> = arguments.opt_value_from_str("--seed")?;
    let seeds: Option<u64> = arguments.opt_value_from_str("--seeds")?;
    let rest = arguments.finish();
    if let Some(unknown) = rest.first() {
        return Err(pico_args::Error::ArgumentParsingFailed {
            cause: format!("there is no argument {}", unknown.to_string_lossy()),
        });
    }
    let seeds = seeds.unwrap_or(if seed.is_some() { 1 } else { SEEDS });
    Ok((seeds, seed.unwrap_or(1), Settings { without, trace }))
}

#[derive(Default)]
struct Totals {
    events: AtomicU64,
    acked: AtomicU64,
    done: AtomicU64,
    failed: Mutex<Vec<Outcome>>,
    stop: AtomicBool,
}

fn run_all(seeds: u64, first: u64, settings: &Settings) -> ExitCode {
    let totals = Totals::default();
    let next = AtomicU64::new(first);
    // Each seed is one thread's; several run side by side.
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| run_some(&next, first + seeds, seeds, settings, &totals));
        }
    });
    let mut failed = totals.failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.sort_by_key(|outcome| outcome.seed);
    for outcome in &failed {
        let violation = outcome.violation.as_deref().unwrap_or_default();
        let without = settings.without.map_or(String::new(), |safeguard| format!(" --without {safeguard}"));
        println!(
            "seed {}: {violation}\n  cargo xtask sim --seeds 1 --seed {}{without} --trace",
            outcome.seed, outcome.seed
        );
    }
    let [done, events, acked] =
        [&totals.done, &totals.events, &totals.acked].map(|count| count.load(Ordering::Relaxed));
    println!("{done} seeds, {events} events, {acked} acked, {} violations", failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run_some(next: &AtomicU64, end: u64, seeds: u64, settings: &Settings, totals: &Totals) {
    while !totals.stop.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        let outcome = run(seed, settings);
        if settings.trace {
            // Who closes the pipe has read enough.
            let _ = io::stdout().lock().write_all(outcome.trace.as_bytes());
        }
        totals.events.fetch_add(outcome.events, Ordering::Relaxed);
        totals.acked.fetch_add(outcome.acked, Ordering::Relaxed);
        let done = totals.done.fetch_add(1, Ordering::Relaxed) + 1;
        if done.is_multiple_of(PROGRESS) {
            println!("{done} of {seeds} seeds");
        }
        if outcome.violation.is_some() {
            let mut failed = totals.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.push(outcome);
            totals.stop.fetch_or(failed.len() >= FAILURES_MAX, Ordering::Relaxed);
        }
    }
}
