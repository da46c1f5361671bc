//! Faults on real processes: people in rooms do everything at once, while the server is killed, stopped, ended and started
//! again, its disk is full or slow, its clock jumps, everybody is cut off at once, some clients never read and others send
//! garbage. Each run has a fresh server; what its clients saw is given to the [`checker`](crate::checker).
//!
//! A run, in order: `world` makes people and rooms, each `person` lives, `keepers` change retention and make rooms that
//! everybody leaves, `hostile` ones disturb, `strikes` come by chance on the server with its `disk` and `weather`, then
//! calm, and `audit` reads everything back.

mod audit;
mod disk;
mod figures;
mod hostile;
mod keepers;
mod members;
mod person;
mod strikes;
mod tap;
mod weather;
mod world;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Once},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rand::{Rng, rngs::StdRng};
use tokio::{sync::watch, task::JoinSet, time::sleep};

pub use self::figures::Outcome;
use self::{
    disk::Disk,
    person::{Person, Shown},
    strikes::Striker,
    weather::Weather,
    world::{MESSAGES_PER_10S, Phase, World, chance},
};
use crate::{
    checker::{self, Violation, record::Record},
    server::{Ground, Kind, Server, Setup},
};

/// Violations of a run that are printed; the trace has all.
const SHOWN_MAX: usize = 12;
/// Clients that never read, and clients that send garbage.
const DEAF: usize = 4;
const NOISY: usize = 3;
/// Those who make rooms that everybody leaves.
const PASSING: u64 = 3;
/// The jobs that look for what is over: every second.
const SWEEPS: [&str; 2] = ["TERTULIA_JOBS__EMPTY_ROOMS_S", "TERTULIA_JOBS__RETENTION_S"];
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
    /// Where the data folder of the last run is left, if it is to be looked at.
    pub keep: Option<PathBuf>,
}

/// Runs all, and prints what came of it.
pub fn main(settings: &Settings) -> Result<ExitCode> {
    let total = run(settings)?;
    println!("\n{} runs, {total}", settings.runs);
    Ok(if total.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
        if !outcome.violations.is_empty() {
            report(settings, seed, &outcome, &records)?;
        }
        total.add(outcome);
        progress(done + 1, settings.runs, &total, began.elapsed())?;
    }
    Ok(total)
}

fn progress(done: u64, runs: u64, total: &Outcome, spent: Duration) -> Result<()> {
    const WIDTH: u64 = 30;
    let filled = usize::try_from(done * WIDTH / runs.max(1))?;
    let bar = format!("{}{}", "█".repeat(filled), "░".repeat(WIDTH as usize - filled));
    let (faults, acked, violations) =
        (total.faults.values().sum::<usize>(), total.acked, total.violations.len());
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

/// What a run's server stands on.
struct Site {
    folder: tempfile::TempDir,
    disk: Disk,
    weather: Option<Weather>,
    ground: Ground,
}

impl Site {
    /// A folder on a disk that can be filled, under a weather; what cannot be had on this machine is said once.
    fn make() -> Result<Self> {
        static SAY: Once = Once::new();
        let folder = tempfile::tempdir().context("cannot make a folder for the server")?;
        let (disk, limited) = Disk::make(&folder.path().join("server"))?;
        let made = Weather::make(folder.path());
        SAY.call_once(|| {
            if let Some(why) = limited {
                println!("no file system of its own ({why}): a limit on files stands in for a full disk");
            }
            if let Err(why) = &made {
                println!("no weather ({why:#}): clocks do not jump, disks are not slow, nothing expires");
            }
        });
        let (weather, mut environment) = made.map_or((None, Vec::new()), |(made, with)| (Some(made), with));
        for job in SWEEPS {
            environment.push((job.into(), "1".into()));
        }
        let ground = Ground { prefix: disk.prefix(), environment };
        Ok(Self { folder, disk, weather, ground })
    }
}

async fn run_once(settings: &Settings, seed: u64) -> Result<(Outcome, Vec<Record>)> {
    let mut site = Site::make()?;
    let setup = Setup {
        kind: Kind::Tertulia,
        // A program that is started in another namespace may find itself in another folder.
        program: std::path::absolute(&settings.server)?,
        data: site.folder.path().to_owned(),
        core: None,
        ground: site.ground.clone(),
    };
    let mut server = Server::start(setup)?;
    let ticket = server.ticket.clone().context("the server printed no link for its administrator")?;
    let (phase, phase_seen) = watch::channel(Phase::Chaos);
    let (storm, storms) = watch::channel(0);
    let (people, rooms) = (settings.people, settings.rooms);
    let seen = (phase_seen, storms);
    let world = World::make(&server.address, &ticket, people, rooms, seen, &mut chance(seed, 0)).await?;
    let world = Arc::new(world);
    let (mut lives, shown) = begin(&world, seed, settings);
    let mut keepers = keep(&world, seed, settings);
    let striker = Striker {
        world: &world,
        server: &mut server,
        disk: &site.disk,
        weather: site.weather.as_mut(),
        storm: &storm,
        refused: 0,
    };
    let refused = disturb(settings, striker, &mut chance(seed, 1)).await?;
    world
        .admin
        .set_limits(&[("messages_per_10s", MESSAGES_PER_10S), ("requests_per_10s", 1_000_000)])
        .await
        .context("limits cannot be changed")?;
    phase.send_replace(Phase::Calm);
    while keepers.join_next().await.is_some() {}
    audit::rest(&shown).await;
    audit::swept(&world).await?;
    let heads = audit::read_back(&world).await?;
    audit::delivered(&shown, &heads).await;
    phase.send_replace(Phase::Over);
    while lives.join_next().await.is_some() {}
    if let Some(keep) = &settings.keep {
        server.end()?;
        site.disk.copy(&site.folder.path().join("server"), keep)?;
    }
    let records = world.recorder.take();
    let violations = checker::check(&records);
    Ok((Outcome { refused, violations, ..Outcome::of(&records) }, records))
}

/// Starts those who change retention and make rooms.
fn keep(world: &Arc<World>, seed: u64, settings: &Settings) -> JoinSet<()> {
    let mut keepers = JoinSet::new();
    if settings.disturb {
        keepers.spawn(keepers::keep_short(Arc::clone(world), chance(seed, 60)));
        for at in 0..PASSING {
            keepers.spawn(keepers::come_and_go(Arc::clone(world), chance(seed, 61 + at)));
        }
    }
    keepers
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

/// Disturbs the server until the chaos is over; how many requests a full disk refused.
async fn disturb(settings: &Settings, mut striker: Striker<'_>, random: &mut StdRng) -> Result<usize> {
    let began = Instant::now();
    while began.elapsed() < settings.chaos {
        sleep(Duration::from_millis(random.random_range(500..2_000))).await;
        change_limits(striker.world, random).await;
        if striker.server.has_ended() {
            anyhow::bail!("the server ended by itself: {}", striker.server.log());
        }
        if settings.disturb {
            striker.strike(random).await?;
        }
    }
    Ok(striker.refused)
}

/// Limits go up and down while people talk. A refusal is an answer, too; a server that is away gets it later.
async fn change_limits(world: &World, random: &mut StdRng) {
    let (text_bytes, messages) =
        (random.random_range(60..8_000), [100, MESSAGES_PER_10S][random.random_range(0..2)]);
    let _ = world.admin.set_limits(&[("text_bytes", text_bytes), ("messages_per_10s", messages)]).await;
}
