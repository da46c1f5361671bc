//! An ordered store of bytes for one writer: what is committed is on the disk, and a commit is one write and one sync.
//!
//! A commit goes to the log (`log.rs`) and into a table in memory (`table.rs`). When a segment of the log is full, its
//! table is sealed, and a thread writes it out as a sorted run (`run.rs`) and frees the segment; another thread merges
//! runs of like size (`background.rs`). A read looks into the tables and the runs, the newest first (`view.rs`).
//!
//! There are no transactions, no snapshots for long readers, and no cache: the operating system keeps pages, so that the
//! store itself needs memory only for its tables, two or three times [`log::SEGMENT_BYTES`].

mod background;
mod block;
pub mod disk;
pub mod fault;
mod filter;
mod folder;
mod log;
mod recovery;
mod run;
mod table;
#[cfg(test)]
mod tests;
mod view;

use std::{
    path::Path,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock},
    thread::JoinHandle,
    time::Duration,
};

use smallvec::SmallVec;

pub use self::{
    background::Complaints,
    fault::Try,
    table::{Batch, Mark},
    view::View,
};
use self::{
    disk::Disk,
    fault::{Fault, Outcome},
    folder::Folder,
    log::Segment,
    run::Run,
    table::Table,
};

/// A key. Most fit without memory of their own.
pub type Key = SmallVec<[u8; 32]>;
/// A key with its value, `None` if it was deleted.
type Item = (Key, Option<Vec<u8>>);

/// How many sealed tables may wait to be written out before commits wait too.
const SEALED_MAX: usize = 2;
/// How long a commit waits at a time for a table to be written out, in ms.
const BACKLOG_WAIT_MS: u64 = 100;

/// In which order a range is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Ascending.
    Up,
    /// Descending.
    Down,
}

/// Keys from `first` on, below `end`.
#[derive(Debug, Clone)]
pub struct KeyRange {
    /// The first key.
    pub first: Key,
    /// The key behind the last.
    pub end: Key,
}

/// How a store is opened.
pub struct Options<'a> {
    /// What reaches the disk goes through this.
    pub disk: Disk,
    /// Makes an id for a new history.
    pub fresh_history: &'a mut dyn FnMut() -> String,
    /// Whether keys like this one are looked up by themselves, so that filters must know them.
    pub is_filtered: fn(&[u8]) -> bool,
}

/// The store, for its one writer.
#[derive(Debug)]
pub struct Store {
    shared: Arc<Shared>,
    /// Where the next record goes; `None` after it could not be written.
    segment: Option<Segment>,
    /// The number of the active table's segment.
    number: u64,
    /// The last durable turn.
    turn: u64,
    threads: Vec<JoinHandle<()>>,
}

/// What the writer, readers and the threads behind share.
#[derive(Debug)]
pub struct Shared {
    folder: Folder,
    is_filtered: fn(&[u8]) -> bool,
    state: RwLock<State>,
    work: Mutex<Work>,
    /// There is something to write out, to prepare or to merge.
    to_do: Condvar,
    /// Something was written out or prepared, or could not be.
    done: Condvar,
}

/// What there is to read.
#[derive(Debug)]
struct State {
    active: Arc<Table>,
    /// The oldest first.
    sealed: Vec<Sealed>,
    /// The newest first.
    runs: Arc<[Arc<Run>]>,
}

/// A table that waits to be written out.
#[derive(Debug, Clone)]
struct Sealed {
    /// Its segment.
    number: u64,
    /// The last turn in it, or before it if it is empty.
    turn: u64,
    table: Arc<Table>,
}

/// What the threads behind have to do.
#[derive(Debug, Default)]
struct Work {
    stop: bool,
    /// The segment after the active one.
    prepared: Option<Segment>,
    /// Files of segments that were written out.
    retired: Vec<std::path::PathBuf>,
    /// The number of the segment to prepare.
    next_number: u64,
    /// Why the last try to write out or to prepare failed.
    failure: Option<String>,
    /// Counts changes of the runs.
    runs_version: u64,
}

