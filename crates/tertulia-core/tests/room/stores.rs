//! The room and its stores: what it takes from them, what it forgets, and how it is opened from a tail.

use tertulia_core::{
    EntryKind, Member, Role, Room, Standing,
    permission::RoomKind,
    room::{
        Circumstances, Command, Decision, Head, MEMBERS_CACHED_MAX, MessageFacts, Need, Opening, Refusal,
        TAIL_ENTRIES, TARGETS_CACHED_MAX,
    },
    row::{BUCKET_ENTRIES, BadRow, Row},
};

use crate::world::{GROUP, START, World, create, post, user};

/// The room's own word, without an answer from any store.
fn alone(world: &mut World, actor: u64, command: Command) -> Decision {
    let ask = world.ask(actor, command);
    let mut around = Circumstances { limits: &world.limits, now: world.now, salt: &mut || [0; 16] };
    world.room.decide(&ask, &mut around)
}

fn member(role: Role, seq: u64) -> Member {
    Member { standing: Standing::In { role, since_seq: seq }, seq, blocked: false }
}

#[test]
fn an_answer_that_was_overtaken_is_dropped() {
    let mut world = World::group(&[2]);
    world.crash(0);
    assert_eq!(alone(&mut world, 2, post("hola")), Decision::Need(Need::Member(user(2))));
    let asked = world.room.moment();
    // While the directory is read, something changes there.
    world.room.forget_member(user(2));
    world.room.learn_member(user(2), member(Role::Member, 3), asked);
    assert_eq!(alone(&mut world, 2, post("hola")), Decision::Need(Need::Member(user(2))));
    let asked = world.room.moment();
    world.room.learn_member(user(2), Member::STRANGER, asked);
    assert_eq!(alone(&mut world, 2, post("hola")), Decision::Refused(Refusal::NotMember));
}

#[test]
fn an_answer_from_before_a_ban_that_is_forgotten_is_dropped() {
    let mut world = World::group(&[2]);
    world.crash(0);
    let asked = world.room.moment();
    world.ok(1, Command::Ban { user: user(2), until: None, reason: None });
    // So many come by that the room forgets the ban, which is in the directory by now.
    for number in 0..=MEMBERS_CACHED_MAX as u64 {
        let now = world.room.moment();
        world.room.learn_member(user(10_000 + number), Member::STRANGER, now);
    }
    world.room.learn_member(user(2), member(Role::Member, 3), asked);
    assert_eq!(alone(&mut world, 2, post("hola")), Decision::Need(Need::Member(user(2))));
    assert!(matches!(world.no(2, post("hola")), Refusal::Banned { .. }));
}

#[test]
fn an_answer_about_a_message_that_was_overtaken_is_dropped() {
    let mut world = World::group(&[2]);
    let message = world.ok(1, post("hola"));
    let edit = Command::Edit { of: message, text: "better".into() };
    while world.room.head().seq < message + 2 * TAIL_ENTRIES as u64 {
        world.ok(1, post("noise"));
    }
    world.crash(0);
    world.grant(1).expect("a member");
    assert_eq!(alone(&mut world, 1, edit.clone()), Decision::Need(Need::Message(message)));
    let asked = world.room.moment();
    world.ok(1, Command::Delete { of: message, reason: None });
    // So many are changed that the room forgets the deletion, which is in the store by now.
    for number in 0..=TARGETS_CACHED_MAX as u64 {
        let now = world.room.moment();
        world.room.learn_message(1_000_000 + number, None, now);
    }
    let facts = MessageFacts { sender: user(1), deleted: false, edits: 0, reactions: Vec::new() };
    world.room.learn_message(message, Some(facts), asked);
    assert_eq!(world.no(1, edit), Refusal::MessageDeleted { seq: message });
}

#[test]
fn what_only_the_room_knows_is_not_forgotten() {
    let mut world = World::group(&[2, 3]);
    world.give(1, Command::Ban { user: user(2), until: None, reason: None });
    world.give(1, Command::Add { user: user(4) });
    for number in 0..2 * MEMBERS_CACHED_MAX as u64 {
        let now = world.room.moment();
        world.room.learn_member(user(10_000 + number), Member::STRANGER, now);
    }
    world.room.forget_member(user(2));
    world.room.forget_member(user(4));
    // The directory still says otherwise, and is not believed.
    let now = world.room.moment();
    world.room.learn_member(user(2), member(Role::Owner, 3), now);
    world.room.learn_member(user(4), Member::STRANGER, now);
    assert!(matches!(alone(&mut world, 2, post("hola")), Decision::Refused(Refusal::Banned { .. })));
    assert!(matches!(alone(&mut world, 4, post("hola")), Decision::Numbered { .. }));
    world.settle();
    // Once it is published, the directory is asked again.
    world.room.forget_member(user(4));
    assert_eq!(alone(&mut world, 4, post("hola")), Decision::Need(Need::Member(user(4))));
}

#[test]
fn a_block_counts_from_when_the_room_is_told() {
    let mut world = World::direct();
    world.ok(1, post("hola"));
    let asked = world.room.moment();
    world.stores.blocked = true;
    world.room.forget_member(user(1));
    world.room.forget_member(user(2));
    // Read before the block, and late.
    for number in [1, 2] {
        world.room.learn_member(user(number), member(Role::Member, 1 + number), asked);
        assert_eq!(world.no(number, post("hola")), Refusal::Blocked);
    }
    world.stores.blocked = false;
    world.room.forget_member(user(1));
    world.ok(1, post("hola"));
}

