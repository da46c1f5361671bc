//! History, changes, read markers, and coming back.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{Group, Stage, entry};

/// A group with ten messages of Amaia's.
async fn group_of_ten(stage: &mut Stage) -> Result<Group> {
    let group = stage.group().await?;
    for number in 1..=10 {
        stage.amaia.post(&group.id, group.head, &format!("message {number}")).await?;
    }
    stage.bo.hear(entry(&group.id, group.head + 10)).await?;
    Ok(group)
}

fn seqs(page: &Value) -> Vec<u64> {
    page["items"].as_array().into_iter().flatten().filter_map(|item| item["seq"].as_u64()).collect()
}

/// Pages of entries.
pub async fn pages(stage: &mut Stage) -> Result<()> {
    let group = group_of_ten(stage).await?;
    let (room, last) = (group.id.as_str(), group.head + 10);
    for (fields, expected) in [
        (json!({"after": 0, "limit": 4}), (1..=4).collect::<Vec<_>>()),
        (json!({"after": 4, "limit": 200}), (5..=last).collect()),
        (json!({"before": last + 1, "limit": 3}), (last - 2..=last).collect()),
        (json!({"before": 3, "limit": 200}), (1..=2).collect()),
        (json!({"after": last}), Vec::new()),
        (json!({"before": 1}), Vec::new()),
    ] {
        let mut frame = json!({"t": "history", "room": room, "mode": "entries"});
        fields.as_object().into_iter().flatten().for_each(|(name, value)| frame[name] = value.clone());
        let page = stage.bo.ask(frame.clone()).await?;
        ensure!(page["t"] == "page" && page["mode"] == "entries", "{frame} is answered with {page}");
        ensure!(seqs(&page) == expected, "{frame} gives {:?}, and should give {expected:?}", seqs(&page));
        ensure!(page["first"] == 1 && page["through"] == last, "{page} tells first and through");
        if let (Some(from), Some(to)) = (expected.first(), expected.last()) {
            ensure!(page["from"] == *from && page["to"] == *to, "{page} covers {from} to {to}");
        } else {
            ensure!(page["from"].as_u64() > page["to"].as_u64(), "{page} covers nothing");
        }
    }
    for limit in [json!(0), json!(-1), json!(201), json!(i64::MIN)] {
        let frame = json!({"t": "history", "room": room, "limit": limit});
        let error = stage.bo.refused(frame, "invalid").await?;
        ensure!(error["field"] == "limit" && !error["bound"].is_null(), "{error} names field and bound");
    }
    Ok(())
}

/// Timelines.
pub async fn timeline(stage: &mut Stage) -> Result<()> {
    let group = group_of_ten(stage).await?;
    let (room, of) = (group.id.as_str(), group.head + 2);
    let nonce = stage.amaia.nonce();
    let edit = json!({"t": "edit", "room": room, "nonce": nonce, "since": of, "of": of, "text": "edited"});
    let seq = stage.amaia.done(edit).await?["seq"].clone();
    let page = stage.bo.ask(json!({"t": "history", "room": room, "mode": "timeline", "limit": 200})).await?;
    let items = page["items"].as_array().context("a page has items")?;
    ensure!(items.iter().all(|item| item["kind"] != "edit"), "{page} has edits folded in");
    let edited = items.iter().find(|item| item["seq"] == of).context("the message is there")?;
    let state = &edited["state"];
    let is_right = state["text"] == "edited" && state["changed_seq"] == seq && state["edited_at"].is_u64();
    ensure!(is_right && edited["text"] == "message 2", "{edited} has its state");
    Ok(())
}

