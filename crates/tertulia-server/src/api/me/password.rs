//! `PUT /v1/me/password`: another password, or the first one.

use axum::{extract::State, http::StatusCode};
use tertulia_protocol::{Code, rest::PasswordChange};

use super::super::{
    Api,
    extract::{Body, Caller, From},
    problem::{Answer, Failure},
    sessions::rates,
    users::sign_up::check_new_password,
};

/// Sets my password. Whoever has one must know it.
#[utoipa::path(put, path = "/v1/me/password", tag = "me", request_body = PasswordChange, responses((status = 204)))]
pub async fn set(
    State(api): State<Api>,
    caller: Caller,
    from: From,
    Body(change): Body<PasswordChange>,
) -> Answer<StatusCode> {
    check_new_password("new", &change.new)?;
    if let Some(hash) = api.directory.password(caller.id()).await? {
        let headers = rates::log_in(&api, &from, &caller.user.handle)?;
        let old = change.old.as_deref().unwrap_or_default();
        if !api.passwords.verify(old, Some(&hash)).await? {
            let failure = Failure::new(Code::WrongPassword, "the present password is another one");
            return Err(failure.with_headers(headers));
        }
        rates::logged_in(&api, &from, &caller.user.handle);
    }
    let hash = api.passwords.hash(&change.new).await?;
    api.directory.set_password(caller.id(), &hash).await?;
    Ok(StatusCode::NO_CONTENT)
}
