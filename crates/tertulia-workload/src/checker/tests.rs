//! Broken histories: each way to break a promise is found, and a good history has none.

use tertulia_client::outbox::Post;
use tertulia_protocol::{
    entry::{Entry, EntryBody, MessageState, Reactions},
    ids::{Nonce, RoomId, Seq, TimeMs, UserId},
    room::{Departure, Role, RoomKind, RoomSettings},
    socket::server::RoomHead,
};

use super::{
    Invariant, check,
    record::{Change, Path, Record, What},
};

const ROOM: RoomId = RoomId::new(5);
const ANA: UserId = UserId::new(1);
const BEA: UserId = UserId::new(2);

fn entry(seq: Seq, posts: u64, by: UserId, body: EntryBody) -> Entry {
    Entry { seq, posts, by: Some(by), at: TimeMs(seq * 10), nonce: None, body, state: None }
}

fn message(text: &str) -> EntryBody {
    EntryBody::Message { text: text.to_owned(), reply_to: None, attachments: Vec::new() }
}

fn post(text: &str) -> Post {
    Post::Message { text: text.to_owned(), reply_to: None, attachments: Vec::new() }
}

/// Ana makes a room with Bea, both say something, Ana edits hers, reacts to Bea's and bans her.
fn log() -> Vec<Entry> {
    let created = EntryBody::Created {
        room_kind: RoomKind::Group,
        name: "x".to_owned(),
        settings: RoomSettings::default(),
    };
    vec![
        entry(1, 0, ANA, created),
        entry(2, 0, ANA, EntryBody::Entered { user: ANA, role: Role::Owner }),
        entry(3, 0, ANA, EntryBody::Entered { user: BEA, role: Role::Member }),
        entry(4, 1, ANA, message("one")),
        entry(5, 2, BEA, message("two")),
        entry(6, 2, ANA, EntryBody::Edit { of: 4, text: "one!".to_owned() }),
        entry(7, 2, ANA, EntryBody::Reaction { of: 5, emoji: "👍".to_owned(), on: true }),
        entry(8, 2, ANA, EntryBody::Banned { user: BEA, until: None, reason: None }),
        entry(9, 3, ANA, message("alone")),
    ]
}

fn head(head: Seq, read: Seq) -> RoomHead {
    RoomHead { room: ROOM, first: 1, head, posts: 0, read, read_posts: 0 }
}

fn listed(head: Seq, posts: u64, last: Option<Entry>) -> What {
    What::Listed { room: ROOM, first: 1, head, posts, read: 0, read_posts: 0, unread: posts, last }
}

fn record(at: u64, user: UserId, what: What) -> Record {
    Record { at: TimeMs(at), user, device: u32::try_from(user.get()).unwrap(), what }
}

fn said(at: u64, user: UserId, post: Post, seq: Seq) -> [Record; 2] {
    let nonce = Nonce(u128::from(seq));
    let tried = What::Tried { room: ROOM, nonce, since: 0, post: post.clone() };
    [record(at, user, tried), record(at, user, What::Acked { room: ROOM, nonce, post, seq })]
}

fn heard(at: u64, user: UserId, entry: &Entry) -> [Record; 2] {
    let path = Path::Live;
    [
        record(at, user, What::Heard { path, room: ROOM, entry: entry.clone() }),
        record(at, user, What::Applied { room: ROOM, seq: entry.seq }),
    ]
}

