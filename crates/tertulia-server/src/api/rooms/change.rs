//! `PATCH /v1/rooms/{room}`: another name, topic or settings.

use axum::{Json, extract::State};
use tertulia_core::room::{Command, Refusal};
use tertulia_protocol::{
    Code,
    rest::{Room, RoomChange},
};

use super::super::{
    Api,
    extract::{At, Body, Caller, Key, RoomPath},
    problem::Answer,
};
use crate::wire;

/// Changes a room. Settings that are absent stay.
#[utoipa::path(
    patch, path = "/v1/rooms/{room}", tag = "rooms", params(RoomPath, Key), request_body = RoomChange,
    responses((status = 200, body = Room))
)]
pub async fn change(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    key: Key,
    Body(change): Body<RoomChange>,
) -> Answer<Json<Room>> {
    api.member_room(&caller, at.room).await?;
    let settings = change.settings.as_ref().map(wire::core_settings_change);
    let command = Command::Change { name: change.name, topic: change.topic, settings };
    match api.keep_order(&caller, at.room, key, command, "room.changed").await {
        Err(failure) if is_no_change(&failure) => {}
        result => drop(result?),
    }
    api.room_for(&caller, at.room).await.map(Json)
}

fn is_no_change(failure: &super::super::problem::Failure) -> bool {
    failure.code() == Code::Conflict && failure.detail.detail == Refusal::NothingToChange.to_string()
}
