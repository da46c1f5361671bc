//! History over REST, the room list with its unread counts, and what a ban takes away.

use serde_json::{Value, json};
use tertulia_core::{
    Nonce, RoomId,
    room::{Ask, Command},
};
use tertulia_ports::messages::ReadMarker;

use crate::{
    live::Live,
    world::{Person, World},
};

async fn do_in(world: &World, person: &Person, room: RoomId, command: Command) -> u64 {
    let nonce = Nonce(u128::from(world.ports.entropy.u64()) + 1);
    world.server.rooms().ask(room, Ask { actor: person.id, nonce, since: None, command }).await.unwrap().seq
}

fn seqs(page: &Value) -> Vec<u64> {
    page["items"].as_array().unwrap().iter().map(|item| item["seq"].as_u64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_in_both_modes_from_the_rooms_start() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    let first = amaia.say(&world, room, "one").await;
    let second = bo.say(&world, room, "two").await;
    do_in(&world, &amaia, room, Command::Edit { of: first, text: "one, edited".into() }).await;
    do_in(&world, &bo, room, Command::React { of: first, emoji: "👍".into(), on: true }).await;
    do_in(&world, &bo, room, Command::Delete { of: second, reason: None }).await;
    assert_eq!((first, second), (4, 5));

    let at = |what: &str| format!("/v1/rooms/{room}/{what}");
    let entries = bo.get(&world, &at("entries?limit=200")).await.expect(200);
    assert_eq!(seqs(&entries), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(
        (&entries["items"][4]["kind"], &entries["items"][4]["was"]),
        (&json!("erased"), &json!("message"))
    );
    let timeline = bo.get(&world, &at("timeline")).await.expect(200);
    assert_eq!(
        (seqs(&timeline), &timeline["from"], &timeline["to"]),
        (vec![1, 2, 3, 4, 5], &json!(1), &json!(8))
    );
    let state = &timeline["items"][3]["state"];
    assert_eq!(
        (&state["text"], &state["reactions"]),
        (&json!("one, edited"), &json!([{"emoji": "👍", "count": 1, "mine": true}]))
    );
    assert_eq!(timeline["items"][4]["state"]["deleted"]["by"], json!(bo.id));
    let back = bo.get(&world, &at("timeline?before=5&limit=2")).await.expect(200);
    assert_eq!((seqs(&back), &back["from"]), (vec![3, 4], &json!(3)));

    let events = bo.get(&world, &at("events?limit=2")).await.expect(200);
    assert_eq!((seqs(&events), &events["next"]), (vec![1, 2], &json!("2")));
    assert_eq!(seqs(&bo.get(&world, &at("events?after=2")).await.expect(200)), [3]);
    let mine = bo.get(&world, &at(&format!("messages?by={}", amaia.id))).await.expect(200);
    let form = json!({"group_chat_id": room, "user_id": amaia.id, "msg_id": 4, "text": "one, edited",
                      "create_timestamp": world.ports.clock.now()});
    assert_eq!(mine["items"], json!([form]));
    assert_eq!(bo.get(&world, &at(&format!("messages?by={}", bo.id))).await.expect(200)["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn direct_messages_have_the_form_of_two() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let direct = amaia.put(&world, &format!("/v1/direct/{}", bo.id), json!({})).await.expect(200);
    let path = format!("/v1/rooms/{}/messages", direct["id"].as_str().unwrap());
    let said = bo.post(&world, &path, json!({"text": "hola"})).await.expect(201);
    let form = json!({"msg_id": 4, "user_id_from": bo.id, "user_id_to": amaia.id, "text": "hola",
                      "create_timestamp": world.ports.clock.now()});
    assert_eq!(said, form);
    let listed = amaia.get(&world, &format!("{path}?by={}", bo.id)).await.expect(200);
    assert_eq!(listed["items"], json!([form]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_are_listed_by_activity_with_what_is_unread() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let old = world.group(&amaia, &[&bo]).await;
    let new = world.group(&amaia, &[&bo]).await;
    for (room, text) in [(old, "one"), (new, "two"), (old, "three"), (old, "four")] {
        world.clock.advance(1_000);
        amaia.say(&world, room, text).await;
    }
    let marker = ReadMarker { room: old, user: bo.id, seq: 4, posts: 1 };
    world.ports.messages.save_markers(vec![marker]).await.unwrap();
    let list = bo.get(&world, "/v1/me/rooms").await.expect(200);
    let [first, second] = [&list["items"][0], &list["items"][1]];
    assert_eq!((&first["id"], &second["id"]), (&json!(old), &json!(new)));
    assert_eq!(
        (&first["posts"], &first["read"], &first["read_posts"], &first["unread"]),
        (&json!(3), &json!(4), &json!(1), &json!(2))
    );
    assert_eq!((&first["last"]["text"], &first["last"]["by_name"]), (&json!("four"), &json!("Amaia")));
    assert_eq!(
        (&first["head"], &first["first"], &first["my_role"]),
        (&json!(6), &json!(1), &json!("member"))
    );
    assert_eq!(list["feed"], bo.get(&world, "/v1/me").await.expect(200)["feed"]);
    bo.patch(&world, &format!("/v1/me/rooms/{new}"), json!({"muted": true, "pinned": true}))
        .await
        .expect(204);
    let list = bo.get(&world, "/v1/me/rooms").await.expect(200);
    assert_eq!((&list["items"][1]["muted"], &list["items"][1]["pinned"]), (&json!(true), &json!(true)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ban_ends_reading_by_every_path() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    amaia.say(&world, room, "before").await;
    let at = |what: &str| format!("/v1/rooms/{room}/{what}");
    amaia
        .put(&world, &at(&format!("bans/{}", bo.id)), json!({"reason": "spam", "duration_ms": 60_000}))
        .await
        .expect(204);
    amaia.say(&world, room, "a secret").await;
    for path in ["", "entries", "timeline", "events", "members", "bans", "invites", "active"] {
        let path = at(path);
        let reply = bo.get(&world, path.trim_end_matches('/')).await;
        let problem = reply.expect_problem(403, "banned");
        assert!(problem["detail"].as_str().unwrap().ends_with("spam") && !reply.text().contains("secret"));
    }
    bo.get(&world, &at(&format!("messages?by={}", amaia.id))).await.expect_problem(403, "banned");
    bo.post(&world, &at("messages"), json!({"text": "x"})).await.expect_problem(403, "banned");
    assert_eq!(bo.get(&world, "/v1/me/rooms").await.expect(200)["items"], json!([]));
    let bans = amaia.get(&world, &at("bans")).await.expect(200);
    assert_eq!(
        (&bans["items"][0]["user"]["id"], &bans["items"][0]["reason"]),
        (&json!(bo.id), &json!("spam"))
    );

    // An invite does not help the banned, and is not used up by them; after the ban's end it does.
    let invite = amaia.post(&world, &at("invites"), json!({"uses": 1})).await.expect(201);
    let wish = json!({"invite": invite["token"]});
    bo.post(&world, &at("join"), wish.clone()).await.expect_problem(403, "banned");
    world.clock.advance(60_000);
    bo.get(&world, &at("entries")).await.expect_problem(404, "not_member");
    bo.post(&world, &at("join"), wish).await.expect(200);
    assert!(bo.get(&world, &at("timeline")).await.text().contains("a secret"), "a member again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn newcomers_read_what_the_room_lets_them() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let wish = json!({"kind": "group", "name": "x", "settings": {"history": "since_join"}});
    let room: RoomId =
        amaia.post(&world, "/v1/rooms", wish).await.expect(201)["id"].as_str().unwrap().parse().unwrap();
    amaia.say(&world, room, "before").await;
    amaia.put(&world, &format!("/v1/rooms/{room}/members/{}", bo.id), json!({})).await.expect(200);
    amaia.say(&world, room, "after").await;
    for path in ["entries", "timeline", "entries?before=5", "timeline?after=0"] {
        let reply = bo.get(&world, &format!("/v1/rooms/{room}/{path}")).await;
        assert!(!reply.text().contains("before"), "{path}: {}", reply.text());
        assert_eq!(reply.expect(200)["first"], 4);
    }
    let list = bo.get(&world, "/v1/me/rooms").await.expect(200);
    assert_eq!((&list["items"][0]["posts"], &list["items"][0]["unread"]), (&json!(2), &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_before_somebody_came_is_not_unread() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[]).await;
    for text in ["one", "two", "three"] {
        amaia.say(&world, room, text).await;
    }
    amaia.put(&world, &format!("/v1/rooms/{room}/members/{}", bo.id), json!({})).await.expect(200);
    let unread = async || bo.get(&world, "/v1/me/rooms").await.expect(200)["items"][0]["unread"].clone();
    assert_eq!(unread().await, 0);
    amaia.say(&world, room, "four").await;
    assert_eq!(unread().await, 1);
    assert_eq!(bo.get(&world, &format!("/v1/rooms/{room}/timeline")).await.expect(200)["first"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ones_own_messages_are_read_if_everything_before_them_was() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    let unread = async |person: &Person| {
        let listed = person.get(&world, "/v1/me/rooms").await.expect(200)["items"][0].clone();
        let welcome = Live::open(&world, person).await.welcome;
        let head = &welcome["rooms"][0];
        let told = head["posts"].as_u64().unwrap() - head["read_posts"].as_u64().unwrap();
        assert_eq!((&listed["read"], &listed["unread"]), (&head["read"], &json!(told)));
        told
    };
    let first = amaia.say(&world, room, "one").await;
    do_in(&world, &bo, room, Command::React { of: first, emoji: "👍".into(), on: true }).await;
    let second = amaia.say(&world, room, "two").await;
    assert_eq!((unread(&amaia).await, unread(&bo).await), (0, 2));
    do_in(&world, &amaia, room, Command::Delete { of: second, reason: None }).await;
    assert_eq!(unread(&amaia).await, 0, "one that was deleted as well");

    // Bo has not read what he answers to: neither that nor his answer counts as read.
    let answer = bo.say(&world, room, "three").await;
    assert_eq!((unread(&amaia).await, unread(&bo).await), (1, 3));
    let mut his = Live::open(&world, &bo).await;
    his.ask(json!({"t": "read", "room": room, "seq": answer - 1})).await;
    assert_eq!(unread(&bo).await, 0, "everything before his answer is read");

    // Of a long row of one's own, the mark is stored: it moves on, and never back.
    for _ in 0..40 {
        bo.say(&world, room, "more").await;
    }
    assert_eq!((unread(&amaia).await, unread(&bo).await), (41, 0));
    let stored = world.ports.messages.markers_of_user(bo.id).await.unwrap();
    assert_eq!((stored[0].seq, stored[0].posts), (answer + 40, 43));
    let last = amaia.say(&world, room, "stop").await;
    assert_eq!((unread(&amaia).await, unread(&bo).await), (42, 1));
    his.ask(json!({"t": "read", "room": room, "seq": last})).await;
    assert_eq!(unread(&bo).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_stale_send_ones_own_nonce_is_in_the_log() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    let (mut hers, mut his) = (Live::open(&world, &amaia).await, Live::open(&world, &bo).await);
    let nonce = "5c0f1f6f0a9c4f5e8d1b2a3c4d5e6f70";
    let send = json!({"t": "send", "room": room, "nonce": nonce, "since": 3, "text": "the same"});
    let seq = hers.ask(send.clone()).await["seq"].as_u64().unwrap();
    for live in [&mut hers, &mut his] {
        let entry = live.hears(|frame| frame["t"] == "entry" && frame["seq"] == json!(seq)).await;
        assert!(entry.get("nonce").is_none(), "what comes live is the same for everybody: {entry}");
    }
    let has_nonce = |item: &Value| item["nonce"] == json!(nonce);
    for (person, theirs) in [(&amaia, true), (&bo, false)] {
        let mut back = Live::with_cursors(&world, person, json!({room.to_string(): 3})).await;
        let entry = back.hears(|frame| frame["t"] == "entry" && frame["seq"] == json!(seq)).await;
        assert_eq!(has_nonce(&entry), theirs, "{entry}");
    }

    // More than a room remembers.
    for _ in 0..1_100 {
        let nonce = Nonce(u128::from(world.ports.entropy.u64()) + 1);
        let command = Command::Post { text: "the same".into(), reply_to: None, attached: Default::default() };
        let ask = Ask { actor: amaia.id, nonce, since: None, command };
        world.server.rooms().ask(room, ask).await.unwrap();
    }
    let refused = hers.ask(send).await;
    assert_eq!(refused["code"], "stale_send", "{refused}");

    let look = json!({"t": "history", "room": room, "mode": "entries", "after": 3, "limit": 200});
    let page = hers.ask(look.clone()).await;
    let found: Vec<_> = page["items"].as_array().unwrap().iter().filter(|item| has_nonce(item)).collect();
    assert!(found.len() == 1 && found[0]["seq"] == json!(seq), "{found:?}");
    let others = his.ask(look).await;
    assert!(others["items"].as_array().unwrap().iter().all(|item| item.get("nonce").is_none()));
    let rest = amaia.get(&world, &format!("/v1/rooms/{room}/timeline?after=3&limit=1")).await.expect(200);
    assert!(has_nonce(&rest["items"][0]), "{rest}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_banned_is_told_by_whom_until_when_and_why() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    let at = format!("/v1/rooms/{room}/bans/{}", bo.id);
    let is_gone = |frame: &Value| frame["t"] == "room" && frame["change"] == "gone";
    let cursors = json!({room.to_string(): 3, "77": 1});

    let mut his = Live::open(&world, &bo).await;
    amaia.put(&world, &at, json!({"reason": "spam", "duration_ms": 60_000})).await.expect(204);
    let until = world.ports.clock.now().plus(60_000);
    let gone = json!({"t": "room", "change": "gone", "room": room, "why": "banned", "seq": 4, "by": amaia.id,
                      "until": until, "reason": "spam"});
    assert_eq!(his.hears(is_gone).await, gone);
    amaia.patch(&world, &format!("/v1/rooms/{room}"), json!({"name": "a secret"})).await.expect(200);
    let mut back = Live::with_cursors(&world, &bo, cursors.clone()).await;
    assert_eq!(back.welcome["rooms"], json!([]));
    assert_eq!(back.hears(is_gone).await, gone, "and once more to whoever was away");
    let bans = amaia.get(&world, &format!("/v1/rooms/{room}/bans")).await.expect(200);
    assert_eq!(bans["items"][0]["by"], json!(amaia.id));

    // The server's own ban names nobody, and one that is over is not told.
    amaia.delete(&world, &at).await.expect(204);
    admin.put(&world, &at, json!({"duration_ms": 1_000})).await.expect(204);
    let mut back = Live::with_cursors(&world, &bo, cursors.clone()).await;
    let gone = back.hears(is_gone).await;
    assert_eq!((gone.get("by"), gone.get("reason"), &gone["seq"]), (None, None, &json!(7)));
    world.clock.advance(1_000);
    let mut back = Live::with_cursors(&world, &bo, cursors).await;
    let tea = world.group(&amaia, &[&bo]).await;
    back.hears(|frame| frame["room"] == json!(tea)).await;
    assert!(!back.heard.iter().any(is_gone), "{:?}", back.heard);
}
