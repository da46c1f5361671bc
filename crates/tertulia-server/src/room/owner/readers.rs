//! Readers: grants, sessions that attach, gateways that say what they have, and signals that are not kept.

use tertulia_core::{
    Epoch, RoomId, Seq, Standing, UserId,
    room::{Grant, GrantError, HistoryPolicy, Moment, Refusal},
    shard::shard_of,
};
use tertulia_ports::{
    bus::{Answer, Attached, Audience, GatewayId, LinkItem, ReplyTo, Signal, ToOwner},
    messages::{ReadMarker, Span, StoredHead},
};

use super::{Effect, Owner, Slot, Work};
use crate::room::work::StandingOf;

/// What an owner has asked others for on behalf of somebody.
#[derive(Debug)]
pub(super) enum Request {
    Attach { gateway: GatewayId, request: u64, user: UserId, moments: Moments },
    Grants { user: UserId, reply_to: ReplyTo, moments: Moments },
    Snapshot { gateway: GatewayId },
    Mark { reply_to: Option<ReplyTo> },
    Open { room: RoomId, user: UserId, reply_to: ReplyTo },
    Expire { reply_to: ReplyTo },
    Check { room: RoomId, mail: ToOwner },
    Hold { room: RoomId, mail: ToOwner },
}

/// The moments of rooms at which their readers' standings were asked for; the default of rooms that slept.
type Moments = Vec<Moment>;

/// Why there is no grant yet, or none at all.
enum NoGrant {
    /// What was read is older than what the room has forgotten: ask again.
    Stale,
    Refused(Refusal),
}

impl Owner {
    pub(super) fn attach(&mut self, gateway: GatewayId, request: u64, user: UserId, rooms: Vec<RoomId>) {
        let mail = ToOwner::Attach { gateway, request, user, rooms: rooms.clone() };
        if let Some(mail) = self.wait_until_ready(&rooms, mail) {
            let ToOwner::Attach { gateway, request, user, rooms } = mail else { return };
            let moments = self.moments(&rooms);
            let request = self.request(Request::Attach { gateway, request, user, moments });
            self.effects.push(Effect::Work(Work::Standings { request, user, rooms }));
        }
    }

    /// A gateway has no session in a room any more. It is told so: if this was overtaken by an attach, it asks again.
    pub(super) fn detach(&mut self, gateway: GatewayId, room: RoomId) {
        if self.interest.remove(room, gateway) {
            self.links.push(gateway, LinkItem::Detached(room));
        }
    }

    pub(super) fn grants(&mut self, user: UserId, rooms: Vec<RoomId>, reply_to: ReplyTo) {
        if let Some(grants) = self.grants_at_hand(user, &rooms) {
            return self.reply(reply_to, Answer::Grants(grants));
        }
        let mail = ToOwner::Grants { user, rooms: rooms.clone(), reply_to };
        if self.wait_until_ready(&rooms, mail).is_some() {
            let moments = self.moments(&rooms);
            let request = self.request(Request::Grants { user, reply_to, moments });
            self.effects.push(Effect::Work(Work::Standings { request, user, rooms }));
        }
    }

    /// Keeps mail about rooms that are being taken over or wait for their repair; gives it back if none is.
    fn wait_until_ready(&mut self, rooms: &[RoomId], mail: ToOwner) -> Option<ToOwner> {
        if let Some(room) = rooms.iter().find(|room| self.epoch_of(**room).is_none()) {
            self.wait_for_shard(*room, mail);
            return None;
        }
        if let Some(room) = rooms.iter().copied().find(|room| self.is_dirty(*room)) {
            match self.rooms.get_mut(&room) {
                Some(Slot::Opening { waiting }) => waiting.push(mail),
                _ => self.open(room, vec![mail]),
            }
            return None;
        }
        Some(mail)
    }

    /// Grants without a look-up, if every room is open and knows the user.
    fn grants_at_hand(&self, user: UserId, rooms: &[RoomId]) -> Option<Vec<Result<Grant, Refusal>>> {
        let grants = rooms.iter().map(|room| match self.rooms.get(room) {
            Some(Slot::Open(open)) => match open.room.grant(user, self.now) {
                Ok(grant) => Some(Ok(grant)),
                Err(GrantError::Refused(refusal)) => Some(Err(refusal)),
                Err(GrantError::Need(_)) => None,
            },
            _ => None,
        });
        grants.collect()
    }

    fn moments(&self, rooms: &[RoomId]) -> Moments {
        let moment = |room| match self.rooms.get(room) {
            Some(Slot::Open(open)) => open.room.moment(),
            _ => Moment::default(),
        };
        rooms.iter().map(moment).collect()
    }

