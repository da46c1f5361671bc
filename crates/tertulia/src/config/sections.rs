//! The sections of the configuration, besides limits.

use std::{ops::RangeInclusive, time::Duration};

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use tertulia_server::jobs::Schedule;

use super::within;

/// Shortest token that is taken for a secret.
const TOKEN_BYTES_MIN: usize = 16;

/// How often a job may run: not all the time, and once a week at least.
const JOB_SECONDS: RangeInclusive<u64> = 1..=604_800;

/// Who may read what the server counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// What opens `/metrics`; without, it is open to programs on this machine only.
    pub token: Option<String>,
}

impl Metrics {
    /// Whether the token can be one.
    pub fn check(&self) -> Result<()> {
        match &self.token {
            Some(token) if token.len() < TOKEN_BYTES_MIN || token.contains(' ') => {
                bail!("metrics.token must have at least {TOKEN_BYTES_MIN} bytes and no space")
            }
            _ => Ok(()),
        }
    }
}

/// How often jobs run, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jobs {
    /// Deletes rooms that nobody belongs to and that were not deleted when the last one left.
    pub empty_rooms_s: u64,
    /// Deletes messages whose time is over.
    pub retention_s: u64,
    /// Forgets devices whose token's time is over.
    pub devices_s: u64,
    /// Forgets invites that no longer hold.
    pub invites_s: u64,
    /// Forgets old changes of feeds.
    pub feeds_s: u64,
    /// Drops uploads whose time is over.
    pub uploads_s: u64,
    /// Deletes files that nothing has any more.
    pub files_s: u64,
}

impl Default for Jobs {
    fn default() -> Self {
        let usual = Schedule::default();
        Self {
            empty_rooms_s: usual.empty_rooms.as_secs(),
            retention_s: usual.retention.as_secs(),
            devices_s: usual.devices.as_secs(),
            invites_s: usual.invites.as_secs(),
            feeds_s: usual.feeds.as_secs(),
            uploads_s: usual.uploads.as_secs(),
            files_s: usual.files.as_secs(),
        }
    }
}

impl Jobs {
    /// Whether all are within bounds.
    pub fn check(&self) -> Result<()> {
        for (name, seconds) in [
            ("jobs.empty_rooms_s", self.empty_rooms_s),
            ("jobs.retention_s", self.retention_s),
            ("jobs.devices_s", self.devices_s),
            ("jobs.invites_s", self.invites_s),
            ("jobs.feeds_s", self.feeds_s),
            ("jobs.uploads_s", self.uploads_s),
            ("jobs.files_s", self.files_s),
        ] {
            within(name, seconds, JOB_SECONDS)?;
        }
        Ok(())
    }

    /// The same for the server.
    pub fn schedule(&self) -> Schedule {
        Schedule {
            empty_rooms: Duration::from_secs(self.empty_rooms_s),
            retention: Duration::from_secs(self.retention_s),
            devices: Duration::from_secs(self.devices_s),
            invites: Duration::from_secs(self.invites_s),
            feeds: Duration::from_secs(self.feeds_s),
            uploads: Duration::from_secs(self.uploads_s),
            files: Duration::from_secs(self.files_s),
        }
    }
}
