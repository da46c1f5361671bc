//! The way to rooms for everybody in this process who can wait: REST, jobs, reads of history.
//!
//! Gateways speak to owners over the bus themselves, since they never wait. Both say the same to the same owners.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tertulia_core::{
    RoomId, Seq, TimeMs, UserId,
    room::{Ask, Grant, Refusal},
    shard::shard_of,
};
use tertulia_ports::bus::{Answer, Bus, ReplyTo, ToOwner};
use tokio::{sync::oneshot, time};

/// How long one try waits for its answer. All together take no longer than a gateway's patience: clients give up soon after.
const TRY: Duration = Duration::from_secs(2);
/// How many tries, with the same nonce, before the caller is told to come again.
const TRIES: u32 = 4;
/// Pause before another try, doubled each time.
const PAUSE: Duration = Duration::from_millis(50);

/// A command is an entry now, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// Its number.
    pub seq: Seq,
    /// When it was numbered; `None` for a retry of what was numbered before.
    pub at: Option<TimeMs>,
}

/// Why a room did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RoomError {
    /// It said no; nothing changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its owner did not answer in time. The command may have been done: retry with the same nonce.
    #[error("the room's owner does not answer")]
    Unavailable,
}

/// A cheap handle on all rooms.
#[derive(Clone)]
pub struct Handle {
    bus: Arc<dyn Bus>,
    callers: Arc<Callers>,
}

/// Who waits for answers in this process.
#[derive(Default)]
pub struct Callers {
    next: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
}

impl Callers {
    /// Hands an answer to who waits for it; late ones are dropped.
    pub fn answer(&self, caller: u64, answer: Answer) {
        if let Some(waiting) = self.lock().remove(&caller) {
            // The caller may have gone: nobody to tell.
            let _ = waiting.send(answer);
        }
    }

    fn wait(&self) -> (u64, oneshot::Receiver<Answer>) {
        let caller = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.lock().insert(caller, sender);
        (caller, receiver)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// A handle that speaks over this bus; answers to callers must be handed to `callers`.
    pub fn new(bus: Arc<dyn Bus>, callers: Arc<Callers>) -> Self {
        Self { bus, callers }
    }

    /// Gives a room a command, and waits until it is stored for good and shown.
    pub async fn ask(&self, room: RoomId, ask: Ask) -> Result<Done, RoomError> {
        match self.request(room, |reply_to| ToOwner::Command { room, ask: ask.clone(), reply_to }).await? {
            Answer::Done { seq, at } => Ok(Done { seq, at }),
            Answer::Refused(refusal) => Err(refusal.into()),
            _ => Err(RoomError::Unavailable),
        }
    }

    /// What a reader may read of a room now.
    pub async fn grant(&self, user: UserId, room: RoomId) -> Result<Grant, RoomError> {
        match self.grants(user, &[room]).await?.pop() {
            Some(Ok(grant)) => Ok(grant),
            Some(Err(refusal)) => Err(refusal.into()),
            None => Err(RoomError::Unavailable),
        }
    }

    /// What a reader may read of rooms now, in the order asked for.
    pub async fn grants(
        &self,
        user: UserId,
        rooms: &[RoomId],
    ) -> Result<Vec<Result<Grant, Refusal>>, RoomError> {
        let mut by_shard: HashMap<_, Vec<(usize, RoomId)>> = HashMap::new();
        for (at, room) in rooms.iter().enumerate() {
            by_shard.entry(shard_of(*room)).or_default().push((at, *room));
        }
        let asked = by_shard.into_values().map(|rooms| async move {
            let ids: Vec<RoomId> = rooms.iter().map(|(_, room)| *room).collect();
            let ask = |reply_to| ToOwner::Grants { user, rooms: ids.clone(), reply_to };
            match self.request(ids[0], ask).await? {
                Answer::Grants(grants) => {
                    Ok(rooms.into_iter().map(|(at, _)| at).zip(grants).collect::<Vec<_>>())
                }
                _ => Err(RoomError::Unavailable),
            }
        });
        let mut grants: Vec<_> = futures::future::try_join_all(asked).await?.into_iter().flatten().collect();
        grants.sort_by_key(|(at, _)| *at);
        Ok(grants.into_iter().map(|(_, grant)| grant).collect())
    }

    /// Makes a room read a person's standing again: something outside its log changed.
    pub async fn forget(&self, room: RoomId, user: UserId) -> Result<(), RoomError> {
        self.request(room, |reply_to| ToOwner::Forget { room, user, reply_to }).await.map(|_| ())
    }

    /// Hides, then deletes what is older than a time.
    pub async fn expire(&self, room: RoomId, before: TimeMs) -> Result<(), RoomError> {
        match self.request(room, |reply_to| ToOwner::Expire { room, before, reply_to }).await? {
            Answer::Ok => Ok(()),
            _ => Err(RoomError::Unavailable),
        }
    }

    /// Who has a room open, for a member of it.
    pub async fn active(&self, room: RoomId, user: UserId) -> Result<Vec<UserId>, RoomError> {
        match self.request(room, |reply_to| ToOwner::Active { room, user, reply_to }).await? {
            Answer::Active(users) => Ok(users),
            Answer::Refused(refusal) => Err(refusal.into()),
            _ => Err(RoomError::Unavailable),
        }
    }

    async fn request(&self, room: RoomId, mail: impl Fn(ReplyTo) -> ToOwner) -> Result<Answer, RoomError> {
        let mut pause = PAUSE;
        for _ in 0..TRIES {
            let (caller, answer) = self.callers.wait();
            let sent = self.bus.to_owner(shard_of(room), mail(ReplyTo::Caller(caller)));
            let answered = if sent { time::timeout(TRY, answer).await } else { Ok(Ok(Answer::Retry)) };
            self.callers.lock().remove(&caller);
            match answered {
                Ok(Ok(Answer::Retry)) => time::sleep(pause).await,
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(_)) | Err(_) => {}
            }
            pause *= 2;
        }
        Err(RoomError::Unavailable)
    }
}
