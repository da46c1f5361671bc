//! What the user said and the server did not answer yet. Each post keeps its nonce and its `since` until it is answered,
//! so that a retry never doubles it, however late. One post of a room travels at a time: retries keep their order.
//!
//! Not here: when to write and what came back, which is the [`session`](crate::session)'s.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use tertulia_protocol::{
    entry::{Entry, EntryBody},
    ids::{Nonce, RoomId, Seq, UploadId, UserId},
    socket::{
        client::{ClientFrame, Delete, Edit, React, Send},
        server::Page,
    },
};

/// Something that a user does in a room and that becomes an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Post {
    /// Say something.
    Message {
        /// The text.
        text: String,
        /// The message that it answers.
        reply_to: Option<Seq>,
        /// Uploads that it carries.
        #[serde(default)]
        attachments: Vec<UploadId>,
    },
    /// Change the text of one's own message.
    Edit {
        /// The message.
        of: Seq,
        /// Its text from now on.
        text: String,
    },
    /// Delete a message.
    Delete {
        /// The message.
        of: Seq,
        /// Why, by a moderator.
        reason: Option<String>,
    },
    /// React to a message, or take it back.
    React {
        /// The message.
        of: Seq,
        /// With what.
        emoji: String,
        /// Whether it is there from now on.
        on: bool,
    },
}

impl Post {
    /// The frame that asks for it.
    pub fn frame(&self, id: u64, room: RoomId, nonce: Nonce, since: Seq) -> ClientFrame {
        match self.clone() {
            Self::Message { text, reply_to, attachments } => {
                ClientFrame::Send(Send { id, room, nonce, since, text, reply_to, attachments })
            }
            Self::Edit { of, text } => ClientFrame::Edit(Edit { id, room, nonce, since, of, text }),
            Self::Delete { of, reason } => ClientFrame::Delete(Delete { id, room, nonce, since, of, reason }),
            Self::React { of, emoji, on } => {
                ClientFrame::React(React { id, room, nonce, since, of, emoji, on })
            }
        }
    }

    /// Whether the entry is what this post becomes.
    pub fn became(&self, entry: &Entry, by: UserId) -> bool {
        entry.by == Some(by)
            && match (self, &entry.body) {
                (
                    Self::Message { text, reply_to, attachments },
                    EntryBody::Message { text: other, reply_to: to, attachments: files },
                ) => text == other && reply_to == to && attachments.len() == files.len(),
                (Self::Edit { of, text }, EntryBody::Edit { of: other_of, text: other }) => {
                    of == other_of && text == other
                }
                (Self::Delete { of, .. }, EntryBody::Delete { of: other, .. }) => of == other,
                (
                    Self::React { of, emoji, on },
                    EntryBody::Reaction { of: other_of, emoji: other, on: other_on },
                ) => (of, emoji, on) == (other_of, other, other_on),
                _ => false,
            }
    }
}

/// Where a post stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// To be written, not before this time.
    Waiting { from_ms: u64 },
    /// Written, not answered.
    InFlight,
    /// Too late to be sure whether it arrived: the log after `after` has to be searched for it.
    Unsure { after: Seq, from_ms: u64, asked: bool },
}

/// A post that was not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The application's own number for it.
    pub key: u64,
    /// The nonce, the same on every retry.
    pub nonce: Nonce,
    /// The room's head that was known when it was first tried; absent before.
    pub since: Option<Seq>,
    /// What was said.
    pub post: Post,
    #[serde(skip)]
    tries: u32,
    #[serde(skip)]
    place: Place,
}

impl Default for Place {
    fn default() -> Self {
        Self::Waiting { from_ms: 0 }
    }
}

/// What the front of a room's queue needs now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// This frame, with a request's number.
    Write {
        /// The room.
        room: RoomId,
        /// The post.
        post: Post,
        /// Its nonce.
        nonce: Nonce,
        /// The head that was known when it was first tried.
        since: Seq,
    },
    /// A page of the log after `after`.
    Search {
        /// The room.
        room: RoomId,
        /// The post's nonce.
        nonce: Nonce,
        /// The entry after which the post can be.
        after: Seq,
    },
}

/// What a page of the log told of a post that was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Searched {
    /// It is this entry.
    Found(Seq),
    /// Nothing yet, or it is sent again.
    Open,
    /// It may be among the entries that the user cannot read any more, as they have expired.
    Unknowable,
}

/// Posts by room, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    rooms: BTreeMap<RoomId, VecDeque<Item>>,
}

impl Outbox {
    /// Puts a post at the end of its room's queue.
    pub fn push(&mut self, key: u64, room: RoomId, nonce: Nonce, post: Post) {
        let place = Place::default();
        let item = Item { key, nonce, since: None, post, tries: 0, place };
        self.rooms.entry(room).or_default().push_back(item);
    }

    /// How many posts were not answered yet.
    pub fn len(&self) -> usize {
        self.rooms.values().map(VecDeque::len).sum()
    }

