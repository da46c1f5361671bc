//! Who belongs to a room, and what others are told of it.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{Stage, entry, send as message, text};

/// Nothing of a room is told to who does not belong to it.
pub async fn strangers(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    for room in [group.id.as_str(), "99"] {
        let frame = message(room, &stage.cleo.nonce(), 0, "let me in");
        stage.cleo.refused(frame, "not_member").await?;
        for frame in [
            json!({"t": "history", "room": room}),
            json!({"t": "changes", "room": room, "first": 1, "last": 9, "after": 0}),
            json!({"t": "subscribe", "room": room}),
            json!({"t": "read", "room": room, "seq": 1}),
        ] {
            stage.cleo.refused(frame, "not_member").await?;
        }
        for path in ["", "/entries", "/timeline", "/members", "/events", "/active"] {
            let reply = stage.cleo.rest("GET", &format!("/v1/rooms/{room}{path}"), None).await?;
            reply.expect_problem(404, "not_member").with_context(|| format!("/v1/rooms/{room}{path}"))?;
        }
    }
    stage.amaia.post(&group.id, group.head, "among us").await?;
    stage.cleo.hears_nothing_of(json!({"room": group.id})).await
}

/// Added, given roles, removed.
pub async fn members(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let room = group.id.as_str();
    let cleo = format!("/v1/rooms/{room}/members/{}", stage.cleo.user);
    stage.amaia.rest("PUT", &cleo, Some("{}")).await?.expect(200)?;
    let joined = stage.cleo.hear(json!({"t": "room", "change": "joined", "room": room})).await?;
    ensure!(joined["head"] == group.head + 1, "{joined} tells the head");
    stage.cleo.hear(json!({"t": "notice", "notice": "feed", "of": "rooms"})).await?;
    let entered =
        json!({"t": "entry", "room": room, "kind": "entered", "user": stage.cleo.user, "role": "member"});
    stage.bo.hear(entered).await?;
    stage.amaia.rest("PUT", &cleo, Some(r#"{"role":"moderator"}"#)).await?.expect(200)?;
    stage.cleo.hear(json!({"t": "entry", "room": room, "kind": "role_changed", "role": "moderator"})).await?;
    let bo = format!("/v1/rooms/{room}/members/{}", stage.bo.user);
    stage.bo.rest("DELETE", &cleo, None).await?.expect_problem(403, "not_allowed")?;
    stage.cleo.rest("DELETE", &bo, None).await?.expect(204)?;
    let gone = stage.bo.hear(json!({"t": "room", "change": "gone", "room": room, "why": "removed"})).await?;
    ensure!(gone["seq"] == group.head + 3, "{gone} tells the entry");
    stage.amaia.hear(json!({"t": "entry", "room": room, "kind": "removed", "user": stage.bo.user})).await?;
    stage.amaia.post(room, group.head + 3, "without Bo").await?;
    stage.bo.hears_nothing_of(json!({"t": "entry", "room": room, "text": "without Bo"})).await
}

/// Banned.
pub async fn bans(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let room = group.id.as_str();
    stage.bo.done(json!({"t": "subscribe", "room": room})).await?;
    let ban = format!("/v1/rooms/{room}/bans/{}", stage.bo.user);
    stage.amaia.rest("PUT", &ban, Some(r#"{"reason":"spam","duration_ms":600000}"#)).await?.expect(204)?;
    let gone = json!({"t": "room", "change": "gone", "room": room, "why": "banned", "reason": "spam"});
    let gone = stage.bo.hear(gone).await?;
    ensure!(gone["until"].is_u64(), "{gone} says until when");
    stage.amaia.hear(json!({"t": "entry", "room": room, "kind": "banned", "user": stage.bo.user})).await?;
    stage.amaia.post(room, group.head, "after the ban").await?;
    stage.amaia.say(&json!({"t": "typing", "room": room, "on": true}).to_string()).await?;
    let frame = message(room, &stage.bo.nonce(), group.head, "still here");
    stage.bo.refused(frame, "banned").await?;
    stage.bo.refused(json!({"t": "history", "room": room}), "banned").await?;
    stage.bo.rest("GET", &format!("/v1/rooms/{room}/timeline"), None).await?.expect_problem(403, "banned")?;
    stage
        .bo
        .rest("POST", &format!("/v1/rooms/{room}/join"), Some("{}"))
        .await?
        .expect_problem(403, "banned")?;
    let welcome = stage.bo.connect().await?;
    let rooms = welcome["rooms"].as_array().context("welcome has rooms")?;
    ensure!(rooms.iter().all(|item| item["room"] != room), "{welcome} has not the room");
    stage.bo.hears_nothing_of(json!({"room": room})).await?;
    stage.amaia.rest("DELETE", &ban, None).await?.expect(204)?;
    stage.amaia.hear(json!({"t": "entry", "room": room, "kind": "unbanned", "user": stage.bo.user})).await?;
    let back = format!("/v1/rooms/{room}/members/{}", stage.bo.user);
    stage.amaia.rest("PUT", &back, Some("{}")).await?.expect(200)?;
    stage.bo.hear(json!({"t": "room", "change": "joined", "room": room})).await?;
    Ok(())
}

/// Left, and deleted.
pub async fn leaving(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let room = group.id.as_str();
    let amaia = format!("/v1/rooms/{room}/members/{}", stage.amaia.user);
    stage.amaia.rest("DELETE", &amaia, None).await?.expect_problem(409, "last_owner")?;
    let bo = format!("/v1/rooms/{room}/members/{}", stage.bo.user);
    stage.bo.rest("DELETE", &bo, None).await?.expect(204)?;
    stage.bo.hear(json!({"t": "room", "change": "gone", "room": room, "why": "left"})).await?;
    stage.amaia.hear(json!({"t": "entry", "room": room, "kind": "left", "user": stage.bo.user})).await?;
    stage.amaia.rest("DELETE", &format!("/v1/rooms/{room}"), None).await?.expect(204)?;
    stage.amaia.hear(json!({"t": "room", "change": "gone", "room": room, "why": "deleted"})).await?;
    stage.amaia.get(&format!("/v1/rooms/{room}")).await.err().context("a deleted room is not there")?;
    stage.amaia.refused(json!({"t": "history", "room": room}), "not_member").await?;
    Ok(())
}

/// Links.
pub async fn invites(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let path = format!("/v1/rooms/{}/invites", group.id);
    let invite = stage.amaia.rest("POST", &path, Some(r#"{"uses":1}"#)).await?.expect(201)?;
    let token = text(&invite["token"])?;
    let preview = stage.cleo.get(&format!("/v1/invites/{token}")).await?;
    ensure!(
        preview["room"]["id"] == group.id && preview["by"]["name"] == "Amaia",
        "{preview} tells room and inviter"
    );
    let join = format!("/v1/rooms/{}/join", group.id);
    stage.cleo.rest("POST", &join, Some("{}")).await?.expect_problem(404, "not_member")?;
    let body = json!({"invite": token}).to_string();
    stage.cleo.rest("POST", &join, Some(&body)).await?.expect(200)?;
    stage.cleo.hear(json!({"t": "room", "change": "joined", "room": group.id})).await?;
    stage
        .bo
        .hear(json!({"t": "entry", "room": group.id, "kind": "entered", "user": stage.cleo.user}))
        .await?;
    stage.cleo.rest("GET", &format!("/v1/invites/{token}"), None).await?.expect_problem(404, "not_found")?;
    Ok(())
}

/// Blocks.
pub async fn blocks(stage: &mut Stage) -> Result<()> {
    stage.group().await?;
    let path = format!("/v1/direct/{}", stage.cleo.user);
    let direct = stage.bo.rest("PUT", &path, None).await?.expect(200)?;
    let room = text(&direct["id"])?;
    stage.cleo.hear(json!({"t": "room", "change": "joined", "room": room})).await?;
    let head = stage.bo.hear(json!({"t": "room", "change": "joined", "room": room})).await?["head"].as_u64();
    let head = head.context("joined has a head")?;
    stage.cleo.post(&room, head, "hello").await?;
    stage.bo.hear(entry(&room, head + 1)).await?;
    let block = format!("/v1/me/blocks/{}", stage.cleo.user);
    stage.bo.rest("PUT", &block, None).await?.expect(204)?;
    for person in [&mut stage.cleo, &mut stage.bo] {
        let frame = message(&room, &person.nonce(), head + 1, "hello?");
        person.refused(frame, "blocked").await?;
    }
    stage.bo.rest("DELETE", &block, None).await?.expect(204)?;
    stage.cleo.post(&room, head + 1, "hello again").await?;
    stage.bo.hear(json!({"t": "entry", "room": room, "text": "hello again"})).await?;
    Ok(())
}

/// Slow mode.
pub async fn slow_mode(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let slow = r#"{"settings":{"slow_mode_s":30}}"#;
    stage.amaia.rest("PATCH", &format!("/v1/rooms/{}", group.id), Some(slow)).await?.expect(200)?;
    stage.bo.hear(json!({"t": "entry", "room": group.id, "kind": "changed"})).await?;
    stage.bo.post(&group.id, group.head, "one").await?;
    let frame = message(&group.id, &stage.bo.nonce(), group.head, "two");
    let error = stage.bo.refused(frame, "slow_mode").await?;
    let after_ms = error["retry_after_ms"].as_u64();
    ensure!(after_ms.is_some_and(|ms| (1..=30_000).contains(&ms)), "{error} says when to try again");
    // Owners are not held.
    for text in ["one", "two"] {
        stage.amaia.post(&group.id, group.head, text).await?;
    }
    Ok(())
}
