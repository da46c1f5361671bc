//! One device of somebody who talks, edits, reacts, reads, comes and goes, and whose connection and program break now and
//! then. What it does is drawn by chance; what it sees goes to the recorder.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use tertulia_client::{
    client::{Client, Options},
    outbox::Post,
    session::{Event, Input, Question, Saved, Status},
};
use tertulia_protocol::{
    entry::EntryBody,
    ids::{RoomId, Seq, UserId},
    socket::{client::HistoryMode, server::Room},
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{
    members,
    tap::tap,
    world::{Phase, World},
};
use crate::checker::record::{Device, What};

/// Messages of a room that are edited, deleted and reacted to.
const RECENT_MAX: usize = 10;
/// Posts on their way, above which a device waits: a server that is away for long must not be buried afterwards.
const UNSENT_MAX: usize = 6;
const EMOJI: [&str; 4] = ["👍", "❤️", "🎉", "🙏"];

/// What others may know of a device.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub is_live: bool,
    /// Posts and changes of members that were not answered yet.
    pub unsent: usize,
    pub cursors: BTreeMap<RoomId, Seq>,
}

/// A device's snapshot, shared.
pub(super) type Shown = Arc<Mutex<Snapshot>>;

pub(super) struct Person {
    world: Arc<World>,
    account: usize,
    user: UserId,
    token: String,
    device: Device,
    random: StdRng,
    client: Client,
    shown: Shown,
    recent: BTreeMap<RoomId, VecDeque<(Seq, UserId)>>,
    /// Rooms that the user was in and is not any more: it tries its luck there.
    lost: Vec<RoomId>,
    changes: JoinSet<()>,
    posts: usize,
    next_key: u64,
    pace: Duration,
}

impl Person {
    pub fn new(
        world: Arc<World>,
        account: usize,
        token: usize,
        device: Device,
        random: StdRng,
        pace: Duration,
    ) -> Self {
        let (user, token) = (world.accounts[account].user, world.accounts[account].tokens[token].clone());
        let mut random = random;
        let client = start(&world, user, &token, device, Saved::default(), random.random());
        Self {
            world,
            account,
            user,
            token,
            device,
            random,
            client,
            shown: Shown::default(),
            recent: BTreeMap::new(),
            lost: Vec::new(),
            changes: JoinSet::new(),
            posts: 0,
            next_key: 0,
            pace,
        }
    }

    pub fn shown(&self) -> Shown {
        Arc::clone(&self.shown)
    }

    /// Lives until the run is over.
    pub async fn live(mut self) {
        let mut phase = self.world.phase.clone();
        let mut storms = self.world.storms.clone();
        let mut next = Instant::now() + self.pause();
        loop {
            let is_chaos = *phase.borrow() == Phase::Chaos;
            tokio::select! {
                event = self.client.events.recv() => match event {
                    Some(event) => self.hear(event),
                    None => return,
                },
                Some(_) = self.changes.join_next(), if !self.changes.is_empty() => {}
                Ok(()) = storms.changed() => drop(self.client.send(Input::Reconnect).await),
                () = sleep_until(next), if is_chaos => {
                    self.act().await;
                    next = Instant::now() + self.pause();
                }
                changed = phase.changed() => {
                    if changed.is_err() || *phase.borrow() == Phase::Over {
                        self.finish().await;
                        return;
                    }
                    // Who waits for the next try, after many that failed, tries now.
                    if !self.with_shown(|shown| shown.is_live) {
                        self.client.send(Input::Reconnect).await;
                    }
                }
            }
            self.show();
        }
    }

    fn pause(&mut self) -> Duration {
        self.pace.mul_f64(self.random.random_range(0.2..1.8))
    }

