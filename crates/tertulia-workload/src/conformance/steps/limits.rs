//! Limits, by an administrator. Each step gives back what it changed.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{super::person::Person, Stage, send as message};
use crate::wire::opcode;

/// A client that is more entries behind than this is told to skip.
const CATCH_UP_MAX: u64 = 1_000;

/// After so many more entries a room may have forgotten a nonce.
const FORGOTTEN_AFTER: u64 = 2_000;

/// Sets a limit: what it was.
async fn set(stage: &mut Stage, limit: &str, value: u64) -> Result<u64> {
    let administrator = stage.administrator()?;
    let before =
        administrator.get("/v1/server").await?["limits"][limit].as_u64().context("there is such a limit")?;
    let change = json!({limit: value}).to_string();
    administrator.rest("PATCH", "/v1/admin/limits", Some(&change)).await?.expect(200)?;
    Ok(before)
}

/// Changed while everybody is connected.
pub async fn change(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let before = set(stage, "text_bytes", 100).await?;
    let told = stage.bo.hear(json!({"t": "notice", "notice": "limits", "limits": {"text_bytes": 100}})).await;
    let frame = message(&group.id, &stage.amaia.nonce(), group.head, &"x".repeat(101));
    let refused = stage.amaia.refused(frame, "invalid").await;
    set(stage, "text_bytes", before).await?;
    ensure!(refused?["bound"] == 100, "the bound is the new one");
    told?;
    for (change, field) in [
        (json!({"text_bytes": 0}), "text_bytes"),
        (json!({"nonsense": 1}), "nonsense"),
        (json!({"rooms_per_user": "many"}), "rooms_per_user"),
    ] {
        let reply =
            stage.administrator()?.rest("PATCH", "/v1/admin/limits", Some(&change.to_string())).await?;
        let problem = reply.expect_problem(422, "invalid")?;
        ensure!(problem["field"] == field && !problem["bound"].is_null(), "{problem} names field and bound");
    }
    Ok(())
}

/// Full.
pub async fn reached(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let of = stage.amaia.post(&group.id, group.head, "Tea?").await?;
    let before = set(stage, "reaction_kinds", 1).await?;
    let react = |nonce: String, emoji: &str| json!({"t": "react", "room": group.id, "nonce": nonce, "since": of, "of": of, "emoji": emoji, "on": true});
    let frame = react(stage.amaia.nonce(), "🍵");
    let first = stage.amaia.done(frame).await;
    let frame = react(stage.amaia.nonce(), "🫖");
    let refused = stage.amaia.refused(frame, "limit_reached").await;
    set(stage, "reaction_kinds", before).await?;
    first?;
    ensure!(refused?["bound"] == 1, "the bound is told");

    let before = set(stage, "members_per_room", 2).await?;
    let path = format!("/v1/rooms/{}/members/{}", group.id, stage.cleo.user);
    let reply = stage.amaia.rest("PUT", &path, Some("{}")).await;
    set(stage, "members_per_room", before).await?;
    let problem = reply?.expect_problem(409, "limit_reached")?;
    ensure!(
        problem["field"] == "members_per_room" && problem["bound"] == 2,
        "{problem} names field and bound"
    );
    Ok(())
}

/// Far behind.
pub async fn skip(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let history = stage.amaia.get("/v1/server").await?["history"].clone();
    stage.bo.close().await?;
    let count = CATCH_UP_MAX + 1;
    let before = set(stage, "messages_per_10s", count * 2).await?;
    let written = write_many(&mut stage.amaia, &group.id, group.head, count).await;
    set(stage, "messages_per_10s", before).await?;
    written?;
    let cursors = json!({&group.id: group.head});
    stage.bo.connect_with(json!({"history": history, "cursors": cursors})).await?;
    let skip = stage.bo.hear(json!({"t": "skip", "room": group.id})).await?;
    ensure!(skip["to"] == group.head + count && skip["posts"] == count, "{skip} leads to the head");
    let cursors = json!({&group.id: group.head + 1});
    stage.bo.connect_with(json!({"history": history, "cursors": cursors})).await?;
    for number in 2..=count {
        let heard: Value = stage.bo.hear(json!({"room": group.id})).await?;
        ensure!(
            heard["t"] == "entry" && heard["seq"] == group.head + number,
            "{heard} comes as entry {number}"
        );
    }
    Ok(())
}

/// Forgotten nonces.
pub async fn stale(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let nonce = stage.bo.nonce();
    stage.bo.done(message(&group.id, &nonce, group.head, "long ago")).await?;
    let before = set(stage, "messages_per_10s", FORGOTTEN_AFTER * 2).await?;
    let written = write_many(&mut stage.amaia, &group.id, group.head, FORGOTTEN_AFTER).await;
    set(stage, "messages_per_10s", before).await?;
    written?;
    stage.bo.refused(message(&group.id, &nonce, group.head, "long ago"), "stale_send").await?;
    let seen =
        stage.bo.ask(json!({"t": "history", "room": group.id, "after": group.head, "limit": 1})).await?;
    ensure!(seen["items"][0]["text"] == "long ago", "{seen} has the message once");
    Ok(())
}

/// Writes many messages as fast as they are taken.
async fn write_many(person: &mut Person, room: &str, head: u64, count: u64) -> Result<()> {
    /// So many are sent before their acks are awaited.
    const AT_ONCE: u64 = 50;
    let mut since = head;
    for start in (0..count).step_by(AT_ONCE as usize) {
        let ids = 1_000_000 + start..1_000_000 + (start + AT_ONCE).min(count);
        for id in ids.clone() {
            let mut frame = message(room, &person.nonce(), since, "one of many");
            frame["id"] = id.into();
            person.socket()?.send(opcode::TEXT, frame.to_string().as_bytes()).await?;
        }
        for id in ids {
            let ack = person.hear(json!({"id": id})).await?;
            since = ack["seq"].as_u64().with_context(|| format!("{ack} is an ack"))?.max(since);
        }
    }
    Ok(())
}
