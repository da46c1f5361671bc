//! Bad input: a clear error that names field, value and bound, and nothing changed.

use serde_json::{Value, json};

use crate::world::World;

/// A row: method and path, body, field, its value and bound as JSON (`-`: not looked at). `ROOM`, `ADMIN` and `OTHER`
/// stand for ids, `x*5` for five x.
const TABLE: &str = r#"
GET /v1/rooms/ROOM/entries?limit=-1       | -                       | limit | "-1"  | 200
GET /v1/rooms/ROOM/timeline?limit=0       | -                       | limit | "0"   | 200
GET /v1/rooms/ROOM/events?limit=201       | -                       | limit | "201" | 200
GET /v1/rooms/ROOM/members?limit=99999999999999999999 | -           | limit | "99999999999999999999" | 200
GET /v1/rooms/ROOM/bans?limit=ten         | -                       | limit | "ten" | 200
GET /v1/users?q=a&limit=-5                | -                       | limit | "-5"  | 200
GET /v1/admin/audit?limit=1e3             | -                       | limit | "1e3" | 200
GET /v1/rooms/ROOM/entries?after=-1       | -                       | after | "-1"  | -
GET /v1/rooms/ROOM/timeline?before=x      | -                       | before | "x"  | -
GET /v1/rooms/ROOM/messages?by=zero       | -                       | by    | "zero" | -
GET /v1/rooms/ROOM/messages               | -                       | by    | -     | -
GET /v1/rooms/ROOM/members?after=me       | -                       | after | "me"  | -
GET /v1/rooms/0/members                   | -                       | room  | "0"   | -
GET /v1/rooms/-7                          | -                       | room  | "-7"  | -
GET /v1/users/18446744073709551615        | -                       | user  | "18446744073709551615" | -
GET /v1/users?q=x*65                      | -                       | q     | -     | "at most 64 characters"
PUT /v1/direct/abc                        | {}                      | user  | "abc" | -
PUT /v1/direct/ADMIN                      | {}                      | user  | "ADMIN" | "somebody else"
POST /v1/rooms/ROOM/messages              | {"text": "x*8001"}      | text  | 8001  | 8000
POST /v1/rooms/ROOM/messages              | {"text": " \n "}        | text  | ""    | "not empty"
POST /v1/rooms/ROOM/messages              | {"text": "a\u0000b"}    | text  | "U+0000" | -
POST /v1/rooms/ROOM/messages              | {"text": 5}             | text  | 5     | -
POST /v1/rooms/ROOM/messages              | {}                      | text  | -     | -
POST /v1/rooms/ROOM/messages              | {"text": "x", "reply_to": -1} | reply_to | -1 | -
POST /v1/rooms                            | {"kind": "direct", "name": "x"} | kind | "direct" | -
POST /v1/rooms                            | {"kind": "group", "name": "a\u202eb"} | name | "U+202E" | -
POST /v1/rooms      | {"kind": "group", "name": "x", "members": ["1"]} | members | "1" | "people who exist"
POST /v1/rooms      | {"kind": "group", "name": "x", "topic": "x*251"} | topic   | 251 | 250
PATCH /v1/rooms/ROOM                      | {"settings": {"slow_mode_s": 21601}} | slow_mode_s | 21601 | 21600
PATCH /v1/rooms/ROOM                      | {"settings": {"slow_mode_s": -1}} | settings.slow_mode_s | -1 | -
PATCH /v1/rooms/ROOM                      | {"settings": {"join": "all"}} | settings.join | "all" | -
PUT /v1/rooms/ROOM/bans/OTHER             | {"duration_ms": 0}      | duration_ms | 0 | -
PUT /v1/rooms/ROOM/members/OTHER          | {"role": "king"}        | role  | "king" | -
POST /v1/rooms/ROOM/invites               | {"uses": 0}             | uses  | 0     | "from 1 to 100000"
PATCH /v1/me                              | {"name": " x"}          | name  | "U+0020" | -
PUT /v1/me/settings                       | {"a": "x*17000"}        | settings | 17008 | 16384
PATCH /v1/admin/limits                    | {"text_bytes": 0}       | text_bytes | 0 | {"min": 1, "max": 65536}
PATCH /v1/admin/limits                    | {"text_bytes": -1}      | text_bytes | -1 | {"min": 1, "max": 65536}
PATCH /v1/admin/limits                    | {"nonsense": 1}         | nonsense | 1  | -
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_requests_name_what_is_wrong() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let room = world.group(&admin, &[]).await;
    let other = world.sign_up("Other").await;
    let filled = |cell: &str| {
        let cell = cell.replace("ROOM", &room.to_string()).replace("ADMIN", &admin.id.to_string());
        let cell = cell.replace("OTHER", &other.id.to_string());
        let many = |cell: &str| {
            let (before, after) = cell.split_once("x*")?;
            let digits = after.find(|character: char| !character.is_ascii_digit()).unwrap_or(after.len());
            Some(format!("{before}{}{}", "x".repeat(after[..digits].parse().ok()?), &after[digits..]))
        };
        many(&cell).unwrap_or(cell)
    };
    let json = |cell: &str| (cell != "-").then(|| serde_json::from_str::<Value>(&filled(cell)).unwrap());
    for row in TABLE.lines().filter(|row| !row.is_empty()) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [request, body, field, value, bound] = cells[..] else { panic!("{row}") };
        let (method, path) = request.split_once(' ').unwrap();
        let reply = world.call(method, &filled(path), Some(&admin.token), json(body)).await;
        let problem = reply.expect_problem(422, "invalid");
        assert_eq!(problem["field"], field, "{row}: {problem}");
        assert!(!problem["bound"].is_null(), "{row}: {problem}");
        for (name, expected) in [("value", json(value)), ("bound", json(bound))] {
            if let Some(expected) = expected {
                assert_eq!(problem[name], expected, "{row}: {problem}");
            }
        }
    }
    let ids = json!({"ids": vec!["5"; 201]});
    let problem = admin.post(&world, "/v1/users/lookup", ids).await.expect_problem(422, "invalid");
    assert_eq!((&problem["field"], &problem["value"]), (&json!("ids"), &json!(201)));
    let reply_to = json!({"text": "x", "reply_to": 999});
    let path = format!("/v1/rooms/{room}/messages");
    let problem = admin.post(&world, &path, reply_to).await.expect_problem(404, "not_found");
    assert_eq!((&problem["field"], &problem["value"]), (&json!("message"), &json!(999)));
    let entries = admin.get(&world, &format!("/v1/rooms/{room}/entries")).await.expect(200);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_is_never_a_second_message_however_late() {
    /// More entries than a room remembers.
    const LATER: usize = 1_030;
    let world = World::start().await;
    let person = world.sign_up("Amaia").await;
    let room = world.group(&person, &[]).await;
    world.set_limits(|limits| (limits.messages_per_10s, limits.requests_per_10s) = (100_000, 100_000)).await;
    let path = format!("/v1/rooms/{room}/messages");
    let with = |key: &str, since: &str| {
        let headers = [
            ("authorization", format!("Bearer {}", person.token)),
            ("idempotency-key", key.to_owned()),
            ("idempotency-since", since.to_owned()),
        ];
        headers.to_vec()
    };
    let body = |text: &str| json!({"text": text}).to_string().into_bytes();
    let rooms = person.get(&world, "/v1/me/rooms").await.expect(200);
    let head = rooms["items"][0]["head"].as_u64().unwrap();
    let (key, since) = ("0123456789abcdef0123456789abcdef", head.to_string());
    let first = world.send("POST", &path, &with(key, &since), &body("hola")).await.expect(201);
    let again = world.send("POST", &path, &with(key, &since), &body("hola")).await.expect(201);
    assert_eq!(first, again);

    let mut stream = tokio::net::TcpStream::connect(world.server.address()).await.unwrap();
    for _ in 0..LATER {
        let token = [("authorization", format!("Bearer {}", person.token))];
        let request = crate::world::request("POST", &path, &token, &body("later"), "keep-alive");
        tokio::io::AsyncWriteExt::write_all(&mut stream, &request).await.unwrap();
        crate::world::read_reply(&mut stream, false).await.expect(201);
    }
    let late = world.send("POST", &path, &with(key, &since), &body("hola")).await;
    late.expect_problem(409, "stale_send");
    let unban = format!("/v1/rooms/{room}/bans/{}", person.id);
    let late = world.send("DELETE", &unban, &with(key, &since), b"").await;
    late.expect_problem(409, "stale_send");

    // What the manual says to do then: look, and it is there, once.
    let page = format!("/v1/rooms/{room}/entries?after={since}&limit=2");
    let entries = person.get(&world, &page).await.expect(200);
    assert_eq!(
        (&entries["items"][0]["text"], &entries["items"][1]["text"]),
        (&json!("hola"), &json!("later"))
    );
    let through = entries["through"].as_u64().unwrap();
    assert_eq!(through, head + 1 + LATER as u64, "nothing was doubled");

    for (wrong, field) in [("-1", "Idempotency-Since"), ("", "Idempotency-Since"), ("999999", "since")] {
        let key = "00000000000000000000000000000007";
        let problem = world.send("POST", &path, &with(key, wrong), &body("x")).await;
        assert_eq!(problem.expect_problem(422, "invalid")["field"], field);
    }
}
