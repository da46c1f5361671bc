//! `tertulia admin …` against a running server.

use serde_json::Value;
use tertulia_adapters::time::system::{OsEntropy, SystemClock};
use tertulia_client::rest::Rest;
use tertulia_core::TimeMs;
use tertulia_ports::time::Clock;
use tertulia_protocol::{
    Code,
    ids::Nonce,
    rest::{NewRoom, NewRoomKind},
    room::Departure,
    socket::{
        client::{ClientFrame, Send},
        server::{Notice, Room, ServerFrame},
    },
};
use tertulia_server::identity::{Claims, Tokens, open_key};

use crate::world::{Live, Process, World, failure, tertulia};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_limit_holds_at_once_and_after_a_restart() {
    let mut world = World::start();
    let amaia = world.sign_up("Amaia").await;
    let mut live = Live::open(&world.server.address, &amaia.token).await;
    assert_eq!(live.welcome.limits.text_bytes, 8_000);
    let listed = world.admin(&["limits"]);
    assert!(listed.contains("text_bytes                      8000 bytes"), "{listed}");

    world.admin(&["limits", "text_bytes=100"]);
    let told = live
        .wait_for(|frame| match frame {
            ServerFrame::Notice(Notice::Limits { limits }) => Some(limits.text_bytes),
            _ => None,
        })
        .await;
    assert_eq!(told, 100);
    let room = live.welcome.rooms[0];
    for (id, bytes) in [(1, 101), (2, 100)] {
        let nonce = Nonce(u128::from(id));
        let text = "x".repeat(bytes);
        let send = Send {
            id,
            room: room.room,
            nonce,
            since: room.head,
            text,
            reply_to: None,
            attachments: Vec::new(),
        };
        live.write(&[ClientFrame::Send(send)]).await;
    }
    let refused = live
        .wait_for(|frame| match frame {
            ServerFrame::Error(refused) => Some(refused),
            _ => None,
        })
        .await;
    assert_eq!((refused.id, refused.error.code), (Some(1), Code::Invalid));
    assert_eq!((refused.error.field.as_deref(), refused.error.bound), (Some("text"), Some(100.into())));
    live.wait_for(|frame| matches!(frame, ServerFrame::Ack(ack) if ack.id == 2).then_some(())).await;

    world.server.terminate();
    assert!(world.server.wait().success());
    world.server = Process::start(world.folder.path());
    let limits: Value = serde_json::from_str(&world.admin(&["limits", "--json"])).unwrap();
    let kept = limits["items"].as_array().unwrap().iter().find(|item| item["name"] == "text_bytes").unwrap();
    assert_eq!((&kept["value"], &kept["source"]), (&100.into(), &"admin".into()));
    let live = Live::open(&world.server.address, &amaia.token).await;
    assert_eq!(live.welcome.limits.text_bytes, 100);
}

