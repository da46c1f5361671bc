//! Does a server speak the protocol of `docs/protocol.md`? People sign up on it, walk through every frame and error, and
//! check each answer; `ok` or `failed` is printed for each step.
//!
//! `session.rs` is a whole session of two people, whose transcript is in the manual; `steps/` has what else there is.
//! `person.rs` is somebody with a device, `socket.rs` and `http.rs` are the wire, `transcript.rs` writes down what was
//! said. Nothing here knows more of the server than the manual tells.

mod http;
mod person;
mod session;
mod socket;
mod steps;
mod transcript;

use std::{path::PathBuf, process::ExitCode, time::Instant};

use anyhow::{Context, Result};
use tertulia_client::connection::Address;

use self::{steps::Stage, transcript::Recorder};

/// What to check, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the server is.
    pub server: Address,
    /// The ticket of an administrator's link: with it, limits are checked as well.
    pub ticket: Option<String>,
    /// Where the transcript of the session is written.
    pub transcript: Option<PathBuf>,
}

/// Runs all of it; fails if a step does.
pub fn main(settings: &Settings) -> Result<ExitCode> {
    Ok(if check(settings)? == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all of it: how many steps failed.
pub fn check(settings: &Settings) -> Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(settings))
}

async fn run(settings: &Settings) -> Result<usize> {
    let mut tally = Tally::default();
    let recorder = Recorder::default();
    tally.step("a session of two people, start to end", session::run(&settings.server, &recorder)).await;
    if let Some(path) = &settings.transcript {
        std::fs::write(path, recorder.text()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut stage = Stage::make(&settings.server, settings.ticket.as_deref()).await?;
    for (about, step) in steps::all() {
        tally.step(about, step(&mut stage)).await;
    }
    for (about, step) in steps::of_administrators() {
        match stage.has_administrator() {
            true => tally.step(about, step(&mut stage)).await,
            false => println!("left out: {about} (it needs --ticket)"),
        }
    }
    tally.step("rooms are deleted again", steps::clean(&mut stage)).await;
    println!("{} steps passed, {} failed", tally.passed, tally.failed);
    Ok(tally.failed)
}

/// What came out.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    async fn step(&mut self, about: &str, step: impl Future<Output = Result<()>>) {
        let began = Instant::now();
        let result = step.await;
        let ms = began.elapsed().as_millis();
        match result {
            Ok(()) => {
                self.passed += 1;
                println!("ok: {about} ({ms} ms)");
            }
            Err(error) => {
                self.failed += 1;
                println!("failed: {about}: {error:#}");
            }
        }
    }
}
