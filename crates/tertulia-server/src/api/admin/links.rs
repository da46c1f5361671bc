//! `POST /v1/admin/links`: a link that signs an administrator in, once.

use axum::{Json, extract::State, http::StatusCode};
use serde_json::json;
use tertulia_protocol::{
    Code,
    rest::{NewSignInLink, SignInLink},
};

use super::super::{
    Api,
    extract::{Administrator, Body},
    problem::{Answer, Failure},
};
use crate::identity::{TICKET_LIFETIME_MS, TicketFor};

/// Makes a link that signs an administrator in, once; the one before is no longer good. People make links for
/// themselves or for one more administrator, the operator for any administrator.
#[utoipa::path(
    post, path = "/v1/admin/links", tag = "admin", request_body = NewSignInLink,
    responses((status = 201, body = SignInLink))
)]
pub async fn create(
    State(api): State<Api>,
    administrator: Administrator,
    Body(wish): Body<NewSignInLink>,
) -> Answer<(StatusCode, Json<SignInLink>)> {
    let whom = match wish.user {
        None => TicketFor::NewAdministrator,
        Some(user) if administrator.id().is_some_and(|own| own != user) => {
            let detail = format!("a link for {user} is made by themselves, or on the server's machine");
            return Err(Failure::new(Code::NotAllowed, detail));
        }
        Some(user) => match api.directory.user(user).await? {
            Some(found) if found.admin => TicketFor::Administrator(user),
            Some(_) => return Err(Failure::invalid("user", user.to_string(), "an administrator")),
            None => return Err(Failure::not_found("person")),
        },
    };
    let now = api.clock.now();
    let ticket = api.tickets.issue_for(whom, now, &*api.entropy);
    let subject = wish.user.map_or_else(String::new, |user| user.to_string());
    api.audit(administrator.id(), "link.made", subject, json!({})).await?;
    let base = api.settings.urls.first().map_or("", String::as_str);
    let link =
        SignInLink { url: format!("{base}/#ticket={ticket}"), expires_at: now.plus(TICKET_LIFETIME_MS) };
    Ok((StatusCode::CREATED, Json(link)))
}
