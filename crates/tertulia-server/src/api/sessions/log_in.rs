//! `POST /v1/sessions`: signing a device in, by password or by the administrator's one-time link.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
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

/// What the first administrator is called before they say.
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
        LogIn::Ticket { ticket } => (rates::log_in(&api, &from, "")?, by_ticket(&api, &ticket).await?),
    };
    let session = super::open(&api, user, &client).await?;
    Ok((StatusCode::CREATED, headers, Json(session)))
}

async fn by_password(api: &Api, handle: &str, password: &str) -> Answer<tertulia_ports::directory::User> {
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

/// The first administrator is made when their link is opened. Where there is one already, it opens nothing.
async fn by_ticket(api: &Api, ticket: &str) -> Answer<tertulia_ports::directory::User> {
    let is_good = api.tickets.redeem(ticket, api.clock.now());
    if !is_good || api.directory.has_admin().await? {
        return Err(Failure::new(Code::Unauthenticated, "the link was used already, or its time is over"));
    }
    let user = sign_up::add(api, ADMINISTRATOR, Some("admin"), true).await;
    let user = match user {
        Ok(user) => user,
        Err(failure) if failure.code() == Code::Conflict => {
            sign_up::add(api, ADMINISTRATOR, None, true).await?
        }
        Err(failure) => return Err(failure),
    };
    api.audit(Some(user.id), "admin.first", user.id, serde_json::json!({})).await?;
    api.land(&user).await;
    Ok(user)
}
