//! What a session asked the server and waits for: posts, missing entries, searches, read markers, the application's own
//! questions. Each request has a number; its answer carries it.

use std::collections::BTreeMap;

use tertulia_protocol::{
    Code, ErrorDetail,
    error::Retry,
    ids::{Nonce, RoomId, Seq, TimeMs, UserId},
    room::PresenceState,
    socket::{
        client::{self, ClientFrame, HistoryMode},
        server::{Ack, Page, ServerFrame},
    },
};

use rand::Rng;

use super::{ANSWER_MS, Event, Session};
use crate::{
    backoff,
    outbox::{Due, Searched},
};

/// Entries asked for at once when some are missing.
const SYNC_PAGE: i64 = 200;

/// What an application may ask. It is asked once: if the connection is lost, the answer is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Open a room: hear who types and reads.
    Subscribe(RoomId),
    /// Close it.
    Unsubscribe(RoomId),
    /// A page of what was said.
    History {
        /// The room.
        room: RoomId,
        /// Entries of the log, or messages with their state.
        mode: HistoryMode,
        /// Only below this one, the last of them.
        before: Option<Seq>,
        /// Only above this one, the first of them.
        after: Option<Seq>,
        /// Most items.
        limit: Option<i64>,
    },
    /// Which messages in a range changed after an entry.
    Changes {
        /// The room.
        room: RoomId,
        /// The first message.
        first: Seq,
        /// The last one.
        last: Seq,
        /// The entry.
        after: Seq,
    },
    /// Whose presence is shown, and the user's own.
    Presence {
        /// At most 200 people.
        users: Vec<UserId>,
        /// The user's own.
        mine: Option<PresenceState>,
    },
}

impl Question {
    fn frame(self, id: u64) -> ClientFrame {
        match self {
            Self::Subscribe(room) => ClientFrame::Subscribe(client::Room { id, room }),
            Self::Unsubscribe(room) => ClientFrame::Unsubscribe(client::Room { id, room }),
            Self::History { room, mode, before, after, limit } => {
                ClientFrame::History(client::History { id, room, mode, before, after, limit })
            }
            Self::Changes { room, first, last, after } => {
                ClientFrame::Changes(client::Changes { id, room, first, last, after })
            }
            Self::Presence { users, mine } => ClientFrame::Presence(client::Presence { id, users, mine }),
        }
    }
}

/// What a request's answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The first post of the room's queue.
    Post(RoomId, Nonce),
    /// Entries of the room that are missing.
    Sync(RoomId),
    /// The room's log, to look whether its first post is in it.
    Search(RoomId, Nonce),
    /// A read marker.
    Read(RoomId, Seq),
    /// The application's question.
    Ask(u64),
    /// Whether the server is there.
    Ping,
}

#[derive(Debug, Clone, Copy)]
struct ReadWish {
    seq: Seq,
    asked: bool,
    from_ms: u64,
}

/// The requests that were not answered yet.
#[derive(Debug, Default)]
pub(super) struct Requests {
    last_id: u64,
    open: BTreeMap<u64, (Purpose, u64)>,
    reads: BTreeMap<RoomId, ReadWish>,
    /// Rooms that are to be synced again, and when.
    sync_again: BTreeMap<RoomId, u64>,
    pinging: bool,
}

impl Requests {
    fn number(&mut self, now_ms: u64, purpose: Purpose) -> u64 {
        self.last_id += 1;
        self.open.insert(self.last_id, (purpose, now_ms + ANSWER_MS));
        self.last_id
    }

    pub(super) fn ping(&mut self, now_ms: u64) -> ClientFrame {
        self.pinging = true;
        let id = self.number(now_ms, Purpose::Ping);
        ClientFrame::Ping(client::Ping { id })
    }

    /// Whether a `ping` is on its way that nothing has come after.
    pub(super) fn is_pinging(&self) -> bool {
        self.pinging
    }

    /// Something came from the server.
    pub(super) fn heard(&mut self) {
        self.pinging = false;
    }

    pub(super) fn want_read(&mut self, room: RoomId, seq: Seq) {
        let wish = self.reads.entry(room).or_insert(ReadWish { seq: 0, asked: false, from_ms: 0 });
        if seq > wish.seq {
            *wish = ReadWish { seq, asked: false, from_ms: 0 };
        }
    }

