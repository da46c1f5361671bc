//! `DELETE /v1/sessions/current`: signing this device out.

use axum::{extract::State, http::StatusCode};

use super::super::{Api, extract::Caller, problem::Answer};

/// Signs this device out: its token is worth nothing from now on.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "sessions", responses((status = 204)))]
pub async fn log_out(State(api): State<Api>, caller: Caller) -> Answer<StatusCode> {
    let changes = api.directory.revoke_device(caller.id(), caller.device).await?;
    api.tell(changes.unwrap_or_default());
    Ok(StatusCode::NO_CONTENT)
}
