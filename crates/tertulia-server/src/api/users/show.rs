//! `GET /v1/users/{user}`, `GET /v1/users/by-handle/{handle}`: somebody's profile.

use axum::{Json, extract::State};
use serde::Deserialize;
use tertulia_ports::directory::User;
use tertulia_protocol::rest::Profile;
use utoipa::IntoParams;

use super::super::{
    Api,
    extract::{Asking, At, Caller, UserPath},
    people,
    problem::{Answer, Failure},
};

/// A person in the path, by handle.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct HandlePath {
    /// The person's handle.
    handle: String,
}

/// Somebody's profile.
#[utoipa::path(get, path = "/v1/users/{user}", tag = "users", params(UserPath), responses((status = 200, body = Profile)))]
pub async fn by_id(State(api): State<Api>, caller: Caller, At(at): At<UserPath>) -> Answer<Json<Profile>> {
    profile(&api, Some(&caller), api.directory.user(at.user).await?).await
}

/// Somebody's profile, by handle.
#[utoipa::path(
    get, path = "/v1/users/by-handle/{handle}", tag = "users", params(HandlePath),
    responses((status = 200, body = Profile))
)]
pub async fn by_handle(
    State(api): State<Api>,
    asking: Asking,
    At(at): At<HandlePath>,
) -> Answer<Json<Profile>> {
    profile(&api, asking.person(), api.directory.user_by_handle(&at.handle).await?).await
}

async fn profile(api: &Api, caller: Option<&Caller>, user: Option<User>) -> Answer<Json<Profile>> {
    let user = user.ok_or_else(|| Failure::not_found("person"))?;
    let Some(caller) = caller else {
        return Ok(Json(Profile { user: people::user(&user), friend: None, blocked: false }));
    };
    let friend = api.directory.friendship(caller.id(), user.id).await?.map(people::friend_state);
    let blocked = api.directory.blocks(caller.id()).await?.contains(&user.id);
    Ok(Json(Profile { user: people::user(&user), friend, blocked }))
}
