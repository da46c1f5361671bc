//! The owner's projection, what is read of it, and invites.

use tertulia_core::{
    Epoch, Member, Role, Standing,
    permission::RoomKind,
    room::{HistoryPolicy, RoomMeta, RoomSettings},
};

use super::*;
use crate::directory::{Invite, RoomBan, RoomMember, RoomRecord, UserRoom};

pub(super) async fn check<D: Directory>(fresh: &impl Fn() -> D) {
    a_room_lives(&fresh()).await;
    members_enter_leave_and_are_banned(&fresh()).await;
    repeats_and_late_writes_change_nothing(&fresh()).await;
    a_deleted_room_is_gone_until_it_is_made_again(&fresh()).await;
    direct_rooms_are_found_by_their_pair(&fresh()).await;
    members_are_paged_and_found(&fresh()).await;
    preferences_are_the_members_own(&fresh()).await;
    rooms_are_swept(&fresh()).await;
    people_whom_nobody_knows_may_be_members(&fresh()).await;
    invites_hold_until_they_do_not(&fresh()).await;
}

fn created(kind: RoomKind, name: &str) -> EntryBody {
    EntryBody::Created { room_kind: kind, name: name.into(), settings: RoomSettings::default() }
}

fn entered(user: u64, role: Role) -> EntryBody {
    EntryBody::Entered { user: id(user), role }
}

fn left(user: u64) -> EntryBody {
    EntryBody::Left { user: id(user) }
}

fn banned(user: u64, until: Option<u64>, reason: Option<&str>) -> EntryBody {
    EntryBody::Banned { user: id(user), until: until.map(TimeMs), reason: reason.map(Into::into) }
}

/// Applies bodies as the entries from `first` on.
async fn apply(
    directory: &impl Directory,
    room: u64,
    epoch: Epoch,
    first: Seq,
    bodies: impl IntoIterator<Item = EntryBody>,
) -> Vec<FeedChange> {
    let entries: Vec<_> = (first..).zip(bodies).map(|(seq, body)| entry(seq, body)).collect();
    directory.apply(room_id(room), epoch, &entries).await.unwrap()
}

async fn counts(directory: &impl Directory, room: u64) -> Option<(u64, u64)> {
    directory.room(room_id(room)).await.unwrap().map(|record| (record.meta.members, record.meta.owners))
}

async fn member(directory: &impl Directory, room: u64, user: u64) -> Member {
    directory.member(room_id(room), id(user)).await.unwrap()
}

fn inside(role: Role, since_seq: Seq, seq: Seq) -> Member {
    Member { standing: Standing::In { role, since_seq }, seq, blocked: false }
}

async fn a_room_lives(directory: &impl Directory) {
    add_users(directory, [1, 2]).await;
    assert_eq!(directory.room(room_id(7)).await.unwrap(), None);
    let message = EntryBody::Message { text: "hi".into(), reply_to: None, attachments: Vec::new() };
    let bodies =
        [created(RoomKind::Group, "Plaza"), entered(1, Role::Owner), entered(2, Role::Member), message];
    let told = apply(directory, 7, 1, 1, bodies).await;
    assert_eq!(told, changes(FeedKind::Rooms, [(1, 1), (2, 1)]));
    let meta = RoomMeta {
        kind: RoomKind::Group,
        name: "Plaza".into(),
        topic: String::new(),
        settings: RoomSettings::default(),
        members: 2,
        owners: 1,
    };
    let mut record = RoomRecord { id: room_id(7), meta, created_at: TimeMs(10_001), pair: None };
    assert_eq!(directory.room(room_id(7)).await.unwrap().as_ref(), Some(&record));

    record.meta.topic = "Todo".into();
    record.meta.settings =
        RoomSettings { history: HistoryPolicy::SinceJoin, slow_mode_s: 5, ..RoomSettings::default() };
    let settings = Some(record.meta.settings.clone());
    let change = EntryBody::Changed { name: None, topic: Some("Todo".into()), settings };
    assert_eq!(apply(directory, 7, 1, 5, [change]).await, [], "that is told in the room");
    assert_eq!(directory.room(room_id(7)).await.unwrap().as_ref(), Some(&record));
    record.meta.name = "Agora".into();
    let change = EntryBody::Changed { name: Some("Agora".into()), topic: None, settings: None };
    apply(directory, 7, 1, 6, [change]).await;
    assert_eq!(directory.room(room_id(7)).await.unwrap().as_ref(), Some(&record));

    let of =
        |role, since_seq| UserRoom { room: record.clone(), role, since_seq, muted: false, pinned: false };
    assert_eq!(directory.rooms_of(id(1)).await.unwrap(), [of(Role::Owner, 2)]);
    assert_eq!(directory.rooms_of(id(2)).await.unwrap(), [of(Role::Member, 3)]);
    assert_eq!(directory.rooms_of(id(3)).await.unwrap(), []);
    let message = EntryBody::Message { text: "hi".into(), reply_to: None, attachments: Vec::new() };
    assert_eq!(apply(directory, 7, 1, 7, [message]).await, []);
    assert_eq!(directory.apply(room_id(7), 1, &[]).await.unwrap(), []);
}

