//! `GET /v1/admin/stats`: how much there is.

use axum::{Json, extract::State};
use tertulia_protocol::rest::Stats;

use super::super::{Api, extract::Administrator, problem::Answer};

/// How much there is.
#[utoipa::path(get, path = "/v1/admin/stats", tag = "admin", responses((status = 200, body = Stats)))]
pub async fn show(State(api): State<Api>, _: Administrator) -> Answer<Json<Stats>> {
    Ok(Json(Stats {
        users: api.directory.count_users().await?,
        rooms: api.directory.count_rooms().await?,
        online: api.presence.count_online().await?,
        connections: (api.usage)("connections").unwrap_or(0),
        entries: (api.usage)("entries").unwrap_or(0),
    }))
}
