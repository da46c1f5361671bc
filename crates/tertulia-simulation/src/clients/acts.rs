//! What people do with their devices.

use tertulia_core::{Nonce, RoomId, Seq};
use tertulia_protocol::socket::client::{
    Changes, ClientFrame, History, HistoryMode, Ping, Presence, Read, Room, Typing,
};

use super::{Letter, Question, What};
use crate::world::{Event, World};

/// Most commands that a person has on their way.
const OUTBOX_MAX: usize = 12;

impl World {
    /// Somebody does something, and will do something else.
    pub(crate) fn act(&mut self, client: usize) {
        if self.weather.is_calm() {
            return;
        }
        let ms = if self.rng.chance(300) { self.rng.below(40) } else { self.rng.within(100, 1_200) };
        self.after(ms / self.weather.pace, Event::Act(client));
        if !self.clients[client].is_live {
            return;
        }
        let weather = self.weather.clone();
        if weather.strikes(weather.disconnect, &mut self.rng) {
            return self.disconnect(client);
        }
        if weather.strikes(weather.slow_reader, &mut self.rng)
            && let Some((at, life, connection)) = self.clients[client].place
        {
            let (ms, link) = (self.rng.within(200, 5_000), self.clients[client].link);
            self.set_stuck(at, life, connection, true);
            self.after(ms, Event::Reads(client, link));
        }
        let room = match self.rng.chance(weather.crowd) {
            true => self.plan.rooms[0].clone(),
            false => self.rng.pick(&self.plan.rooms).clone(),
        };
        // History is read in rooms that sleep as well, by those who may and those who may not.
        if room.sleeps(self.now) || self.rng.chance(120) {
            return self.ask_history(client, room.id);
        }
        self.act_in(client, room.id);
    }

    fn act_in(&mut self, client: usize, room: RoomId) {
        let head = self.clients[client].cursors.get(&room).copied().unwrap_or(0);
        let recent = head.saturating_sub(self.rng.below(8)).max(1);
        let text = format!("{:016x}", self.rng.next());
        match self.rng.below(20) {
            0..=8 => {
                let reply_to = self.rng.chance(200).then_some(recent);
                self.write(client, room, What::Post { text, reply_to });
            }
            9 => self.write(client, room, What::Edit { of: recent, text }),
            10 => self.write(client, room, What::Delete { of: recent }),
            11..=12 => {
                let emoji = (*self.rng.pick(&["👍", "🎉"])).to_owned();
                let on = self.rng.chance(700);
                self.write(client, room, What::React { of: recent, emoji, on });
            }
            13..=14 => {
                let seq = head.saturating_sub(self.rng.below(3));
                self.request(client, Question::Read(room, seq), |id| {
                    ClientFrame::Read(Read { id, room, seq })
                });
            }
            15 => {
                let on = self.rng.chance(600);
                self.say(client, &ClientFrame::Typing(Typing { room, on }));
            }
            16..=17 => self.open_or_close(client, room),
            18 => {
                let users = self.users.clone();
                let frame = |id| ClientFrame::Presence(Presence { id, users, mine: None });
                self.request(client, Question::Other, frame);
            }
            _ => drop(self.request(client, Question::Other, |id| ClientFrame::Ping(Ping { id }))),
        }
    }

    fn open_or_close(&mut self, client: usize, room: RoomId) {
        let opened = &mut self.clients[client].opened;
        let opens = opened.insert(room);
        if !opens {
            opened.remove(&room);
        }
        match opens {
            true => {
                self.request(client, Question::Open(room), |id| ClientFrame::Subscribe(Room { id, room }));
            }
            false => {
                self.request(client, Question::Other, |id| ClientFrame::Unsubscribe(Room { id, room }));
            }
        }
    }

    fn ask_history(&mut self, client: usize, room: RoomId) {
        let head: Seq = self.checker.rooms.get(&room).map_or(0, |truth| truth.head());
        let (first, mode) =
            (self.rng.below(head + 1), *self.rng.pick(&[HistoryMode::Entries, HistoryMode::Timeline]));
        let (before, after) = match self.rng.below(3) {
            0 => (None, Some(first)),
            1 => (Some(head + 1), None),
            _ => (None, Some(head.saturating_sub(5))),
        };
        let limit = Some(self.rng.within(1, 30) as i64);
        if self.rng.chance(200) {
            let frame = |id| ClientFrame::Changes(Changes { id, room, first: 1, last: head, after: first });
            self.request(client, Question::Other, frame);
        } else {
            let frame = |id| ClientFrame::History(History { id, room, mode, before, after, limit });
            self.request(client, Question::Other, frame);
        }
    }

    fn write(&mut self, client: usize, room: RoomId, what: What) {
        let me = &self.clients[client];
        if me.outbox.len() >= OUTBOX_MAX {
            return;
        }
        let since = me.cursors.get(&room).copied().unwrap_or(0);
        let nonce = Nonce(u128::from(self.rng.next()) << 64 | u128::from(self.rng.next()));
        let again_at = self.now;
        self.clients[client].outbox.push(Letter {
            room,
            nonce,
            since,
            what,
            again_at,
            id: None,
            looks_after: None,
        });
        self.send_due(client);
    }
}
