//! Long random histories of rooms, given to the directory in pieces, twice, late and by owners that have lost their
//! shard, against a model that applies each entry once.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_core::{
    EntryBody, Epoch, Member, Role, Standing,
    permission::RoomKind,
    room::{JoinPolicy, RoomSettings},
};

use super::*;
use crate::time::{Entropy, manual::SeededEntropy};

const USERS: u64 = 7;
const ROOMS: u64 = 3;
const STEPS: usize = 120;

/// A room's log with what its entries make of it.
struct Log {
    room: RoomId,
    entries: Vec<Entry>,
    /// How many entries the directory was given, in order.
    given: usize,
    /// The owner's epoch.
    epoch: Epoch,
    /// The state after the last entry.
    made: State,
    /// The state after the last entry that was given.
    told: State,
}

/// What a room is; absent members never were in this room.
#[derive(Debug, Clone, Default, PartialEq)]
struct State {
    /// Kind, name, and settings; `None` if there is no such room.
    meta: Option<(RoomKind, String, RoomSettings)>,
    members: BTreeMap<UserId, Member>,
}

impl State {
    /// Applies an entry; returns whose feed it raises.
    fn apply(&mut self, entry: &Entry) -> BTreeSet<UserId> {
        let body = entry.body.as_ref().unwrap();
        match body {
            EntryBody::Created { room_kind, name, settings } => {
                self.meta = Some((*room_kind, name.clone(), settings.clone()));
            }
            EntryBody::RoomDeleted => {
                let inside = self.inside().map(|(user, _)| user).collect();
                *self = Self::default();
                return inside;
            }
            EntryBody::Changed { name, settings, .. } => {
                let meta = self.meta.as_mut().unwrap();
                meta.1 = name.clone().unwrap_or_else(|| meta.1.clone());
                meta.2 = settings.clone().unwrap_or_else(|| meta.2.clone());
            }
            _ => {}
        }
        let Some(user) = body.subject() else { return BTreeSet::new() };
        let before = self.members.get(&user).cloned().unwrap_or(Member::STRANGER);
        let standing = match body {
            EntryBody::Entered { role, .. } => Standing::In { role: *role, since_seq: entry.seq },
            EntryBody::RoleChanged { role, .. } => match before.standing {
                Standing::In { since_seq, .. } => Standing::In { role: *role, since_seq },
                other => panic!("a role for {other:?}"),
            },
            EntryBody::Banned { until, reason, .. } => {
                Standing::Banned { until: *until, reason: reason.clone() }
            }
            _ => Standing::Out,
        };
        self.members.insert(user, Member { standing, seq: entry.seq, blocked: false });
        BTreeSet::from([user])
    }

    fn inside(&self) -> impl Iterator<Item = (UserId, Role)> {
        self.members.iter().filter_map(|(user, member)| Some((*user, member.role()?)))
    }
}

struct Dice(SeededEntropy);

impl Dice {
    fn below(&self, end: u64) -> u64 {
        self.0.u64() % end
    }

    fn user(&self) -> UserId {
        id(1 + self.below(USERS))
    }

    fn role(&self) -> Role {
        [Role::Member, Role::Moderator, Role::Owner][self.below(3) as usize]
    }

    /// Something that may happen next in a room that stands like this.
    fn body(&self, state: &State) -> EntryBody {
        let name = format!("Room {}", self.below(100));
        let settings =
            RoomSettings { join: JoinPolicy::Open, slow_mode_s: self.below(9) as u32, ..Default::default() };
        if state.meta.is_none() {
            let room_kind = [RoomKind::Group, RoomKind::Channel][self.below(2) as usize];
            return EntryBody::Created { room_kind, name, settings };
        }
        let user = self.user();
        let role = state.members.get(&user).and_then(Member::role);
        match (self.below(20), role) {
            (0, _) => EntryBody::RoomDeleted,
            (1, _) => EntryBody::Changed { name: Some(name), topic: None, settings: None },
            (2, _) => EntryBody::Changed { name: None, topic: None, settings: Some(settings) },
            (3, _) => EntryBody::Message { text: "hi".into(), reply_to: None, attachments: Vec::new() },
            (4..8, _) => EntryBody::Banned { user, until: None, reason: Some(name) },
            (8..12, None) => EntryBody::Unbanned { user },
            (8..12, Some(_)) => EntryBody::RoleChanged { user, role: self.role() },
            (_, None) => EntryBody::Entered { user, role: self.role() },
            (12..16, Some(_)) => EntryBody::Removed { user, reason: None },
            (_, Some(_)) => EntryBody::Left { user },
        }
    }
}

