//! The rooms that this gateway's sessions have: what is delivered, in order, to whom.
//!
//! The rule that keeps bans: entries of a room are applied strictly in order, and those that end somebody's right to
//! read before anything above them is delivered. On a hole the room is held until what is missing has been read.

use bytes::Bytes;
use tertulia_core::{Epoch, Posts, RoomId, Seq, UserId, room::EpochList, shard::shard_of};
use tertulia_ports::{
    bus::{Attached, Audience, Delivery, Effect, OwnerId, Signal, ToOwner, Why},
    messages::Span,
};
use tertulia_protocol::{
    room::Departure,
    socket::{
        close,
        server::{Room, RoomHead, ServerFrame, Skip},
    },
};

use super::{
    errands::Errand,
    links::Hold,
    machine::{Gateway, Outlet},
    transport::ConnectionId,
};
use crate::fanout::frame::frame;

/// A client that is more entries behind than this goes on at the head.
pub const CATCH_UP_MAX: u64 = 1_000;

/// Entries that are read at once to catch up: a few hundred are quickly written.
const CATCH_UP_PAGE: usize = 256;

/// A room with sessions on this gateway.
#[derive(Debug)]
pub(super) struct GatewayRoom {
    pub id: RoomId,
    pub owner: OwnerId,
    pub epoch: Epoch,
    pub epochs: EpochList,
    /// The last entry that was applied here.
    pub applied: Seq,
    pub posts: Posts,
    pub subscribers: Vec<Subscriber>,
    pub hold: Option<Box<Hold>>,
}

/// A session in a room: 16 bytes, since there are as many as members online.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subscriber {
    pub connection: ConnectionId,
    /// The last entry that it was sent, shifted by one, and whether it has the room open.
    state: u64,
}

impl Subscriber {
    /// Not welcomed yet: nothing is sent.
    const PENDING: Seq = Seq::MAX >> 1;

    fn new(connection: ConnectionId) -> Self {
        Self { connection, state: Self::PENDING << 1 }
    }

    pub fn sent(self) -> Seq {
        self.state >> 1
    }

    fn set_sent(&mut self, seq: Seq) {
        self.state = seq << 1 | self.state & 1;
    }

    pub fn is_open(self) -> bool {
        self.state & 1 == 1
    }

    /// Says whether it has the room open; `false` if it was so before.
    pub fn set_open(&mut self, open: bool) -> bool {
        let before = self.is_open();
        self.state = self.state & !1 | u64::from(open);
        before != open
    }
}

impl GatewayRoom {
    /// Grows by an eighth, not twofold: most rooms are small, and there are very many.
    fn add(&mut self, subscriber: Subscriber) {
        if self.subscribers.len() == self.subscribers.capacity() {
            self.subscribers.reserve_exact(1 + self.subscribers.len() / 8);
        }
        self.subscribers.push(subscriber);
    }

    /// What comes from here on is numbered by this owner: `seq` is the first entry of it that comes here, and the list
    /// is right for all before. A sleeping room's list lacks the epoch under which it is opened, too.
    fn follow(&mut self, owner: OwnerId, epoch: Epoch, seq: Seq) {
        (self.owner, self.epoch) = (owner, epoch);
        if self.epochs.last().is_none_or(|(last, _)| *last < epoch) {
            let before = self.epochs.iter().filter(|(_, first)| *first < seq).copied();
            self.epochs = before.chain([(epoch, seq)]).collect();
        }
    }
}

impl Gateway {
    /// The room's place here, known from now on.
    pub(super) fn know_room(&mut self, owner: OwnerId, attached: Attached, late: bool) -> u32 {
        let Attached { grant, epoch } = attached;
        if let Some(place) = self.places.get(&grant.room).copied() {
            let room = &mut self.rooms[place as usize];
            if room.applied < grant.through {
                self.mend(place, owner, epoch, grant.through, grant.epochs);
            } else if room.epoch < epoch {
                room.follow(owner, epoch, room.applied + 1);
            }
            return place;
        }
        let room = GatewayRoom {
            id: grant.room,
            owner,
            epoch,
            epochs: grant.epochs,
            applied: grant.through,
            posts: grant.posts,
            subscribers: Vec::new(),
            hold: None,
        };
        let place = self.rooms.insert(room) as u32;
        self.places.insert(grant.room, place);
        if late {
            // What followed over the link was dropped, since the room was not known.
            self.hold(place);
        }
        place
    }

