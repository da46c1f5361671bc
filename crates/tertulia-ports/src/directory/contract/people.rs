//! Users, devices, friends, feeds and the audit.

use super::*;
use crate::directory::{
    AuditRecord, Circle, Friendship, HandleTaken, Privacy, ProfileChange, Resumed, Sight,
};

pub(super) async fn check<D: Directory>(fresh: &impl Fn() -> D) {
    people_are_added_and_read(&fresh()).await;
    handles_are_unique_in_any_case(&fresh()).await;
    profiles_change_only_what_is_told(&fresh()).await;
    people_are_found_as_one_types(&fresh()).await;
    passwords_and_settings_are_kept(&fresh()).await;
    devices_come_and_go(&fresh()).await;
    friends_ask_and_accept(&fresh()).await;
    friends_decline_and_withdraw(&fresh()).await;
    blocks_end_friendships(&fresh()).await;
    people_see_what_is_shown(&fresh()).await;
    feeds_are_read_and_trimmed(&fresh()).await;
    the_audit_is_read_backwards(&fresh()).await;
}

async fn people_are_added_and_read(directory: &impl Directory) {
    assert_eq!(directory.user(id(1)).await.unwrap(), None);
    assert_eq!((directory.count_users().await.unwrap(), directory.has_admin().await.unwrap()), (0, false));
    let ana = User { about: "¡hola! 👋".into(), ..named(1, "ana", "Ana Núñez") };
    let largest = User { id: id(u64::MAX), ..named(2, "last", "李") };
    for person in [&ana, &largest] {
        directory.add_user(person).await.unwrap().unwrap();
        assert_eq!(directory.user(person.id).await.unwrap().as_ref(), Some(person));
        assert_eq!(directory.feed_version(person.id).await.unwrap(), 0);
    }
    let mut found = directory.users(&[id(9), largest.id, ana.id]).await.unwrap();
    found.sort_by_key(|person| person.id);
    assert_eq!(found, [ana.clone(), largest]);
    assert_eq!(directory.users(&[]).await.unwrap(), []);
    assert_eq!(directory.count_users().await.unwrap(), 2);

    assert!(directory.add_user(&named(1, "other", "Other")).await.is_err(), "the id is taken");
    assert_eq!(directory.user(id(1)).await.unwrap(), Some(ana), "and nothing has changed");
    assert_eq!(directory.user_by_handle("other").await.unwrap(), None);

    let told = directory.set_admin(id(1), true).await.unwrap();
    assert_eq!(told, changes(FeedKind::Profile, [(1, 1)]));
    assert!(directory.has_admin().await.unwrap() && directory.user(id(1)).await.unwrap().unwrap().admin);
    assert_eq!(directory.set_admin(id(1), true).await.unwrap(), [], "it is so already");
    assert_eq!(directory.set_admin(id(1), false).await.unwrap().len(), 1);
    assert_eq!(directory.set_admin(id(9), true).await.unwrap(), [], "nobody");
    assert!(!directory.has_admin().await.unwrap());
}

async fn handles_are_unique_in_any_case(directory: &impl Directory) {
    directory.add_user(&named(1, "ana", "Ana")).await.unwrap().unwrap();
    assert_eq!(directory.add_user(&named(2, "ana", "Another")).await.unwrap(), Err(HandleTaken));
    assert_eq!(directory.user(id(2)).await.unwrap(), None);
    for typed in ["ana", "Ana", "ANA"] {
        assert_eq!(directory.user_by_handle(typed).await.unwrap().map(|person| person.id), Some(id(1)));
    }
    for other in ["an", "ana ", "anã", "", "%", "a_a"] {
        assert_eq!(directory.user_by_handle(other).await.unwrap(), None, "{other:?}");
    }
    assert_eq!(directory.add_user(&named(3, "everyone", "Me")).await.unwrap(), Err(HandleTaken));
    assert_eq!(directory.add_user(&named(3, "admin", "Me")).await.unwrap(), Err(HandleTaken));
    let admin = User { admin: true, ..named(3, "admin", "Me") };
    assert_eq!(directory.add_user(&admin).await.unwrap(), Ok(()));
}

