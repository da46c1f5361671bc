//! What is done to a server, one fault at a time.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use rand::{Rng, rngs::StdRng};
use serde_json::{Value, json};
use tertulia_client::{
    outbox::Post,
    rest::{Rest, RestError},
};
use tertulia_protocol::ids::{Nonce, TimeMs};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{
    NO_DEVICE,
    disk::Disk,
    weather::Weather,
    world::{World, chance},
};
use crate::{
    checker::record::{What, now},
    server::{Server, Signal},
};

/// What the clock is set forward by: what is kept for a day has expired then.
const JUMP: Duration = Duration::from_secs(25 * 60 * 60);
/// How long a request may wait for its answer on a full disk: some more than a server may try.
const ANSWER_PATIENCE: Duration = Duration::from_secs(10);
/// How long a disk is full now and then: longer than a server may try.
const LONG: Duration = Duration::from_secs(10);
/// Requests that are made on a full disk.
const ASKED_ON_FULL_DISK: u32 = 12;
/// What a server says that does not start on a full disk: the system's words for it.
const FULL: [&str; 3] = ["No space left", "disk is full", "File too large"];

/// A server, and everything that can be done to it.
pub(super) struct Striker<'a> {
    pub world: &'a Arc<World>,
    pub server: &'a mut Server,
    pub disk: &'a Disk,
    /// None where there is no compiler to make it.
    pub weather: Option<&'a mut Weather>,
    pub storm: &'a watch::Sender<u64>,
    /// Requests that were refused on a full disk.
    pub refused: usize,
}

impl Striker<'_> {
    /// One fault, drawn by chance. The server is back when it returns.
    pub async fn strike(&mut self, random: &mut StdRng) -> Result<()> {
        let pause = Duration::from_millis(random.random_range(0..400));
        let (how, over_at) = match random.random_range(0..20) {
            0..5 => ("kill -9", self.kill(pause)?),
            5..7 => {
                let at = now();
                tokio::task::block_in_place(|| self.server.end_and_start(pause))?;
                ("SIGTERM", at)
            }
            7..10 => {
                self.server.signal(Signal::Stop)?;
                sleep(Duration::from_millis(random.random_range(200..3_000))).await;
                self.server.signal(Signal::Continue)?;
                ("SIGSTOP", now())
            }
            10..13 => self.full_disk(random).await?,
            13..15 => {
                self.storm.send_modify(|storms| *storms += 1);
                ("reconnect storm", now())
            }
            15 | 16 if self.weather.is_some() => ("slow disk", self.slow_disk(random).await?),
            // A sweep begins at most its pause after the jump.
            17..20 if self.weather.is_some() => {
                self.jump()?;
                sleep(Duration::from_millis(random.random_range(0..1_500))).await;
                match random.random_bool(0.7) {
                    true => ("kill -9 in a sweep", self.kill(pause)?),
                    false => ("clock jump", now()),
                }
            }
            _ => ("kill -9", self.kill(pause)?),
        };
        self.record(What::Disturbed { how, over_at });
        Ok(())
    }

    fn record(&self, what: What) {
        self.world.recorder.add(self.world.accounts[0].user, NO_DEVICE, what);
    }

    fn kill(&mut self, pause: Duration) -> Result<TimeMs> {
        let at = now();
        tokio::task::block_in_place(|| self.server.kill_and_start(pause))?;
        Ok(at)
    }

    fn jump(&mut self) -> Result<()> {
        let Some(weather) = &mut self.weather else { return Ok(()) };
        let ahead_ms = u64::try_from(weather.ahead_after(JUMP).as_millis())?;
        // Written down first: an entry of the new time must not come before it.
        self.world.recorder.add(self.world.accounts[0].user, NO_DEVICE, What::ClockSet { ahead_ms });
        weather.jump(JUMP)
    }

    async fn slow_disk(&self, random: &mut StdRng) -> Result<TimeMs> {
        let Some(weather) = &self.weather else { return Ok(now()) };
        weather.slow(Duration::from_millis(random.random_range(20..400)))?;
        sleep(Duration::from_millis(random.random_range(500..2_500))).await;
        weather.slow(Duration::ZERO)?;
        Ok(now())
    }

    /// Nothing can be written for a while; now and then the server dies meanwhile, and does or does not start.
    async fn full_disk(&mut self, random: &mut StdRng) -> Result<(&'static str, TimeMs)> {
        let (is_killed, is_long) = (random.random_bool(0.35), random.random_bool(0.2));
        let lasts = if is_long { LONG } else { Duration::from_millis(random.random_range(300..2_500)) };
        self.disk.fill(self.server.id())?;
        let until = Instant::now() + lasts;
        let mut asked = JoinSet::new();
        while Instant::now() < until {
            asked.spawn(ask(Arc::clone(self.world), random.random(), is_killed));
            sleep(lasts / ASKED_ON_FULL_DISK).await;
            if self.server.has_ended() {
                bail!("the server ended by itself on a full disk: {}", self.server.log());
            }
        }
        let over = match is_killed {
            true => ("full disk and kill -9", self.kill_on_full_disk(random).await?),
            false => {
                self.disk.make_room(self.server.id())?;
                ("full disk", now())
            }
        };
        while let Some(is_refused) = asked.join_next().await {
            self.refused += usize::from(is_refused?);
        }
        Ok(over)
    }

    async fn kill_on_full_disk(&mut self, random: &mut StdRng) -> Result<TimeMs> {
        self.server.kill()?;
        let mut is_up = false;
        if self.disk.stays_full() {
            match tokio::task::block_in_place(|| self.server.start_again(Duration::ZERO)) {
                Ok(()) => is_up = true,
                Err(error) if FULL.iter().any(|words| format!("{error:#}").contains(words)) => {}
                Err(error) => return Err(error).context("on a full disk"),
            }
            sleep(Duration::from_millis(random.random_range(0..500))).await;
            self.disk.make_room(self.server.id())?;
        }
        let at = now();
        if !is_up {
            tokio::task::block_in_place(|| self.server.start_again(Duration::ZERO))
                .context("with room on the disk again")?;
        }
        Ok(at)
    }
}