pub(super) async fn check(directory: &impl Directory, seed: u64) {
    let dice = Dice(SeededEntropy::new(seed));
    add_users(directory, 1..=USERS).await;
    let mut versions: BTreeMap<UserId, u64> = BTreeMap::new();
    let log = |number| Log {
        room: room_id(number),
        entries: Vec::new(),
        given: 0,
        epoch: 1,
        made: State::default(),
        told: State::default(),
    };
    let mut logs: Vec<Log> = (1..=ROOMS).map(log).collect();
    for step in 0..STEPS {
        let log = &mut logs[dice.below(ROOMS) as usize];
        let what = format!("seed {seed}, step {step}, room {}", log.room);
        match dice.below(8) {
            0 => repeat(directory, log, &dice, &what).await,
            1 => log.epoch += 1,
            2 => speak_too_late(directory, log, &dice, &what).await,
            _ => go_on(directory, log, &dice, &mut versions, &what).await,
        }
        compare(directory, log, &what).await;
    }
    for (user, version) in versions {
        assert_eq!(directory.feed_version(user).await.unwrap(), version, "seed {seed}");
        let feed = directory.feed_after(user, 0, usize::MAX).await.unwrap();
        assert_eq!(feed, (1..=version).map(|version| (version, FeedKind::Rooms)).collect::<Vec<_>>());
        let rooms: Vec<_> =
            logs.iter().filter(|log| log.told.inside().any(|(inside, _)| inside == user)).collect();
        let listed = directory.rooms_of(user).await.unwrap();
        assert_eq!(listed.iter().map(|mine| mine.room.id).collect::<Vec<_>>(), ids_of(&rooms), "seed {seed}");
        assert_eq!(directory.room_ids_of(user).await.unwrap(), ids_of(&rooms));
        assert_eq!(directory.count_rooms_of(user).await.unwrap(), rooms.len() as u64);
    }
    let alive: Vec<_> = logs.iter().filter(|log| log.told.meta.is_some()).collect();
    assert_eq!(directory.count_rooms().await.unwrap(), alive.len() as u64);
    let empty: Vec<_> = alive.into_iter().filter(|log| log.told.inside().next().is_none()).collect();
    assert_eq!(directory.empty_rooms(100).await.unwrap(), ids_of(&empty));
}

fn ids_of(logs: &[&Log]) -> Vec<RoomId> {
    logs.iter().map(|log| log.room).collect()
}

/// Gives the next entries, perhaps with some that were given before.
async fn go_on(
    directory: &impl Directory,
    log: &mut Log,
    dice: &Dice,
    versions: &mut BTreeMap<UserId, u64>,
    what: &str,
) {
    for _ in 0..=dice.below(4) {
        let entry = entry(log.entries.len() as Seq + 1, dice.body(&log.made));
        log.made.apply(&entry);
        log.entries.push(entry);
    }
    let first = log.given - (dice.below(3) as usize).min(log.given);
    let told = directory.apply(log.room, log.epoch, &log.entries[first..]).await.unwrap();
    let mut concerned = BTreeSet::new();
    for entry in &log.entries[log.given..] {
        concerned.append(&mut log.told.apply(entry));
    }
    log.given = log.entries.len();
    let raised: BTreeSet<_> = told.iter().map(|change| change.user).collect();
    assert_eq!(raised, concerned, "{what}");
    for change in told {
        let version = versions.entry(change.user).or_default();
        *version += 1;
        assert_eq!((change.version, change.of), (*version, FeedKind::Rooms), "{what}");
    }
}

/// Gives some of what was given before.
async fn repeat(directory: &impl Directory, log: &Log, dice: &Dice, what: &str) {
    if log.given == 0 {
        return;
    }
    let first = dice.below(log.given as u64) as usize;
    let last = first + dice.below((log.given - first) as u64) as usize;
    let told = directory.apply(log.room, log.epoch, &log.entries[first..=last]).await.unwrap();
    assert_eq!(told, [], "{what}: repeated {first}..={last}");
}

/// An owner that has lost the shard says what never became part of the log.
async fn speak_too_late(directory: &impl Directory, log: &mut Log, dice: &Dice, what: &str) {
    if log.given == 0 {
        return;
    }
    let stale = log.epoch;
    log.epoch += 1;
    repeat_all(directory, log, what).await;
    let mut imagined = log.told.clone();
    let mut entries = Vec::new();
    for seq in (log.given as Seq + 1..).take(4) {
        let entry = entry(seq, dice.body(&imagined));
        imagined.apply(&entry);
        entries.push(entry);
    }
    let told = directory.apply(log.room, stale, &entries).await.unwrap();
    assert_eq!(told, [], "{what}: epoch {stale} after {}", log.epoch);
}

/// What a new owner does.
async fn repeat_all(directory: &impl Directory, log: &Log, what: &str) {
    let told = directory.apply(log.room, log.epoch, &log.entries[..log.given]).await.unwrap();
    assert_eq!(told, [], "{what}: repeated by epoch {}", log.epoch);
}

async fn compare(directory: &impl Directory, log: &Log, what: &str) {
    let record = directory.room(log.room).await.unwrap();
    let meta = record
        .as_ref()
        .map(|record| (record.meta.kind, record.meta.name.clone(), record.meta.settings.clone()));
    assert_eq!(meta, log.told.meta, "{what}");
    let inside: Vec<_> = log.told.inside().collect();
    if let Some(record) = record {
        let owners = inside.iter().filter(|(_, role)| *role == Role::Owner).count() as u64;
        assert_eq!((record.meta.members, record.meta.owners), (inside.len() as u64, owners), "{what}");
    }
    for number in 1..=USERS {
        let known = log.told.members.get(&id(number)).cloned().unwrap_or(Member::STRANGER);
        assert_eq!(directory.member(log.room, id(number)).await.unwrap(), known, "{what}, user {number}");
    }
    let members = directory.members(log.room, None, "", 100).await.unwrap();
    assert_eq!(members.iter().map(|member| (member.user, member.role)).collect::<Vec<_>>(), inside, "{what}");
    let banned =
        log.told.members.iter().filter(|(_, member)| matches!(member.standing, Standing::Banned { .. }));
    let bans = directory.bans(log.room, None, 100).await.unwrap();
    assert_eq!(
        bans.iter().map(|ban| ban.user).collect::<Vec<_>>(),
        banned.map(|(user, _)| *user).collect::<Vec<_>>()
    );
}
