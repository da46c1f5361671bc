//! What others see of one: presence, typing, receipts.

use serde_json::{Value, json};
use tertulia_core::RoomId;

use crate::{
    live::Live,
    world::{Person, World},
};

async fn direct(world: &World, one: &Person, other: &Person) -> RoomId {
    let room = one.put(world, &format!("/v1/direct/{}", other.id), json!({})).await.expect(200);
    room["id"].as_str().unwrap().parse().unwrap()
}

fn presence_of(person: &Person) -> impl Fn(&Value) -> bool {
    let id = json!(person.id);
    move |frame: &Value| frame["t"] == "presence" && frame["user"] == id
}

/// Writes and reads in a room: both have been told when this returns.
async fn type_and_read(live: &mut Live, room: RoomId, seq: u64) {
    live.send(&json!({"t": "typing", "room": room, "on": true})).await;
    let read = live.ask(json!({"t": "read", "room": room, "seq": seq})).await;
    assert_eq!(read["t"], "ack", "{read}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_ends_typing_and_receipts_both_ways_in_the_direct_room() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let (room, tea) = (direct(&world, &amaia, &bo).await, world.group(&amaia, &[&bo]).await);
    let seq = amaia.say(&world, room, "hola").await;
    let (mut hers, mut his) = (Live::open(&world, &amaia).await, Live::open(&world, &bo).await);
    for live in [&mut hers, &mut his] {
        live.ask(json!({"t": "subscribe", "room": room})).await;
        live.ask(json!({"t": "subscribe", "room": tea})).await;
    }
    type_and_read(&mut his, room, 3).await;
    hers.hears(|frame| frame["t"] == "typing" && frame["user"] == json!(bo.id)).await;
    hers.hears(|frame| frame["t"] == "read" && frame["user"] == json!(bo.id)).await;

    amaia.put(&world, &format!("/v1/me/blocks/{}", bo.id), json!({})).await.expect(204);
    let (mut mine, mut theirs, mut me, mut other) = (his, hers, &bo, &amaia);
    for _ in 0..2 {
        type_and_read(&mut mine, room, seq).await;
        mine.hears(|frame| frame["t"] == "read" && frame["seq"] == json!(seq)).await;
        for t in ["typing", "read"] {
            let mut heard = theirs.heard_of(t, &world, me, tea).await;
            heard.retain(|frame| frame["user"] == json!(me.id));
            assert_eq!(heard, [Value::Null; 0]);
        }
        let opened = theirs.ask(json!({"t": "subscribe", "room": room})).await;
        let users: Vec<_> = opened["reads"].as_array().unwrap().iter().map(|mark| &mark["user"]).collect();
        assert_eq!(users, [&json!(other.id)], "only their own: {opened}");
        assert_eq!((&opened["typing"], &opened["active"]), (&json!([]), &json!(1)));
        let active = other.get(&world, &format!("/v1/rooms/{room}/active")).await.expect(200);
        assert_eq!((&active["users"], &active["count"]), (&json!([other.id]), &json!(1)));
        // In a group a block keeps nobody from hearing.
        type_and_read(&mut mine, tea, 3).await;
        theirs.hears(|frame| frame["t"] == "typing" && frame["room"] == json!(tea)).await;
        (mine, theirs) = (theirs, mine);
        (me, other) = (other, me);
    }
    let (mut his, mut hers) = (mine, theirs);

    amaia.delete(&world, &format!("/v1/me/blocks/{}", bo.id)).await.expect(204);
    let opened = hers.ask(json!({"t": "subscribe", "room": room})).await;
    assert_eq!(opened["reads"].as_array().unwrap().len(), 2, "{opened}");
    type_and_read(&mut his, room, seq).await;
    hers.hears(|frame| frame["t"] == "typing" && frame["room"] == json!(room)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_blocked_sees_no_presence() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let tea = world.group(&amaia, &[&bo]).await;
    let (mut hers, mut his) = (Live::open(&world, &amaia).await, Live::open(&world, &bo).await);
    let watch = json!({"t": "presence", "users": [amaia.id]});
    his.ask(watch.clone()).await;
    // She may be seen a moment after her welcome only.
    his.hears(|frame| presence_of(&amaia)(frame) && frame["state"] == "here").await;
    his.heard.clear();

    let block = format!("/v1/me/blocks/{}", bo.id);
    amaia.put(&world, &block, json!({})).await.expect(204);
    let off = json!({"t": "presence", "user": amaia.id, "state": "off"});
    assert_eq!(his.hears(presence_of(&amaia)).await, off, "at once");
    hers.ask(json!({"t": "presence", "users": [bo.id], "mine": "away"})).await;
    assert_eq!(hers.hears(presence_of(&bo)).await["state"], "here", "who blocks still sees the other");
    his.ask(watch.clone()).await;
    assert_eq!(his.hears(presence_of(&amaia)).await, off, "and when asked");
    drop(hers);
    tokio::time::sleep(std::time::Duration::from_millis(3_500)).await;
    assert_eq!(his.heard_of("presence", &world, &amaia, tea).await, [Value::Null; 0], "nothing changed");
    his.ask(watch).await;
    assert_eq!(his.hears(presence_of(&amaia)).await, off, "nor when she was here last");

    amaia.delete(&world, &block).await.expect(204);
    let seen = his.hears(presence_of(&amaia)).await;
    assert_eq!((&seen["state"], seen["last_seen_at"].is_u64()), (&json!("off"), true), "{seen}");
}

async fn settle(world: &World, person: &Person, privacy: Value) {
    person.put(world, "/v1/me/settings", json!({"privacy": privacy})).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn presence_is_shown_to_whom_one_wants() {
    let world = World::start().await;
    let (amaia, bo, cai) =
        (world.sign_up("Amaia").await, world.sign_up("Bo").await, world.sign_up("Cai").await);
    let tea = world.group(&amaia, &[&bo, &cai]).await;
    for (person, friend) in [(&amaia, &bo), (&bo, &amaia)] {
        person.put(&world, &format!("/v1/me/friends/{}", friend.id), json!({})).await.expect(200);
    }
    let mut hers = Live::open(&world, &amaia).await;
    hers.ask(json!({"t": "subscribe", "room": tea})).await;
    let (mut his, mut theirs) = (Live::open(&world, &bo).await, Live::open(&world, &cai).await);
    let watch = json!({"t": "presence", "users": [amaia.id]});
    for live in [&mut his, &mut theirs] {
        live.ask(watch.clone()).await;
        live.hears(|frame| presence_of(&amaia)(frame) && frame["state"] == "here").await;
        live.heard.clear();
    }

    settle(&world, &amaia, json!({"presence": false})).await;
    let off = json!({"t": "presence", "user": amaia.id, "state": "off"});
    for live in [&mut his, &mut theirs] {
        assert_eq!(live.hears(presence_of(&amaia)).await, off, "at once");
    }
    hers.ask(json!({"t": "presence", "users": [amaia.id], "mine": "away"})).await;
    assert_ne!(hers.hears(presence_of(&amaia)).await["state"], "off", "one sees oneself");
    let active = bo.get(&world, &format!("/v1/rooms/{tea}/active")).await.expect(200);
    assert_eq!((&active["users"], &active["count"]), (&json!([]), &json!(0)));
    let opened = his.ask(json!({"t": "subscribe", "room": tea})).await;
    assert_eq!(opened["active"], 1, "only his own: {opened}");

    settle(&world, &amaia, json!({"last_seen": "friends"})).await;
    drop(hers);
    let is_off = |frame: &Value| presence_of(&amaia)(frame) && frame["state"] == "off";
    assert!(his.hears(is_off).await["last_seen_at"].is_u64(), "a friend sees it");
    assert_eq!(theirs.hears(is_off).await, off, "others do not");
    settle(&world, &amaia, json!({"last_seen": "nobody"})).await;
    assert_eq!(his.hears(is_off).await, off);
    settle(&world, &amaia, json!({})).await;
    for live in [&mut his, &mut theirs] {
        let last = live.hears(|frame| presence_of(&amaia)(frame) && frame["last_seen_at"].is_u64()).await;
        assert_eq!(last["state"], "off");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_no_receipts_gets_none() {
    let world = World::start().await;
    let (amaia, bo, cai) =
        (world.sign_up("Amaia").await, world.sign_up("Bo").await, world.sign_up("Cai").await);
    let tea = world.group(&amaia, &[&bo, &cai]).await;
    let seq = amaia.say(&world, tea, "hola").await;
    let (mut hers, mut his) = (Live::open(&world, &amaia).await, Live::open(&world, &bo).await);
    let mut other_device = Live::open(&world, &amaia).await;
    let mut theirs = Live::open(&world, &cai).await;
    for live in [&mut hers, &mut his, &mut theirs] {
        live.ask(json!({"t": "subscribe", "room": tea})).await;
    }
    settle(&world, &amaia, json!({"receipts": false})).await;
    // By then the gateway has looked at what she settled.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;

    let read = json!({"t": "read", "room": tea, "seq": seq});
    for live in [&mut hers, &mut theirs] {
        live.ask(read.clone()).await;
    }
    let read_by = |person: &Person| {
        let id = json!(person.id);
        move |frame: &Value| frame["t"] == "read" && frame["user"] == id
    };
    his.hears(read_by(&cai)).await;
    let heard = his.heard_of("read", &world, &amaia, tea).await;
    assert_eq!(heard, [Value::Null; 0], "hers stays with her");
    other_device.hears(read_by(&amaia)).await;
    let heard = hers.heard_of("read", &world, &bo, tea).await;
    assert!(heard.iter().all(read_by(&amaia)) && heard.len() == 1, "{heard:?}");

    let users = |opened: &Value| -> Vec<Value> {
        opened["reads"].as_array().unwrap().iter().map(|mark| mark["user"].clone()).collect()
    };
    let opened = hers.ask(json!({"t": "subscribe", "room": tea})).await;
    assert_eq!(users(&opened), [json!(amaia.id)]);
    let opened = his.ask(json!({"t": "subscribe", "room": tea})).await;
    assert!(
        !users(&opened).contains(&json!(amaia.id)) && users(&opened).contains(&json!(cai.id)),
        "{opened}"
    );
    let mut later = Live::open(&world, &amaia).await;
    later.ask(json!({"t": "subscribe", "room": tea})).await;
    his.ask(read.clone()).await;
    let heard = later.heard_of("read", &world, &bo, tea).await;
    assert_eq!(heard, [Value::Null; 0], "nor does a new session hear any");

    settle(&world, &amaia, json!({"receipts": true})).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let last = bo.say(&world, tea, "more").await;
    his.ask(json!({"t": "read", "room": tea, "seq": last})).await;
    hers.hears(|frame| read_by(&bo)(frame) && frame["seq"] == json!(last)).await;
}
