//! `GET /v1/rooms/{room}/active`: who has the room open.

use axum::{Json, extract::State};
use tertulia_protocol::rest::RoomActive;

use super::super::{
    Api,
    extract::{At, Caller, RoomPath},
    problem::Answer,
};

/// Who has a room of mine open now, but for those who do not show me that they are here.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/active", tag = "rooms", params(RoomPath),
    responses((status = 200, body = RoomActive))
)]
pub async fn active(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
) -> Answer<Json<RoomActive>> {
    let mut users = api.rooms.active(at.room, caller.id()).await?;
    let mut sights = api.directory.sights(caller.id(), &users).await?.into_iter();
    users.retain(|_| sights.next().is_some_and(|sight| sight.presence));
    Ok(Json(RoomActive { count: users.len() as u64, users }))
}
