//! Life cycles of members and rooms: coming, going, bans, owners, deletion and what comes after.

use tertulia_core::{
    EntryBody,
    EntryKind::*,
    Role, RoomId, Seq,
    permission::RoomKind,
    room::{CREATE_MEMBERS_MAX, Command, Decision, JoinPolicy, Refusal, RoomSettings},
};

use crate::world::{GROUP, START, World, create, create_with, post, since_join, system, user};

fn ban(number: u64, until_ms: Option<u64>) -> Command {
    let until = until_ms.map(|ms| START.plus(ms));
    Command::Ban { user: user(number), until, reason: Some("noise".into()) }
}

fn add(number: u64) -> Command {
    Command::Add { user: user(number) }
}

fn role(number: u64, role: Role) -> Command {
    Command::SetRole { user: user(number), role }
}

#[test]
fn a_room_is_made_with_its_people() {
    let world = World::group(&[3, 2, 1, 3]);
    assert_eq!(world.kinds_after(0), [Created, Entered, Entered, Entered]);
    let entered: Vec<_> = (2..=4).map(|seq| world.entry(seq).body).collect();
    let expected = [(1, Role::Owner), (2, Role::Member), (3, Role::Member)];
    assert_eq!(entered, expected.map(|(number, role)| Some(EntryBody::Entered { user: user(number), role })));
    assert_eq!(world.counts(), (3, 1));
    let direct = World::direct();
    assert_eq!(direct.counts(), (2, 0));
    assert_eq!(
        direct.room.meta().map(|meta| meta.name.as_str()),
        Some(""),
        "the two of a direct room name nothing"
    );
}

#[test]
fn a_room_is_made_with_so_many() {
    let many: Vec<u64> = (2..2 + CREATE_MEMBERS_MAX as u64).collect();
    let mut world = World::new(GROUP);
    let head = world.ok(1, create(RoomKind::Group, &many));
    assert_eq!((head, world.counts()), (1, (many.len() as u64 + 1, 1)));
    let more = [many.as_slice(), &[999]].concat();
    let (value, max) = (more.len() as u64, many.len() as u64);
    let refusal = World::new(GROUP).no(1, create(RoomKind::Group, &more));
    assert_eq!(refusal, Refusal::TooLarge { field: "members", value, max });
    let nobody = World::new(GROUP).no(1, create(RoomKind::Group, &[system()]));
    assert_eq!(nobody, Refusal::NoSuchMember);
}

#[test]
fn a_full_room_takes_nobody() {
    let open = RoomSettings { join: JoinPolicy::Open, ..RoomSettings::default() };
    let mut world = World::made(GROUP, create_with(RoomKind::Group, &[2], open));
    world.limits.members_per_room = 3;
    world.give(1, add(3));
    for (actor, command) in
        [(1, add(4)), (4, Command::Join { invited: false }), (4, Command::Join { invited: true })]
    {
        assert_eq!(world.no(actor, command), Refusal::RoomFull { max: 3 });
    }
    world.ok(3, Command::Leave);
    world.ok(4, Command::Join { invited: false });
    let mut fresh = World::new(GROUP);
    fresh.limits.members_per_room = 2;
    assert_eq!(fresh.no(1, create(RoomKind::Group, &[2, 3])), Refusal::RoomFull { max: 2 });
}

#[test]
fn whoever_left_comes_again_with_a_new_beginning() {
    let mut world = World::made(GROUP, create_with(RoomKind::Group, &[2], since_join()));
    assert_eq!(world.grant(2).map(|grant| grant.first), Ok(3));
    for go in [Command::Leave, Command::Remove { user: user(2), reason: None }] {
        let actor = if go == Command::Leave { 2 } else { 1 };
        let gone = world.ok(actor, go);
        assert_eq!(world.grant(2), Err(Refusal::NotMember));
        assert_eq!(world.no(2, post("hola")), Refusal::NotMember);
        let back = world.ok(1, add(2));
        assert!(back > gone);
        assert_eq!(world.grant(2).map(|grant| grant.first), Ok(back));
    }
    assert_eq!(world.counts(), (2, 1));
}

#[test]
fn a_ban_holds_until_it_ends() {
    let mut world = World::group(&[2, 3]);
    world.ok(1, ban(2, Some(1_000)));
    let banned = Refusal::Banned { until: Some(START.plus(1_000)), reason: Some("noise".into()) };
    for command in [post("hola"), Command::Join { invited: true }, Command::Leave] {
        assert_eq!(world.no(2, command), banned);
    }
    assert_eq!(world.grant(2), Err(banned.clone()));
    assert_eq!(world.no(3, add(2)), Refusal::TargetBanned, "nobody brings them in");
    world.now = START.plus(999);
    assert_eq!(world.no(2, Command::Join { invited: true }), banned);
    world.now = START.plus(1_000);
    assert_eq!(world.no(2, post("hola")), Refusal::NotMember, "its end brings nobody back");
    assert_eq!(world.grant(2), Err(Refusal::NotMember));
    assert_eq!(world.no(1, Command::Unban { user: user(2) }), Refusal::NotBanned);
    world.ok(2, Command::Join { invited: true });
    assert_eq!(world.counts(), (3, 1));
}

#[test]
fn a_ban_for_good_ends_by_an_unban() {
    let mut world = World::group(&[2]);
    for who in [2, 9] {
        world.ok(1, ban(who, None));
        world.now = world.now.plus(1 << 40);
        assert_eq!(world.no(1, add(who)), Refusal::TargetBanned);
        world.crash(0);
        assert!(matches!(
            world.no(who, Command::Join { invited: true }),
            Refusal::Banned { until: None, .. }
        ));
        world.ok(1, Command::Unban { user: user(who) });
        assert_eq!(world.no(1, Command::Unban { user: user(who) }), Refusal::NotBanned);
        world.ok(1, add(who));
    }
    assert_eq!(world.counts(), (3, 1));
}

