//! How many connections one address may have, and how long they may be idle.

use std::time::{Duration, Instant};

use tertulia_server::{api::HttpSettings, gateway::transport::Proxies};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::sleep,
};

use crate::world::{Reply, World, read_reply, request};

/// A server that counts connections of this machine, too.
async fn without_proxies() -> World {
    World::with(|settings| settings.proxies = Proxies(Vec::new())).await
}

fn upgrade(forwarded: Option<&str>) -> Vec<u8> {
    let mut headers = vec![
        ("upgrade", "websocket".to_owned()),
        ("sec-websocket-version", "13".to_owned()),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
    ];
    headers.extend(forwarded.map(|address| ("x-forwarded-for", address.to_owned())));
    request("GET", "/v1/connect", &headers, b"", "upgrade")
}

async fn connect(world: &World) -> TcpStream {
    TcpStream::connect(world.server.address()).await.unwrap()
}

async fn ask(stream: &mut TcpStream, bytes: &[u8]) -> Reply {
    stream.write_all(bytes).await.unwrap();
    read_reply(stream, false).await
}

fn expect_crowd(reply: &Reply) {
    let problem = reply.expect_problem(429, "address_limit");
    assert_eq!((reply.header("retry-after"), &problem["retry_after_ms"]), (Some("5"), &5_000.into()));
}

/// Asks for health until this answer comes: the server hears of an ended connection in its own time.
async fn comes_to(world: &World, status: u16) {
    for _ in 0..200 {
        let mut stream = connect(world).await;
        if ask(&mut stream, &request("GET", "/healthz", &[], b"", "close")).await.status == status {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the answer never was {status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_kept_and_upgraded_connections_count_for_their_address() {
    let world = without_proxies().await;
    world.set_limits(|limits| limits.connections_per_address = 3).await;
    let kept = request("GET", "/healthz", &[], b"", "keep-alive");
    let silent = connect(&world).await;
    let mut idle = connect(&world).await;
    ask(&mut idle, &kept).await.expect(200);
    let mut socket = connect(&world).await;
    assert_eq!(ask(&mut socket, &upgrade(None)).await.status, 101);

    expect_crowd(&ask(&mut connect(&world).await, &kept).await);
    expect_crowd(&ask(&mut connect(&world).await, &upgrade(None)).await);
    // One that becomes a socket is no second connection.
    assert_eq!(ask(&mut idle, &upgrade(None)).await.status, 101);
    expect_crowd(&ask(&mut connect(&world).await, &kept).await);

    world.set_limits(|limits| limits.connections_per_address = 4).await;
    comes_to(&world, 200).await;
    world.set_limits(|limits| limits.connections_per_address = 3).await;
    comes_to(&world, 429).await;
    drop(silent);
    comes_to(&world, 200).await;
    drop(socket);
    drop(idle);
    world.set_limits(|limits| limits.connections_per_address = 1).await;
    comes_to(&world, 200).await;
    world.set_limits(|limits| limits.connections_per_address = 0).await;
    let (_one, mut other) = (connect(&world).await, connect(&world).await);
    ask(&mut other, &kept).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_through_a_proxy_count_for_its_clients() {
    let world = World::start().await;
    world.set_limits(|limits| limits.connections_per_address = 1).await;
    let (one, other) = (Some("192.0.2.1"), Some("198.51.100.1, 192.0.2.2"));
    let mut sockets = Vec::new();
    for forwarded in [one, other, None, None] {
        let mut socket = connect(&world).await;
        assert_eq!(ask(&mut socket, &upgrade(forwarded)).await.status, 101, "{forwarded:?}");
        sockets.push(socket);
    }
    expect_crowd(&ask(&mut connect(&world).await, &upgrade(one)).await);
    expect_crowd(&ask(&mut connect(&world).await, &upgrade(Some("192.0.2.2"))).await);
    // On a connection that the proxy has used before, too; and its own connections count for nobody.
    let mut kept = connect(&world).await;
    ask(&mut kept, &request("GET", "/healthz", &[], b"", "keep-alive")).await.expect(200);
    expect_crowd(&ask(&mut kept, &upgrade(one)).await);
    drop(sockets);
    for _ in 0..200 {
        if ask(&mut connect(&world).await, &upgrade(one)).await.status == 101 {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("the place is never free again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_goes() {
    let idle = Duration::from_millis(300);
    let http = HttpSettings { silence_timeout: idle, ..HttpSettings::default() };
    let world = World::serving(|_| {}, http).await;
    let mut stream = connect(&world).await;
    let kept = request("GET", "/healthz", &[], b"", "keep-alive");
    // Whoever speaks in time stays.
    for _ in 0..3 {
        ask(&mut stream, &kept).await.expect(200);
        sleep(idle / 2).await;
    }
    ask(&mut stream, &kept).await.expect(200);
    let silent = Instant::now();
    let mut rest = [0; 64];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut rest)).await;
    assert_eq!(read.expect("it is closed").unwrap_or(0), 0, "without a word");
    assert!(silent.elapsed() >= idle - Duration::from_millis(50), "{:?}", silent.elapsed());
}