async fn profiles_change_only_what_is_told(directory: &impl Directory) {
    add_users(directory, [1, 2]).await;
    let change = async |change| directory.change_profile(id(1), &change).await.unwrap();
    let profile = |version| Ok(changes(FeedKind::Profile, [(1, version)]));
    let about = ProfileChange { about: Some("hi".into()), ..ProfileChange::default() };
    assert_eq!(change(about.clone()).await, profile(1));
    assert_eq!(directory.user(id(1)).await.unwrap(), Some(User { about: "hi".into(), ..user(1) }));
    assert_eq!(change(about).await, Ok(vec![]), "it is so already");
    assert_eq!(change(ProfileChange::default()).await, Ok(vec![]));
    let taken = ProfileChange { handle: Some("user2".into()), name: Some("X".into()), about: None };
    assert_eq!(change(taken).await, Err(HandleTaken));
    let reserved = ProfileChange { handle: Some("everyone".into()), ..ProfileChange::default() };
    assert_eq!(change(reserved).await, Err(HandleTaken));
    assert_eq!(
        directory.user(id(1)).await.unwrap().unwrap().name,
        "User 1",
        "nothing changed with a taken handle"
    );
    let both =
        ProfileChange { handle: Some("zoe".into()), name: Some("Zoë Ångström".into()), about: None };
    assert_eq!(change(both).await, profile(2));
    assert_eq!(directory.user_by_handle("user1").await.unwrap(), None, "the old handle is free");
    assert_eq!(directory.user_by_handle("zoe").await.unwrap().map(|person| person.id), Some(id(1)));
    assert_eq!(directory.find_users("user 1", 9).await.unwrap(), []);
    assert_eq!(directory.find_users("angs", 9).await.unwrap().len(), 1);
    assert_eq!(directory.change_profile(id(9), &ProfileChange::default()).await.unwrap(), Ok(vec![]));
    directory.add_user(&named(3, "user1", "Three")).await.unwrap().unwrap();
}

async fn people_are_found_as_one_types(directory: &impl Directory) {
    for (number, handle, name) in [
        (1, "ana", "Ana María Núñez"),
        (2, "anab", "Bea"),
        (3, "neil", "Ana O'Neil"),
        (4, "li", "李 小龙"),
        (5, "ivan", "Иван Ёлкин"),
        (6, "wild", "100% a_b\\c"),
        (7, "ipek", "İpek Işıl"),
        (8, "sarah", "שָׂרָה"),
        (9, "zed", "ana"),
    ] {
        directory.add_user(&named(number, handle, name)).await.unwrap().unwrap();
    }
    let found = async |text: &str, limit| -> Vec<u64> {
        directory.find_users(text, limit).await.unwrap().iter().map(|person| person.id.get()).collect()
    };
    for (text, numbers) in [
        ("ana", &[9, 1, 3, 2][..]),
        ("ANA M", &[1]),
        ("ana  ", &[9, 1, 3, 2]),
        ("nunez", &[1]),
        ("NÚÑ", &[1]),
        ("maría", &[1]),
        ("o'n", &[3]),
        ("neil", &[3]),
        ("李", &[4]),
        ("小龙", &[4]),
        ("龙", &[]),
        ("елк", &[5]),
        ("ИВАН", &[5]),
        ("100%", &[6]),
        ("a_b", &[6]),
        ("%", &[]),
        ("_", &[]),
        ("a%", &[]),
        ("\\", &[]),
        ("isil", &[7]),
        ("שרה", &[8]),
        ("x", &[]),
        ("' OR 1=1", &[]),
    ] {
        assert_eq!(found(text, 100).await, numbers, "{text:?}");
    }
    assert_eq!(found("ana", 2).await, [9, 1]);
    assert_eq!(found("ana", 0).await, [0; 0]);
    assert_eq!(found("", 100).await.len(), 9, "everybody starts with nothing");
    assert_eq!(found("", 3).await, [6, 9, 1]);
    assert_eq!(found(&"x".repeat(100_000), 100).await, [0; 0]);
}