#[test]
fn a_ban_is_changed_by_another() {
    let mut world = World::group(&[2]);
    world.ok(1, ban(2, None));
    world.ok(1, ban(2, Some(5)));
    assert_eq!(world.no(1, ban(2, Some(0))), Refusal::NothingToChange, "a ban that has ended is none");
    world.now = START.plus(5);
    world.ok(1, add(2));
}

#[test]
fn a_member_who_is_banned_counts_no_more() {
    let mut world = World::group(&[2, 3]);
    world.ok(1, role(2, Role::Owner));
    assert_eq!(world.counts(), (3, 2));
    world.ok(1, role(2, Role::Moderator));
    world.ok(1, ban(2, None));
    world.ok(1, ban(2, Some(10)));
    world.ok(1, ban(9, None));
    assert_eq!(world.counts(), (2, 1));
}

#[test]
fn somebody_owns_the_room_as_long_as_anybody_is_there() {
    let mut world = World::group(&[2]);
    assert_eq!(world.no(1, Command::Leave), Refusal::LastOwner);
    for lower in [Role::Member, Role::Moderator] {
        assert_eq!(world.no(1, role(1, lower)), Refusal::LastOwner);
    }
    for command in [Command::Remove { user: user(1), reason: None }, ban(1, None)] {
        assert_eq!(
            world.no(system(), command),
            Refusal::LastOwner,
            "not even the system leaves it without one"
        );
    }
    world.ok(1, role(2, Role::Owner));
    world.ok(1, Command::Leave);
    assert_eq!(world.counts(), (1, 1));
    world.ok(2, Command::Leave);
    assert_eq!(world.counts(), (0, 0));
}

#[test]
fn an_empty_room_is_deleted_and_only_then() {
    let mut world = World::group(&[2]);
    world.ok(2, Command::Leave);
    assert_eq!(world.no(system(), Command::DeleteIfEmpty), Refusal::NotEmpty);
    world.give(1, Command::Leave);
    // Nobody comes back before cleanup does: they would have no owner.
    for (actor, command) in [(1, Command::Join { invited: true }), (system(), add(2))] {
        assert_eq!(world.no(actor, command), Refusal::NotMember);
    }
    assert_eq!(world.no(1, Command::DeleteIfEmpty), Refusal::NotMember);
    world.ok(system(), Command::DeleteIfEmpty);
    assert_eq!(world.room.meta(), None);
    assert_eq!(world.no(system(), Command::DeleteIfEmpty), Refusal::NotMember);
    assert_eq!(world.no(2, Command::Join { invited: true }), Refusal::NotMember);
}

#[test]
fn a_room_made_again_goes_on_numbering_and_knows_nobody() {
    let id = RoomId::direct(user(1), user(2), 0);
    let mut world = World::direct();
    let secret = world.ok(1, post("a secret"));
    let deleted = world.ok(system(), Command::DeleteRoom);
    assert_eq!(world.grant(1), Err(Refusal::NotMember));
    let created = world.ok(2, create(RoomKind::Direct, &[1]));
    assert_eq!(created, deleted + 1);
    assert_eq!(
        world.grant(1).map(|grant| (grant.room, grant.first)),
        Ok((id, created)),
        "nothing from before"
    );
    assert_eq!(
        world.no(1, Command::Delete { of: secret, reason: None }),
        Refusal::NoSuchMessage { seq: secret }
    );
    assert_eq!(world.room.published(), (created + 2, 1), "the count of messages goes on too");
}

#[test]
fn places_and_bans_end_with_their_room() {
    let mut world = World::group(&[2, 3]);
    world.ok(1, role(2, Role::Moderator));
    world.ok(1, ban(3, None));
    world.ok(1, Command::DeleteRoom);
    // The directory still has everybody as they were.
    assert!(world.stores.members.len() == 3);
    let before = world.stores.members.clone();
    let created = world.ok(4, create(RoomKind::Group, &[]));
    world.stores.members.extend(before.into_iter().filter(|(who, _)| *who != user(4)));
    for opened in [false, true] {
        assert_eq!(world.no(2, post("hola")), Refusal::NotMember, "opened {opened}");
        assert_eq!(world.grant(2), Err(Refusal::NotMember));
        assert_eq!(world.no(1, Command::DeleteRoom), Refusal::NotMember);
        world.crash(0);
    }
    world.ok(4, add(3));
    assert_eq!((world.counts(), world.room.first()), ((2, 1), created));
}

#[test]
fn a_purged_log_goes_on() {
    let mut world = World::after(GROUP, 1_000);
    assert_eq!(world.ok(1, create(RoomKind::Group, &[2])), 1_001);
    assert_eq!(world.ok(1, post("hola")), 1_004);
    assert_eq!(world.room.published(), (1_004, 501));
}

#[test]
fn rules_look_at_what_is_numbered_not_at_what_is_published() {
    let mut world = World::group(&[2, 3]);
    world.give(1, role(2, Role::Moderator));
    world.give(2, ban(3, None));
    assert!(matches!(world.give(3, post("hola")), Decision::Refused(Refusal::Banned { .. })));
    world.give(1, role(2, Role::Member));
    assert_eq!(world.no(2, Command::Unban { user: user(3) }), Refusal::NotAllowed);
    world.settle();
    let seqs: Vec<Seq> = world.stores.rows.keys().copied().collect();
    assert_eq!(seqs, (1..=7).collect::<Vec<Seq>>());
}
