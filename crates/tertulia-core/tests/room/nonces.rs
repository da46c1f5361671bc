//! Nonces and `since`: the same nonce is the same entry or `stale_send`, and never two.

use std::collections::HashMap;

use tertulia_core::{
    Nonce, Role, Seq,
    room::{Ask, Command, Decision, Refusal, TAIL_ENTRIES, UNPUBLISHED_MAX, WINDOW_ENTRIES},
};

use crate::world::{GROUP, World, create, decide, post, system, user};

#[test]
fn a_retry_is_the_same_entry_before_any_rule() {
    let mut world = World::group(&[2, 3]);
    let ask = world.ask(2, post("hola"));
    let Decision::Numbered { first: seq, .. } = world.decide(&ask) else { panic!("it is allowed") };
    assert_eq!(world.decide(&ask), Decision::Repeated { seq }, "while it is under way");
    world.settle();
    assert_eq!(world.decide(&ask), Decision::Repeated { seq });
    world.limits.text_bytes = 1;
    assert_eq!(world.decide(&ask), Decision::Repeated { seq }, "too long by now");
    world.ok(1, Command::Ban { user: user(2), until: None, reason: None });
    assert_eq!(world.decide(&ask), Decision::Repeated { seq }, "its sender is banned by now");
    world.crash(0);
    assert_eq!(world.decide(&ask), Decision::Repeated { seq }, "the owner is another by now");
    world.ok(1, Command::DeleteRoom);
    assert_eq!(world.decide(&ask), Decision::Repeated { seq }, "the room is gone by now");
}

#[test]
fn a_nonce_is_its_senders_own() {
    let mut world = World::group(&[2]);
    let ask = world.ask(1, post("hola"));
    let of_other = Ask { actor: user(2), ..ask.clone() };
    assert!(matches!(world.decide(&ask), Decision::Numbered { first: 4, .. }));
    assert!(matches!(world.decide(&of_other), Decision::Numbered { first: 5, .. }));
    assert_eq!(world.decide(&of_other), Decision::Repeated { seq: 5 });
}

#[test]
fn a_nonce_with_other_content_is_refused() {
    let mut world = World::group(&[2, 3]);
    let message = world.ok(1, post("hola"));
    let react = |emoji: &str, on| Command::React { of: message, emoji: emoji.into(), on };
    let reply = |reply_to| Command::Post { text: "hola".into(), reply_to, attached: Default::default() };
    let edit = |text: &str| Command::Edit { of: message, text: text.into() };
    let role = |role| Command::SetRole { user: user(2), role };
    let remove = |number| Command::Remove { user: user(number), reason: None };
    for (one, other) in [
        (post("hola"), post("adiós")),
        (reply(None), reply(Some(message))),
        (edit("one"), edit("other")),
        (react("👍", true), react("👎", true)),
        (react("🎉", true), react("🎉", false)),
        (role(Role::Moderator), role(Role::Owner)),
        (remove(2), remove(3)),
        (post("hola"), edit("hola")),
        (Command::Add { user: user(8) }, Command::Add { user: user(9) }),
    ] {
        let ask = world.ask(1, one);
        let Decision::Numbered { first: seq, .. } = world.decide(&ask) else { panic!("{ask:?}") };
        let reused = Ask { command: other, ..ask.clone() };
        assert_eq!(world.decide(&reused), Decision::Refused(Refusal::NonceReused { seq }), "{reused:?}");
        assert_eq!(world.decide(&ask), Decision::Repeated { seq });
    }
}

#[test]
fn what_differs_on_every_try_is_not_other_content() {
    let mut world = World::group(&[2, 3]);
    let ban = |until_ms: u64, reason: &str| Command::Ban {
        user: user(2),
        until: Some(tertulia_core::TimeMs(2_000_000_000_000 + until_ms)),
        reason: Some(reason.into()),
    };
    let ask = world.ask(1, ban(1, "noise"));
    let Decision::Numbered { first: seq, .. } = world.decide(&ask) else { panic!("it is allowed") };
    let retry = Ask { command: ban(2, "noise, again"), ..ask };
    assert_eq!(world.decide(&retry), Decision::Repeated { seq });
    // A change leaves out what stays: the whole form may be sent again.
    let change = |topic: &str| Command::Change {
        name: Some("Tertulia".into()),
        topic: Some(topic.into()),
        settings: None,
    };
    let ask = world.ask(1, change("books"));
    let Decision::Numbered { first: seq, .. } = world.decide(&ask) else { panic!("it is allowed") };
    assert_eq!(world.decide(&ask), Decision::Repeated { seq });
}

