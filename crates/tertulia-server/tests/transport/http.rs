//! Requests that are no WebSocket, and upgrades that are refused.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use tertulia_server::gateway::transport::OriginPolicy;
use tertulia_server::gateway::transport::counters::CounterValues;

use crate::client::{Client, upgrade_request};
use crate::probe::Server;

/// Sends `request` and checks that the answer is this problem, and that the connection ends with it.
fn check_refused(server: &Server, request: &str, status: u16, code: &str) -> String {
    let mut client = Client::dial(server.address());
    client.write(request.as_bytes());
    let head = client.read_head();
    let body = String::from_utf8(client.read_rest()).unwrap();
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    assert!(head.contains("\r\nContent-Type: application/problem+json\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
    assert!(body.contains(&format!(r#""status":{status},"code":"{code}""#)), "{body}");
    head
}

#[test]
fn http_is_handed_on_with_every_byte() {
    let server = Server::start();
    let mut client = Client::dial(server.address());
    let head = b"POST /v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";
    for piece in head.chunks(7) {
        client.write(piece);
        std::thread::sleep(Duration::from_millis(1));
    }
    client.write(b"some ");
    let (mut stream, got, peer) = server.http.recv_timeout(Duration::from_secs(20)).unwrap();
    client.write(b"body");
    assert_eq!(peer, client.stream.local_addr().unwrap());
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut all = got;
    let mut rest = vec![0; head.len() + 9 - all.len()];
    stream.read_exact(&mut rest).unwrap();
    all.extend(rest);
    assert_eq!(all, [head.as_slice(), b"some body"].concat());
    stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    assert!(client.read_head().starts_with("HTTP/1.1 204 "));
    assert_eq!(server.counters(), CounterValues { accepted: 1, http: 1, ..Default::default() });
}

#[test]
fn refused_upgrades_are_told_why() {
    let server = Server::start();
    check_refused(&server, &upgrade_request("Origin: https://evil.example\r\n"), 403, "origin_refused");
    check_refused(&server, &upgrade_request("Content-Length: 5\r\n"), 400, "body_not_allowed");
    check_refused(&server, "GET /v1/connect HTTP/1.1\r\nHost: a\r\n\r\n", 426, "upgrade_required");
    check_refused(&server, "\x16\x03\x01 a TLS hello\r\n", 400, "malformed_request");
    let large = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(40_000));
    check_refused(&server, &large, 431, "request_head_too_large");
    let expect = CounterValues { accepted: 5, refused_origin: 1, refused_request: 4, ..Default::default() };
    assert_eq!(server.counters(), expect);
}

#[test]
fn allowed_origins_and_subprotocols_reach_the_application() {
    let server = Server::with_listener(|settings| {
        settings.policy.origins = OriginPolicy::only(["https://chat.example"]);
        settings.policy.subprotocols = vec!["tertulia.v1.json".to_owned()];
        settings.policy.kept_headers = vec!["x-forwarded-for".to_owned()];
    });
    let extra = "Origin: https://chat.example\r\nSec-WebSocket-Protocol: a, tertulia.v1.json\r\n\
                 X-Forwarded-For: 192.0.2.1\r\n";
    let mut client = Client::dial(server.address());
    client.write(upgrade_request(extra).as_bytes());
    assert!(client.read_head().contains("\r\nSec-WebSocket-Protocol: tertulia.v1.json\r\n"));
    let (_, peer) = server.next_opened();
    assert_eq!(peer.address, client.stream.local_addr().unwrap());
    assert_eq!(peer.request.target, "/v1/connect?v=1");
    assert_eq!(peer.request.origin.as_deref(), Some("https://chat.example"));
    assert_eq!(peer.request.subprotocol.as_deref(), Some("tertulia.v1.json"));
    assert_eq!(peer.request.header("x-forwarded-for"), Some("192.0.2.1"));
}

#[test]
fn the_connection_limit_can_be_changed_while_running() {
    let server = Server::start();
    server.transport.set_connection_limit(1);
    let mut first = Client::open(server.address());
    let head = check_refused(&server, &upgrade_request(""), 503, "connection_limit");
    assert!(head.contains("\r\nRetry-After: 5\r\n"), "{head}");
    server.transport.set_connection_limit(2);
    let _second = Client::open(server.address());
    assert_eq!(server.transport.connections(), 2);
    first.send(0x88, &[]);
    server.wait(|counters| counters.closed == 1);
    assert_eq!(server.transport.connections(), 1);
    assert_eq!(server.counters().refused_full, 1);
}

#[test]
fn a_head_that_does_not_come_is_not_waited_for() {
    let server = Server::with_listener(|settings| settings.head_timeout = Duration::from_millis(300));
    let began = Instant::now();
    let mut silent = Client::dial(server.address());
    check_refused(&server, "GET / HTTP/1.1\r\nHost: a\r\n", 408, "request_timeout");
    assert_eq!(silent.read_rest(), b"", "a silent connection is closed without a word");
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(server.counters().refused_timeout, 2);
}

#[test]
fn a_crowd_of_half_open_connections_does_not_keep_others_out() {
    let server = Server::with_listener(|settings| {
        settings.half_open_max_count = 50;
        settings.head_timeout = Duration::from_secs(60);
    });
    let mut crowd: Vec<Client> = (0..300)
        .map(|i| {
            let mut client = Client::dial(server.address());
            if i % 2 == 0 {
                client.write(b"GET /v1/connect HTTP/1.1\r\nHost");
            }
            client
        })
        .collect();
    let mut client = Client::open(server.address());
    client.send(0x81, b"still served");
    assert_eq!(client.read_text(), "still served");
    server.wait(|counters| counters.refused_half_open >= 250);
    for oldest in &mut crowd[..200] {
        oldest.wait_for_end();
    }
    assert!(server.counters().refused_half_open <= 251);
}