#[test]
fn a_block_from_before_the_room_was_made_counts() {
    let id = tertulia_core::RoomId::direct(user(1), user(2), 0);
    let mut world = World::new(id);
    world.give(1, create(RoomKind::Direct, &[2]));
    // The directory does not have the room yet, and knows of no block there.
    let now = world.room.moment();
    world.room.learn_member(user(1), Member::STRANGER, now);
    world.stores.blocked = true;
    world.settle();
    assert_eq!(world.no(1, post("hola")), Refusal::Blocked);
}

#[test]
fn a_batch_never_spans_two_buckets() {
    for start in [BUCKET_ENTRIES - 3, 2 * BUCKET_ENTRIES - 1, 2 * BUCKET_ENTRIES] {
        let mut world = World::after(GROUP, start);
        world.give(1, create(RoomKind::Group, &[2, 3, 4, 5]));
        assert!(world.room.has_unsent());
        let mut seqs = Vec::new();
        loop {
            let before = world.under_way.len();
            if world.take() == 0 {
                break;
            }
            let batch: Vec<u64> =
                world.under_way.range(before..).map(|numbered| numbered.entry.seq).collect();
            let bucket = batch[0] / BUCKET_ENTRIES;
            assert!(batch.iter().all(|seq| seq / BUCKET_ENTRIES == bucket), "{batch:?}");
            seqs.extend(batch);
        }
        assert_eq!(seqs, (start + 1..=start + 6).collect::<Vec<_>>());
        assert!(!world.room.has_unsent() && !world.room.is_quiet());
        world.settle();
        assert!(world.room.is_quiet());
    }
}

#[test]
#[should_panic(expected = "cannot be published")]
fn entries_are_published_in_order() {
    let mut world = World::group(&[]);
    world.give(1, post("one"));
    world.give(1, post("two"));
    let taken = world.room.take_unsent();
    world.room.publish(&taken[1].entry);
}

#[test]
fn rows_are_a_chain() {
    let mut world = World::group(&[2]);
    let message = world.ok(1, post("a secret"));
    world.ok(1, Command::Delete { of: message, reason: None });
    world.crash(0);
    world.ok(1, post("hola"));
    let mut chain = tertulia_core::row::chain_start(GROUP);
    for row in world.stores.rows.values() {
        assert!(row.proves(&chain), "row {}", row.seq);
        chain = row.chain().expect("a stored row");
    }
    assert_eq!(world.room.head().chain, chain);
}

#[test]
fn an_opening_tells_what_may_be_undone() {
    let mut world = World::group(&[2]);
    let message = world.ok(1, post("hola"));
    world.ok(1, Command::Edit { of: message, text: "x".into() });
    world.ok(2, Command::Leave);
    let (room, repair) = open(&world, world.stores.rows.values().cloned().collect(), None);
    assert_eq!(room.expect("its own rows").head(), world.room.head());
    let kinds: Vec<EntryKind> = repair.iter().map(|entry| entry.kind).collect();
    use EntryKind::*;
    assert_eq!(kinds, [Created, Entered, Entered, Edit, Left]);
}

#[test]
fn nothing_from_before_a_room_was_made_again_is_there() {
    let mut world = World::group(&[2]);
    world.ok(1, Command::DeleteRoom);
    let created = world.ok(1, create(RoomKind::Group, &[]));
    let (room, _) = open(&world, world.stores.rows.values().cloned().collect(), None);
    assert_eq!(room.expect("its own rows").first(), created);
}

fn open(
    world: &World,
    tail: Vec<Row>,
    purged: Option<Head>,
) -> (Result<Room, BadRow>, Vec<tertulia_core::Entry>) {
    let opening = Opening {
        room: GROUP,
        epoch: 2,
        epochs: [(1, 1), (2, 100)].into(),
        meta: world.room.meta().cloned(),
        first: 1,
        purged,
        tail,
    };
    match Room::open(opening) {
        Ok((room, repair)) => (Ok(room), repair.entries),
        Err(error) => (Err(error), Vec::new()),
    }
}

#[test]
fn a_damaged_tail_is_an_error() {
    let mut world = World::group(&[2]);
    world.ok(1, post("hola"));
    let rows: Vec<Row> = world.stores.rows.values().cloned().collect();
    let damaged = |seq, what| Some(BadRow::Damaged { seq, what });
    let without = |at: usize| {
        rows.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, row)| row.clone()).collect()
    };
    assert_eq!(open(&world, without(1), None).0.err(), damaged(3, "its number"));
    assert_eq!(open(&world, vec![Row { seq: 0, ..rows[0].clone() }], None).0.err(), damaged(0, "its number"));
    assert_eq!(open(&world, vec![rows[1].clone(), rows[0].clone()], None).0.err(), damaged(1, "its number"));
    let mut short = rows.clone();
    short[3].bytes.truncate(50);
    assert_eq!(open(&world, short, None).0.err(), damaged(4, "its length"));
    let mut future = rows;
    future[0].bytes[0] = 2;
    assert_eq!(open(&world, future, None).0.err(), Some(BadRow::Version { seq: 1, version: 2 }));
}

#[test]
fn an_erased_tail_opens() {
    let mut world = World::group(&[2]);
    let messages: Vec<u64> = (0..TAIL_ENTRIES).map(|_| world.ok(1, post("a secret"))).collect();
    for message in &messages {
        world.ok(1, Command::Delete { of: *message, reason: None });
    }
    world.crash(0);
    assert_eq!(world.room.published(), (messages.len() as u64 * 2 + 3, messages.len() as u64));
    assert_eq!(
        world.no(1, Command::Delete { of: messages[63], reason: None }),
        Refusal::MessageDeleted { seq: messages[63] }
    );
    world.now = START.plus(1);
    world.ok(2, post("hola"));
}
