//! A few people who talk, for a look at a living server: rooms with five people each, texts in several languages, replies,
//! reactions, edits, typing and read markers. They are ordinary clients: all they do goes over the wire.
//!
//! What they say is in `scripts`.

mod scripts;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tertulia_protocol::{
    entry::EntryBody,
    ids::{Nonce, RoomId, Seq, UserId},
    rest::{NewRoom, NewRoomKind},
    room::{JoinPolicy, RoomSettings},
};
use tokio::{sync::mpsc, task::JoinSet, time::sleep};

use self::scripts::{REACTIONS, SCRIPTS, Script};
use crate::{
    client::{Client, Options},
    connection::Address,
    outbox::Post,
    rest::{Rest, RestError},
    session::{Event, Input, Question, Saved},
};

/// People in each room.
pub const PEOPLE: usize = 5;
/// Recent messages that people still react and reply to.
const RECENT_MAX: usize = 12;

/// What a demonstration is made of.
#[derive(Debug, Clone)]
pub struct Demo {
    /// Where the server is.
    pub address: Address,
    /// Where chance comes from.
    pub seed: u64,
    /// The mean time between two things that happen in a room.
    pub pace: Duration,
}

/// A room of the demonstration.
#[derive(Debug, Clone)]
pub struct DemoRoom {
    /// The room.
    pub room: RoomId,
    /// Its name.
    pub name: String,
    /// The token of a link into it.
    pub invite: String,
}

/// Makes the people and their rooms, tells `ready` about the rooms, and lets them talk until the future is dropped.
pub async fn run(demo: Demo, ready: impl FnOnce(&[DemoRoom])) -> Result<(), RestError> {
    let mut random = StdRng::seed_from_u64(demo.seed);
    let mut talks = Vec::new();
    for script in SCRIPTS {
        talks.push(Talk::prepare(&demo.address, script, &mut random).await?);
    }
    let rooms: Vec<DemoRoom> = talks.iter().map(|talk| talk.room.clone()).collect();
    ready(&rooms);
    let mut tasks = JoinSet::new();
    for talk in talks {
        tasks.spawn(talk.go_on(demo.pace, StdRng::from_rng(&mut random)));
    }
    while tasks.join_next().await.is_some() {}
    Ok(())
}

#[derive(Debug, Clone)]
struct Said {
    seq: Seq,
    by: UserId,
    text: String,
}

/// What was said in a room lately.
type Recent = Arc<Mutex<VecDeque<Said>>>;

struct Person {
    user: UserId,
    token: String,
}

/// A room, its people, and what they are going to say.
struct Talk {
    address: Address,
    script: &'static Script,
    room: DemoRoom,
    people: Vec<Person>,
}

impl Talk {
    async fn prepare(
        address: &Address,
        script: &'static Script,
        random: &mut StdRng,
    ) -> Result<Self, RestError> {
        let stranger = Rest::new(address.clone());
        let mut people = Vec::new();
        for name in script.people {
            let signed_in = stranger.sign_up(name).await?;
            people.push(Person { user: signed_in.user.user.id, token: signed_in.token });
        }
        let owner = Rest::signed_in(address.clone(), &people[0].token);
        let members: Vec<UserId> = people.iter().skip(1).map(|person| person.user).collect();
        let settings = RoomSettings { join: JoinPolicy::Open, ..RoomSettings::default() };
        let new = NewRoom {
            kind: NewRoomKind::Group,
            name: script.room.to_owned(),
            topic: Some(script.topic.to_owned()),
            settings,
            members,
        };
        let room = owner.make_room(&new, Nonce(random.random())).await?;
        let invite = owner.invite(room.id).await?.token;
        let room = DemoRoom { room: room.id, name: script.room.to_owned(), invite };
        Ok(Self { address: address.clone(), script, room, people })
    }