#[test]
fn the_nonce_of_an_erased_message_still_answers() {
    for reopen in [false, true] {
        let mut world = World::group(&[]);
        let ask = world.ask(1, post("a secret"));
        let Decision::Numbered { first: seq, .. } = world.decide(&ask) else { panic!("it is allowed") };
        world.settle();
        world.ok(1, Command::Delete { of: seq, reason: None });
        if reopen {
            world.crash(0);
        }
        assert_eq!(world.decide(&ask), Decision::Repeated { seq });
        // Nobody knows any more what it said: not even whether this is the same.
        let other = Ask { command: post("another secret"), ..ask.clone() };
        assert_eq!(world.decide(&other), Decision::Repeated { seq });
        let edit = Ask { command: Command::Edit { of: seq, text: "no".into() }, ..ask };
        assert_eq!(world.decide(&edit), Decision::Refused(Refusal::NonceReused { seq }));
    }
}

#[test]
fn zero_is_no_nonce() {
    let mut world = World::group(&[2]);
    let zero = |actor, command| Ask { actor: user(actor), nonce: Nonce(0), since: None, command };
    assert_eq!(world.decide(&zero(1, post("hola"))), Decision::Refused(Refusal::NoNonce));
    // The system repeats itself as often as it likes, and entries besides a command's first answer nobody.
    for _ in 0..2 {
        assert!(matches!(world.decide(&zero(system(), post("hola"))), Decision::Numbered { .. }));
    }
}

#[test]
fn since_is_exactly_decisive() {
    let mut world = World::group(&[]);
    let window = WINDOW_ENTRIES as Seq;
    while world.room.head().seq < 2 * window {
        world.ok(1, post("hola"));
    }
    let oldest = world.room.head().seq - window;
    let ask = |since| Ask {
        actor: user(1),
        nonce: Nonce(u128::MAX - u128::from(since)),
        since: Some(since),
        command: post("late"),
    };
    for since in [0, oldest - 1] {
        let stale = Refusal::StaleSend { since, oldest };
        assert_eq!(world.decide(&ask(since)), Decision::Refused(stale), "{since}");
    }
    // The first entry that it could be is remembered, and is another: so it is new.
    assert!(matches!(world.decide(&ask(oldest)), Decision::Numbered { .. }));
    world.settle();
    world.crash(0);
    let head = world.room.head().seq;
    let Decision::Refused(Refusal::StaleSend { oldest, .. }) = world.decide(&ask(0)) else {
        panic!("it is stale")
    };
    assert!(head - oldest <= TAIL_ENTRIES as Seq, "an opened room remembers no more than it has read");
    assert!(matches!(world.decide(&ask(oldest - 1)), Decision::Refused(Refusal::StaleSend { .. })));
    assert!(matches!(world.decide(&ask(head)), Decision::Numbered { .. }));
}

#[test]
fn nobody_knows_a_head_that_was_not_numbered() {
    let mut world = World::group(&[2]);
    let max = world.room.head().seq;
    let ask = |since| Ask { actor: user(1), nonce: Nonce(7), since: Some(since), command: post("hola") };
    for since in [max + 1, Seq::MAX] {
        let refusal = Refusal::TooLarge { field: "since", value: since, max };
        assert_eq!(world.decide(&ask(since)), Decision::Refused(refusal), "{since}");
    }
    assert!(matches!(world.decide(&ask(max)), Decision::Numbered { .. }));
}

