//! `POST /v1/sessions`: signing a device in, by password or by the administrator's one-time link.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use serde_json::json;
use tertulia_ports::directory::User;
use tertulia_protocol::{
    Code,
    rest::{LogIn, Session},
};

use super::{
    super::{
        Api,
        extract::{Body, From},
        problem::{Answer, Failure},
        users::sign_up,
    },
    Client, rates,
};
use crate::identity::TicketFor;

/// What an administrator is called before they say.
const ADMINISTRATOR: &str = "Administrator";

/// Signs this device in.
#[utoipa::path(
    post, path = "/v1/sessions", tag = "sessions", security(()), request_body = LogIn,
    responses((status = 201, body = Session))
)]
pub async fn log_in(
    State(api): State<Api>,
    from: From,
    client: Client,
    Body(wish): Body<LogIn>,
) -> Answer<(StatusCode, HeaderMap, Json<Session>)> {
    let (headers, user) = match wish {
        LogIn::Password { handle, password } => {
            let handle = handle.trim().to_lowercase();
            let headers = rates::log_in(&api, &from, &handle)?;
            let user = by_password(&api, &handle, &password).await;
            let user = user.map_err(|failure| failure.with_headers(headers.clone()))?;
            rates::logged_in(&api, &from, &handle);
            (headers, user)
        }
        LogIn::Ticket { ticket } => (rates::ticket(&api, &from)?, by_ticket(&api, &ticket).await?),
    };
    let session = super::open(&api, user, &client).await?;
    Ok((StatusCode::CREATED, headers, Json(session)))
}

async fn by_password(api: &Api, handle: &str, password: &str) -> Answer<User> {
    let user = api.directory.user_by_handle(handle).await?;
    let hash = match &user {
        Some(user) => api.directory.password(user.id).await?,
        None => None,
    };
    // Longer ones are nobody's; they cost as much all the same.
    let is_right = api.passwords.verify(password, hash.as_deref()).await?;
    match user {
        Some(user) if is_right => Ok(user),
        _ => Err(Failure::new(Code::WrongPassword, "the name or the password is wrong")),
    }
}

async fn by_ticket(api: &Api, ticket: &str) -> Answer<User> {
    let spent = || Failure::new(Code::Unauthenticated, "the link was used already, or its time is over");
    match api.tickets.redeem(ticket, api.clock.now()).ok_or_else(spent)? {
        TicketFor::FirstAdministrator if api.directory.has_admin().await? => Err(spent()),
        TicketFor::FirstAdministrator => new_administrator(api, "admin.first").await,
        TicketFor::NewAdministrator => new_administrator(api, "admin.new").await,
        TicketFor::Administrator(id) => {
            let user = api.directory.user(id).await?.filter(|user| user.admin).ok_or_else(spent)?;
            api.audit(Some(user.id), "admin.signed_in", user.id, json!({"by": "link"})).await?;
            Ok(user)
        }
    }
}

/// An administrator is made when their link is opened.
async fn new_administrator(api: &Api, action: &str) -> Answer<User> {
    let user = match sign_up::add(api, ADMINISTRATOR, Some("admin"), true).await {
        Err(failure) if failure.code() == Code::Conflict => {
            sign_up::add(api, ADMINISTRATOR, None, true).await?
        }
        added => added?,
    };
    api.audit(Some(user.id), action, user.id, json!({})).await?;
    api.land(&user).await;
    Ok(user)
}
