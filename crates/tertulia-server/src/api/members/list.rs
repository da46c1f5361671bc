//! `GET /v1/rooms/{room}/members`.

use axum::{Json, extract::State};
use serde::Deserialize;
use tertulia_core::UserId;
use tertulia_protocol::rest::{List, Member};
use utoipa::IntoParams;

use super::super::{
    Api,
    extract::{At, Caller, ListQuery, Query, RoomPath},
    problem::{Answer, Failure},
};
use crate::wire;

/// Longest text that is looked for, in characters.
const TEXT_CHARS_MAX: usize = tertulia_core::text::NAME_CHARS_MAX;

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Find {
    /// How their name or handle starts.
    #[serde(default)]
    q: String,
    /// Most items, from 1 to 200; 50 if absent.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
}

/// A room's members, in the order of their ids.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/members", tag = "members", params(RoomPath, Find),
    responses((status = 200, body = List<Member>))
)]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    Query(find): Query<Find>,
) -> Answer<Json<List<Member>>> {
    if find.q.chars().count() > TEXT_CHARS_MAX {
        return Err(Failure::invalid("q", find.q, format!("at most {TEXT_CHARS_MAX} characters")));
    }
    let page = ListQuery { limit: find.limit, after: find.after };
    let (limit, after) = (page.limit()?, page.after::<UserId>()?);
    api.member_room(&caller, at.room).await?;
    let members = api.directory.members(at.room, after, find.q.trim(), limit).await?;
    let next =
        (members.len() == limit).then(|| members.last().map(|member| member.user.to_string())).flatten();
    let people = api.people(&members.iter().map(|member| member.user).collect::<Vec<_>>()).await?;
    let items = members.into_iter().filter_map(|member| {
        let user = people.get(&member.user)?.clone();
        Some(Member { user, role: wire::role(member.role), since_seq: member.since_seq })
    });
    Ok(Json(List { items: items.collect(), next }))
}