/// A history without a fault.
fn good() -> Vec<Record> {
    let log = log();
    let mut records = Vec::new();
    for user in [ANA, BEA] {
        records.push(record(31, user, What::Welcome { opened_at: TimeMs(30), rooms: vec![head(3, 0)] }));
        records.push(record(31, user, What::Following { room: ROOM, after: 3 }));
    }
    records.extend(said(41, ANA, post("one"), 4));
    records.extend(said(51, BEA, post("two"), 5));
    records.push(record(52, BEA, What::MarkerSet { room: ROOM, seq: 5 }));
    records.push(record(52, ANA, What::Receipt { room: ROOM, by: BEA, seq: 5 }));
    records.extend(said(61, ANA, Post::Edit { of: 4, text: "one!".to_owned() }, 6));
    records.extend(said(71, ANA, Post::React { of: 5, emoji: "👍".to_owned(), on: true }, 7));
    records.push(record(81, ANA, What::Changed { room: ROOM, of: BEA, change: Change::Ban }));
    records.extend(log[3..].iter().flat_map(|entry| heard(91, ANA, entry)));
    records.extend(log[3..7].iter().flat_map(|entry| heard(75, BEA, entry)));
    records.push(record(82, BEA, What::Gone { room: ROOM, why: Departure::Banned, seq: 8 }));
    records.push(record(82, BEA, What::Unfollowed { room: ROOM }));
    records.extend(said(91, ANA, post("alone"), 9));
    records.push(record(95, ANA, What::Settled { room: ROOM, cursor: 9 }));
    for user in [ANA, BEA] {
        records.push(record(95, user, What::AllSettled { is_live: true, unsent: 0 }));
    }
    records.push(record(96, ANA, What::Log { room: ROOM, first: 1, through: 9, entries: log.clone() }));
    records.push(record(96, ANA, What::Timeline { room: ROOM, through: 9, items: items() }));
    records.push(record(97, ANA, What::Probed { room: ROOM, path: Path::Rest, is_there: true }));
    records
}

fn items() -> Vec<Entry> {
    let log = log();
    let edited = MessageState { changed_seq: 6, text: Some("one!".to_owned()), ..MessageState::default() };
    let reactions = vec![Reactions { emoji: "👍".to_owned(), count: 1, mine: true }];
    let reacted = MessageState { changed_seq: 7, reactions, ..MessageState::default() };
    let with = |at: usize, state| Entry { state: Some(state), ..log[at].clone() };
    vec![with(3, edited), with(4, reacted), log[8].clone()]
}

fn found(records: &[Record]) -> Vec<Invariant> {
    let mut invariants: Vec<Invariant> =
        check(records).into_iter().map(|violation| violation.invariant).collect();
    invariants.dedup();
    invariants
}

/// The good history with one more record, or with records changed, breaks exactly this.
#[track_caller]
fn breaks(invariant: Invariant, change: impl FnOnce(&mut Vec<Record>)) {
    let mut records = good();
    change(&mut records);
    let found = found(&records);
    assert!(found.contains(&invariant), "{invariant:?} was broken, and {found:?} were found");
}

fn each_log(records: &mut [Record], mut change: impl FnMut(&mut Vec<Entry>)) {
    for record in records {
        if let What::Log { entries, .. } = &mut record.what {
            change(entries);
        }
    }
}

#[test]
fn a_good_history_breaks_nothing() {
    assert_eq!(check(&good()), []);
}

#[test]
fn acked_and_lost_doubled_or_changed() {
    breaks(Invariant::Acked, |records| records.extend(said(99, ANA, post("lost"), 10)));
    breaks(Invariant::Acked, |records| {
        let double = entry(10, 4, ANA, message("alone"));
        each_log(records, |entries| entries.push(double.clone()));
    });
    breaks(Invariant::Acked, |records| records.extend(said(99, BEA, post("one"), 4)));
    breaks(Invariant::Acked, |records| records.extend(said(99, ANA, post("other"), 9)));
    breaks(Invariant::Acked, |records| {
        let erased = EntryBody::Erased { was: "message".to_owned() };
        each_log(records, |entries| entries[8].body = erased.clone());
    });
    breaks(Invariant::Acked, |records| {
        records.push(record(99, ANA, What::Changed { room: ROOM, of: BEA, change: Change::Unban }));
    });
    breaks(Invariant::Acked, |records| {
        records.retain(|record| !matches!(&record.what, What::Tried { post: Post::Message { text, .. }, .. } if text == "two"));
    });
}

