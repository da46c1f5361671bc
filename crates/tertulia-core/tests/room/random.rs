//! Random commands, retries, publications, crashes and openings, held against a model.
//!
//! Beside the room runs, now and then, its *twin*: opened from the tail as if its owner had just died. Both must decide
//! the same from then on, but for what an opened room cannot remember.

use std::collections::HashMap;

use proptest::{collection::vec, option, prelude::*, sample::select};
use tertulia_core::{
    EntryKind, Nonce, Role, Room, RoomId, Seq, Standing, UserId,
    permission::RoomKind,
    room::{Ask, Command, Decision, HistoryPolicy, JoinPolicy, Refusal, RoomSettings, TAIL_ENTRIES},
    row::BUCKET_ENTRIES,
};

use crate::{
    lawful,
    world::{GROUP, Stores, World, create_with, decide, user},
};

/// Users of which some are members; 0 is the system.
const PEOPLE: u64 = 6;
const MEMBERS_MAX: u64 = 5;

#[derive(Debug, Clone)]
enum Step {
    /// A command, told with distances from the head in place of numbers.
    Give {
        actor: u64,
        command: Command,
    },
    Retry {
        back: usize,
        other: Option<Command>,
    },
    Take,
    Publish(usize),
    Crash(usize),
    Open,
    Pass(u64),
    Forget(u64),
    Block(bool),
    Twin,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let give = (0..=PEOPLE, command()).prop_map(|(actor, command)| Step::Give { actor, command });
    let retry =
        (0..40_usize, option::weighted(0.3, command())).prop_map(|(back, other)| Step::Retry { back, other });
    let step = prop_oneof![
        20 => give,
        5 => retry,
        3 => Just(Step::Take),
        5 => (0..6_usize).prop_map(Step::Publish),
        1 => (0..6_usize).prop_map(Step::Crash),
        1 => Just(Step::Open),
        2 => select(vec![1, 4_000, 10_000]).prop_map(Step::Pass),
        1 => (1..=PEOPLE).prop_map(Step::Forget),
        1 => any::<bool>().prop_map(Step::Block),
        1 => Just(Step::Twin),
    ];
    vec(step, 1..160)
}

fn command() -> impl Strategy<Value = Command> {
    let of = || prop_oneof![4 => 0..4_u64, 1 => 0..40_u64];
    let person = || 0..=PEOPLE;
    let text = || select(vec!["hola", "adiós", "", "x\0"]).prop_map(str::to_owned);
    let until = option::of((0..20_000_u64).prop_map(|ms| crate::world::START.plus(ms)));
    prop_oneof![
        8 => (text(), option::weighted(0.3, of())).prop_map(|(text, reply_to)| Command::Post { text, reply_to, attached: Default::default() }),
        3 => (of(), text()).prop_map(|(of, text)| Command::Edit { of, text }),
        2 => of().prop_map(|of| Command::Delete { of, reason: None }),
        4 => (of(), select(vec!["👍", "👎", "🎉"]), any::<bool>())
            .prop_map(|(of, emoji, on)| Command::React { of, emoji: emoji.into(), on }),
        2 => any::<bool>().prop_map(|invited| Command::Join { invited }),
        3 => person().prop_map(|number| Command::Add { user: user(number) }),
        1 => Just(Command::Leave),
        1 => person().prop_map(|number| Command::Remove { user: user(number), reason: None }),
        2 => (person(), until).prop_map(|(number, until)| Command::Ban { user: user(number), until, reason: None }),
        1 => person().prop_map(|number| Command::Unban { user: user(number) }),
        2 => (person(), select(vec![Role::Member, Role::Moderator, Role::Owner]))
            .prop_map(|(number, role)| Command::SetRole { user: user(number), role }),
        2 => settings().prop_map(|settings| Command::Change { name: None, topic: None, settings: Some(settings.into()) }),
        1 => Just(Command::DeleteRoom),
        1 => Just(Command::DeleteIfEmpty),
        2 => (settings(), vec(person(), 0..4)).prop_map(|(settings, members)| {
            create_with(RoomKind::Group, &members, settings)
        }),
    ]
}

