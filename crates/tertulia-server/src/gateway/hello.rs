//! How a session begins: hello, who is it, which rooms, welcome.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use tertulia_core::{
    Posts, RoomId, Seq, TimeMs, UserId,
    room::{Grant, Refusal},
    shard::shard_of,
};
use tertulia_ports::{
    bus::{Attached, OwnerId, ToOwner},
    directory::{FeedChange, FeedKind, RoomBan},
};
use tertulia_protocol::{
    Code, ErrorDetail,
    room::Departure,
    socket::{
        client::Hello,
        close,
        server::{Error, Room, RoomHead, ServerFrame, Welcome},
    },
};

use super::{
    errands::{Errand, ReadMark, Resumed},
    machine::{Gateway, HEARTBEAT_MS, HELLOS_MAX, Outlet},
    requests::{AttachFor, Pending},
    session::{Cursors, Greeting, Stage},
    transport::ConnectionId,
};
use crate::{fanout::frame::frame, identity::TokenError};

/// How long owners may take to answer for a hello, in ms.
const ATTACH_MS: u64 = 8_000;

/// After which time a client that was turned away may come again, in ms; spread over twice that.
const TURNED_AWAY_MS: u64 = 1_000;

/// Most rooms of a hello's cursors that are looked at for bans.
const KNOWN_ROOMS_MAX: usize = 1_000;

/// Longest name that a client gives itself, in bytes; the rest is cut off.
const CLIENT_NAME_BYTES_MAX: usize = 100;

/// Connections that are not live yet.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// Those that have said nothing, with the time at which they are closed, ascending.
    pub silent: VecDeque<(TimeMs, ConnectionId)>,
    /// How many hellos are being worked on.
    pub hellos: usize,
    /// What changed for people while hellos were being worked on: what a hello has read may be older.
    changed: FxHashMap<UserId, Vec<FeedChange>>,
}

impl Waiting {
    /// A session ended at this stage.
    pub fn left(&mut self, stage: &Stage) {
        if matches!(stage, Stage::Resuming(_) | Stage::Attaching(_)) {
            self.done();
        }
    }

    /// Something changed for somebody, who may be saying hello.
    pub fn remember(&mut self, change: FeedChange) {
        if self.hellos > 0 {
            let changes = self.changed.entry(change.user).or_default();
            changes.retain(|known| known.of != change.of);
            changes.push(change);
        }
    }

    /// A hello is over: what changed for its user since it began, and perhaps before.
    fn welcomed(&mut self, user: UserId) -> Vec<FeedChange> {
        let changes = self.changed.get(&user).cloned().unwrap_or_default();
        self.done();
        changes
    }

    fn done(&mut self) {
        self.hellos -= 1;
        if self.hellos == 0 {
            self.changed.clear();
        }
    }
}

impl Gateway {
    pub(super) fn hello(&mut self, connection: ConnectionId, hello: Hello, out: &mut impl Outlet) {
        if self.waiting.hellos >= HELLOS_MAX {
            let after_ms = TURNED_AWAY_MS + self.settings.entropy.u64() % TURNED_AWAY_MS;
            let error = ErrorDetail::new(Code::Overloaded, "very many clients connect at this moment");
            return self.refuse(connection, error.after_ms(after_ms), close::OVERLOADED, out);
        }
        let claims = match self.settings.tokens.verify(&hello.token, self.now) {
            Ok(claims) => claims,
            Err(TokenError::Invalid) => {
                let error = ErrorDetail::new(Code::Unauthenticated, "the token is not valid");
                return self.refuse(connection, error, close::UNAUTHENTICATED, out);
            }
            Err(TokenError::Expired) => {
                let error = ErrorDetail::new(Code::TokenExpired, "the token's time is over");
                return self.refuse(connection, error, close::UNAUTHENTICATED, out);
            }
        };
        let history_is_ours = hello.history.is_some_and(|history| *history == *self.settings.history);
        let client = hello.client.map(|mut client| {
            client.truncate(client.floor_char_boundary(CLIENT_NAME_BYTES_MAX));
            client
        });
        let known = hello.cursors.keys().copied().take(KNOWN_ROOMS_MAX).collect();
        let Some(session) = self.session(connection) else { return };
        session.user = claims.user;
        session.device = claims.device;
        let cursors = Cursors { history_is_ours, cursors: hello.cursors, client };
        session.stage = Stage::Resuming(Box::new(cursors));
        self.waiting.hellos += 1;
        let (user, device) = (claims.user, claims.device);
        self.errands.push(Errand::Resume { connection, user, device, known });
    }

