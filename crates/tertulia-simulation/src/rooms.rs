//! The rooms of a seed, who has their shards, and what people do to them by other ways than a socket.

use std::{collections::BTreeMap, sync::Arc};

use tertulia_core::{
    Limits, Nonce, Role, RoomId, ShardId, TimeMs, UserId,
    entry::EntryBody,
    permission::RoomKind,
    room::{Ask, Broadcast, Command, HistoryPolicy, JoinPolicy, RoomSettings, SYSTEM},
    shard::shard_of,
};
use tertulia_ports::{bus::ToGateway, coordination::RuntimeConfig, directory::Friends};
use tertulia_server::room::{RoomError, owner::Input};

use crate::{
    clients::Asked,
    rng::Rng,
    world::{CALM_AT_MS, Done, Event, Home, World},
};

/// Groups and channels of a seed.
const GROUPS: u64 = 3;
/// Shards that groups and channels lie in.
const SHARDS: usize = 2;
/// How long each room is left alone once, in ms: long enough for it to fall asleep.
const SLEEP_MS: u64 = 9_000;

/// A room of the seed.
#[derive(Debug, Clone)]
pub struct PlannedRoom {
    /// Its id.
    pub id: RoomId,
    /// Its kind.
    pub kind: RoomKind,
    /// The two of a direct room.
    pub pair: Option<(UserId, UserId)>,
    /// From when nobody touches it for a while.
    pub sleeps_at: u64,
}

impl PlannedRoom {
    /// Whether it is left alone now.
    pub fn sleeps(&self, now: u64) -> bool {
        (self.sleeps_at..self.sleeps_at + SLEEP_MS).contains(&now)
    }
}

/// Rooms, and which node has their shards.
#[derive(Debug, Default)]
pub struct Plan {
    /// The rooms.
    pub rooms: Vec<PlannedRoom>,
    /// Which node is to have which shard.
    pub assigned: BTreeMap<ShardId, usize>,
    /// Which node raised the fence of which shard last.
    pub holders: BTreeMap<ShardId, usize>,
    /// Shards whose gateways do not know yet that they moved.
    pub untold: Vec<ShardId>,
}

impl Plan {
    /// The rooms of a seed.
    pub fn new(users: &[UserId], rng: &mut Rng) -> Self {
        let mut plan = Self::default();
        let mut shards = Vec::new();
        for group in 0..GROUPS {
            let id = loop {
                let id = RoomId::random(rng.next());
                if shards.len() < SHARDS || shards.contains(&shard_of(id)) {
                    break id;
                }
            };
            shards.push(shard_of(id));
            let kind = if group == 2 { RoomKind::Channel } else { RoomKind::Group };
            plan.rooms.push(PlannedRoom { id, kind, pair: None, sleeps_at: 0 });
        }
        for pair in [(users[0], users[1]), (users[1], users[2])] {
            let id = RoomId::direct(pair.0, pair.1, 0);
            plan.rooms.push(PlannedRoom { id, kind: RoomKind::Direct, pair: Some(pair), sleeps_at: 0 });
        }
        for room in &mut plan.rooms {
            room.sleeps_at = rng.within(4_000, CALM_AT_MS);
        }
        plan
    }

    /// The shards that a node is to have.
    pub fn shards_of(&self, node: usize) -> Vec<ShardId> {
        self.assigned.iter().filter(|(_, of)| **of == node).map(|(shard, _)| *shard).collect()
    }
}

impl World {
    pub(crate) fn assign_at_first(&mut self) {
        for room in self.plan.rooms.clone() {
            let node = self.rng.below(self.nodes.len() as u64) as usize;
            let shard = shard_of(room.id);
            let node = *self.plan.assigned.entry(shard).or_insert(node);
            self.bus.route(shard, node);
        }
        for at in 0..self.nodes.len() {
            let (shards, life) = (self.plan.shards_of(at), self.nodes[at].life);
            self.after(2, Event::Node(at, life, Input::Assign(shards)));
        }
    }

