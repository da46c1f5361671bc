//! A room with the stores around it: what they hold is made from published entries, by rules of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tertulia_core::{
    Entry, EntryBody, EntryKind, Limits, Member, Nonce, Role, Room, RoomId, Seq, Standing, TimeMs, UserId,
    permission::RoomKind,
    room::{
        Ask, Circumstances, Command, Decision, Grant, GrantError, Head, HistoryPolicy, MessageFacts, Need,
        Numbered, Opening, Refusal, RoomMeta, RoomSettings, SYSTEM, TAIL_ENTRIES,
    },
    row::{Row, chain_start},
};

pub const GROUP: RoomId = RoomId::new(7);
/// When worlds begin.
pub const START: TimeMs = TimeMs(1_800_000_000_000);

pub fn user(number: u64) -> UserId {
    UserId::new(number)
}

pub fn post(text: &str) -> Command {
    Command::Post { text: text.into(), reply_to: None, attached: Default::default() }
}

pub fn create(kind: RoomKind, members: &[u64]) -> Command {
    create_with(kind, members, RoomSettings::default())
}

pub fn create_with(kind: RoomKind, members: &[u64], settings: RoomSettings) -> Command {
    Command::Create {
        kind,
        name: "Tertulia".into(),
        settings,
        members: members.iter().copied().map(user).collect(),
    }
}

pub fn since_join() -> RoomSettings {
    RoomSettings { history: HistoryPolicy::SinceJoin, ..RoomSettings::default() }
}

/// What directory and message store know of one room: the outcome of published entries.
#[derive(Debug, Clone, Default)]
pub struct Stores {
    pub rows: BTreeMap<Seq, Row>,
    pub meta: Option<RoomMeta>,
    pub members: BTreeMap<UserId, (Standing, Seq)>,
    pub blocked: bool,
    pub messages: BTreeMap<Seq, Message>,
    pub first: Seq,
    /// The head of a log whose rows are all gone.
    pub purged: Option<Head>,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub sender: UserId,
    pub deleted: bool,
    pub edits: Vec<Seq>,
    pub reactions: BTreeSet<(String, UserId)>,
}

impl Stores {
    pub fn store(&mut self, numbered: &Numbered) {
        self.rows.insert(numbered.entry.seq, numbered.row.clone());
        self.project(&numbered.entry);
    }

    fn project(&mut self, entry: &Entry) {
        let Some(body) = &entry.body else { return };
        match body {
            EntryBody::Message { .. } => {
                let (edits, reactions) = (Vec::new(), BTreeSet::new());
                self.messages
                    .insert(entry.seq, Message { sender: entry.sender, deleted: false, edits, reactions });
            }
            EntryBody::Edit { of, .. } => self.message(*of).edits.push(entry.seq),
            EntryBody::Reaction { of, emoji, on } => {
                let reaction = (emoji.clone(), entry.sender);
                let reactions = &mut self.message(*of).reactions;
                if *on {
                    reactions.insert(reaction)
                } else {
                    reactions.remove(&reaction)
                };
            }
            EntryBody::Delete { of, .. } => {
                self.message(*of).deleted = true;
                let erased: Vec<Seq> = self.message(*of).edits.iter().copied().chain([*of]).collect();
                for seq in erased {
                    let row = self.rows.get_mut(&seq).expect("a message that was deleted has a row");
                    *row = row.erased();
                }
            }
            EntryBody::Created { room_kind, name, settings } => {
                let (kind, name, settings) = (*room_kind, name.clone(), settings.clone());
                self.meta =
                    Some(RoomMeta { kind, name, topic: String::new(), settings, members: 0, owners: 0 });
                self.members.clear();
                self.first = entry.seq;
            }
            EntryBody::RoomDeleted => self.meta = None,
            EntryBody::Changed { name, topic, settings } => {
                let meta = self.meta.as_mut().expect("what is changed exists");
                name.iter().for_each(|name| meta.name.clone_from(name));
                topic.iter().for_each(|topic| meta.topic.clone_from(topic));
                settings.iter().for_each(|settings| meta.settings.clone_from(settings));
            }
            _ => self.place(body, entry.seq),
        }
        if let Some(meta) = &mut self.meta {
            let roles = || self.members.values().filter_map(|(standing, _)| standing.role());
            meta.members = roles().count() as u64;
            meta.owners = roles().filter(|role| *role == Role::Owner).count() as u64;
        }
    }

