//! Pages, changes and senders over the store's reference, with an owner that grants what a test says.

use std::sync::Mutex;

use tertulia_core::{
    EntryBody, Nonce, Refusal, Role, TimeMs,
    message::{Deleted, MessageChange, MessageChangeKind},
    room::{EpochList, Head},
    row::chain_start,
    shard::shard_of,
};
use tertulia_ports::{
    bus::{Answer, Bus, GatewayId, ReplyTo, ToGateway, ToOwner},
    messages::{Append, AppendRow, Appended, RoomAppend, in_process::InProcessMessages},
};

use super::*;
use crate::room::handle::Callers;

const READER: UserId = UserId::new(9);
const OTHER: UserId = UserId::new(3);
const EPOCH: u32 = 1;

/// An owner that answers every request for a grant with the same, the first of a list while there is more than one.
struct Owner {
    callers: Arc<Callers>,
    grants: Mutex<Vec<Result<Grant, Refusal>>>,
}

impl Bus for Owner {
    fn to_owner(&self, _: tertulia_core::ShardId, mail: ToOwner) -> bool {
        let ToOwner::Grants { reply_to: ReplyTo::Caller(caller), .. } = mail else { return false };
        let mut grants = self.grants.lock().unwrap();
        let grant = if grants.len() > 1 { grants.remove(0) } else { grants[0].clone() };
        self.callers.answer(caller, Answer::Grants(vec![grant]));
        true
    }

    fn owner_of(&self, _: tertulia_core::ShardId) -> Option<u64> {
        None
    }

    fn to_gateway(&self, _: GatewayId, _: ToGateway) {}
    fn to_caller(&self, _: u64, _: Answer) {}
    fn to_all_gateways(&self, _: ToGateway) {}
}

struct Log {
    room: RoomId,
    store: Arc<InProcessMessages>,
    epochs: EpochList,
    head: Head,
}

impl Log {
    /// A room with these entries: `m` is a message of the reader, `o` one of another, `e` an edit, `j` a joining.
    async fn of(kinds: &str) -> Self {
        let (room, store) = (RoomId::new(77), Arc::new(InProcessMessages::new("h")));
        store.take_over(&[shard_of(room)]).await.unwrap();
        let tail = store.open_room(room, EPOCH, 64).await.unwrap().unwrap();
        let head = Head { seq: 0, posts: 0, chain: chain_start(room) };
        let mut log = Self { room, store, epochs: tail.epochs, head };
        for kind in kinds.chars() {
            let seq = log.head.seq + 1;
            let (sender, body) = match kind {
                'm' => (
                    READER,
                    EntryBody::Message {
                        text: format!("text {seq}"),
                        reply_to: None,
                        attachments: Vec::new(),
                    },
                ),
                'o' => (
                    OTHER,
                    EntryBody::Message {
                        text: format!("text {seq}"),
                        reply_to: None,
                        attachments: Vec::new(),
                    },
                ),
                'e' => (OTHER, EntryBody::Edit { of: 1, text: format!("edit {seq}") }),
                _ => (OTHER, EntryBody::Entered { user: OTHER, role: Role::Member }),
            };
            log.append(sender, body);
        }
        log
    }

    fn append(&mut self, sender: UserId, body: EntryBody) {
        let seq = self.head.seq + 1;
        let is_message = matches!(body, EntryBody::Message { .. });
        let posts = self.head.posts + u64::from(is_message);
        let entry = Entry {
            seq,
            posts,
            sender,
            nonce: Nonce(seq.into()),
            at: TimeMs(seq * 10),
            kind: body.kind(),
            body: Some(body),
        };
        let (row, chain) = Row::encode(&entry, EPOCH, [7; 16], &self.head.chain);
        self.head = Head { seq, posts, chain };
        let rows = vec![AppendRow { row, message_by: is_message.then_some(sender) }];
        let rooms = vec![RoomAppend { room: self.room, head: self.head, rows, dirty: false }];
        let append = Append { shard: shard_of(self.room), epoch: EPOCH, rooms };
        self.store.append(vec![append], Box::new(|done| assert_eq!(done, [Appended::Committed])));
    }

    async fn change(&self, seq: Seq, by_seq: Seq, kind: MessageChangeKind) {
        self.store.project(self.room, EPOCH, vec![MessageChange { seq, by_seq, kind }]).await.unwrap();
    }

    fn grant(&self, first: Seq, through: Seq) -> Grant {
        Grant { room: self.room, first, through, posts: self.head.posts, epochs: self.epochs.clone() }
    }

    fn reader(&self, grants: Vec<Result<Grant, Refusal>>) -> Reader {
        let callers = Arc::new(Callers::default());
        let owner = Owner { callers: callers.clone(), grants: Mutex::new(grants) };
        Reader::new(self.store.clone(), Handle::new(Arc::new(owner), callers))
    }

    fn whole(&self) -> Reader {
        self.reader(vec![Ok(self.grant(1, self.head.seq))])
    }
}

fn asked(mode: PageMode, before: Option<Seq>, after: Option<Seq>, limit: i64) -> PageRequest {
    PageRequest { mode, before, after, limit: Some(limit) }
}

