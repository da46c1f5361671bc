//! What each frame from the server does to a session.

use tertulia_protocol::{
    ids::{RoomId, Seq},
    socket::server::{Notice, Page, Room, RoomHead, ServerFrame, Welcome},
};

use super::{Event, Output, Session, State, Status, requests::Purpose};
use crate::catch_up::{CatchUp, Step};

impl Session {
    pub(super) fn frame(&mut self, now_ms: u64, frame: ServerFrame) {
        self.heard_at_ms = now_ms;
        self.requests.heard();
        match (self.state, frame) {
            (State::Greeting { .. }, ServerFrame::Welcome(welcome)) => self.welcome(*welcome),
            (State::Greeting { .. }, ServerFrame::Error(error)) => self.refused(&error.error),
            (State::Live, frame) => self.live_frame(now_ms, frame),
            _ => {}
        }
    }

    fn welcome(&mut self, welcome: Welcome) {
        if self.history.as_ref().is_some_and(|history| *history != welcome.history) {
            self.rooms.clear();
            self.feed = 0;
            self.tell(Event::Forgotten);
        }
        self.state = State::Live;
        self.tries = 0;
        self.history = Some(welcome.history.clone());
        self.feed = welcome.feed;
        self.user = Some(welcome.user);
        self.heartbeat_ms = welcome.heartbeat_ms.max(1);
        self.keep_rooms(&welcome.rooms);
        self.tell(Event::Status(Status::Live));
        self.tell(Event::Welcome(Box::new(welcome)));
    }

    fn keep_rooms(&mut self, heads: &[RoomHead]) {
        let is_there = |room: &RoomId| heads.iter().any(|head| head.room == *room);
        let gone: Vec<RoomId> = self.rooms.keys().filter(|room| !is_there(room)).copied().collect();
        for room in gone {
            self.forget(room);
            self.tell(Event::Absent(room));
        }
        heads.iter().for_each(|head| self.keep_room(head));
    }

    fn keep_room(&mut self, head: &RoomHead) {
        let start = CatchUp::new(head.head, head.posts);
        let step = self.rooms.entry(head.room).or_insert(start).told(head);
        if let Some((first, last)) = step.passed {
            self.tell(Event::Passed { room: head.room, first, last });
        }
    }

    fn live_frame(&mut self, now_ms: u64, frame: ServerFrame) {
        match frame {
            ServerFrame::Entry(entry) => self.step(now_ms, entry.room, |at| at.entry(entry.entry)),
            ServerFrame::Skip(skip) => self.step(now_ms, skip.room, |at| at.skip(&skip)),
            ServerFrame::Ack(ack) => self.acked(ack),
            ServerFrame::Error(error) => match error.id {
                Some(id) => self.failed(now_ms, id, error.error),
                None => self.refused(&error.error),
            },
            ServerFrame::Page(page) => self.page(now_ms, page),
            ServerFrame::Changed(changed) => {
                if let Some(Purpose::Ask(key)) = self.requests.answered(changed.id) {
                    self.tell(Event::Answer { key, answer: Ok(ServerFrame::Changed(changed)) });
                }
            }
            ServerFrame::Read(read) => self.tell(Event::Read(read)),
            ServerFrame::Typing(typing) => self.tell(Event::Typing(typing)),
            ServerFrame::Presence(presence) => self.tell(Event::Presence(presence)),
            ServerFrame::Room(room) => self.room_changed(room),
            ServerFrame::Notice(notice) => self.notice(now_ms, notice),
            ServerFrame::Pong(pong) => drop(self.requests.answered(pong.id)),
            ServerFrame::Welcome(_) => {}
        }
    }

    fn page(&mut self, now_ms: u64, page: Page) {
        match self.requests.answered(page.id) {
            Some(Purpose::Sync(room)) => {
                self.step(now_ms, room, |at| at.page(&page));
                if self.rooms.get(&room).is_some_and(CatchUp::has_open_hole) {
                    self.sync_later(now_ms, room, None);
                }
            }
            Some(Purpose::Search(_, nonce)) => self.searched(nonce, &page),
            Some(Purpose::Ask(key)) => self.tell(Event::Answer { key, answer: Ok(ServerFrame::Page(page)) }),
            _ => {}
        }
    }

    fn step(&mut self, now_ms: u64, room: RoomId, apply: impl FnOnce(&mut CatchUp) -> Step) {
        let Some(at) = self.rooms.get_mut(&room) else { return };
        let step = apply(at);
        if let Some((first, last)) = step.passed {
            self.tell(Event::Passed { room, first, last });
        }
        for entry in step.entries {
            let (nonce, seq, at) = (entry.nonce, entry.seq, entry.at);
            self.tell(Event::Entry { room, entry });
            if let Some(nonce) = nonce {
                self.post_done(room, nonce, seq, Some(at));
            }
        }
        if step.ask {
            self.sync(now_ms, room);
        }
    }

    fn room_changed(&mut self, change: Room) {
        match &change {
            Room::Joined(head) => {
                let head = *head;
                self.tell(Event::Room(change));
                self.keep_room(&head);
            }
            Room::Gone { room, .. } => {
                let room = *room;
                self.tell(Event::Room(change));
                self.forget(room);
            }
        }
    }

    /// The user is not in the room any more. What was not sent yet stays: the server will say what becomes of it.
    fn forget(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.requests.forget_room(room);
    }

    fn notice(&mut self, now_ms: u64, notice: Notice) {
        let reconnect = matches!(notice, Notice::Reconnect { .. });
        match &notice {
            Notice::Feed { version, .. } => self.feed = self.feed.max(*version),
            Notice::Reconnect { after_ms, .. } => self.told_wait_ms = Some(*after_ms),
            Notice::Limits { .. } => {}
        }
        self.tell(Event::Notice(notice));
        if reconnect {
            self.outputs.push_back(Output::Close);
            self.wait(now_ms);
        }
    }

    /// The highest entry of a room that the device has.
    pub fn cursor(&self, room: RoomId) -> Option<Seq> {
        self.rooms.get(&room).map(CatchUp::cursor)
    }
}
