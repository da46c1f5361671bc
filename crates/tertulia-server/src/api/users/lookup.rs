//! `POST /v1/users/lookup`: people by their ids.

use axum::{Json, extract::State};
use tertulia_protocol::rest::{LIST_LIMIT_MAX, List, Lookup, User};

use super::super::{
    Api,
    extract::{Body, Caller},
    problem::{Answer, Failure},
};

/// People by their ids; who does not exist is left out.
#[utoipa::path(
    post, path = "/v1/users/lookup", tag = "users", request_body = Lookup,
    responses((status = 200, body = List<User>))
)]
pub async fn lookup(
    State(api): State<Api>,
    _: Caller,
    Body(asked): Body<Lookup>,
) -> Answer<Json<List<User>>> {
    if asked.ids.len() as u64 > LIST_LIMIT_MAX {
        return Err(Failure::invalid("ids", asked.ids.len(), format!("at most {LIST_LIMIT_MAX}")));
    }
    let mut users: Vec<User> = api.people(&asked.ids).await?.into_values().collect();
    users.sort_unstable_by_key(|user| user.id);
    Ok(Json(List::whole(users)))
}
