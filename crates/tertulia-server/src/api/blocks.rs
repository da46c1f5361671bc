//! `GET /v1/me/blocks`, `PUT`, `DELETE /v1/me/blocks/{user}`.

use axum::{Json, extract::State, http::StatusCode};
use tertulia_protocol::rest::{List, User};

use super::{
    Api,
    extract::{At, Caller, UserPath},
    problem::Answer,
};

/// Whom I have blocked.
#[utoipa::path(get, path = "/v1/me/blocks", tag = "blocks", responses((status = 200, body = List<User>)))]
pub async fn list(State(api): State<Api>, caller: Caller) -> Answer<Json<List<User>>> {
    let blocked = api.directory.blocks(caller.id()).await?;
    let mut people = api.people(&blocked).await?;
    Ok(Json(List::whole(blocked.iter().filter_map(|user| people.remove(user)).collect())))
}

/// Blocks somebody: no direct messages, no friendship, no bringing each other into rooms,
/// and no typing, receipts or presence of mine for them.
#[utoipa::path(put, path = "/v1/me/blocks/{user}", tag = "blocks", params(UserPath), responses((status = 204)))]
pub async fn block(State(api): State<Api>, caller: Caller, At(at): At<UserPath>) -> Answer<StatusCode> {
    set(&api, &caller, at, true).await
}

/// Takes a block back.
#[utoipa::path(delete, path = "/v1/me/blocks/{user}", tag = "blocks", params(UserPath), responses((status = 204)))]
pub async fn unblock(State(api): State<Api>, caller: Caller, At(at): At<UserPath>) -> Answer<StatusCode> {
    set(&api, &caller, at, false).await
}

async fn set(api: &Api, caller: &Caller, at: UserPath, blocked: bool) -> Answer<StatusCode> {
    let other = api.other(caller, at.user).await?;
    let changes = api.directory.set_block(caller.id(), other.id, blocked).await?;
    // Their direct room must know before this is answered: nothing comes through after a block.
    if let Some(room) = api.directory.direct_room(caller.id(), other.id).await? {
        for user in [caller.id(), other.id] {
            api.rooms.forget(room, user).await?;
        }
    }
    api.tell(changes);
    Ok(StatusCode::NO_CONTENT)
}
