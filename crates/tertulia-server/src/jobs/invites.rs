//! Forgets invites that no longer hold.

use std::time::Duration;

use async_trait::async_trait;
use tertulia_core::TimeMs;
use tertulia_ports::EngineError;

use super::{Desk, Done, Job, Schedule};

/// Most invites that one run forgets.
const INVITES_MAX: usize = 1_000;

/// The job.
pub struct ExpiredInvites;

#[async_trait]
impl Job for ExpiredInvites {
    fn name(&self) -> &'static str {
        "expired_invites"
    }

    fn every(&self, schedule: &Schedule) -> Duration {
        schedule.invites
    }

    async fn run(&self, desk: &Desk, now: TimeMs) -> Result<Done, EngineError> {
        let count = desk.ports.directory.drop_expired_invites(now, INVITES_MAX).await?;
        Ok(Done { count, is_more: count >= INVITES_MAX as u64 })
    }
}
