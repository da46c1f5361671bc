//! SIGTERM: clients are told to come back, what they have said is kept, the process ends by itself.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    time::Instant,
};

use tertulia_protocol::{
    ids::Nonce,
    rest::{NewRoom, NewRoomKind},
    socket::{
        client::{ClientFrame, Send},
        server::{Notice, ServerFrame},
    },
};

use crate::world::{Live, Process, World};

/// What the server gives clients to go.
const GRACE_MS: u64 = 2_000;
/// What it waits at most for those who do not close when it has, and as much again for a busy machine.
const LAST_WORDS_MS: u128 = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_and_everybody_hears_when_to_come_back() {
    let mut world = World::start();
    let (amaia, bo) = (world.sign_up("Amaia").await, world.sign_up("Bo").await);
    let (name, settings, members) = ("tea".to_owned(), Default::default(), vec![bo.user.user.id]);
    let wish = NewRoom { kind: NewRoomKind::Group, name, topic: None, settings, members };
    let room = world.rest(&amaia).make_room(&wish, Nonce(1_000)).await.unwrap().id;
    let mut writer = Live::open(&world.server.address, &amaia.token).await;
    let mut reader = Live::open(&world.server.address, &bo.token).await;
    let since = writer.welcome.rooms.iter().find(|head| head.room == room).unwrap().head;

    let send = |id: u64| {
        let (nonce, text) = (Nonce(u128::from(id)), format!("message {id}"));
        ClientFrame::Send(Send { id, room, nonce, since, text, reply_to: None, attachments: Vec::new() })
    };
    let sends: Vec<ClientFrame> = (1..=40).map(send).collect();
    writer.write(&sends[..20]).await;
    world.server.terminate();
    let told = Instant::now();
    writer.write(&sends[20..]).await;

    let (mut acked, mut after_ms) = (BTreeMap::new(), None);
    let code = loop {
        match writer.next().await {
            Ok(ServerFrame::Ack(ack)) => drop(acked.insert(ack.id, ack.seq.unwrap())),
            Ok(ServerFrame::Notice(Notice::Reconnect { after_ms: ms, .. })) => after_ms = Some(ms),
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, Some(1001));
    assert!(told.elapsed().as_millis() as u64 >= GRACE_MS, "the grace is given: {:?}", told.elapsed());
    assert_eq!(after_ms, Some(0), "two clients need no spreading");
    assert_eq!(acked.keys().copied().collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>(), "all are answered");

    let mut heard = Vec::new();
    let code = loop {
        match reader.next().await {
            Ok(ServerFrame::Entry(entry)) if entry.room == room => heard.push(entry.entry.seq),
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, Some(1001));
    assert_eq!(heard, acked.values().copied().collect::<Vec<_>>(), "and all are delivered, in order");
    assert!(world.server.wait().success());
    assert!(told.elapsed().as_millis() < u128::from(GRACE_MS) + LAST_WORDS_MS, "{:?}", told.elapsed());

    world.server = Process::start(world.folder.path());
    let log = world.rest(&bo).entries_after(room, since).await.unwrap().items;
    assert_eq!(log.iter().map(|entry| entry.seq).collect::<Vec<_>>(), heard);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_go_when_they_are_told_hold_nothing_up() {
    const CLIENTS: usize = 60;
    let mut world = World::start();
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let session = world.sign_up(&format!("Person {number}")).await;
        clients.push(Live::open(&world.server.address, &session.token).await);
    }
    let began = Instant::now();
    world.server.terminate();
    for mut client in clients {
        let after_ms = client
            .wait_for(|frame| match frame {
                ServerFrame::Notice(Notice::Reconnect { after_ms, .. }) => Some(after_ms),
                _ => None,
            })
            .await;
        assert!(after_ms < 30, "{CLIENTS} clients come back within 30 ms, not after {after_ms}");
    }
    assert!(world.server.wait().success());
    assert!(began.elapsed().as_millis() < u128::from(GRACE_MS), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_are_dead_hold_it_up_for_a_second_only() {
    let mut world = World::start();
    let session = world.sign_up("Amaia").await;
    // It neither reads nor answers.
    let dead = Live::open(&world.server.address, &session.token).await;
    let began = Instant::now();
    world.server.terminate();
    assert!(world.server.wait().success());
    assert!(began.elapsed().as_millis() < u128::from(GRACE_MS) + LAST_WORDS_MS, "{:?}", began.elapsed());
    drop(dead);
}

#[test]
fn a_server_without_live_clients_ends_at_once() {
    let mut world = World::start();
    // One that has said nothing yet, and one that keeps its connection after an answer.
    let silent = TcpStream::connect(world.server.address.authority()).unwrap();
    let mut kept = TcpStream::connect(world.server.address.authority()).unwrap();
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let mut answer = [0; 4096];
    assert!(kept.read(&mut answer).unwrap() > 0);
    let began = Instant::now();
    world.server.terminate();
    assert!(world.server.wait().success());
    assert!(began.elapsed().as_millis() < u128::from(GRACE_MS), "{:?}", began.elapsed());
    assert_eq!(kept.read(&mut answer).unwrap(), 0, "it was closed");
    drop(silent);
}