fn seqs(page: &Page) -> Vec<Seq> {
    page.items.iter().map(|item| item.seq).collect()
}

/// A row: before, after, limit; then the items and the span that they cover.
#[tokio::test]
async fn pages_of_both_modes_from_both_ends() {
    use PageMode::{Entries, Timeline};

    let log = Log::of("mmeeejmemm").await;
    for (mode, before, after, limit, items, span) in [
        (Entries, None, None, 3, vec![1, 2, 3], (1, 3)),
        (Entries, None, Some(8), 5, vec![9, 10], (9, 10)),
        (Entries, Some(5), None, 2, vec![3, 4], (3, 4)),
        (Entries, Some(100), None, 1, vec![10], (10, 10)),
        (Entries, Some(9), Some(6), 9, vec![7, 8], (7, 8)),
        (Entries, None, Some(10), 9, vec![], (11, 10)),
        (Entries, Some(1), None, 9, vec![], (1, 0)),
        (Entries, None, Some(u64::MAX), 9, vec![], (u64::MAX, u64::MAX - 1)),
        // A timeline leaves edits out, and covers them all the same.
        (Timeline, None, None, 2, vec![1, 2], (1, 5)),
        (Timeline, None, Some(2), 2, vec![6, 7], (3, 8)),
        (Timeline, None, Some(7), 9, vec![9, 10], (8, 10)),
        (Timeline, Some(11), None, 3, vec![7, 9, 10], (7, 10)),
        (Timeline, Some(9), None, 1, vec![7], (7, 8)),
        (Timeline, Some(6), None, 9, vec![1, 2], (1, 5)),
        (Timeline, Some(6), None, 1, vec![2], (2, 5)),
        (Timeline, Some(6), Some(2), 9, vec![], (3, 5)),
    ] {
        let request = asked(mode, before, after, limit);
        let page = log.whole().page(READER, log.room, &request).await.unwrap();
        assert_eq!((seqs(&page), (page.from, page.to)), (items, span), "{request:?}");
        assert_eq!((page.first, page.through), (1, 10));
    }
}

#[tokio::test]
async fn a_page_is_filled_over_many_reads() {
    let log = Log::of(&format!("m{}m{}m", "e".repeat(600), "e".repeat(300))).await;
    let forward =
        log.whole().page(READER, log.room, &asked(PageMode::Timeline, None, None, 3)).await.unwrap();
    assert_eq!((seqs(&forward), forward.from, forward.to), (vec![1, 602, 903], 1, 903));
    let back =
        log.whole().page(READER, log.room, &asked(PageMode::Timeline, Some(904), None, 3)).await.unwrap();
    assert_eq!((seqs(&back), back.from, back.to), (vec![1, 602, 903], 1, 903));
}

#[tokio::test]
async fn nothing_outside_the_grant_is_there() {
    let log = Log::of("mmmmmmmmmm").await;
    let reader = || log.reader(vec![Ok(log.grant(4, 7))]);
    for mode in [PageMode::Entries, PageMode::Timeline] {
        for (before, after) in [(None, None), (None, Some(0)), (Some(1_000), None), (Some(8), Some(2))] {
            let page = reader().page(READER, log.room, &asked(mode, before, after, 200)).await.unwrap();
            assert_eq!(
                (seqs(&page), page.from, page.to),
                (vec![4, 5, 6, 7], 4, 7),
                "{mode:?} {before:?} {after:?}"
            );
        }
    }
    let (sent, next) = reader().sent_by(READER, log.room, READER, Some(100), 200).await.unwrap();
    assert_eq!((sent.iter().map(|sent| sent.seq).collect::<Vec<_>>(), next), (vec![7, 6, 5, 4], None));
    let banned = Refusal::Banned { until: None, reason: None };
    let refused = log.reader(vec![Err(banned)]);
    let page = refused.page(READER, log.room, &asked(PageMode::Entries, None, None, 5)).await;
    assert_eq!(page.unwrap_err().detail().code, tertulia_protocol::Code::Banned);
}

#[tokio::test]
async fn a_timeline_folds_states_in_and_deleted_messages_stay_as_a_line() {
    let mut log = Log::of("ooe").await;
    log.append(OTHER, EntryBody::Delete { of: 2, reason: None });
    log.change(1, 3, MessageChangeKind::Edited { text: "edit 3".into(), at: TimeMs(30) }).await;
    log.change(2, 4, MessageChangeKind::Deleted(Deleted { by: OTHER, at: TimeMs(40), reason: None })).await;
    let page = log.whole().page(READER, log.room, &asked(PageMode::Timeline, None, None, 9)).await.unwrap();
    assert_eq!(seqs(&page), [1, 2]);
    let edited = page.items[0].state.as_ref().unwrap();
    assert_eq!((edited.changed_seq, edited.text.as_deref()), (3, Some("edit 3")));
    assert_eq!(page.items[1].body, entry::EntryBody::Erased { was: "message".into() });
    assert_eq!(page.items[1].state.as_ref().unwrap().deleted.as_ref().unwrap().by, OTHER);
    let (sent, _) = log.whole().sent_by(READER, log.room, OTHER, None, 9).await.unwrap();
    assert_eq!(sent, [SentMessage { seq: 1, text: "edit 3".into(), at: TimeMs(10) }]);
    let changes = log.whole().changes(READER, log.room, (1, 9), 3).await.unwrap();
    assert_eq!((changes.through, changes.messages.len(), changes.messages[0].seq), (4, 1, 2));
}

