//! Bad input: a clear error that names field, value and bound, and nothing changed.

use serde_json::json;

use crate::world::World;

/// A row: method, path, body; then status, code, field, value, bound.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_requests_name_what_is_wrong() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let room = world.group(&admin, &[]).await;
    let other = world.sign_up("Other").await;
    let at = |what: &str| format!("/v1/rooms/{room}/{what}");
    let none = json!(null);
    let from_1 = json!(200);
    for (method, path, body, status, field, value, bound) in [
        ("GET", at("entries?limit=-1"), none.clone(), 422, "limit", json!("-1"), from_1.clone()),
        ("GET", at("timeline?limit=0"), none.clone(), 422, "limit", json!("0"), from_1.clone()),
        ("GET", at("events?limit=201"), none.clone(), 422, "limit", json!("201"), from_1.clone()),
        (
            "GET",
            at("members?limit=999999999999999999999"),
            none.clone(),
            422,
            "limit",
            json!("999999999999999999999"),
            from_1.clone(),
        ),
        ("GET", at("bans?limit=ten"), none.clone(), 422, "limit", json!("ten"), from_1.clone()),
        ("GET", "/v1/users?q=a&limit=-5".to_owned(), none.clone(), 422, "limit", json!("-5"), from_1.clone()),
        ("GET", at("entries?after=-1"), none.clone(), 422, "after", json!("-1"), none.clone()),
        ("GET", at("timeline?before=x"), none.clone(), 422, "before", json!("x"), none.clone()),
        ("GET", at("messages?by=zero"), none.clone(), 422, "by", json!("zero"), none.clone()),
        ("GET", at("messages"), none.clone(), 422, "by", none.clone(), none.clone()),
        ("GET", at("members?after=me"), none.clone(), 422, "after", json!("me"), none.clone()),
        ("GET", "/v1/rooms/0/members".to_owned(), none.clone(), 422, "room", json!("0"), none.clone()),
        ("GET", "/v1/rooms/-7".to_owned(), none.clone(), 422, "room", json!("-7"), none.clone()),
        (
            "GET",
            "/v1/users/18446744073709551615".to_owned(),
            none.clone(),
            422,
            "user",
            json!("18446744073709551615"),
            none.clone(),
        ),
        ("PUT", "/v1/direct/abc".to_owned(), none.clone(), 422, "user", json!("abc"), none.clone()),
        (
            "PUT",
            format!("/v1/direct/{}", admin.id),
            none.clone(),
            422,
            "user",
            json!(admin.id),
            json!("somebody else"),
        ),
        ("POST", at("messages"), json!({"text": "x".repeat(8_001)}), 422, "text", json!(8_001), json!(8_000)),
        ("POST", at("messages"), json!({"text": " \n "}), 422, "text", json!(""), json!("not empty")),
        ("POST", at("messages"), json!({"text": "a\u{0}b"}), 422, "text", json!("U+0000"), none.clone()),
        ("POST", at("messages"), json!({"text": 5}), 422, "text", json!(5), none.clone()),
        ("POST", at("messages"), json!({}), 422, "text", none.clone(), none.clone()),
        (
            "POST",
            at("messages"),
            json!({"text": "x", "reply_to": -1}),
            422,
            "reply_to",
            json!(-1),
            none.clone(),
        ),
        (
            "POST",
            at("messages"),
            json!({"text": "x", "reply_to": 999}),
            404,
            "message",
            json!(999),
            none.clone(),
        ),
        (
            "POST",
            "/v1/rooms".to_owned(),
            json!({"kind": "direct", "name": "x"}),
            422,
            "kind",
            json!("direct"),
            none.clone(),
        ),
        (
            "POST",
            "/v1/rooms".to_owned(),
            json!({"kind": "group", "name": "a\u{202e}b"}),
            422,
            "name",
            json!("U+202E"),
            none.clone(),
        ),
        (
            "POST",
            "/v1/rooms".to_owned(),
            json!({"kind": "group", "name": "x", "members": ["1"]}),
            422,
            "members",
            json!("1"),
            json!("people who exist"),
        ),
        (
            "POST",
            "/v1/rooms".to_owned(),
            json!({"kind": "group", "name": "x", "topic": "y".repeat(251)}),
            422,
            "topic",
            json!(251),
            json!(250),
        ),
        (
            "PATCH",
            format!("/v1/rooms/{room}"),
            json!({"settings": {"slow_mode_s": 21_601}}),
            422,
            "slow_mode_s",
            json!(21_601),
            json!(21_600),
        ),
        (
            "PATCH",
            format!("/v1/rooms/{room}"),
            json!({"settings": {"slow_mode_s": -1}}),
            422,
            "settings.slow_mode_s",
            json!(-1),
            none.clone(),
        ),
        (
            "PATCH",
            format!("/v1/rooms/{room}"),
            json!({"settings": {"join": "all"}}),
            422,
            "settings.join",
            json!("all"),
            none.clone(),
        ),
        (
            "PUT",
            at(&format!("bans/{}", other.id)),
            json!({"duration_ms": 0}),
            422,
            "duration_ms",
            json!(0),
            none.clone(),
        ),
        (
            "PUT",
            at(&format!("members/{}", other.id)),
            json!({"role": "king"}),
            422,
            "role",
            json!("king"),
            none.clone(),
        ),
        ("POST", at("invites"), json!({"uses": 0}), 422, "uses", json!(0), none.clone()),
        (
            "POST",
            "/v1/users/lookup".to_owned(),
            json!({"ids": vec!["5"; 201]}),
            422,
            "ids",
            json!(201),
            json!("at most 200"),
        ),
        ("PATCH", "/v1/me".to_owned(), json!({"name": " x"}), 422, "name", none.clone(), none.clone()),
        (
            "PUT",
            "/v1/me/settings".to_owned(),
            json!({"x": "y".repeat(17_000)}),
            422,
            "settings",
            json!(17_008),
            json!(16_384),
        ),
        (
            "PATCH",
            "/v1/admin/limits".to_owned(),
            json!({"text_bytes": 0}),
            422,
            "text_bytes",
            json!(0),
            json!({"min": 1, "max": 65_536}),
        ),
        (
            "PATCH",
            "/v1/admin/limits".to_owned(),
            json!({"text_bytes": -1}),
            422,
            "text_bytes",
            json!(-1),
            json!({"min": 1, "max": 65_536}),
        ),
        (
            "PATCH",
            "/v1/admin/limits".to_owned(),
            json!({"nonsense": 1}),
            422,
            "nonsense",
            json!(1),
            none.clone(),
        ),
    ] {
        let sent = Some(body).filter(|body| !body.is_null());
        let reply = world.call(method, &path, Some(&admin.token), sent).await;
        let code = if status == 404 { "not_found" } else { "invalid" };
        let problem = reply.expect_problem(status, code);
        assert_eq!(problem["field"], field, "{method} {path}: {problem}");
        if !value.is_null() {
            assert_eq!(problem["value"], value, "{method} {path}: {problem}");
        }
        if status == 422 {
            assert!(!problem["bound"].is_null(), "{method} {path}: {problem}");
        }
        if !bound.is_null() {
            assert_eq!(problem["bound"], bound, "{method} {path}: {problem}");
        }
    }
    let entries = admin.get(&world, &at("entries")).await.expect(200);
    assert_eq!(entries["through"], 2, "nothing was said or changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_json_is_malformed() {
    let world = World::start().await;
    let person = world.sign_up("Amaia").await;
    let token = [("authorization", format!("Bearer {}", person.token))];
    for body in [&b"{"[..], b"nonsense", b"{\"name\": \"\xff\xfe\"}", b"{\"name\": \"a\"} x", b"\0"] {
        world.send("PATCH", "/v1/me", &token, body).await.expect_problem(400, "malformed");
    }
    world.send("PATCH", "/v1/me", &token, b"[1]").await.expect_problem(422, "invalid");
    assert_eq!(person.get(&world, "/v1/me").await.expect(200)["name"], "Amaia");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_names_one_command() {
    let world = World::start().await;
    let person = world.sign_up("Amaia").await;
    let room = world.group(&person, &[]).await;
    let path = format!("/v1/rooms/{room}/messages");
    let with_key = |key: &str| {
        vec![("authorization", format!("Bearer {}", person.token)), ("idempotency-key", key.to_owned())]
    };
    let body = |text: &str| json!({"text": text}).to_string().into_bytes();
    let key = "0123456789abcdef0123456789abcdef";
    let first = world.send("POST", &path, &with_key(key), &body("hola")).await.expect(201);
    let again = world.send("POST", &path, &with_key(key), &body("hola")).await.expect(201);
    assert_eq!(first, again, "the same message, not a second one");
    world.send("POST", &path, &with_key(key), &body("other")).await.expect_problem(409, "nonce_reused");
    for bad in ["", "abc", "00000000000000000000000000000000", &"g".repeat(32)] {
        let problem =
            world.send("POST", &path, &with_key(bad), &body("x")).await.expect_problem(422, "invalid");
        assert_eq!(problem["field"], "Idempotency-Key");
    }
    let rooms = json!({"kind": "group", "name": "twice"}).to_string().into_bytes();
    let one = world.send("POST", "/v1/rooms", &with_key(key), &rooms).await.expect(201);
    let same = world.send("POST", "/v1/rooms", &with_key(key), &rooms).await.expect(201);
    assert_eq!(one["id"], same["id"]);
}
