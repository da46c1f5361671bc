//! The people and rooms of a run, made over REST before anything goes wrong.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tertulia_client::{connection::Address, rest::Rest};
use tertulia_protocol::{
    ids::{Nonce, RoomId, UserId},
    rest::{NewRoom, NewRoomKind},
    room::{HistoryPolicy, JoinPolicy, RoomSettings},
};
use tokio::sync::watch;

use super::NO_DEVICE;
use crate::checker::record::{Path, Recorder, What};

/// Requests at once while the world is made.
const AT_ONCE: usize = 16;
/// Of so many people, one has a second device.
const SECOND_DEVICE_EVERY: usize = 12;
/// Messages that one session may send in ten seconds, in the calm.
pub(super) const MESSAGES_PER_10S: u64 = 3_000;

/// Somebody with their devices' tokens.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub user: UserId,
    pub tokens: Vec<String>,
}

/// A room.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub id: RoomId,
    /// Stays in it to the end; of a direct room: one of the two.
    pub owner: usize,
    /// Who was in it at the start, as numbers of accounts.
    pub members: Vec<usize>,
    pub is_direct: bool,
    pub is_open: bool,
    /// It is going to be deleted.
    pub is_doomed: bool,
}

/// What a run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Everybody does everything.
    Chaos,
    /// Nobody begins anything; what is on its way arrives.
    Calm,
    /// It is over.
    Over,
}

/// People and rooms.
#[derive(Debug)]
pub(super) struct World {
    pub address: Address,
    pub admin: Rest,
    pub accounts: Vec<Account>,
    pub places: Vec<Place>,
    pub recorder: Recorder,
    pub phase: watch::Receiver<Phase>,
    /// Rises whenever everybody is cut off at once.
    pub storms: watch::Receiver<u64>,
    /// Makes texts unique.
    texts: AtomicU64,
    /// Rooms that came and went, and whether everybody left them.
    passing: Mutex<Vec<(Place, bool)>>,
}

impl World {
    /// Makes it on a fresh server.
    pub async fn make(
        address: &Address,
        ticket: &str,
        people: usize,
        rooms: usize,
        (phase, storms): (watch::Receiver<Phase>, watch::Receiver<u64>),
        random: &mut StdRng,
    ) -> Result<Self> {
        let stranger = Rest::new(address.clone());
        let admin = stranger.sign_in_with_ticket(ticket).await.context("the administrator cannot sign in")?;
        let admin = Rest::signed_in(address.clone(), &admin.token);
        admin
            .set_limits(&[("messages_per_10s", MESSAGES_PER_10S), ("requests_per_10s", 1_000_000)])
            .await
            .context("limits cannot be changed")?;
        let accounts = stream::iter(0..people).map(|number| account(address, number)).buffered(AT_ONCE);
        let accounts: Vec<Account> = accounts.try_collect().await?;
        let plans: Vec<Plan> = (0..rooms).map(|number| Plan::new(number, rooms, people, random)).collect();
        let made = stream::iter(plans).map(|plan| plan.make(address, &accounts)).buffered(AT_ONCE);
        let places: Vec<Place> = made.try_collect().await?;
        let recorder = Recorder::default();
        look(address, &accounts, &places, &recorder).await?;
        let address = address.clone();
        Ok(Self {
            address,
            admin,
            accounts,
            places,
            recorder,
            phase,
            storms,
            texts: AtomicU64::new(0),
            passing: Mutex::default(),
        })
    }

    /// A text that nobody has said before.
    pub fn text(&self, random: &mut StdRng) -> String {
        let number = self.texts.fetch_add(1, Ordering::Relaxed);
        let filling = ["hola", "kaixo", "ahoj", "こんにちは", "مرحبا", "🙂"][random.random_range(0..6)];
        format!("{number} {}", filling.repeat(random.random_range(1..20)))
    }

