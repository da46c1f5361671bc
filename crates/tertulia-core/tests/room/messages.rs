//! Messages: texts, replies, edits, deletions, reactions, slow mode, and the limits of each.

use tertulia_core::{
    Attached, Attachment, AttachmentKind, ContentHash, EntryBody, EntryKind, Seq, UploadId,
    room::{
        Broadcast, Command, Decision, EDITS_PER_MESSAGE_MAX, Refusal, RoomSettings, SettingsChange,
        TARGETS_CACHED_MAX, WINDOW_ENTRIES,
    },
    text::TextError,
};

use crate::world::{START, World, post, since_join, user};

fn edit(of: Seq, text: &str) -> Command {
    Command::Edit { of, text: text.into() }
}

fn delete(of: Seq) -> Command {
    Command::Delete { of, reason: None }
}

fn react(of: Seq, emoji: &str, on: bool) -> Command {
    Command::React { of, emoji: emoji.into(), on }
}

fn reply(reply_to: Seq) -> Command {
    Command::Post { text: "yes".into(), reply_to: Some(reply_to), attached: Default::default() }
}

#[test]
fn only_messages_count_as_posts() {
    let mut world = World::group(&[2]);
    let first = world.ok(1, post("one"));
    for command in [edit(first, "uno"), react(first, "👍", true), post("two"), delete(first)] {
        world.ok(1, command);
    }
    world.ok(2, Command::Leave);
    let posts: Vec<_> = (first..=world.room.head().seq).map(|seq| world.entry(seq).posts).collect();
    assert_eq!(posts, [1, 1, 1, 2, 2, 2]);
    assert_eq!(world.room.published(), (first + 5, 2));
}

fn carrying(text: &str, attached: Attached) -> Command {
    Command::Post { text: text.into(), reply_to: None, attached }
}

fn files(count: u8) -> Attached {
    let file = |number| Attachment {
        name: format!("{number}.txt"),
        media_type: "text/plain".into(),
        size: 1,
        hash: ContentHash([number; 32]),
        kind: AttachmentKind::File,
        pixels: None,
        blur: None,
        thumb: None,
        duration_ms: None,
        wave: None,
    };
    Attached::Held((0..count).map(file).collect())
}

#[test]
fn a_message_carries_files_that_were_looked_up() {
    let mut world = World::group(&[2]);
    world.limits.attachments_per_message = 2;
    let uploads = |count: u64| Attached::Uploads((1..=count).map(UploadId::new).collect());
    assert_eq!(world.give(1, carrying("", uploads(2))), Decision::NeedUploads);
    for (command, refusal) in [
        (carrying("x", uploads(3)), Refusal::TooLarge { field: "attachments", value: 3, max: 2 }),
        (carrying("x", files(3)), Refusal::TooLarge { field: "attachments", value: 3, max: 2 }),
        (carrying(" ", files(1)), Refusal::Text { field: "text", error: TextError::Empty }),
        (carrying("", files(0)), Refusal::Text { field: "text", error: TextError::Empty }),
    ] {
        assert_eq!(world.no(1, command), refusal);
    }
    assert_eq!(
        world.no(9, carrying("", uploads(1))),
        Refusal::NotMember,
        "nothing is looked up for strangers"
    );
    let seq = world.ok(1, carrying("", files(2)));
    let body = world.entry(seq).body.clone().unwrap();
    assert_eq!((body.attachments().len(), body.text()), (2, ""));
}