    /// Whether everything was answered.
    pub fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }

    /// The unanswered posts of a room, oldest first.
    pub fn of(&self, room: RoomId) -> impl Iterator<Item = &Item> {
        self.rooms.get(&room).into_iter().flatten()
    }

    /// What is due now, one for each room at most; it counts as asked for. `head` tells what is known of a room.
    pub fn take_due(&mut self, now_ms: u64, head: impl Fn(RoomId) -> Seq) -> Vec<Due> {
        let mut due = Vec::new();
        for (&room, items) in &mut self.rooms {
            let Some(item) = items.front_mut() else { continue };
            match &mut item.place {
                Place::Waiting { from_ms } if *from_ms <= now_ms => {
                    let since = *item.since.get_or_insert_with(|| head(room));
                    item.place = Place::InFlight;
                    due.push(Due::Write { room, post: item.post.clone(), nonce: item.nonce, since });
                }
                Place::Unsure { after, from_ms, asked } if !*asked && *from_ms <= now_ms => {
                    *asked = true;
                    due.push(Due::Search { room, nonce: item.nonce, after: *after });
                }
                _ => {}
            }
        }
        due
    }

    /// The next time at which something is due that is not due yet, in ms.
    pub fn deadline_ms(&self) -> Option<u64> {
        let front = self.rooms.values().filter_map(VecDeque::front);
        let waiting = front.filter_map(|item| match item.place {
            Place::Waiting { from_ms } => Some(from_ms),
            Place::Unsure { asked: false, from_ms, .. } => Some(from_ms),
            _ => None,
        });
        waiting.min()
    }

    /// Whether this is the room's first post.
    pub fn is_first(&self, room: RoomId, nonce: Nonce) -> bool {
        self.of(room).next().is_some_and(|item| item.nonce == nonce)
    }

    /// The server took the room's first post, or will not take it: what comes after is next.
    pub fn answered(&mut self, room: RoomId) -> Option<Item> {
        let items = self.rooms.get_mut(&room)?;
        let item = items.pop_front();
        if items.is_empty() {
            self.rooms.remove(&room);
        }
        item
    }

    /// The room's first post is to be tried again after a time, which `wait_ms` makes of the number of tries.
    pub fn try_later(&mut self, room: RoomId, now_ms: u64, wait_ms: impl FnOnce(u32) -> u64) {
        if let Some(item) = self.front(room) {
            item.place = Place::Waiting { from_ms: now_ms + wait_ms(item.tries) };
            item.tries += 1;
        }
    }

    /// The room moved too far to be sure whether the first post arrived: it is to be looked for, not before `from_ms`.
    pub fn unsure(&mut self, room: RoomId, from_ms: u64) {
        if let Some(item) = self.front(room) {
            let after = item.since.unwrap_or(0);
            item.place = Place::Unsure { after, from_ms, asked: false };
        }
    }

    /// A page of the log came for the room's first post, which is looked for. A post that is not there gets `fresh`
    /// for a nonce.
    pub fn searched(&mut self, page: &Page, fresh: Nonce) -> Searched {
        let Some(item) = self.front(page.room) else { return Searched::Open };
        let Place::Unsure { after, .. } = item.place else { return Searched::Open };
        // Only the user's own entries have their nonces.
        if let Some(entry) = page.items.iter().find(|entry| entry.nonce == Some(item.nonce)) {
            return Searched::Found(entry.seq);
        }
        if page.first > after + 1 {
            return Searched::Unknowable;
        }
        if page.to > after && page.to < page.through {
            item.place = Place::Unsure { after: page.to, from_ms: 0, asked: false };
        } else {
            // It is not there, and with its old `since` it will never be: a new nonce is safe.
            item.nonce = fresh;
            item.since = Some(page.through);
            item.place = Place::default();
        }
        Searched::Open
    }

    /// The connection was lost: what was in flight is to be written again, at once.
    pub fn lost(&mut self) {
        for item in self.rooms.values_mut().flatten() {
            item.place = match item.place {
                Place::Unsure { after, .. } => Place::Unsure { after, from_ms: 0, asked: false },
                _ => Place::default(),
            };
        }
    }

    /// Takes out every post of a room that is not there any more.
    pub fn abandon(&mut self, room: RoomId) -> Vec<Item> {
        self.rooms.remove(&room).into_iter().flatten().collect()
    }

    fn front(&mut self, room: RoomId) -> Option<&mut Item> {
        self.rooms.get_mut(&room)?.front_mut()
    }
}

#[cfg(test)]
mod tests {
    use tertulia_protocol::socket::client::HistoryMode;

    use super::*;

    const ROOM: RoomId = RoomId::new(7);

    /// An empty page of a log whose first and last readable entries are these.
    fn page(first: Seq, through: Seq) -> Page {
        let (from, to) = (first, through);
        Page { id: 1, room: ROOM, mode: HistoryMode::Entries, first, through, from, to, items: Vec::new() }
    }

    #[test]
    fn what_may_have_expired_is_not_said_again() {
        for (first, found) in [(1, Searched::Open), (27, Searched::Open), (28, Searched::Unknowable)] {
            let mut outbox = Outbox::default();
            outbox.push(
                1,
                ROOM,
                Nonce(5),
                Post::Message { text: "hi".to_owned(), reply_to: None, attachments: Vec::new() },
            );
            outbox.take_due(0, |_| 26);
            outbox.unsure(ROOM, 0);
            outbox.take_due(0, |_| 62);
            assert_eq!(outbox.searched(&page(first, 62), Nonce(6)), found, "{first}");
            let anew = found == Searched::Open;
            assert_eq!(outbox.is_first(ROOM, Nonce(6)), anew, "{first}");
        }
    }
}
