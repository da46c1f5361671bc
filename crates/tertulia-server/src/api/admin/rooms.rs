//! `DELETE /v1/admin/rooms/{room}`: a room goes, whoever belongs to it.

use axum::{extract::State, http::StatusCode};
use serde_json::json;
use tertulia_core::room::{Command, SYSTEM};

use super::super::{
    Api,
    extract::{Administrator, At, Key, RoomPath},
    problem::Answer,
};

/// Deletes a room in the server's name, and all that was said in it.
#[utoipa::path(delete, path = "/v1/admin/rooms/{room}", tag = "admin", params(RoomPath, Key), responses((status = 204)))]
pub async fn delete(
    State(api): State<Api>,
    administrator: Administrator,
    At(at): At<RoomPath>,
    key: Key,
) -> Answer<StatusCode> {
    let done = api.command(SYSTEM, at.room, key, Command::DeleteRoom).await?;
    api.audit(administrator.id(), "room.deleted", at.room, json!({"seq": done.seq})).await?;
    Ok(StatusCode::NO_CONTENT)
}
