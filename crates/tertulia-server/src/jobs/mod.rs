//! What has to be done now and then: rooms that nobody belongs to, messages whose time is over, devices, invites, feeds.
//!
//! One job is one file. Each is leased, so that one node does it at a time; bounded in what one run does; safe to run
//! twice and to stop half-way, since it only ever removes what is over, through whoever owns it. Each says what it did
//! in metrics and, where it did something, in the audit.

mod devices;
mod empty_rooms;
mod feeds;
mod files;
mod invites;
mod retention;
mod uploads;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::future::join_all;
use serde_json::json;
use tertulia_core::{RoomId, TimeMs};
use tertulia_ports::{EngineError, directory::AuditRecord};
use tokio::{runtime, sync::Mutex, time};

use crate::{metrics::Metrics, roles::Ports, room::Handle};

/// How long one run of a job may take, and how long its lease holds: longer than the longest run, so that a node that
/// died in one is followed soon.
const RUN_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// When a job that does not run more often runs first after a start: when clients have come back.
const FIRST_AFTER: Duration = Duration::from_secs(10);
/// When a job goes on that has more to do.
const MORE_AFTER: Duration = Duration::from_secs(1);

/// How often jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Rooms that nobody belongs to. Most are closed when the last one leaves; this finds what a crash left.
    pub empty_rooms: Duration,
    /// Messages whose time is over.
    pub retention: Duration,
    /// Devices whose token is over.
    pub devices: Duration,
    /// Invites that no longer hold.
    pub invites: Duration,
    /// Old changes of feeds.
    pub feeds: Duration,
    /// Uploads whose time is over.
    pub uploads: Duration,
    /// Files that nothing has any more.
    pub files: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Self {
            empty_rooms: minutes(10),
            retention: minutes(60),
            devices: minutes(60),
            invites: minutes(60),
            feeds: minutes(60),
            uploads: minutes(10),
            files: minutes(10),
        }
    }
}

/// What a run of a job has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// How many things: rooms, entries, devices.
    pub count: u64,
    /// Whether there is more to do.
    pub is_more: bool,
}

/// Something that has to be done now and then.
#[async_trait]
trait Job: Send + Sync {
    /// Its name: in leases, metrics and the audit.
    fn name(&self) -> &'static str;
    /// How often.
    fn every(&self, schedule: &Schedule) -> Duration;
    /// Does a bounded part of it.
    async fn run(&self, desk: &Desk, now: TimeMs) -> Result<Done, EngineError>;
}

/// What jobs work with.
#[derive(Clone)]
struct Desk {
    ports: Ports,
    rooms: Handle,
}

/// Runs jobs, one at a time.
pub struct Runner {
    desk: Desk,
    holder: String,
    metrics: Arc<Metrics>,
    schedule: Schedule,
    jobs: Vec<Box<dyn Job>>,
}

/// What the owners of rooms call when the last one has left a room: closes it.
pub fn on_emptied(
    runtime: &runtime::Handle,
    rooms: Handle,
    ports: &Ports,
    metrics: Arc<Metrics>,
) -> Arc<dyn Fn(RoomId) + Send + Sync> {
    let desk = Desk { ports: ports.clone(), rooms };
    let runtime = runtime.clone();
    Arc::new(move |room| {
        let (desk, metrics) = (desk.clone(), metrics.clone());
        runtime.spawn(async move {
            match empty_rooms::close(&desk, room).await {
                Ok(true) => count(&metrics, empty_rooms::NAME, "done", 1),
                Ok(false) => {}
                Err(error) => tracing::warn!(%room, %error, "an empty room stays for the sweep"),
            }
        });
    })
}

impl Runner {
    /// A runner that takes leases under this name.
    pub fn new(ports: Ports, rooms: Handle, node: String, metrics: Arc<Metrics>, schedule: Schedule) -> Self {
        let jobs: Vec<Box<dyn Job>> = vec![
            Box::new(empty_rooms::EmptyRooms),
            Box::new(retention::Retention::default()),
            Box::new(devices::ExpiredDevices),
            Box::new(invites::ExpiredInvites),
            Box::new(feeds::OldFeeds),
            Box::new(uploads::ExpiredUploads),
            Box::new(files::UnusedFiles::default()),
        ];
        Self { desk: Desk { ports, rooms }, holder: node, metrics, schedule, jobs }
    }

    /// Runs every job as often as the schedule says, one at a time.
    pub async fn run(self) {
        let turn = Mutex::new(());
        let jobs = self.jobs.iter().map(|job| async {
            let mut pause = FIRST_AFTER.min(job.every(&self.schedule));
            loop {
                time::sleep(pause).await;
                let _turn = turn.lock().await;
                let is_more = self.run_job(&**job).await.is_some_and(|done| done.is_more);
                pause = if is_more { MORE_AFTER } else { job.every(&self.schedule) };
            }
        });
        let _: Vec<()> = join_all(jobs).await;
    }

    /// Runs every job once, however much there is to do, if nobody else is at it: what they did, by name.
    pub async fn run_once(&self) -> Vec<(&'static str, Option<Done>)> {
        let mut done = Vec::with_capacity(self.jobs.len());
        for job in &self.jobs {
            done.push((job.name(), self.run_job(&**job).await));
        }
        done
    }

    /// `None` if somebody else is at it, or it failed.
    async fn run_job(&self, job: &dyn Job) -> Option<Done> {
        let (name, ports) = (job.name(), &self.desk.ports);
        let now = ports.clock.now();
        let lease_ms = RUN_TIMEOUT.as_millis() as u64;
        let ours = ports.coordination.lease(name, &self.holder, now, lease_ms).await;
        if !ours.unwrap_or(false) {
            count(&self.metrics, name, "elsewhere", 0);
            return None;
        }
        let ended = time::timeout(RUN_TIMEOUT, job.run(&self.desk, now)).await;
        let done = match ended {
            Ok(Ok(done)) => {
                count(&self.metrics, name, "done", done.count);
                self.record(name, done, now).await;
                Some(done)
            }
            Ok(Err(error)) => {
                tracing::warn!(job = name, %error, "a job failed, and runs again later");
                count(&self.metrics, name, "failed", 0);
                None
            }
            Err(_) => {
                tracing::warn!(job = name, "a job took too long, and runs again later");
                count(&self.metrics, name, "failed", 0);
                None
            }
        };
        if let Err(error) = ports.coordination.lease(name, &self.holder, now, 0).await {
            tracing::debug!(job = name, %error, "a lease was not given back, and ends by itself");
        }
        done
    }

    async fn record(&self, name: &str, done: Done, now: TimeMs) {
        if done.count == 0 {
            return;
        }
        let detail = json!({"count": done.count, "more": done.is_more}).to_string();
        let action = format!("cleanup.{name}");
        let record = AuditRecord { at: now, actor: None, action, subject: String::new(), detail };
        if let Err(error) = self.desk.ports.directory.record(&record).await {
            tracing::warn!(job = name, %error, "what a job did is not in the audit");
        }
    }
}

fn count(metrics: &Metrics, job: &str, outcome: &str, things: u64) {
    let runs = "tertulia_job_runs_total";
    metrics.counter(runs, "Runs of jobs, by outcome.", &[("job", job), ("outcome", outcome)]).add(1);
    if things > 0 {
        let total = "tertulia_job_things_total";
        metrics
            .counter(total, "Rooms, entries, devices and the like that jobs removed.", &[("job", job)])
            .add(things);
    }
}
