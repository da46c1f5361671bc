//! How connections begin and end.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{
    super::{http, person::Person, socket::Socket},
    Stage,
};
use crate::wire::{self, opcode};

/// Every limit that there is.
const LIMITS: [&str; 10] = [
    "text_bytes",
    "members_per_room",
    "rooms_per_user",
    "messages_per_10s",
    "requests_per_10s",
    "retention_days",
    "connections_per_gateway",
    "connections_per_address",
    "reaction_kinds",
    "quiet_room_members",
];

/// `welcome` and `GET /v1/server` tell the same.
pub async fn welcome(stage: &mut Stage) -> Result<()> {
    let server = stage.amaia.get("/v1/server").await?;
    let welcome = stage.amaia.connect().await?;
    ensure!(
        welcome["history"] == server["history"],
        "history is {} and {}",
        welcome["history"],
        server["history"]
    );
    ensure!(
        welcome["limits"] == server["limits"],
        "limits are {} and {}",
        welcome["limits"],
        server["limits"]
    );
    for limit in LIMITS {
        ensure!(welcome["limits"][limit].is_u64(), "the limit {limit} is missing in {}", welcome["limits"]);
    }
    for number in ["feed", "heartbeat_ms", "now"] {
        ensure!(welcome[number].is_u64(), "{number} is missing in {welcome}");
    }
    ensure!(welcome["name"] == "Amaia" && welcome["admin"] == false, "{welcome} is for Amaia");
    let Some(rooms) = welcome["rooms"].as_array() else { anyhow::bail!("{welcome} has no rooms") };
    for room in rooms {
        let is_whole =
            ["first", "head", "posts", "read", "read_posts"].iter().all(|field| room[*field].is_u64());
        ensure!(is_whole && room["room"].is_string(), "{room} is a room with its head");
    }
    Ok(())
}

/// 4003.
pub async fn hello_first(stage: &mut Stage) -> Result<()> {
    for first in [r#"{"t":"ping","id":1}"#, "not JSON", r#"{"t":"hello"}"#] {
        stage.cleo.open().await?;
        stage.cleo.say(first).await?;
        stage.cleo.closed(4003).await?;
    }
    stage.cleo.connect().await?;
    let hello = json!({"t": "hello", "token": stage.cleo.token}).to_string();
    stage.cleo.say(&hello).await?;
    stage.cleo.closed(4003).await
}

/// 4001.
pub async fn wrong_token(stage: &mut Stage) -> Result<()> {
    let right = stage.cleo.token.clone();
    let turned: String = right.chars().rev().collect();
    for token in ["", "nonsense", &right[1..], &turned] {
        stage.cleo.open().await?;
        stage.cleo.say(&json!({"t": "hello", "token": token}).to_string()).await?;
        stage.cleo.hear(json!({"t": "error", "code": "unauthenticated", "id": null})).await?;
        stage.cleo.closed(4001).await?;
    }
    Ok(())
}

/// 4002.
pub async fn signed_out(stage: &mut Stage) -> Result<()> {
    let mut dora = Person::sign_up(&stage.address, "Dora", None).await?;
    dora.connect().await?;
    dora.rest("DELETE", "/v1/sessions/current", None).await?.expect(204)?;
    dora.closed(4002).await?;
    dora.open().await?;
    dora.say(&json!({"t": "hello", "token": dora.token}).to_string()).await?;
    dora.hear(json!({"t": "error", "code": "token_revoked"})).await?;
    dora.closed(4002).await?;
    dora.rest("GET", "/v1/me", None).await?.expect_problem(401, "token_revoked")?;
    Ok(())
}

/// 4000.
pub async fn no_hello(stage: &mut Stage) -> Result<()> {
    let began = std::time::Instant::now();
    stage.cleo.open().await?;
    stage.cleo.closed(4000).await?;
    let waited = began.elapsed().as_secs_f32();
    ensure!((9.0..13.0).contains(&waited), "the server waited for {waited} s, and should for 10 s");
    Ok(())
}

/// Who gets a WebSocket.
pub async fn upgrades(stage: &mut Stage) -> Result<()> {
    for (header, is_granted) in [
        (format!("Origin: {}\r\n", stage.address), true),
        ("Origin: https://evil.example\r\n".to_owned(), false),
        ("Origin: null\r\n".to_owned(), false),
        ("Sec-WebSocket-Protocol: another\r\n".to_owned(), true),
    ] {
        let (socket, head) = Socket::try_open(&stage.address, &header).await?;
        ensure!(socket.is_some() == is_granted, "{header} is answered with {head}");
        ensure!(is_granted || head.starts_with("HTTP/1.1 403 "), "{header} is answered with {head}");
    }
    let plain = http::ask(&stage.address, ("GET", "/v1/connect"), None, None, None).await?;
    plain.expect_problem(426, "upgrade_required")?;
    Ok(())
}

/// 1002, 1007, 1008, 1009.
pub async fn broken_frames(stage: &mut Stage) -> Result<()> {
    let mut unmasked = Vec::new();
    wire::put_server_frame(&mut unmasked, opcode::TEXT, b"{}");
    let mut not_text = Vec::new();
    wire::put_client_frame(&mut not_text, opcode::TEXT, &[0xff, 0xfe]);
    // One frame of 100 MB, announced.
    let too_large = vec![0x81, 0xff, 0, 0, 0, 0, 0x06, 0x40, 0, 0, 0, 0, 0, 0];
    let mut fragments = vec![0x01, 0x80, 0, 0, 0, 0];
    for _ in 0..128 {
        fragments.extend([0x00, 0x80, 0, 0, 0, 0]);
    }
    for (bytes, code) in [(unmasked, 1002), (not_text, 1007), (fragments, 1008), (too_large, 1009)] {
        stage.cleo.connect().await?;
        stage.cleo.socket()?.write(&bytes).await?;
        stage.cleo.closed(code).await?;
    }
    Ok(())
}
