//! 1 and 6, for what is shown: a message's state (text, deletion, reactions) is what the log's edits, deletions and
//! reactions make of it.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_protocol::{
    entry::{Entry, EntryBody},
    ids::{RoomId, Seq, UserId},
};

use crate::checker::{
    Invariant, Violation,
    record::{Record, What},
    truth::{Log, Truth, kind},
};

/// What the log makes of a message.
#[derive(Debug, Default, PartialEq, Eq)]
struct Folded {
    text: Option<String>,
    deleted: bool,
    reactions: BTreeMap<String, BTreeSet<UserId>>,
}

pub(crate) fn check(records: &[Record], truth: &Truth, violations: &mut Vec<Violation>) {
    let mut folded: BTreeMap<RoomId, BTreeMap<Seq, Folded>> = BTreeMap::new();
    for record in records {
        let What::Timeline { room, through, items } = &record.what else { continue };
        let Some(log) = truth.rooms.get(room).filter(|log| log.through == Some(*through)) else { continue };
        let folded = folded.entry(*room).or_insert_with(|| fold(log));
        for item in items.iter().filter(|item| kind(&item.body) == "message") {
            let Some(expected) = folded.get(&item.seq) else { continue };
            if let Some(what) = differs(item, expected, record.user) {
                violations.push(Violation { invariant: Invariant::Lasting, room: Some(*room), what });
            }
        }
    }
}

fn fold(log: &Log) -> BTreeMap<Seq, Folded> {
    let mut messages: BTreeMap<Seq, Folded> = BTreeMap::new();
    for entry in log.entries.values() {
        match &entry.body {
            EntryBody::Message { text, .. } => {
                messages.insert(entry.seq, Folded { text: Some(text.clone()), ..Folded::default() });
            }
            EntryBody::Edit { of, text } => {
                if let Some(message) = messages.get_mut(of) {
                    message.text = Some(text.clone());
                }
            }
            EntryBody::Delete { of, .. } => {
                messages.insert(*of, Folded { deleted: true, ..Folded::default() });
            }
            EntryBody::Reaction { of, emoji, on } => {
                if let (Some(message), Some(by)) = (messages.get_mut(of), entry.by) {
                    let users = message.reactions.entry(emoji.clone()).or_default();
                    if *on {
                        users.insert(by)
                    } else {
                        users.remove(&by)
                    };
                }
            }
            _ => {}
        }
    }
    messages
}

fn differs(item: &Entry, expected: &Folded, reader: UserId) -> Option<String> {
    let state = item.state.clone().unwrap_or_default();
    if state.deleted.is_some() || matches!(item.body, EntryBody::Erased { .. }) {
        return (!expected.deleted).then(|| format!("message {} is shown as deleted, and is not", item.seq));
    }
    if expected.deleted {
        return Some(format!("message {} is deleted, and is shown", item.seq));
    }
    let own = if let EntryBody::Message { text, .. } = &item.body { Some(text.clone()) } else { None };
    let text = state.text.or(own);
    // The first text of an edited message may be unknown to the log that was put together.
    if expected.text.is_some() && text != expected.text {
        return Some(format!("message {} is shown as {text:?}, and is {:?}", item.seq, expected.text));
    }
    let shown: BTreeMap<&str, (u64, bool)> = state
        .reactions
        .iter()
        .map(|reactions| (reactions.emoji.as_str(), (reactions.count, reactions.mine)))
        .collect();
    let users = expected.reactions.iter().filter(|(_, users)| !users.is_empty());
    let wanted: BTreeMap<&str, (u64, bool)> =
        users.map(|(emoji, users)| (emoji.as_str(), (users.len() as u64, users.contains(&reader)))).collect();
    (shown != wanted).then(|| format!("message {} shows {shown:?} to {reader}, and has {wanted:?}", item.seq))
}
