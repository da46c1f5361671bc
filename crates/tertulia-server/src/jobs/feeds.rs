//! Forgets old changes of feeds: a client that is further behind fetches everything anew.

use std::time::Duration;

use async_trait::async_trait;
use tertulia_core::TimeMs;
use tertulia_ports::EngineError;

use super::{Desk, Done, Job, Schedule};

/// How many changes of each user stay: some months of somebody busy.
const CHANGES_KEPT: u64 = 1_000;
/// Most changes that one run forgets.
const CHANGES_MAX: usize = 5_000;

/// The job.
pub struct OldFeeds;

#[async_trait]
impl Job for OldFeeds {
    fn name(&self) -> &'static str {
        "feeds"
    }

    fn every(&self, schedule: &Schedule) -> Duration {
        schedule.feeds
    }

    async fn run(&self, desk: &Desk, _: TimeMs) -> Result<Done, EngineError> {
        let count = desk.ports.directory.trim_feeds(CHANGES_KEPT, CHANGES_MAX).await?;
        Ok(Done { count, is_more: count >= CHANGES_MAX as u64 })
    }
}