    pub(super) fn standings(&mut self, request: u64, standings: Vec<StandingOf>) {
        let Some(request) = self.take_request(request) else { return };
        let (user, moments) = match &request {
            Request::Attach { user, moments, .. } | Request::Grants { user, moments, .. } => (*user, moments),
            _ => return,
        };
        let mut grants = Vec::with_capacity(standings.len());
        for (standing, asked) in standings.into_iter().zip(moments) {
            let room = standing.room;
            if standing.head.as_ref().is_some_and(|head| self.is_lost(room, &head.epochs)) {
                self.fenced(shard_of(room));
                return self.retry_later(request);
            }
            match self.grant_of(user, standing, *asked) {
                Ok(grant) => grants.push((room, Ok(grant))),
                Err(NoGrant::Refused(refusal)) => grants.push((room, Err(refusal))),
                Err(NoGrant::Stale) => return self.retry_later(request),
            }
        }
        match request {
            Request::Attach { gateway, request, user, .. } => {
                let attached = grants.into_iter().map(|(room, grant)| {
                    let epoch = self.epoch_of(room).unwrap_or_default();
                    let grant = grant.map_err(|refusal| (room, refusal))?;
                    self.interest.add(room, gateway);
                    Ok(Attached { grant, epoch })
                });
                let rooms = attached.collect();
                self.links.push(gateway, LinkItem::Attached { request, user, rooms });
            }
            Request::Grants { reply_to, .. } => {
                self.reply(reply_to, Answer::Grants(grants.into_iter().map(|(_, grant)| grant).collect()));
            }
            _ => {}
        }
    }

    /// What a user may read: the open room's word, else what the stores say of a room that sleeps.
    fn grant_of(&mut self, user: UserId, standing: StandingOf, asked: Moment) -> Result<Grant, NoGrant> {
        let StandingOf { room, member, history, head } = standing;
        if let Some(Slot::Open(open)) = self.rooms.get_mut(&room) {
            open.room.learn_member(user, member, asked);
            return open.room.grant(user, self.now).map_err(|error| match error {
                GrantError::Refused(refusal) => NoGrant::Refused(refusal),
                GrantError::Need(_) => NoGrant::Stale,
            });
        }
        let banned = member.is_banned(self.now) && self.safeguards.check_readers;
        let (since_seq, history, head) = match (&member.standing, history, head) {
            (Standing::In { since_seq, .. }, Some(history), Some(head)) => (*since_seq, history, head),
            (Standing::Banned { until, reason }, ..) if banned => {
                return Err(NoGrant::Refused(Refusal::Banned { until: *until, reason: reason.clone() }));
            }
            (_, _, Some(head)) if !self.safeguards.check_readers => (0, HistoryPolicy::All, head),
            _ => return Err(NoGrant::Refused(Refusal::NotMember)),
        };
        let first = if history == HistoryPolicy::SinceJoin { head.first.max(since_seq) } else { head.first };
        Ok(Grant { room, first, through: head.seq, posts: head.posts, epochs: head.epochs })
    }

    /// Whether a room that sleeps here was opened by somebody else meanwhile.
    fn is_lost(&self, room: RoomId, epochs: &[(Epoch, Seq)]) -> bool {
        let ours = self.epoch_of(room);
        ours.is_some_and(|ours| epochs.last().is_some_and(|(last, _)| *last > ours))
    }

    pub(super) fn snapshot(&mut self, gateway: GatewayId, rooms: Vec<(RoomId, Seq)>) {
        let mut asleep = Vec::new();
        for (room, applied) in rooms {
            let Some(epoch) = self.epoch_of(room) else { continue };
            if self.is_dirty(room) {
                self.wait_until_ready(&[room], ToOwner::Snapshot { gateway, rooms: vec![(room, applied)] });
                continue;
            }
            self.interest.add(room, gateway);
            match self.rooms.get(&room) {
                Some(Slot::Open(open)) => {
                    let (through, epochs) = (open.delivered, open.room.epochs().clone());
                    self.links.push(gateway, LinkItem::Standing { room, epoch, through, epochs });
                }
                _ => asleep.push(room),
            }
        }
        if !asleep.is_empty() {
            let request = self.request(Request::Snapshot { gateway });
            self.effects.push(Effect::Work(Work::Heads { request, rooms: asleep }));
        }
    }

