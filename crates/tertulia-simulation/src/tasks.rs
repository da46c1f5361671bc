//! Futures on simulated time: the work of owners, the errands of gateways, the requests of people who wait.
//!
//! A future goes on only when the world polls it. It waits by [`Hub::pause`], for answers of its own, or by timers of
//! the tokio runtime whose clock the world moves; whatever wakes it is taken as an event of the world.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// A future's number.
pub type TaskId = u64;

/// Where futures say when they are to be polled.
#[derive(Debug, Default)]
pub struct Hub {
    now_ms: AtomicU64,
    current: AtomicU64,
    wakes: Mutex<Vec<(u64, TaskId)>>,
}

impl Hub {
    /// Simulated time, in ms.
    pub fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    /// Moves simulated time.
    pub fn set_now_ms(&self, now_ms: u64) {
        self.now_ms.store(now_ms, Ordering::Relaxed);
    }

    /// Waits so many ms of simulated time.
    pub async fn pause(&self, ms: u64) {
        let until = self.now_ms() + ms;
        let mut asked = false;
        poll_fn(|_| {
            if self.now_ms() >= until {
                return Poll::Ready(());
            }
            if !std::mem::replace(&mut asked, true) {
                self.wakes().push((until, self.current.load(Ordering::Relaxed)));
            }
            Poll::Pending
        })
        .await;
    }

    /// Which futures are to be polled when.
    pub fn take_wakes(&self) -> Vec<(u64, TaskId)> {
        std::mem::take(&mut *self.wakes())
    }

    fn wakes(&self) -> MutexGuard<'_, Vec<(u64, TaskId)>> {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Wakes {
    hub: Arc<Hub>,
    task: TaskId,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.hub.wakes().push((self.hub.now_ms(), self.task));
    }
}

type Future<T> = Pin<Box<dyn std::future::Future<Output = T> + Send>>;

/// The futures under way, each with a home that it belongs to.
pub struct Tasks<H, T> {
    tasks: BTreeMap<TaskId, (H, Future<T>)>,
    next: TaskId,
    hub: Arc<Hub>,
}

impl<H: Copy, T> Tasks<H, T> {
    /// None yet.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { tasks: BTreeMap::new(), next: 0, hub }
    }

    /// Adds a future; it is polled as soon as the world gets to it.
    pub fn spawn(&mut self, home: H, future: impl std::future::Future<Output = T> + Send + 'static) {
        self.next += 1;
        self.tasks.insert(self.next, (home, Box::pin(future)));
        self.hub.wakes().push((self.hub.now_ms(), self.next));
    }

    /// Whose future it is; `None` if it is done.
    pub fn home(&self, task: TaskId) -> Option<H> {
        self.tasks.get(&task).map(|(home, _)| *home)
    }

    /// Polls a future: what came of it, if it is done.
    pub fn poll(&mut self, task: TaskId) -> Option<T> {
        let (_, future) = self.tasks.get_mut(&task)?;
        self.hub.current.store(task, Ordering::Relaxed);
        let waker = Waker::from(Arc::new(Wakes { hub: self.hub.clone(), task }));
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        match polled {
            Poll::Ready(done) => {
                self.tasks.remove(&task);
                Some(done)
            }
            Poll::Pending => None,
        }
    }
}

/// What a future gives that never waits, as those of in-process ports.
///
/// # Panics
/// If it waits.
pub fn ready<T>(future: impl std::future::Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a future of an in-process port waits"),
    }
}