/// Something for the directory, or for the message store: it is done, or refused with an error of the manual. Whether it was
/// refused.
async fn ask(world: Arc<World>, seed: u64, is_killed: bool) -> bool {
    let mut random = chance(seed, 0);
    let (what, answer) = match random.random_bool(0.5) {
        true => ("signing up", timeout(ANSWER_PATIENCE, sign_up(&world)).await),
        false => ("a message", timeout(ANSWER_PATIENCE, say(&world, &mut random)).await),
    };
    let how = match answer {
        Ok(Ok(())) => return false,
        Ok(Err(RestError::Refused { .. })) => return true,
        // Its connection broke.
        Ok(Err(_)) if is_killed => return false,
        Ok(Err(error)) => error.to_string(),
        Err(_) => "nothing".to_owned(),
    };
    let text = format!("on a full disk, {what} was answered with: {how}");
    world.recorder.add(world.accounts[0].user, NO_DEVICE, What::Unknown { text });
    false
}

async fn sign_up(world: &World) -> Result<(), RestError> {
    Rest::new(world.address.clone()).sign_up("Somebody else").await.map(|_| ())
}

async fn say(world: &World, random: &mut StdRng) -> Result<(), RestError> {
    let place = &world.places[random.random_range(0..world.places.len())];
    let (room, by, rest) = (place.id, world.accounts[place.owner].user, world.rest(place.owner));
    let (text, nonce) = (world.text(random), Nonce(random.random()));
    let post = Post::Message { text: text.clone(), reply_to: None, attachments: Vec::new() };
    let tried = What::Tried { room, nonce, since: 0, post: post.clone() };
    world.recorder.add(by, NO_DEVICE, tried);
    let path = format!("/v1/rooms/{room}/messages");
    let said = rest.call::<Value>("POST", &path, Some(json!({"text": text})), Some(nonce)).await?;
    if let Some(seq) = said["msg_id"].as_u64() {
        world.recorder.add(by, NO_DEVICE, What::Acked { room, nonce, post, seq });
    }
    Ok(())
}