#[test]
fn texts_names_and_reasons_have_limits() {
    let mut world = World::group(&[2]);
    world.limits.text_bytes = 10;
    let message = world.ok(1, post("0123456789"));
    let too_long =
        |field, length, max, unit| Refusal::Text { field, error: TextError::TooLong { length, max, unit } };
    let reason = || Some("x".repeat(501));
    let change = |name: &str| Command::Change { name: Some(name.into()), topic: None, settings: None };
    let topic = |chars| Command::Change { name: None, topic: Some("x".repeat(chars)), settings: None };
    for (command, refusal) in [
        (post("01234567890"), too_long("text", 11, 10, "bytes")),
        (post("ññññññ"), too_long("text", 12, 10, "bytes")),
        (edit(message, "01234567890"), too_long("text", 11, 10, "bytes")),
        (post(" \n"), Refusal::Text { field: "text", error: TextError::Empty }),
        (post("a\0"), Refusal::Text { field: "text", error: TextError::Character(0) }),
        (react(message, "ok", true), Refusal::Text { field: "emoji", error: TextError::NotEmoji }),
        (Command::Delete { of: message, reason: reason() }, too_long("reason", 501, 500, "characters")),
        (Command::Remove { user: user(2), reason: reason() }, too_long("reason", 501, 500, "characters")),
        (
            Command::Ban { user: user(2), until: None, reason: reason() },
            too_long("reason", 501, 500, "characters"),
        ),
        (change(&"x".repeat(81)), too_long("name", 81, 80, "characters")),
        (change("a\u{200b}b"), Refusal::Text { field: "name", error: TextError::Character(0x200b) }),
        (topic(251), too_long("topic", 251, 250, "characters")),
    ] {
        assert_eq!(world.no(1, command.clone()), refusal, "{command:?}");
    }
    world.ok(1, topic(250));
}

#[test]
fn settings_have_limits() {
    let mut world = World::group(&[]);
    let settings =
        |settings: RoomSettings| Command::Change { name: None, topic: None, settings: Some(settings.into()) };
    for (settings_, field, value, max) in [
        (RoomSettings { slow_mode_s: 21_601, ..RoomSettings::default() }, "slow_mode_s", 21_601, 21_600),
        (
            RoomSettings { retention_days: Some(36_501), ..RoomSettings::default() },
            "retention_days",
            36_501,
            36_500,
        ),
    ] {
        assert_eq!(world.no(1, settings(settings_)), Refusal::TooLarge { field, value, max });
    }
    assert_eq!(world.no(1, settings(RoomSettings::default())), Refusal::NothingToChange);
}

#[test]
fn two_changes_at_once_do_not_undo_each_other() {
    let mut world = World::group(&[]);
    let settings = |change| Command::Change { name: None, topic: None, settings: Some(change) };
    let kept = SettingsChange { retention_days: Some(Some(1)), ..SettingsChange::default() };
    let queued = SettingsChange { broadcast: Some(Some(Broadcast::Queued)), ..SettingsChange::default() };
    world.give(1, settings(kept));
    world.give(1, settings(queued));
    while world.take() > 0 {}
    let now = world.room.meta().map(|meta| meta.settings.clone()).unwrap();
    assert_eq!((now.retention_days, now.broadcast), (Some(1), Some(Broadcast::Queued)));
    let back = SettingsChange { retention_days: Some(None), ..SettingsChange::default() };
    world.ok(1, settings(back));
    let now = world.room.meta().map(|meta| meta.settings.clone()).unwrap();
    assert_eq!((now.retention_days, now.broadcast), (None, Some(Broadcast::Queued)));
}

#[test]
fn a_change_says_only_what_changed() {
    let mut world = World::group(&[]);
    let seq = world.ok(
        1,
        Command::Change {
            name: Some("Tertulia".into()),
            topic: Some("books".into()),
            settings: Some(RoomSettings::default().into()),
        },
    );
    let changed = EntryBody::Changed { name: None, topic: Some("books".into()), settings: None };
    assert_eq!(world.entry(seq).body, Some(changed));
    assert_eq!(world.room.meta().map(|meta| meta.topic.as_str()), Some("books"));
}

#[test]
fn a_message_that_is_not_there_cannot_be_changed() {
    let mut world = World::group(&[2]);
    let message = world.ok(1, post("hola"));
    let head = world.room.head().seq;
    for of in [0, 1, head + 1, Seq::MAX] {
        for command in [edit(of, "x"), delete(of), react(of, "👍", true), reply(of)] {
            assert_eq!(world.no(1, command), Refusal::NoSuchMessage { seq: of });
        }
    }
    world.ok(1, delete(message));
    for reopened in [false, true] {
        for command in [edit(message, "x"), delete(message), react(message, "👍", true), reply(message)] {
            assert_eq!(world.no(1, command), Refusal::MessageDeleted { seq: message }, "reopened {reopened}");
        }
        world.crash(0);
    }
    // What has expired is not there either.
    let message = world.ok(1, post("hola"));
    world.room.expire(message + 1);
    assert_eq!(world.no(1, edit(message, "x")), Refusal::NoSuchMessage { seq: message });
}

