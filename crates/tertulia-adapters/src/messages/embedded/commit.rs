//! The commit thread: takes everything that waits, makes it durable as one turn, answers, and does it again.
//!
//! While a turn syncs, the next one fills. Nothing is refused for want of room: each room has one append under way, and
//! each other caller waits for an answer, so that a slow disk is felt as late answers.
//!
//! When a turn cannot be made durable, all that waits in it is answered `Unknown` (or with an error), the store goes on
//! in a new segment of its log, and the thread waits a little longer each time before it tries the next turn.

use std::{
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use tertulia_ports::{
    EngineError, EngineResult,
    messages::{Append, AppendDone, Appended},
};
use tokio::sync::oneshot;

use super::{
    ENGINE, Fault, engine_error,
    store::{Batch, Complaints, Store, Try},
    writes::{Fences, Turn},
};

/// Bytes of a turn after which it is made durable before more is taken in: a part of a segment.
const TURN_BYTES_MAX: usize = 256 * 1_024;
/// The first wait after a turn that failed, in ms; doubled each time.
const RETRY_MIN_MS: u64 = 20;
/// The longest wait after a turn that failed, in ms.
const RETRY_MAX_MS: u64 = 1_000;

/// Answers once it is known whether the turn is durable.
type Answer = Box<dyn FnOnce(Result<(), &Fault>) + Send>;
/// Writes into a turn. The error: it could not, and nothing of it may stay.
type Call = Box<dyn FnOnce(&mut Turn<'_>) -> (bool, Answer) + Send>;

enum Task {
    Append(Vec<Append>, AppendDone),
    Call(Reach, Call),
}

/// What a call reads and writes. Ranges are read from what is durable, so whoever reads them waits until those who
/// write into ranges are; values that are looked up by themselves are read from the turn, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Looks values up, and writes anything.
    Writes,
    /// Reads ranges, and writes only values that nobody reads in ranges.
    ReadsRanges,
    /// Reads ranges, and writes anything.
    Both,
}

enum Waiting {
    Append(AppendDone, Vec<Appended>),
    Call(Answer),
}

/// The handle on the thread.
#[derive(Debug)]
pub struct Committer {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Queue {
    tasks: Mutex<Tasks>,
    filled: Condvar,
}

#[derive(Default)]
struct Tasks {
    waiting: Vec<Task>,
    is_thread_asleep: bool,
    stop: bool,
}

impl std::fmt::Debug for Tasks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tasks").field("waiting", &self.waiting.len()).field("stop", &self.stop).finish()
    }
}

impl Committer {
    /// Starts the thread. It ends when the handle is dropped, after all that waits then.
    pub fn start(store: Store) -> Result<Self, Fault> {
        let queue = Arc::new(Queue::default());
        let fences = Fences::load(&store.shared().view())?;
        let turns = Turns {
            store,
            fences,
            batch: Batch::new(),
            waiting: Vec::new(),
            has_ranges: false,
            retry_ms: 0,
            complaints: Complaints::default(),
        };
        let thread = thread::Builder::new().name("messages-commit".into()).spawn({
            let queue = queue.clone();
            move || turns.run(&queue)
        });
        let thread = thread.when("start the thread of", "messages-commit".as_ref())?;
        Ok(Self { queue, thread: Some(thread) })
    }

    /// Appends in the next turn.
    pub fn append(&self, appends: Vec<Append>, done: AppendDone) {
        self.queue.push(Task::Append(appends, done));
    }

    /// Runs in the next turn, and answers when it is durable.
    pub async fn call<T: Send + 'static>(
        &self,
        reach: Reach,
        call: impl FnOnce(&mut Turn<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> EngineResult<T> {
        let (sender, receiver) = oneshot::channel();
        let call: Call = Box::new(move |turn| {
            let outcome = call(turn);
            let is_done = outcome.is_ok();
            let answer: Answer = Box::new(move |durable| {
                let outcome = match (outcome, durable) {
                    (Ok(value), Ok(())) => Ok(value),
                    (Err(fault), _) => Err(engine_error(fault)),
                    (_, Err(fault)) => Err(engine_error(fault)),
                };
                // Nobody waits any more: then nobody wants to know.
                let _ = sender.send(outcome);
            });
            (is_done, answer)
        });
        self.queue.push(Task::Call(reach, call));
        receiver.await.unwrap_or_else(|_| Err(EngineError::new(ENGINE, "the store is closed")))
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.queue.tasks().stop = true;
        self.queue.filled.notify_one();
        let Some(thread) = self.thread.take() else { return };
        // The last handle may be dropped by an answer, on the thread itself.
        if thread.thread().id() != thread::current().id() {
            let _ = thread.join();
        }
    }
}

impl Queue {
    fn push(&self, task: Task) {
        let mut tasks = self.tasks();
        tasks.waiting.push(task);
        if mem::take(&mut tasks.is_thread_asleep) {
            drop(tasks);
            self.filled.notify_one();
        }
    }

