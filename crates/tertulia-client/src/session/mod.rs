//! The state machine of one device: what comes in, what goes out, no I/O. Time and chance are given to it, so a test can
//! drive it through any weather; [`client`](crate::client) drives it on a real connection.
//!
//! Here are its words and its life (waiting, opening, greeting, live, ended). What frames do is in `frames`, what it asks
//! the server in `requests`.

mod frames;
mod requests;

use std::collections::{BTreeMap, VecDeque};

use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use tertulia_protocol::{
    Code, ErrorDetail,
    entry::Entry,
    error::Retry,
    ids::{Nonce, Posts, RoomId, Seq, TimeMs, UserId},
    socket::{
        client::{ClientFrame, Hello},
        close,
        server::{self, ServerFrame, Welcome},
    },
};

pub use self::requests::Question;
use crate::{
    backoff,
    catch_up::CatchUp,
    outbox::{Outbox, Post},
};

/// How long a connection may take to open and to be welcomed, in ms.
pub const GREETING_MS: u64 = 10_000;
/// How long a server may be silent after a `ping`, in ms.
pub const SILENCE_MS: u64 = 10_000;
/// How long a request may go unanswered on a connection that lives, in ms; then a post is tried again.
pub const ANSWER_MS: u64 = 10_000;
/// How long a client stays away that was told it floods, in ms.
const FLOOD_PAUSE_MS: u64 = 60_000;

/// What a device has to keep to go on after a restart of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The history that the cursors belong to.
    pub history: Option<String>,
    /// The version of the user's feed.
    pub feed: u64,
    /// The cursor of each room, and how many messages the room has up to it.
    pub cursors: BTreeMap<RoomId, (Seq, Posts)>,
    /// What was said and not answered yet.
    pub outbox: Outbox,
}

/// Something that happens to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Go on: start, or a deadline has come.
    Time,
    /// The socket is open.
    Opened,
    /// The socket is closed, or could not be opened. With the code of a close frame, if there was one.
    Closed(Option<u16>),
    /// A frame came.
    Frame(ServerFrame),
    /// The user posts something. `key` is the application's own number for it.
    Post {
        /// Comes back in [`Event::Done`] or [`Event::Refused`].
        key: u64,
        /// The room.
        room: RoomId,
        /// What.
        post: Post,
    },
    /// The user has read up to here.
    Read {
        /// The room.
        room: RoomId,
        /// The highest entry that they have read.
        seq: Seq,
    },
    /// The user writes, or has stopped.
    Typing {
        /// The room.
        room: RoomId,
        /// Whether they write.
        on: bool,
    },
    /// Something to ask the server, once. `key` is the application's own number for it.
    Ask {
        /// Comes back in [`Event::Answer`].
        key: u64,
        /// What.
        question: Question,
    },
    /// Drop the connection and open another one at once.
    Reconnect,
    /// End the session.
    Stop,
}

/// What is to be done for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Open a socket, and drop the one before.
    Open,
    /// Write a frame.
    Write(ClientFrame),
    /// Close the socket. It counts as closed: no [`Input::Closed`] is awaited.
    Close,
    /// Tell the application.
    Tell(Event),
}

/// What an application hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The session is another.
    Status(Status),
    /// The server knows us. Entries after the cursors follow.
    Welcome(Box<Welcome>),
    /// The server has another history: every cursor and cache is void.
    Forgotten,
    /// The next entry of a room.
    Entry {
        /// The room.
        room: RoomId,
        /// The entry.
        entry: Entry,
    },
    /// Entries of a room that are passed over: they can be read with [`Question::History`], if at all.
    Passed {
        /// The room.
        room: RoomId,
        /// The first one.
        first: Seq,
        /// The last one.
        last: Seq,
    },
    /// A post became an entry.
    Done {
        /// The application's number.
        key: u64,
        /// The room.
        room: RoomId,
        /// The nonce that it was sent with.
        nonce: Nonce,
        /// The entry.
        seq: Seq,
        /// When it was numbered; absent if it was found in the log.
        at: Option<TimeMs>,
    },
    /// A post will not become an entry.
    Refused {
        /// The application's number.
        key: u64,
        /// The room.
        room: RoomId,
        /// Why.
        error: ErrorDetail,
    },
    /// The answer to a question: `page`, `changed` or `ack`.
    Answer {
        /// The application's number.
        key: u64,
        /// The frame, or why there is none.
        answer: Result<ServerFrame, ErrorDetail>,
    },
    /// The user is not in the room any more, and nobody said why: it happened while the device was away.
    Absent(RoomId),
    /// The user joined a room, or is out of one.
    Room(server::Room),
    /// Somebody has read up to here.
    Read(server::Read),
    /// Somebody writes.
    Typing(server::Typing),
    /// Somebody's presence.
    Presence(server::Presence),
    /// Limits changed, the feed did, or the server asks to reconnect (the session does).
    Notice(server::Notice),
}

