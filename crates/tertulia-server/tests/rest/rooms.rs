//! Rooms, members, roles, invites.

use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_made_changed_and_deleted() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let wish = json!({"kind": "group", "name": "tea", "topic": "leaves", "members": [bo.id, amaia.id, bo.id],
                      "settings": {"slow_mode_s": 5, "retention_days": 30}});
    let made = amaia.post(&world, "/v1/rooms", wish).await.expect(201);
    assert_eq!(
        (&made["name"], &made["topic"], &made["members"], &made["my_role"]),
        (&json!("tea"), &json!("leaves"), &json!(2), &json!("owner"))
    );
    let path = format!("/v1/rooms/{}", made["id"].as_str().unwrap());
    let change = json!({"settings": {"join": "open", "retention_days": null}});
    let changed = amaia.patch(&world, &path, change.clone()).await.expect(200);
    assert_eq!(changed["settings"], json!({"join": "open", "history": "all", "slow_mode_s": 5}));
    assert_eq!(
        amaia.patch(&world, &path, change).await.expect(200),
        changed,
        "nothing to change is no error"
    );
    amaia.patch(&world, &path, json!({"name": ""})).await.expect_problem(422, "invalid");
    let seen = bo.get(&world, &path).await.expect(200);
    assert_eq!((&seen["my_role"], &seen["name"]), (&json!("member"), &json!("tea")));
    amaia.delete(&world, &path).await.expect(204);
    for person in [&amaia, &bo] {
        person.get(&world, &path).await.expect_problem(404, "not_member");
        person.get(&world, &format!("{path}/entries")).await.expect_problem(404, "not_member");
        assert_eq!(person.get(&world, "/v1/me/rooms").await.expect(200)["items"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_may_enter_an_open_room_once() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let wish = json!({"kind": "channel", "name": "news", "settings": {"join": "open"}});
    let room = amaia.post(&world, "/v1/rooms", wish).await.expect(201);
    let path = format!("/v1/rooms/{}", room["id"].as_str().unwrap());
    assert!(bo.get(&world, &path).await.expect(200)["my_role"].is_null());
    bo.get(&world, &format!("{path}/members")).await.expect_problem(404, "not_member");
    for _ in 0..2 {
        let joined = bo.post(&world, &format!("{path}/join"), json!({})).await.expect(200);
        assert_eq!((&joined["my_role"], &joined["members"]), (&json!("member"), &json!(2)));
    }
    bo.post(&world, &format!("{path}/messages"), json!({"text": "x"}))
        .await
        .expect_problem(403, "not_allowed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_are_added_promoted_listed_and_removed() {
    let world = World::start().await;
    let (amaia, bo, cleo) =
        (world.sign_up("Amaia").await, world.sign_up("Bo").await, world.sign_up("Cleo").await);
    let room = world.group(&amaia, &[]).await;
    let at = |who: &crate::world::Person| format!("/v1/rooms/{room}/members/{}", who.id);
    let member = amaia.put(&world, &at(&bo), json!({"role": "moderator"})).await.expect(200);
    assert_eq!((&member["role"], &member["user"]["name"]), (&json!("moderator"), &json!("Bo")));
    let member = bo.put(&world, &at(&cleo), json!({})).await.expect(200);
    assert_eq!((&member["role"], &member["since_seq"]), (&json!("member"), &json!(5)));
    assert_eq!(bo.put(&world, &at(&cleo), json!({})).await.expect(200), member, "again is no error");
    bo.put(&world, &at(&cleo), json!({"role": "owner"})).await.expect_problem(403, "not_allowed");
    bo.delete(&world, &at(&amaia)).await.expect_problem(403, "not_allowed");

    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = amaia.get(&world, &format!("/v1/rooms/{room}/members?limit=2{after}")).await.expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|member| member["user"]["name"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    seen.sort_by_key(|name| name.to_string());
    assert_eq!(seen, ["Amaia", "Bo", "Cleo"]);
    let found = amaia.get(&world, &format!("/v1/rooms/{room}/members?q=cl")).await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);

    bo.delete(&world, &format!("{}?reason=spam", at(&cleo))).await.expect(204);
    cleo.get(&world, &format!("/v1/rooms/{room}")).await.expect_problem(404, "not_member");
    let events = amaia.get(&world, &format!("/v1/rooms/{room}/events?after=5")).await.expect(200);
    assert_eq!(
        (&events["items"][0]["kind"], &events["items"][0]["reason"]),
        (&json!("removed"), &json!("spam"))
    );
    amaia.delete(&world, &at(&amaia)).await.expect_problem(409, "last_owner");
    amaia.put(&world, &at(&amaia), json!({"role": "member"})).await.expect_problem(409, "last_owner");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invites_lead_in_as_often_as_they_say() {
    let world = World::with(|settings| settings.urls = vec!["http://chat.example".to_owned()]).await;
    let (amaia, bo, cleo) =
        (world.sign_up("Amaia").await, world.sign_up("Bo").await, world.sign_up("Cleo").await);
    let (room, other) = (world.group(&amaia, &[]).await, world.group(&amaia, &[]).await);
    let path = format!("/v1/rooms/{room}/invites");
    let invite = amaia.post(&world, &path, json!({"uses": 1, "expires_in_ms": 5_000})).await.expect(201);
    let token = invite["token"].as_str().unwrap();
    assert_eq!(invite["url"], format!("http://chat.example/i/{token}"));
    let preview = world.call("GET", &format!("/v1/invites/{token}"), None, None).await.expect(200);
    assert_eq!(
        (&preview["room"]["name"], &preview["room"]["members"], &preview["by"]["name"]),
        (&json!("tea"), &json!(1), &json!("Amaia"))
    );

    let wish = json!({"invite": token});
    bo.post(&world, &format!("/v1/rooms/{other}/join"), wish.clone()).await.expect_problem(404, "not_found");
    bo.post(&world, &format!("/v1/rooms/{room}/join"), wish.clone()).await.expect(200);
    cleo.post(&world, &format!("/v1/rooms/{room}/join"), wish.clone()).await.expect_problem(404, "not_found");
    assert_eq!(amaia.get(&world, &path).await.expect(200)["items"], json!([]), "used up");

    let invite = amaia.post(&world, &path, json!({"expires_in_ms": 5_000})).await.expect(201);
    let late = json!({"invite": invite["token"]});
    world.clock.advance(5_000);
    cleo.post(&world, &format!("/v1/rooms/{room}/join"), late).await.expect_problem(404, "not_found");

    let invite = amaia.post(&world, &path, json!({})).await.expect(201);
    let token = invite["token"].as_str().unwrap();
    amaia.delete(&world, &format!("{path}/{token}")).await.expect(204);
    amaia.delete(&world, &format!("{path}/{token}")).await.expect_problem(404, "not_found");
    world.call("GET", &format!("/v1/invites/{token}"), None, None).await.expect_problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_keeps_order_where_they_are_no_member_and_the_audit_tells() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    admin.put(&world, &format!("/v1/rooms/{room}/bans/{}", bo.id), json!({})).await.expect(204);
    admin.get(&world, &format!("/v1/rooms/{room}/entries")).await.expect_problem(404, "not_member");
    let direct = amaia.put(&world, &format!("/v1/direct/{}", bo.id), json!({})).await.expect(200);
    let direct = direct["id"].as_str().unwrap();
    let ban = format!("/v1/rooms/{direct}/bans/{}", bo.id);
    assert_eq!(
        admin.put(&world, &ban, json!({})).await.status,
        404,
        "the two of a direct room stay the same"
    );
    admin.delete(&world, &format!("/v1/rooms/{room}")).await.expect(204);
    let audit = admin.get(&world, "/v1/admin/audit?limit=2").await.expect(200);
    let actions: Vec<_> =
        audit["items"].as_array().unwrap().iter().map(|item| item["action"].clone()).collect();
    assert_eq!(actions, ["room.deleted", "member.banned"]);
    assert_eq!(audit["items"][0]["subject"], room.to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_lands_in_the_first_room_and_it_stays_deleted() {
    let world = World::with(|settings| settings.first_room = Some("Lounge".to_owned())).await;
    let amaia = world.sign_up("Amaia").await;
    let bo = world.sign_up("Bo").await;
    let list = bo.get(&world, "/v1/me/rooms").await.expect(200);
    assert_eq!((&list["items"][0]["name"], &list["items"][0]["members"]), (&json!("Lounge"), &json!(2)));
    let room = list["items"][0]["id"].as_str().unwrap();
    amaia.delete(&world, &format!("/v1/rooms/{room}")).await.expect(204);
    let cleo = world.sign_up("Cleo").await;
    assert_eq!(cleo.get(&world, "/v1/me/rooms").await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_has_a_room_open_without_a_socket() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let room = world.group(&amaia, &[]).await;
    let active = amaia.get(&world, &format!("/v1/rooms/{room}/active")).await.expect(200);
    assert_eq!(active, json!({"users": [], "count": 0}));
}
