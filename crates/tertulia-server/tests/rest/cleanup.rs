//! Jobs: what is over goes, everywhere, and nothing else does.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tertulia_core::RoomId;
use tertulia_ports::messages::Span;
use tertulia_server::{
    jobs::{Done, Runner, Schedule},
    metrics::Metrics,
    room::work::{Finished, Places, Work, perform},
};

use crate::world::{Person, World};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn runner(world: &World, node: &str) -> Runner {
    let metrics = Arc::new(Metrics::default());
    Runner::new(
        world.ports.clone(),
        world.server.rooms().clone(),
        node.to_owned(),
        metrics,
        Schedule::default(),
    )
}

fn done(results: &[(&'static str, Option<Done>)], job: &str) -> u64 {
    results.iter().find(|(name, _)| *name == job).unwrap().1.unwrap().count
}

/// Waits until a room is in no store any more.
async fn is_gone(world: &World, room: RoomId) -> bool {
    for _ in 0..200 {
        let listed = world.ports.directory.room(room).await.unwrap().is_some();
        let heads = world.ports.messages.heads(&[room]).await.unwrap();
        let rows = match heads.first() {
            Some(head) => {
                let span = tertulia_ports::messages::Span {
                    room,
                    first: 1,
                    last: head.seq,
                    epochs: head.epochs.clone(),
                };
                world
                    .ports
                    .messages
                    .read(&span, tertulia_ports::messages::From::Start, 10)
                    .await
                    .unwrap()
                    .len()
            }
            None => 0,
        };
        if !listed && rows == 0 {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_one_who_leaves_turns_off_the_light() {
    let world = World::start().await;
    let admin = world.administrator().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    amaia.say(&world, room, "hola").await;
    let other = world.group(&amaia, &[]).await;
    amaia
        .put(&world, &format!("/v1/rooms/{room}/members/{}", bo.id), json!({"role": "owner"}))
        .await
        .expect(200);
    amaia.delete(&world, &format!("/v1/rooms/{room}/members/{}", amaia.id)).await.expect(204);
    bo.get(&world, &format!("/v1/rooms/{room}/entries")).await.expect(200);
    bo.delete(&world, &format!("/v1/rooms/{room}/members/{}", bo.id)).await.expect(204);
    assert!(is_gone(&world, room).await);
    assert!(!is_gone_now(&world, other).await, "nothing else goes");
    let audit = admin.get(&world, "/v1/admin/audit?limit=1").await.expect(200);
    assert_eq!(
        (&audit["items"][0]["action"], &audit["items"][0]["subject"]),
        (&json!("room.closed"), &json!(room))
    );
    assert!(audit["items"][0]["actor"].is_null());
    let metrics = world.call("GET", "/metrics", None, None).await.text();
    assert!(metrics.contains("tertulia_job_things_total{job=\"empty_rooms\"} 1"), "{metrics}");
    assert_eq!(
        done(&runner(&world, "sweeper").run_once().await, "empty_rooms"),
        0,
        "nothing is left for the sweep"
    );
}

async fn is_gone_now(world: &World, room: RoomId) -> bool {
    world.ports.directory.room(room).await.unwrap().is_none()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_expire_by_the_rooms_days_or_the_servers() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let wish = json!({"kind": "group", "name": "short", "settings": {"retention_days": 1}});
    let short: RoomId =
        amaia.post(&world, "/v1/rooms", wish).await.expect(201)["id"].as_str().unwrap().parse().unwrap();
    let usual = world.group(&amaia, &[]).await;
    for room in [short, usual] {
        amaia.say(&world, room, "yesterday").await;
    }
    world.clock.advance(DAY_MS + 1);
    let last = amaia.say(&world, short, "today").await;
    amaia.say(&world, usual, "today").await;
    let runner = runner(&world, "one");
    assert_eq!(done(&runner.run_once().await, "retention"), 3);
    let page = amaia.get(&world, &format!("/v1/rooms/{short}/timeline")).await.expect(200);
    assert_eq!((&page["first"], page["items"].as_array().unwrap().len()), (&json!(last), 1));
    assert_eq!(amaia.get(&world, &format!("/v1/rooms/{usual}/timeline")).await.expect(200)["first"], 1);
    let list = amaia.get(&world, "/v1/me/rooms").await.expect(200);
    let of = |room: RoomId| {
        list["items"].as_array().unwrap().iter().find(|item| item["id"] == json!(room)).unwrap().clone()
    };
    assert_eq!(
        (&of(short)["posts"], &of(short)["unread"]),
        (&json!(2), &json!(0)),
        "what is gone is not unread"
    );
    assert_eq!(done(&runner.run_once().await, "retention"), 0, "twice is once");
    world.set_limits(|limits| limits.retention_days = 1).await;
    assert_eq!(done(&runner.run_once().await, "retention"), 3);
    let gone = amaia.get(&world, &format!("/v1/rooms/{usual}/messages?by={}", amaia.id)).await.expect(200);
    assert_eq!(gone["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_up_to_what_expired_has_read_all_that_expired() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    let mut said = Vec::new();
    for text in ["one", "two", "three"] {
        said.push(amaia.say(&world, room, text).await);
    }
    world.clock.advance(DAY_MS + 1);
    world.set_limits(|limits| limits.retention_days = 1).await;
    let places = Places {
        messages: world.ports.messages.clone(),
        directory: world.ports.directory.clone(),
        presence: world.ports.presence.clone(),
    };
    // A device that was away says what it has read: two of three messages that are gone meanwhile.
    let read_two = async || {
        let head = world.ports.messages.heads(&[room]).await.unwrap().remove(0);
        let unread = Span { room, first: said[1] + 1, last: head.seq, epochs: head.epochs };
        let (request, user, published) = (1, bo.id, (head.seq, head.posts));
        match perform(&places, Work::Mark { request, user, unread, published }).await {
            Finished::Mark { marker, .. } => (marker.seq, marker.posts),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(read_two().await, (said[1], 2));
    let runner = runner(&world, "one");
    assert!(done(&runner.run_once().await, "retention") > 0);
    assert_eq!(read_two().await, (said[2], 3), "nothing is left of the room");
    assert_eq!(unread_of(&bo, &world, room).await, 0);
    amaia.say(&world, room, "four").await;
    assert_eq!(read_two().await, (said[2], 3));
    assert_eq!(unread_of(&bo, &world, room).await, 1);
}

/// How much somebody has not read of a room.
async fn unread_of(person: &Person, world: &World, room: RoomId) -> u64 {
    let list = person.get(world, "/v1/me/rooms").await.expect(200);
    let item = list["items"].as_array().unwrap().iter().find(|item| item["id"] == json!(room)).unwrap();
    item["unread"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn devices_and_invites_that_are_over_are_forgotten() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let room = world.group(&amaia, &[]).await;
    amaia
        .post(&world, &format!("/v1/rooms/{room}/invites"), json!({"expires_in_ms": 1_000}))
        .await
        .expect(201);
    let runner = runner(&world, "one");
    let early = runner.run_once().await;
    assert_eq!((done(&early, "expired_invites"), done(&early, "expired_devices")), (0, 0));
    world.clock.advance(366 * DAY_MS);
    let late = runner.run_once().await;
    assert_eq!((done(&late, "expired_invites"), done(&late, "expired_devices")), (1, 1));
    amaia.get(&world, "/v1/me").await.expect_problem(401, "token_expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_runs_on_one_node_at_a_time() {
    let world = World::start().await;
    let now = world.ports.clock.now();
    for job in ["retention", "feeds"] {
        assert!(world.ports.coordination.lease(job, "other", now, 1_000).await.unwrap());
    }
    let runner = runner(&world, "one");
    let ran: Vec<_> = runner
        .run_once()
        .await
        .into_iter()
        .filter(|(_, done)| done.is_some())
        .map(|(name, _)| name)
        .collect();
    assert_eq!(ran, ["empty_rooms", "expired_devices", "expired_invites", "expired_uploads", "unused_files"]);
    world.clock.advance(1_000);
    assert!(runner.run_once().await.iter().all(|(_, done)| done.is_some()), "a lease ends with its holder");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_expired_is_not_unread() {
    let world = World::start().await;
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let room = world.group(&amaia, &[&bo]).await;
    let change = json!({"settings": {"retention_days": 1}});
    amaia.patch(&world, &format!("/v1/rooms/{room}"), change).await.expect(200);
    for text in ["one", "two", "three"] {
        amaia.say(&world, room, text).await;
    }
    let unread = async || {
        let listed = bo.get(&world, "/v1/me/rooms").await.expect(200)["items"][0].clone();
        let live = crate::live::Live::open(&world, &bo).await;
        let head = &live.welcome["rooms"][0];
        let told = ["first", "head", "posts", "read", "read_posts"].map(|field| {
            assert_eq!(head[field], listed[field], "{field}: welcome and REST say the same");
            head[field].as_u64().unwrap()
        });
        assert_eq!(listed["unread"], json!(told[2] - told[4]));
        (told[0], told[2] - told[4])
    };
    assert_eq!(unread().await, (1, 3));
    let runner = runner(&world, "test");
    world.clock.advance(DAY_MS / 2);
    for text in ["four", "five"] {
        amaia.say(&world, room, text).await;
    }
    world.clock.advance(DAY_MS / 2 + 1);
    assert!(done(&runner.run_once().await, "retention") > 0);
    assert_eq!(unread().await, (8, 2), "only what is still there");
    world.clock.advance(DAY_MS);
    assert!(done(&runner.run_once().await, "retention") > 0);
    assert_eq!(unread().await.1, 0, "nothing is");
    amaia.say(&world, room, "six").await;
    assert_eq!(unread().await.1, 1);
}
