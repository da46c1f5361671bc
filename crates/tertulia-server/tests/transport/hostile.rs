//! Peers that are slow, broken or malicious.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tertulia_server::gateway::transport::websocket::Violation;
use tertulia_server::gateway::transport::{CloseReason, Enqueued, Frame};

use crate::client::{Client, frame};
use crate::probe::{Seen, Server};

/// Opens a connection, sends `bytes`, and checks that it is closed for `violation` with `code`.
fn check_closed(server: &Server, bytes: &[u8], code: u16, violation: Violation) {
    let mut client = Client::open(server.address());
    let (id, _) = server.next_opened();
    let began = Instant::now();
    client.write(bytes);
    assert_eq!(client.read_close(), code, "{violation}");
    assert_eq!(server.next_closed(), (id, CloseReason::Violation(violation)));
    assert!(began.elapsed() < Duration::from_secs(1), "{violation} took {:?}", began.elapsed());
}

#[test]
fn broken_frames_are_closed_with_their_code() {
    let server = Server::start();
    let limit = 64 * 1024;
    let hundred_megabytes = [0x82, 0xff, 0, 0, 0, 0, 0x05, 0xf5, 0xe1, 0x00, 1, 2, 3, 4];
    check_closed(&server, &hundred_megabytes, 1009, Violation::MessageTooBig { limit });
    let two_too_large = [frame(0x01, &[b'a'; 40_000]), frame(0x80, &[b'a'; 40_000])].concat();
    check_closed(&server, &two_too_large, 1009, Violation::MessageTooBig { limit });
    let flood = [frame(0x01, b"a"), frame(0x00, b"a").repeat(10_000)].concat();
    check_closed(&server, &flood, 1008, Violation::TooManyFragments { limit: 128 });
    let empty_flood = [frame(0x02, b""), frame(0x00, b"").repeat(10_000)].concat();
    check_closed(&server, &empty_flood, 1008, Violation::TooManyFragments { limit: 128 });
    check_closed(&server, &frame(0x81, b"\xff\xfe"), 1007, Violation::InvalidUtf8);
    check_closed(&server, &frame(0x01, b"begins \xe2\x28"), 1007, Violation::InvalidUtf8);
    check_closed(&server, b"GET / HTTP/1.1\r\n\r\n", 1002, Violation::ReservedBits);
    check_closed(&server, &[0x81, 0x01, b'a'], 1002, Violation::Unmasked);
    server.wait(|counters| counters.closed == 8);
    assert_eq!(server.counters().violations, 8);
    assert_eq!(server.transport.connections(), 0);
}

#[test]
fn a_peer_that_goes_on_sending_after_a_violation_still_reads_why() {
    let server = Server::start();
    let mut client = Client::open(server.address());
    client.write(&[0x82, 0xff, 0, 0, 0, 0, 0x05, 0xf5, 0xe1, 0x00, 1, 2, 3, 4]);
    client.write(&[0; 1_000_000]);
    assert_eq!(client.read_close(), 1009);
}

