//! `GET /v1/rooms/{room}/bans`, `PUT`, `DELETE /v1/rooms/{room}/bans/{user}`.

use axum::{Json, extract::State, http::StatusCode};
use tertulia_core::{UserId, permission::Action, room::Command};
use tertulia_protocol::rest::{Ban, List, NewBan};

use super::{
    Api,
    extract::{At, Body, Caller, Key, ListQuery, Query, RoomPath, RoomUserPath},
    problem::{Answer, Failure},
};

/// Longest ban that has an end: ten years. Longer ones are for good.
const DURATION_MS_MAX: u64 = 10 * 365 * 24 * 60 * 60 * 1_000;

/// Who is banned from a room, in the order of their ids. For moderators.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/bans", tag = "bans", params(RoomPath, ListQuery),
    responses((status = 200, body = List<Ban>))
)]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    Query(page): Query<ListQuery>,
) -> Answer<Json<List<Ban>>> {
    let (limit, after) = (page.limit()?, page.after::<UserId>()?);
    if !caller.user.admin {
        api.allowed_room(&caller, at.room, Action::Ban).await?;
    }
    let bans = api.directory.bans(at.room, after, limit).await?;
    let next = (bans.len() == limit).then(|| bans.last().map(|ban| ban.user.to_string())).flatten();
    let people = api.people(&bans.iter().map(|ban| ban.user).collect::<Vec<_>>()).await?;
    let now = api.clock.now();
    let items = bans.into_iter().filter(|ban| ban.until.is_none_or(|until| now < until)).filter_map(|ban| {
        Some(Ban { user: people.get(&ban.user)?.clone(), by: ban.by, until: ban.until, reason: ban.reason })
    });
    Ok(Json(List { items: items.collect(), next }))
}

/// Bans somebody, whether they are in the room or not. They see nothing of it from now on.
#[utoipa::path(
    put, path = "/v1/rooms/{room}/bans/{user}", tag = "bans", params(RoomUserPath, Key), request_body = NewBan,
    responses((status = 204))
)]
pub async fn ban(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomUserPath>,
    key: Key,
    Body(wish): Body<NewBan>,
) -> Answer<StatusCode> {
    if wish.duration_ms.is_some_and(|ms| ms == 0 || ms > DURATION_MS_MAX) {
        return Err(Failure::invalid(
            "duration_ms",
            wish.duration_ms,
            format!("from 1 to {DURATION_MS_MAX}"),
        ));
    }
    api.other(&caller, at.user).await?;
    let ban = Command::Ban {
        user: at.user,
        until: wish.duration_ms.map(|ms| api.clock.now().plus(ms)),
        reason: wish.reason.filter(|reason| !reason.is_empty()),
    };
    api.keep_order(&caller, at.room, key, ban, "member.banned").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets somebody come again.
#[utoipa::path(
    delete, path = "/v1/rooms/{room}/bans/{user}", tag = "bans", params(RoomUserPath, Key), responses((status = 204))
)]
pub async fn unban(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomUserPath>,
    key: Key,
) -> Answer<StatusCode> {
    api.keep_order(&caller, at.room, key, Command::Unban { user: at.user }, "member.unbanned").await?;
    Ok(StatusCode::NO_CONTENT)
}