impl Store {
    /// Opens the store in a folder, or makes one.
    pub fn open(path: &Path, options: Options<'_>) -> Outcome<Self> {
        let folder = Folder::open(path, options.disk, options.fresh_history)?;
        let recovery::Recovered { runs, sealed, active, segment, prepared, retired, turn } =
            recovery::recover(&folder)?;
        let number = segment.number();
        let work = Work { next_number: number + 1, prepared, retired, ..Work::default() };
        let shared = Arc::new(Shared {
            folder,
            is_filtered: options.is_filtered,
            state: RwLock::new(State { active, sealed, runs: runs.into() }),
            work: Mutex::new(work),
            to_do: Condvar::new(),
            done: Condvar::new(),
        });
        let threads = background::start(&shared).when("start a thread for", path)?;
        Ok(Self { shared, segment: Some(segment), number, turn, threads })
    }

    /// What readers need.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Makes a batch durable and visible, and empties it. After an error nothing of it is visible; it may yet be there
    /// when the store is opened again, unless another batch was committed in between.
    pub fn commit(&mut self, batch: &mut Batch) -> Outcome<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let bytes = batch.bytes() + 8;
        let mut segment = match self.segment.take() {
            Some(segment) if segment.fits(bytes) => segment,
            Some(segment) => self.seal(Some(segment))?,
            None => self.seal(None)?,
        };
        // On an error the segment stays away: what of the record arrived is cut off by the next one's turn.
        segment.append(&self.shared.folder, batch.record(), self.turn + 1)?;
        self.segment = Some(segment);
        self.turn += 1;
        self.shared.active().apply(batch);
        batch.clear();
        Ok(())
    }

    /// Goes on in the next segment, and hands the table of the last one over to be written out.
    fn seal(&mut self, full: Option<Segment>) -> Outcome<Segment> {
        match self.shared.next_segment() {
            Ok(next) => {
                let mut state = self.shared.state_mut();
                let active =
                    std::mem::replace(&mut state.active, Arc::new(Table::with_capacity(log::SEGMENT_BYTES)));
                state.sealed.push(Sealed { number: self.number, turn: self.turn, table: active });
                drop(state);
                self.number = next.number();
                self.shared.tell();
                Ok(next)
            }
            Err(fault) => {
                self.segment = full;
                Err(fault)
            }
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.shared.work().stop = true;
        self.shared.tell();
        for thread in self.threads.drain(..) {
            // A thread that panicked has told so already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The id of the history that the store holds.
    pub fn history(&self) -> &str {
        self.folder.history()
    }

    /// What can be read now.
    pub fn view(&self) -> View {
        let state = self.state();
        let tables =
            std::iter::once(&state.active).chain(state.sealed.iter().rev().map(|sealed| &sealed.table));
        View::new(tables.cloned().collect(), state.runs.clone(), self.is_filtered)
    }

    /// Wakes the threads behind. The lock is taken so that none is just about to wait.
    fn tell(&self) {
        let _work = self.work();
        self.to_do.notify_all();
    }

    fn active(&self) -> Arc<Table> {
        self.state().active.clone()
    }

    /// Waits until there is a segment to go on in, and room for one more sealed table.
    fn next_segment(&self) -> Outcome<Segment> {
        let mut work = self.work();
        loop {
            let has_room = self.state().sealed.len() < SEALED_MAX;
            if has_room && let Some(segment) = work.prepared.take() {
                work.next_number = segment.number() + 1;
                return Ok(segment);
            }
            if let Some(reason) = work.failure.clone() {
                return Err(Fault::Backlog { reason });
            }
            self.to_do.notify_all();
            let wait = Duration::from_millis(BACKLOG_WAIT_MS);
            work = self.done.wait_timeout(work, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> std::sync::RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