    /// Remembers a room that came, and whether everybody left it.
    pub fn passing(&self, place: Place, is_empty: bool) {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner).push((place, is_empty));
    }

    /// The rooms that came, and whether everybody left them.
    pub fn passed(&self) -> Vec<(Place, bool)> {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Somebody's way over REST.
    pub fn rest(&self, account: usize) -> Arc<Rest> {
        Arc::new(Rest::signed_in(self.address.clone(), &self.accounts[account].tokens[0]))
    }
}

async fn account(address: &Address, number: usize) -> Result<Account> {
    let rest = Rest::new(address.clone());
    let name = format!("Person {number}");
    if !number.is_multiple_of(SECOND_DEVICE_EVERY) {
        let session = rest.sign_up(&name).await.context("nobody can sign up")?;
        return Ok(Account { user: session.user.user.id, tokens: vec![session.token] });
    }
    let (handle, password) = (format!("person-{number}"), format!("the password of {number}"));
    let first =
        rest.sign_up_as(&name, &handle, &password).await.context("nobody can sign up with a password")?;
    let second = rest.sign_in(&handle, &password).await.context("nobody can sign in")?;
    Ok(Account { user: first.user.user.id, tokens: vec![first.token, second.token] })
}

/// Writes down what each log begins with: it may have expired before anybody asks.
async fn look(address: &Address, accounts: &[Account], places: &[Place], recorder: &Recorder) -> Result<()> {
    for place in places {
        let owner = &accounts[place.owner];
        let rest = Rest::signed_in(address.clone(), &owner.tokens[0]);
        let page = rest.entries_after(place.id, 0).await.context("a new room cannot be read")?;
        for entry in page.items {
            let what = What::Heard { path: Path::Rest, room: place.id, entry };
            recorder.add(owner.user, NO_DEVICE, what);
        }
    }
    Ok(())
}

struct Plan {
    number: usize,
    members: Vec<usize>,
    kind: Option<NewRoomKind>,
    settings: RoomSettings,
    is_doomed: bool,
    key: Nonce,
}

impl Plan {
    /// A third are direct, a few channels, two are going to be deleted, the others groups, half of them open.
    fn new(number: usize, rooms: usize, people: usize, random: &mut StdRng) -> Self {
        let kind = match number * 10 / rooms.max(1) {
            0..3 => None,
            3 => Some(NewRoomKind::Channel),
            _ => Some(NewRoomKind::Group),
        };
        let size = if kind.is_none() { 2 } else { random.random_range(3..=25).min(people) };
        let mut everybody: Vec<usize> = (0..people).collect();
        everybody.shuffle(random);
        let mut settings = RoomSettings::default();
        if random.random_bool(0.5) {
            settings.join = JoinPolicy::Open;
        }
        if random.random_bool(0.2) {
            settings.history = HistoryPolicy::SinceJoin;
        }
        let is_doomed = kind.is_some() && number + 2 >= rooms;
        Self {
            number,
            members: everybody[..size].to_vec(),
            kind,
            settings,
            is_doomed,
            key: Nonce(random.random()),
        }
    }

    async fn make(self, address: &Address, accounts: &[Account]) -> Result<Place> {
        let owner = self.members[0];
        let rest = Rest::signed_in(address.clone(), &accounts[owner].tokens[0]);
        let others: Vec<UserId> = self.members[1..].iter().map(|member| accounts[*member].user).collect();
        let id = match self.kind {
            None => rest.direct_room(others[0]).await.context("no direct room can be made")?.id,
            Some(kind) => {
                let (name, settings) = (format!("Room {}", self.number), self.settings.clone());
                let new = NewRoom { kind, name, topic: None, settings, members: others };
                rest.make_room(&new, self.key).await.context("no room can be made")?.id
            }
        };
        Ok(Place {
            id,
            owner,
            members: self.members,
            is_direct: self.kind.is_none(),
            is_open: self.kind.is_some() && self.settings.join == JoinPolicy::Open,
            is_doomed: self.is_doomed,
        })
    }
}

/// A source of chance of its own for a part of a run.
pub(super) fn chance(seed: u64, part: u64) -> StdRng {
    StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ part)
}
