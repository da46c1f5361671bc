//! `POST /v1/users`: becoming somebody.

use axum::{Json, extract::State, http::StatusCode};
use tertulia_core::{UserId, text};
use tertulia_ports::directory::{Invite, User};
use tertulia_protocol::{
    Code, ErrorDetail,
    rest::{Session, SignUp, SignUpPolicy},
};

use super::super::{
    Api,
    command::check_text,
    extract::{Body, From},
    problem::{Answer, Failure},
    sessions::{self, Client, rates},
};
use crate::identity::check_password;

/// How many handles are tried that follow from a name, before a random one.
const HANDLES_TRIED: u32 = 5;
/// Longest part of a name that a handle is made from, in characters: leaves place for a number.
const HANDLE_STEM_CHARS_MAX: usize = 24;

/// Signs up, and signs this device in.
#[utoipa::path(
    post, path = "/v1/users", tag = "users", security(()), request_body = SignUp,
    responses((status = 201, body = Session))
)]
pub async fn sign_up(
    State(api): State<Api>,
    from: From,
    client: Client,
    Body(wish): Body<SignUp>,
) -> Answer<(StatusCode, axum::http::HeaderMap, Json<Session>)> {
    let headers = rates::sign_up(&api, &from)?;
    let invite = checked(&api, &wish).await.map_err(|failure| failure.with_headers(headers.clone()))?;
    let hash = match &wish.password {
        Some(password) => Some(api.passwords.hash(password).await?),
        None => None,
    };
    // Before there is a person: of many who come at once with one invite, only as many as it has uses are let in.
    let is_invited = match &invite {
        Some(invite) => api.directory.use_invite(&invite.token, api.clock.now()).await?,
        None => false,
    };
    if api.settings.sign_up == SignUpPolicy::Invite && !is_invited {
        return Err(no_invite().with_headers(headers));
    }
    let user = add(&api, &wish.name, wish.handle.as_deref(), false).await?;
    if let Some(hash) = hash {
        api.directory.set_password(user.id, &hash).await?;
    }
    match &invite {
        Some(invite) if is_invited => enter_by(&api, user.id, invite).await,
        Some(_) => {
            tracing::info!(user = %user.id, "somebody signed up, and their invite was used up meanwhile")
        }
        None => api.land(&user).await,
    }
    let session = sessions::open(&api, user, &client).await?;
    Ok((StatusCode::CREATED, headers, Json(session)))
}

/// Whether the wish may be granted; with the invite that it came by.
async fn checked(api: &Api, wish: &SignUp) -> Answer<Option<Invite>> {
    check_text("name", &wish.name, text::check_name(&wish.name, text::NAME_CHARS_MAX))?;
    if let Some(handle) = &wish.handle {
        check_text("handle", handle, text::check_handle(handle))?;
        // Found out before it costs a use of the invite.
        if api.directory.user_by_handle(handle).await?.is_some() {
            return Err(taken(handle));
        }
    }
    match &wish.password {
        Some(password) => check_new_password("password", password)?,
        None if api.settings.password_required => {
            let error = ErrorDetail::new(Code::Invalid, "this server requires a password");
            return Err(ErrorDetail { field: Some("password".to_owned()), ..error }.into());
        }
        None => {}
    }
    let invite = match &wish.invite {
        Some(token) => {
            let invite = api.directory.invite(token, api.clock.now()).await?;
            Some(invite.ok_or_else(no_invite)?)
        }
        None => None,
    };
    match api.settings.sign_up == SignUpPolicy::Invite && invite.is_none() {
        true => Err(Failure::new(Code::NotAllowed, "this server takes new people by invite only")),
        false => Ok(invite),
    }
}

/// A password that is to be somebody's.
pub fn check_new_password(field: &str, password: &str) -> Answer<()> {
    check_password(password).map_err(|chars| {
        // Its length, never the password itself.
        let bound = crate::identity::PASSWORD_CHARS;
        let detail = format!(
            "{field} has {chars} characters, and must have from {} to {}",
            bound.start(),
            bound.end()
        );
        let error = ErrorDetail::new(Code::Invalid, detail);
        let bound = format!("from {} to {} characters", bound.start(), bound.end());
        ErrorDetail {
            field: Some(field.to_owned()),
            value: Some(chars.into()),
            bound: Some(bound.into()),
            ..error
        }
        .into()
    })
}

/// Adds a person, under the handle that they want or under one that follows from their name.
pub async fn add(api: &Api, name: &str, wanted: Option<&str>, admin: bool) -> Answer<User> {
    let stem = stem_of(name);
    for attempt in 1.. {
        let handle = match (wanted, attempt) {
            (Some(handle), _) => handle.to_owned(),
            (None, 1) => stem.clone(),
            (None, attempt) if attempt <= HANDLES_TRIED => format!("{stem}{attempt}"),
            (None, _) => format!("{stem}-{:06x}", api.entropy.u64() & 0xff_ffff),
        };
        let user = User {
            id: UserId::new(api.fresh_id()),
            handle,
            name: name.to_owned(),
            about: String::new(),
            admin,
            created_at: api.clock.now(),
        };
        match api.directory.add_user(&user).await? {
            Ok(()) => return Ok(user),
            Err(_) if wanted.is_none() && attempt < HANDLES_TRIED * 2 => {}
            Err(_) => return Err(taken(&user.handle)),
        }
    }
    Err(taken(&stem))
}

/// The handle belongs to somebody else, or to the server.
pub fn taken(handle: &str) -> Failure {
    let error = ErrorDetail::new(Code::Conflict, format!("the handle {handle} is taken"));
    ErrorDetail { field: Some("handle".to_owned()), value: Some(handle.into()), ..error }.into()
}

/// What of a name can be a handle's start.
fn stem_of(name: &str) -> String {
    let mut stem = String::new();
    for character in name.chars() {
        let is_gap = stem.is_empty() || stem.ends_with('.');
        match character.to_ascii_lowercase() {
            plain if plain.is_ascii_alphanumeric() => stem.push(plain),
            ' ' | '-' | '_' | '.' if !is_gap => stem.push('.'),
            _ => {}
        }
    }
    let stem: String = stem.chars().take(HANDLE_STEM_CHARS_MAX).collect();
    let stem = stem.trim_end_matches('.');
    if stem.len() < *text::HANDLE_CHARS.start() { "user".to_owned() } else { stem.to_owned() }
}

fn no_invite() -> Failure {
    Failure::not_found("invite, or it no longer holds")
}

/// Into the room that an invite leads to. Who signed up stays signed up, even if the room is full by now.
async fn enter_by(api: &Api, user: UserId, invite: &Invite) {
    if let Err(error) = api.enter(user, invite.room, true).await {
        tracing::info!(%user, room = %invite.room, %error, "somebody signed up and did not get into the room");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_follow_from_names() {
        for (name, stem) in [
            ("Amaia", "amaia"),
            ("Amaia Etxeberria", "amaia.etxeberria"),
            ("O'Neil - Ω", "oneil"),
            ("李", "user"),
            ("x", "user"),
            ("Jean-Luc  Picard", "jean.luc.picard"),
            (&"ab ".repeat(20), "ab.ab.ab.ab.ab.ab.ab.ab"),
        ] {
            assert_eq!(stem_of(name), stem);
            assert_eq!(text::check_handle(stem), Ok(()), "{stem}");
        }
    }

    #[test]
    fn a_password_is_never_sent_back() {
        let failure = check_new_password("password", "secret").unwrap_err();
        assert_eq!(failure.detail.value, Some(6.into()));
        assert!(!format!("{failure:?}").contains("secret"));
    }
}