    /// Whether entries were applied here that the owner's word is older than: one of them may have ended the right that
    /// it gives.
    pub(super) fn is_behind(&self, attached: &Attached) -> bool {
        let place = self.places.get(&attached.grant.room);
        place.is_some_and(|place| self.rooms[*place as usize].applied > attached.grant.through)
    }

    pub(super) fn subscribe(&mut self, place: u32, connection: ConnectionId) {
        let Some(session) = self.session(connection) else { return };
        if !session.rooms.contains(&place) {
            session.rooms.push(place);
            if let Some(room) = self.rooms.get_mut(place as usize) {
                room.add(Subscriber::new(connection));
            }
        }
    }

    /// A session has left a room, or has ended. The session's own list is the caller's.
    pub(super) fn unsubscribe(&mut self, place: u32, connection: ConnectionId, user: UserId) {
        let Some(room) = self.rooms.get_mut(place as usize) else { return };
        let Some(at) = room.subscribers.iter().position(|known| known.connection == connection) else {
            return;
        };
        let subscriber = room.subscribers.swap_remove(at);
        if subscriber.is_open() {
            self.no_longer_open(place, user);
        }
        self.forget_room_without_sessions(place);
    }

    /// A session opens or closes a room.
    pub(super) fn set_open(&mut self, place: u32, connection: ConnectionId, open: bool) {
        let Some(user) = self.session(connection).map(|session| session.user) else { return };
        let Some(room) = self.rooms.get_mut(place as usize) else { return };
        let Some(subscriber) = room.subscribers.iter_mut().find(|known| known.connection == connection)
        else {
            return;
        };
        if subscriber.set_open(open) && !open {
            self.no_longer_open(place, user);
        }
    }

    /// Tells the owner, if no other session of the user here has the room open.
    fn no_longer_open(&mut self, place: u32, user: UserId) {
        let Some(room) = self.rooms.get(place as usize) else { return };
        let of_user = |subscriber: &&Subscriber| {
            let session = self.sessions.get(subscriber.connection.index as usize).and_then(Option::as_ref);
            session.is_some_and(|session| session.user == user)
        };
        if !room.subscribers.iter().filter(of_user).any(|subscriber| subscriber.is_open()) {
            let signal = Signal::Close(self.settings.id);
            let mail = ToOwner::Signal { room: room.id, user, signal, reply_to: None };
            self.to_owners.push((shard_of(room.id), mail));
        }
    }

    pub(super) fn forget_room_without_sessions(&mut self, place: u32) {
        let Some(room) = self.rooms.get(place as usize).filter(|room| room.subscribers.is_empty()) else {
            return;
        };
        let id = room.id;
        self.rooms.remove(place as usize);
        self.places.remove(&id);
        self.to_owners.push((shard_of(id), ToOwner::Detach { gateway: self.settings.id, room: id }));
    }

    /// Sets where a session's live entries begin, and tells how far the room has gone.
    pub(super) fn head_for(
        &mut self,
        connection: ConnectionId,
        room: RoomId,
        first: Seq,
        cursor: Option<Seq>,
    ) -> Option<RoomHead> {
        let place = self.places.get(&room).copied()?;
        let room = self.rooms.get_mut(place as usize)?;
        let subscriber = room.subscribers.iter_mut().find(|known| known.connection == connection)?;
        let sent = match cursor {
            Some(cursor) if cursor <= room.applied => cursor.max(first.saturating_sub(1)).min(room.applied),
            _ => room.applied,
        };
        subscriber.set_sent(sent);
        let (head, posts) = (room.applied, room.posts);
        Some(RoomHead { room: room.id, first, head, posts, read: 0, read_posts: 0 })
    }

