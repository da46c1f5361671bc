//! 8, for time: what is past its retention is gone by every path, and nothing else is. What is read and unread stays exact,
//! whatever expires.

use std::collections::BTreeMap;

use tertulia_protocol::{
    ids::{RoomId, Seq, TimeMs, UserId},
    socket::server::RoomHead,
};

use crate::checker::{
    Invariant, Violation,
    record::{Record, What},
    truth::{Log, Truth},
};

pub(crate) fn check(records: &[Record], truth: &Truth, violations: &mut Vec<Violation>) {
    let mut is_swept = false;
    let mut firsts: BTreeMap<(UserId, RoomId), Vec<(TimeMs, Seq)>> = BTreeMap::new();
    for record in records {
        let found = match &record.what {
            What::Swept { .. } => {
                is_swept = true;
                continue;
            }
            What::Log { room, first, .. } => {
                let log = truth.rooms.get(room);
                let too_much = log.and_then(|log| too_much(log, *first, record.user));
                (*room, too_much.or_else(|| too_little(log, is_swept, *first)))
            }
            What::Timeline { room, items, .. } => {
                let lowest = items.iter().map(|item| item.seq).min();
                (*room, lowest.and_then(|lowest| too_little(truth.rooms.get(room), is_swept, lowest)))
            }
            What::Paged { room, asked_at, first, items, path } => {
                let firsts = firsts.entry((record.user, *room)).or_default();
                let known = firsts.iter().filter(|(at, _)| at < asked_at).map(|(_, first)| *first).max();
                firsts.extend(first.map(|first| (record.at, first)));
                let lowest = items.iter().min().copied().or(*first);
                (
                    *room,
                    lowest.and_then(|lowest| {
                        page(truth.rooms.get(room), is_swept, lowest, (known, *first), path.name())
                    }),
                )
            }
            What::Listed { room, first, .. } => {
                let log = truth.rooms.get(room);
                (*room, too_little(log, is_swept, *first).or_else(|| counts(log, record)))
            }
            What::Welcome { rooms, .. } => {
                let wrong = rooms
                    .iter()
                    .find_map(|head| Some((head.room, welcome(truth.rooms.get(&head.room), head)?)));
                let Some((room, what)) = wrong else { continue };
                (room, Some(what))
            }
            _ => continue,
        };
        violations.extend(found.1.map(|what| Violation {
            invariant: Invariant::Deletion,
            room: Some(found.0),
            what,
        }));
    }
}

/// A page goes back no further than what is known to be left.
fn page(
    log: Option<&Log>,
    is_swept: bool,
    lowest: Seq,
    (known, first): (Option<Seq>, Option<Seq>),
    path: &str,
) -> Option<String> {
    if let Some(known) = known.filter(|known| lowest < *known) {
        return Some(format!("{path} gave entry {lowest}, after all before {known} had expired"));
    }
    if let Some(first) = first.filter(|first| lowest < *first) {
        return Some(format!("{path} gave entry {lowest}, and says that {first} is the first"));
    }
    too_little(log, is_swept, lowest)
}

/// The log begins later than anything could have expired.
fn too_much(log: &Log, first: Seq, reader: UserId) -> Option<String> {
    let came = match log.is_whole() && log.shows_all() {
        true => 1,
        false => log.stays(reader).last().map_or(first, |stay| stay.from),
    };
    let allowed = came.max(log.may_have_expired + 1);
    (first > allowed).then(|| {
        format!("the log begins at {first} for {reader}; by right, it may begin at {allowed} at the latest")
    })
}

/// Something is shown that has to be gone.
fn too_little(log: Option<&Log>, is_swept: bool, lowest: Seq) -> Option<String> {
    let expired = log.filter(|_| is_swept)?.has_expired;
    (lowest <= expired).then(|| format!("entry {lowest} is there, and all up to {expired} has expired"))
}

/// What a device is told when it comes counts messages as the log does.
fn welcome(log: Option<&Log>, head: &RoomHead) -> Option<String> {
    let log = log?;
    for (seq, posts) in [(head.head, head.posts), (head.read, head.read_posts)] {
        if let Some(entry) = log.entries.get(&seq).filter(|entry| entry.posts != posts) {
            return Some(format!(
                "a welcome counts {posts} posts up to {seq}, and there are {}",
                entry.posts
            ));
        }
    }
    None
}

/// A list counts messages as the log does.
fn counts(log: Option<&Log>, record: &Record) -> Option<String> {
    let What::Listed { head, posts, read, read_posts, unread, .. } = &record.what else { return None };
    let log = log?;
    let counted = |seq: &Seq| log.entries.get(seq).map(|entry| entry.posts);
    for (what, seq, posts) in [("head", head, posts), ("read marker", read, read_posts)] {
        if let Some(expected) = counted(seq).filter(|expected| expected != posts) {
            let user = record.user;
            return Some(format!(
                "{user} is told {posts} posts up to the {what} {seq}, and there are {expected}"
            ));
        }
    }
    let expected = posts.saturating_sub(*read_posts);
    (*unread != expected).then(|| format!("{} is told {unread} unread, and has {expected}", record.user))
}
