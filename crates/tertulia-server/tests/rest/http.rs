//! HTTP itself: kept connections, heads that came in pieces, sizes, headers, pages, upgrades.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::world::{World, read_reply, request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_serves_many_requests_however_they_arrive() {
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
    for _ in 0..3 {
        stream.write_all(&request("GET", "/healthz", &[], b"", "keep-alive")).await.unwrap();
        read_reply(&mut stream, false).await.expect(200);
    }
    // Two at once, the second with its body cut in the middle.
    let body = json!({"name": "Pieces"}).to_string().into_bytes();
    let mut both = request("GET", "/v1/server", &[], b"", "keep-alive");
    both.extend(request("POST", "/v1/users", &[], &body, "keep-alive"));
    let (first, second) = both.split_at(both.len() - 5);
    stream.write_all(first).await.unwrap();
    assert_eq!(read_reply(&mut stream, false).await.expect(200)["name"], "Tertulia");
    stream.write_all(second).await.unwrap();
    assert_eq!(read_reply(&mut stream, false).await.expect(201)["user"]["name"], "Pieces");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_may_come_with_the_head_or_after_it() {
    let world = World::start().await;
    let body = json!({"name": "Later"}).to_string().into_bytes();
    let whole = request("POST", "/v1/users", &[], &body, "close");
    for cut in [whole.len(), whole.len() - body.len(), whole.len() - 1, 10] {
        let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
        stream.write_all(&whole[..cut]).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        stream.write_all(&whole[cut..]).await.unwrap();
        read_reply(&mut stream, false).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_carry_their_security_headers() {
    let world = World::start().await;
    for (path, cache) in
        [("/v1/server", Some("no-store")), ("/healthz", None), ("/", None), ("/v1/nothing", Some("no-store"))]
    {
        let reply = world.call("GET", path, None, None).await;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path}");
        }
        assert!(reply.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
        assert_eq!(reply.header("access-control-allow-origin"), None);
        if cache.is_some() {
            assert_eq!(reply.header("cache-control"), cache, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_paths_and_methods_are_problems() {
    let world = World::start().await;
    world.call("GET", "/v1/nothing", None, None).await.expect_problem(404, "not_found");
    world.call("GET", "/nothing.js", None, None).await.expect_problem(404, "not_found");
    world.call("POST", "/rooms/1", None, None).await.expect_problem(405, "not_found");
    let reply = world.call("DELETE", "/v1/server", None, None).await;
    reply.expect_problem(405, "not_found");
    assert_eq!(reply.header("allow"), Some("GET,HEAD"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_are_refused() {
    let world = World::start().await;
    let person = world.sign_up("Amaia").await;
    let token = [("authorization", format!("Bearer {}", person.token))];
    let body = format!(r#"{{"name": "{}"}}"#, "x".repeat(128 * 1024));
    let reply = world.send("PATCH", "/v1/me", &token, body.as_bytes()).await;
    let problem = reply.expect_problem(413, "too_large");
    assert_eq!((&problem["field"], &problem["bound"]), (&json!("body"), &json!(131_072)));
    // One that announces a hundred megabytes is refused before they come.
    let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
    let head = format!("PATCH /v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n", person.token);
    stream.write_all(format!("{head}content-length: 104857600\r\n\r\n{{").as_bytes()).await.unwrap();
    read_reply(&mut stream, false).await.expect_problem(413, "too_large");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_origins_may_ask_only_if_the_operator_says_so() {
    let world =
        World::with(|settings| settings.cors_origins = vec!["https://friend.example".to_owned()]).await;
    let origin =
        |origin: &str| [("origin", origin.to_owned()), ("access-control-request-method", "PATCH".to_owned())];
    let friend = world.send("OPTIONS", "/v1/me", &origin("https://friend.example"), b"").await;
    assert_eq!(friend.status, 204);
    assert_eq!(friend.header("access-control-allow-origin"), Some("https://friend.example"));
    assert!(friend.header("access-control-allow-headers").unwrap().contains("authorization"));
    let got = world.send("GET", "/v1/server", &origin("https://friend.example")[..1], b"").await;
    got.expect(200);
    assert_eq!(got.header("access-control-allow-origin"), Some("https://friend.example"));
    for stranger in ["https://other.example", "null", "https://friend.example.evil"] {
        let reply = world.send("OPTIONS", "/v1/me", &origin(stranger), b"").await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (405, None), "{stranger}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_readiness_and_metrics() {
    let world = World::start().await;
    assert_eq!(world.call("GET", "/healthz", None, None).await.expect(200)["status"], "ok");
    assert_eq!(world.call("GET", "/readyz", None, None).await.expect(200)["status"], "ok");
    let reply = world.call("GET", "/metrics", None, None).await;
    let line = r#"tertulia_http_requests_total{method="GET",path="/healthz",status="200"} 1"#;
    assert!(reply.text().contains(line), "{}", reply.text());
    assert!(reply.text().contains("# TYPE tertulia_http_request_seconds histogram"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_of_the_client_is_its_page() {
    let world = World::start().await;
    for path in ["/", "/rooms/5", "/i/abc", "/settings/profile"] {
        let reply = world.call("GET", path, None, None).await;
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, Some("text/html; charset=utf-8")),
            "{path}"
        );
    }
    let head = world.call("HEAD", "/", None, None).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_speaks_no_http_is_told_so_and_let_go() {
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
    stream.write_all(b"HELO mail.example\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
}

/// A client's frame, masked with zeros.
fn text_frame(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    [&[0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0], text.as_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_connection_may_become_a_socket() {
    let world = World::start().await;
    let amaia = world.sign_up("Amaia").await;
    let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
    stream.write_all(&request("GET", "/healthz", &[], b"", "keep-alive")).await.unwrap();
    read_reply(&mut stream, false).await.expect(200);
    let headers = [
        ("upgrade", "websocket".to_owned()),
        ("sec-websocket-version", "13".to_owned()),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==".to_owned()),
        ("sec-websocket-protocol", "tertulia.v1.json".to_owned()),
    ];
    // The first frame comes right behind the request.
    let mut bytes = request("GET", "/v1/connect", &headers, b"", "Upgrade");
    bytes.extend(text_frame(&json!({"t": "hello", "token": amaia.token}).to_string()));
    stream.write_all(&bytes).await.unwrap();
    let granted = read_reply(&mut stream, true).await;
    assert_eq!(granted.status, 101);
    assert_eq!(granted.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(granted.header("sec-websocket-protocol"), Some("tertulia.v1.json"));
    let mut heard = granted.body;
    let welcome = format!(r#""user":"{}""#, amaia.id);
    while !heard.windows(welcome.len()).any(|part| part == welcome.as_bytes()) {
        assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0, "{}", String::from_utf8_lossy(&heard));
    }
    assert!(String::from_utf8_lossy(&heard).contains(r#"{"t":"welcome""#));

    // A page from elsewhere gets none, on a kept connection either.
    let foreign = [&headers[..], &[("origin", "https://evil.example".to_owned())]].concat();
    let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
    stream.write_all(&request("GET", "/healthz", &[], b"", "keep-alive")).await.unwrap();
    read_reply(&mut stream, false).await.expect(200);
    stream.write_all(&request("GET", "/v1/connect", &foreign, b"", "Upgrade")).await.unwrap();
    assert_eq!(read_reply(&mut stream, false).await.status, 403);
}