    /// An entry has come over a link.
    pub(super) fn deliver(&mut self, owner: OwnerId, delivery: Delivery, out: &mut impl Outlet) {
        let Some(place) = self.places.get(&delivery.room).copied() else { return };
        let Some(room) = self.rooms.get_mut(place as usize) else { return };
        if delivery.epoch < room.epoch || delivery.seq <= room.applied {
            return;
        }
        if let Some(hold) = &mut room.hold {
            return hold.keep(owner, delivery);
        }
        if delivery.seq > room.applied + 1 && self.settings.hold_on_hole {
            self.hold(place);
            if let Some(hold) = self.rooms.get_mut(place as usize).and_then(|room| room.hold.as_mut()) {
                hold.keep(owner, delivery);
            }
            return;
        }
        room.follow(owner, delivery.epoch, delivery.seq);
        self.apply(place, &delivery, out);
    }

    /// Applies the entry that is next in a room.
    pub(super) fn apply(&mut self, place: u32, delivery: &Delivery, out: &mut impl Outlet) {
        match &delivery.effect {
            Effect::None => {}
            Effect::Gone { user, why } => self.part_from_room(place, *user, why, delivery.seq, out),
            Effect::Deleted => return self.close_room(place, delivery.seq, out),
        }
        let Some(room) = self.rooms.get_mut(place as usize) else { return };
        let before = room.applied;
        room.applied = delivery.seq;
        room.posts = delivery.posts;
        for subscriber in &mut room.subscribers {
            // One that is behind gets this from the log.
            if subscriber.sent() == before && out.send_live(subscriber.connection, &delivery.frame) {
                subscriber.set_sent(delivery.seq);
            }
        }
    }

    /// Somebody may not read a room any more: their sessions hear it, and nothing else of the room.
    fn part_from_room(&mut self, place: u32, user: UserId, why: &Why, seq: Seq, out: &mut impl Outlet) {
        let Some(room) = self.rooms.get(place as usize).map(|room| room.id) else { return };
        let connections: Vec<_> = self.connections_in(place, user);
        if connections.is_empty() {
            return;
        }
        let (why, by, until, reason) = match why.clone() {
            Why::Left => (Departure::Left, None, None, None),
            Why::Removed { by, reason } => (Departure::Removed, by, None, reason),
            Why::Banned { by, until, reason } => (Departure::Banned, by, until, reason),
        };
        let gone = frame(&ServerFrame::Room(Room::Gone { room, why, seq, by, until, reason }));
        for connection in connections {
            if let Some(session) = self.session(connection) {
                session.rooms.retain(|known| *known != place);
                let live = session.is_live();
                self.unsubscribe(place, connection, user);
                if live {
                    self.send(connection, gone.clone(), out);
                } else if let Some(greeting) = self.greeting(connection) {
                    greeting.grants.retain(|grant| grant.room != room);
                }
            }
        }
    }

    fn close_room(&mut self, place: u32, seq: Seq, out: &mut impl Outlet) {
        let Some(room) = self.rooms.get(place as usize) else { return };
        let id = room.id;
        let connections: Vec<_> = room.subscribers.iter().map(|subscriber| subscriber.connection).collect();
        let (why, by, until, reason) = (Departure::Deleted, None, None, None);
        let gone = frame(&ServerFrame::Room(Room::Gone { room: id, why, seq, by, until, reason }));
        self.rooms.remove(place as usize);
        self.places.remove(&id);
        for connection in connections {
            if let Some(session) = self.session(connection) {
                session.rooms.retain(|known| *known != place);
                self.send(connection, gone.clone(), out);
            }
        }
    }

    /// Entries that this gateway has missed are gone from the log: who may still read, only a hello finds out. So it is
    /// with a room that was deleted, and where membership entries may have expired unseen.
    pub(super) fn lose_room(&mut self, place: u32, out: &mut impl Outlet) {
        let Some(room) = self.rooms.try_remove(place as usize) else { return };
        self.places.remove(&room.id);
        self.to_owners
            .push((shard_of(room.id), ToOwner::Detach { gateway: self.settings.id, room: room.id }));
        for subscriber in &room.subscribers {
            if let Some(session) = self.session(subscriber.connection) {
                session.rooms.retain(|known| *known != place);
            }
            out.close(
                subscriber.connection,
                close::INTERNAL,
                "what a room's log has lost cannot be caught up with",
            );
        }
    }

