//! Deletes files that nothing has any more: neither an upload nor a message that is left. And what a crash left in the store
//! that nobody knows of.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tertulia_core::{TimeMs, UploadId};
use tertulia_ports::EngineError;

use super::{Desk, Done, Job, Schedule};

/// Most files that one run deletes.
const FILES_MAX: usize = 500;
/// How much of the store one run looks through for what nobody knows.
const KEYS_LOOKED_AT: usize = 1_000;
/// How long after its start a server deletes nothing, in ms: owners find first what a crash left between a message and its
/// files.
const SETTLING_MS: u64 = 10 * 60 * 1_000;
/// How long something must be unknown before it is deleted, in ms: far longer than it takes to write down what was stored.
const UNKNOWN_MS: u64 = 60 * 60 * 1_000;

/// The job.
#[derive(Default)]
pub struct UnusedFiles {
    search: Mutex<Search>,
}

/// How far the store has been looked through.
#[derive(Default)]
struct Search {
    began: Option<TimeMs>,
    after_key: Option<String>,
    after_upload: Option<UploadId>,
    /// What nobody knew, since when.
    unknown_keys: HashMap<String, TimeMs>,
    unknown_uploads: HashMap<UploadId, TimeMs>,
}

#[async_trait]
impl Job for UnusedFiles {
    fn name(&self) -> &'static str {
        "unused_files"
    }

    fn every(&self, schedule: &Schedule) -> Duration {
        schedule.files
    }

    async fn run(&self, desk: &Desk, now: TimeMs) -> Result<Done, EngineError> {
        let began = *self.search().began.get_or_insert(now);
        if now.since(began) < SETTLING_MS {
            return Ok(Done::default());
        }
        let unused = desk.ports.directory.retire_blobs(FILES_MAX).await?;
        for blob in &unused {
            for key in [Some(&blob.key), blob.thumb.as_ref()].into_iter().flatten() {
                desk.ports.blobs.delete(key).await?;
            }
        }
        let keys: Vec<String> = unused.iter().map(|blob| blob.key.clone()).collect();
        desk.ports.directory.forget_blobs(&keys).await?;
        let orphans =
            self.delete_unknown_keys(desk, now).await? + self.delete_unknown_uploads(desk, now).await?;
        Ok(Done { count: unused.len() as u64 + orphans, is_more: unused.len() >= FILES_MAX })
    }
}

impl UnusedFiles {
    fn search(&self) -> std::sync::MutexGuard<'_, Search> {
        self.search.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Blobs that the directory has no row of.
    async fn delete_unknown_keys(&self, desk: &Desk, now: TimeMs) -> Result<u64, EngineError> {
        let after = self.search().after_key.clone();
        let keys = desk.ports.blobs.keys_after(after.as_deref(), KEYS_LOOKED_AT).await?;
        self.search().after_key = keys.last().cloned().filter(|_| keys.len() >= KEYS_LOOKED_AT);
        let unknown = desk.ports.directory.unknown_keys(&keys).await?;
        let old = {
            let mut search = self.search();
            search.unknown_keys.retain(|key, _| unknown.contains(key) || !keys.contains(key));
            overdue(&mut search.unknown_keys, unknown, now)
        };
        for key in &old {
            desk.ports.blobs.delete(key).await?;
            self.search().unknown_keys.remove(key);
        }
        Ok(old.len() as u64)
    }

    /// Bytes of uploads that the directory has no row of.
    async fn delete_unknown_uploads(&self, desk: &Desk, now: TimeMs) -> Result<u64, EngineError> {
        let after = self.search().after_upload;
        let staged = desk.ports.blobs.staged_after(after, KEYS_LOOKED_AT).await?;
        self.search().after_upload = staged.last().copied().filter(|_| staged.len() >= KEYS_LOOKED_AT);
        let mut unknown = Vec::new();
        for upload in staged {
            if desk.ports.directory.upload(upload).await?.is_none() {
                unknown.push(upload);
            }
        }
        let old = overdue(&mut self.search().unknown_uploads, unknown, now);
        for upload in &old {
            desk.ports.blobs.drop_staged(*upload).await?;
            self.search().unknown_uploads.remove(upload);
        }
        Ok(old.len() as u64)
    }
}

/// Remembers what is unknown, and tells what has been for long.
fn overdue<T: Clone + Eq + std::hash::Hash>(
    since: &mut HashMap<T, TimeMs>,
    unknown: Vec<T>,
    now: TimeMs,
) -> Vec<T> {
    let is_old = |found: &T, since: &mut HashMap<T, TimeMs>| {
        now.since(*since.entry(found.clone()).or_insert(now)) >= UNKNOWN_MS
    };
    unknown.into_iter().filter(|found| is_old(found, since)).collect()
}
