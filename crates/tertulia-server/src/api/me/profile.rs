//! `GET`, `PATCH /v1/me`: one's own profile.

use axum::{Json, extract::State};
use tertulia_core::text;
use tertulia_ports::directory;
use tertulia_protocol::rest::{Me, ProfileChange};

use super::super::{
    Api,
    command::check_text,
    extract::{Body, Caller},
    problem::{Answer, Failure},
    users::sign_up::taken,
};

/// Longest text that somebody may say of themselves, in characters.
const ABOUT_CHARS_MAX: usize = 250;

/// Who I am.
#[utoipa::path(get, path = "/v1/me", tag = "me", responses((status = 200, body = Me)))]
pub async fn show(State(api): State<Api>, caller: Caller) -> Answer<Json<Me>> {
    api.me(&caller.user, caller.feed).await.map(Json)
}

/// Changes my profile.
#[utoipa::path(patch, path = "/v1/me", tag = "me", request_body = ProfileChange, responses((status = 200, body = Me)))]
pub async fn change(
    State(api): State<Api>,
    caller: Caller,
    Body(change): Body<ProfileChange>,
) -> Answer<Json<Me>> {
    if let Some(name) = &change.name {
        check_text("name", name, text::check_name(name, text::NAME_CHARS_MAX))?;
    }
    if let Some(handle) = &change.handle {
        check_text("handle", handle, text::check_handle(handle))?;
    }
    if let Some(about) = &change.about {
        check_text("about", about, text::check_line(about, ABOUT_CHARS_MAX))?;
    }
    let change = directory::ProfileChange { handle: change.handle, name: change.name, about: change.about };
    match api.directory.change_profile(caller.id(), &change).await? {
        Ok(changes) => api.tell(changes),
        Err(_) => return Err(taken(change.handle.as_deref().unwrap_or_default())),
    }
    let user = api.directory.user(caller.id()).await?.ok_or_else(|| Failure::not_found("person"))?;
    let feed = api.directory.feed_version(caller.id()).await?;
    api.me(&user, feed).await.map(Json)
}
