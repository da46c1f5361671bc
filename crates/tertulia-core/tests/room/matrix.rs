//! Who may do what: every command by every standing in every kind of room.
//!
//! A letter says what becomes of it: `y` it is done, `M` not a member, `B` banned, `K` blocked, `A` not allowed,
//! `=` already a member, `T` the target is banned, `N` no such member, `n` not banned, `E` not empty, `x` the room
//! exists, `P` not a pair.

use tertulia_core::{
    Role, RoomId, Seq,
    permission::RoomKind,
    room::{Command, Decision, Refusal},
};

use crate::world::{GROUP, START, World, create, post, system, user};

const OWNER: u64 = 1;
const MODERATOR: u64 = 2;
const MEMBER: u64 = 3;
const STRANGER: u64 = 4;
const LEFT: u64 = 5;
const REMOVED: u64 = 6;
const BANNED: u64 = 7;
const EXPIRED: u64 = 8;
// Those to whom something is done.
const OTHER_OWNER: u64 = 11;
const OTHER_MODERATOR: u64 = 12;
const OTHER_MEMBER: u64 = 13;
const OTHER_STRANGER: u64 = 14;
const OTHER_LEFT: u64 = 15;
const OTHER_BANNED: u64 = 17;
const OTHER_EXPIRED: u64 = 18;

const ACTORS: [u64; 9] = [STRANGER, LEFT, REMOVED, BANNED, EXPIRED, MEMBER, MODERATOR, OWNER, 0];

/// A command's name, and the letters for stranger, left, removed, banned, ban expired, member, moderator, owner, system.
const GROUPS: &[(&str, &str)] = &[
    ("post", "M M M B M  y y y y"),
    ("reply", "M M M B M  y y y y"),
    ("edit own", "M M M B M  y y y y"),
    ("edit a member's", "M M M B M  A A A A"),
    ("delete own", "M M M B M  y y y y"),
    ("delete a member's", "M M M B M  A y y y"),
    ("delete a moderator's", "M M M B M  A A y y"),
    ("delete an owner's", "M M M B M  A A A y"),
    ("delete of one who left", "M M M B M  A y y y"),
    ("delete of one who is banned", "M M M B M  A y y y"),
    ("react", "M M M B M  y y y A"),
    ("join", "M M M B M  = = = A"),
    ("join invited", "y y y B y  = = = A"),
    ("add a stranger", "M M M B M  y y y y"),
    ("add one who left", "M M M B M  y y y y"),
    ("add a banned", "M M M B M  T T T T"),
    ("add one whose ban expired", "M M M B M  y y y y"),
    ("add a member", "M M M B M  = = = ="),
    ("leave", "M M M B M  y y y A"),
    ("remove a member", "M M M B M  A y y y"),
    ("remove a moderator", "M M M B M  A A y y"),
    ("remove an owner", "M M M B M  A A A y"),
    ("remove a stranger", "M M M B M  A N N N"),
    ("remove oneself", "M M M B M  A A A N"),
    ("ban a member", "M M M B M  A y y y"),
    ("ban a moderator", "M M M B M  A A y y"),
    ("ban an owner", "M M M B M  A A A y"),
    ("ban a stranger", "M M M B M  A y y y"),
    ("ban a banned", "M M M B M  A y y y"),
    ("ban oneself", "M M M B M  A A A N"),
    ("unban a banned", "M M M B M  A y y y"),
    ("unban one whose ban expired", "M M M B M  A n n n"),
    ("unban a member", "M M M B M  A n n n"),
    ("make a member a moderator", "M M M B M  A A y y"),
    ("make a member an owner", "M M M B M  A A y y"),
    ("make an owner a member", "M M M B M  A A y y"),
    ("make a stranger a moderator", "M M M B M  A A N N"),
    ("change", "M M M B M  A y y y"),
    ("delete room", "M M M B M  A A y y"),
    ("delete if empty", "M M M B M  A A A E"),
    ("create", "x x x x x  x x x A"),
];

