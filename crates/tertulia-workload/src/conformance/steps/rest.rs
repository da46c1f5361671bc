//! REST: how errors look, and the parts that sockets have not.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{
    super::{http, person::Person},
    Stage,
};

/// Errors.
pub async fn problems(stage: &mut Stage) -> Result<()> {
    let address = stage.address.clone();
    let ask = |method: &'static str, path: &'static str, token: Option<String>, body: Option<String>| {
        let address = address.clone();
        async move { http::ask(&address, (method, path), token.as_deref(), None, body.as_deref()).await }
    };
    let token = || Some(stage.amaia.token.clone());
    ask("GET", "/v1/me", None, None).await?.expect_problem(401, "unauthenticated")?;
    ask("GET", "/v1/me", Some("nonsense".to_owned()), None).await?.expect_problem(401, "unauthenticated")?;
    ask("GET", "/v1/nothing", token(), None).await?.expect_problem(404, "not_found")?;
    ask("GET", "/v1/users/99", token(), None).await?.expect_problem(404, "not_found")?;
    ask("GET", "/v1/admin/limits", token(), None).await?.expect_problem(403, "not_allowed")?;
    ask("PATCH", "/v1/me", token(), Some("{".to_owned())).await?.expect_problem(400, "malformed")?;
    let large = json!({"name": "x".repeat(200_000)}).to_string();
    ask("PATCH", "/v1/me", token(), Some(large)).await?.expect_problem(413, "too_large")?;
    for (body, field) in [
        (json!({"name": 5}), "name"),
        (json!({"name": "a\u{0}b"}), "name"),
        (json!({"handle": "A b"}), "handle"),
    ] {
        let problem =
            ask("PATCH", "/v1/me", token(), Some(body.to_string())).await?.expect_problem(422, "invalid")?;
        ensure!(problem["field"] == field && !problem["bound"].is_null(), "{problem} names field and bound");
        ensure!(
            problem["type"].as_str().is_some_and(|kind| kind.ends_with("#invalid")),
            "{problem} has its page"
        );
    }
    for limit in ["0", "-1", "201", "ten"] {
        let path = format!("/v1/rooms/1/members?limit={limit}");
        let problem = http::ask(&address, ("GET", &path), token().as_deref(), None, None)
            .await?
            .expect_problem(422, "invalid")?;
        ensure!(problem["field"] == "limit" && problem["bound"] == 200, "{problem} names field and bound");
    }
    Ok(())
}