#[test]
fn a_limit_that_nobody_changed_follows_the_configuration() {
    let mut world = World::start();
    world.admin(&["limits", "text_bytes=100"]);
    let restart = |world: &mut World, configured: &str| {
        std::fs::write(world.folder.path().join("tertulia.toml"), format!("[limits]\n{configured}\n"))
            .unwrap();
        world.server.terminate();
        assert!(world.server.wait().success());
        world.server = Process::start(world.folder.path());
    };
    let limit = |world: &World, name: &str| {
        let limits: Value = serde_json::from_str(&world.admin(&["limits", "--json"])).unwrap();
        let item = limits["items"].as_array().unwrap().iter().find(|item| item["name"] == name).unwrap();
        (item["value"].as_u64().unwrap(), item["source"].as_str().unwrap().to_owned())
    };
    for rooms in [9, 8] {
        restart(&mut world, &format!("text_bytes = 200\nrooms_per_user = {rooms}"));
        assert_eq!(limit(&world, "rooms_per_user"), (rooms, "file".to_owned()));
        assert_eq!(limit(&world, "text_bytes"), (100, "admin".to_owned()));
    }
    world.admin(&["limits", "text_bytes=configured"]);
    assert_eq!(limit(&world, "text_bytes"), (200, "file".to_owned()));
    restart(&mut world, "");
    assert_eq!(limit(&world, "text_bytes"), (8_000, "default".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_limits_are_refused_with_their_bounds_and_nothing_changes() {
    let world = World::start();
    let before = world.admin(&["limits"]);
    for (changes, words) in [
        (&["text_bytes=0"][..], "text_bytes is 0, and must be from 1 to 65536 bytes"),
        (&["text_bytes=65537"], "text_bytes is 65537, and must be from 1 to 65536 bytes"),
        (
            &["rooms_per_user=7", "members_per_room=1"],
            "members_per_room is 1, and must be from 2 to 1000000 members",
        ),
        (&["nonsense=1"], "nonsense is 1, and must be one of text_bytes, members_per_room"),
        (&["text_bytes=many"], "text_bytes must be a number, not \"many\""),
        (&["text_bytes=-1"], "text_bytes must be a number, not \"-1\""),
        (&["text_bytes"], "\"text_bytes\" is not NAME=VALUE"),
    ] {
        let error = world.admin_fails(&[&["limits"], changes].concat());
        assert!(error.contains(words), "{changes:?}: {error}");
    }
    assert_eq!(world.admin(&["limits"]), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_become_administrators_and_stop_being_it() {
    let world = World::start();
    let amaia = world.stranger().sign_up_as("Amaia", "amaia", "correct horse").await.unwrap();
    let rest = world.rest(&amaia);
    let may = async || rest.call::<Value>("GET", "/v1/admin/stats", None, None).await.is_ok();
    assert!(!may().await);
    let mut live = Live::open(&world.server.address, &amaia.token).await;
    world.admin(&["user", "promote", "amaia"]);
    assert!(may().await);
    live.wait_for(|frame| {
        matches!(frame, ServerFrame::Notice(Notice::Feed { of, .. }) if of == "profile").then_some(())
    })
    .await;
    world.admin(&["user", "demote", "@Amaia"]);
    assert!(!may().await);
    let error = world.admin_fails(&["user", "promote", "nobody"]);
    assert!(error.contains("@nobody: the server answered 404: there is no such person"), "{error}");
    let error = world.admin_fails(&["user", "promote", "../me"]);
    assert!(error.contains("the handle \"../me\""), "{error}");
    let audit = world.admin(&["audit"]);
    let lines: Vec<&str> = audit.lines().collect();
    assert!(lines[0].contains("user.demoted") && lines[1].contains("user.promoted"), "{audit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_deleted_whoever_belongs_to_it() {
    let world = World::start();
    let amaia = world.sign_up("Amaia").await;
    let (name, settings) = ("tea".to_owned(), Default::default());
    let wish = NewRoom { kind: NewRoomKind::Group, name, topic: None, settings, members: Vec::new() };
    let rest = world.rest(&amaia);
    let room = rest.make_room(&wish, Nonce(7)).await.unwrap().id;
    let mut live = Live::open(&world.server.address, &amaia.token).await;
    world.admin(&["room", "delete", &room.to_string()]);
    let gone = live
        .wait_for(|frame| match frame {
            ServerFrame::Room(Room::Gone { room, why, .. }) => Some((room, why)),
            _ => None,
        })
        .await;
    assert_eq!(gone, (room, Departure::Deleted));
    assert_eq!(rest.room(room).await.unwrap_err().code(), Some(Code::NotMember));
    let error = world.admin_fails(&["room", "delete", &room.to_string()]);
    assert!(error.contains("404"), "{error}");
    let audit = world.admin(&["audit"]);
    assert_eq!(audit.lines().filter(|line| line.contains("room.deleted")).count(), 1, "{audit}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_sign_administrators_in_once() {
    let world = World::start();
    let ticket = |link: String| link.trim().split_once("/#ticket=").unwrap().1.to_owned();
    let first = world.stranger().sign_in_with_ticket(world.server.ticket.as_ref().unwrap()).await.unwrap();
    assert!(first.user.admin);

    let another = ticket(world.admin(&["link"]));
    let second = world.stranger().sign_in_with_ticket(&another).await.unwrap();
    assert!(second.user.admin && second.user.user.id != first.user.user.id);
    let again = world.stranger().sign_in_with_ticket(&another).await.err().unwrap();
    assert_eq!(again.code(), Some(Code::Unauthenticated));

    let own = ticket(world.admin(&["link", &first.user.user.handle]));
    let back = world.stranger().sign_in_with_ticket(&own).await.unwrap();
    assert_eq!(back.user.user.id, first.user.user.id);
    assert_ne!(back.device, first.device);

    let amaia = world.stranger().sign_up_as("Amaia", "amaia", "correct horse").await.unwrap();
    let error = world.admin_fails(&["link", "amaia"]);
    assert!(error.contains("must be an administrator"), "{error}");
    // Administrators make links for themselves, and for nobody else.
    let rest = world.rest(&first);
    for (user, is_made) in
        [(first.user.user.id, true), (second.user.user.id, false), (amaia.user.user.id, false)]
    {
        let wish = Some(serde_json::json!({"user": user}));
        let made = rest.call::<Value>("POST", "/v1/admin/links", wish, None).await;
        assert_eq!(made.is_ok(), is_made, "{made:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_is_nobody_elsewhere() {
    let world = World::start();
    world.sign_up("Amaia").await;
    let stats = world.admin(&["stats"]);
    assert!(stats.lines().any(|line| line.starts_with("users") && line.ends_with(" 1")), "{stats}");
    assert!(stats.lines().any(|line| line.starts_with("entries") && !line.ends_with(" 0")), "{stats}");
    let key = open_key(&world.data().join("token.key"), &OsEntropy).unwrap();
    let claims = Claims::operator(TimeMs(SystemClock.now().0 + 60_000));
    let operator = Rest::signed_in(world.server.address.clone(), &Tokens::new(&key).issue(&claims));
    for path in ["/v1/me", "/v1/me/rooms", "/v1/rooms/1", "/v1/users?q=a"] {
        let answer = operator.call::<Value>("GET", path, None, None).await.unwrap_err();
        assert_eq!(answer.code(), Some(Code::NotAllowed), "{path}");
    }
    let expired = Tokens::new(&key).issue(&Claims::operator(TimeMs(1)));
    let late = Rest::signed_in(world.server.address.clone(), &expired);
    let answer = late.call::<Value>("GET", "/v1/admin/stats", None, None).await.unwrap_err();
    assert_eq!(answer.code(), Some(Code::TokenExpired));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_it_says_so() {
    let mut world = World::start();
    world.server.terminate();
    world.server.wait();
    let error = world.admin_fails(&["stats"]);
    assert!(error.contains("no server answers at http://127.0.0.1:"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let output = tertulia(empty.path()).args(["admin", "stats"]).output().unwrap();
    let error = failure(&output);
    assert!(error.contains("no server has run on data: name its folder with --data"), "{error}");
}