    pub(super) fn resumed(
        &mut self,
        connection: ConnectionId,
        resumed: Option<Resumed>,
        out: &mut impl Outlet,
    ) {
        let Some(session) = self.session(connection) else { return };
        let Stage::Resuming(cursors) = &mut session.stage else { return };
        let cursors = std::mem::take(&mut **cursors);
        match resumed {
            None => {
                let error = ErrorDetail::new(Code::Unavailable, "the directory does not answer");
                self.refuse(connection, error.after_ms(TURNED_AWAY_MS), close::OVERLOADED, out);
            }
            Some(Resumed::Revoked) => {
                let error = ErrorDetail::new(Code::TokenRevoked, "the device was signed out");
                self.refuse(connection, error, close::REVOKED, out);
            }
            Some(Resumed::Known { name, admin, feed, receipts, rooms, markers, bans }) => {
                session.receipts = receipts;
                let (device, user, client) = (session.device, session.user, cursors.client.clone());
                session.stage = Stage::Attaching(Box::new(Greeting {
                    cursors,
                    name,
                    admin,
                    feed,
                    awaited: 0,
                    grants: Vec::with_capacity(rooms.len()),
                    markers,
                    bans,
                }));
                self.people.seen.push((device, self.now, client));
                let awaited = self.attach(connection, user, &rooms, &AttachFor::Hello);
                if let Some(greeting) = self.greeting(connection) {
                    greeting.awaited = awaited;
                }
                if awaited == 0 {
                    self.all_attached(connection, out);
                }
            }
        }
    }

    /// Asks the owners of rooms for what happens in them: how many requests that makes.
    pub(super) fn attach(
        &mut self,
        connection: ConnectionId,
        user: UserId,
        rooms: &[RoomId],
        purpose: &AttachFor,
    ) -> usize {
        let until = self.elapsed.plus(ATTACH_MS);
        self.attach_until(connection, user, rooms, purpose, until)
    }

    fn attach_until(
        &mut self,
        connection: ConnectionId,
        user: UserId,
        rooms: &[RoomId],
        purpose: &AttachFor,
        until: TimeMs,
    ) -> usize {
        let mut rooms: Vec<_> =
            rooms.iter().map(|room| ((self.settings.owner_of)(shard_of(*room)), *room)).collect();
        rooms.sort_unstable();
        let groups: Vec<Vec<RoomId>> = rooms
            .chunk_by(|(one, _), (other, _)| one == other)
            .map(|group| group.iter().map(|(_, room)| *room).collect())
            .collect();
        let count = groups.len();
        for rooms in groups {
            let purpose = purpose.clone();
            self.ask_to_attach(Pending::Attach { connection, user, rooms, purpose, until, again_at: None });
        }
        count
    }

    /// Asks again for rooms whose owners have not answered: other ones may have them now.
    pub(super) fn attach_again(&mut self, pending: Pending) {
        let Pending::Attach { connection, user, rooms, purpose, until, .. } = pending else { return };
        let count = self.attach_until(connection, user, &rooms, &purpose, until);
        if purpose == AttachFor::Hello
            && let Some(greeting) = self.greeting(connection)
        {
            greeting.awaited += count - 1;
        }
    }

    pub(super) fn ask_to_attach(&mut self, pending: Pending) {
        let Pending::Attach { user, rooms, .. } = &pending else { return };
        let Some(shard) = rooms.first().map(|room| shard_of(*room)) else { return };
        let (user, rooms) = (*user, rooms.clone());
        let request = self.remember(pending);
        self.to_owners.push((shard, ToOwner::Attach { gateway: self.settings.id, request, user, rooms }));
    }

