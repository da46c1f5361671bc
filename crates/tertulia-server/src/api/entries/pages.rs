//! `GET /v1/rooms/{room}/entries` and `timeline`: pages of a room's history, from its start, in both directions.

use axum::{Json, extract::State};
use serde::Deserialize;
use tertulia_protocol::rest::HistoryPage;
use utoipa::IntoParams;

use super::super::{
    Api,
    extract::{At, Caller, Query, RoomPath, limit_of, seq_of},
    problem::Answer,
};
use crate::history::{PageMode, PageRequest};

/// Which entries. With `before`: the last ones before it; else the first ones after `after`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Range {
    /// Only entries above this one.
    #[param(value_type = Option<u64>)]
    after: Option<String>,
    /// Only entries below this one.
    #[param(value_type = Option<u64>)]
    before: Option<String>,
    /// Most items, from 1 to 200; 50 if absent.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
}

/// Entries as they stand in the room's log.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/entries", tag = "history", params(RoomPath, Range),
    responses((status = 200, body = HistoryPage))
)]
pub async fn entries(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    Query(range): Query<Range>,
) -> Answer<Json<HistoryPage>> {
    page(&api, &caller, &at, &range, PageMode::Entries).await
}

/// Messages and lifecycle entries, with what became of them folded in.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/timeline", tag = "history", params(RoomPath, Range),
    responses((status = 200, body = HistoryPage))
)]
pub async fn timeline(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    Query(range): Query<Range>,
) -> Answer<Json<HistoryPage>> {
    page(&api, &caller, &at, &range, PageMode::Timeline).await
}

async fn page(
    api: &Api,
    caller: &Caller,
    at: &RoomPath,
    range: &Range,
    mode: PageMode,
) -> Answer<Json<HistoryPage>> {
    let request = PageRequest {
        mode,
        before: seq_of("before", range.before.as_deref())?,
        after: seq_of("after", range.after.as_deref())?,
        limit: Some(limit_of(range.limit.as_deref())? as i64),
    };
    let page = api.history.page(caller.id(), at.room, &request).await?;
    Ok(Json(HistoryPage {
        items: page.items,
        first: page.first,
        through: page.through,
        from: page.from,
        to: page.to,
    }))
}
