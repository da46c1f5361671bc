//! What an application and a well-meaning peer can rely on.

use std::time::{Duration, Instant};

use tertulia_server::gateway::transport::{
    CloseCode, CloseReason, Enqueued, Frame, Listener, ListenerSettings, Placement, PostError, Worker,
    WorkerSettings,
};

use crate::client::{Client, frame, upgrade_request};
use crate::probe::{Quiet, Seen, Server, Work};

#[test]
fn messages_come_back() {
    let server = Server::start();
    let mut client = Client::open(server.address());
    client.send(0x81, "grüße".as_bytes());
    assert_eq!(client.read_text(), "grüße");
    client.send(0x02, &[1; 30_000]);
    client.send(0x89, b"ping");
    client.send(0x80, &[2; 30_000]);
    let pong = client.read_frame().unwrap();
    assert_eq!((pong.first, pong.payload.as_slice()), (0x8a, b"ping".as_slice()));
    let binary = client.read_frame().unwrap();
    assert_eq!(binary.payload, [[1; 30_000], [2; 30_000]].concat());
    client.send(0x88, &[0x03, 0xe9]);
    assert_eq!(client.read_close(), 1001);
    let (id, _) = server.next_opened();
    assert_eq!(server.next(), Seen::Text(id, "grüße".to_owned()));
    assert_eq!(server.next(), Seen::Binary(id, 60_000));
    assert_eq!(server.next_closed(), (id, CloseReason::Peer(Some(CloseCode::GOING_AWAY))));
}

#[test]
fn frames_may_follow_the_request_at_once() {
    let server = Server::start();
    let mut client = Client::dial(server.address());
    let early: Vec<u8> = (0..500).flat_map(|i| frame(0x81, format!("early {i}").as_bytes())).collect();
    client.write(&[upgrade_request("").as_bytes(), &early].concat());
    assert!(client.read_head().starts_with("HTTP/1.1 101 "));
    for i in 0..500 {
        assert_eq!(client.read_text(), format!("early {i}"));
    }
}

#[test]
fn frames_of_one_turn_leave_in_one_write() {
    let server = Server::start();
    let mut client = Client::open(server.address());
    let (id, _) = server.next_opened();
    client.send(0x81, b"warm");
    client.read_text();
    server.run(|_, _| ());
    let before = server.counters();
    server.run(move |_, io| {
        let shared = Frame::text("shared");
        for _ in 0..64 {
            assert_eq!(io.send(id, shared.clone()), Enqueued::Accepted);
        }
        assert_eq!(io.queued_bytes(id), 64 * 8);
    });
    for _ in 0..64 {
        assert_eq!(client.read_text(), "shared");
    }
    server
        .wait(|counters| counters.bytes_out == before.bytes_out + 64 * 8 && counters.writes > before.writes);
    assert_eq!(server.counters().frames_out, before.frames_out + 64);
    assert_eq!(server.counters().writes, before.writes + 1);
}

#[test]
fn a_close_is_a_handshake_and_stale_ids_reach_nobody() {
    let server = Server::start();
    let mut client = Client::open(server.address());
    let (id, _) = server.next_opened();
    server.run(move |_, io| {
        let _ = io.send(id, Frame::text("last words"));
        io.close(id, CloseCode::new(4_001).unwrap(), "signed out");
        io.close(id, CloseCode::NORMAL, "only the first counts");
        assert_eq!(io.send(id, Frame::text("late")), Enqueued::Gone);
        assert!(!io.is_open(id));
    });
    assert_eq!(server.next_closed(), (id, CloseReason::Application(CloseCode::new(4_001).unwrap())));
    assert_eq!(client.read_text(), "last words");
    let close = client.read_frame().unwrap();
    assert_eq!((close.close_code(), &close.payload[2..]), (4_001, b"signed out".as_slice()));
    client.send(0x81, b"not heard any more");
    client.send(0x88, &close.payload[..2]);
    assert_eq!(client.read_frame(), None);
    server.wait(|counters| counters.closed == 1);

    let _next = Client::open(server.address());
    let (next, _) = server.next_opened();
    assert_eq!(next.index, id.index, "the place is used again");
    assert_ne!(next, id);
    assert!(server.run(move |_, io| io.send(id, Frame::text("for a ghost")) == Enqueued::Gone));
}

#[test]
fn a_peer_that_does_not_answer_a_close_is_cut_off() {
    let server = Server::with_worker(|settings| settings.close_timeout = Duration::from_millis(300));
    let mut client = Client::open(server.address());
    let (id, _) = server.next_opened();
    server.run(move |_, io| io.close(id, CloseCode::NORMAL, ""));
    let began = Instant::now();
    assert_eq!(client.read_close(), 1000);
    assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
    server.wait(|counters| counters.closed == 1);
}

#[test]
fn a_lost_connection_is_noticed() {
    let server = Server::start();
    let client = Client::open(server.address());
    let (id, _) = server.next_opened();
    drop(client);
    assert_eq!(server.next_closed(), (id, CloseReason::Lost));
    server.wait(|counters| counters.closed == 1);
    assert_eq!(server.transport.connections(), 0);
    assert_eq!(server.worker.handle().load(), 0);
}

