//! What a device makes of the frames that it hears.

use bytes::Bytes;
use tertulia_core::{RoomId, Seq};
use tertulia_protocol::socket::{
    client::HistoryMode,
    server::{Ack, Page, Room, RoomEntry, RoomHead, ServerFrame, Welcome},
};

use super::Question;
use crate::world::World;

impl World {
    pub(crate) fn hear(&mut self, client: usize, link: u32, frame: &Bytes) {
        let me = &self.clients[client];
        if me.link != link || me.place.is_none() {
            return;
        }
        let frame = match serde_json::from_slice::<ServerFrame>(payload(frame)) {
            Ok(frame) => frame,
            Err(error) => return self.checker.violated(2, || format!("a frame cannot be read: {error}")),
        };
        let user = me.user;
        match frame {
            ServerFrame::Welcome(welcome) => self.welcomed(client, *welcome),
            ServerFrame::Ack(ack) => self.acknowledged(client, ack),
            ServerFrame::Error(error) => self.refused(client, error.id, &error.error),
            ServerFrame::Entry(entry) => self.entry(client, &entry),
            ServerFrame::Skip(skip) => {
                self.of_room(client, skip.room, "skip");
                self.checker.reached(skip.room, user, skip.to, || format!("a skip to {}", skip.to));
                self.advance(client, skip.room, skip.to);
            }
            ServerFrame::Page(page) => self.page(client, &page),
            ServerFrame::Changed(changed) => {
                for message in &changed.messages {
                    let by = message.state.changed_seq;
                    self.checker
                        .reached(changed.room, user, by, || format!("what {by} made of {}", message.seq));
                }
                self.clients[client].waiting.remove(&changed.id);
            }
            ServerFrame::Read(read) => {
                self.of_room(client, read.room, "read");
                self.checker.reached(read.room, user, read.seq, || format!("a marker at {}", read.seq));
            }
            ServerFrame::Typing(typing) => self.of_room(client, typing.room, "typing"),
            ServerFrame::Room(Room::Joined(head)) => self.has_room(client, head, false),
            ServerFrame::Room(Room::Gone { room, .. }) => {
                self.clients[client].rooms.remove(&room);
                self.clients[client].opened.remove(&room);
            }
            ServerFrame::Pong(pong) => drop(self.clients[client].waiting.remove(&pong.id)),
            ServerFrame::Presence(_) | ServerFrame::Notice(_) => {}
        }
    }

    fn welcomed(&mut self, client: usize, welcome: Welcome) {
        let me = &mut self.clients[client];
        (me.is_live, me.history) = (true, Some(welcome.history));
        let (user, markers) = (me.user, me.markers.clone());
        for head in welcome.rooms {
            let at_least = markers.get(&head.room).copied().unwrap_or(0);
            self.checker.marker_shown(head.room, user, head.read, at_least);
            self.has_room(client, head, true);
        }
        self.send_due(client);
    }

    /// A room is this connection's from here on. At the welcome entries follow from the cursor that hello named, else from
    /// the head.
    fn has_room(&mut self, client: usize, head: RoomHead, from_cursor: bool) {
        let me = &mut self.clients[client];
        let user = me.user;
        me.rooms.insert(head.room);
        let known = me.cursors.get(&head.room).copied();
        let cursor = match known.filter(|cursor| from_cursor && *cursor <= head.head) {
            Some(cursor) => cursor.max(head.first.saturating_sub(1)),
            None => head.head.max(known.unwrap_or(0)),
        };
        me.cursors.insert(head.room, cursor);
        self.checker.reached(head.room, user, head.head, || format!("a head of {}", head.head));
    }

    /// Something of a room is heard only by connections that have it.
    fn of_room(&mut self, client: usize, room: RoomId, what: &str) {
        let me = &self.clients[client];
        if !me.rooms.contains(&room) {
            let user = me.user;
            self.checker
                .violated(5, || format!("room {room}: {what} reached {user}, whose device does not have it"));
        }
    }

    fn entry(&mut self, client: usize, shown: &RoomEntry) {
        let (room, seq) = (shown.room, shown.entry.seq);
        self.of_room(client, room, "an entry");
        let user = self.clients[client].user;
        self.checker.shown(room, user, &shown.entry);
        let cursor = self.clients[client].cursors.get(&room).copied().unwrap_or(0);
        // What expired or was purged is no hole.
        if seq > cursor + 1 && self.store.first(room) < seq {
            self.checker.violated(2, || format!("room {room}: {user} had {cursor}, and was sent {seq}"));
        }
        self.advance(client, room, seq);
    }

    fn advance(&mut self, client: usize, room: RoomId, seq: Seq) {
        let cursor = self.clients[client].cursors.entry(room).or_default();
        *cursor = (*cursor).max(seq);
    }

    fn page(&mut self, client: usize, page: &Page) {
        let (user, room) = (self.clients[client].user, page.room);
        self.checker.reached(room, user, page.through, || format!("a page through {}", page.through));
        for item in &page.items {
            self.checker.shown(room, user, item);
        }
        let covered = page.items.iter().map(|item| item.seq).eq(page.from..=page.to);
        if page.mode == HistoryMode::Entries
            && page.from <= page.to
            && !covered
            && self.store.first(room) <= page.from
        {
            self.checker
                .violated(2, || format!("room {room}: a page from {} to {} has holes", page.from, page.to));
        }
        if let Some(Question::Look(nonce)) = self.clients[client].waiting.remove(&page.id) {
            self.looked(client, nonce, page);
        }
    }

    fn acknowledged(&mut self, client: usize, ack: Ack) {
        let user = self.clients[client].user;
        match self.clients[client].waiting.remove(&ack.id) {
            Some(Question::Command(nonce)) => match ack.seq {
                Some(seq) => self.delivered(client, nonce, seq),
                None => self.checker.violated(1, || format!("{nonce} was acknowledged without its entry")),
            },
            Some(Question::Read(room, seq)) => self.checker.marked(room, user, seq),
            Some(Question::Open(room)) => {
                for mark in ack.reads.unwrap_or_default() {
                    self.checker.reached(room, user, mark.seq, || format!("a marker at {}", mark.seq));
                }
            }
            Some(Question::Other | Question::Look(_)) | None => {}
        }
    }
}

/// What a frame carries behind its WebSocket header.
fn payload(frame: &[u8]) -> &[u8] {
    let header = match frame.get(1) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    frame.get(header..).unwrap_or_default()
}
