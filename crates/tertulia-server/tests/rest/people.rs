//! Profiles, settings, friends, blocks, direct rooms.

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn profiles_change_and_are_found() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let me = amaia
        .patch(&world, "/v1/me", json!({"name": "Amaia E.", "handle": "ae", "about": "tea"}))
        .await
        .expect(200);
    assert_eq!((&me["name"], &me["handle"], &me["about"]), (&json!("Amaia E."), &json!("ae"), &json!("tea")));
    let problem =
        amaia.patch(&world, "/v1/me", json!({"handle": "bo"})).await.expect_problem(409, "conflict");
    assert_eq!((&problem["field"], &problem["value"]), (&json!("handle"), &json!("bo")));
    let profile = bo.get(&world, "/v1/users/by-handle/ae").await.expect(200);
    assert_eq!(
        (&profile["id"], &profile["blocked"], &profile["friend"]),
        (&json!(amaia.id), &json!(false), &Value::Null)
    );
    bo.get(&world, "/v1/users/by-handle/amaia").await.expect_problem(404, "not_found");
    bo.get(&world, "/v1/users/77").await.expect_problem(404, "not_found");
    let found = bo.get(&world, "/v1/users?q=ama").await.expect(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let looked_up =
        bo.post(&world, "/v1/users/lookup", json!({"ids": [amaia.id, "77", amaia.id]})).await.expect(200);
    assert_eq!(looked_up["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_are_kept_as_they_are() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    assert_eq!(amaia.get(&world, "/v1/me/settings").await.expect(200), json!({}));
    let before = amaia.get(&world, "/v1/me").await.expect(200)["feed"].as_u64().unwrap();
    amaia.put(&world, "/v1/me/settings", json!({"theme": {"dark": true}})).await.expect(204);
    assert_eq!(amaia.get(&world, "/v1/me/settings").await.expect(200), json!({"theme": {"dark": true}}));
    assert_eq!(amaia.get(&world, "/v1/me").await.expect(200)["feed"].as_u64(), Some(before + 1));
    amaia.put(&world, "/v1/me/settings", json!([1])).await.expect_problem(422, "invalid");
    for (privacy, field) in [
        (json!([]), "privacy"),
        (json!(null), "privacy"),
        (json!({"presence": "no"}), "privacy.presence"),
        (json!({"receipts": 0}), "privacy.receipts"),
        (json!({"last_seen": "strangers"}), "privacy.last_seen"),
        (json!({"last_seen": true}), "privacy.last_seen"),
    ] {
        let problem = amaia.put(&world, "/v1/me/settings", json!({"privacy": privacy})).await;
        assert_eq!(problem.expect_problem(422, "invalid")["field"], field);
    }
    assert_eq!(amaia.get(&world, "/v1/me/settings").await.expect(200), json!({"theme": {"dark": true}}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn friends_ask_accept_and_go() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let (to_bo, to_amaia) = (format!("/v1/me/friends/{}", bo.id), format!("/v1/me/friends/{}", amaia.id));
    assert_eq!(amaia.put(&world, &to_bo, json!({})).await.expect(200)["state"], "asked");
    assert_eq!(bo.get(&world, "/v1/me/friends").await.expect(200)["items"][0]["state"], "asks");
    assert_eq!(bo.put(&world, &to_amaia, json!({})).await.expect(200)["state"], "friends");
    let profile = amaia.get(&world, &format!("/v1/users/{}", bo.id)).await.expect(200);
    assert_eq!(profile["friend"], "friends");
    bo.delete(&world, &to_amaia).await.expect(204);
    assert_eq!(amaia.get(&world, "/v1/me/friends").await.expect(200)["items"], json!([]));
    amaia
        .put(&world, &format!("/v1/me/friends/{}", amaia.id), json!({}))
        .await
        .expect_problem(422, "invalid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_holds_at_once_in_the_direct_room_and_everywhere() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let direct = amaia.put(&world, &format!("/v1/direct/{}", bo.id), json!({})).await.expect(200);
    assert_eq!(
        (&direct["kind"], &direct["peer"]["id"], &direct["members"]),
        (&json!("direct"), &json!(bo.id), &json!(2))
    );
    let same = bo.put(&world, &format!("/v1/direct/{}", amaia.id), json!({})).await.expect(200);
    assert_eq!((&same["id"], &same["peer"]["id"]), (&direct["id"], &json!(amaia.id)));
    let room = direct["id"].as_str().unwrap().parse().unwrap();
    bo.say(&world, room, "hola").await;
    let mine = world.group(&bo, &[]).await;

    let block = format!("/v1/me/blocks/{}", bo.id);
    amaia.put(&world, &block, json!({})).await.expect(204);
    let say = format!("/v1/rooms/{room}/messages");
    for person in [&amaia, &bo] {
        person.post(&world, &say, json!({"text": "x"})).await.expect_problem(403, "blocked");
    }
    bo.put(&world, &format!("/v1/me/friends/{}", amaia.id), json!({})).await.expect_problem(403, "blocked");
    bo.put(&world, &format!("/v1/rooms/{mine}/members/{}", amaia.id), json!({}))
        .await
        .expect_problem(403, "blocked");
    let wish = json!({"kind": "group", "name": "x", "members": [amaia.id]});
    bo.post(&world, "/v1/rooms", wish).await.expect_problem(403, "blocked");
    assert_eq!(amaia.get(&world, &format!("/v1/users/{}", bo.id)).await.expect(200)["blocked"], true);
    assert_eq!(amaia.get(&world, "/v1/me/blocks").await.expect(200)["items"][0]["id"], json!(bo.id));

    amaia.delete(&world, &block).await.expect(204);
    bo.say(&world, room, "again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_may_open_their_direct_room_at_the_same_time() {
    let world = World::start().await;
    for _ in 0..20 {
        let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
        let (to_bo, to_amaia) = (format!("/v1/direct/{}", bo.id), format!("/v1/direct/{}", amaia.id));
        let (one, other) =
            tokio::join!(amaia.put(&world, &to_bo, json!({})), bo.put(&world, &to_amaia, json!({})));
        assert_eq!(one.expect(200)["id"], other.expect(200)["id"]);
    }
}
