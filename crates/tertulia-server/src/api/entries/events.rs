//! `GET /v1/rooms/{room}/events`: what happened to a room and its members.

use axum::{Json, extract::State};
use tertulia_core::Seq;
use tertulia_protocol::{entry::Entry, rest::List};

use super::super::{
    Api,
    extract::{At, Caller, ListQuery, Query, RoomPath},
    problem::Answer,
};

/// The lifecycle entries of a room, ascending.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/events", tag = "history", params(RoomPath, ListQuery),
    responses((status = 200, body = List<Entry>))
)]
pub async fn events(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    Query(page): Query<ListQuery>,
) -> Answer<Json<List<Entry>>> {
    let (limit, after) = (page.limit()?, page.after::<Seq>()?.unwrap_or(0));
    let (items, is_more) = api.history.events(caller.id(), at.room, after, limit).await?;
    let next = items.last().filter(|_| is_more).map(|entry| entry.seq.to_string());
    Ok(Json(List { items, next }))
}
