//! What becomes of commands: sent until they are answered for good, under one nonce, with the head that was known first.

use tertulia_core::{Nonce, Seq, entry::EntryBody};
use tertulia_protocol::{
    Code, ErrorDetail,
    error::Retry,
    socket::{
        client::{ClientFrame, Delete, Edit, History, HistoryMode, React, Send},
        server::Page,
    },
};

use super::{Client, Letter, PATIENCE_MS, Question, What};
use crate::{settings::Safeguard, world::World};

/// After which time a command is sent again that was to be retried, in ms.
const AGAIN_MS: u64 = 150;
/// Most items of a page.
const PAGE_ITEMS: i64 = 200;

impl Client {
    fn letter(&mut self, nonce: Nonce) -> Option<&mut Letter> {
        self.outbox.iter_mut().find(|letter| letter.nonce == nonce)
    }

    fn drop_letter(&mut self, nonce: Nonce) {
        self.outbox.retain(|letter| letter.nonce != nonce);
    }
}

impl World {
    /// Sends what is due: what was never sent on this connection, and what was not answered in time.
    pub(super) fn send_due(&mut self, client: usize) {
        let now = self.now;
        let due = |letter: &&Letter| {
            letter.id.is_none() && letter.again_at <= now || letter.again_at + PATIENCE_MS <= now
        };
        let due: Vec<Letter> = self.clients[client].outbox.iter().filter(due).cloned().collect();
        for letter in due {
            self.send_letter(client, &letter);
        }
    }

    fn send_letter(&mut self, client: usize, letter: &Letter) {
        let nonce = letter.nonce;
        let id = match letter.looks_after {
            Some(after) => self.look(client, letter, after),
            None => {
                let letter = letter.clone();
                let known = self.clients[client].cursors.get(&letter.room).copied().unwrap_or(0);
                let since = if self.settings.has(Safeguard::Since) { letter.since } else { known };
                self.request(client, Question::Command(nonce), |id| frame_of(id, letter, since))
            }
        };
        let now = self.now;
        if let Some(letter) = self.clients[client].letter(nonce) {
            (letter.id, letter.again_at) = (Some(id), now);
        }
    }

    fn look(&mut self, client: usize, letter: &Letter, after: Seq) -> u64 {
        let room = letter.room;
        self.request(client, Question::Look(letter.nonce), |id| {
            ClientFrame::History(History {
                id,
                room,
                mode: HistoryMode::Entries,
                before: None,
                after: Some(after),
                limit: Some(PAGE_ITEMS),
            })
        })
    }

    /// A command was acknowledged.
    pub(super) fn delivered(&mut self, client: usize, nonce: Nonce, seq: Seq) {
        let me = &mut self.clients[client];
        let user = me.user;
        let Some(letter) = me.letter(nonce).cloned() else { return };
        me.drop_letter(nonce);
        let is_it = |body: &EntryBody| match &letter.what {
            What::Post { text, reply_to } => {
                *body
                    == EntryBody::Message { text: text.clone(), reply_to: *reply_to, attachments: Vec::new() }
            }
            What::Edit { of, text } => *body == EntryBody::Edit { of: *of, text: text.clone() },
            What::Delete { of } => *body == EntryBody::Delete { of: *of, reason: None },
            What::React { of, emoji, on } => {
                *body == EntryBody::Reaction { of: *of, emoji: emoji.clone(), on: *on }
            }
        };
        self.checker.acked(letter.room, user, nonce, seq, is_it);
    }

    /// A request was refused, for good or for now.
    pub(super) fn refused(&mut self, client: usize, id: Option<u64>, error: &ErrorDetail) {
        let Some(id) = id else { return };
        let now = self.now;
        let me = &mut self.clients[client];
        let (Question::Command(nonce) | Question::Look(nonce)) = (match me.waiting.remove(&id) {
            Some(question) => question,
            None => return,
        }) else {
            return;
        };
        let Some(letter) = me.letter(nonce).filter(|letter| letter.id == Some(id)) else { return };
        match (error.code, error.code.retry()) {
            (Code::StaleSend, _) => {
                letter.looks_after = Some(letter.since);
                (letter.id, letter.again_at) = (None, now);
                self.send_due(client);
            }
            (_, Retry::Later) => {
                (letter.id, letter.again_at) =
                    (None, now + error.retry_after_ms.unwrap_or(AGAIN_MS).min(1_000));
            }
            _ => me.drop_letter(nonce),
        }
    }

    /// A page was looked through for a command that was `stale_send`: it is there, or it is not, and is sent anew.
    pub(super) fn looked(&mut self, client: usize, nonce: Nonce, page: &Page) {
        let user = self.clients[client].user;
        let fresh = Nonce(u128::from(self.rng.next()) << 64 | u128::from(self.rng.next()));
        let now = self.now;
        let Some(letter) = self.clients[client].letter(nonce) else { return };
        let found = page.items.iter().any(|item| item.by == Some(user) && item.nonce == Some(nonce));
        (letter.id, letter.again_at) = (None, now);
        // Who may not read from there on cannot tell, and leaves it.
        let cannot_tell = letter.looks_after.is_some_and(|after| page.first > after + 1);
        if found || cannot_tell {
            self.clients[client].drop_letter(nonce);
        } else if page.from <= page.to && page.to < page.through {
            letter.looks_after = Some(page.to);
        } else {
            letter.looks_after = None;
            letter.nonce = fresh;
            letter.since = page.through;
        }
        self.send_due(client);
    }
}

fn frame_of(id: u64, letter: Letter, since: Seq) -> ClientFrame {
    let Letter { room, nonce, what, .. } = letter;
    match what {
        What::Post { text, reply_to } => {
            ClientFrame::Send(Send { id, room, nonce, since, text, reply_to, attachments: Vec::new() })
        }
        What::Edit { of, text } => ClientFrame::Edit(Edit { id, room, nonce, since, of, text }),
        What::Delete { of } => ClientFrame::Delete(Delete { id, room, nonce, since, of, reason: None }),
        What::React { of, emoji, on } => ClientFrame::React(React { id, room, nonce, since, of, emoji, on }),
    }
}
