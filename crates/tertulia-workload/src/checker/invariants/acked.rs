//! 1. Acked means: in the log for good, at exactly that number, once, with exactly that content, or erased by its own
//!    right. Changes of members that were answered with yes are in the log, too.

use std::collections::{BTreeMap, BTreeSet};

use tertulia_client::outbox::Post;
use tertulia_protocol::{
    entry::EntryBody,
    ids::{RoomId, Seq, UserId},
};

use crate::checker::{
    Invariant, Violation,
    record::{Change, Record, What},
    truth::{Log, Truth, kind},
};

pub(crate) fn check(records: &[Record], truth: &Truth, violations: &mut Vec<Violation>) {
    for record in records {
        let broken = match &record.what {
            What::Acked { room, post, seq, .. } => {
                acked(truth, *room, record.user, post, *seq).map(|what| (*room, what))
            }
            What::Changed { room, of, change } => {
                changed(truth, *room, *of, *change).map(|what| (*room, what))
            }
            _ => None,
        };
        violations.extend(broken.map(|(room, what)| Violation {
            invariant: Invariant::Acked,
            room: Some(room),
            what,
        }));
    }
    once(records, truth, violations);
}

fn acked(truth: &Truth, room: RoomId, by: UserId, post: &Post, seq: Seq) -> Option<String> {
    let log = truth.rooms.get(&room)?;
    log.through?;
    let Some(entry) = log.entries.get(&seq) else {
        if log.may_be_gone(seq) {
            return None;
        }
        return Some(format!("entry {seq} was acked to {by}, and is not in the log: {post:?}"));
    };
    let is_same = post.became(entry, by);
    let is_erased = matches!(&entry.body, EntryBody::Erased { was } if *was == post_kind(post))
        && entry.by == Some(by)
        && log.may_be_erased(seq);
    (!is_same && !is_erased).then(|| format!("entry {seq} was acked to {by} as {post:?}, and is {entry:?}"))
}

fn post_kind(post: &Post) -> &'static str {
    match post {
        Post::Message { .. } => "message",
        Post::Edit { .. } => "edit",
        Post::Delete { .. } => "delete",
        Post::React { .. } => "reaction",
    }
}

/// Texts of a run are unique: each is in the log at most once, whatever was retried.
fn once(records: &[Record], truth: &Truth, violations: &mut Vec<Violation>) {
    let tried: BTreeSet<(RoomId, UserId, &str)> = records
        .iter()
        .filter_map(|record| match &record.what {
            What::Tried { room, post: Post::Message { text, .. } | Post::Edit { text, .. }, .. } => {
                Some((*room, record.user, text.as_str()))
            }
            _ => None,
        })
        .collect();
    for (room, log) in &truth.rooms {
        let mut numbers: BTreeMap<(UserId, &str), Vec<Seq>> = BTreeMap::new();
        for entry in log.entries.values() {
            if let (EntryBody::Message { text, .. } | EntryBody::Edit { text, .. }, Some(by)) =
                (&entry.body, entry.by)
            {
                numbers.entry((by, text)).or_default().push(entry.seq);
            }
        }
        for ((by, text), numbers) in numbers {
            let what = match numbers.len() {
                _ if !tried.contains(&(*room, by, text)) => {
                    format!("{by} never said {text:?}, which is entry {numbers:?}")
                }
                0 | 1 => continue,
                _ => format!("{by} said {text:?} once, and it is there at {numbers:?}"),
            };
            violations.push(Violation { invariant: Invariant::Acked, room: Some(*room), what });
        }
    }
}

fn changed(truth: &Truth, room: RoomId, of: UserId, change: Change) -> Option<String> {
    let log: &Log = truth.rooms.get(&room)?;
    log.through?;
    let wanted = match change {
        Change::Enter => "entered",
        Change::Leave => "left",
        Change::Remove => "removed",
        Change::Ban => "banned",
        Change::Unban => "unbanned",
    };
    if log.is_cut() {
        return None;
    }
    let is_there = log.entries.values().any(|entry| kind(&entry.body) == wanted && concerns(&entry.body, of));
    (!is_there).then(|| format!("that {of} {wanted} was acked, and is not in the log"))
}

fn concerns(body: &EntryBody, of: UserId) -> bool {
    match body {
        EntryBody::Entered { user, .. }
        | EntryBody::Left { user }
        | EntryBody::Removed { user, .. }
        | EntryBody::Banned { user, .. }
        | EntryBody::Unbanned { user } => *user == of,
        _ => false,
    }
}