    pub(super) fn heads(&mut self, request: u64, heads: Vec<StoredHead>) {
        let Some(Request::Snapshot { gateway }) = self.take_request(request) else { return };
        for StoredHead { room, epochs, seq, .. } in heads {
            if self.is_lost(room, &epochs) {
                self.fenced(shard_of(room));
            }
            let Some(epoch) = self.epoch_of(room) else { continue };
            // What an open room has not delivered yet follows over the link.
            let through = match self.rooms.get(&room) {
                Some(Slot::Open(open)) => open.delivered,
                _ => seq,
            };
            self.links.push(gateway, LinkItem::Standing { room, epoch, through, epochs });
        }
    }

    /// Serves everything but commands in a room that is open.
    pub(super) fn serve_reader(&mut self, room: RoomId, mail: ToOwner) {
        let now = self.now;
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        match mail {
            ToOwner::Forget { user, reply_to, .. } => {
                open.room.forget_member(user);
                self.reply(reply_to, Answer::Ok);
            }
            ToOwner::Expire { before, reply_to, .. } => {
                let (first, last, epoch) = (open.room.first(), open.room.published().0, open.epoch);
                let span = Span { room, first, last, epochs: open.room.epochs().clone() };
                let request = self.request(Request::Expire { reply_to });
                self.effects.push(Effect::Work(Work::Expire { request, span, epoch, before }));
            }
            ToOwner::Active { user, reply_to, .. } => match open.room.is_heard(user, now) {
                Ok(heard) => {
                    let mut active = self.interest.active(room);
                    active.retain(|other| heard || *other == user);
                    self.reply(reply_to, Answer::Active(active));
                }
                Err(GrantError::Need(need)) => self.park(room, need, mail),
                Err(GrantError::Refused(refusal)) => self.reply(reply_to, Answer::Refused(refusal)),
            },
            // Who closes a room may have been banned from it meanwhile.
            ToOwner::Signal { user, signal: Signal::Close(gateway), reply_to, .. } => {
                self.interest.close(room, user, gateway);
                reply_to.into_iter().for_each(|reply_to| self.reply(reply_to, Answer::Ok));
            }
            ToOwner::Signal { user, signal, reply_to, .. } => match open.room.is_heard(user, now) {
                Ok(heard) => self.signal(room, user, signal, heard, reply_to),
                Err(GrantError::Need(need)) => self.park(room, need, mail),
                Err(GrantError::Refused(refusal)) => {
                    reply_to
                        .into_iter()
                        .for_each(|reply_to| self.reply(reply_to, Answer::Refused(refusal.clone())));
                }
            },
            _ => {}
        }
    }

    /// `heard`: whether others hear of what the user does.
    fn signal(&mut self, room: RoomId, user: UserId, signal: Signal, heard: bool, reply_to: Option<ReplyTo>) {
        match signal {
            Signal::Typing(_) if !heard => {}
            Signal::Typing(on) => {
                self.interest.typing(room, user, on, self.elapsed);
                if !self.is_large(room) {
                    let frame = self.frames.typing(room, user, on);
                    self.tell(room, Audience::Opened { except: user }, &frame);
                }
            }
            Signal::Read(seq) => self.read(room, user, seq, reply_to),
            Signal::Open(gateway) => {
                self.interest.open(room, user, gateway);
                if let Some(reply_to) = reply_to {
                    // Of many, a number tells of nobody.
                    let open = if self.is_large(room) { Vec::new() } else { self.interest.active(room) };
                    let request = self.request(Request::Open { room, user, reply_to });
                    self.effects.push(Effect::Work(Work::Markers { request, room, reader: user, open }));
                }
            }
            Signal::Close(_) => {}
        }
    }

    fn read(&mut self, room: RoomId, user: UserId, seq: Seq, reply_to: Option<ReplyTo>) {
        let Some(Slot::Open(open)) = self.rooms.get(&room) else { return };
        let published = open.room.published();
        if seq > published.0 {
            let refusal = Refusal::TooLarge { field: "seq", value: seq, max: published.0 };
            return reply_to
                .into_iter()
                .for_each(|reply_to| self.reply(reply_to, Answer::Refused(refusal.clone())));
        }
        let unread = Span { room, first: seq + 1, last: published.0, epochs: open.room.epochs().clone() };
        let request = self.request(Request::Mark { reply_to });
        self.effects.push(Effect::Work(Work::Mark { request, user, unread, published }));
    }

