//! Who runs what where.
//!
//! Writes go to one thread, which gathers what waits into one transaction, each call in a savepoint of its own: a burst
//! of calls costs one sync of the disk, and a call that fails takes back only itself. Point reads run on the caller's
//! thread, since a thread switch costs more than they do; reads of many rows run on a thread that does nothing else.
//! In memory, everything runs on the caller's thread, so that the order of calls is all that matters.

use std::{
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use rusqlite::Connection;
use tertulia_ports::{EngineError, EngineResult};
use tokio::sync::oneshot;

use super::open::{self, FILE, OpenError};

/// Most calls that wait for a thread; more are told to try again.
pub(super) const CALLS_WAITING_MAX: usize = 4_096;
/// Most calls that share one transaction.
const CALLS_PER_COMMIT_MAX: usize = 256;
/// Connections for point reads; they are held for microseconds.
const READERS: usize = 2;

/// The directory in SQLite.
pub struct SqliteDirectory {
    engine: Engine,
}

enum Engine {
    /// The writer ends last, since the last connection folds the log into the file.
    File {
        readers: Readers,
        scanner: Worker,
        writer: Worker,
    },
    Memory(Mutex<Connection>),
}

/// What a call does.
pub(super) trait Work<T>: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static {}
impl<T, F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static> Work<T> for F {}

impl SqliteDirectory {
    /// Opens the directory in this data folder; makes it if there is none.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(FILE);
        let (writer, scanner) = (open::writer(&path)?, open::reader(&path)?);
        let readers = (0..READERS).map(|_| open::reader(&path).map(Mutex::new)).collect::<Result<_, _>>()?;
        let worker = |name: &str, connection, run| {
            Worker::start(name, connection, run)
                .map_err(|error| OpenError::Failed { path: path.clone(), reason: error.to_string() })
        };
        Ok(Self {
            engine: Engine::File {
                readers: Readers { connections: readers, next: AtomicUsize::new(0) },
                scanner: worker("directory-scan", scanner, scan_calls)?,
                writer: worker("directory-write", writer, write_calls)?,
            },
        })
    }

    /// A directory in memory, which ends with this value.
    pub fn in_memory() -> Result<Self, OpenError> {
        Ok(Self { engine: Engine::Memory(Mutex::new(open::memory()?)) })
    }

    /// Runs a read of a handful of rows, on this thread.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> EngineResult<T> {
        match &self.engine {
            Engine::File { readers, .. } => work(&readers.take()),
            Engine::Memory(connection) => work(&lock(connection)),
        }
        .map_err(failed)
    }

    /// Runs a read of many rows, on the thread for such.
    pub(super) async fn scan<T: Send + 'static>(&self, work: impl Work<T>) -> EngineResult<T> {
        match &self.engine {
            Engine::File { scanner, .. } => scanner.call(work).await,
            Engine::Memory(connection) => work(&lock(connection)).map_err(failed),
        }
    }

    /// Runs a write as one transaction: durable when this returns.
    pub(super) async fn write<T: Send + 'static>(&self, work: impl Work<T>) -> EngineResult<T> {
        match &self.engine {
            Engine::File { writer, .. } => writer.call(|connection| in_savepoint(connection, work)).await,
            Engine::Memory(connection) => {
                let mut connection = lock(connection);
                let transaction = connection.transaction().map_err(failed)?;
                let value = work(&transaction).map_err(failed)?;
                transaction.commit().map_err(failed)?;
                Ok(value)
            }
        }
    }
}

struct Readers {
    connections: Vec<Mutex<Connection>>,
    next: AtomicUsize,
}

impl Readers {
    /// A connection that is free, or else the next one in turn.
    fn take(&self) -> MutexGuard<'_, Connection> {
        let count = self.connections.len();
        let first = self.next.fetch_add(1, Ordering::Relaxed) % count;
        let free = (0..count).find_map(|step| self.connections[(first + step) % count].try_lock().ok());
        free.unwrap_or_else(|| lock(&self.connections[first]))
    }
}

/// A call on its way to a thread: runs if it is given a connection, and returns what tells its caller how it all ended.
type Call = Box<dyn FnOnce(EngineResult<&Connection>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(EngineResult<()>) + Send>;

/// A thread with a connection of its own.
struct Worker {
    calls: Option<SyncSender<Call>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn start(
        name: &str,
        connection: Connection,
        run: fn(&Connection, &Receiver<Call>),
    ) -> std::io::Result<Self> {
        let (calls, waiting) = sync_channel(CALLS_WAITING_MAX);
        let thread =
            thread::Builder::new().name(name.to_owned()).spawn(move || run(&connection, &waiting))?;
        Ok(Self { calls: Some(calls), thread: Some(thread) })
    }

    async fn call<T: Send + 'static>(&self, work: impl Work<T>) -> EngineResult<T> {
        let (tell, told) = oneshot::channel();
        let call: Call = Box::new(move |connection| {
            let done = connection.and_then(|connection| work(connection).map_err(failed));
            // A caller that went away does not want to know.
            Box::new(move |ended| drop(tell.send(done.and_then(|value| ended.map(|()| value)))))
        });
        let calls = self.calls.as_ref().expect("the thread ends with this value, not before");
        calls.try_send(call).map_err(|_| EngineError::new("sqlite", "too many calls are waiting"))?;
        told.await.map_err(|_| EngineError::new("sqlite", "the thread stopped"))?
    }
}

impl Drop for Worker {
    /// Finishes what waits.
    fn drop(&mut self) {
        self.calls = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("a thread of the directory had stopped");
        }
    }
}

fn scan_calls(connection: &Connection, waiting: &Receiver<Call>) {
    while let Ok(call) = waiting.recv() {
        call(Ok(connection))(Ok(()));
    }
}

fn write_calls(connection: &Connection, waiting: &Receiver<Call>) {
    while let Ok(first) = waiting.recv() {
        let mut answers = Vec::new();
        let ended = commit_together(connection, first, waiting, &mut answers);
        answers.into_iter().for_each(|answer| answer(ended.clone()));
    }
}

/// Runs a call, and those that wait behind it, in one transaction.
fn commit_together(
    connection: &Connection,
    first: Call,
    waiting: &Receiver<Call>,
    answers: &mut Vec<Answer>,
) -> EngineResult<()> {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE").map_err(failed) {
        answers.push(first(Err(error.clone())));
        return Err(error);
    }
    let mut next = Some(first);
    while let Some(call) = next {
        answers.push(call(Ok(connection)));
        if connection.is_autocommit() {
            // A full disk and the like take back everything, not only the call that met them.
            return Err(EngineError::new("sqlite", "the transaction was taken back"));
        }
        next = if answers.len() < CALLS_PER_COMMIT_MAX { waiting.try_recv().ok() } else { None };
    }
    connection.execute_batch("COMMIT").map_err(|error| {
        if !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "cannot take a transaction back");
        }
        failed(error)
    })
}

/// Runs a call so that, if it fails, nothing of it stays.
fn in_savepoint<T>(connection: &Connection, work: impl Work<T>) -> rusqlite::Result<T> {
    connection.execute_batch("SAVEPOINT one_call")?;
    let done = work(connection);
    if done.is_ok() {
        connection.execute_batch("RELEASE one_call")?;
    } else if !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK TO one_call; RELEASE one_call")?;
    }
    done
}

/// A panic while a connection is held leaves no transaction open: each is a guard that ends with it.
fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: rusqlite::Error) -> EngineError {
    EngineError::new("sqlite", error)
}