/// Where a channel differs: only who keeps order writes and invites.
const CHANNELS: &[(&str, &str)] = &[
    ("post", "M M M B M  A y y y"),
    ("reply", "M M M B M  A y y y"),
    ("edit own", "M M M B M  A y y y"),
    ("edit a member's", "M M M B M  A A A A"),
    ("delete own", "M M M B M  A y y y"),
    ("add a stranger", "M M M B M  A y y y"),
    ("add one who left", "M M M B M  A y y y"),
    ("add a banned", "M M M B M  A T T T"),
    ("add one whose ban expired", "M M M B M  A y y y"),
    ("add a member", "M M M B M  A = = ="),
];

/// In direct rooms: stranger, one of the two, one of the two when there is a block, system.
const DIRECT: &[(&str, &str)] = &[
    ("post", "M y K y"),
    ("reply", "M y K y"),
    ("edit own", "M y K y"),
    ("edit the other's", "M A K A"),
    ("delete own", "M y y y"),
    ("delete the other's", "M A A y"),
    ("react", "M y K A"),
    ("join", "M = = A"),
    ("join invited", "M = = A"),
    ("add a stranger", "M A K A"),
    ("leave", "M A K A"),
    ("remove the other", "M A K A"),
    ("ban the other", "M A K A"),
    ("unban a stranger", "M A K A"),
    ("make the other an owner", "M A K A"),
    ("change", "M A K A"),
    ("delete room", "M A K y"),
    ("delete if empty", "M A K E"),
    ("create", "P x x A"),
];

#[test]
fn groups() {
    for (name, letters) in GROUPS {
        check_row(RoomKind::Group, name, letters);
    }
}

#[test]
fn channels() {
    for (name, letters) in GROUPS {
        let differs = CHANNELS.iter().find(|(other, _)| other == name);
        check_row(RoomKind::Channel, name, differs.map_or(letters, |(_, letters)| letters));
    }
}

#[test]
fn direct_rooms() {
    for (name, letters) in DIRECT {
        let actors = [(STRANGER, false), (1, false), (1, true), (system(), false)];
        for ((actor, blocked), letter) in actors.into_iter().zip(letters.split_whitespace()) {
            let mut world = World::direct();
            let own =
                if actor == system() { world.ok(actor, post("a notice")) } else { world.ok(1, post("mine")) };
            let others = world.ok(2, post("yours"));
            world.stores.blocked = blocked;
            world.room.forget_member(user(actor));
            let command = direct_command(name, actor, own, others);
            check_cell(
                &mut world,
                actor,
                command,
                letter,
                &format!("direct: {name} by {actor}, blocked {blocked}"),
            );
        }
    }
}

fn check_row(kind: RoomKind, name: &str, letters: &str) {
    let letters: Vec<&str> = letters.split_whitespace().collect();
    assert_eq!(letters.len(), ACTORS.len(), "{name}");
    for (actor, letter) in ACTORS.into_iter().zip(letters) {
        let (mut world, messages) = world_of_all_standings(kind);
        let command = command(name, kind, actor, &messages);
        check_cell(&mut world, actor, command, letter, &format!("{kind:?}: {name} by {actor}"));
    }
}

fn check_cell(world: &mut World, actor: u64, command: Command, letter: &str, cell: &str) {
    let head = world.room.head().seq;
    let decision = world.give(actor, command);
    assert_eq!(letter_of(&decision), letter, "{cell}: {decision:?}");
    let added = world.room.head().seq - head;
    assert_eq!(added, u64::from(letter == "y"), "{cell}: what is refused changes nothing");
    world.settle();
    let counts = world.stores.meta.as_ref().map_or((0, 0), |meta| (meta.members, meta.owners));
    assert_eq!(world.counts(), counts, "{cell}");
}