#[test]
fn numbers_with_gaps_and_wrong_counts() {
    breaks(Invariant::Numbers, |records| each_log(records, |entries| drop(entries.remove(4))));
    breaks(Invariant::Numbers, |records| each_log(records, |entries| entries[8].posts = 7));
    breaks(Invariant::Numbers, |records| {
        let mut other = log();
        other[4].at = TimeMs(51);
        records.push(record(98, ANA, What::Log { room: ROOM, first: 1, through: 9, entries: other }));
    });
}

#[test]
fn a_nonce_with_two_numbers() {
    breaks(Invariant::Nonces, |records| {
        let what = What::Acked { room: ROOM, nonce: Nonce(9), post: post("alone"), seq: 10 };
        records.push(record(99, ANA, what));
    });
}

#[test]
fn entries_that_did_not_come_or_came_in_disorder() {
    let is = |record: &Record, user: UserId, number: Seq| {
        record.user == user && matches!(record.what, What::Applied { seq, .. } if seq == number)
    };
    breaks(Invariant::Delivery, |records| records.retain(|record| !is(record, BEA, 5)));
    breaks(Invariant::Delivery, |records| {
        let at = records.iter().position(|record| is(record, BEA, 5)).unwrap();
        let twice = records[at].clone();
        records.insert(at + 1, twice);
    });
    breaks(Invariant::Delivery, |records| {
        for record in records {
            if let What::Settled { cursor, .. } = &mut record.what {
                *cursor = 8;
            }
        }
    });
    breaks(Invariant::Delivery, |records| {
        records.push(record(99, BEA, What::AllSettled { is_live: false, unsent: 0 }));
    });
    breaks(Invariant::Delivery, |records| {
        records.push(record(99, BEA, What::Settled { room: ROOM, cursor: 8 }))
    });
}

#[test]
fn what_reaches_the_banned() {
    let last = log()[8].clone();
    for path in [Path::Live, Path::History, Path::Rest, Path::List] {
        let what = What::Heard { path, room: ROOM, entry: last.clone() };
        breaks(Invariant::Departure, |records| records.push(record(99, BEA, what)));
    }
    let preview = listed(8, 2, Some(last.clone()));
    breaks(Invariant::Departure, |records| records.push(record(99, BEA, preview)));
    let list = listed(9, 3, None);
    breaks(Invariant::Departure, |records| records.push(record(99, BEA, list)));
    let receipt = What::Receipt { room: ROOM, by: ANA, seq: 9 };
    breaks(Invariant::Departure, |records| records.push(record(99, BEA, receipt)));
    breaks(Invariant::Departure, |records| {
        records.push(record(99, BEA, What::Typing { room: ROOM, by: ANA }));
    });
    breaks(Invariant::Departure, |records| {
        let second = Record {
            device: 77,
            ..record(99, BEA, What::Heard { path: Path::Live, room: ROOM, entry: last })
        };
        records.push(second);
    });
}

#[test]
fn who_comes_back_sees_what_was_missed_only_then() {
    let back = entry(10, 3, ANA, EntryBody::Entered { user: BEA, role: Role::Member });
    let mut records = good();
    each_log(&mut records, |entries| entries.push(back.clone()));
    for record in &mut records {
        match &mut record.what {
            What::Log { through, .. } | What::Timeline { through, .. } => *through = 10,
            What::Settled { cursor, .. } => *cursor = 10,
            _ => {}
        }
    }
    records.push(record(101, BEA, What::Joined { head: head(10, 0) }));
    records.push(record(101, BEA, What::Settled { room: ROOM, cursor: 10 }));
    let seen = What::Heard { path: Path::History, room: ROOM, entry: log()[8].clone() };
    let mut later = records.clone();
    later.push(record(102, BEA, seen.clone()));
    assert_eq!(check(&later), []);
    records.push(record(99, BEA, seen));
    assert_eq!(found(&records), [Invariant::Departure]);
}

