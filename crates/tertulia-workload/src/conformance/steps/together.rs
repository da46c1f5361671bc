//! Who types, who is there.

use anyhow::{Result, ensure};
use serde_json::json;

use super::Stage;

/// Typing reaches who has the room open.
pub async fn typing(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let room = group.id.as_str();
    let typing = |on: bool| json!({"t": "typing", "room": room, "on": on}).to_string();
    let subscribe = json!({"t": "subscribe", "room": room});
    let opened = stage.amaia.done(subscribe.clone()).await?;
    let is_whole = opened["reads"].is_array() && opened["typing"] == json!([]) && opened["active"] == 1;
    ensure!(is_whole, "{opened} tells reads, typing and active");
    stage.bo.say(&typing(true)).await?;
    let heard = json!({"t": "typing", "room": room, "user": stage.bo.user, "on": true});
    stage.amaia.hear(heard.clone()).await?;
    let opened = stage.bo.done(subscribe).await?;
    ensure!(opened["active"] == 2, "{opened} says that two have it open");
    stage.bo.say(&typing(false)).await?;
    stage.amaia.hear(json!({"t": "typing", "room": room, "user": stage.bo.user, "on": false})).await?;
    stage.amaia.done(json!({"t": "unsubscribe", "room": room})).await?;
    stage.bo.say(&typing(true)).await?;
    stage.amaia.hears_nothing_of(heard).await
}

/// Presence of people on the screen.
pub async fn presence(stage: &mut Stage) -> Result<()> {
    for person in [&mut stage.amaia, &mut stage.bo, &mut stage.cleo] {
        person.begin().await?;
    }
    let shown = |state: &str| json!({"t": "presence", "user": stage.bo.user, "state": state});
    let (here, away, off) = (shown("here"), shown("away"), shown("off"));
    stage.bo.done(json!({"t": "presence", "mine": "here"})).await?;
    stage.amaia.done(json!({"t": "presence", "users": [stage.bo.user]})).await?;
    stage.amaia.hear(here).await?;
    stage.bo.done(json!({"t": "presence", "mine": "away"})).await?;
    stage.amaia.hear(away).await?;
    stage.bo.close().await?;
    stage.amaia.hear(off.clone()).await?;
    // Nobody else's from now on.
    stage.amaia.done(json!({"t": "presence", "users": []})).await?;
    stage.bo.connect().await?;
    stage.amaia.hears_nothing_of(json!({"t": "presence"})).await?;
    let many: Vec<String> = (1..=201).map(|id| id.to_string()).collect();
    let error = stage.amaia.refused(json!({"t": "presence", "users": many}), "invalid").await?;
    ensure!(error["field"] == "users" && error["bound"] == 200, "{error} names field and bound");
    stage.amaia.refused(json!({"t": "presence", "mine": "busy"}), "invalid").await?;
    Ok(())
}