fn letter_of(decision: &Decision) -> &'static str {
    match decision {
        Decision::Numbered { .. } => "y",
        Decision::Refused(refusal) => match refusal {
            Refusal::NotMember => "M",
            Refusal::Banned { .. } => "B",
            Refusal::Blocked => "K",
            Refusal::NotAllowed => "A",
            Refusal::AlreadyMember => "=",
            Refusal::TargetBanned => "T",
            Refusal::NoSuchMember => "N",
            Refusal::NotBanned => "n",
            Refusal::NotEmpty => "E",
            Refusal::RoomExists => "x",
            Refusal::NotAPair => "P",
            _ => "?",
        },
        Decision::Repeated { .. } | Decision::Need(_) | Decision::NeedUploads => "?",
    }
}

/// A room with somebody of every standing, twice, and a message of each who ever was a member, and of the system.
fn world_of_all_standings(kind: RoomKind) -> (World, Vec<(u64, Seq)>) {
    let all = [2, 3, 5, 6, 7, 8, 11, 12, 13, 15, 17, 18];
    let mut world = World::made(GROUP, create(kind, &all));
    let mut messages = vec![(system(), world.ok(system(), post("a notice"))), (1, world.ok(1, post("mine")))];
    for member in all {
        world.ok(OWNER, Command::SetRole { user: user(member), role: Role::Moderator });
        messages.push((member, world.ok(member, post("mine"))));
        match member {
            MODERATOR | OTHER_MODERATOR => {}
            OTHER_OWNER => drop(world.ok(OWNER, Command::SetRole { user: user(member), role: Role::Owner })),
            _ => drop(world.ok(OWNER, Command::SetRole { user: user(member), role: Role::Member })),
        }
    }
    for member in [LEFT, OTHER_LEFT] {
        world.ok(member, Command::Leave);
    }
    world.ok(OWNER, Command::Remove { user: user(REMOVED), reason: None });
    for (member, until) in [
        (BANNED, None),
        (OTHER_BANNED, None),
        (EXPIRED, Some(START.plus(1))),
        (OTHER_EXPIRED, Some(START.plus(1))),
    ] {
        world.ok(OWNER, Command::Ban { user: user(member), until, reason: None });
    }
    world.now = START.plus(1);
    (world, messages)
}