async fn passwords_and_settings_are_kept(directory: &impl Directory) {
    add_users(directory, [1, 2]).await;
    assert_eq!(directory.password(id(1)).await.unwrap(), None);
    for hash in ["$argon2id$1", "$argon2id$2"] {
        directory.set_password(id(1), hash).await.unwrap();
        assert_eq!(directory.password(id(1)).await.unwrap().as_deref(), Some(hash));
    }
    assert_eq!(directory.password(id(2)).await.unwrap(), None);
    assert!(directory.set_password(id(9), "$").await.is_err(), "there is no such person");
    assert_eq!(directory.feed_version(id(1)).await.unwrap(), 0, "a password is nobody's news");

    assert_eq!(directory.settings(id(1)).await.unwrap(), None);
    for (version, json) in [(1, "{\"theme\":\"dark\"}"), (2, "{}")] {
        let changed = directory.set_settings(id(1), json, Privacy::default()).await.unwrap();
        assert_eq!(changed, changes(FeedKind::Settings, [(1, version)]));
        assert_eq!(directory.settings(id(1)).await.unwrap().as_deref(), Some(json));
    }
}

async fn devices_come_and_go(directory: &impl Directory) {
    add_users(directory, [1, 2]).await;
    for added in [device(1, 1, 10, 1_000), device(2, 1, 20, 2_000), device(3, 2, 30, 3_000)] {
        directory.add_device(&added).await.unwrap();
    }
    assert!(directory.add_device(&device(1, 2, 1, 1)).await.is_err(), "the id is taken");
    assert!(directory.add_device(&device(9, 9, 1, 1)).await.is_err(), "there is no such person");
    let resumed =
        |expires, feed| Some(Resumed { user: user(1), expires_at: TimeMs(expires), feed, receipts: true });
    let resume = async |number| directory.resume(DeviceId::new(number)).await.unwrap();
    assert_eq!(resume(1).await, resumed(1_000, 0));
    assert_eq!(resume(9).await, None);

    let seen = [(DeviceId::new(1), TimeMs(50), Some("phone".into())), (DeviceId::new(2), TimeMs(15), None)];
    directory.touch_devices(&seen).await.unwrap();
    directory.touch_devices(&[(DeviceId::new(9), TimeMs(1), None)]).await.unwrap();
    directory.touch_devices(&[]).await.unwrap();
    let touched = Device { client: "phone".into(), ..device(1, 1, 50, 1_000) };
    let listed = directory.devices(id(1)).await.unwrap();
    assert_eq!(listed, [touched, device(2, 1, 20, 2_000)], "last used first, and no time goes back");

    let all = [1, 2, 3, 9].map(DeviceId::new);
    assert_eq!(directory.revoked(&all, TimeMs(999)).await.unwrap(), [DeviceId::new(9)]);
    assert_eq!(directory.revoked(&all, TimeMs(1_000)).await.unwrap(), [1, 9].map(DeviceId::new));
    assert_eq!(directory.revoke_device(id(2), DeviceId::new(1)).await.unwrap(), None, "it is not theirs");
    let revoked = directory.revoke_device(id(1), DeviceId::new(1)).await.unwrap();
    assert_eq!(revoked, Some(changes(FeedKind::Devices, [(1, 1)])));
    assert_eq!(directory.revoke_device(id(1), DeviceId::new(1)).await.unwrap(), None);
    assert_eq!((resume(1).await, resume(2).await), (None, resumed(2_000, 1)));

    for number in 4..8 {
        directory.add_device(&device(number, 2, 1, 100)).await.unwrap();
    }
    assert_eq!(directory.drop_expired_devices(TimeMs(100), 10).await.unwrap(), 0);
    assert_eq!(directory.drop_expired_devices(TimeMs(101), 3).await.unwrap(), 3);
    assert_eq!(directory.drop_expired_devices(TimeMs(101), 3).await.unwrap(), 1);
    assert_eq!(directory.devices(id(2)).await.unwrap(), [device(3, 2, 30, 3_000)]);
}