    fn place(&mut self, body: &EntryBody, seq: Seq) {
        let user = body.subject().expect("only changes of standing are left");
        let standing = match body {
            EntryBody::Entered { role, .. } => Standing::In { role: *role, since_seq: seq },
            EntryBody::Banned { until, reason, .. } => {
                Standing::Banned { until: *until, reason: reason.clone() }
            }
            EntryBody::RoleChanged { role, .. } => match self.members[&user].0 {
                Standing::In { since_seq, .. } => Standing::In { role: *role, since_seq },
                _ => panic!("{user} has no role to change"),
            },
            _ => Standing::Out,
        };
        self.members.insert(user, (standing, seq));
    }

    fn message(&mut self, seq: Seq) -> &mut Message {
        self.messages.get_mut(&seq).expect("only messages are changed")
    }

    pub fn member(&self, user: UserId) -> Member {
        let (standing, seq) = self.members.get(&user).cloned().unwrap_or((Standing::Out, 0));
        Member { standing, seq, blocked: self.blocked }
    }

    fn facts(&self, seq: Seq) -> Option<MessageFacts> {
        let message = self.messages.get(&seq)?;
        let kinds: BTreeSet<_> = message.reactions.iter().map(|(emoji, _)| emoji.clone()).collect();
        Some(MessageFacts {
            sender: message.sender,
            deleted: message.deleted,
            edits: message.edits.len() as u32,
            reactions: kinds.into_iter().collect(),
        })
    }

    pub fn answer(&self, room: &mut Room, need: Need) {
        let asked = room.moment();
        match need {
            Need::Member(user) => room.learn_member(user, self.member(user), asked),
            Need::Message(seq) => room.learn_message(seq, self.facts(seq), asked),
        }
    }

    pub fn open(&self, room: RoomId, epoch: u32) -> Room {
        let tail: Vec<Row> = self.rows.values().rev().take(TAIL_ENTRIES).rev().cloned().collect();
        let (meta, first, purged) = (self.meta.clone(), self.first.max(1), self.purged);
        let opening = Opening { room, epoch, epochs: [(epoch, 1)].into(), meta, first, purged, tail };
        Room::open(opening).expect("its own rows are sound").0
    }
}

pub struct World {
    pub id: RoomId,
    pub room: Room,
    pub stores: Stores,
    /// Taken to be stored, and not yet published.
    pub under_way: VecDeque<Numbered>,
    pub limits: Limits,
    pub now: TimeMs,
    nonces: u128,
}

impl World {
    /// Nothing was ever there.
    pub fn new(id: RoomId) -> Self {
        Self::of(id, Stores::default())
    }

    /// A log of that length was there, and is purged.
    pub fn after(id: RoomId, seq: Seq) -> Self {
        let purged = Some(Head { seq, posts: seq / 2, chain: chain_start(id) });
        Self::of(id, Stores { purged, first: seq + 1, ..Stores::default() })
    }

    fn of(id: RoomId, stores: Stores) -> Self {
        let room = stores.open(id, 1);
        Self {
            id,
            room,
            stores,
            under_way: VecDeque::new(),
            limits: Limits::default(),
            now: START,
            nonces: 0,
        }
    }

    /// A group that user 1 owns, with these members beside.
    pub fn group(members: &[u64]) -> Self {
        Self::made(GROUP, create(RoomKind::Group, members))
    }

    /// A room that user 1 has made.
    pub fn made(id: RoomId, create: Command) -> Self {
        let mut world = Self::new(id);
        world.ok(1, create);
        world
    }

    /// The direct room of users 1 and 2.
    pub fn direct() -> Self {
        Self::made(RoomId::direct(user(1), user(2), 0), create(RoomKind::Direct, &[2]))
    }

