//! `GET /v1/rooms/{room}`.

use axum::{Json, extract::State};
use tertulia_protocol::rest::Room;

use super::super::{
    Api,
    extract::{At, Caller, RoomPath},
    problem::Answer,
};

/// A room of mine, or one that everybody may enter.
#[utoipa::path(get, path = "/v1/rooms/{room}", tag = "rooms", params(RoomPath), responses((status = 200, body = Room)))]
pub async fn show(State(api): State<Api>, caller: Caller, At(at): At<RoomPath>) -> Answer<Json<Room>> {
    api.room_for(&caller, at.room).await.map(Json)
}