/// What an application may show of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Opening a connection.
    Opening,
    /// In step with the server.
    Live,
    /// Waiting before the next try.
    Waiting {
        /// Until when, in ms of the session's clock.
        until_ms: u64,
    },
    /// Over: the application stopped it, or a retry cannot help.
    Ended {
        /// Why; absent if the application stopped it.
        why: Option<Code>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting { until_ms: u64 },
    Opening { until_ms: u64 },
    Greeting { until_ms: u64 },
    Live,
    Ended,
}

/// One device's session.
#[derive(Debug)]
pub struct Session {
    token: String,
    client: String,
    random: StdRng,
    state: State,
    /// Tries since the last welcome.
    tries: u32,
    /// How long to wait after the present connection, if the server said so.
    told_wait_ms: Option<u64>,
    history: Option<String>,
    feed: u64,
    user: Option<UserId>,
    heartbeat_ms: u64,
    heard_at_ms: u64,
    rooms: BTreeMap<RoomId, CatchUp>,
    outbox: Outbox,
    requests: requests::Requests,
    outputs: VecDeque<Output>,
}

impl Session {
    /// A session that will connect at the first [`Input::Time`]. `client` names the program in the list of devices.
    pub fn new(token: &str, client: &str, saved: Saved, seed: u64) -> Self {
        let cursors = saved.cursors.into_iter();
        let mut outbox = saved.outbox;
        outbox.lost();
        Self {
            token: token.to_owned(),
            client: client.to_owned(),
            random: StdRng::seed_from_u64(seed),
            state: State::Waiting { until_ms: 0 },
            tries: 0,
            told_wait_ms: None,
            history: saved.history,
            feed: saved.feed,
            user: None,
            heartbeat_ms: u64::MAX,
            heard_at_ms: 0,
            rooms: cursors.map(|(room, (cursor, posts))| (room, CatchUp::new(cursor, posts))).collect(),
            outbox,
            requests: requests::Requests::default(),
            outputs: VecDeque::new(),
        }
    }

    /// What has to be kept for a restart of the program.
    pub fn save(&self) -> Saved {
        let cursors = self.rooms.iter().map(|(room, at)| (*room, (at.cursor(), at.posts()))).collect();
        Saved { history: self.history.clone(), feed: self.feed, cursors, outbox: self.outbox.clone() }
    }

    /// The user, once the server said who they are.
    pub fn user(&self) -> Option<UserId> {
        self.user
    }

    /// How far the device is in a room; absent if the user is not in it.
    pub fn room(&self, room: RoomId) -> Option<&CatchUp> {
        self.rooms.get(&room)
    }

    /// How far the device is in each room.
    pub fn rooms(&self) -> impl Iterator<Item = (RoomId, &CatchUp)> {
        self.rooms.iter().map(|(room, at)| (*room, at))
    }

    /// What was said and not answered yet.
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Whether it is in step with the server, as far as it knows.
    pub fn is_live(&self) -> bool {
        self.state == State::Live
    }

    /// The next thing to do; ask until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Time`] is due, in ms; absent if nothing is awaited.
    pub fn deadline_ms(&self) -> Option<u64> {
        match self.state {
            State::Waiting { until_ms } | State::Opening { until_ms } | State::Greeting { until_ms } => {
                Some(until_ms)
            }
            State::Live => {
                let silence = self.heard_at_ms.saturating_add(self.silence_bound_ms());
                [Some(silence), self.requests.deadline_ms(), self.outbox.deadline_ms()]
                    .into_iter()
                    .flatten()
                    .min()
            }
            State::Ended => None,
        }
    }

    /// Something happened at this time.
    pub fn handle(&mut self, now_ms: u64, input: Input) {
        if self.state == State::Ended {
            return;
        }
        match input {
            Input::Time => self.time(now_ms),
            Input::Opened => self.opened(now_ms),
            Input::Closed(code) => self.closed(now_ms, code),
            Input::Frame(frame) => self.frame(now_ms, frame),
            Input::Post { key, room, post } => {
                let nonce = Nonce(self.random.random());
                self.outbox.push(key, room, nonce, post);
            }
            Input::Read { room, seq } => self.requests.want_read(room, seq),
            Input::Typing { room, on } => {
                if self.is_live() {
                    let typing = tertulia_protocol::socket::client::Typing { room, on };
                    self.write(ClientFrame::Typing(typing));
                }
            }
            Input::Ask { key, question } => self.ask(now_ms, key, question),
            Input::Reconnect => {
                self.outputs.push_back(Output::Close);
                self.told_wait_ms = Some(0);
                self.wait(now_ms);
            }
            Input::Stop => self.end(None),
        }
        if self.is_live() {
            self.pump(now_ms);
        }
    }