async fn members_enter_leave_and_are_banned(directory: &impl Directory) {
    add_users(directory, 1..=4).await;
    let owner = entered(1, Role::Owner);
    apply(directory, 7, 1, 1, [created(RoomKind::Group, "Plaza"), owner, entered(2, Role::Member)]).await;
    assert_eq!(member(directory, 7, 1).await, inside(Role::Owner, 2, 2));
    assert_eq!(member(directory, 7, 3).await, Member::STRANGER);
    assert_eq!(member(directory, 8, 1).await, Member::STRANGER);

    let role = |role| EntryBody::RoleChanged { user: id(2), role };
    assert_eq!(apply(directory, 7, 1, 4, [role(Role::Owner)]).await, changes(FeedKind::Rooms, [(2, 2)]));
    assert_eq!(member(directory, 7, 2).await, inside(Role::Owner, 3, 4), "still since 3");
    assert_eq!(counts(directory, 7).await, Some((2, 2)));
    apply(directory, 7, 1, 5, [role(Role::Moderator)]).await;
    assert_eq!(counts(directory, 7).await, Some((2, 1)));

    assert_eq!(apply(directory, 7, 1, 6, [left(2)]).await, changes(FeedKind::Rooms, [(2, 4)]));
    let out = |seq| Member { standing: Standing::Out, seq, blocked: false };
    assert_eq!(member(directory, 7, 2).await, out(6));
    assert_eq!(
        (counts(directory, 7).await, directory.rooms_of(id(2)).await.unwrap()),
        (Some((1, 1)), vec![])
    );
    apply(directory, 7, 1, 7, [entered(2, Role::Member)]).await;
    assert_eq!(member(directory, 7, 2).await, inside(Role::Member, 7, 7), "as a member again, since now");

    let ban = banned(2, Some(99), Some("spam"));
    assert_eq!(apply(directory, 7, 1, 8, [ban]).await, changes(FeedKind::Rooms, [(2, 6)]));
    let standing = Standing::Banned { until: Some(TimeMs(99)), reason: Some("spam".into()) };
    assert_eq!(member(directory, 7, 2).await, Member { standing, seq: 8, blocked: false });
    assert_eq!(counts(directory, 7).await, Some((1, 1)));
    apply(directory, 7, 1, 9, [banned(3, None, None)]).await;
    let (room, by) = (room_id(7), Some(id(1)));
    let listed = [
        RoomBan { room, user: id(2), by, until: Some(TimeMs(99)), reason: Some("spam".into()), seq: 8 },
        RoomBan { room, user: id(3), by, until: None, reason: None, seq: 9 },
    ];
    let rooms = [8, 7, 9].map(room_id);
    assert_eq!(directory.bans_of(id(2), &rooms).await.unwrap(), listed[..1]);
    assert_eq!(directory.bans_of(id(1), &rooms).await.unwrap(), []);
    assert_eq!(directory.bans(room_id(7), None, 9).await.unwrap(), listed);
    assert_eq!(directory.bans(room_id(7), None, 1).await.unwrap(), listed[..1]);
    assert_eq!(directory.bans(room_id(7), Some(id(2)), 9).await.unwrap(), listed[1..]);
    apply(directory, 7, 1, 10, [EntryBody::Unbanned { user: id(3) }]).await;
    assert_eq!(member(directory, 7, 3).await, out(10));
    assert_eq!(directory.bans_of(id(3), &rooms).await.unwrap(), []);
    assert_eq!(directory.bans(room_id(7), None, 9).await.unwrap(), listed[..1]);

    let removed = EntryBody::Removed { user: id(1), reason: None };
    apply(directory, 7, 1, 11, [removed]).await;
    assert_eq!(counts(directory, 7).await, Some((0, 0)));
    let asked = [room_id(7), room_id(8), room_id(7)];
    let standings = directory.standings(id(1), &asked).await.unwrap();
    assert_eq!(standings, [out(11), Member::STRANGER, out(11)]);
}

