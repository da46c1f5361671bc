//! `PUT /v1/rooms/{room}/members/{user}`: brings somebody in, or gives them another role.

use axum::{Json, extract::State};
use tertulia_core::{Role, Standing, room::Command};
use tertulia_protocol::{
    Code,
    rest::{Member, NewMember},
};

use super::super::{
    Api,
    command::{blocked, is_so_already},
    extract::{At, Body, Caller, Key, RoomUserPath},
    people,
    problem::{Answer, Failure},
};
use crate::wire;

/// Adds somebody to a room, or changes their role.
#[utoipa::path(
    put, path = "/v1/rooms/{room}/members/{user}", tag = "members", params(RoomUserPath, Key), request_body = NewMember,
    responses((status = 200, body = Member))
)]
pub async fn put(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomUserPath>,
    key: Key,
    Body(wish): Body<NewMember>,
) -> Answer<Json<Member>> {
    let user = api.directory.user(at.user).await?.ok_or_else(|| Failure::not_found("person"))?;
    let role = wish.role.map(wire::core_role);
    let is_in = api.directory.member(at.room, at.user).await?.role().is_some();
    if !is_in {
        add(&api, &caller, &at, key).await?;
    }
    if let Some(role) = role.filter(|role| is_in || *role != Role::Member) {
        let set = Command::SetRole { user: at.user, role };
        let set_key = if is_in { key } else { key.besides() };
        match api.keep_order(&caller, at.room, set_key, set, "member.role").await {
            Err(failure) if failure.code() == Code::Conflict => {}
            result => drop(result?),
        }
    }
    match api.directory.member(at.room, at.user).await?.standing {
        Standing::In { role, since_seq } => {
            Ok(Json(Member { user: people::user(&user), role: wire::role(role), since_seq }))
        }
        _ => Err(Failure::new(Code::Conflict, "they have gone again in the meantime")),
    }
}

async fn add(api: &Api, caller: &Caller, at: &RoomUserPath, key: Key) -> Answer<()> {
    // Whoever may not know of the room learns nothing about others.
    api.member_room(caller, at.room).await?;
    if at.user != caller.id() && api.directory.is_blocked(caller.id(), at.user).await? {
        return Err(blocked());
    }
    api.check_rooms_of(at.user, at.user == caller.id()).await?;
    match api.command(caller.id(), at.room, key, Command::Add { user: at.user }).await {
        Err(error) if !is_so_already(&error) => Err(error.into()),
        _ => Ok(()),
    }
}