#[test]
fn silent_peers_are_pinged_and_then_closed() {
    let server = Server::with_worker(|settings| {
        settings.ping_after = Duration::from_millis(400);
        settings.pong_timeout = Duration::from_millis(400);
        settings.silent_code = CloseCode::new(4009).unwrap();
    });
    let mut client = Client::open(server.address());
    let (id, _) = server.next_opened();
    for _ in 0..3 {
        assert_eq!(client.read_frame().unwrap().first, 0x89, "a ping");
        client.send(0x8a, b"");
    }
    let answered = Instant::now();
    assert_eq!(client.read_frame().unwrap().first, 0x89, "a ping");
    assert_eq!(client.read_close(), 4009);
    assert!(answered.elapsed() >= Duration::from_millis(600), "{:?}", answered.elapsed());
    assert_eq!(server.next_closed(), (id, CloseReason::Silent));
    server.wait(|counters| counters.silent == 1);
}

#[test]
fn a_peer_that_talks_is_not_pinged() {
    let server = Server::with_worker(|settings| {
        settings.ping_after = Duration::from_millis(800);
        settings.pong_timeout = Duration::from_millis(400);
    });
    let mut client = Client::open(server.address());
    for i in 0..15 {
        std::thread::sleep(Duration::from_millis(100));
        client.send(0x81, format!("{i}").as_bytes());
        assert_eq!(client.read_text(), format!("{i}"));
    }
}

#[test]
fn ticks_come_when_asked_for() {
    let server = Server::start();
    let asked = server.run(|_, io| {
        io.request_tick(io.now() + Duration::from_secs(60));
        io.request_tick(io.now() + Duration::from_millis(30));
        io.now()
    });
    let Seen::Tick(at) = server.next() else { panic!("not a tick") };
    assert!(at >= asked + Duration::from_millis(30));
    assert!(at < asked + Duration::from_secs(5));
    let quiet = server.seen.recv_timeout(Duration::from_millis(100));
    assert!(quiet.is_err(), "one request, one tick: {quiet:?}");
}

#[test]
fn every_call_is_followed_by_the_end_of_the_turn() {
    let server = Server::start();
    server.run(|probe, _| probe.tells_turns = true);
    let mut client = Client::open(server.address());
    client.send(0x81, b"hello");
    client.read_text();
    client.send(0x88, &[]);
    server.wait(|counters| counters.closed == 1);
    server.run(|probe, _| probe.tells_turns = false);
    let seen: Vec<Seen> = server.seen.try_iter().collect();
    for (i, call) in seen.iter().enumerate().filter(|(_, call)| **call != Seen::TurnEnded) {
        assert!(seen[i..].contains(&Seen::TurnEnded), "nothing ended the turn of {call:?}");
    }
    assert!(matches!(seen.iter().rfind(|call| **call != Seen::TurnEnded), Some(Seen::Closed(..))));
}

#[test]
fn mail_keeps_its_order_and_is_bounded() {
    let server = Server::with_worker(|settings| settings.mail_max_count = 100);
    let (sender, numbers) = std::sync::mpsc::channel();
    let (hold, release) = std::sync::mpsc::channel::<()>();
    let (started_sender, started) = std::sync::mpsc::channel();
    let handle = server.worker.handle().clone();
    let pause: Work = Box::new(move |_, _| {
        started_sender.send(()).unwrap();
        release.recv().unwrap();
    });
    handle.post(pause).unwrap();
    started.recv().unwrap();
    let number = |i: u32| -> Work {
        let sender = sender.clone();
        Box::new(move |_, _| sender.send(i).unwrap())
    };
    assert_eq!(handle.post_all((0..150).map(number)), 50);
    assert_eq!(handle.post(number(0)), Err(PostError::Full));
    hold.send(()).unwrap();
    for i in 0..100 {
        assert_eq!(numbers.recv_timeout(Duration::from_secs(20)), Ok(i));
    }
    server.run(|_, _| ());
    assert_eq!(numbers.try_recv().ok(), None, "what was refused is not delivered");
    assert_eq!(server.counters().mail_refused, 51);
}

#[test]
fn connections_are_spread_over_the_workers() {
    let server = Server::start();
    let second = Worker::start("second", WorkerSettings::default(), &server.transport, |_| Quiet).unwrap();
    let third = Worker::start("third", WorkerSettings::default(), &server.transport, |_| Quiet).unwrap();
    let workers = vec![second.handle().clone(), third.handle().clone()];
    let placement = Placement::new(server.transport.clone(), workers);
    let socket = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = Listener::start(socket, ListenerSettings::default(), placement, Quiet).unwrap();
    let _clients: Vec<Client> = (0..10).map(|_| Client::open(listener.address())).collect();
    assert_eq!((second.handle().load(), third.handle().load()), (5, 5));
    second.handle().shutdown(Duration::ZERO);
    let _more: Vec<Client> = (0..3).map(|_| Client::open(listener.address())).collect();
    assert_eq!(third.handle().load(), 8, "a worker that shuts down gets no more");
}