async fn repeats_and_late_writes_change_nothing(directory: &impl Directory) {
    add_users(directory, 1..=4).await;
    let rename = |name: &str| EntryBody::Changed { name: Some(name.into()), topic: None, settings: None };
    let log = [
        created(RoomKind::Group, "Plaza"),
        entered(1, Role::Owner),
        entered(2, Role::Member),
        left(2),
        rename("Agora"),
        banned(3, None, None),
        entered(4, Role::Member),
    ];
    apply(directory, 7, 3, 1, log.clone()).await;
    let look = async || {
        let room = directory.room(room_id(7)).await.unwrap();
        let mut members = Vec::new();
        let mut feeds = Vec::new();
        for number in 1..=4 {
            members.push(member(directory, 7, number).await);
            feeds.push(directory.feed_version(id(number)).await.unwrap());
        }
        (room, members, feeds)
    };
    let before = look().await;
    assert_eq!(counts(directory, 7).await, Some((2, 1)));
    for epoch in [3, 4, 4, 3, 1, 5] {
        for first in 1..=log.len() {
            let told = apply(directory, 7, epoch, first as Seq, log[first - 1..].iter().cloned()).await;
            assert_eq!(told, [], "epoch {epoch}, from {first}");
        }
        assert_eq!(look().await, before, "epoch {epoch}");
    }
    // Epoch 5 has written here. What the owner of epoch 4 says after that never became part of the log.
    assert_eq!(
        apply(directory, 7, 4, 8, [entered(2, Role::Owner), rename("X"), left(1), EntryBody::RoomDeleted])
            .await,
        []
    );
    assert_eq!(look().await, before);
    assert_eq!(
        apply(directory, 7, 5, 8, [entered(2, Role::Member)]).await,
        changes(FeedKind::Rooms, [(2, 2)])
    );
    assert_eq!(counts(directory, 7).await, Some((3, 1)));
    // A hole that is filled late: what concerns others has gone on, what concerns the same person wins by number.
    assert_eq!(apply(directory, 7, 5, 10, [left(4)]).await.len(), 1);
    assert_eq!(apply(directory, 7, 5, 9, [banned(1, None, None)]).await.len(), 1);
    assert_eq!(apply(directory, 7, 5, 9, [banned(4, None, None)]).await, []);
    assert_eq!(counts(directory, 7).await, Some((1, 0)));
}

async fn a_deleted_room_is_gone_until_it_is_made_again(directory: &impl Directory) {
    add_users(directory, 1..=4).await;
    let first =
        [created(RoomKind::Group, "Plaza"), entered(1, Role::Owner), entered(2, Role::Member), left(2)];
    apply(directory, 7, 1, 1, first.clone()).await;
    apply(directory, 7, 1, 5, [entered(3, Role::Member)]).await;
    apply(directory, 8, 1, 1, [created(RoomKind::Group, "Other"), entered(1, Role::Owner)]).await;
    directory.add_invite(&invite("t", 7, None, None)).await.unwrap();
    let told = apply(directory, 7, 1, 6, [EntryBody::RoomDeleted]).await;
    assert_eq!(told, changes(FeedKind::Rooms, [(1, 3), (3, 2)]), "of all members, not of who left");
    assert_eq!(directory.feed_after(id(3), 1, 9).await.unwrap(), [(2, FeedKind::Rooms)]);
    let gone = async || {
        assert_eq!(directory.room(room_id(7)).await.unwrap(), None);
        assert_eq!(directory.members(room_id(7), None, "", 9).await.unwrap(), []);
        assert_eq!(directory.bans(room_id(7), None, 9).await.unwrap(), []);
        for number in 1..=4 {
            assert_eq!(member(directory, 7, number).await, Member::STRANGER);
        }
        assert_eq!(directory.room_ids_of(id(1)).await.unwrap(), [room_id(8)]);
        assert_eq!(directory.count_rooms().await.unwrap(), 1);
        assert_eq!(directory.invite("t", TimeMs(1)).await.unwrap(), None);
    };
    gone().await;
    assert_eq!(apply(directory, 7, 1, 6, [EntryBody::RoomDeleted]).await, []);
    assert_eq!(apply(directory, 7, 2, 1, first.clone()).await, [], "a late repeat does not bring it back");
    gone().await;

    let told =
        apply(directory, 7, 2, 7, [created(RoomKind::Channel, "Again"), entered(4, Role::Owner)]).await;
    assert_eq!(told, changes(FeedKind::Rooms, [(4, 1)]));
    let record = directory.room(room_id(7)).await.unwrap().unwrap();
    assert_eq!(
        (record.meta.kind, record.meta.name.as_str(), record.meta.members),
        (RoomKind::Channel, "Again", 1)
    );
    assert_eq!(record.created_at, TimeMs(10_007));
    assert_eq!(apply(directory, 7, 2, 1, first).await, [], "of the room that was");
    assert_eq!(apply(directory, 7, 2, 6, [EntryBody::RoomDeleted]).await, []);
    assert_eq!(counts(directory, 7).await, Some((1, 1)));
    let both = [EntryBody::RoomDeleted, created(RoomKind::Group, "Third"), entered(4, Role::Owner)];
    assert!(!apply(directory, 7, 2, 9, both).await.is_empty(), "deleted and made again at once");
    assert_eq!(member(directory, 7, 4).await, inside(Role::Owner, 11, 11));
}

