//! `GET /v1/users?q=`: people by the start of a name.

use axum::{Json, extract::State};
use serde::Deserialize;
use tertulia_protocol::rest::{List, User};
use utoipa::IntoParams;

use super::super::{
    Api,
    extract::{Caller, Query, limit_of},
    people,
    problem::{Answer, Failure},
};

/// Longest text that is looked for, in characters: as long as the longest name.
const TEXT_CHARS_MAX: usize = tertulia_core::text::NAME_CHARS_MAX;

/// Whom to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Find {
    /// How a name, one of its words, or the handle starts. Everybody if empty.
    #[serde(default)]
    q: String,
    /// Most people, from 1 to 200; 50 if absent.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
}

/// People whose name or handle starts so.
#[utoipa::path(get, path = "/v1/users", tag = "users", params(Find), responses((status = 200, body = List<User>)))]
pub async fn find(State(api): State<Api>, _: Caller, Query(find): Query<Find>) -> Answer<Json<List<User>>> {
    let text = find.q.trim();
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(Failure::invalid("q", text, format!("at most {TEXT_CHARS_MAX} characters")));
    }
    let users = api.directory.find_users(text, limit_of(find.limit.as_deref())?).await?;
    Ok(Json(List::whole(users.iter().map(people::user).collect())))
}