    pub(super) fn marked(&mut self, request: u64, marker: ReadMarker, shown: bool) {
        let Some(Request::Mark { reply_to }) = self.take_request(request) else { return };
        let ReadMarker { room, user, seq, posts } = marker;
        reply_to.into_iter().for_each(|reply_to| self.reply(reply_to, Answer::Ok));
        // Two that were under way together may come back in the other order: a marker never goes back.
        let Some(Slot::Open(open)) = self.rooms.get_mut(&room) else { return };
        let told = open.marks_told.entry(user).or_default();
        if seq <= *told {
            return;
        }
        *told = seq;
        // A block that came while the marker was stored counts.
        let heard = shown && open.room.is_heard(user, self.now) == Ok(true) && !self.is_large(room);
        let audience = if heard { Audience::Receipt(user) } else { Audience::Only(user) };
        let frame = self.frames.read(room, user, seq, posts);
        self.tell(room, audience, &frame);
    }

    pub(super) fn markers(&mut self, request: u64, markers: Vec<ReadMarker>, mut active: u64) {
        let Some(Request::Open { room, user, reply_to }) = self.take_request(request) else { return };
        // Who was let in when they asked may have been banned or blocked since: markers tell of entries.
        let heard = match self.rooms.get(&room) {
            Some(Slot::Open(open)) => open.room.is_heard(user, self.now).ok(),
            _ => None,
        };
        let Some(heard) = heard else { return self.reply(reply_to, Answer::Retry) };
        let (mut reads, mut typing) = (markers, self.interest.typists(room, self.elapsed));
        if self.is_large(room) {
            (reads, typing, active) = (Vec::new(), Vec::new(), self.interest.count_active(room));
        } else if !heard {
            reads.retain(|marker| marker.user == user);
            (typing, active) = (Vec::new(), active.min(1));
        }
        self.opened.push((room, reply_to, Answer::Opened { reads, typing, active }));
    }

    /// Answers who opened rooms, at the end of a turn and after all that was told in it: what was told while markers were
    /// read is newer, and a marker never goes back.
    pub(super) fn answer_opened(&mut self) {
        for (room, reply_to, mut answer) in std::mem::take(&mut self.opened) {
            if let (Some(Slot::Open(open)), Answer::Opened { reads, .. }) =
                (self.rooms.get(&room), &mut answer)
            {
                for marker in reads {
                    marker.seq = marker.seq.max(open.marks_told.get(&marker.user).copied().unwrap_or(0));
                }
            }
            self.reply(reply_to, answer);
        }
    }

    pub(super) fn expired(&mut self, request: u64, room: RoomId, first: Option<Seq>) {
        if let (Some(first), Some(Slot::Open(open))) = (first, self.rooms.get_mut(&room)) {
            open.room.expire(first);
        }
        if let Some(Request::Expire { reply_to }) = self.take_request(request) {
            self.reply(reply_to, Answer::Ok);
        }
    }

    pub(super) fn request_failed(&mut self, request: u64) {
        if let Some((_, request)) = self.requests.remove(&request) {
            self.retry_later(request);
        }
    }

    /// The request, if nothing that was read for it can be stale; else who waits is told to ask again.
    pub(super) fn take_request(&mut self, request: u64) -> Option<Request> {
        let (losses, request) = self.requests.remove(&request)?;
        if losses == self.losses {
            return Some(request);
        }
        self.retry_later(request);
        None
    }

    fn retry_later(&mut self, request: Request) {
        match request {
            Request::Attach { gateway, request, .. } => {
                self.reply(ReplyTo::Gateway(gateway, request), Answer::Retry);
            }
            Request::Grants { reply_to, .. }
            | Request::Open { reply_to, .. }
            | Request::Expire { reply_to }
            | Request::Mark { reply_to: Some(reply_to) } => self.reply(reply_to, Answer::Retry),
            Request::Mark { reply_to: None } => {}
            Request::Check { mail, .. } | Request::Hold { mail, .. } => self.turn_away(mail),
            // The gateway asks again when it hears nothing.
            Request::Snapshot { .. } => {}
        }
    }

    /// Whether the room is too large for typing and receipts.
    fn is_large(&self, room: RoomId) -> bool {
        matches!(self.rooms.get(&room), Some(Slot::Open(open))
            if open.room.meta().is_some_and(|meta| meta.members > self.limits.quiet_room_members))
    }

    /// Says something that is not numbered, unless entries wait in the queue that may end somebody's right to hear it.
    fn tell(&mut self, room: RoomId, audience: Audience, frame: &bytes::Bytes) {
        if matches!(self.rooms.get(&room), Some(Slot::Open(open)) if open.delivered < open.room.published().0)
        {
            return;
        }
        for gateway in self.interest.of(room) {
            self.links.push(*gateway, LinkItem::Signal { room, audience, frame: frame.clone() });
        }
    }
}