async fn direct_rooms_are_found_by_their_pair(directory: &impl Directory) {
    add_users(directory, 1..=3).await;
    let room = RoomId::direct(id(2), id(1), 0);
    let number = room.get();
    assert_eq!(directory.direct_room(id(1), id(2)).await.unwrap(), None);
    let pair = [created(RoomKind::Direct, ""), entered(2, Role::Member), entered(1, Role::Member)];
    apply(directory, number, 1, 1, pair.clone()).await;
    for (one, other) in [(1, 2), (2, 1)] {
        assert_eq!(directory.direct_room(id(one), id(other)).await.unwrap(), Some(room));
    }
    assert_eq!(directory.direct_room(id(1), id(3)).await.unwrap(), None);
    assert_eq!(directory.room(room).await.unwrap().unwrap().pair, Some((id(1), id(2))));
    // A group of two is not the direct room of its members.
    apply(
        directory,
        7,
        1,
        1,
        [created(RoomKind::Group, "Two"), entered(1, Role::Owner), entered(3, Role::Member)],
    )
    .await;
    assert_eq!(directory.direct_room(id(1), id(3)).await.unwrap(), None);

    for (user, other) in [(1, 2), (2, 1)] {
        directory.set_block(id(user), id(other), true).await.unwrap();
        for number in [1, 2] {
            assert!(directory.member(room, id(number)).await.unwrap().blocked);
            let standings = directory.standings(id(number), &[room, room_id(7)]).await.unwrap();
            assert_eq!(standings.iter().map(|member| member.blocked).collect::<Vec<_>>(), [true, false]);
        }
        directory.set_block(id(user), id(other), false).await.unwrap();
        assert_eq!(directory.member(room, id(1)).await.unwrap(), inside(Role::Member, 3, 3));
    }
    directory.set_block(id(1), id(3), true).await.unwrap();
    assert!(!member(directory, 7, 1).await.blocked, "a block is nothing to a group");
    apply(directory, number, 1, 4, [EntryBody::RoomDeleted]).await;
    assert_eq!(directory.direct_room(id(1), id(2)).await.unwrap(), None);
    apply(directory, number, 1, 5, pair).await;
    assert_eq!(directory.direct_room(id(1), id(2)).await.unwrap(), Some(room));
}

