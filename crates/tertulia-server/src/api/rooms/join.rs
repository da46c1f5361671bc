//! `POST /v1/rooms/{room}/join`: coming in, by invite or through an open door.

use axum::{Json, extract::State};
use tertulia_core::room::{Command, Refusal};
use tertulia_protocol::rest::{Join, Room};

use super::super::{
    Api,
    command::is_so_already,
    extract::{At, Body, Caller, Key, RoomPath},
    problem::{Answer, Failure},
};
use crate::wire;

/// Enters a room. Who is in it already stays in it.
#[utoipa::path(
    post, path = "/v1/rooms/{room}/join", tag = "rooms", params(RoomPath, Key), request_body = Join,
    responses((status = 200, body = Room))
)]
pub async fn join(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    key: Key,
    Body(wish): Body<Join>,
) -> Answer<Json<Room>> {
    let member = api.directory.member(at.room, caller.id()).await?;
    if member.role().is_none() {
        api.check_rooms_of(caller.id(), true).await?;
        let invited = match &wish.invite {
            Some(token) => use_up(&api, &caller, &at, token).await?,
            None => false,
        };
        match api.command(caller.id(), at.room, key, Command::Join { invited }).await {
            Err(error) if !is_so_already(&error) => return Err(error.into()),
            _ => {}
        }
    }
    api.room_for(&caller, at.room).await.map(Json)
}

/// Uses an invite up for who may come in with it.
async fn use_up(api: &Api, caller: &Caller, at: &RoomPath, token: &str) -> Answer<bool> {
    let absent = || Failure::not_found("invite, or it no longer holds");
    let now = api.clock.now();
    let invite = api.directory.invite(token, now).await?.filter(|invite| invite.room == at.room);
    let invite = invite.ok_or_else(absent)?;
    let member = api.directory.member(at.room, caller.id()).await?;
    if let (tertulia_core::Standing::Banned { until, reason }, true) =
        (&member.standing, member.is_banned(now))
    {
        return Err(wire::refusal(&Refusal::Banned { until: *until, reason: reason.clone() }).into());
    }
    match api.directory.use_invite(&invite.token, now).await? {
        true => Ok(true),
        false => Err(absent()),
    }
}
