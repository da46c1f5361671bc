//! Messages and what becomes of them.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Stage, send as message};

/// Acks, entries, retries.
pub async fn send(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let (room, head) = (group.id.as_str(), group.head);
    for number in 1..=5 {
        let who = if number % 2 == 0 { &mut stage.amaia } else { &mut stage.bo };
        let seq = who.post(room, head, &format!("message {number}")).await?;
        ensure!(seq == head + number, "message {number} is entry {seq}, after {head}");
    }
    for person in [&mut stage.amaia, &mut stage.bo] {
        for number in 1..=5 {
            let heard = person.hear(json!({"t": "entry", "room": room})).await?;
            let is_next = heard["seq"] == head + number && heard["posts"] == number;
            ensure!(is_next && heard["text"] == format!("message {number}"), "{heard} comes as {number}.");
        }
    }
    let nonce = stage.amaia.nonce();
    let first = stage.amaia.done(message(room, &nonce, head + 5, "once")).await?;
    let again = stage.amaia.done(message(room, &nonce, head + 5, "once")).await?;
    ensure!(first["seq"] == again["seq"], "the same nonce is {first} and {again}");
    stage.amaia.refused(message(room, &nonce, head + 5, "another"), "nonce_reused").await?;
    stage.bo.hear(json!({"t": "entry", "room": room, "text": "once"})).await?;
    stage.bo.hears_nothing_of(json!({"t": "entry", "room": room})).await?;
    let reply = json!({"t": "send", "room": room, "nonce": stage.bo.nonce(), "since": head, "text": "yes", "reply_to": head + 1});
    let seq = stage.bo.done(reply).await?["seq"].clone();
    stage.amaia.hear(json!({"t": "entry", "seq": seq, "kind": "message", "reply_to": head + 1})).await?;
    let nowhere = json!({"t": "send", "room": room, "nonce": stage.bo.nonce(), "since": head, "text": "yes", "reply_to": 900});
    stage.bo.refused(nowhere, "not_found").await?;
    Ok(())
}

/// Bounds of texts.
pub async fn wrong_text(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let max = stage.amaia.get("/v1/server").await?["limits"]["text_bytes"].as_u64().unwrap_or(0);
    let longest = "é".repeat(max as usize / 2) + &"x".repeat(max as usize % 2);
    for text in ["".to_owned(), "   ".to_owned(), format!("{longest}x"), "a\u{0}b".to_owned()] {
        let frame = message(&group.id, &stage.amaia.nonce(), group.head, &text);
        let error = stage.amaia.refused(frame, "invalid").await?;
        ensure!(error["field"] == "text" && !error["bound"].is_null(), "{error} names field and bound");
    }
    let frame = message(&group.id, &stage.amaia.nonce(), group.head, &longest);
    stage.amaia.done(frame).await?;
    stage.bo.hear(json!({"t": "entry", "room": group.id, "seq": group.head + 1, "text": longest})).await?;
    stage.bo.hears_nothing_of(json!({"t": "entry", "room": group.id})).await
}

/// Edits.
pub async fn edit(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let of = stage.amaia.post(&group.id, group.head, "Kaixo").await?;
    let edit = |nonce: String, of: u64, text: &str| json!({"t": "edit", "room": group.id, "nonce": nonce, "since": group.head, "of": of, "text": text});
    let frame = edit(stage.amaia.nonce(), of, "Kaixo!");
    let seq = stage.amaia.done(frame).await?["seq"].clone();
    let heard = json!({"t": "entry", "room": group.id, "seq": seq, "kind": "edit", "of": of, "text": "Kaixo!", "posts": 1});
    stage.bo.hear(heard).await?;
    let frame = edit(stage.bo.nonce(), of, "mine");
    stage.bo.refused(frame, "not_allowed").await?;
    for nothing in [900, 1] {
        let frame = edit(stage.amaia.nonce(), nothing, "x");
        stage.amaia.refused(frame, "not_found").await?;
    }
    let frame = edit(stage.amaia.nonce(), of, "");
    stage.amaia.refused(frame, "invalid").await?;
    Ok(())
}

/// Deletions.
pub async fn delete(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let room = group.id.as_str();
    let hers = stage.amaia.post(room, group.head, "by Amaia").await?;
    let his = stage.bo.post(room, hers, "by Bo").await?;
    let delete = |nonce: String, of: u64| json!({"t": "delete", "room": room, "nonce": nonce, "since": his, "of": of, "reason": "spam"});
    let frame = delete(stage.bo.nonce(), hers);
    stage.bo.refused(frame, "not_allowed").await?;
    let frame = delete(stage.amaia.nonce(), his);
    let seq = stage.amaia.done(frame).await?["seq"].clone();
    stage
        .bo
        .hear(json!({"t": "entry", "room": room, "seq": seq, "kind": "delete", "of": his, "reason": "spam"}))
        .await?;
    let edit = json!({"t": "edit", "room": room, "nonce": stage.bo.nonce(), "since": his, "of": his, "text": "back"});
    stage.bo.refused(edit, "message_deleted").await?;
    let page = stage.bo.ask(json!({"t": "history", "room": room, "after": his - 1, "limit": 1})).await?;
    let erased = &page["items"][0];
    let is_erased = erased["seq"] == his && erased["kind"] == "erased" && erased["was"] == "message";
    ensure!(is_erased && erased["text"].is_null(), "{page} shows that the message was erased");
    Ok(())
}

/// Reactions.
pub async fn react(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let room = group.id.as_str();
    let of = stage.amaia.post(room, group.head, "Tea?").await?;
    let react = |nonce: String, emoji: &str, on: bool| json!({"t": "react", "room": room, "nonce": nonce, "since": of, "of": of, "emoji": emoji, "on": on});
    for (number, is_hers, on) in [(1, true, true), (2, false, true), (3, false, false)] {
        let person = if is_hers { &mut stage.amaia } else { &mut stage.bo };
        let frame = react(person.nonce(), "🍵", on);
        person.done(frame).await?;
        let by = person.user.clone();
        let heard = json!({"t": "entry", "room": room, "seq": of + number, "kind": "reaction", "by": by, "of": of, "emoji": "🍵", "on": on});
        stage.amaia.hear(heard.clone()).await?;
        stage.bo.hear(heard).await?;
    }
    let page =
        stage.amaia.ask(json!({"t": "history", "room": room, "mode": "timeline", "after": of - 1})).await?;
    let expected = json!([{"emoji": "🍵", "count": 1, "mine": true}]);
    ensure!(page["items"][0]["state"]["reactions"] == expected, "{page} has one reaction of Amaia's");
    let frame = react(stage.amaia.nonce(), "", true);
    stage.amaia.refused(frame, "invalid").await?;
    Ok(())
}
