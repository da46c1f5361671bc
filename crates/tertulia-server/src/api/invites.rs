//! `/rooms/{room}/invites`, `/invites/{token}`: invites by link.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use tertulia_core::{RoomId, permission::Action};
use tertulia_ports::directory;
use tertulia_protocol::rest::{Invite, InvitePreview, InvitedBy, InvitedTo, List, NewInvite};
use utoipa::IntoParams;

use super::{
    Api,
    extract::{At, Body, Caller, RoomPath},
    problem::{Answer, Failure},
};

/// Longest time that an invite holds which ends: a year.
const EXPIRES_IN_MS_MAX: u64 = 365 * 24 * 60 * 60 * 1_000;
/// Most uses of an invite that is counted.
const USES_MAX: u64 = 100_000;
/// Most invites that hold of one room: they are listed whole.
const INVITES_PER_ROOM_MAX: usize = 200;
/// Bytes of an invite's secret: short enough to be read out, too long to be guessed.
const TOKEN_BYTES: usize = 12;

/// A room and one of its invites in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RoomInvitePath {
    /// The room's id.
    #[param(value_type = String)]
    room: RoomId,
    /// The invite's token.
    token: String,
}

/// An invite in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct InvitePath {
    /// The invite's token.
    token: String,
}

/// Makes an invite link.
#[utoipa::path(
    post, path = "/v1/rooms/{room}/invites", tag = "invites", params(RoomPath), request_body = NewInvite,
    responses((status = 201, body = Invite))
)]
pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    headers: HeaderMap,
    Body(wish): Body<NewInvite>,
) -> Answer<(StatusCode, Json<Invite>)> {
    for (field, value, max) in
        [("expires_in_ms", wish.expires_in_ms, EXPIRES_IN_MS_MAX), ("uses", wish.uses, USES_MAX)]
    {
        if value.is_some_and(|value| value == 0 || value > max) {
            return Err(Failure::invalid(field, value, format!("from 1 to {max}")));
        }
    }
    api.allowed_room(&caller, at.room, Action::Invite).await?;
    if api.directory.invites(at.room).await?.len() >= INVITES_PER_ROOM_MAX {
        let detail = format!("the room has {INVITES_PER_ROOM_MAX} invites: revoke some first");
        return Err(Failure::limit("invites", INVITES_PER_ROOM_MAX as u64, detail));
    }
    let mut secret = [0; TOKEN_BYTES];
    api.entropy.fill(&mut secret);
    let now = api.clock.now();
    let invite = directory::Invite {
        token: URL_SAFE_NO_PAD.encode(secret),
        room: at.room,
        by: caller.id(),
        created_at: now,
        expires_at: wish.expires_in_ms.map(|ms| now.plus(ms)),
        uses_left: wish.uses,
    };
    api.directory.add_invite(&invite).await?;
    Ok((StatusCode::CREATED, Json(shown(&api, &headers, invite))))
}

/// A room's invites, newest first.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/invites", tag = "invites", params(RoomPath),
    responses((status = 200, body = List<Invite>))
)]
pub async fn list(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    headers: HeaderMap,
) -> Answer<Json<List<Invite>>> {
    api.allowed_room(&caller, at.room, Action::Invite).await?;
    let now = api.clock.now();
    let invites = api.directory.invites(at.room).await?.into_iter();
    let hold = invites.filter(|invite| {
        invite.expires_at.is_none_or(|at| now < at) && invite.uses_left.is_none_or(|left| left > 0)
    });
    Ok(Json(List::whole(hold.map(|invite| shown(&api, &headers, invite)).collect())))
}

/// Takes an invite back.
#[utoipa::path(
    delete, path = "/v1/rooms/{room}/invites/{token}", tag = "invites", params(RoomInvitePath),
    responses((status = 204))
)]
pub async fn revoke(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomInvitePath>,
) -> Answer<StatusCode> {
    api.allowed_room(&caller, at.room, Action::Invite).await?;
    match api.directory.revoke_invite(at.room, &at.token).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Failure::not_found("invite")),
    }
}

/// Where an invite leads. Whoever has the link may know.
#[utoipa::path(
    get, path = "/v1/invites/{token}", tag = "invites", security(()), params(InvitePath),
    responses((status = 200, body = InvitePreview))
)]
pub async fn preview(State(api): State<Api>, At(at): At<InvitePath>) -> Answer<Json<InvitePreview>> {
    let absent = || Failure::not_found("invite, or it no longer holds");
    let invite = api.directory.invite(&at.token, api.clock.now()).await?.ok_or_else(absent)?;
    let room = api.directory.room(invite.room).await?.ok_or_else(absent)?;
    let by = api.directory.user(invite.by).await?.map(|user| InvitedBy { name: user.name });
    let room = InvitedTo { id: room.id, name: room.meta.name, members: room.meta.members };
    Ok(Json(InvitePreview { room, by }))
}

fn shown(api: &Api, headers: &HeaderMap, invite: directory::Invite) -> Invite {
    let host = || headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let base = api.settings.urls.first().cloned().unwrap_or_else(|| format!("http://{}", host()));
    Invite {
        url: format!("{base}/i/{}", invite.token),
        token: invite.token,
        expires_at: invite.expires_at,
        uses_left: invite.uses_left,
    }
}
