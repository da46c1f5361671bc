//! Faults on real processes: people in rooms do everything at once, while the server is killed, stopped, ended and started
//! again, and while some clients never read and others send garbage. Each run has a fresh server; what its clients saw is
//! given to the [`checker`](crate::checker).
//!
//! A run, in order: [`world`] makes people and rooms, each [`person`] lives, `hostile` ones disturb, faults come by chance,
//! then calm, and `audit` reads everything back.

mod audit;
mod hostile;
mod members;
mod person;
mod tap;
mod world;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rand::{Rng, rngs::StdRng};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use self::{
    person::{Person, Shown},
    world::{MESSAGES_PER_10S, Phase, World, chance},
};
use crate::{
    checker::{
        self, Violation,
        record::{Record, What},
    },
    server::{Kind, Server, Setup, Signal},
};

/// Violations of a run that are printed; the trace has all.
const SHOWN_MAX: usize = 12;
/// Clients that never read, and clients that send garbage.
const DEAF: usize = 4;
const NOISY: usize = 3;
/// The device of what no device saw.
const NO_DEVICE: u32 = u32::MAX;

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The server's program.
    pub server: PathBuf,
    /// How many runs.
    pub runs: u64,
    /// The seed of the first; each further one has the next.
    pub seed: u64,
    /// People in a run.
    pub people: usize,
    /// Rooms in a run.
    pub rooms: usize,
    /// How long everything happens at once.
    pub chaos: Duration,
    /// Whether the server is disturbed.
    pub disturb: bool,
    /// Where traces of runs with violations go.
    pub traces: PathBuf,
}

/// What came of a run, or of all.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How often the server was disturbed.
    pub faults: usize,
    /// Posts that were acked.
    pub acked: usize,
    /// Promises that were not kept.
    pub violations: Vec<Violation>,
}