/// Names, passwords, devices.
pub async fn accounts(stage: &mut Stage) -> Result<()> {
    let mut dora = Person::sign_up(&stage.address, "Dora", None).await?;
    let handle = format!("dora-{}", dora.user.get(..8).unwrap_or("x"));
    let change = json!({"handle": handle, "about": "tea"}).to_string();
    let me = dora.rest("PATCH", "/v1/me", Some(&change)).await?.expect(200)?;
    ensure!(me["handle"] == handle && me["about"] == "tea" && me["has_password"] == false, "{me} is changed");
    let taken = json!({"name": "Dora", "handle": handle}).to_string();
    let stranger = (&stage.address, ("POST", "/v1/users"));
    http::ask(stranger.0, stranger.1, None, None, Some(&taken)).await?.expect_problem(409, "conflict")?;
    dora.rest("PUT", "/v1/me/password", Some(r#"{"new":"short"}"#)).await?.expect_problem(422, "invalid")?;
    dora.rest("PUT", "/v1/me/password", Some(r#"{"new":"correct horse"}"#)).await?.expect(204)?;
    let sign_in = |password: &str| json!({"handle": handle, "password": password}).to_string();
    let (wrong, right) = (sign_in("wrong horse"), sign_in("correct horse"));
    let sessions = ("POST", "/v1/sessions");
    http::ask(&stage.address, sessions, None, None, Some(&wrong))
        .await?
        .expect_problem(401, "wrong_password")?;
    let session = http::ask(&stage.address, sessions, None, None, Some(&right)).await?.expect(201)?;
    let mut second = Person::nobody(&stage.address, "Dora");
    second.signed_in(&session)?;
    ensure!(second.user == dora.user && second.device != dora.device, "{session} is another device of hers");
    second.connect().await?;
    let devices = dora.get("/v1/me/devices").await?;
    ensure!(devices["items"].as_array().is_some_and(|items| items.len() == 2), "{devices} has two");
    dora.rest("DELETE", &format!("/v1/me/devices/{}", second.device), None).await?.expect(204)?;
    second.closed(4002).await
}

/// Lists.
pub async fn lists(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let path = format!("/v1/rooms/{}/members?limit=1", group.id);
    let first = stage.amaia.get(&path).await?;
    let next = first["next"].as_str().with_context(|| format!("{first} has a next page"))?;
    let second = stage.amaia.get(&format!("{path}&after={next}")).await?;
    let one = |page: &serde_json::Value| page["items"][0]["user"]["id"].clone();
    let mut both = [one(&first), one(&second)].map(|id| id.as_str().unwrap_or_default().to_owned());
    both.sort();
    let mut expected = [stage.amaia.user.clone(), stage.bo.user.clone()];
    expected.sort();
    ensure!(both == expected, "{first} and {second} are the two members");
    stage.bo.post(&group.id, group.head, "counted").await?;
    let mine = stage.amaia.get("/v1/me/rooms").await?;
    let items = mine["items"].as_array().context("rooms are a list")?;
    let item = items.iter().find(|item| item["id"] == group.id).context("the room is in the list")?;
    ensure!(item["unread"] == 1 && item["last"]["text"] == "counted", "{item} has one unread message");
    let said = stage.amaia.get(&format!("/v1/rooms/{}/messages?by={}", group.id, stage.bo.user)).await?;
    let form = &said["items"][0];
    let is_group =
        form["group_chat_id"] == group.id && form["user_id"] == stage.bo.user && form["text"] == "counted";
    ensure!(
        is_group && form["msg_id"] == group.head + 1 && form["create_timestamp"].is_u64(),
        "{form} is the group's form"
    );
    let events = stage.amaia.get(&format!("/v1/rooms/{}/events", group.id)).await?;
    let kinds: Vec<&str> =
        events["items"].as_array().into_iter().flatten().filter_map(|item| item["kind"].as_str()).collect();
    ensure!(
        kinds.contains(&"created") && kinds.contains(&"entered") && !kinds.contains(&"message"),
        "{events} are lifecycle entries"
    );
    Ok(())
}

/// Retries.
pub async fn idempotency(stage: &mut Stage) -> Result<()> {
    let group = stage.group().await?;
    let path = format!("/v1/rooms/{}/messages", group.id);
    let (key, other) = (stage.amaia.nonce(), stage.amaia.nonce());
    let say = |key: String, since: u64, text: &'static str| {
        let (address, token, path) = (stage.address.clone(), stage.amaia.token.clone(), path.clone());
        async move {
            let body = json!({"text": text}).to_string();
            http::ask(&address, ("POST", &path), Some(&token), Some((&key, Some(since))), Some(&body)).await
        }
    };
    let first = say(key.clone(), group.head, "once").await?.expect(201)?;
    let again = say(key.clone(), group.head, "once").await?.expect(201)?;
    ensure!(first["msg_id"] == again["msg_id"], "{first} and {again} are the same message");
    say(key, group.head, "another").await?.expect_problem(409, "nonce_reused")?;
    say("short".to_owned(), group.head, "x").await?.expect_problem(422, "invalid")?;
    // A head that nobody can have seen would take the protection away.
    let unseen = say(other, group.head + 1_000_000, "x").await?.expect_problem(422, "invalid")?;
    ensure!(unseen["field"] == "since", "{unseen} names the field since");
    Ok(())
}