#[test]
fn a_peer_that_never_stops_sending_after_a_violation_is_cut_off() {
    let server = Server::with_worker(|settings| settings.close_timeout = Duration::from_secs(60));
    let mut client = Client::open(server.address());
    client.write(&[0x81, 0x01]);
    let sent = std::iter::repeat_with(|| client.stream.write(&[0; 65_536])).find_map(Result::err).unwrap();
    assert!(matches!(sent.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{sent}");
}

#[test]
fn a_slow_reader_is_bounded_and_loses_nothing_it_was_promised() {
    let limit = 100_000;
    let server = Server::with_worker(move |settings| {
        settings.queue_max_bytes = limit;
        settings.send_buffer_bytes = 32 * 1024;
    });
    let mut slow = Client::open(server.address());
    let (id, _) = server.next_opened();
    // Many turns, as the queue of one turn is written at its end.
    let mut accepted = 0;
    loop {
        let first = accepted;
        let sent = server.run(move |_, io| {
            let frame = |i: usize| Frame::text(&format!("{i:01000}"));
            let sent =
                (first..first + 20).take_while(|i| io.send(id, frame(*i)) == Enqueued::Accepted).count();
            assert!(io.queued_bytes(id) <= limit);
            sent
        });
        accepted += sent;
        if sent < 20 {
            break;
        }
    }
    assert!(server.run(move |_, io| io.send(id, Frame::text(&"b".repeat(1_000))) == Enqueued::Full));

    let mut other = Client::open(server.address());
    server.next_opened();
    other.send(0x81, b"not held up");
    assert_eq!(other.read_text(), "not held up");
    assert!(matches!(server.next(), Seen::Text(..)));

    for i in 0..accepted {
        assert_eq!(slow.read_text(), format!("{i:01000}"));
    }
    assert_eq!(server.next(), Seen::Drained(id));
    assert!(server.run(move |_, io| io.send(id, Frame::text("again")) == Enqueued::Accepted));
    assert_eq!(slow.read_text(), "again");
    assert_eq!(server.counters().slow_readers, 1, "counted once until drained");
}

#[test]
fn an_empty_queue_takes_one_frame_of_any_size() {
    let server = Server::with_worker(|settings| {
        settings.queue_max_bytes = 1_000;
        settings.send_buffer_bytes = 16 * 1024;
    });
    let mut client = Client::open(server.address());
    let (id, _) = server.next_opened();
    server.run(move |_, io| {
        assert_eq!(io.send(id, Frame::binary(&[7; 10_000_000])), Enqueued::Accepted);
        io.notify_when_drained(id);
        assert_eq!(io.send(id, Frame::text("one too many")), Enqueued::Full);
    });
    assert_eq!(client.read_frame().unwrap().payload.len(), 10_000_000);
    assert_eq!(server.next(), Seen::Drained(id));
}

#[test]
fn a_peer_that_never_reads_is_cut_off() {
    let server = Server::with_worker(|settings| {
        settings.stall_timeout = Duration::from_millis(500);
        settings.send_buffer_bytes = 16 * 1024;
    });
    let mut client = Client::open(server.address());
    let (id, _) = server.next_opened();
    let began = Instant::now();
    server.run(move |_, io| assert_eq!(io.send(id, Frame::binary(&[7; 20_000_000])), Enqueued::Accepted));
    assert_eq!(server.next_closed(), (id, CloseReason::Stalled));
    assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
    client.wait_for_end();
    server.wait(|counters| counters.stalled == 1);
}

#[test]
fn a_peer_that_pings_and_never_reads_costs_a_bounded_queue() {
    let server = Server::with_worker(|settings| {
        settings.queue_max_bytes = 10_000;
        settings.send_buffer_bytes = 4 * 1024;
    });
    let mut client = Client::open(server.address());
    let (id, _) = server.next_opened();
    let pings = frame(0x89, &[1; 125]).repeat(1_000);
    for _ in 0..100 {
        client.write(&pings);
    }
    server.wait(|counters| counters.frames_in == 100_000);
    let queued = server.run(move |_, io| io.queued_bytes(id));
    assert!(queued <= 10_000 + 127, "{queued} bytes");
    server.run(|_, _| ());
    assert!(server.counters().frames_out < 100_000);
}

#[test]
fn a_flood_on_one_connection_does_not_starve_another() {
    let server = Server::start();
    let address = server.address();
    let is_done = AtomicBool::new(false);
    let is_done = &is_done;
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let mut flooder = Client::open(address);
            let mut reader = flooder.stream.try_clone().unwrap();
            scope.spawn(move || {
                let messages = frame(0x82, b"").repeat(5_000);
                while !is_done.load(Ordering::Relaxed) && flooder.stream.write_all(&messages).is_ok() {}
                drop(flooder.stream.shutdown(std::net::Shutdown::Both));
            });
            scope.spawn(move || std::io::copy(&mut reader, &mut std::io::sink()));
        }
        let mut client = Client::open(address);
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            let began = Instant::now();
            client.send(0x81, b"in between");
            assert_eq!(client.read_text(), "in between");
            slowest = slowest.max(began.elapsed());
        }
        is_done.store(true, Ordering::Relaxed);
        assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    });
}