async fn members_are_paged_and_found(directory: &impl Directory) {
    for (number, handle, name) in [
        (1, "ana", "Ana Núñez"),
        (2, "bea", "Bea"),
        (3, "carla", "Carla Ana"),
        (4, "dora", "100%"),
        (5, "anabel", "Zoe"),
        (6, "ana6", "Ana, not inside"),
    ] {
        directory.add_user(&named(number, handle, name)).await.unwrap().unwrap();
    }
    let first = [created(RoomKind::Group, "Plaza"), entered(1, Role::Owner)];
    apply(directory, 7, 1, 1, first.into_iter().chain([5, 4, 3, 2].map(|user| entered(user, Role::Member))))
        .await;
    apply(directory, 7, 1, 7, [left(2), banned(6, None, None)]).await;
    let page = async |after: Option<u64>, text: &str, limit| -> Vec<u64> {
        let members = directory.members(room_id(7), after.map(id), text, limit).await.unwrap();
        members.iter().map(|member| member.user.get()).collect()
    };
    assert_eq!(page(None, "", 9).await, [1, 3, 4, 5]);
    assert_eq!(page(None, "", 2).await, [1, 3]);
    assert_eq!(page(Some(3), "", 9).await, [4, 5]);
    assert_eq!(page(Some(5), "", 9).await, [0; 0]);
    assert_eq!(page(None, "ana", 9).await, [1, 3, 5]);
    assert_eq!(page(None, "NÚ", 9).await, [1]);
    assert_eq!(page(Some(1), "Ana", 1).await, [3]);
    assert_eq!(page(None, "%", 9).await, [0; 0]);
    assert_eq!(page(None, "100%", 9).await, [4]);
    let member = |user, role, since_seq| RoomMember { user: id(user), role, since_seq };
    let members = directory.members(room_id(7), None, "", 2).await.unwrap();
    assert_eq!(members, [member(1, Role::Owner, 2), member(3, Role::Member, 5)]);
    assert_eq!(directory.members(room_id(8), None, "", 9).await.unwrap(), []);
}

async fn preferences_are_the_members_own(directory: &impl Directory) {
    add_users(directory, [1, 2]).await;
    for room in [9, 7, 8] {
        let bodies = [created(RoomKind::Group, "Plaza"), entered(1, Role::Owner), entered(2, Role::Member)];
        apply(directory, room, 1, 1, bodies).await;
    }
    let set = async |room, user, muted, pinned| {
        directory.set_room_preferences(room_id(room), id(user), muted, pinned).await.unwrap()
    };
    assert_eq!(set(7, 1, Some(true), None).await, changes(FeedKind::Settings, [(1, 4)]));
    assert_eq!(set(7, 1, Some(true), None).await, [], "it is so already");
    assert_eq!(set(7, 1, None, Some(true)).await.len(), 1);
    assert_eq!(set(7, 3, None, Some(true)).await, [], "not a member");
    assert_eq!(set(6, 1, None, Some(true)).await, [], "no such room");
    let preferences = async |user| -> Vec<(u64, bool, bool)> {
        let rooms = directory.rooms_of(id(user)).await.unwrap();
        rooms.iter().map(|mine| (mine.room.id.get(), mine.muted, mine.pinned)).collect()
    };
    assert_eq!(preferences(1).await, [(7, true, true), (8, false, false), (9, false, false)]);
    assert_eq!(preferences(2).await, [(7, false, false), (8, false, false), (9, false, false)]);
    apply(directory, 7, 1, 4, [EntryBody::RoleChanged { user: id(1), role: Role::Moderator }]).await;
    assert_eq!(preferences(1).await[0], (7, true, true), "kept with another role");
    apply(directory, 7, 1, 5, [left(1)]).await;
    assert_eq!(set(7, 1, Some(false), None).await, [], "not a member any more");
    apply(directory, 7, 1, 6, [entered(1, Role::Member)]).await;
    assert_eq!(preferences(1).await[0], (7, false, false), "who comes again starts afresh");
    assert_eq!(directory.room_ids_of(id(1)).await.unwrap(), [7, 8, 9].map(room_id));
    assert_eq!(directory.count_rooms_of(id(1)).await.unwrap(), 3);
    assert_eq!(directory.count_rooms_of(id(3)).await.unwrap(), 0);
}

