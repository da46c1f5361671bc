//! Every endpoint, for everybody: who may, and what the others are told.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tertulia_core::RoomId;

use crate::world::{Person, World};

/// The people of a room, in the order of a row's columns.
struct Cast {
    stranger: Person,
    banned: Person,
    left: Person,
    member: Person,
    moderator: Person,
    owner: Person,
    admin: Person,
    /// Belongs to the room, and is what things are done to.
    target: Person,
    /// Was signed out.
    revoked: Person,
}

/// A fresh room for each call, since most calls change something.
struct Scene {
    room: RoomId,
    invite: String,
}

/// What an endpoint answers to everybody: stranger, banned, left, member, moderator, owner, administrator.
type Row = (&'static str, &'static str, Value, [u16; 7]);

const ALL: [u16; 7] = [200; 7];
const READERS: [u16; 7] = [404, 403, 404, 200, 200, 200, 404];

fn rows() -> Vec<Row> {
    [rows_of_people(), rows_of_rooms(), rows_of_history_and_admin()].concat()
}

fn rows_of_people() -> Vec<Row> {
    let none = || Value::Null;
    vec![
        ("GET", "/v1/users?q=a", none(), ALL),
        ("GET", "/v1/users/{target}", none(), ALL),
        ("GET", "/v1/users/by-handle/target", none(), ALL),
        ("POST", "/v1/users/lookup", json!({"ids": []}), ALL),
        ("GET", "/v1/me", none(), ALL),
        ("PATCH", "/v1/me", json!({"about": "tea"}), ALL),
        ("PUT", "/v1/me/password", json!({"new": "short"}), [422; 7]),
        ("GET", "/v1/me/settings", none(), ALL),
        ("PUT", "/v1/me/settings", json!({"theme": "dark"}), [204; 7]),
        ("GET", "/v1/me/devices", none(), ALL),
        ("DELETE", "/v1/me/devices/{device}", none(), [404; 7]),
        ("GET", "/v1/me/rooms", none(), ALL),
        ("PATCH", "/v1/me/rooms/{room}", json!({"muted": true}), [404, 404, 404, 204, 204, 204, 404]),
        ("GET", "/v1/me/friends", none(), ALL),
        ("PUT", "/v1/me/friends/{target}", none(), ALL),
        ("DELETE", "/v1/me/friends/{target}", none(), [204; 7]),
        ("GET", "/v1/me/blocks", none(), ALL),
        ("PUT", "/v1/me/blocks/{target}", none(), [204; 7]),
        ("DELETE", "/v1/me/blocks/{target}", none(), [204; 7]),
        ("PUT", "/v1/direct/{target}", none(), ALL),
        ("POST", "/v1/rooms", json!({"kind": "channel", "name": "news"}), [201; 7]),
    ]
}

fn rows_of_rooms() -> Vec<Row> {
    let none = || Value::Null;
    vec![
        ("GET", "/v1/rooms/{room}", none(), [404, 403, 404, 200, 200, 200, 200]),
        ("PATCH", "/v1/rooms/{room}", json!({"name": "coffee"}), [404, 403, 404, 403, 200, 200, 200]),
        ("DELETE", "/v1/rooms/{room}", none(), [404, 403, 404, 403, 403, 204, 204]),
        ("POST", "/v1/rooms/{room}/join", json!({}), READERS),
        ("GET", "/v1/rooms/{room}/active", none(), READERS),
        ("GET", "/v1/rooms/{room}/members", none(), [404, 403, 404, 200, 200, 200, 200]),
        ("PUT", "/v1/rooms/{room}/members/{stranger}", json!({}), [404, 403, 404, 200, 200, 200, 404]),
        (
            "PUT",
            "/v1/rooms/{room}/members/{target}",
            json!({"role": "moderator"}),
            [404, 403, 404, 403, 403, 200, 200],
        ),
        (
            "DELETE",
            "/v1/rooms/{room}/members/{target}?reason=spam",
            none(),
            [404, 403, 404, 403, 204, 204, 204],
        ),
        ("GET", "/v1/rooms/{room}/bans", none(), [404, 403, 404, 403, 200, 200, 200]),
        (
            "PUT",
            "/v1/rooms/{room}/bans/{target}",
            json!({"reason": "spam"}),
            [404, 403, 404, 403, 204, 204, 204],
        ),
        ("DELETE", "/v1/rooms/{room}/bans/{banned}", none(), [404, 403, 404, 403, 204, 204, 204]),
        ("POST", "/v1/rooms/{room}/invites", json!({}), [404, 403, 404, 201, 201, 201, 403]),
        ("GET", "/v1/rooms/{room}/invites", none(), [404, 403, 404, 200, 200, 200, 403]),
        ("DELETE", "/v1/rooms/{room}/invites/{invite}", none(), [404, 403, 404, 204, 204, 204, 403]),
    ]
}