/// The ban came between the grant and the read of states: the edit above it must not be seen.
#[tokio::test]
async fn a_state_from_after_a_ban_is_not_shown() {
    let log = Log::of("oje").await;
    log.change(1, 3, MessageChangeKind::Edited { text: "after the ban".into(), at: TimeMs(30) }).await;
    let banned = || vec![Ok(log.grant(1, 1)), Err(Refusal::Banned { until: None, reason: None })];
    for mode in [PageMode::Timeline, PageMode::Entries] {
        let page = log.reader(banned()).page(READER, log.room, &asked(mode, None, None, 9)).await;
        assert_eq!(page.is_err(), mode == PageMode::Timeline, "entries show no states");
    }
    assert!(log.reader(banned()).changes(READER, log.room, (1, 1), 0).await.is_err());
    assert!(log.reader(banned()).sent_by(READER, log.room, OTHER, None, 9).await.is_err());
    let preview = log.reader(banned()[1..].to_vec()).last_message(&log.grant(1, 1), READER).await;
    assert!(preview.is_err());
}

#[tokio::test]
async fn one_senders_messages_come_in_pages() {
    let log = Log::of("momomomo").await;
    let (sent, next) = log.whole().sent_by(READER, log.room, OTHER, None, 3).await.unwrap();
    assert_eq!((sent.iter().map(|sent| sent.seq).collect::<Vec<_>>(), next), (vec![8, 6, 4], Some(4)));
    let (sent, next) = log.whole().sent_by(READER, log.room, OTHER, next, 3).await.unwrap();
    assert_eq!((sent.iter().map(|sent| sent.seq).collect::<Vec<_>>(), next), (vec![2], None));
}

#[tokio::test]
async fn read_marks_do_not_lie_below_what_may_be_read() {
    let log = Log::of("mmjmm").await;
    let reader = log.whole();
    let marker = |seq, posts| Some(ReadMarker { room: log.room, user: READER, seq, posts });
    for (first, marker, mark) in [
        (1, None, (0, 0)),
        (1, marker(2, 2), (2, 2)),
        (4, None, (3, 2)),
        (3, marker(1, 1), (2, 2)),
        (4, marker(5, 4), (5, 4)),
        (6, None, (5, 4)),
    ] {
        assert_eq!(
            reader.read_mark(&log.grant(first, 5), UserId::new(99), marker).await.unwrap(),
            mark,
            "{first}"
        );
    }
}

#[tokio::test]
async fn a_page_begins_behind_what_expired_since_the_grant() {
    let log = Log::of("mmmmmm").await;
    let ask = |after, before, limit| PageRequest { mode: PageMode::Entries, after, before, limit };
    for (kept_from, after, before, limit, first, covered) in [
        (2, Some(2), None, None, 1, (3, 6)),
        (4, Some(2), None, None, 4, (4, 6)),
        (4, Some(2), None, Some(1), 4, (4, 4)),
        (4, None, Some(7), Some(3), 1, (4, 6)),
        (4, None, Some(7), Some(4), 4, (4, 6)),
        (4, None, Some(3), None, 3, (3, 2)),
        (7, Some(2), None, None, 7, (7, 6)),
    ] {
        log.store.expire(log.room, EPOCH, kept_from).await.unwrap();
        let request = ask(after, before, limit);
        let (reader, grant) = (log.whole(), log.grant(1, 6));
        let page = reader.page_of(&grant, READER, &request, page_limit(limit).unwrap()).await.unwrap();
        assert_eq!((page.first, (page.from, page.to)), (first, covered), "{request:?}");
    }
}

#[tokio::test]
async fn read_marks_count_what_expired_since_the_grant() {
    let log = Log::of("mmjmmj").await;
    for (kept_from, mark) in [(3, (2, 2)), (5, (4, 3)), (6, (5, 4)), (7, (6, 4))] {
        log.store.expire(log.room, EPOCH, kept_from).await.unwrap();
        assert_eq!(
            log.whole().read_mark(&log.grant(2, 6), UserId::new(99), None).await.unwrap(),
            mark,
            "{kept_from}"
        );
    }
}

#[tokio::test]
async fn the_preview_is_the_last_message() {
    let log = Log::of(&format!("om{}", "e".repeat(20))).await;
    let preview = log.whole().last_message(&log.grant(1, 22), READER).await.unwrap();
    assert_eq!((preview.message.map(|message| message.seq), preview.at), (Some(2), Some(TimeMs(220))));
    let none = Log::of("jj").await;
    let preview = none.whole().last_message(&none.grant(1, 2), READER).await.unwrap();
    assert_eq!((preview.message, preview.at), (None, Some(TimeMs(20))));
}
