//! Limits that change while the server runs, and what they bound.

use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_change_at_once_all_or_none_and_are_audited() {
    let world = World::with(|settings| {
        settings.configured_limits.insert("rooms_per_user".to_owned(), (1_000, "file"));
    })
    .await;
    let admin = world.administrator().await;
    let room = world.group(&admin, &[]).await;
    let of = |list: &serde_json::Value, name: &str| {
        list["items"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap().clone()
    };
    let before = admin.get(&world, "/v1/admin/limits").await.expect(200);
    assert_eq!(
        (&of(&before, "text_bytes")["source"], &of(&before, "rooms_per_user")["source"]),
        (&json!("default"), &json!("file"))
    );
    assert_eq!(of(&before, "connections_per_gateway")["in_use"], 0);

    let wrong = json!({"text_bytes": 10, "reaction_kinds": 101});
    admin.patch(&world, "/v1/admin/limits", wrong).await.expect_problem(422, "invalid");
    assert_eq!(world.ports.coordination.config().limits.text_bytes, 8_000, "none of them");

    let right = json!({"text_bytes": 10, "reaction_kinds": 5});
    let after = admin.patch(&world, "/v1/admin/limits", right.clone()).await.expect(200);
    assert_eq!(
        (&of(&after, "text_bytes")["value"], &of(&after, "text_bytes")["source"]),
        (&json!(10), &json!("admin"))
    );
    assert_eq!(world.call("GET", "/v1/server", None, None).await.expect(200)["limits"]["text_bytes"], 10);
    let say = format!("/v1/rooms/{room}/messages");
    let problem =
        admin.post(&world, &say, json!({"text": "eleven chars"})).await.expect_problem(422, "invalid");
    assert_eq!(problem["bound"], 10);

    let audit = admin.get(&world, "/v1/admin/audit?limit=1").await.expect(200);
    let record = &audit["items"][0];
    assert_eq!(
        (&record["action"], &record["actor_name"]),
        (&json!("limits.changed"), &json!("Administrator"))
    );
    assert_eq!(record["detail"]["text_bytes"], json!({"from": 8_000, "to": 10}));
    admin.patch(&world, "/v1/admin/limits", right).await.expect(200);
    let unchanged = admin.get(&world, "/v1/admin/audit?limit=1").await.expect(200);
    assert_eq!(unchanged["items"][0]["id"], record["id"], "what changes nothing is not written down");
    let older = format!("/v1/admin/audit?after={}", audit["next"].as_str().unwrap());
    assert_eq!(admin.get(&world, &older).await.expect(200)["items"][0]["action"], "admin.first");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_per_person_are_bounded_on_every_way_in() {
    let world = World::start().await;
    let (amaia, bo, full) =
        (world.sign_up("Amaia").await, world.sign_up("Bo").await, world.sign_up("Full").await);
    let room = world.group(&amaia, &[]).await;
    world.group(&bo, &[&full]).await;
    let invite = amaia.post(&world, &format!("/v1/rooms/{room}/invites"), json!({})).await.expect(201);
    world.set_limits(|limits| limits.rooms_per_user = 1).await;
    let refused = |reply: crate::world::Reply| {
        let problem = reply.expect_problem(409, "limit_reached");
        assert_eq!((&problem["field"], &problem["bound"]), (&json!("rooms_per_user"), &json!(1)));
    };
    refused(full.post(&world, "/v1/rooms", json!({"kind": "group", "name": "x"})).await);
    refused(full.post(&world, &format!("/v1/rooms/{room}/join"), json!({"invite": invite["token"]})).await);
    refused(amaia.put(&world, &format!("/v1/rooms/{room}/members/{}", full.id), json!({})).await);
    refused(full.put(&world, &format!("/v1/direct/{}", amaia.id), json!({})).await);
    let fresh = world.sign_up("Fresh").await;
    let wish = json!({"kind": "group", "name": "x", "members": [full.id]});
    refused(fresh.post(&world, "/v1/rooms", wish).await);
    refused(fresh.put(&world, &format!("/v1/direct/{}", full.id), json!({})).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_of_a_room_are_bounded() {
    let world = World::start().await;
    let (amaia, bo, cleo) =
        (world.sign_up("Amaia").await, world.sign_up("Bo").await, world.sign_up("Cleo").await);
    let room = world.group(&amaia, &[&bo]).await;
    world.set_limits(|limits| limits.members_per_room = 2).await;
    let reply = amaia.put(&world, &format!("/v1/rooms/{room}/members/{}", cleo.id), json!({})).await;
    let problem = reply.expect_problem(409, "limit_reached");
    assert_eq!((&problem["field"], &problem["bound"]), (&json!("members_per_room"), &json!(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stats_count_what_there_is() {
    let world = World::start().await;
    let admin = world.administrator().await;
    world.group(&admin, &[]).await;
    let stats = admin.get(&world, "/v1/admin/stats").await.expect(200);
    assert_eq!((&stats["users"], &stats["rooms"], &stats["online"]), (&json!(1), &json!(1), &json!(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_bounded_in_time_as_on_the_socket() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let room = world.group(&amaia, &[]).await;
    world.set_limits(|limits| limits.messages_per_10s = 2).await;
    let path = format!("/v1/rooms/{room}/messages");
    for _ in 0..2 {
        amaia.say(&world, room, "hola").await;
    }
    let problem = amaia.post(&world, &path, json!({"text": "x"})).await.expect_problem(429, "rate_limited");
    let told = (&problem["field"], &problem["bound"], &problem["retry_after_ms"]);
    assert_eq!(told, (&json!("messages_per_10s"), &json!(2), &json!(10_000)));
    world.clock.advance(10_000);
    amaia.say(&world, room, "again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_bounded_in_time_for_people_and_for_addresses() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    world.set_limits(|limits| limits.requests_per_10s = 10).await;
    for left in (0..10).rev() {
        let reply = amaia.get(&world, "/v1/me").await;
        reply.expect(200);
        assert_eq!(reply.header("ratelimit-policy"), Some("\"requests\";q=10;w=10"));
        assert_eq!(reply.header("ratelimit"), Some(&*format!("\"requests\";r={left};t={}", 10 - left)));
    }
    let reply = amaia.get(&world, "/v1/me").await;
    let problem = reply.expect_problem(429, "rate_limited");
    let told = (&problem["field"], &problem["bound"], &problem["retry_after_ms"]);
    assert_eq!(told, (&json!("requests_per_10s"), &json!(10), &json!(1_000)));
    assert_eq!((reply.header("retry-after"), reply.header("cache-control")), (Some("1"), Some("no-store")));
    amaia.get(&world, "/v1/nothing").await.expect_problem(429, "rate_limited");
    bo.get(&world, "/v1/me").await.expect(200);
    for path in ["/healthz", "/"] {
        assert_eq!(amaia.get(&world, path).await.status, 200, "{path} is no REST");
    }
    world.clock.advance(1_000);
    amaia.get(&world, "/v1/me").await.expect(200);
    amaia.get(&world, "/v1/me").await.expect_problem(429, "rate_limited");

    // Who is not signed in counts by address, and a token that nobody gave is none.
    let from = |address: &str, token: &str| {
        [("x-forwarded-for", address.to_owned()), ("authorization", format!("Bearer {token}"))]
    };
    let ask =
        async |address: &str| world.send("GET", "/v1/server", &from(address, "forged"), b"").await.status;
    for _ in 0..10 {
        assert_eq!(ask("192.0.2.1").await, 200);
    }
    assert_eq!((ask("192.0.2.1").await, ask("192.0.2.2").await), (429, 200));
    // Somebody who is signed in there goes on.
    let reply = world.send("GET", "/v1/me", &from("192.0.2.1", &bo.token), b"").await;
    reply.expect(200);

    world.set_limits(|limits| limits.requests_per_10s = 1_000).await;
    world.clock.advance(5);
    amaia.get(&world, "/v1/me").await.expect_problem(429, "rate_limited");
    world.clock.advance(10_000);
    for _ in 0..20 {
        amaia.get(&world, "/v1/me").await.expect(200);
    }
}