    fn connections_in(&self, place: u32, user: UserId) -> Vec<ConnectionId> {
        let Some(room) = self.rooms.get(place as usize) else { return Vec::new() };
        let of_user = |connection: &ConnectionId| {
            let session = self.sessions.get(connection.index as usize).and_then(Option::as_ref);
            session.is_some_and(|session| session.user == user)
        };
        room.subscribers.iter().map(|subscriber| subscriber.connection).filter(of_user).collect()
    }

    /// Something that is not numbered has come over a link.
    pub(super) fn signal(&mut self, room: RoomId, audience: Audience, frame: &Bytes, out: &mut impl Outlet) {
        let Some(place) = self.places.get(&room).copied() else { return };
        // While something is missing, nobody knows who may still hear of the room. Nobody misses a signal.
        let Some(room) = self.rooms.get(place as usize).filter(|room| room.hold.is_none()) else { return };
        for subscriber in
            room.subscribers.iter().filter(|subscriber| subscriber.sent() != Subscriber::PENDING)
        {
            let session = || self.sessions.get(subscriber.connection.index as usize).and_then(Option::as_ref);
            let user = || session().map(|session| session.user);
            let hears = match audience {
                Audience::Opened { except } => subscriber.is_open() && user() != Some(except),
                Audience::Receipt(of) => match session() {
                    Some(session) if subscriber.is_open() => session.receipts || session.user == of,
                    session => session.is_some_and(|session| session.user == of),
                },
                Audience::Only(of) => user() == Some(of),
            };
            if hears {
                // Nobody misses a signal that their connection does not take.
                out.send_live(subscriber.connection, frame);
            }
        }
    }

    /// Reads from the log what a session has missed, room by room; one read at a time.
    pub(super) fn catch_up(&mut self, connection: ConnectionId, out: &mut impl Outlet) {
        let Some(session) = self.session(connection) else { return };
        if session.catching_up || !session.is_live() {
            return;
        }
        let (places, user) = (session.rooms.clone(), session.user);
        for place in places {
            let Some(room) = self.rooms.get_mut(place as usize) else { continue };
            let Some(subscriber) = room.subscribers.iter_mut().find(|known| known.connection == connection)
            else {
                continue;
            };
            let sent = subscriber.sent();
            if sent >= room.applied {
                continue;
            }
            if room.applied - sent > CATCH_UP_MAX {
                let skip = Skip { room: room.id, to: room.applied, posts: room.posts };
                if !out.send_live(connection, &frame(&ServerFrame::Skip(skip))) {
                    return;
                }
                subscriber.set_sent(room.applied);
                continue;
            }
            let span =
                Span { room: room.id, first: sent + 1, last: room.applied, epochs: room.epochs.clone() };
            if let Some(session) = self.session(connection) {
                session.catching_up = true;
            }
            return self.errands.push(Errand::Entries { connection, user, span, limit: CATCH_UP_PAGE });
        }
    }

    /// What a session has missed was read; `None` if the store does not answer.
    pub(super) fn caught_up(
        &mut self,
        connection: ConnectionId,
        room: RoomId,
        entries: Option<Vec<(Seq, Bytes)>>,
        out: &mut impl Outlet,
    ) {
        let Some(session) = self.session(connection) else { return };
        session.catching_up = false;
        let place = self.places.get(&room).copied();
        let room = place.and_then(|place| self.rooms.get_mut(place as usize));
        let subscriber = room.and_then(|room| {
            let applied = room.applied;
            let subscriber = room.subscribers.iter_mut().find(|known| known.connection == connection)?;
            Some((applied, subscriber))
        });
        let Some((applied, subscriber)) = subscriber else { return self.catch_up(connection, out) };
        let Some(entries) = entries else {
            return out.close(connection, close::INTERNAL, "the log cannot be read");
        };
        // Nothing is left of what was asked for: it has expired.
        if entries.is_empty() && subscriber.sent() < applied {
            subscriber.set_sent(applied);
        }
        for (seq, frame) in entries {
            if seq <= subscriber.sent() {
                continue;
            }
            if !out.send_live(connection, &frame) {
                // Goes on when it has drained.
                return;
            }
            subscriber.set_sent(seq);
        }
        self.catch_up(connection, out);
    }
}
