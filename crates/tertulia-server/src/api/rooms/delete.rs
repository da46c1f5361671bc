//! `DELETE /v1/rooms/{room}`: the room and all that was said in it.

use axum::{extract::State, http::StatusCode};
use serde_json::json;
use tertulia_core::room::{Command, Refusal};

use super::super::{
    Api,
    extract::{At, Caller, Key, RoomPath},
    problem::Answer,
};
use crate::{room::RoomError, wire};

/// Deletes a room, for good: nobody reads it any more.
#[utoipa::path(delete, path = "/v1/rooms/{room}", tag = "rooms", params(RoomPath, Key), responses((status = 204)))]
pub async fn delete(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    key: Key,
) -> Answer<StatusCode> {
    match api.command(caller.id(), at.room, key, Command::DeleteRoom).await {
        Ok(done) => api.audit(Some(caller.id()), "room.deleted", at.room, json!({"seq": done.seq})).await?,
        Err(RoomError::Refused(Refusal::NotMember | Refusal::NotAllowed)) if caller.user.admin => {
            api.keep_order(&caller, at.room, key, Command::DeleteRoom, "room.deleted").await?;
        }
        Err(RoomError::Refused(refusal)) => return Err(wire::refusal(&refusal).into()),
        Err(error) => return Err(error.into()),
    }
    Ok(StatusCode::NO_CONTENT)
}