/// Runs all, and prints what came of it.
pub fn main(settings: &Settings) -> Result<ExitCode> {
    let total = run(settings)?;
    let (runs, violations) = (settings.runs, total.violations.len());
    println!(
        "\n{runs} runs, {} faults, {} acked messages, {violations} violations",
        total.faults, total.acked
    );
    Ok(if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs all, and prints how far it is and each violation.
pub fn run(settings: &Settings) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut total = Outcome::default();
    let began = Instant::now();
    for done in 0..settings.runs {
        let seed = settings.seed + done;
        let (outcome, records) =
            runtime.block_on(run_once(settings, seed)).with_context(|| format!("seed {seed}"))?;
        total.faults += outcome.faults;
        total.acked += outcome.acked;
        if !outcome.violations.is_empty() {
            report(settings, seed, &outcome, &records)?;
        }
        total.violations.extend(outcome.violations);
        progress(done + 1, settings.runs, &total, began.elapsed())?;
    }
    Ok(total)
}

fn progress(done: u64, runs: u64, total: &Outcome, spent: Duration) -> Result<()> {
    const WIDTH: u64 = 30;
    let filled = usize::try_from(done * WIDTH / runs.max(1))?;
    let bar = format!("{}{}", "█".repeat(filled), "░".repeat(WIDTH as usize - filled));
    let (faults, acked, violations) = (total.faults, total.acked, total.violations.len());
    print!(
        "\r{bar} {done}/{runs}  {faults} faults  {acked} acked  {violations} violations  {} s ",
        spent.as_secs()
    );
    std::io::stdout().flush()?;
    Ok(())
}

fn report(settings: &Settings, seed: u64, outcome: &Outcome, records: &[Record]) -> Result<()> {
    println!("\nseed {seed}: {} violations", outcome.violations.len());
    for violation in outcome.violations.iter().take(SHOWN_MAX) {
        println!("  {}", violation.to_string().chars().take(600).collect::<String>());
    }
    let trace = settings.traces.join(format!("faults-{seed}.jsonl"));
    write_trace(&trace, &outcome.violations, records)
        .with_context(|| format!("cannot write {}", trace.display()))?;
    println!("  trace: {}", trace.display());
    println!("  again: cargo xtask faults --runs 1 --seed {seed}");
    Ok(())
}

fn write_trace(path: &Path, violations: &[Violation], records: &[Record]) -> Result<()> {
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for violation in violations {
        writeln!(file, "{}", serde_json::json!({"violation": violation.to_string()}))?;
    }
    for record in records {
        writeln!(file, "{}", serde_json::to_string(record)?)?;
    }
    Ok(file.flush()?)
}

async fn run_once(settings: &Settings, seed: u64) -> Result<(Outcome, Vec<Record>)> {
    let folder = tempfile::tempdir().context("cannot make a folder for the server")?;
    let setup = Setup {
        kind: Kind::Tertulia,
        program: settings.server.clone(),
        data: folder.path().to_owned(),
        core: None,
    };
    let mut server = Server::start(setup)?;
    let ticket = server.ticket.clone().context("the server printed no link for its administrator")?;
    let (phase, phase_seen) = watch::channel(Phase::Chaos);
    let (people, rooms) = (settings.people, settings.rooms);
    let world =
        World::make(&server.address, &ticket, people, rooms, phase_seen, &mut chance(seed, 0)).await?;
    let world = Arc::new(world);
    let (mut lives, shown) = begin(&world, seed, settings);
    let faults = disturb(settings, &world, &mut server, &mut chance(seed, 1)).await?;
    world
        .admin
        .set_limits(&[("messages_per_10s", MESSAGES_PER_10S), ("requests_per_10s", 1_000_000)])
        .await
        .context("limits cannot be changed")?;
    phase.send_replace(Phase::Calm);
    audit::rest(&shown).await;
    let heads = audit::read_back(&world).await?;
    audit::delivered(&shown, &heads).await;
    phase.send_replace(Phase::Over);
    while lives.join_next().await.is_some() {}
    let acked = world.recorder.acked();
    let records = world.recorder.take();
    let violations = checker::check(&records);
    Ok((Outcome { faults, acked, violations }, records))
}

/// Starts everybody.
fn begin(world: &Arc<World>, seed: u64, settings: &Settings) -> (JoinSet<()>, Vec<Shown>) {
    let mut lives = JoinSet::new();
    let mut shown = Vec::new();
    let pace = Duration::from_millis(350);
    let devices = world.accounts.iter().enumerate();
    let devices = devices.flat_map(|(account, one)| (0..one.tokens.len()).map(move |token| (account, token)));
    for (device, (account, token)) in (0..).zip(devices) {
        let random = chance(seed, 100 + u64::from(device));
        let person = Person::new(Arc::clone(world), account, token, device, random, pace);
        shown.push(person.shown());
        lives.spawn(person.live());
    }
    if settings.disturb {
        for at in 0..DEAF {
            lives.spawn(hostile::never_read(Arc::clone(world), at, chance(seed, 20 + at as u64)));
        }
        for at in 0..NOISY {
            lives.spawn(hostile::garbage(Arc::clone(world), at, chance(seed, 40 + at as u64)));
        }
    }
    (lives, shown)
}

/// Disturbs the server until the chaos is over; how often.
async fn disturb(
    settings: &Settings,
    world: &World,
    server: &mut Server,
    random: &mut StdRng,
) -> Result<usize> {
    let began = Instant::now();
    let mut faults = 0;
    while began.elapsed() < settings.chaos {
        sleep(Duration::from_millis(random.random_range(500..2_000))).await;
        change_limits(world, random).await;
        if server.has_ended() {
            anyhow::bail!("the server ended by itself: {}", server.log());
        }
        if !settings.disturb {
            continue;
        }
        let struck_at = Instant::now();
        let how = strike(server, random).await?;
        let away_ms = u64::try_from(struck_at.elapsed().as_millis())?;
        world.recorder.add(world.accounts[0].user, NO_DEVICE, What::Disturbed { how, away_ms });
        faults += 1;
    }
    Ok(faults)
}

/// One fault, drawn by chance: what it was. The server is back when it returns.
async fn strike(server: &mut Server, random: &mut StdRng) -> Result<&'static str> {
    let pause = Duration::from_millis(random.random_range(0..400));
    match random.random_range(0..6) {
        0..3 => tokio::task::block_in_place(|| server.kill_and_start(pause)).map(|()| "kill -9"),
        3 => tokio::task::block_in_place(|| server.end_and_start(pause)).map(|()| "SIGTERM"),
        _ => {
            server.signal(Signal::Stop)?;
            sleep(Duration::from_millis(random.random_range(200..3_000))).await;
            server.signal(Signal::Continue)?;
            Ok("SIGSTOP")
        }
    }
}

/// Limits go up and down while people talk. A refusal is an answer, too; a server that is away gets it later.
async fn change_limits(world: &World, random: &mut StdRng) {
    let (text_bytes, messages) =
        (random.random_range(60..8_000), [100, MESSAGES_PER_10S][random.random_range(0..2)]);
    let _ = world.admin.set_limits(&[("text_bytes", text_bytes), ("messages_per_10s", messages)]).await;
}