#[test]
fn old_messages_are_looked_up() {
    let mut world = World::group(&[2]);
    let (mine, others, gone) =
        (world.ok(1, post("mine")), world.ok(2, post("others")), world.ok(1, post("gone")));
    world.ok(1, delete(gone));
    world.ok(2, Command::Leave);
    while world.room.head().seq < others + 2 * WINDOW_ENTRIES as Seq {
        world.ok(1, post("noise"));
    }
    let ask = world.ask(1, edit(mine, "x"));
    let need = world.room.decide(
        &ask,
        &mut tertulia_core::room::Circumstances {
            limits: &world.limits,
            now: world.now,
            salt: &mut || [0; 16],
        },
    );
    assert_eq!(need, Decision::Need(tertulia_core::room::Need::Message(mine)));
    assert!(matches!(world.decide(&ask), Decision::Numbered { .. }));
    assert_eq!(world.no(1, edit(others, "x")), Refusal::NotAllowed);
    assert_eq!(world.no(1, edit(gone, "x")), Refusal::MessageDeleted { seq: gone });
    assert_eq!(world.no(1, edit(2, "x")), Refusal::NoSuchMessage { seq: 2 });
    // Its sender has left: whoever keeps order may delete it.
    world.ok(1, delete(others));
    assert_eq!(world.no(1, delete(others)), Refusal::MessageDeleted { seq: others });
}

#[test]
fn a_deletion_that_is_under_way_counts() {
    let mut world = World::group(&[2]);
    let message = world.ok(1, post("hola"));
    world.give(1, edit(message, "x"));
    world.give(1, delete(message));
    assert_eq!(world.no(1, edit(message, "y")), Refusal::MessageDeleted { seq: message });
    world.settle();
    assert_eq!(world.entry(message).body, None);
    assert_eq!(world.entry(message + 1).body, None, "the text of an edit is erased with the message");
    assert_eq!(world.entry(message + 1).kind, EntryKind::Edit);
}

#[test]
fn many_messages_with_reactions_keep_their_state() {
    let mut world = World::group(&[2]);
    world.limits.reaction_kinds = 1;
    let messages: Vec<Seq> = (0..2 * TARGETS_CACHED_MAX).map(|_| world.ok(1, post("hola"))).collect();
    for message in &messages {
        world.ok(2, react(*message, "👍", true));
    }
    for message in &messages {
        assert_eq!(world.no(2, react(*message, "👎", true)), Refusal::TooManyReactions { max: 1 });
    }
}

#[test]
fn reactions_that_are_under_way_are_not_forgotten() {
    let mut world = World::group(&[2]);
    world.limits.reaction_kinds = 1;
    let messages: Vec<Seq> = (0..2 * TARGETS_CACHED_MAX).map(|_| world.ok(1, post("hola"))).collect();
    for message in &messages {
        world.give(2, react(*message, "👍", true));
    }
    for message in &messages {
        assert_eq!(world.no(2, react(*message, "👎", true)), Refusal::TooManyReactions { max: 1 });
    }
}

#[test]
fn kinds_of_reactions_are_limited() {
    let mut world = World::group(&[2]);
    world.limits.reaction_kinds = 2;
    let message = world.ok(1, post("hola"));
    world.ok(1, react(message, "👍", true));
    world.ok(2, react(message, "👎", true));
    assert_eq!(world.no(1, react(message, "🎉", true)), Refusal::TooManyReactions { max: 2 });
    world.ok(1, react(message, "👎", true));
    world.ok(1, react(message, "🎉", false));
    // Both have taken one kind back: there is room for another, at once or after an opening.
    world.ok(1, react(message, "👎", false));
    assert_eq!(world.no(1, react(message, "🎉", true)), Refusal::TooManyReactions { max: 2 });
    world.ok(2, react(message, "👎", false));
    world.ok(1, react(message, "🎉", true));
    world.crash(0);
    assert_eq!(world.no(1, react(message, "👎", true)), Refusal::TooManyReactions { max: 2 });
}

