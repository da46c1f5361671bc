//! What one device's connection carries, written down for the checker: both directions, as it went over the wire.

use std::collections::BTreeMap;

use tertulia_client::{
    client::{Tap, Tapped},
    outbox::Post,
};
use tertulia_protocol::{
    ids::{Nonce, RoomId, Seq, TimeMs, UserId},
    socket::{
        client::{ClientFrame, HistoryMode},
        server::{Ack, Page, Room, ServerFrame},
    },
};

use crate::checker::record::{Device, Path, Recorder, What, now};

/// What an answer is for.
enum Asked {
    Post { room: RoomId, nonce: Nonce, post: Post },
    Read { room: RoomId, seq: Seq },
    Subscribe { room: RoomId },
    History { at: TimeMs },
}

struct Wire {
    recorder: Recorder,
    user: UserId,
    device: Device,
    asked: BTreeMap<u64, Asked>,
    opened_at: TimeMs,
}

/// A tap for one connection after the other of a device.
pub(super) fn tap(recorder: Recorder, user: UserId, device: Device) -> Tap {
    let mut wire = Wire { recorder, user, device, asked: BTreeMap::new(), opened_at: TimeMs(0) };
    Box::new(move |tapped| match tapped {
        Tapped::Said(frame) => wire.said(frame),
        Tapped::Heard(frame) => wire.heard(frame),
        Tapped::Unknown(text) => wire.add(What::Unknown { text: text.chars().take(300).collect() }),
        Tapped::Closed => {
            wire.asked.clear();
            wire.add(What::Closed);
        }
    })
}

impl Wire {
    fn add(&self, what: What) {
        self.recorder.add(self.user, self.device, what);
    }

    fn said(&mut self, frame: &ClientFrame) {
        let (id, room, nonce, since, post) = match frame.clone() {
            ClientFrame::Send(send) => {
                let post =
                    Post::Message { text: send.text, reply_to: send.reply_to, attachments: send.attachments };
                (send.id, send.room, send.nonce, send.since, post)
            }
            ClientFrame::Edit(edit) => {
                (edit.id, edit.room, edit.nonce, edit.since, Post::Edit { of: edit.of, text: edit.text })
            }
            ClientFrame::Delete(delete) => {
                let post = Post::Delete { of: delete.of, reason: delete.reason };
                (delete.id, delete.room, delete.nonce, delete.since, post)
            }
            ClientFrame::React(react) => {
                let post = Post::React { of: react.of, emoji: react.emoji, on: react.on };
                (react.id, react.room, react.nonce, react.since, post)
            }
            ClientFrame::Read(read) => {
                self.asked.insert(read.id, Asked::Read { room: read.room, seq: read.seq });
                return;
            }
            ClientFrame::Subscribe(subscribe) => {
                self.asked.insert(subscribe.id, Asked::Subscribe { room: subscribe.room });
                return;
            }
            ClientFrame::History(history) => {
                self.asked.insert(history.id, Asked::History { at: now() });
                return;
            }
            ClientFrame::Hello(_) => {
                self.opened_at = now();
                return;
            }
            _ => return,
        };
        self.add(What::Tried { room, nonce, since, post: post.clone() });
        self.asked.insert(id, Asked::Post { room, nonce, post });
    }

    fn heard(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::Welcome(welcome) => {
                self.add(What::Welcome { opened_at: self.opened_at, rooms: welcome.rooms.clone() });
            }
            ServerFrame::Ack(ack) => self.acked(ack),
            ServerFrame::Error(error) => {
                let asked = error.id.and_then(|id| self.asked.remove(&id));
                if let Some(Asked::Post { room, nonce, .. }) = asked {
                    self.add(What::Refused { room, nonce, code: error.error.code });
                }
            }
            ServerFrame::Entry(entry) => {
                let (path, room, entry) = (Path::Live, entry.room, entry.entry.clone());
                self.add(What::Heard { path, room, entry });
            }
            ServerFrame::Page(page) => {
                self.paged(page);
                for entry in &page.items {
                    let (path, room, entry) = (Path::History, page.room, entry.clone());
                    self.add(What::Heard { path, room, entry });
                }
            }
            ServerFrame::Skip(skip) => self.add(What::Skipped { room: skip.room, to: skip.to }),
            ServerFrame::Read(read) => {
                self.add(What::Receipt { room: read.room, by: read.user, seq: read.seq });
            }
            ServerFrame::Typing(typing) => self.add(What::Typing { room: typing.room, by: typing.user }),
            ServerFrame::Room(Room::Joined(head)) => self.add(What::Joined { head: *head }),
            ServerFrame::Room(Room::Gone { room, why, seq, .. }) => {
                self.add(What::Gone { room: *room, why: *why, seq: *seq });
            }
            _ => {}
        }
    }

    /// A page has no holes. What was asked for is held against what was known to have expired then.
    fn paged(&mut self, page: &Page) {
        let items: Vec<Seq> = page.items.iter().map(|entry| entry.seq).collect();
        let is_whole = page.mode != HistoryMode::Entries || items.iter().copied().eq(page.from..=page.to);
        if !is_whole {
            let (room, from, to) = (page.room, page.from, page.to);
            let text = format!("a page of {room} from {from} to {to} with the entries {items:?}");
            self.add(What::Unknown { text });
        }
        if let Some(Asked::History { at: asked_at }) = self.asked.remove(&page.id) {
            let (path, room, first) = (Path::History, page.room, Some(page.first));
            self.add(What::Paged { path, room, asked_at, first, items });
        }
    }

    fn acked(&mut self, ack: &Ack) {
        match self.asked.remove(&ack.id) {
            Some(Asked::Post { room, nonce, post }) => match ack.seq {
                Some(seq) => self.add(What::Acked { room, nonce, post, seq }),
                None => {
                    self.add(What::Unknown { text: format!("an ack of a post without a number: {ack:?}") })
                }
            },
            Some(Asked::Read { room, seq }) => self.add(What::MarkerSet { room, seq }),
            Some(Asked::Subscribe { room }) => {
                for mark in ack.reads.iter().flatten() {
                    self.add(What::Receipt { room, by: mark.user, seq: mark.seq });
                }
                for by in ack.typing.iter().flatten() {
                    self.add(What::Typing { room, by: *by });
                }
            }
            Some(Asked::History { .. }) | None => {}
        }
    }
}
