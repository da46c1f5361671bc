//! Grants: what a reader may read, at any moment between numbered and published.

use tertulia_core::{
    Role, UserId,
    permission::RoomKind,
    room::{Command, Grant, HistoryPolicy, Refusal, RoomSettings, owning_epoch},
};

use crate::world::{GROUP, START, World, create, create_with, post, since_join, system, user};

fn range(grant: Result<Grant, Refusal>) -> Result<(u64, u64), Refusal> {
    grant.map(|grant| (grant.first, grant.through))
}

fn history(history: HistoryPolicy) -> Command {
    Command::Change {
        name: None,
        topic: None,
        settings: Some(RoomSettings { history, ..RoomSettings::default() }.into()),
    }
}

#[test]
fn only_published_entries_are_granted() {
    let mut world = World::group(&[2]);
    world.give(1, post("one"));
    world.give(1, post("two"));
    assert_eq!(range(world.grant(2)), Ok((1, 3)));
    while world.take() > 0 {}
    assert_eq!(range(world.grant(2)), Ok((1, 3)), "stored, for all one knows, but not published");
    world.publish_one();
    let grant = world.grant(2).expect("a member");
    assert_eq!((grant.through, grant.posts), (4, 1));
    world.publish_one();
    assert_eq!(range(world.grant(2)), Ok((1, 5)));
    assert_eq!(range(world.grant(system())), Ok((1, 5)));
}

#[test]
fn a_right_begins_when_it_is_published_and_ends_when_it_is_numbered() {
    let mut world = World::group(&[2]);
    world.give(1, Command::Add { user: user(3) });
    assert_eq!(world.grant(3), Err(Refusal::NotMember));
    world.settle();
    assert_eq!(range(world.grant(3)), Ok((1, 4)));
    world.give(1, Command::Ban { user: user(3), until: None, reason: None });
    assert!(matches!(world.grant(3), Err(Refusal::Banned { .. })));
    world.give(2, Command::Leave);
    assert_eq!(world.grant(2), Err(Refusal::NotMember));
    // Back, but not yet so that anybody knows.
    world.give(1, Command::Add { user: user(2) });
    assert_eq!(world.grant(2), Err(Refusal::NotMember));
    world.settle();
    assert_eq!(range(world.grant(2)), Ok((1, 7)));
    world.give(1, Command::DeleteRoom);
    for reader in [1, 2, 3, 9, system()] {
        assert_eq!(world.grant(reader), Err(Refusal::NotMember), "{reader}");
    }
}

#[test]
fn a_new_role_hides_nothing_meanwhile() {
    let mut world = World::made(GROUP, create_with(RoomKind::Group, &[2], since_join()));
    world.give(1, Command::SetRole { user: user(2), role: Role::Moderator });
    assert_eq!(range(world.grant(2)), Ok((3, 3)));
    world.settle();
    assert_eq!(range(world.grant(2)), Ok((3, 4)), "and keeps when they came in");
}

#[test]
fn history_opens_when_that_is_published_and_closes_when_it_is_numbered() {
    let mut world = World::made(GROUP, create_with(RoomKind::Group, &[2], since_join()));
    world.ok(1, Command::Add { user: user(3) });
    assert_eq!(range(world.grant(3)), Ok((4, 4)));
    assert_eq!(range(world.grant(system())), Ok((1, 4)));
    world.give(1, history(HistoryPolicy::All));
    assert_eq!(range(world.grant(3)), Ok((4, 4)), "an owner that is fenced now has shown nothing");
    world.settle();
    assert_eq!(range(world.grant(3)), Ok((1, 5)));
    world.give(1, history(HistoryPolicy::SinceJoin));
    assert_eq!(range(world.grant(3)), Ok((4, 5)));
    world.settle();
    world.crash(0);
    assert_eq!(range(world.grant(3)), Ok((4, 6)));
}

#[test]
fn what_has_expired_is_not_granted() {
    let mut world = World::group(&[2]);
    for _ in 0..5 {
        world.ok(1, post("hola"));
    }
    world.give(1, post("under way"));
    world.room.expire(6);
    assert_eq!(range(world.grant(2)), Ok((6, 8)));
    world.room.expire(3);
    assert_eq!(range(world.grant(2)), Ok((6, 8)), "it never goes back");
    world.room.expire(1_000);
    assert_eq!(range(world.grant(2)), Ok((9, 8)), "nothing is left of what is published");
    world.settle();
    assert_eq!(range(world.grant(2)), Ok((9, 9)));
    world.ok(1, history(HistoryPolicy::SinceJoin));
    assert_eq!(range(world.grant(2)), Ok((9, 10)), "they came in before that");
}

#[test]
fn standings() {
    let mut world = World::group(&[2, 3, 4, 5]);
    world.ok(2, Command::Leave);
    world.ok(1, Command::Remove { user: user(3), reason: None });
    world.ok(1, Command::Ban { user: user(4), until: None, reason: None });
    world.ok(1, Command::Ban { user: user(5), until: Some(START.plus(1)), reason: None });
    let banned = |until| Err(Refusal::Banned { until, reason: None });
    for opened in [false, true] {
        world.now = START;
        for (reader, expected) in [
            (1, Ok(())),
            (2, Err(Refusal::NotMember)),
            (3, Err(Refusal::NotMember)),
            (4, banned(None)),
            (5, banned(Some(START.plus(1)))),
            (9, Err(Refusal::NotMember)),
        ] {
            assert_eq!(world.grant(reader).map(|_| ()), expected, "{reader}, opened {opened}");
        }
        world.now = START.plus(1);
        assert_eq!(world.grant(5), Err(Refusal::NotMember));
        world.crash(0);
    }
    let mut direct = World::direct();
    direct.stores.blocked = true;
    direct.room.forget_member(user(1));
    assert!(direct.grant(1).is_ok(), "a block hides nothing of what was said");
    assert_eq!(direct.grant(3), Err(Refusal::NotMember));
    assert_eq!(World::new(GROUP).grant(1), Err(Refusal::NotMember));
}

#[test]
fn a_reader_takes_each_row_from_the_epoch_that_owns_it() {
    let epochs = [(2, 1), (5, 10), (9, 10), (12, 40)];
    for (seq, owner) in [(0, None), (1, Some(2)), (9, Some(2)), (10, Some(9)), (39, Some(9)), (40, Some(12))]
    {
        assert_eq!(owning_epoch(&epochs, seq), owner, "{seq}");
    }
    let mut world = World::made(GROUP, create(RoomKind::Group, &[]));
    assert_eq!(world.grant(1).map(|grant| grant.epochs.to_vec()), Ok(vec![(1, 1)]));
}

#[test]
fn who_reads_may_be_told_of_typing() {
    let mut world = World::group(&[2]);
    for (reader, may) in [(1, true), (2, true), (3, false)] {
        assert_eq!(world.grant(reader).is_ok(), may);
        assert_eq!(world.room.check_reader(UserId::new(reader), START).is_ok(), may);
    }
}