#[test]
fn edits_are_limited() {
    let mut world = World::group(&[]);
    let message = world.ok(1, post("hola"));
    for round in 0..EDITS_PER_MESSAGE_MAX {
        world.ok(1, edit(message, &format!("{round}")));
        if round == 70 {
            world.crash(0);
        }
    }
    let max = u64::from(EDITS_PER_MESSAGE_MAX);
    assert_eq!(world.no(1, edit(message, "x")), Refusal::TooManyEdits { max });
    world.crash(0);
    assert_eq!(world.no(1, edit(message, "x")), Refusal::TooManyEdits { max });
    world.ok(1, delete(message));
}

#[test]
fn nobody_answers_or_reacts_to_what_they_may_not_read() {
    let mut world = World::group(&[2]);
    let early = world.ok(1, post("before"));
    world.ok(1, Command::Change { name: None, topic: None, settings: Some(since_join().into()) });
    world.ok(1, Command::Add { user: user(3) });
    let late = world.ok(1, post("after"));
    for command in [reply(early), react(early, "👍", true)] {
        assert_eq!(world.no(3, command.clone()), Refusal::NoSuchMessage { seq: early });
        world.ok(2, command);
    }
    world.ok(3, reply(late));
    world.ok(3, react(late, "👍", true));
}

#[test]
fn slow_mode_holds_members_back() {
    let mut world = World::group(&[2, 3, 4]);
    world.ok(1, Command::SetRole { user: user(4), role: tertulia_core::Role::Moderator });
    world.ok(2, post("before it is slow"));
    let slow = RoomSettings { slow_mode_s: 10, ..RoomSettings::default() };
    world.ok(1, Command::Change { name: None, topic: None, settings: Some(slow.into()) });
    for (after_ms, actor, wait_ms) in [
        (0, 2, None),
        (0, 3, None),
        (0, 2, Some(10_000)),
        (9_999, 2, Some(1)),
        (9_999, 4, None),
        (9_999, 4, None),
        (9_999, 1, None),
        (9_999, 1, None),
        (10_000, 2, None),
        (10_000, 3, None),
        (10_001, 2, Some(9_999)),
    ] {
        world.now = START.plus(after_ms);
        match wait_ms {
            None => drop(world.ok(actor, post("hola"))),
            Some(retry_after_ms) => {
                assert_eq!(
                    world.no(actor, post("hola")),
                    Refusal::SlowMode { retry_after_ms },
                    "{after_ms} {actor}"
                );
            }
        }
    }
    world.crash(0);
    assert_eq!(
        world.no(2, post("hola")),
        Refusal::SlowMode { retry_after_ms: 9_999 },
        "an opened room goes on"
    );
    let slower = RoomSettings { slow_mode_s: 20, ..RoomSettings::default() };
    world.ok(1, Command::Change { name: None, topic: None, settings: Some(slower.into()) });
    world.ok(2, post("it counts from when the settings changed"));
    assert_eq!(world.no(2, post("hola")), Refusal::SlowMode { retry_after_ms: 20_000 });
    let last = world.ok(3, post("hola"));
    // Edits and reactions are no messages; a clock that goes back holds nobody.
    world.ok(3, edit(last, "better"));
    world.now = START;
    world.ok(2, post("hola"));
}

#[test]
fn slow_mode_of_a_huge_room_forgets_who_need_not_wait() {
    let people: Vec<u64> = (100..160).collect();
    let mut world = World::group(&people);
    let slow = RoomSettings { slow_mode_s: 10, ..RoomSettings::default() };
    world.ok(1, Command::Change { name: None, topic: None, settings: Some(slow.into()) });
    for round in 0..20_u64 {
        world.now = START.plus(round * 10_000);
        for person in &people {
            world.ok(*person, post("hola"));
        }
        assert_eq!(world.no(people[0], post("hola")), Refusal::SlowMode { retry_after_ms: 10_000 });
    }
}