    /// A marker was taken, or will never be: unless the user has read on meanwhile, there is no more to do.
    fn read_done(&mut self, room: RoomId, seq: Seq) {
        if self.reads.get(&room).is_some_and(|wish| wish.seq <= seq) {
            self.reads.remove(&room);
        }
    }

    /// What an answer with this number is for.
    pub(super) fn answered(&mut self, id: u64) -> Option<Purpose> {
        self.open.remove(&id).map(|(purpose, _)| purpose)
    }

    /// The connection was lost: the application's questions that will not be answered.
    pub(super) fn lost(&mut self) -> Vec<u64> {
        self.pinging = false;
        self.sync_again.clear();
        self.reads.values_mut().for_each(|wish| (wish.asked, wish.from_ms) = (false, 0));
        let open = std::mem::take(&mut self.open).into_values();
        open.filter_map(|(purpose, _)| if let Purpose::Ask(key) = purpose { Some(key) } else { None })
            .collect()
    }

    pub(super) fn forget_room(&mut self, room: RoomId) {
        self.reads.remove(&room);
        self.sync_again.remove(&room);
    }

    pub(super) fn deadline_ms(&self) -> Option<u64> {
        let open =
            self.open.values().filter(|(purpose, _)| *purpose != Purpose::Ping).map(|(_, until)| *until);
        let reads = self.reads.values().filter(|wish| !wish.asked).map(|wish| wish.from_ms);
        open.chain(reads).chain(self.sync_again.values().copied()).min()
    }
}

impl Session {
    pub(super) fn ask(&mut self, now_ms: u64, key: u64, question: Question) {
        if !self.is_live() {
            let error = ErrorDetail::new(Code::Unavailable, "there is no connection");
            return self.tell(Event::Answer { key, answer: Err(error) });
        }
        let id = self.requests.number(now_ms, Purpose::Ask(key));
        self.write(question.frame(id));
    }

    /// Writes what is due on a live connection.
    pub(super) fn pump(&mut self, now_ms: u64) {
        let rooms = &self.rooms;
        let due = self.outbox.take_due(now_ms, |room| rooms.get(&room).map_or(0, |at| at.cursor()));
        for due in due {
            let frame = match due {
                Due::Write { room, post, nonce, since } => {
                    let id = self.requests.number(now_ms, Purpose::Post(room, nonce));
                    post.frame(id, room, nonce, since)
                }
                Due::Search { room, nonce, after } => {
                    let id = self.requests.number(now_ms, Purpose::Search(room, nonce));
                    entries_after(id, room, after)
                }
            };
            self.write(frame);
        }
        let wishes = self.requests.reads.iter_mut().filter(|(_, wish)| !wish.asked && wish.from_ms <= now_ms);
        let wishes: Vec<(RoomId, Seq)> = wishes
            .map(|(room, wish)| {
                wish.asked = true;
                (*room, wish.seq)
            })
            .collect();
        for (room, seq) in wishes {
            let id = self.requests.number(now_ms, Purpose::Read(room, seq));
            self.write(ClientFrame::Read(client::Read { id, room, seq }));
        }
    }

    /// Asks for the entries of a room that are missing.
    pub(super) fn sync(&mut self, now_ms: u64, room: RoomId) {
        let Some(at) = self.rooms.get(&room) else { return };
        let after = at.cursor();
        let id = self.requests.number(now_ms, Purpose::Sync(room));
        self.write(entries_after(id, room, after));
    }

    /// Requests that were not answered in time, and syncs that are due again.
    pub(super) fn requests_time(&mut self, now_ms: u64) {
        let late = self
            .requests
            .open
            .iter()
            .filter(|(_, (purpose, until))| *until <= now_ms && *purpose != Purpose::Ping);
        let late: Vec<u64> = late.map(|(id, _)| *id).collect();
        for id in late {
            let error = ErrorDetail::new(Code::Unavailable, "the server did not answer in time");
            self.failed(now_ms, id, error);
        }
        let due = self.requests.sync_again.extract_if(.., |_, at| *at <= now_ms);
        let due: Vec<RoomId> = due.map(|(room, _)| room).collect();
        for room in due {
            if self.rooms.get_mut(&room).is_some_and(|at| at.has_open_hole() && at.ask()) {
                self.sync(now_ms, room);
            }
        }
    }

