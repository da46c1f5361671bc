//! What clients do wrong, and hear of it.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{super::person::Person, Stage, send};
use crate::wire::opcode;

/// Frames that are not understood change nothing and end nothing.
pub async fn not_understood(stage: &mut Stage) -> Result<()> {
    let cleo = &mut stage.cleo;
    cleo.begin().await?;
    for (frame, code, field) in [
        ("nonsense", "malformed", None),
        ("[]", "malformed", None),
        ("7", "malformed", None),
        ("{}", "malformed", Some("t")),
        (r#"{"t":"shout"}"#, "unknown_frame", Some("t")),
        (r#"{"t":5}"#, "malformed", Some("t")),
        (r#"{"t":"ping"}"#, "invalid", Some("t")),
        (r#"{"t":"history","room":5}"#, "invalid", Some("t")),
    ] {
        cleo.say(frame).await?;
        cleo.hear(json!({"t": "error", "id": null, "code": code, "field": field})).await?;
    }
    cleo.say(r#"{"t":"send","id":700,"room":"1","nonce":"short","since":0,"text":"x"}"#).await?;
    cleo.hear(json!({"t": "error", "id": 700, "code": "invalid"})).await?;
    cleo.say(r#"{"t":"shout","id":701}"#).await?;
    cleo.hear(json!({"t": "error", "id": 701, "code": "unknown_frame"})).await?;
    cleo.socket()?.send(2, b"{}").await?;
    cleo.hear(json!({"t": "error", "code": "malformed"})).await?;
    // Unknown fields are ignored.
    cleo.say(r#"{"t":"ping","id":702,"later":{"more":true}}"#).await?;
    cleo.hear(json!({"t": "pong", "id": 702})).await?;
    Ok(())
}

/// More messages than a session may send in ten seconds.
pub async fn too_fast(stage: &mut Stage) -> Result<()> {
    let max = stage.amaia.get("/v1/server").await?["limits"]["messages_per_10s"].as_u64().unwrap_or(0);
    let mut dora = Person::sign_up(&stage.address, "Dora", None).await?;
    dora.connect().await?;
    let room =
        dora.rest("POST", "/v1/rooms", Some(r#"{"kind":"group","name":"Fast"}"#)).await?.expect(201)?;
    let room = super::text(&room["id"])?;
    let head = dora.hear(json!({"t": "room", "change": "joined", "room": room})).await?["head"]
        .as_u64()
        .unwrap_or(0);
    for id in 1..=max + 1 {
        let mut frame = send(&room, &dora.nonce(), head, "again");
        frame["id"] = id.into();
        dora.socket()?.send(opcode::TEXT, frame.to_string().as_bytes()).await?;
    }
    let refused = dora.hear(json!({"id": max + 1})).await?;
    ensure!(
        refused["code"] == "rate_limited" && refused["bound"] == max,
        "message {} got {refused}",
        max + 1
    );
    let after_ms = refused["retry_after_ms"].as_u64();
    ensure!(after_ms.is_some_and(|ms| (1..=10_000).contains(&ms)), "{refused} says when to try again");
    dora.rest("DELETE", &format!("/v1/rooms/{room}"), None).await?.expect(204)?;
    Ok(())
}
