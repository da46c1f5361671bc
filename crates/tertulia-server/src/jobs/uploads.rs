//! Drops uploads whose time is over, with their bytes. What a message carries stays.

use std::time::Duration;

use async_trait::async_trait;
use tertulia_core::TimeMs;
use tertulia_ports::EngineError;

use super::{Desk, Done, Job, Schedule};

/// Most uploads that one run drops.
const UPLOADS_MAX: usize = 500;

/// The job.
pub struct ExpiredUploads;

#[async_trait]
impl Job for ExpiredUploads {
    fn name(&self) -> &'static str {
        "expired_uploads"
    }

    fn every(&self, schedule: &Schedule) -> Duration {
        schedule.uploads
    }

    async fn run(&self, desk: &Desk, now: TimeMs) -> Result<Done, EngineError> {
        let expired = desk.ports.directory.expired_uploads(now, UPLOADS_MAX).await?;
        for upload in &expired {
            desk.ports.directory.drop_upload(*upload).await?;
            desk.ports.blobs.drop_staged(*upload).await?;
        }
        Ok(Done { count: expired.len() as u64, is_more: expired.len() >= UPLOADS_MAX })
    }
}