#[test]
fn what_was_shown_and_is_not_there_or_is_another() {
    let heard = |entry: Entry| record(99, ANA, What::Heard { path: Path::Live, room: ROOM, entry });
    breaks(Invariant::Lasting, |records| records.push(heard(entry(10, 4, ANA, message("gone")))));
    breaks(Invariant::Lasting, |records| records.push(heard(entry(9, 3, ANA, message("another")))));
    let shown = |change: fn(&mut Vec<Entry>)| {
        let mut items = items();
        change(&mut items);
        record(99, ANA, What::Timeline { room: ROOM, through: 9, items })
    };
    breaks(Invariant::Lasting, |records| records.push(shown(|items| items[0].state = None)));
    breaks(Invariant::Lasting, |records| records.push(shown(|items| items[1].state = None)));
    breaks(Invariant::Lasting, |records| {
        records.push(shown(|items| items[2].body = EntryBody::Erased { was: "message".to_owned() }));
    });
}

#[test]
fn markers_that_go_back() {
    breaks(Invariant::Markers, |records| {
        records.push(record(99, ANA, What::Receipt { room: ROOM, by: BEA, seq: 4 }));
    });
    breaks(Invariant::Markers, |records| {
        records.push(record(98, ANA, What::MarkerSet { room: ROOM, seq: 9 }));
        records.push(record(101, ANA, What::Welcome { opened_at: TimeMs(100), rooms: vec![head(9, 8)] }));
    });
}

#[test]
fn rooms_that_stay_or_vanish() {
    let probe = |is_there| record(99, ANA, What::Probed { room: ROOM, path: Path::Rest, is_there });
    breaks(Invariant::Deletion, |records| records.push(probe(false)));
    let mut in_doubt = good();
    in_doubt.push(record(98, ANA, What::DeletionTried { room: ROOM }));
    in_doubt.push(probe(false));
    assert_eq!(check(&in_doubt), []);
    breaks(Invariant::Deletion, |records| {
        records.push(record(98, ANA, What::RoomDeleted { room: ROOM }));
        records.push(probe(true));
    });
    breaks(Invariant::Deletion, |records| {
        records.push(record(98, ANA, What::RoomDeleted { room: ROOM }));
        records.push(record(101, ANA, What::Welcome { opened_at: TimeMs(100), rooms: vec![head(9, 0)] }));
    });
    breaks(Invariant::Deletion, |records| {
        records.push(record(99, ANA, What::Unknown { text: "?".to_owned() }))
    });
}

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The good history, with messages kept for a day, a clock that jumped, and all up to entry 5 expired.
fn expired() -> Vec<Record> {
    let mut records = good();
    each_log(&mut records, |entries| drop(entries.drain(..5)));
    for record in &mut records {
        match &mut record.what {
            What::Log { first, .. } => *first = 6,
            What::Timeline { items, .. } => items.retain(|item| item.seq > 5),
            _ => {}
        }
    }
    let seen = log()[..3].iter().flat_map(|entry| heard(31, ANA, entry)).step_by(2).collect::<Vec<_>>();
    let set = [
        record(30, ANA, What::RetentionTried { room: Some(ROOM), days: Some(1) }),
        record(31, ANA, What::RetentionSet { room: Some(ROOM), days: Some(1) }),
    ];
    records.splice(0..0, seen.into_iter().chain(set));
    let at = records.iter().position(|record| matches!(record.what, What::Log { .. })).unwrap();
    // Entry n was numbered at n * 10: what is a day old when the sweep begins was numbered at 55 at the latest.
    let jumped = [
        record(95, ANA, What::ClockSet { ahead_ms: DAY_MS - 40 }),
        record(95, ANA, What::Swept { since: TimeMs(95) }),
    ];
    records.splice(at..at, jumped);
    records
}

/// The history with expired messages, changed, breaks exactly this.
#[track_caller]
fn expiry_breaks(change: impl FnOnce(&mut Vec<Record>)) {
    let mut records = expired();
    change(&mut records);
    assert_eq!(found(&records), [Invariant::Deletion], "{:?}", check(&records));
}

#[test]
fn what_is_over_may_be_gone() {
    assert_eq!(check(&expired()), []);
}