    async fn go_on(self, pace: Duration, mut random: StdRng) {
        let recent = Recent::default();
        let mut listening = JoinSet::new();
        let mut mouths = Vec::new();
        for person in &self.people {
            let client = Client::start(Options {
                address: self.address.clone(),
                token: person.token.clone(),
                name: "Tertulia demo".to_owned(),
                saved: Saved::default(),
                seed: random.random(),
                tap: None,
            });
            mouths.push(client.inputs());
            listening.spawn(listen(client, self.room.room, Arc::clone(&recent)));
        }
        let mut lines = self.script.lines.iter().cycle();
        loop {
            sleep(pace.mul_f64(random.random_range(0.3..1.7))).await;
            let done = match random.random_range(0..100) {
                0..60 => match lines.next() {
                    Some((speaker, text)) => {
                        self.say(&mouths, *speaker, text, &recent, pace, &mut random).await
                    }
                    None => return,
                },
                60..80 => self.react(&mouths, &recent, &mut random).await,
                80..88 => self.edit(&mouths, &recent, &mut random).await,
                _ => self.read(&mouths, &recent, &mut random).await,
            };
            if done.is_none() {
                return;
            }
        }
    }

    /// Types for a while, then says it, now and then as a reply. `None` when the person is gone.
    async fn say(
        &self,
        mouths: &[mpsc::Sender<Input>],
        speaker: usize,
        text: &str,
        recent: &Recent,
        pace: Duration,
        random: &mut StdRng,
    ) -> Option<()> {
        let (room, mouth) = (self.room.room, &mouths[speaker]);
        mouth.send(Input::Typing { room, on: true }).await.ok()?;
        sleep(pace.mul_f64(random.random_range(0.2..0.8))).await;
        let user = self.people[speaker].user;
        let others: Vec<Said> = latest(recent).into_iter().filter(|said| said.by != user).collect();
        let reply_to =
            if random.random_bool(0.25) { others.choose(random).map(|said| said.seq) } else { None };
        let post = Post::Message { text: text.to_owned(), reply_to, attachments: Vec::new() };
        mouth.send(Input::Post { key: 0, room, post }).await.ok()?;
        mouth.send(Input::Typing { room, on: false }).await.ok()
    }

    async fn react(
        &self,
        mouths: &[mpsc::Sender<Input>],
        recent: &Recent,
        random: &mut StdRng,
    ) -> Option<()> {
        let Some(said) = latest(recent).choose(random).cloned() else { return Some(()) };
        let emoji = REACTIONS.choose(random).copied().unwrap_or("👍").to_owned();
        let post = Post::React { of: said.seq, emoji, on: random.random_bool(0.9) };
        let mouth = &mouths[random.random_range(0..mouths.len())];
        mouth.send(Input::Post { key: 0, room: self.room.room, post }).await.ok()
    }

    async fn edit(&self, mouths: &[mpsc::Sender<Input>], recent: &Recent, random: &mut StdRng) -> Option<()> {
        let speaker = random.random_range(0..mouths.len());
        let own = latest(recent).into_iter().rev().find(|said| said.by == self.people[speaker].user);
        let Some(said) = own else { return Some(()) };
        let ending = ["!", " 🙂", " ✨", "…"].choose(random).copied().unwrap_or("!");
        let post = Post::Edit { of: said.seq, text: format!("{}{ending}", said.text) };
        mouths[speaker].send(Input::Post { key: 0, room: self.room.room, post }).await.ok()
    }

    async fn read(&self, mouths: &[mpsc::Sender<Input>], recent: &Recent, random: &mut StdRng) -> Option<()> {
        let Some(said) = latest(recent).last().cloned() else { return Some(()) };
        let mouth = &mouths[random.random_range(0..mouths.len())];
        mouth.send(Input::Read { room: self.room.room, seq: said.seq }).await.ok()
    }
}

fn latest(recent: &Recent) -> Vec<Said> {
    recent.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
}

/// Hears what is said in the room, and has it open while connected.
async fn listen(mut client: Client, room: RoomId, recent: Recent) {
    while let Some(event) = client.events.recv().await {
        match event {
            Event::Welcome(_) => {
                client.send(Input::Ask { key: 0, question: Question::Subscribe(room) }).await;
            }
            Event::Entry { room: of, entry } if of == room => {
                if let (EntryBody::Message { text, .. }, Some(by)) = (entry.body, entry.by) {
                    hear(&recent, Said { seq: entry.seq, by, text });
                }
            }
            _ => {}
        }
    }
}

fn hear(recent: &Recent, said: Said) {
    let mut recent = recent.lock().unwrap_or_else(PoisonError::into_inner);
    if recent.back().is_none_or(|last| last.seq < said.seq) {
        recent.push_back(said);
        if recent.len() > RECENT_MAX {
            recent.pop_front();
        }
    }
}