    /// An owner has answered: these rooms are the session's from here on.
    pub(super) fn attached(
        &mut self,
        request: u64,
        owner: OwnerId,
        late: bool,
        rooms: Vec<Result<Attached, (RoomId, Refusal)>>,
        out: &mut impl Outlet,
    ) {
        let pending = self.pending.remove(&request);
        let connection = match &pending {
            Some(Pending::Attach { connection, .. }) => Some(*connection),
            _ => None,
        };
        let (mut overtaken, mut unread) = (Vec::new(), Vec::new());
        for attached in rooms.into_iter().flatten() {
            let grant = attached.grant.clone();
            if self.is_behind(&attached) {
                overtaken.push(grant.room);
                continue;
            }
            let place = self.know_room(owner, attached, late);
            match connection.filter(|connection| self.session(*connection).is_some()) {
                Some(connection) => {
                    self.subscribe(place, connection);
                    if let Some(greeting) = self.greeting(connection) {
                        greeting.grants.push(grant);
                        continue;
                    }
                    let read = match &pending {
                        Some(Pending::Attach { purpose: AttachFor::Join(markers), .. }) => {
                            markers.get(&grant.room).copied()
                        }
                        _ => None,
                    };
                    match is_read(&grant, read) {
                        true => self.joined(connection, place, grant.first, read, out),
                        false => unread.push((grant, read)),
                    }
                }
                None => self.forget_room_without_sessions(place),
            }
        }
        let Some(Pending::Attach { connection, user, purpose, until, .. }) = pending else { return };
        if !unread.is_empty() {
            self.errands.push(Errand::ReadMarks { connection, user, rooms: unread });
        }
        if self.session(connection).is_some() && !overtaken.is_empty() {
            let rooms = overtaken;
            return self.ask_to_attach(Pending::Attach {
                connection,
                user,
                rooms,
                purpose,
                until,
                again_at: None,
            });
        }
        if purpose != AttachFor::Hello {
            return;
        }
        if let Some(greeting) = self.greeting(connection) {
            greeting.awaited -= 1;
            if greeting.awaited == 0 {
                self.all_attached(connection, out);
            }
        }
    }

    /// Every owner has answered: a look at what is unread, and the session is welcome.
    fn all_attached(&mut self, connection: ConnectionId, out: &mut impl Outlet) {
        let Some(user) = self.session(connection).map(|session| session.user) else { return };
        let Some(greeting) = self.greeting(connection) else { return };
        let rooms = greeting.grants.iter().filter_map(|grant| {
            let marker = greeting.markers.get(&grant.room).copied();
            (!is_read(grant, marker)).then(|| (grant.clone(), marker))
        });
        let rooms: Vec<_> = rooms.collect();
        match rooms.is_empty() {
            true => self.welcome(connection, out),
            false => self.errands.push(Errand::ReadMarks { connection, user, rooms }),
        }
    }

    /// How far the user has read; `None` if the store does not answer.
    pub(super) fn marks_read(
        &mut self,
        connection: ConnectionId,
        marks: Option<Vec<ReadMark>>,
        out: &mut impl Outlet,
    ) {
        let Some(marks) = marks else {
            return out.close(connection, close::INTERNAL, "the log cannot be read");
        };
        if let Some(greeting) = self.greeting(connection) {
            greeting.markers.extend(marks.into_iter().map(|mark| (mark.room, mark.read)));
            return self.welcome(connection, out);
        }
        for ReadMark { room, first, read } in marks {
            if let Some(place) = self.places.get(&room).copied() {
                self.joined(connection, place, first, Some(read), out);
            }
        }
    }