fn settings() -> impl Strategy<Value = RoomSettings> {
    let join = select(vec![JoinPolicy::Invite, JoinPolicy::Open]);
    let history = select(vec![HistoryPolicy::All, HistoryPolicy::SinceJoin]);
    (join, history, select(vec![0, 0, 10])).prop_map(|(join, history, slow_mode_s)| RoomSettings {
        join,
        history,
        slow_mode_s,
        ..RoomSettings::default()
    })
}

struct Run {
    world: World,
    /// What has been numbered and taken, published or not.
    tentative: Stores,
    head: (Seq, u64),
    asks: Vec<Ask>,
    /// What a nonce was numbered as.
    numbered: HashMap<(UserId, Nonce), (Seq, Command)>,
    twin: Option<Twin>,
}

struct Twin {
    room: Room,
    stores: Stores,
    /// Where the lived-on room was when its twin was opened.
    opened_at: Seq,
}

impl Run {
    fn new(id: RoomId, start: Seq) -> Self {
        let mut world = if start == 0 { World::new(id) } else { World::after(id, start) };
        world.limits.members_per_room = MEMBERS_MAX;
        world.limits.reaction_kinds = 2;
        let kind = if id.is_direct() { RoomKind::Direct } else { RoomKind::Group };
        let (tentative, head) = (world.stores.clone(), world.room.published());
        let mut run = Self { world, tentative, head, asks: Vec::new(), numbered: HashMap::new(), twin: None };
        run.give(1, create_with(kind, &[2], RoomSettings::default()));
        run
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Give { actor, command } => self.give(actor, self.near_head(command)),
            Step::Retry { back, other } => self.retry(back, other.map(|command| self.near_head(command))),
            Step::Take => self.take(),
            Step::Publish(count) => {
                for _ in 0..count {
                    self.world.publish_one();
                }
            }
            Step::Crash(kept) => self.crash(kept),
            Step::Open => {
                self.take();
                self.world.settle();
                self.crash(0);
            }
            Step::Pass(ms) => self.world.now = self.world.now.plus(ms),
            Step::Forget(number) => self.world.room.forget_member(user(number)),
            Step::Block(blocked) => self.block(blocked),
            Step::Twin => {
                self.take();
                let (id, epoch, stores) = (self.world.id, self.world.room.epoch(), self.tentative.clone());
                self.twin = Some(Twin { room: stores.open(id, epoch), stores, opened_at: self.head.0 });
            }
        }
        self.check();
    }

    /// Turns distances into numbers: most commands are about what was said last.
    fn near_head(&self, command: Command) -> Command {
        let head = self.world.room.head().seq;
        let near = |back: Seq| head.saturating_sub(back);
        match command {
            Command::Post { text, reply_to, attached } => {
                Command::Post { text, reply_to: reply_to.map(near), attached }
            }
            Command::Edit { of, text } => Command::Edit { of: near(of), text },
            Command::Delete { of, reason } => Command::Delete { of: near(of), reason },
            Command::React { of, emoji, on } => Command::React { of: near(of), emoji, on },
            Command::Create { settings, .. } if self.world.id.is_direct() => {
                create_with(RoomKind::Direct, &[1, 2], settings)
            }
            other => other,
        }
    }

    fn give(&mut self, actor: u64, command: Command) {
        let ask = self.world.ask(actor, command);
        self.asks.push(ask.clone());
        let decision = self.decide(&ask);
        assert!(!matches!(decision, Decision::Repeated { .. }), "a first try is no repetition");
    }

    fn retry(&mut self, back: usize, other: Option<Command>) {
        let Some(at) = self.asks.len().checked_sub(back + 1) else { return };
        let Ask { actor, nonce, since, command } = self.asks[at].clone();
        let ask = Ask { actor, nonce, since, command: other.unwrap_or(command) };
        let known = self.numbered.get(&(actor, nonce)).cloned();
        match (known, self.decide(&ask)) {
            (Some((seq, _)), Decision::Repeated { seq: again }) => assert_eq!(seq, again),
            (Some((seq, command)), Decision::Refused(Refusal::NonceReused { seq: used })) => {
                assert_eq!(seq, used);
                assert_ne!(command, ask.command);
            }
            (Some((seq, _)), Decision::Numbered { first, .. }) => panic!("entry {seq} again as {first}"),
            (None, Decision::Repeated { seq }) => panic!("nobody has given this nonce to {seq}"),
            // Out of the window: said to whoever may not act at all, or to whom the retry is stale.
            _ => {}
        }
    }

    fn decide(&mut self, ask: &Ask) -> Decision {
        let before = self.world.room.head();
        let decision = self.world.decide(ask);
        let after = self.world.room.head();
        match decision {
            Decision::Numbered { first, last } => {
                assert_eq!((first, last), (before.seq + 1, after.seq));
                self.numbered.insert((ask.actor, ask.nonce), (first, ask.command.clone()));
            }
            _ => assert_eq!(before, after, "nothing changed"),
        }
        self.decide_as_twin(ask, &decision);
        decision
    }

    fn decide_as_twin(&mut self, ask: &Ask, decision: &Decision) {
        let Some(mut twin) = self.twin.take() else { return };
        let (limits, now) = (self.world.limits, self.world.now);
        let of_twin = decide(&mut twin.room, &twin.stores, ask, &limits, now);
        if *decision != of_twin {
            let why = self.excuse(ask, &twin, decision, &of_twin);
            assert!(
                why.is_some(),
                "{ask:?}: {decision:?}, and {of_twin:?} when it was opened at {}",
                twin.opened_at
            );
        }
        if twin.room.head() != self.world.room.head() {
            // They have parted, for the reason that was found.
            assert_ne!(*decision, of_twin);
            return;
        }
        loop {
            let taken = twin.room.take_unsent();
            if taken.is_empty() {
                break;
            }
            for numbered in taken {
                twin.stores.store(&numbered);
                twin.room.publish(&numbered.entry);
            }
        }
        self.twin = Some(twin);
    }

    /// What an opened room cannot know.
    fn excuse(&self, ask: &Ask, twin: &Twin, lived: &Decision, opened: &Decision) -> Option<&'static str> {
        use Decision::{Numbered, Refused, Repeated};
        let forgotten = |seq: &Seq| *seq + 32 <= twin.opened_at;
        match (lived, opened) {
            (Repeated { seq } | Refused(Refusal::NonceReused { seq }), Refused(_)) if forgotten(seq) => {
                Some("nonce")
            }
            (_, Refused(Refusal::StaleSend { oldest, .. })) => {
                ask.since.is_some_and(|since| since < *oldest).then_some("window")
            }
            (Refused(Refusal::NonceReused { .. }), Repeated { .. }) => Some("an edit's text that was erased"),
            (Refused(Refusal::SlowMode { .. }), Numbered { .. }) => {
                let mut posts = self.tentative.messages.iter().rev();
                let last = posts.find(|(_, message)| message.sender == ask.actor).map_or(0, |(seq, _)| *seq);
                (last + TAIL_ENTRIES as Seq <= twin.opened_at).then_some("slow mode")
            }
            // The directory cannot tell of a room that is being made.
            (_, Refused(Refusal::Blocked)) => {
                (self.world.room.first() + 2 > self.world.room.published().0).then_some("block")
            }
            // While a reaction that was taken back is under way, nobody knows whether its kind is gone.
            (Refused(Refusal::TooManyReactions { .. }), Numbered { .. })
            | (Numbered { .. }, Refused(Refusal::TooManyReactions { .. })) => Some("kinds"),
            _ => None,
        }
    }

    fn take(&mut self) {
        loop {
            let before = self.world.under_way.len();
            if self.world.take() == 0 {
                break;
            }
            let batch: Vec<_> = self.world.under_way.range(before..).cloned().collect();
            let buckets =
                (batch[0].row.seq / BUCKET_ENTRIES, batch[batch.len() - 1].row.seq / BUCKET_ENTRIES);
            assert_eq!(buckets.0, buckets.1, "a batch stays in one bucket");
            for numbered in batch {
                lawful::check(&self.tentative, self.head, &numbered.entry, MEMBERS_MAX);
                assert!(
                    numbered.row.decode().as_ref() == Ok(&numbered.entry),
                    "a row says what its entry says"
                );
                self.head = (numbered.entry.seq, numbered.entry.posts);
                self.tentative.store(&numbered);
            }
        }
    }

    fn crash(&mut self, kept: usize) {
        self.take();
        self.world.crash(kept);
        self.tentative = self.world.stores.clone();
        self.head = self.world.room.published();
        self.numbered.retain(|_, (seq, _)| *seq <= self.head.0);
        self.twin = None;
    }

    /// The directory is told of a block, then the room.
    fn block(&mut self, blocked: bool) {
        self.take();
        self.world.settle();
        self.world.stores.blocked = blocked;
        self.tentative.blocked = blocked;
        let mut rooms = vec![&mut self.world.room];
        if let Some(twin) = &mut self.twin {
            twin.stores.blocked = blocked;
            rooms.push(&mut twin.room);
        }
        for room in rooms {
            room.forget_member(user(1));
            room.forget_member(user(2));
        }
    }

    fn check(&mut self) {
        let (published, posts) = self.world.room.published();
        let stored = self.world.stores.rows.values().filter(|row| row.seq <= published);
        let messages =
            stored.filter(|row| row.header().is_ok_and(|entry| entry.kind == EntryKind::Message)).count();
        let before = self.world.stores.purged.map_or(0, |purged| purged.posts);
        assert_eq!(posts, before + messages as u64, "posts are exact");
        assert!(published <= self.world.room.head().seq, "what is published has a number");
        if self.world.room.has_unsent() {
            return;
        }
        assert_eq!((self.world.room.head().seq, self.world.room.head().posts), self.head);
        assert_eq!(
            self.world.room.meta(),
            self.tentative.meta.as_ref(),
            "members and owners are counted exactly"
        );
        if self.complete() {
            lawful::check_state(&self.tentative);
        }
        for reader in 0..=PEOPLE + 1 {
            self.check_grant(reader, published, posts);
        }
    }

    /// Whether no room is being made just now: an owner may die when its first entries are stored and the rest is not.
    fn complete(&self) -> bool {
        self.tentative.meta.as_ref().is_none_or(|meta| meta.kind != RoomKind::Direct || meta.members == 2)
    }

    fn check_grant(&mut self, reader: u64, published: Seq, posts: u64) {
        let granted = self.world.grant(reader);
        let in_since = |stores: &Stores| match stores.members.get(&user(reader)) {
            Some((Standing::In { since_seq, .. }, _)) if stores.meta.is_some() => Some(*since_seq),
            _ => None,
        };
        // Shown to those who belong to the room by what is published, and by what is numbered.
        let since = match (in_since(&self.world.stores), in_since(&self.tentative)) {
            (Some(since), Some(same)) if since == same => Some(since),
            _ => None,
        };
        if reader == 0 {
            return assert_eq!(granted.is_ok(), self.tentative.meta.is_some());
        }
        assert_eq!(granted.is_ok(), since.is_some(), "{reader}: {granted:?}");
        let (Ok(grant), Some(since)) = (granted, since) else { return };
        assert_eq!((grant.through, grant.posts), (published, posts));
        let hidden = |stores: &Stores| {
            stores.meta.as_ref().is_some_and(|meta| meta.settings.history == HistoryPolicy::SinceJoin)
        };
        let first = if hidden(&self.world.stores) || hidden(&self.tentative) { since } else { 0 };
        let first = first.max(self.world.stores.first);
        // While settings are under way it may be less that is shown, never more.
        match self.world.room.is_quiet() {
            true => assert_eq!(grant.first, first, "{reader}"),
            false => assert!(grant.first >= first, "{reader}: {} is hidden", grant.first),
        }
    }
}

proptest! {
    #[test]
    fn groups_keep_their_promises(steps in steps(), start in select(vec![0, BUCKET_ENTRIES - 20])) {
        let mut run = Run::new(GROUP, start);
        steps.into_iter().for_each(|step| run.step(step));
    }

    #[test]
    fn direct_rooms_keep_their_promises(steps in steps(), start in select(vec![0, BUCKET_ENTRIES - 20])) {
        let mut run = Run::new(RoomId::direct(user(1), user(2), 0), start);
        steps.into_iter().for_each(|step| run.step(step));
    }
}
