//! `DELETE /v1/rooms/{room}/members/{user}`: takes somebody out, or leaves.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use tertulia_core::room::Command;
use utoipa::IntoParams;

use super::super::{
    Api,
    extract::{At, Caller, Key, Query, RoomUserPath},
    problem::Answer,
};

/// Why.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Why {
    /// What those who stay, and the removed, may read; at most 500 characters.
    reason: Option<String>,
}

/// Removes somebody from a room; myself: I leave it.
#[utoipa::path(
    delete, path = "/v1/rooms/{room}/members/{user}", tag = "members", params(RoomUserPath, Why, Key),
    responses((status = 204))
)]
pub async fn remove(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomUserPath>,
    key: Key,
    Query(why): Query<Why>,
) -> Answer<StatusCode> {
    if at.user == caller.id() {
        api.command(caller.id(), at.room, key, Command::Leave).await?;
    } else {
        let reason = why.reason.filter(|reason| !reason.is_empty());
        let remove = Command::Remove { user: at.user, reason };
        api.keep_order(&caller, at.room, key, remove, "member.removed").await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
