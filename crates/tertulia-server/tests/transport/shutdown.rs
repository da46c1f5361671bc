//! How it ends.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use tertulia_server::gateway::transport::{CloseReason, Enqueued, Frame, PostError};

use crate::client::{Client, upgrade_request};
use crate::probe::{Seen, Server};

#[test]
fn draining_tells_the_application_first_and_closes_with_1001() {
    let server = Server::start();
    let address = server.address();
    let mut client = Client::open(address);
    let (id, _) = server.next_opened();
    let handle = server.worker.handle().clone();
    let grace = Duration::from_millis(300);
    handle.shutdown(grace);
    assert_eq!(server.next(), Seen::Draining(grace));
    assert!(server.run(move |_, io| io.send(id, Frame::text("go elsewhere")) == Enqueued::Accepted));
    let mut late = Client::dial(address);
    late.write(upgrade_request("").as_bytes());
    assert!(late.read_head().starts_with("HTTP/1.1 503 "));
    assert_eq!(client.read_text(), "go elsewhere");
    let close = client.read_frame().unwrap();
    assert_eq!(close.close_code(), 1001);
    client.send(0x88, &close.payload);
    assert_eq!(client.read_frame(), None);
    assert_eq!(server.next_closed(), (id, CloseReason::Shutdown));
    assert!(server.worker.join());
    assert!(matches!(handle.post(Box::new(|_, _| ())), Err(PostError::Stopped)));
    assert_eq!(server.transport.connections(), 0);
    assert!(server.listener.stop());
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_peer_that_ignores_the_shutdown_does_not_hold_it_up() {
    let server = Server::with_worker(|settings| settings.close_timeout = Duration::from_millis(300));
    let mut client = Client::open(server.address());
    let began = Instant::now();
    server.worker.handle().shutdown(Duration::ZERO);
    assert!(server.worker.join());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(client.read_close(), 1001);
    assert_eq!(server.transport.connections(), 0);
}

#[test]
fn a_worker_that_panics_gives_its_places_back() {
    let server = Server::start();
    let mut client = Client::open(server.address());
    server.next_opened();
    server.worker.handle().post(Box::new(|_, _| panic!("a panic that the test asked for"))).unwrap();
    client.wait_for_end();
    assert!(!server.worker.join());
    assert_eq!(server.transport.connections(), 0);
    let mut late = Client::dial(server.listener.address());
    late.write(upgrade_request("").as_bytes());
    assert!(late.read_head().starts_with("HTTP/1.1 503 "));
}
