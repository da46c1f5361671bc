//! `PATCH /v1/admin/users/{user}`: who administers the server.

use axum::{extract::State, http::StatusCode};
use serde_json::json;
use tertulia_protocol::rest::UserRights;

use super::super::{
    Api,
    extract::{Administrator, At, Body, UserPath},
    problem::{Answer, Failure},
};

/// Makes somebody an administrator, or not any more. It holds from their next request on, and their clients hear it.
#[utoipa::path(
    patch, path = "/v1/admin/users/{user}", tag = "admin", params(UserPath), request_body = UserRights,
    responses((status = 204))
)]
pub async fn change(
    State(api): State<Api>,
    administrator: Administrator,
    At(at): At<UserPath>,
    Body(rights): Body<UserRights>,
) -> Answer<StatusCode> {
    let user = api.directory.user(at.user).await?.ok_or_else(|| Failure::not_found("person"))?;
    if user.admin != rights.admin {
        api.tell(api.directory.set_admin(user.id, rights.admin).await?);
        // The link may be theirs, and make somebody else an administrator.
        if !rights.admin {
            api.tickets.withdraw();
        }
        let action = if rights.admin { "user.promoted" } else { "user.demoted" };
        api.audit(administrator.id(), action, user.id, json!({"handle": user.handle})).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