    /// Everybody's rooms are made, each by its first member.
    pub(crate) fn make_rooms(&mut self) {
        for room in self.plan.rooms.clone() {
            let command = self.create(&room);
            let maker = room.pair.map_or(self.users[0], |(one, _)| one);
            self.ask(maker, room.id, command);
        }
    }

    fn create(&mut self, room: &PlannedRoom) -> Command {
        let members = match room.pair {
            Some((_, other)) => vec![other],
            None => self.users[1..].iter().copied().filter(|_| self.rng.chance(700)).collect(),
        };
        let settings = if room.pair.is_some() { RoomSettings::default() } else { self.room_settings() };
        let name = if room.pair.is_some() { String::new() } else { "room".to_owned() };
        Command::Create { kind: room.kind, name, settings, members }
    }

    fn room_settings(&mut self) -> RoomSettings {
        RoomSettings {
            join: *self.rng.pick(&[JoinPolicy::Open, JoinPolicy::Invite]),
            history: *self.rng.pick(&[HistoryPolicy::All, HistoryPolicy::SinceJoin]),
            broadcast: *self.rng.pick(&[None, Some(Broadcast::Direct), Some(Broadcast::Queued)]),
            ..RoomSettings::default()
        }
    }

    /// Somebody does something by other ways than a socket.
    pub(crate) fn rest(&mut self) {
        if self.weather.is_calm() {
            return;
        }
        let ms = self.rng.within(50, 700);
        self.after(ms, Event::Rest);
        let room = self.rng.pick(&self.plan.rooms).clone();
        if room.sleeps(self.now) {
            return;
        }
        let (actor, user) = (*self.rng.pick(&self.users), *self.rng.pick(&self.users));
        if room.pair.is_some() {
            return self.rest_in_direct(&room, actor);
        }
        let (owner, text) = (self.users[0], self.rng.next().to_string());
        let reason = Some("weather".to_owned());
        match self.rng.below(42) {
            0..=5 => self.ask(actor, room.id, Command::Join { invited: true }),
            6..=12 => self.ask(owner, room.id, Command::Add { user }),
            13..=15 if actor != owner => self.ask(actor, room.id, Command::Leave),
            16..=19 => self.ask(owner, room.id, Command::Remove { user, reason }),
            20..=25 => {
                let until = self.rng.chance(300).then(|| self.wall_clock(0).plus(5_000));
                self.ask(owner, room.id, Command::Ban { user, until, reason });
            }
            26..=30 => self.ask(owner, room.id, Command::Unban { user }),
            31 => {
                let role = *self.rng.pick(&[Role::Member, Role::Moderator]);
                self.ask(owner, room.id, Command::SetRole { user, role });
            }
            32..=34 => {
                let settings = Some(self.room_settings().into());
                self.ask(owner, room.id, Command::Change { name: None, topic: None, settings });
            }
            35 => self.ask(owner, room.id, Command::DeleteRoom),
            36..=37 => {
                let command = self.create(&room);
                self.ask(owner, room.id, command);
            }
            38 => self.expire(room.id),
            39 => self.configure(),
            _ => {
                self.ask(actor, room.id, Command::Post { text, reply_to: None, attached: Default::default() })
            }
        }
    }

    fn rest_in_direct(&mut self, room: &PlannedRoom, actor: UserId) {
        let Some((one, other)) = room.pair else { return };
        let text = self.rng.next().to_string();
        match self.rng.below(10) {
            0 => self.ask(SYSTEM, room.id, Command::DeleteRoom),
            1..=2 => {
                let command = self.create(room);
                self.ask(one, room.id, command);
            }
            3..=5 => self.block(room.id, one, other),
            6 => self.expire(room.id),
            _ => {
                self.ask(actor, room.id, Command::Post { text, reply_to: None, attached: Default::default() })
            }
        }
    }