async fn friends_ask_and_accept(directory: &impl Directory) {
    add_users(directory, [1, 2, 3]).await;
    let befriend = async |user, other| directory.befriend(id(user), id(other), TimeMs(5)).await.unwrap();
    let told = |at| changes(FeedKind::Friends, at);
    assert_eq!(befriend(1, 1).await, None);
    assert_eq!(befriend(1, 2).await, Some((Friendship::Asked, told([(1, 1), (2, 1)]))));
    assert_eq!(befriend(1, 2).await, Some((Friendship::Asked, vec![])), "asked already");
    let stand = async |user, other| directory.friendship(id(user), id(other)).await.unwrap();
    assert_eq!((stand(1, 2).await, stand(2, 1).await), (Some(Friendship::Asked), Some(Friendship::Asks)));
    assert_eq!((stand(1, 3).await, stand(3, 1).await), (None, None));
    assert_eq!(befriend(2, 1).await, Some((Friendship::Friends, told([(2, 2), (1, 2)]))));
    assert_eq!(
        (stand(1, 2).await, stand(2, 1).await),
        (Some(Friendship::Friends), Some(Friendship::Friends))
    );
    assert_eq!(befriend(1, 2).await, Some((Friendship::Friends, vec![])));
    befriend(3, 1).await;
    let friends = directory.friends(id(1)).await.unwrap();
    assert_eq!(friends, [(id(2), Friendship::Friends), (id(3), Friendship::Asks)]);
    assert_eq!(directory.friends(id(9)).await.unwrap(), []);
    assert!(directory.befriend(id(1), id(9), TimeMs(5)).await.is_err(), "there is no such person");
    assert_eq!(directory.friends(id(1)).await.unwrap().len(), 2, "and nothing of it stayed");
}

async fn friends_decline_and_withdraw(directory: &impl Directory) {
    add_users(directory, [1, 2]).await;
    let unfriend = async |user, other| directory.unfriend(id(user), id(other)).await.unwrap();
    assert_eq!(unfriend(1, 2).await, []);
    for (ends, other) in [(1, 2), (2, 1)] {
        let before = directory.feed_version(id(1)).await.unwrap();
        directory.befriend(id(1), id(2), TimeMs(5)).await.unwrap().unwrap();
        let told = unfriend(ends, other).await;
        assert_eq!(told, changes(FeedKind::Friends, [(ends, before + 2), (other, before + 2)]));
        for (user, other) in [(1, 2), (2, 1)] {
            assert_eq!(directory.friendship(id(user), id(other)).await.unwrap(), None);
        }
    }
}

async fn blocks_end_friendships(directory: &impl Directory) {
    add_users(directory, [1, 2]).await;
    for (user, other) in [(1, 2), (2, 1)] {
        directory.befriend(id(user), id(other), TimeMs(5)).await.unwrap().unwrap();
    }
    let block = async |user, other, on| directory.set_block(id(user), id(other), on).await.unwrap();
    let told = block(1, 2, true).await;
    let blocked = changes(FeedKind::Blocks, [(1, 3)]);
    assert_eq!(told, [blocked, changes(FeedKind::Friends, [(1, 4), (2, 3)])].concat());
    assert_eq!(directory.friends(id(1)).await.unwrap(), []);
    assert_eq!(directory.friends(id(2)).await.unwrap(), []);
    assert_eq!(block(1, 2, true).await, []);
    assert_eq!(block(1, 1, true).await, [], "nobody blocks themselves");
    assert_eq!(block(2, 1, false).await, [], "only who blocked takes it back");
    let is_blocked = async |one, other| directory.is_blocked(id(one), id(other)).await.unwrap();
    assert!(is_blocked(1, 2).await && is_blocked(2, 1).await && !is_blocked(1, 1).await);
    for (user, other) in [(1, 2), (2, 1)] {
        assert_eq!(directory.befriend(id(user), id(other), TimeMs(6)).await.unwrap(), None);
    }
    assert_eq!(directory.blocks(id(1)).await.unwrap(), [id(2)]);
    assert_eq!(directory.blocks(id(2)).await.unwrap(), [], "who is blocked is not told");
    let all = Sight { presence: true, last_seen: true };
    let nothing = Sight { presence: false, last_seen: false };
    assert_eq!(directory.sights(id(2), &[id(2), id(1), id(9)]).await.unwrap(), [all, nothing, all]);
    assert_eq!(directory.sights(id(1), &[id(2)]).await.unwrap(), [all], "who blocks still sees the other");
    assert_eq!(block(2, 1, true).await, changes(FeedKind::Blocks, [(2, 4)]));
    assert_eq!(block(1, 2, false).await, changes(FeedKind::Blocks, [(1, 5)]));
    assert!(is_blocked(1, 2).await, "the other one still does");
    block(2, 1, false).await;
    assert!(!is_blocked(1, 2).await);
    assert!(directory.befriend(id(2), id(1), TimeMs(7)).await.unwrap().is_some());
}