    /// Waits for tasks. `None` when there will be no more.
    fn take(&self, space: Vec<Task>) -> Option<Vec<Task>> {
        let mut tasks = self.tasks();
        while tasks.waiting.is_empty() {
            if tasks.stop {
                return None;
            }
            tasks.is_thread_asleep = true;
            tasks = self.filled.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
        tasks.is_thread_asleep = false;
        Some(mem::replace(&mut tasks.waiting, space))
    }

    /// Waits so long, or until the handle is dropped.
    fn pause(&self, ms: u64) {
        let tasks = self.tasks();
        let goes_on = |tasks: &mut Tasks| !tasks.stop;
        let _ = self.filled.wait_timeout_while(tasks, Duration::from_millis(ms), goes_on);
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the thread holds.
struct Turns {
    store: Store,
    fences: Fences,
    batch: Batch,
    waiting: Vec<Waiting>,
    /// Whether the batch may hold what others read in ranges.
    has_ranges: bool,
    /// How long to wait after the next failure; 0 while all is well.
    retry_ms: u64,
    complaints: Complaints,
}

impl Turns {
    fn run(mut self, queue: &Queue) {
        let mut space = Vec::new();
        while let Some(mut tasks) = queue.take(space) {
            for task in tasks.drain(..) {
                let reads_ranges = matches!(task, Task::Call(Reach::ReadsRanges | Reach::Both, _));
                if self.batch.bytes() >= TURN_BYTES_MAX || (reads_ranges && self.has_ranges) {
                    self.commit(queue);
                }
                self.has_ranges |= !matches!(task, Task::Call(Reach::ReadsRanges, _));
                self.execute(task);
            }
            self.commit(queue);
            space = tasks;
        }
    }

    fn execute(&mut self, task: Task) {
        let mut turn = Turn::new(self.store.shared(), &mut self.batch, &mut self.fences);
        let waiting = match task {
            Task::Append(appends, done) => {
                let outcomes = appends.into_iter().map(|append| turn.append(append)).collect();
                Waiting::Append(done, outcomes)
            }
            Task::Call(_, call) => {
                let mark = turn.mark();
                let (is_done, answer) = call(&mut turn);
                if !is_done {
                    turn.truncate(mark);
                }
                Waiting::Call(answer)
            }
        };
        self.waiting.push(waiting);
    }

    /// Makes the turn durable and answers all that wait for it.
    fn commit(&mut self, queue: &Queue) {
        let outcome = self.store.commit(&mut self.batch);
        self.has_ranges = false;
        match &outcome {
            Ok(()) => self.fences.keep(),
            Err(_) => {
                self.fences.undo();
                self.batch.clear();
            }
        }
        for waiting in self.waiting.drain(..) {
            match waiting {
                Waiting::Append(done, outcomes) if outcome.is_ok() => done(outcomes),
                Waiting::Append(done, outcomes) => done(vec![Appended::Unknown; outcomes.len()]),
                Waiting::Call(answer) => answer(outcome.as_ref().copied()),
            }
        }
        match outcome {
            Ok(()) if self.retry_ms > 0 => {
                tracing::info!("messages: stored again");
                self.retry_ms = 0;
            }
            Ok(()) => {}
            Err(fault) => {
                self.complaints.tell(&format!("nothing can be stored: {fault}; trying again"));
                self.retry_ms = (self.retry_ms * 2).clamp(RETRY_MIN_MS, RETRY_MAX_MS);
                queue.pause(self.retry_ms);
            }
        }
    }
}