#[test]
fn what_expired_and_is_there() {
    let page = |asked_at, first, items: &[Seq]| What::Paged {
        path: Path::History,
        room: ROOM,
        asked_at: TimeMs(asked_at),
        first: Some(first),
        items: items.to_vec(),
    };
    expiry_breaks(|records| {
        for record in records {
            if let What::Log { first, entries, .. } = &mut record.what {
                entries.insert(0, log()[4].clone());
                *first = 5;
            }
        }
    });
    expiry_breaks(|records| records.push(record(99, ANA, page(98, 5, &[5, 6]))));
    expiry_breaks(|records| records.push(record(99, ANA, page(98, 6, &[5, 6]))));
    expiry_breaks(|records| {
        let early = [record(70, ANA, page(69, 4, &[4])), record(72, ANA, page(71, 3, &[3]))];
        records.splice(10..10, early);
    });
    expiry_breaks(|records| {
        for record in records {
            if let What::Timeline { items: shown, .. } = &mut record.what {
                *shown = items();
            }
        }
    });
}

#[test]
fn what_did_not_expire_and_is_gone() {
    // Nobody had messages kept for a day.
    expiry_breaks(|records| {
        records
            .retain(|record| !matches!(record.what, What::RetentionTried { .. } | What::RetentionSet { .. }));
    });
    // They were to be kept for longer before the clock jumped.
    expiry_breaks(|records| {
        let at = records.iter().position(|record| matches!(record.what, What::ClockSet { .. })).unwrap();
        let longer = [
            record(94, ANA, What::RetentionTried { room: Some(ROOM), days: Some(2) }),
            record(94, ANA, What::RetentionSet { room: Some(ROOM), days: Some(2) }),
        ];
        records.splice(at..at, longer);
    });
}

#[test]
fn counts_that_are_wrong() {
    let wrong = |posts, read_posts, unread| {
        let (room, first, head, read, last) = (ROOM, 1, 9, 5, None);
        record(96, ANA, What::Listed { room, first, head, posts, read, read_posts, unread, last })
    };
    let mut right = good();
    right.push(wrong(3, 2, 1));
    assert_eq!(check(&right), []);
    breaks(Invariant::Deletion, |records| records.push(wrong(2, 2, 0)));
    breaks(Invariant::Deletion, |records| records.push(wrong(3, 0, 3)));
    breaks(Invariant::Deletion, |records| records.push(wrong(3, 2, 2)));
}

#[test]
fn a_room_that_everybody_left_and_is_there() {
    let probe = |is_there| record(99, ANA, What::Probed { room: ROOM, path: Path::Rest, is_there });
    breaks(Invariant::Deletion, |records| {
        records.push(record(98, ANA, What::Emptied { room: ROOM }));
        records.push(probe(true));
    });
}

#[test]
fn an_edit_that_went_with_its_message_before_anybody_saw_it() {
    let mut records = good();
    let erased = |was: &str| EntryBody::Erased { was: was.to_owned() };
    let deletion = entry(10, 3, ANA, EntryBody::Delete { of: 4, reason: None });
    let gone = |entry: &mut Entry| match entry.seq {
        4 => entry.body = erased("message"),
        6 => entry.body = erased("edit"),
        _ => {}
    };
    each_log(&mut records, |entries| {
        entries.push(deletion.clone());
        entries.iter_mut().for_each(gone);
    });
    for record in &mut records {
        match &mut record.what {
            What::Heard { entry, .. } => gone(entry),
            What::Log { through, .. } | What::Timeline { through, .. } => *through = 10,
            What::Settled { cursor, .. } => *cursor = 10,
            _ => {}
        }
        if let What::Timeline { items, .. } = &mut record.what {
            items.remove(0);
        }
    }
    let at = records.iter().position(|record| matches!(record.what, What::Settled { .. })).unwrap();
    let applied = heard(94, ANA, &deletion);
    records.splice(at..at, applied);
    assert_eq!(check(&records), []);
    // Who edited nothing has no edits that may be gone.
    records.retain(|record| !matches!(record.what, What::Tried { post: Post::Edit { .. }, .. }));
    assert_eq!(found(&records), [Invariant::Acked]);
}