async fn rooms_are_swept(directory: &impl Directory) {
    add_users(directory, [1]).await;
    for room in [5, 3, 9, 7] {
        apply(directory, room, 1, 1, [created(RoomKind::Group, "Plaza"), entered(1, Role::Owner)]).await;
    }
    assert_eq!(directory.empty_rooms(9).await.unwrap(), []);
    for room in [9, 5, 7] {
        apply(directory, room, 1, 3, [left(1)]).await;
    }
    let mut empty = directory.empty_rooms(9).await.unwrap();
    empty.sort();
    assert_eq!(empty, [5, 7, 9].map(room_id));
    assert_eq!(directory.empty_rooms(2).await.unwrap().len(), 2);
    apply(directory, 7, 1, 4, [entered(1, Role::Owner)]).await;
    apply(directory, 9, 1, 4, [EntryBody::RoomDeleted]).await;
    assert_eq!(directory.empty_rooms(9).await.unwrap(), [room_id(5)]);
    let page = async |after: Option<u64>, limit| -> Vec<u64> {
        let rooms = directory.rooms_after(after.map(room_id), limit).await.unwrap();
        rooms.iter().map(|record| record.id.get()).collect()
    };
    assert_eq!(page(None, 2).await, [3, 5]);
    assert_eq!(page(Some(5), 2).await, [7]);
    assert_eq!(page(Some(7), 2).await, [0; 0]);
    assert_eq!(directory.count_rooms().await.unwrap(), 3);
}

/// The projection follows the log, whatever the directory knows of people.
async fn people_whom_nobody_knows_may_be_members(directory: &impl Directory) {
    let told = apply(directory, 7, 1, 1, [created(RoomKind::Group, "Plaza"), entered(1, Role::Owner)]).await;
    assert_eq!(told, [], "they have no feed");
    assert_eq!(member(directory, 7, 1).await, inside(Role::Owner, 2, 2));
    assert_eq!(counts(directory, 7).await, Some((1, 1)));
}

fn invite(token: &str, room: u64, expires: Option<u64>, uses_left: Option<u64>) -> Invite {
    Invite {
        token: token.into(),
        room: room_id(room),
        by: id(1),
        created_at: TimeMs(5),
        expires_at: expires.map(TimeMs),
        uses_left,
    }
}

async fn invites_hold_until_they_do_not(directory: &impl Directory) {
    for room in [7, 8] {
        apply(directory, room, 1, 1, [created(RoomKind::Group, "Plaza"), entered(1, Role::Owner)]).await;
    }
    let ever = invite("ever", 7, None, None);
    let soon = Invite { created_at: TimeMs(6), ..invite("soon", 7, Some(100), None) };
    let twice = Invite { created_at: TimeMs(7), ..invite("twice", 7, Some(500), Some(2)) };
    for added in [&twice, &ever, &soon] {
        directory.add_invite(added).await.unwrap();
        assert_eq!(directory.invite(&added.token, TimeMs(50)).await.unwrap().as_ref(), Some(added));
    }
    assert!(directory.add_invite(&invite("ever", 8, None, None)).await.is_err(), "the token is taken");
    assert!(directory.add_invite(&invite("other", 9, None, None)).await.is_err(), "there is no such room");
    assert_eq!(directory.invite("nothing", TimeMs(1)).await.unwrap(), None);
    assert_eq!(directory.invites(room_id(7)).await.unwrap(), [twice.clone(), soon.clone(), ever.clone()]);
    assert_eq!(directory.invites(room_id(8)).await.unwrap(), []);

    let use_up = async |token: &str, now| directory.use_invite(token, TimeMs(now)).await.unwrap();
    assert!(use_up("soon", 99).await && !use_up("soon", 100).await && !use_up("nothing", 1).await);
    assert_eq!(directory.invite("soon", TimeMs(100)).await.unwrap(), None);
    assert!(use_up("ever", u64::MAX).await);
    assert_eq!(directory.invite("ever", TimeMs(1)).await.unwrap(), Some(ever));
    assert!(use_up("twice", 1).await);
    assert_eq!(
        directory.invite("twice", TimeMs(1)).await.unwrap(),
        Some(Invite { uses_left: Some(1), ..twice })
    );
    assert!(use_up("twice", 1).await && !use_up("twice", 1).await);
    assert_eq!(directory.invite("twice", TimeMs(1)).await.unwrap(), None);

    assert_eq!(directory.drop_expired_invites(TimeMs(99), 9).await.unwrap(), 1, "used up");
    assert_eq!(directory.drop_expired_invites(TimeMs(100), 0).await.unwrap(), 0);
    assert_eq!(directory.drop_expired_invites(TimeMs(100), 9).await.unwrap(), 1, "expired");
    assert!(!directory.revoke_invite(room_id(8), "ever").await.unwrap(), "it leads elsewhere");
    assert!(directory.revoke_invite(room_id(7), "ever").await.unwrap());
    assert!(!directory.revoke_invite(room_id(7), "ever").await.unwrap());
    assert_eq!(directory.invites(room_id(7)).await.unwrap(), []);
}