    fn time(&mut self, now_ms: u64) {
        match self.state {
            State::Waiting { until_ms } if until_ms <= now_ms => {
                self.state = State::Opening { until_ms: now_ms + GREETING_MS };
                self.tell(Event::Status(Status::Opening));
                self.outputs.push_back(Output::Open);
            }
            State::Opening { until_ms } | State::Greeting { until_ms } if until_ms <= now_ms => {
                self.outputs.push_back(Output::Close);
                self.wait(now_ms);
            }
            State::Live => self.live_time(now_ms),
            _ => {}
        }
    }

    fn live_time(&mut self, now_ms: u64) {
        if now_ms.saturating_sub(self.heard_at_ms) >= self.silence_bound_ms() {
            if self.requests.is_pinging() {
                self.outputs.push_back(Output::Close);
                return self.wait(now_ms);
            }
            let ping = self.requests.ping(now_ms);
            self.write(ping);
        }
        self.requests_time(now_ms);
    }

    /// How long silence lasts before something is done about it, in ms.
    fn silence_bound_ms(&self) -> u64 {
        match self.requests.is_pinging() {
            true => self.heartbeat_ms.saturating_add(SILENCE_MS),
            false => self.heartbeat_ms,
        }
    }

    fn opened(&mut self, now_ms: u64) {
        if !matches!(self.state, State::Opening { .. }) {
            return;
        }
        self.state = State::Greeting { until_ms: now_ms + GREETING_MS };
        self.heard_at_ms = now_ms;
        self.write(ClientFrame::Hello(Hello {
            token: self.token.clone(),
            history: self.history.clone(),
            feed: self.feed,
            cursors: self.rooms.iter().map(|(room, at)| (*room, at.cursor())).collect(),
            client: Some(self.client.clone()),
        }));
    }

    fn closed(&mut self, now_ms: u64, code: Option<u16>) {
        match code {
            Some(close::UNAUTHENTICATED) => return self.end(Some(Code::Unauthenticated)),
            Some(close::REVOKED) => return self.end(Some(Code::TokenRevoked)),
            Some(close::PROTOCOL | close::UNEXPECTED) => return self.end(Some(Code::Malformed)),
            Some(close::TOO_LARGE) => return self.end(Some(Code::TooLarge)),
            Some(close::FLOOD) => self.told_wait_ms = Some(FLOOD_PAUSE_MS),
            _ => {}
        }
        if !matches!(self.state, State::Waiting { .. }) {
            self.wait(now_ms);
        }
    }

    /// An error before the welcome, or without a request's number.
    fn refused(&mut self, error: &ErrorDetail) {
        match error.code.retry() {
            Retry::SignIn => self.end(Some(error.code)),
            Retry::Later => self.told_wait_ms = error.retry_after_ms.or(self.told_wait_ms),
            Retry::Final | Retry::Sync => {}
        }
    }

    /// The connection is gone: everything that hung on it is void, and after a while there is another one.
    fn wait(&mut self, now_ms: u64) {
        self.outbox.lost();
        self.rooms.values_mut().for_each(CatchUp::lost);
        for key in self.requests.lost() {
            let error = ErrorDetail::new(Code::Unavailable, "the connection was lost before the answer came");
            self.tell(Event::Answer { key, answer: Err(error) });
        }
        let jitter_ms = backoff::full_jitter_ms(self.tries, &mut self.random);
        let wait_ms =
            self.told_wait_ms.take().map_or(jitter_ms, |told| told + if told == 0 { 0 } else { jitter_ms });
        self.tries += 1;
        let until_ms = now_ms + wait_ms;
        self.state = State::Waiting { until_ms };
        self.tell(Event::Status(Status::Waiting { until_ms }));
    }

    fn end(&mut self, why: Option<Code>) {
        self.state = State::Ended;
        self.outputs.push_back(Output::Close);
        self.tell(Event::Status(Status::Ended { why }));
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Tell(event));
    }

    fn write(&mut self, frame: ClientFrame) {
        self.outputs.push_back(Output::Write(frame));
    }
}