fn rows_of_history_and_admin() -> Vec<Row> {
    let none = || Value::Null;
    vec![
        ("GET", "/v1/rooms/{room}/entries", none(), READERS),
        ("GET", "/v1/rooms/{room}/timeline", none(), READERS),
        ("GET", "/v1/rooms/{room}/messages?by={target}", none(), READERS),
        ("POST", "/v1/rooms/{room}/messages", json!({"text": "hola"}), [404, 403, 404, 201, 201, 201, 404]),
        ("GET", "/v1/rooms/{room}/events", none(), READERS),
        ("GET", "/v1/rooms/{room}/messages/{message}/attachments/{0}", none(), READERS),
        // It is a text, and has no small picture.
        (
            "GET",
            "/v1/rooms/{room}/messages/{message}/attachments/{0}/thumb",
            none(),
            [404, 403, 404, 404, 404, 404, 404],
        ),
        // Administrators may look at a room; of its files they get no link.
        (
            "POST",
            "/v1/rooms/{room}/attachments/links",
            json!({"items": []}),
            [404, 403, 404, 200, 200, 200, 200],
        ),
        ("POST", "/v1/uploads", json!({}), [422; 7]),
        ("GET", "/v1/uploads/{upload}", none(), [404; 7]),
        ("PATCH", "/v1/uploads/{upload}", none(), [415; 7]),
        ("DELETE", "/v1/uploads/{upload}", none(), [404; 7]),
        ("GET", "/v1/admin/limits", none(), [403, 403, 403, 403, 403, 403, 200]),
        ("PATCH", "/v1/admin/limits", json!({"text_bytes": 7000}), [403, 403, 403, 403, 403, 403, 200]),
        ("PATCH", "/v1/admin/users/{target}", json!({"admin": false}), [403, 403, 403, 403, 403, 403, 204]),
        ("DELETE", "/v1/admin/rooms/{room}", none(), [403, 403, 403, 403, 403, 403, 204]),
        ("POST", "/v1/admin/links", json!({}), [403, 403, 403, 403, 403, 403, 201]),
        ("GET", "/v1/admin/stats", none(), [403, 403, 403, 403, 403, 403, 200]),
        ("POST", "/v1/admin/links", json!({}), [403, 403, 403, 403, 403, 403, 201]),
        ("PATCH", "/v1/admin/users/{target}", json!({"admin": false}), [403, 403, 403, 403, 403, 403, 204]),
        ("DELETE", "/v1/admin/rooms/{room}", none(), [403, 403, 403, 403, 403, 403, 204]),
        ("GET", "/v1/admin/audit", none(), [403, 403, 403, 403, 403, 403, 200]),
        // Last, since nobody is signed in any more after it.
        ("DELETE", "/v1/sessions/current", none(), [204; 7]),
    ]
}

/// What needs no sign-in: the answer to everybody.
fn open_rows() -> Vec<(&'static str, &'static str, Value, u16)> {
    vec![
        ("POST", "/v1/users", json!({"name": "Somebody"}), 201),
        ("POST", "/v1/sessions", json!({"handle": "nobody", "password": "nonsense"}), 401),
        ("GET", "/v1/invites/{invite}", Value::Null, 200),
        ("GET", "/v1/server", Value::Null, 200),
        ("GET", "/v1/servers/recommended", Value::Null, 200),
        ("OPTIONS", "/v1/uploads", Value::Null, 204),
        ("GET", "/v1/files/{0}", Value::Null, 404),
    ]
}

async fn cast(world: &World) -> Cast {
    let revoked = world.sign_up("Revoked").await;
    revoked.delete(world, "/v1/sessions/current").await.expect(204);
    Cast {
        stranger: world.sign_up("Stranger").await,
        banned: world.sign_up("Banned").await,
        left: world.sign_up("Left").await,
        member: world.sign_up("Member").await,
        moderator: world.sign_up("Moder Ator").await,
        owner: world.sign_up("Owner").await,
        admin: world.administrator().await,
        target: world.sign_up("Target").await,
        revoked,
    }
}

async fn scene(world: &World, cast: &Cast) -> Scene {
    let Cast { banned, left, member, moderator, owner, target, .. } = cast;
    let room = world.group(owner, &[banned, left, member, moderator, target]).await;
    let at = |what: &str| format!("/v1/rooms/{room}/{what}");
    owner
        .put(world, &at(&format!("members/{}", moderator.id)), json!({"role": "moderator"}))
        .await
        .expect(200);
    target.say(world, room, "hello").await;
    left.delete(world, &at(&format!("members/{}", left.id))).await.expect(204);
    moderator.put(world, &at(&format!("bans/{}", banned.id)), json!({})).await.expect(204);
    let invite = member.post(world, &at("invites"), json!({})).await.expect(201);
    Scene { room, invite: invite["token"].as_str().unwrap().to_owned() }
}