    /// Tells a session that it is live, and begins to catch up.
    fn welcome(&mut self, connection: ConnectionId, out: &mut impl Outlet) {
        let Some(session) = self.session(connection) else { return };
        let Stage::Attaching(greeting) = std::mem::replace(&mut session.stage, Stage::Live) else { return };
        let (user, device) = (session.user, session.device);
        let missed = self.waiting.welcomed(user);
        let feed = greeting.feed;
        let mut rooms = Vec::with_capacity(greeting.grants.len());
        for Grant { room, first, .. } in &greeting.grants {
            let cursor = greeting.cursors.cursors.get(room).filter(|_| greeting.cursors.history_is_ours);
            if let Some(head) = self.head_for(connection, *room, *first, cursor.copied()) {
                let (read, read_posts) = greeting.markers.get(room).copied().unwrap_or_default();
                rooms.push(RoomHead { read, read_posts: read_posts.min(head.posts), ..head });
            }
        }
        let welcome = Welcome {
            user,
            device,
            name: greeting.name.clone(),
            admin: greeting.admin,
            history: self.settings.history.to_string(),
            feed,
            heartbeat_ms: HEARTBEAT_MS,
            now: self.now,
            limits: self.limits,
            rooms,
        };
        self.send(connection, frame(&ServerFrame::Welcome(Box::new(welcome))), out);
        for RoomBan { room, by, until, reason, seq, .. } in greeting.bans {
            let gone = Room::Gone { room, why: Departure::Banned, seq, by, until, reason };
            self.send(connection, frame(&ServerFrame::Room(gone)), out);
        }
        self.arrive(user, connection);
        let (missed, known): (Vec<_>, Vec<_>) = missed.into_iter().partition(|change| change.version > feed);
        // The directory may have known a room before its owner had shown the entry, and said that the user is not in it.
        if known.iter().any(|change| change.of == FeedKind::Rooms) {
            self.errands.push(Errand::Rooms { user });
        }
        self.feeds(&missed, out);
        self.catch_up(connection, out);
    }

    /// A live session has another room.
    fn joined(
        &mut self,
        connection: ConnectionId,
        place: u32,
        first: Seq,
        read: Option<(Seq, Posts)>,
        out: &mut impl Outlet,
    ) {
        let Some(room) = self.rooms.get(place as usize).map(|room| room.id) else { return };
        if let Some(head) = self.head_for(connection, room, first, None) {
            let (read, read_posts) = read.unwrap_or_default();
            let head = RoomHead { read, read_posts: read_posts.min(head.posts), ..head };
            self.send(connection, frame(&ServerFrame::Room(Room::Joined(head))), out);
        }
    }

    /// Owners do not answer: the client comes again.
    pub(super) fn give_up_hello(&mut self, connection: ConnectionId, out: &mut impl Outlet) {
        if self.greeting(connection).is_some() {
            let error = ErrorDetail::new(Code::Unavailable, "rooms are changing their owners");
            self.refuse(connection, error.after_ms(TURNED_AWAY_MS), close::OVERLOADED, out);
        }
    }

    /// Closes connections that have said nothing for too long.
    pub(super) fn close_silent(&mut self, out: &mut impl Outlet) {
        while let Some((until, connection)) = self.waiting.silent.front().copied() {
            if self.elapsed < until {
                return;
            }
            self.waiting.silent.pop_front();
            if self.session(connection).is_some_and(|session| matches!(session.stage, Stage::Silent)) {
                out.close(connection, close::HELLO_TIMEOUT, "no hello in time");
            }
        }
        // What a storm of connections took.
        self.waiting.silent.shrink_to(HELLOS_MAX);
    }

    fn refuse(&mut self, connection: ConnectionId, error: ErrorDetail, code: u16, out: &mut impl Outlet) {
        let reason = error.code.name();
        out.send(connection, frame(&ServerFrame::Error(Error { id: None, error })));
        out.close(connection, code, reason);
    }

    pub(super) fn greeting(&mut self, connection: ConnectionId) -> Option<&mut Greeting> {
        match &mut self.session(connection)?.stage {
            Stage::Attaching(greeting) => Some(greeting),
            _ => None,
        }
    }
}

/// Whether a marker tells that everything is read: then nothing has to be looked up.
fn is_read(grant: &Grant, marker: Option<(Seq, Posts)>) -> bool {
    marker.map_or(0, |(_, posts)| posts) >= grant.posts
}