#[test]
fn stale_is_said_of_every_command_but_to_nobody_outside() {
    let mut world = World::made(GROUP, create(tertulia_core::permission::RoomKind::Group, &[2]));
    let message = world.ok(1, post("hola"));
    while world.room.head().seq < 2 * WINDOW_ENTRIES as Seq {
        world.ok(1, post("hola"));
    }
    let late = |actor, command| Ask { actor: user(actor), nonce: Nonce(u128::MAX), since: Some(3), command };
    for command in [
        post("hola"),
        Command::Edit { of: message, text: "x".into() },
        Command::Delete { of: message, reason: None },
        Command::React { of: message, emoji: "👍".into(), on: true },
        Command::Add { user: user(5) },
        Command::Leave,
        Command::Remove { user: user(2), reason: None },
        Command::Ban { user: user(2), until: None, reason: None },
        Command::Unban { user: user(2) },
        Command::SetRole { user: user(2), role: Role::Owner },
        Command::Change { name: None, topic: Some("x".into()), settings: None },
        Command::DeleteRoom,
    ] {
        let decision = world.decide(&late(1, command.clone()));
        assert!(
            matches!(decision, Decision::Refused(Refusal::StaleSend { .. })),
            "{command:?}: {decision:?}"
        );
    }
    let join = |invited| late(9, Command::Join { invited });
    assert!(matches!(world.decide(&join(true)), Decision::Refused(Refusal::StaleSend { .. })));
    assert_eq!(world.decide(&join(false)), Decision::Refused(Refusal::NotMember));
    assert_eq!(world.decide(&late(9, post("hola"))), Decision::Refused(Refusal::NotMember));
    // A room that was made, and deleted, is not made again by a retry.
    world.ok(1, Command::DeleteRoom);
    let again = late(1, create(tertulia_core::permission::RoomKind::Group, &[]));
    assert!(matches!(world.decide(&again), Decision::Refused(Refusal::StaleSend { .. })));
}

#[test]
fn retries_however_late_are_never_numbered_twice() {
    let mut world = World::group(&[2, 3]);
    let mut numbered: HashMap<Nonce, (Ask, Seq)> = HashMap::new();
    let (mut repeated, mut stale) = (0, 0);
    for round in 0..4_000_u64 {
        let ask = world.ask(1 + round % 3, post(&format!("{round}")));
        let Decision::Numbered { first, .. } = world.decide(&ask) else { panic!("{round} is a first try") };
        numbered.insert(ask.nonce, (ask, first));
        if round % 7 == 0 {
            world.settle();
        }
        if round % 1_500 == 1_499 {
            world.settle();
            world.crash(0);
        }
        // Some message of the past is tried again.
        let back = (round * 7_919) % (round + 1).min(2_000);
        let (retry, seq) = &numbered[&Nonce(u128::from(round - back) + 2)];
        match decide(&mut world.room, &world.stores, retry, &world.limits, world.now) {
            Decision::Repeated { seq: same } => {
                assert_eq!(same, *seq);
                repeated += 1;
            }
            Decision::Refused(Refusal::StaleSend { since, oldest }) => {
                assert!(since < oldest && *seq <= oldest, "{seq} is remembered");
                stale += 1;
            }
            other => panic!("a retry of {seq}: {other:?}"),
        }
    }
    assert!(repeated > 500 && stale > 500, "{repeated} repeated, {stale} stale");
}

#[test]
fn what_is_not_published_is_remembered_and_bounded() {
    let mut world = World::group(&[]);
    let mut asks = Vec::new();
    let before = world.room.head().seq;
    let busy = loop {
        let ask = world.ask(1, post("hola"));
        match world.decide(&ask) {
            Decision::Numbered { first, .. } => asks.push((ask, first)),
            other => break (ask, other),
        }
    };
    assert_eq!(busy.1, Decision::Refused(Refusal::Busy));
    assert_eq!(world.room.unpublished(), UNPUBLISHED_MAX);
    assert_eq!(world.room.head().seq, before + UNPUBLISHED_MAX as Seq);
    for (ask, seq) in &asks {
        assert_eq!(world.decide(ask), Decision::Repeated { seq: *seq });
    }
    while world.take() > 0 {}
    world.publish_one();
    assert!(matches!(world.decide(&busy.0), Decision::Numbered { .. }), "as soon as one is published");
}
