//! An owner by itself, with real stores in memory, whose work is done when a test says so.

use std::sync::{Arc, mpsc};

use tertulia_adapters::directory::sqlite::SqliteDirectory;
use tertulia_core::{
    Nonce, RoomId, Seq, TimeMs, UserId,
    permission::RoomKind,
    room::{Ask, Command, RoomSettings},
    shard::shard_of,
};
use tertulia_ports::{
    bus::{Answer, GatewayId, ReplyTo, Signal, ToOwner},
    messages::in_process::InProcessMessages,
    presence::in_process::InProcessPresence,
};

use super::{
    super::work::{Places, Work, perform},
    *,
};
use crate::fanout::frame::JsonFrames;

const ROOM: RoomId = RoomId::new(77);
const GATEWAY: GatewayId = GatewayId(1);
const NOW: TimeMs = TimeMs(1_700_000_000_000);

/// An owner of one room, and what it answered.
struct Alone {
    owner: Owner,
    places: Places,
    /// Work that waits until the test lets it come back: what `holds` says.
    held: Vec<Finished>,
    answers: Vec<(ReplyTo, Answer)>,
}

impl Alone {
    async fn with(user: UserId) -> Self {
        let places = Places {
            messages: Arc::new(InProcessMessages::new("h")),
            directory: Arc::new(SqliteDirectory::in_memory().unwrap()),
            presence: Arc::new(InProcessPresence::default()),
        };
        let owner = Owner::new(OwnerId(1), Box::new(JsonFrames), Box::new(|| [7; 16]), Safeguards::ALL);
        let mut alone = Self { owner, places, held: Vec::new(), answers: Vec::new() };
        alone.take(Input::Assign(vec![shard_of(ROOM)]), |_| false).await;
        let (kind, name, settings) = (RoomKind::Group, "tea".to_owned(), RoomSettings::default());
        alone.command(user, 1, Command::Create { kind, name, settings, members: Vec::new() }).await;
        alone
    }

    async fn command(&mut self, actor: UserId, nonce: u128, command: Command) -> Seq {
        let ask = Ask { actor, nonce: Nonce(nonce), since: None, command };
        let mail = ToOwner::Command { room: ROOM, ask, reply_to: ReplyTo::Caller(1) };
        self.take(Input::Mail(mail), |_| false).await;
        match self.answers.pop() {
            Some((_, Answer::Done { seq, .. })) => seq,
            other => panic!("{other:?}"),
        }
    }

    async fn signal(&mut self, user: UserId, signal: Signal, holds: fn(&Work) -> bool) {
        let reply_to = Some(ReplyTo::Caller(2));
        self.take(Input::Mail(ToOwner::Signal { room: ROOM, user, signal, reply_to }), holds).await;
    }

    /// Gives the owner one thing, and everything that comes of it but what is held.
    async fn take(&mut self, input: Input, holds: fn(&Work) -> bool) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            self.owner.handle(input, NOW);
            for effect in self.owner.end_turn() {
                match effect {
                    Effect::Append { batch, appends } => {
                        let (sender, outcomes) = mpsc::channel();
                        let done = Box::new(move |outcomes| drop(sender.send(outcomes)));
                        self.places.messages.append(appends, done);
                        inputs.push(Input::Appended { batch, outcomes: outcomes.recv().unwrap() });
                    }
                    Effect::Work(work) | Effect::Retry(work) => {
                        let is_held = holds(&work);
                        let finished = perform(&self.places, work).await;
                        match is_held {
                            true => self.held.push(finished),
                            false => inputs.push(Input::Finished(finished)),
                        }
                    }
                    Effect::Reply(to, answer) => self.answers.push((to, answer)),
                    Effect::Envelope(..) | Effect::Feeds(_) | Effect::Emptied(_) => {}
                }
            }
        }
    }
}

#[tokio::test]
async fn markers_that_were_read_before_one_was_told_are_not_older_than_it() {
    let amaia = UserId::new(5);
    let mut alone = Alone::with(amaia).await;
    let text = Command::Post { text: "hola".to_owned(), reply_to: None, attached: Default::default() };
    let said = alone.command(amaia, 2, text).await;
    alone.signal(amaia, Signal::Read(1), |_| false).await;
    let holds = |work: &Work| matches!(work, Work::Markers { .. });
    alone.signal(amaia, Signal::Open(GATEWAY), holds).await;
    alone.signal(amaia, Signal::Read(said), |_| false).await;
    let Some(markers) = alone.held.pop() else { panic!("nothing was held") };
    alone.take(Input::Finished(markers), |_| false).await;
    let Some((_, Answer::Opened { reads, .. })) = alone.answers.pop() else { panic!("not opened") };
    assert_eq!(reads.iter().map(|mark| (mark.user, mark.seq)).collect::<Vec<_>>(), [(amaia, said)]);
}

#[tokio::test]
async fn an_answer_comes_after_what_it_knows() {
    let amaia = UserId::new(5);
    let mut alone = Alone::with(amaia).await;
    let attach = ToOwner::Attach { gateway: GATEWAY, request: 1, user: amaia, rooms: vec![ROOM] };
    alone.take(Input::Mail(attach), |_| false).await;
    let text = Command::Post { text: "hola".to_owned(), reply_to: None, attached: Default::default() };
    let said = alone.command(amaia, 2, text).await;
    alone.signal(amaia, Signal::Open(GATEWAY), |work| matches!(work, Work::Markers { .. })).await;
    alone.signal(amaia, Signal::Read(said), |work| matches!(work, Work::Mark { .. })).await;
    for finished in std::mem::take(&mut alone.held) {
        alone.owner.handle(Input::Finished(finished), NOW);
    }
    let effects = alone.owner.end_turn();
    let told = effects.iter().position(|effect| matches!(effect, Effect::Envelope(..))).unwrap();
    let opened = |(at, effect): (usize, &Effect)| match effect {
        Effect::Reply(_, Answer::Opened { reads, .. }) => Some((at, reads[0].seq)),
        _ => None,
    };
    let (at, seq) = effects.iter().enumerate().find_map(opened).unwrap();
    assert!(told < at && seq == said, "told at {told}, opened at {at} with {seq}");
}
