//! The two threads behind the store: one writes sealed tables out and prepares segments, one merges runs.

use std::{
    io,
    sync::{Arc, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    Direction, Sealed, Shared, Work,
    fault::Outcome,
    log::{SEGMENT_BYTES, Segment},
    run::{Run, RunCursor, RunWriter},
    view::{Merge, Source},
};

/// How many runs of like size are merged into one.
const MERGE_RUNS: usize = 4;
/// How long a thread waits before it tries again what failed, in ms.
const RETRY_MS: u64 = 200;
/// The least time between two lines in the log about the same trouble, in s.
const COMPLAIN_EVERY_S: u64 = 10;
/// How many files of retired segments are kept to be used again.
pub const RETIRED_MAX: usize = 1;

/// Starts the threads. They end when the store does.
pub fn start(shared: &Arc<Shared>) -> io::Result<Vec<JoinHandle<()>>> {
    let flush = {
        let shared = shared.clone();
        thread::Builder::new().name("messages-flush".into()).spawn(move || flush_loop(&shared))?
    };
    let merge = {
        let shared = shared.clone();
        thread::Builder::new().name("messages-merge".into()).spawn(move || merge_loop(&shared))?
    };
    Ok(vec![flush, merge])
}

fn flush_loop(shared: &Shared) {
    let mut complaints = Complaints::default();
    let mut work = shared.work();
    while !work.stop {
        let oldest = shared.state().sealed.first().cloned();
        let prepare = work.prepared.is_none().then_some(work.next_number);
        let outcome = match (oldest, prepare) {
            (Some(sealed), _) => {
                drop(work);
                let outcome = write_out(shared, &sealed);
                work = shared.work();
                outcome.map(|()| retire(shared, &mut work, sealed.number))
            }
            (None, Some(number)) => {
                let retired = work.retired.pop();
                drop(work);
                let outcome = Segment::prepare(&shared.folder, number, retired);
                work = shared.work();
                outcome.map(|segment| work.prepared = Some(segment))
            }
            (None, None) => {
                work = shared.to_do.wait(work).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
        };
        work.failure = outcome.err().map(|fault| fault.to_string());
        shared.done.notify_all();
        if let Some(failure) = &work.failure {
            complaints.tell(failure);
            let wait = Duration::from_millis(RETRY_MS);
            work = shared.to_do.wait_timeout(work, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn write_out(shared: &Shared, Sealed { number, turn, table }: &Sealed) -> Outcome<()> {
    let mut filtered = 0;
    table.for_each(|key, _| -> Outcome<()> {
        filtered += usize::from((shared.is_filtered)(key));
        Ok(())
    })?;
    let mut writer = RunWriter::create(&shared.folder, (*number, *number), *turn, filtered)?;
    table.for_each(|key, value| writer.add(key, value, (shared.is_filtered)(key)))?;
    let run = Arc::new(writer.finish()?);
    let mut state = shared.state_mut();
    state.sealed.retain(|sealed| sealed.number != *number);
    state.runs = std::iter::once(run).chain(state.runs.iter().cloned()).collect();
    Ok(())
}

/// The segment's writes stand in a run: its file may be used again.
fn retire(shared: &Shared, work: &mut Work, number: u64) {
    work.runs_version += 1;
    shared.to_do.notify_all();
    let path = shared.folder.segment(number);
    if work.retired.len() < RETIRED_MAX {
        work.retired.push(path);
    } else if let Err(error) = std::fs::remove_file(&path) {
        // Found and removed when the store is opened again.
        tracing::warn!(path = %path.display(), %error, "cannot remove a log segment");
    }
}

fn merge_loop(shared: &Shared) {
    let mut complaints = Complaints::default();
    loop {
        let version = {
            let work = shared.work();
            if work.stop {
                return;
            }
            work.runs_version
        };
        match merge_once(shared) {
            Ok(true) => continue,
            Ok(false) => {}
            Err(fault) => complaints.tell(&fault.to_string()),
        }
        let mut work = shared.work();
        while !work.stop && work.runs_version == version {
            work = shared.to_do.wait(work).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// Merges what should be merged. `false` if there is nothing.
fn merge_once(shared: &Shared) -> Outcome<bool> {
    let runs = shared.state().runs.clone();
    let Some(chosen) = choose(&runs.iter().map(|run| run.bytes()).collect::<Vec<_>>()) else {
        return Ok(false);
    };
    let has_oldest = chosen.end == runs.len();
    let chosen = &runs[chosen];
    let (Some(newest), Some(oldest)) = (chosen.first(), chosen.last()) else { return Ok(false) };
    let segments = (oldest.segments().0, newest.segments().1);
    let filtered = chosen.iter().map(|run| run.counts().1).sum();
    let mut writer = RunWriter::create(&shared.folder, segments, newest.turn(), filtered)?;
    let sources = chosen.iter().map(|run| Source::Run(RunCursor::all(run.clone()))).collect();
    let mut merge = Merge::new(sources, Direction::Up);
    while let Some((key, value)) = merge.next()? {
        if value.is_some() || !has_oldest {
            writer.add(&key, value.as_deref(), (shared.is_filtered)(&key))?;
        }
        if writer.begins_block() && shared.work().stop {
            return Ok(false);
        }
    }
    let merged = Arc::new(writer.finish()?);
    replace(shared, chosen, merged);
    for run in chosen {
        run.remove()?;
    }
    Ok(true)
}

fn replace(shared: &Shared, merged: &[Arc<Run>], into: Arc<Run>) {
    let mut state = shared.state_mut();
    let is_merged = |run: &Arc<Run>| merged.iter().any(|other| Arc::ptr_eq(run, other));
    let newer = state.runs.iter().take_while(|run| !is_merged(run)).cloned();
    let older = state.runs.iter().rev().take_while(|run| !is_merged(run)).cloned().collect::<Vec<_>>();
    state.runs = newer.chain([into]).chain(older.into_iter().rev()).collect();
}

/// Which runs to merge, by their sizes, the newest first: the first [`MERGE_RUNS`] or more neighbours of one tier.
/// A tier is four times as large as the one below, and no run counts for less than a newer one.
pub fn choose(sizes: &[u64]) -> Option<std::ops::Range<usize>> {
    let mut group = 0..0;
    let mut tier = 0;
    for (at, bytes) in sizes.iter().enumerate() {
        let of_run = (bytes / SEGMENT_BYTES as u64).max(1).ilog2() / 2;
        if of_run > tier {
            if group.len() >= MERGE_RUNS {
                break;
            }
            tier = of_run;
            group = at..at;
        }
        group.end = at + 1;
    }
    (group.len() >= MERGE_RUNS).then_some(group)
}

/// Tells of trouble at most every some seconds.
#[derive(Debug, Default)]
pub struct Complaints {
    last: Option<Instant>,
    untold: u64,
}

impl Complaints {
    /// Tells, or counts.
    pub fn tell(&mut self, trouble: &str) {
        match self.is_due(Instant::now()) {
            true => tracing::error!(untold = std::mem::take(&mut self.untold), "messages: {trouble}"),
            false => self.untold += 1,
        }
    }

    fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.last.is_none_or(|last| now.duration_since(last).as_secs() >= COMPLAIN_EVERY_S);
        if is_due {
            self.last = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_told_every_ten_seconds() {
        let mut complaints = Complaints::default();
        let now = Instant::now();
        let told = [0, 1, 9, 10, 12, 19, 20].map(|s| complaints.is_due(now + Duration::from_secs(s)));
        assert_eq!(told, [true, false, false, true, false, false, true]);
    }

    #[test]
    fn runs_of_a_tier_are_merged_when_there_are_enough() {
        let mb = |sizes: &[u64]| choose(&sizes.iter().map(|mb| mb << 20).collect::<Vec<_>>());
        assert_eq!(mb(&[]), None);
        assert_eq!(mb(&[2, 2, 2, 8]), None);
        assert_eq!(mb(&[2, 2, 2, 2, 8]), Some(0..4));
        assert_eq!(mb(&[2, 8, 8, 8, 8, 40]), Some(1..5));
        assert_eq!(mb(&[2, 2, 8, 1, 9, 8, 100]), Some(2..6), "a small old run counts with its neighbours");
    }
}