    /// Gives a room a command, and tries again with the same nonce as long as its owner does not answer.
    pub(crate) fn ask(&mut self, actor: UserId, room: RoomId, command: Command) {
        let nonce = match actor {
            SYSTEM => Nonce::default(),
            _ => Nonce(u128::from(self.rng.next()) << 64 | u128::from(self.rng.next())),
        };
        // What somebody knows who has just looked at the room.
        let since = self.checker.rooms.get(&room).map_or(0, |truth| truth.head().saturating_sub(3));
        let ask = Ask { actor, nonce, since: (actor != SYSTEM).then_some(since), command };
        let handle = self.handle.clone();
        self.note(|| format!("asks room {room}: {ask:?}"));
        self.tasks.spawn(Home::Elsewhere, async move {
            let mut answer = Err(RoomError::Unavailable);
            for _ in 0..3 {
                answer = handle.ask(room, ask.clone()).await;
                if answer != Err(RoomError::Unavailable) {
                    break;
                }
            }
            Done::Asked(Box::new(Asked { room, ask, answer }))
        });
    }

    /// A command that did not come over a socket was answered.
    pub(crate) fn asked(&mut self, asked: Asked) {
        let Asked { room, ask, answer } = asked;
        self.note(|| format!("room {room} answers {} of {}: {answer:?}", ask.nonce, ask.actor));
        let Ok(done) = answer else { return };
        let is_it = |body: &EntryBody| match &ask.command {
            Command::Post { text, .. } => body.text() == text,
            Command::Join { .. } => matches!(body, EntryBody::Entered { user, .. } if *user == ask.actor),
            Command::Add { user } => matches!(body, EntryBody::Entered { user: who, .. } if who == user),
            Command::Leave => *body == EntryBody::Left { user: ask.actor },
            Command::Remove { user, .. } => {
                matches!(body, EntryBody::Removed { user: who, .. } if who == user)
            }
            Command::Ban { user, .. } => matches!(body, EntryBody::Banned { user: who, .. } if who == user),
            Command::Unban { user } => *body == EntryBody::Unbanned { user: *user },
            Command::SetRole { user, role } => *body == EntryBody::RoleChanged { user: *user, role: *role },
            Command::Change { .. } => matches!(body, EntryBody::Changed { .. }),
            Command::Create { .. } => matches!(body, EntryBody::Created { .. }),
            Command::DeleteRoom | Command::DeleteIfEmpty => *body == EntryBody::RoomDeleted,
            Command::Edit { .. } | Command::Delete { .. } | Command::React { .. } => true,
        };
        self.checker.acked(room, ask.actor, ask.nonce, done.seq, is_it);
    }

    /// Cleanup's word: a room that nobody belongs to goes.
    pub(crate) fn delete_if_empty(&mut self, room: RoomId) {
        self.ask(SYSTEM, room, Command::DeleteIfEmpty);
    }

    /// An operator changes the configuration: how rooms broadcast, and which are too large for signals.
    fn configure(&mut self) {
        let broadcast = *self.rng.pick(&[None, Some(Broadcast::Direct), Some(Broadcast::Queued)]);
        let limits = Limits { quiet_room_members: self.rng.within(2, 8), ..Limits::default() };
        let config = Arc::new(RuntimeConfig { limits, broadcast, ..RuntimeConfig::default() });
        for at in 0..self.nodes.len() {
            let (ms, life) = (self.rng.below(500), self.nodes[at].life);
            self.after(ms, Event::Node(at, life, Input::Config(config.clone())));
        }
        for id in self.hosts.iter().map(|host| host.id).collect::<Vec<_>>() {
            let ms = self.rng.below(500);
            self.after(ms, Event::ToHost(id, ToGateway::Config(config.clone())));
        }
    }

    fn expire(&mut self, room: RoomId) {
        let before = TimeMs(self.wall_clock(0).0.saturating_sub(self.rng.within(2_000, 20_000)));
        let handle = self.handle.clone();
        self.tasks.spawn(Home::Elsewhere, async move {
            // Nobody waits: the next sweep would come again.
            let _ = handle.expire(room, before).await;
            Done::Nothing
        });
    }

    fn block(&mut self, room: RoomId, one: UserId, other: UserId) {
        let (directory, handle, blocked) =
            (self.directory.clone(), self.handle.clone(), self.rng.chance(500));
        self.tasks.spawn(Home::Elsewhere, async move {
            if directory.set_block(one, other, blocked).await.is_ok() {
                for user in [one, other] {
                    let _ = handle.forget(room, user).await;
                }
            }
            Done::Nothing
        });
    }
}