fn command(name: &str, kind: RoomKind, actor: u64, messages: &[(u64, Seq)]) -> Command {
    let of = |sender| messages.iter().find(|(who, _)| *who == sender).map_or(1, |(_, seq)| *seq);
    let delete = |sender| Command::Delete { of: of(sender), reason: None };
    let edit = |sender| Command::Edit { of: of(sender), text: "better".into() };
    let add = |number| Command::Add { user: user(number) };
    let remove = |number| Command::Remove { user: user(number), reason: None };
    let ban = |number| Command::Ban { user: user(number), until: None, reason: None };
    let unban = |number| Command::Unban { user: user(number) };
    let role = |number, role| Command::SetRole { user: user(number), role };
    match name {
        "post" => post("hola"),
        "reply" => Command::Post {
            text: "hola".into(),
            reply_to: Some(of(OTHER_MEMBER)),
            attached: Default::default(),
        },
        "edit own" => edit(actor),
        "edit a member's" => edit(OTHER_MEMBER),
        "delete own" => delete(actor),
        "delete a member's" => delete(OTHER_MEMBER),
        "delete a moderator's" => delete(OTHER_MODERATOR),
        "delete an owner's" => delete(OTHER_OWNER),
        "delete of one who left" => delete(OTHER_LEFT),
        "delete of one who is banned" => delete(OTHER_BANNED),
        "react" => Command::React { of: of(OTHER_MEMBER), emoji: "👍".into(), on: true },
        "join" => Command::Join { invited: false },
        "join invited" => Command::Join { invited: true },
        "add a stranger" => add(OTHER_STRANGER),
        "add one who left" => add(OTHER_LEFT),
        "add a banned" => add(OTHER_BANNED),
        "add one whose ban expired" => add(OTHER_EXPIRED),
        "add a member" => add(OTHER_MEMBER),
        "leave" => Command::Leave,
        "remove a member" => remove(OTHER_MEMBER),
        "remove a moderator" => remove(OTHER_MODERATOR),
        "remove an owner" => remove(OTHER_OWNER),
        "remove a stranger" => remove(OTHER_STRANGER),
        "remove oneself" => remove(actor),
        "ban a member" => ban(OTHER_MEMBER),
        "ban a moderator" => ban(OTHER_MODERATOR),
        "ban an owner" => ban(OTHER_OWNER),
        "ban a stranger" => ban(OTHER_STRANGER),
        "ban a banned" => ban(OTHER_BANNED),
        "ban oneself" => ban(actor),
        "unban a banned" => unban(OTHER_BANNED),
        "unban one whose ban expired" => unban(OTHER_EXPIRED),
        "unban a member" => unban(OTHER_MEMBER),
        "make a member a moderator" => role(OTHER_MEMBER, Role::Moderator),
        "make a member an owner" => role(OTHER_MEMBER, Role::Owner),
        "make an owner a member" => role(OTHER_OWNER, Role::Member),
        "make a stranger a moderator" => role(OTHER_STRANGER, Role::Moderator),
        "change" => Command::Change { name: Some("New".into()), topic: None, settings: None },
        "delete room" => Command::DeleteRoom,
        "delete if empty" => Command::DeleteIfEmpty,
        "create" => create(kind, &[2]),
        other => panic!("no command is named {other}"),
    }
}

fn direct_command(name: &str, actor: u64, own: Seq, others: Seq) -> Command {
    match name {
        "reply" => {
            Command::Post { text: "hola".into(), reply_to: Some(others), attached: Default::default() }
        }
        "edit own" => Command::Edit { of: own, text: "better".into() },
        "edit the other's" => Command::Edit { of: others, text: "better".into() },
        "delete own" => Command::Delete { of: own, reason: None },
        "delete the other's" => Command::Delete { of: others, reason: None },
        "react" => Command::React { of: others, emoji: "👍".into(), on: true },
        "remove the other" => Command::Remove { user: user(2), reason: None },
        "ban the other" => Command::Ban { user: user(2), until: None, reason: None },
        "unban a stranger" => Command::Unban { user: user(9) },
        "make the other an owner" => Command::SetRole { user: user(2), role: Role::Owner },
        "create" => create(RoomKind::Direct, &[2]),
        same => command(same, RoomKind::Direct, actor, &[]),
    }
}

#[test]
fn ids_of_direct_rooms_are_of_no_other_kind() {
    for (id, kind, members) in [
        (GROUP, RoomKind::Direct, &[2][..]),
        (RoomId::direct(user(1), user(2), 0), RoomKind::Group, &[2]),
        (RoomId::direct(user(1), user(2), 0), RoomKind::Channel, &[]),
        (RoomId::direct(user(1), user(2), 0), RoomKind::Direct, &[]),
        (RoomId::direct(user(1), user(2), 0), RoomKind::Direct, &[1]),
        (RoomId::direct(user(1), user(2), 0), RoomKind::Direct, &[3]),
        (RoomId::direct(user(1), user(2), 0), RoomKind::Direct, &[2, 3]),
        (RoomId::direct(user(1), user(2), RoomId::DIRECT_ATTEMPTS), RoomKind::Direct, &[2]),
    ] {
        assert_eq!(World::new(id).no(1, create(kind, members)), Refusal::NotAPair, "{kind:?} {members:?}");
    }
    for attempt in 0..RoomId::DIRECT_ATTEMPTS {
        World::made(RoomId::direct(user(1), user(2), attempt), create(RoomKind::Direct, &[2, 1, 2]));
    }
}