/// The path with ids in place of its variables; a room is made only if it names one.
async fn filled(world: &World, path: &str, cast: &Cast) -> String {
    let path = path
        .replace("{stranger}", &cast.stranger.id.to_string())
        .replace("{banned}", &cast.banned.id.to_string())
        .replace("{target}", &cast.target.id.to_string())
        .replace("{device}", &cast.target.device.to_string());
    let mut path = path.replace("{0}", "0");
    if path.contains("{upload}") {
        let upload = cast.target.upload(world, "a.txt", b"mine").await;
        path = path.replace("{upload}", upload["id"].as_str().unwrap());
    }
    if !path.contains('{') {
        return path;
    }
    let scene = scene(world, cast).await;
    if path.contains("{message}") {
        let upload = cast.target.upload(world, "a.txt", b"for who may read it").await;
        let seq = cast.target.send_files(world, scene.room, &[&upload]).await;
        path = path.replace("{message}", &seq.to_string());
    }
    path.replace("{room}", &scene.room.to_string()).replace("{invite}", &scene.invite)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_endpoint_for_everybody() {
    let world = World::start().await;
    let no_bounds = |limits: &mut tertulia_core::Limits| {
        (limits.rooms_per_user, limits.messages_per_10s, limits.uploads_per_user) = (100_000, 100_000, 1_000);
    };
    world.set_limits(no_bounds).await;
    let cast = cast(&world).await;
    let mut wrong = Vec::new();
    for (method, path, body, expected) in rows() {
        let people = [
            &cast.stranger,
            &cast.banned,
            &cast.left,
            &cast.member,
            &cast.moderator,
            &cast.owner,
            &cast.admin,
        ];
        let body = Some(body).filter(|body| !body.is_null());
        let at = filled(&world, path, &cast).await;
        for (token, code) in [
            (None, "unauthenticated"),
            (Some("nonsense".to_owned()), "unauthenticated"),
            (Some(world.expired(&cast.member)), "token_expired"),
            (Some(cast.revoked.token.clone()), "token_revoked"),
        ] {
            let reply = world.call(method, &at, token.as_deref(), body.clone()).await;
            reply.expect_problem(401, code);
            assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        }
        for (at, person) in people.into_iter().enumerate() {
            let path = filled(&world, path, &cast).await;
            let reply = world.call(method, &path, Some(&person.token), body.clone()).await;
            if reply.status != expected[at] {
                wrong.push(format!("{method} {path} column {at}: {} {}", reply.status, reply.text()));
            }
            if reply.status >= 400 {
                assert_eq!(reply.header("content-type"), Some("application/problem+json"));
            }
            unblock(&world, &cast, &path).await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Blocks would keep people from bringing each other into rooms.
async fn unblock(world: &World, cast: &Cast, path: &str) {
    if path.starts_with("/v1/me/blocks") {
        for person in [&cast.stranger, &cast.banned, &cast.left, &cast.member, &cast.moderator, &cast.owner] {
            person.delete(world, &format!("/v1/me/blocks/{}", cast.target.id)).await.expect(204);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_endpoints_need_no_token() {
    let world = World::start().await;
    let cast = cast(&world).await;
    for (method, path, body, status) in open_rows() {
        let body = Some(body).filter(|body| !body.is_null());
        let reply = world.call(method, &filled(&world, path, &cast).await, None, body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
    }
}

/// No endpoint is left out of the tables above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_have_every_endpoint() {
    let world = World::start().await;
    let openapi = world.call("GET", "/v1/openapi.json", None, None).await.expect(200);
    let mut described = BTreeSet::new();
    for (path, item) in openapi["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            described.insert((method.to_uppercase(), path.split('{').map(variable_end).collect::<String>()));
        }
    }
    let plain = |method: &str, path: &str| {
        let path = path.split('?').next().unwrap().replace("by-handle/target", "by-handle/{}");
        (method.to_owned(), path.split('{').map(variable_end).collect::<String>())
    };
    let mut tested: BTreeSet<_> = rows().iter().map(|(method, path, ..)| plain(method, path)).collect();
    tested.extend(open_rows().iter().map(|(method, path, ..)| plain(method, path)));
    assert_eq!(described, tested);
}

/// `room}/members` becomes `}/members`: what a variable is called does not matter.
fn variable_end(part: &str) -> &str {
    part.find('}').map_or(part, |end| &part[end..])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_for_this_machine_or_for_who_has_their_token() {
    let elsewhere = [("x-forwarded-for", "192.0.2.1".to_owned())];
    let world = World::start().await;
    assert!(world.call("GET", "/metrics", None, None).await.text().contains("# TYPE"));
    let refused = world.send("GET", "/metrics", &elsewhere, b"").await;
    refused.expect_problem(403, "not_allowed");
    let administrator = world.administrator().await;
    let token = ("authorization", format!("Bearer {}", administrator.token));
    let refused = world.send("GET", "/metrics", &[token, elsewhere[0].clone()], b"").await;
    refused.expect_problem(403, "not_allowed");

    let secret = "a token of the operator's";
    let world = World::with(|settings| settings.metrics_token = Some(secret.to_owned())).await;
    for wrong in [None, Some("another"), Some("")] {
        let refused = world.call("GET", "/metrics", wrong, None).await;
        refused.expect_problem(401, "unauthenticated");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    }
    let given = ("authorization", format!("Bearer {secret}"));
    let reply = world.send("GET", "/metrics", &[given, elsewhere[0].clone()], b"").await;
    assert!(reply.status == 200 && reply.text().contains("# TYPE"), "{}", reply.text());
}
