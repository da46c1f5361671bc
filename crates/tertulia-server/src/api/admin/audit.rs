//! `GET /v1/admin/audit`: what happened that an operator may want to know of.

use axum::{Json, extract::State};
use tertulia_core::UserId;
use tertulia_protocol::rest::{AuditItem, List};

use super::super::{
    Api,
    extract::{Administrator, ListQuery, Query},
    problem::Answer,
};

/// The audit trail, newest first.
#[utoipa::path(
    get, path = "/v1/admin/audit", tag = "admin", params(ListQuery),
    responses((status = 200, body = List<AuditItem>))
)]
pub async fn list(
    State(api): State<Api>,
    _: Administrator,
    Query(page): Query<ListQuery>,
) -> Answer<Json<List<AuditItem>>> {
    let (limit, before) = (page.limit()?, page.after::<u64>()?);
    let records = api.directory.audit(before, limit).await?;
    let actors: Vec<UserId> = records.iter().filter_map(|(_, record)| record.actor).collect();
    let people = api.people(&actors).await?;
    let next = (records.len() == limit).then(|| records.last().map(|(id, _)| id.to_string())).flatten();
    let items = records.into_iter().map(|(id, record)| AuditItem {
        id,
        at: record.at,
        actor: record.actor,
        actor_name: record.actor.and_then(|actor| people.get(&actor)).map(|user| user.name.clone()),
        action: record.action,
        subject: record.subject,
        detail: serde_json::from_str(&record.detail).ok(),
    });
    Ok(Json(List { items: items.collect(), next }))
}