    /// A request failed.
    pub(super) fn failed(&mut self, now_ms: u64, id: u64, error: ErrorDetail) {
        let wait_ms = error.retry_after_ms;
        match self.requests.answered(id) {
            // It was seen in the log meanwhile: what became of a retry does not matter.
            Some(Purpose::Post(room, nonce) | Purpose::Search(room, nonce))
                if !self.outbox.is_first(room, nonce) => {}
            Some(Purpose::Post(room, _)) => self.post_failed(now_ms, room, error),
            Some(Purpose::Search(room, _)) => match error.code.retry() {
                Retry::Later => {
                    let pause_ms = wait_ms.unwrap_or_else(|| backoff::pause_ms(0, &mut self.random));
                    self.outbox.unsure(room, now_ms + pause_ms);
                }
                _ => self.refuse_post(room, error),
            },
            Some(Purpose::Sync(room)) => {
                if let Some(at) = self.rooms.get_mut(&room) {
                    at.failed();
                }
                self.sync_later(now_ms, room, wait_ms);
            }
            Some(Purpose::Read(room, seq)) => {
                let pause_ms = wait_ms.unwrap_or_else(|| backoff::pause_ms(0, &mut self.random));
                match error.code.retry() {
                    Retry::Later => {
                        if let Some(wish) = self.requests.reads.get_mut(&room) {
                            (wish.asked, wish.from_ms) = (false, now_ms + pause_ms);
                        }
                    }
                    _ => self.requests.read_done(room, seq),
                }
            }
            Some(Purpose::Ask(key)) => self.tell(Event::Answer { key, answer: Err(error) }),
            Some(Purpose::Ping) | None => {}
        }
    }

    /// Looks at a room's hole again after a pause.
    pub(super) fn sync_later(&mut self, now_ms: u64, room: RoomId, wait_ms: Option<u64>) {
        let pause_ms = wait_ms.unwrap_or_else(|| backoff::pause_ms(0, &mut self.random));
        self.requests.sync_again.insert(room, now_ms + pause_ms);
    }

    fn post_failed(&mut self, now_ms: u64, room: RoomId, error: ErrorDetail) {
        match error.code.retry() {
            Retry::Later => {
                let random = &mut self.random;
                let mut jitter = |tries| backoff::pause_ms(tries, random);
                match error.retry_after_ms {
                    Some(told_ms) => self.outbox.try_later(room, now_ms, |tries| told_ms + jitter(tries) / 8),
                    None => self.outbox.try_later(room, now_ms, jitter),
                }
            }
            Retry::Sync => self.outbox.unsure(room, now_ms),
            Retry::Final | Retry::SignIn => self.refuse_post(room, error),
        }
    }

    fn refuse_post(&mut self, room: RoomId, error: ErrorDetail) {
        if let Some(item) = self.outbox.answered(room) {
            self.tell(Event::Refused { key: item.key, room, error });
        }
    }

    /// A request was done.
    pub(super) fn acked(&mut self, ack: Ack) {
        match self.requests.answered(ack.id) {
            Some(Purpose::Post(room, nonce)) => {
                if let Some(seq) = ack.seq {
                    self.post_done(room, nonce, seq, ack.at);
                }
            }
            Some(Purpose::Read(room, seq)) => self.requests.read_done(room, seq),
            Some(Purpose::Ask(key)) => self.tell(Event::Answer { key, answer: Ok(ServerFrame::Ack(ack)) }),
            _ => {}
        }
    }

    /// A post is this entry: its ack says so, or the entry itself, whichever comes first.
    pub(super) fn post_done(&mut self, room: RoomId, nonce: Nonce, seq: Seq, at: Option<TimeMs>) {
        if self.outbox.is_first(room, nonce)
            && let Some(item) = self.outbox.answered(room)
        {
            self.tell(Event::Done { key: item.key, room, nonce, seq, at });
        }
    }

    /// A page of a room's log came, to look for its first post.
    pub(super) fn searched(&mut self, nonce: Nonce, page: &Page) {
        if !self.outbox.is_first(page.room, nonce) {
            return;
        }
        let fresh = Nonce(self.random.random());
        match self.outbox.searched(page, fresh) {
            Searched::Found(seq) => self.post_done(page.room, nonce, seq, None),
            Searched::Open => {}
            Searched::Unknowable => {
                let error = ErrorDetail::new(Code::StaleSend, "it may have been said among what has expired");
                self.refuse_post(page.room, error);
            }
        }
    }
}

fn entries_after(id: u64, room: RoomId, after: Seq) -> ClientFrame {
    let (mode, limit) = (HistoryMode::Entries, Some(SYNC_PAGE));
    ClientFrame::History(client::History { id, room, mode, before: None, after: Some(after), limit })
}