async fn people_see_what_is_shown(directory: &impl Directory) {
    add_users(directory, [1, 2, 3]).await;
    for (user, other) in [(1, 2), (2, 1), (1, 3)] {
        directory.befriend(id(user), id(other), TimeMs(5)).await.unwrap().unwrap();
    }
    let sight = async |viewer| {
        let sights = directory.sights(id(viewer), &[id(1)]).await.unwrap();
        (sights[0].presence, sights[0].last_seen)
    };
    for (presence, last_seen, friend, stranger) in [
        (true, Circle::Everybody, (true, true), (true, true)),
        (true, Circle::Friends, (true, true), (true, false)),
        (true, Circle::Nobody, (true, false), (true, false)),
        (false, Circle::Everybody, (false, false), (false, false)),
    ] {
        let privacy = Privacy { presence, last_seen, receipts: true };
        directory.set_settings(id(1), "{}", privacy).await.unwrap();
        assert_eq!((sight(2).await, sight(3).await, sight(9).await), (friend, stranger, stranger));
        assert_eq!(sight(1).await, (true, true), "one sees oneself");
    }
    let all = [id(3), id(1), id(9), id(2)];
    assert_eq!(directory.without_receipts(&all).await.unwrap(), []);
    for user in [1, 2] {
        let privacy = Privacy { receipts: false, ..Privacy::default() };
        directory.set_settings(id(user), "{}", privacy).await.unwrap();
    }
    assert_eq!(directory.without_receipts(&all).await.unwrap(), [id(1), id(2)]);
    directory.add_device(&device(1, 1, 10, 1_000)).await.unwrap();
    assert!(!directory.resume(DeviceId::new(1)).await.unwrap().unwrap().receipts);
}

async fn feeds_are_read_and_trimmed(directory: &impl Directory) {
    add_users(directory, [1, 2, 3]).await;
    for _ in 0..5 {
        directory.set_settings(id(1), "{}", Privacy::default()).await.unwrap();
    }
    directory.set_settings(id(2), "{}", Privacy::default()).await.unwrap();
    directory.set_block(id(1), id(2), true).await.unwrap();
    let after = async |user, version, limit| directory.feed_after(id(user), version, limit).await.unwrap();
    let settings = |version| (version, FeedKind::Settings);
    assert_eq!(after(1, 3, 9).await, [settings(4), settings(5), (6, FeedKind::Blocks)]);
    assert_eq!(after(1, 0, 2).await, [settings(1), settings(2)]);
    assert_eq!(after(1, 6, 9).await, []);
    assert_eq!(after(1, 99, 9).await, []);
    assert_eq!(after(3, 0, 9).await, []);
    assert_eq!(after(9, 0, 9).await, []);
    assert_eq!(directory.feed_version(id(9)).await.unwrap(), 0);

    assert_eq!(directory.trim_feeds(6, 100).await.unwrap(), 0);
    assert_eq!(directory.trim_feeds(2, 3).await.unwrap(), 3);
    assert_eq!(directory.trim_feeds(2, 3).await.unwrap(), 1);
    assert_eq!(directory.trim_feeds(2, 3).await.unwrap(), 0);
    assert_eq!(after(1, 0, 9).await, [settings(5), (6, FeedKind::Blocks)]);
    assert_eq!(after(2, 0, 9).await, [settings(1)], "theirs were few");
    assert_eq!(directory.feed_version(id(1)).await.unwrap(), 6);
    assert_eq!(
        directory.set_settings(id(1), "{}", Privacy::default()).await.unwrap(),
        changes(FeedKind::Settings, [(1, 7)])
    );
}

async fn the_audit_is_read_backwards(directory: &impl Directory) {
    assert_eq!(directory.audit(None, 9).await.unwrap(), []);
    let record = |number: u64| AuditRecord {
        at: TimeMs(number),
        actor: (number % 2 == 1).then(|| id(number)),
        action: "room.deleted".into(),
        subject: number.to_string(),
        detail: "{\"members\":0}".into(),
    };
    for number in 1..=5 {
        directory.record(&record(number)).await.unwrap();
    }
    let first = directory.audit(None, 2).await.unwrap();
    let rest = directory.audit(Some(first[1].0), 9).await.unwrap();
    let records =
        |page: &[(u64, AuditRecord)]| page.iter().map(|(_, record)| record.clone()).collect::<Vec<_>>();
    assert_eq!(records(&first), [record(5), record(4)]);
    assert_eq!(records(&rest), [record(3), record(2), record(1)]);
    assert_eq!(directory.audit(Some(rest[2].0), 9).await.unwrap(), []);
}
