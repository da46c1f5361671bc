//! Forgets devices whose token's time is over.

use std::time::Duration;

use async_trait::async_trait;
use tertulia_core::TimeMs;
use tertulia_ports::EngineError;

use super::{Desk, Done, Job, Schedule};

/// Most devices that one run forgets.
const DEVICES_MAX: usize = 1_000;

/// The job.
pub struct ExpiredDevices;

#[async_trait]
impl Job for ExpiredDevices {
    fn name(&self) -> &'static str {
        "expired_devices"
    }

    fn every(&self, schedule: &Schedule) -> Duration {
        schedule.devices
    }

    async fn run(&self, desk: &Desk, now: TimeMs) -> Result<Done, EngineError> {
        let count = desk.ports.directory.drop_expired_devices(now, DEVICES_MAX).await?;
        Ok(Done { count, is_more: count >= DEVICES_MAX as u64 })
    }
}