/// Which messages are another.
pub async fn changes(stage: &mut Stage) -> Result<()> {
    let group = group_of_ten(stage).await?;
    let (room, head) = (group.id.as_str(), group.head + 10);
    for of in [group.head + 1, group.head + 9] {
        let nonce = stage.amaia.nonce();
        let edit =
            json!({"t": "edit", "room": room, "nonce": nonce, "since": head, "of": of, "text": "edited"});
        stage.amaia.done(edit).await?;
    }
    let ask = |first: u64, last: u64, after: u64| json!({"t": "changes", "room": room, "first": first, "last": last, "after": after});
    for (frame, expected) in [
        (ask(1, head, head), vec![group.head + 1, group.head + 9]),
        (ask(1, head, head + 1), vec![group.head + 9]),
        (ask(group.head + 2, group.head + 8, head), vec![]),
    ] {
        let changed = stage.bo.ask(frame.clone()).await?;
        let messages = changed["messages"].as_array().with_context(|| format!("{changed} has messages"))?;
        let seqs: Vec<u64> = messages.iter().filter_map(|message| message["seq"].as_u64()).collect();
        ensure!(seqs == expected, "{frame} gives {seqs:?}, and should give {expected:?}");
        ensure!(messages.iter().all(|message| message["state"]["text"] == "edited"), "{changed} has states");
        ensure!(changed["through"] == head + 2, "{changed} tells how far");
    }
    Ok(())
}

/// Read markers.
pub async fn markers(stage: &mut Stage) -> Result<()> {
    let group = group_of_ten(stage).await?;
    let (room, head) = (group.id.as_str(), group.head + 10);
    stage.amaia.done(json!({"t": "subscribe", "room": room})).await?;
    let read = |seq: u64| json!({"t": "read", "room": room, "seq": seq});
    stage.bo.done(read(head - 2)).await?;
    let heard = json!({"t": "read", "room": room, "user": stage.bo.user, "seq": head - 2, "posts": 8});
    stage.amaia.hear(heard).await?;
    // It never goes back.
    stage.bo.done(read(1)).await?;
    let opened = stage.bo.done(json!({"t": "subscribe", "room": room})).await?;
    let mark = json!({"user": stage.bo.user, "seq": head - 2});
    let marks = opened["reads"].as_array().context("subscribe tells reads")?;
    ensure!(marks.contains(&mark), "{opened} has {mark}");
    let welcome = stage.bo.connect().await?;
    let rooms = welcome["rooms"].as_array().context("welcome has rooms")?;
    let item = rooms.iter().find(|item| item["room"] == room).context("the room is in welcome")?;
    ensure!(
        item["read"] == head - 2 && item["read_posts"] == 8 && item["posts"] == 10,
        "{item} has two unread"
    );
    Ok(())
}

/// Coming back.
pub async fn catch_up(stage: &mut Stage) -> Result<()> {
    let (one, two) = (stage.group().await?, stage.group().await?);
    stage.bo.close().await?;
    for number in 1..=5 {
        for group in [&one, &two] {
            stage.amaia.post(&group.id, group.head, &format!("message {number}")).await?;
        }
    }
    let history = stage.amaia.get("/v1/server").await?["history"].clone();
    let cursors = json!({&one.id: one.head, &two.id: two.head + 2});
    stage.bo.connect_with(json!({"history": history, "cursors": cursors})).await?;
    stage.amaia.post(&one.id, one.head + 5, "live").await?;
    for (group, seqs) in [(&one, 1..=6), (&two, 3..=5)] {
        for number in seqs {
            let heard = stage.bo.hear(json!({"t": "entry", "room": group.id})).await?;
            ensure!(heard["seq"] == group.head + number, "{heard} comes, and {} should", group.head + number);
        }
        stage.bo.hears_nothing_of(json!({"t": "entry", "room": group.id})).await?;
    }
    // Without a cursor a room starts at its head.
    let welcome = stage.bo.connect_with(json!({"history": history})).await?;
    ensure!(welcome["rooms"].as_array().is_some_and(|rooms| rooms.len() >= 2), "{welcome} has the rooms");
    stage.bo.hears_nothing_of(json!({"t": "entry"})).await
}

/// Cursors of elsewhere.
pub async fn wrong_cursors(stage: &mut Stage) -> Result<()> {
    let group = group_of_ten(stage).await?;
    let history = stage.amaia.get("/v1/server").await?["history"].clone();
    for fields in [
        json!({"history": "of another server", "cursors": {&group.id: 1}}),
        json!({"cursors": {&group.id: 1}}),
        json!({"history": history, "cursors": {&group.id: 900_000, "99": 5}}),
    ] {
        stage.bo.connect_with(fields).await?;
        stage.bo.hears_nothing_of(json!({"t": "entry"})).await?;
    }
    Ok(())
}
