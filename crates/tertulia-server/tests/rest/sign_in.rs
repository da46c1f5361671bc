//! Signing up and in: names, passwords, tickets, rates, devices.

use serde_json::{Value, json};
use tertulia_protocol::rest::SignUpPolicy;

use crate::world::{START, World, person};

async fn sign_up(world: &World, body: Value) -> crate::world::Reply {
    world.call("POST", "/v1/users", None, Some(body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handles_follow_from_names_and_are_unique() {
    let world = World::start().await;
    let mut handles = Vec::new();
    for _ in 0..8 {
        handles.push(world.sign_up("Amaia Etxeberria").await.handle);
    }
    assert_eq!(handles[..3], ["amaia.etxeberria", "amaia.etxeberria2", "amaia.etxeberria3"]);
    handles.sort_unstable();
    handles.dedup();
    assert_eq!(handles.len(), 8);
    let problem = sign_up(&world, json!({"name": "B", "handle": "amaia.etxeberria"}))
        .await
        .expect_problem(409, "conflict");
    assert_eq!((&problem["field"], &problem["value"]), (&json!("handle"), &json!("amaia.etxeberria")));
    sign_up(&world, json!({"name": "B", "handle": "everyone"})).await.expect_problem(409, "conflict");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_with_tricks_are_refused() {
    let world = World::start().await;
    for (name, value) in [
        ("", json!("")),
        ("a\u{202e}b", json!("U+202E")),
        ("a\u{a0}b", json!("U+00A0")),
        ("a\u{200b}b", json!("U+200B")),
        ("a\nb", json!("U+000A")),
        (&"x".repeat(65), json!(65)),
    ] {
        let problem = sign_up(&world, json!({"name": name})).await.expect_problem(422, "invalid");
        assert_eq!((&problem["field"], &problem["value"]), (&json!("name"), &value), "{problem}");
        assert!(!problem["bound"].is_null(), "{problem}");
    }
    let problem = sign_up(&world, json!({"name": "A", "handle": "Ä!"})).await.expect_problem(422, "invalid");
    assert_eq!(problem["field"], "handle");
    assert_eq!(world.ports.directory.count_users().await.unwrap(), 0, "nothing changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_signs_in_and_a_wrong_one_does_not() {
    let world = World::start().await;
    let body = json!({"name": "Amaia", "password": "correct horse"});
    let amaia = person(&sign_up(&world, body).await.expect(201));
    let log_in = |handle: &str, password: &str| {
        let body = json!({"handle": handle, "password": password});
        let world = &world;
        async move { world.call("POST", "/v1/sessions", None, Some(body)).await }
    };
    let session = log_in(" AMAIA ", "correct horse").await;
    assert!(session.header("ratelimit").unwrap().starts_with("\"log_in\";r=9;"));
    let second = person(&session.expect(201));
    assert_eq!(second.id, amaia.id);
    assert_ne!(second.device, amaia.device);
    log_in("amaia", "wrong horse").await.expect_problem(401, "wrong_password");
    log_in("nobody", "correct horse").await.expect_problem(401, "wrong_password");
    let short = sign_up(&world, json!({"name": "B", "password": "secret1"})).await;
    let problem = short.expect_problem(422, "invalid");
    assert_eq!((&problem["field"], &problem["value"]), (&json!("password"), &json!(7)));
    assert!(!short.text().contains("secret1"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_tries_are_turned_away_for_a_time() {
    let world = World::start().await;
    let body = json!({"handle": "amaia", "password": "guess"});
    for _ in 0..10 {
        world
            .call("POST", "/v1/sessions", None, Some(body.clone()))
            .await
            .expect_problem(401, "wrong_password");
    }
    let reply = world.call("POST", "/v1/sessions", None, Some(body.clone())).await;
    let problem = reply.expect_problem(429, "rate_limited");
    assert_eq!((&problem["bound"], &problem["retry_after_ms"]), (&json!(10), &json!(900_000)));
    assert_eq!(reply.header("retry-after"), Some("900"));
    assert_eq!(reply.header("ratelimit"), Some("\"log_in\";r=0;t=900"));
    assert_eq!(reply.header("ratelimit-policy"), Some("\"log_in\";q=10;w=900"));
    // From elsewhere, and later, one may try.
    let elsewhere = [("x-forwarded-for", "203.0.113.5".to_owned())];
    let body_bytes = body.to_string().into_bytes();
    world.send("POST", "/v1/sessions", &elsewhere, &body_bytes).await.expect_problem(401, "wrong_password");
    world.clock.advance(900_000);
    world.call("POST", "/v1/sessions", None, Some(body)).await.expect_problem(401, "wrong_password");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_ups_from_one_address_are_bounded() {
    let world = World::start().await;
    let elsewhere = [("x-forwarded-for", "198.51.100.1, 203.0.113.5".to_owned())];
    let body = json!({"name": "A"}).to_string().into_bytes();
    for left in (0..60).rev() {
        let reply = world.send("POST", "/v1/users", &elsewhere, &body).await;
        reply.expect(201);
        assert_eq!(reply.header("ratelimit"), Some(format!("\"sign_up\";r={left};t=3600").as_str()));
    }
    world.send("POST", "/v1/users", &elsewhere, &body).await.expect_problem(429, "rate_limited");
}

/// The header of the nth address of a network of IPv6 that somebody has whole.
fn neighbour(number: u32) -> [(&'static str, String); 1] {
    [("x-forwarded-for", format!("2001:db8::{number:x}"))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_many_addresses_of_one_network_counts_as_one() {
    let world = World::start().await;
    let name = json!({"name": "A"}).to_string().into_bytes();
    for number in 0..60 {
        world.send("POST", "/v1/users", &neighbour(number), &name).await.expect(201);
    }
    world.send("POST", "/v1/users", &neighbour(60), &name).await.expect_problem(429, "rate_limited");
    let guess = json!({"handle": "amaia", "password": "guess"}).to_string().into_bytes();
    for number in 0..10 {
        let reply = world.send("POST", "/v1/sessions", &neighbour(number), &guess).await;
        reply.expect_problem(401, "wrong_password");
    }
    world.send("POST", "/v1/sessions", &neighbour(10), &guess).await.expect_problem(429, "rate_limited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_keeps_others_from_signing_in_by_what_was_refused_to_them() {
    let world = World::start().await;
    let from = |number: u32| [("x-forwarded-for", format!("203.0.113.{number}"))];
    let ticket = |text: &str| json!({"ticket": text}).to_string().into_bytes();
    let guess = json!({"handle": "amaia", "password": "guess"}).to_string().into_bytes();
    for number in 0..31 {
        for _ in 0..11 {
            world.send("POST", "/v1/sessions", &from(number), &ticket("guess")).await;
        }
    }
    for _ in 0..300 {
        world.send("POST", "/v1/sessions", &from(100), &guess).await;
    }
    world.send("POST", "/v1/sessions", &from(200), &guess).await.expect_problem(401, "wrong_password");
    let good = world.tickets.issue(world.ports.clock.now(), &*world.ports.entropy);
    world.send("POST", "/v1/sessions", &from(200), &ticket(&good)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_ends_with_the_rights_of_who_made_it() {
    let world = World::start().await;
    let (admin, former) = (world.administrator().await, world.sign_up("Former").await);
    let rights = format!("/v1/admin/users/{}", former.id);
    admin.patch(&world, &rights, json!({"admin": true})).await.expect(204);
    let link = former.post(&world, "/v1/admin/links", json!({})).await.expect(201);
    let ticket = link["url"].as_str().unwrap().split_once("ticket=").unwrap().1;
    admin.patch(&world, &rights, json!({"admin": false})).await.expect(204);
    let body = json!({"ticket": ticket});
    world.call("POST", "/v1/sessions", None, Some(body)).await.expect_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_administrator_comes_by_a_link_that_opens_once() {
    let world = World::with(|settings| settings.first_room = Some("Lounge".to_owned())).await;
    let amaia = world.sign_up("Amaia").await;
    let ticket = world.tickets.issue(world.ports.clock.now(), &*world.ports.entropy);
    let body = json!({"ticket": ticket});
    let session = world.call("POST", "/v1/sessions", None, Some(body.clone())).await.expect(201);
    assert_eq!((&session["user"]["admin"], &session["user"]["handle"]), (&json!(true), &json!("admin")));
    world.call("POST", "/v1/sessions", None, Some(body)).await.expect_problem(401, "unauthenticated");
    let admin = person(&session);
    let rooms = admin.get(&world, "/v1/me/rooms").await.expect(200);
    assert_eq!(
        (&rooms["items"][0]["name"], &rooms["items"][0]["my_role"]),
        (&json!("Lounge"), &json!("owner"))
    );
    assert_eq!(amaia.get(&world, "/v1/me/rooms").await.expect(200)["items"][0]["members"], 2);
    // Another link opens nothing once there is an administrator.
    let late = world.tickets.issue(world.ports.clock.now(), &*world.ports.entropy);
    let body = json!({"ticket": late});
    world.call("POST", "/v1/sessions", None, Some(body)).await.expect_problem(401, "unauthenticated");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_are_listed_and_signed_out() {
    let world = World::start().await;
    let body = json!({"name": "Amaia", "password": "correct horse"});
    let one = person(&sign_up(&world, body).await.expect(201));
    let body = json!({"handle": "amaia", "password": "correct horse"}).to_string().into_bytes();
    let agent = [("user-agent", "Tertulia test".to_owned())];
    let other = person(&world.send("POST", "/v1/sessions", &agent, &body).await.expect(201));
    let devices = one.get(&world, "/v1/me/devices").await.expect(200);
    let devices = devices["items"].as_array().unwrap().clone();
    let of = |person: &crate::world::Person| {
        devices.iter().find(|device| device["id"] == person.device.to_string()).unwrap().clone()
    };
    assert_eq!((&of(&one)["current"], &of(&other)["current"]), (&json!(true), &json!(false)));
    assert_eq!(of(&other)["client"], "Tertulia test");
    one.delete(&world, &format!("/v1/me/devices/{}", other.device)).await.expect(204);
    other.get(&world, "/v1/me").await.expect_problem(401, "token_revoked");
    one.get(&world, "/v1/me").await.expect(200);
    one.delete(&world, "/v1/sessions/current").await.expect(204);
    one.get(&world, "/v1/me").await.expect_problem(401, "token_revoked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_changes_only_for_who_knows_it() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    assert_eq!(amaia.get(&world, "/v1/me").await.expect(200)["has_password"], false);
    amaia.put(&world, "/v1/me/password", json!({"new": "first password"})).await.expect(204);
    assert_eq!(amaia.get(&world, "/v1/me").await.expect(200)["has_password"], true);
    let change = |old: &str| json!({"old": old, "new": "second password"});
    amaia.put(&world, "/v1/me/password", change("guess")).await.expect_problem(401, "wrong_password");
    amaia
        .put(&world, "/v1/me/password", json!({"new": "second password"}))
        .await
        .expect_problem(401, "wrong_password");
    amaia.put(&world, "/v1/me/password", change("first password")).await.expect(204);
    let body = json!({"handle": "amaia", "password": "second password"});
    world.call("POST", "/v1/sessions", None, Some(body)).await.expect(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_may_take_new_people_by_invite_and_with_password_only() {
    let world = World::with(|settings| settings.sign_up = SignUpPolicy::Invite).await;
    let admin = world.administrator().await;
    let room = world.group(&admin, &[]).await;
    sign_up(&world, json!({"name": "A"})).await.expect_problem(403, "not_allowed");
    sign_up(&world, json!({"name": "A", "invite": "nonsense"})).await.expect_problem(404, "not_found");
    let invite =
        admin.post(&world, &format!("/v1/rooms/{room}/invites"), json!({"uses": 1})).await.expect(201);
    let body = json!({"name": "A", "invite": invite["token"]});
    let amaia = person(&sign_up(&world, body.clone()).await.expect(201));
    assert_eq!(amaia.get(&world, "/v1/me/rooms").await.expect(200)["items"][0]["id"], room.to_string());
    sign_up(&world, body).await.expect_problem(404, "not_found");
    assert_eq!(world.call("GET", "/v1/server", None, None).await.expect(200)["sign_up"], "invite");

    let strict = World::with(|settings| settings.password_required = true).await;
    let problem = sign_up(&strict, json!({"name": "A"})).await.expect_problem(422, "invalid");
    assert_eq!(problem["field"], "password");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_needs_one_of_two_things() {
    let world = World::start().await;
    for body in [json!({}), json!({"handle": "a"}), json!({"ticket": 5})] {
        let problem =
            world.call("POST", "/v1/sessions", None, Some(body)).await.expect_problem(422, "invalid");
        assert_eq!(problem["detail"], "`handle` and `password`, or `ticket`, must be there as texts");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_show_when_a_device_was_last_seen_to_the_minute() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let seen = async || {
        let devices = world.ports.directory.devices(amaia.id).await.unwrap();
        devices[0].last_seen_at.since(START)
    };
    assert_eq!(seen().await, 0);
    world.clock.advance(30_000);
    for _ in 0..5 {
        amaia.get(&world, "/v1/me").await.expect(200);
    }
    until(async || seen().await == 30_000).await;
    world.clock.advance(59_999);
    amaia.get(&world, "/v1/me").await.expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(seen().await, 30_000, "not a write for each request");
    world.clock.advance(1);
    amaia.get(&world, "/v1/me").await.expect(200);
    until(async || seen().await == 90_000).await;
    let shown = amaia.get(&world, "/v1/me/devices").await.expect(200);
    assert_eq!(shown["items"][0]["last_seen_at"], START.0 + 90_000);
}

async fn until(is_so: impl AsyncFn() -> bool) {
    for _ in 0..500 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it never was so");
}