    /// A command as a client gives it for the first time.
    pub fn ask(&mut self, actor: u64, command: Command) -> Ask {
        self.nonces += 1;
        let since = Some(self.room.published().0);
        Ask { actor: user(actor), nonce: Nonce(self.nonces), since, command }
    }

    /// Gives the room what it needs to know, and its decision.
    pub fn decide(&mut self, ask: &Ask) -> Decision {
        decide(&mut self.room, &self.stores, ask, &self.limits, self.now)
    }

    /// Gives a new command, and what becomes of it.
    pub fn give(&mut self, actor: u64, command: Command) -> Decision {
        let ask = self.ask(actor, command);
        self.decide(&ask)
    }

    /// Gives a new command that must be done, and publishes it. Its number.
    pub fn ok(&mut self, actor: u64, command: Command) -> Seq {
        match self.give(actor, command.clone()) {
            Decision::Numbered { first, .. } => {
                self.settle();
                first
            }
            other => panic!("{command:?} by {actor}: {other:?}"),
        }
    }

    /// Gives a new command that must be refused.
    pub fn no(&mut self, actor: u64, command: Command) -> Refusal {
        let head = self.room.head();
        match self.give(actor, command.clone()) {
            Decision::Refused(refusal) => {
                assert_eq!(self.room.head(), head, "what is refused changes nothing");
                refusal
            }
            other => panic!("{command:?} by {actor}: {other:?}"),
        }
    }

    /// Takes what waits to be stored.
    pub fn take(&mut self) -> usize {
        let taken = self.room.take_unsent();
        let count = taken.len();
        self.under_way.extend(taken);
        count
    }

    /// Stores and publishes the next entry that is under way.
    pub fn publish_one(&mut self) -> bool {
        let Some(numbered) = self.under_way.pop_front() else { return false };
        self.stores.store(&numbered);
        self.room.publish(&numbered.entry);
        true
    }

    /// Publishes all that was numbered.
    pub fn settle(&mut self) {
        while self.take() > 0 {}
        while self.publish_one() {}
    }

    /// The owner dies: of what is under way the first `kept` entries are stored, and the next owner opens the room.
    pub fn crash(&mut self, kept: usize) {
        while self.take() > 0 {}
        let lost = self.under_way.split_off(kept.min(self.under_way.len()));
        drop(lost);
        for numbered in std::mem::take(&mut self.under_way) {
            self.stores.store(&numbered);
        }
        self.room = self.stores.open(self.id, self.room.epoch() + 1);
    }

    pub fn grant(&mut self, reader: u64) -> Result<Grant, Refusal> {
        let reader = user(reader);
        for _ in 0..3 {
            match self.room.grant(reader, self.now) {
                Ok(grant) => return Ok(grant),
                Err(GrantError::Refused(refusal)) => return Err(refusal),
                Err(GrantError::Need(need)) => self.stores.answer(&mut self.room, need),
            }
        }
        panic!("the room asks again and again for {reader}");
    }

    pub fn entry(&self, seq: Seq) -> Entry {
        self.stores.rows[&seq].decode().expect("a stored row")
    }

    /// The kinds of the entries above `seq`.
    pub fn kinds_after(&self, seq: Seq) -> Vec<EntryKind> {
        self.stores.rows.range(seq + 1..).map(|(_, row)| row.header().expect("a stored row").kind).collect()
    }

    pub fn counts(&self) -> (u64, u64) {
        self.room.meta().map_or((0, 0), |meta| (meta.members, meta.owners))
    }
}

/// Asks a room, and answers its questions from the stores.
pub fn decide(room: &mut Room, stores: &Stores, ask: &Ask, limits: &Limits, now: TimeMs) -> Decision {
    for _ in 0..10 {
        match room.decide(ask, &mut Circumstances { limits, now, salt: &mut || [5; 16] }) {
            Decision::Need(need) => stores.answer(room, need),
            decision => return decision,
        }
    }
    panic!("the room asks again and again for {ask:?}");
}

/// The system's number among users.
pub fn system() -> u64 {
    SYSTEM.get()
}