    fn show(&self) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.unsent = self.posts + self.changes.len();
    }

    fn with_shown<A>(&self, change: impl FnOnce(&mut Snapshot) -> A) -> A {
        change(&mut self.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn record(&self, what: What) {
        self.world.recorder.add(self.user, self.device, what);
    }

    async fn act(&mut self) {
        let rooms: Vec<RoomId> = self.with_shown(|shown| shown.cursors.keys().copied().collect());
        let room = rooms.choose(&mut self.random).copied();
        match (self.random.random_range(0..100), room) {
            (0..48, Some(room)) => {
                let text = self.world.text(&mut self.random);
                let reply_to = self.some_message(room, |_| true).filter(|_| self.random.random_bool(0.2));
                self.post(room, Post::Message { text, reply_to, attachments: Vec::new() }).await;
            }
            (48..60, Some(room)) => self.change_own(room).await,
            (60..69, Some(room)) => {
                let Some(of) = self.some_message(room, |_| true) else { return };
                let emoji = EMOJI[self.random.random_range(0..EMOJI.len())].to_owned();
                let on = self.random.random_bool(0.8);
                self.post(room, Post::React { of, emoji, on }).await;
            }
            (69..78, Some(room)) => {
                let seq = self.with_shown(|shown| shown.cursors.get(&room).copied()).unwrap_or(0);
                self.client.send(Input::Read { room, seq }).await;
            }
            (78..83, Some(room)) => drop(self.client.send(Input::Typing { room, on: true }).await),
            (83..88, _) => self.ask().await,
            (88..90, _) => drop(self.client.send(Input::Reconnect).await),
            (90, _) => self.restart().await,
            _ => {
                let change = members::draw(&self.world, self.account, &rooms, self.device, &mut self.random);
                self.changes.spawn(change);
            }
        }
    }

    async fn post(&mut self, room: RoomId, post: Post) {
        if self.posts >= UNSENT_MAX {
            return;
        }
        self.next_key += 1;
        self.posts += 1;
        self.client.send(Input::Post { key: self.next_key, room, post }).await;
    }

    async fn change_own(&mut self, room: RoomId) {
        let user = self.user;
        let Some(of) = self.some_message(room, |by| by == user) else { return };
        let post = match self.random.random_bool(0.7) {
            true => Post::Edit { of, text: self.world.text(&mut self.random) },
            false => Post::Delete { of, reason: None },
        };
        self.post(room, post).await;
    }

    fn some_message(&mut self, room: RoomId, is_wanted: impl Fn(UserId) -> bool) -> Option<Seq> {
        let recent = self.recent.get(&room)?.iter().filter(|(_, by)| is_wanted(*by));
        let recent: Vec<Seq> = recent.map(|(seq, _)| *seq).collect();
        recent.choose(&mut self.random).copied()
    }

    /// Asks for history or opens a room: of those the user is in, and of those that they are out of.
    async fn ask(&mut self) {
        let mut rooms: Vec<RoomId> = self.with_shown(|shown| shown.cursors.keys().copied().collect());
        rooms.extend(self.lost.iter().copied());
        let Some(room) = rooms.choose(&mut self.random).copied() else { return };
        let question = match self.random.random_range(0..3) {
            0 => Question::Subscribe(room),
            1 => Question::History {
                room,
                mode: HistoryMode::Entries,
                before: None,
                after: Some(0),
                limit: Some(200),
            },
            _ => {
                let (mode, before) = (HistoryMode::Entries, Some(Seq::from(u32::MAX)));
                Question::History { room, mode, before, after: None, limit: Some(50) }
            }
        };
        self.client.send(Input::Ask { key: 0, question }).await;
    }

    /// The program ends and starts again with what it kept.
    async fn restart(&mut self) {
        let (saved, events) = self.client.stop().await;
        events.into_iter().for_each(|event| self.hear(event));
        let seed = self.random.random();
        self.client = start(&self.world, self.user, &self.token, self.device, saved, seed);
        self.with_shown(|shown| shown.is_live = false);
    }

    fn hear(&mut self, event: Event) {
        match event {
            Event::Status(status) => self.with_shown(|shown| shown.is_live = status == Status::Live),
            Event::Welcome(welcome) => {
                welcome.rooms.iter().for_each(|head| self.follow(head.room, head.head))
            }
            Event::Room(Room::Joined(head)) => self.follow(head.room, head.head),
            Event::Room(Room::Gone { room, .. }) | Event::Absent(room) => self.unfollow(room),
            Event::Forgotten => {
                let rooms: Vec<RoomId> = self.with_shown(|shown| shown.cursors.keys().copied().collect());
                rooms.into_iter().for_each(|room| self.unfollow(room));
            }
            Event::Entry { room, entry } => {
                self.record(What::Applied { room, seq: entry.seq });
                self.with_shown(|shown| shown.cursors.insert(room, entry.seq));
                if let (EntryBody::Message { .. }, Some(by)) = (&entry.body, entry.by) {
                    let recent = self.recent.entry(room).or_default();
                    recent.push_back((entry.seq, by));
                    if recent.len() > RECENT_MAX {
                        recent.pop_front();
                    }
                }
            }
            Event::Passed { room, first, last } => {
                self.record(What::Passed { room, first, last });
                self.with_shown(|shown| shown.cursors.insert(room, last));
            }
            Event::Done { .. } | Event::Refused { .. } => self.posts = self.posts.saturating_sub(1),
            _ => {}
        }
    }

    fn follow(&mut self, room: RoomId, after: Seq) {
        let is_new = self.with_shown(|shown| match shown.cursors.contains_key(&room) {
            true => false,
            false => shown.cursors.insert(room, after).is_none(),
        });
        if is_new {
            self.lost.retain(|lost| *lost != room);
            self.record(What::Following { room, after });
        }
    }

    fn unfollow(&mut self, room: RoomId) {
        if self.with_shown(|shown| shown.cursors.remove(&room).is_some()) {
            self.recent.remove(&room);
            self.lost.push(room);
            self.record(What::Unfollowed { room });
        }
    }

    /// Writes down where the device ended.
    async fn finish(&mut self) {
        let shown = self.with_shown(|shown| shown.clone());
        for (room, cursor) in shown.cursors {
            self.record(What::Settled { room, cursor });
        }
        self.record(What::AllSettled { is_live: shown.is_live, unsent: shown.unsent });
        self.client.send(Input::Stop).await;
    }
}

fn start(world: &World, user: UserId, token: &str, device: Device, saved: Saved, seed: u64) -> Client {
    Client::start(Options {
        address: world.address.clone(),
        token: token.to_owned(),
        name: "Tertulia faults".to_owned(),
        saved,
        seed,
        tap: Some(tap(world.recorder.clone(), user, device)),
    })
}
