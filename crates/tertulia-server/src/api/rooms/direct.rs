//! `PUT /v1/direct/{user}`: the conversation of two.

use std::time::Duration;

use axum::{Json, extract::State};
use tertulia_core::{
    RoomId, UserId,
    permission::RoomKind,
    room::{Command, Refusal, RoomSettings},
};
use tertulia_protocol::rest::Room;
use tokio::time;

use super::super::{
    Api,
    command::blocked,
    extract::{At, Caller, UserPath},
    problem::{Answer, Failure},
};
use crate::room::RoomError;

/// How long it is waited for a room that somebody else is making: some commits of a slow disk.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const LOOKS: usize = 100;

/// The direct room with somebody, made if there is none.
#[utoipa::path(put, path = "/v1/direct/{user}", tag = "rooms", params(UserPath), responses((status = 200, body = Room)))]
pub async fn open(State(api): State<Api>, caller: Caller, At(at): At<UserPath>) -> Answer<Json<Room>> {
    let other = api.other(&caller, at.user).await?;
    if let Some(room) = api.directory.direct_room(caller.id(), other.id).await? {
        return api.room_for(&caller, room).await.map(Json);
    }
    if api.directory.is_blocked(caller.id(), other.id).await? {
        return Err(blocked());
    }
    api.check_rooms_of(caller.id(), true).await?;
    api.check_rooms_of(other.id, false).await?;
    for attempt in 0..RoomId::DIRECT_ATTEMPTS {
        let room = RoomId::direct(caller.id(), other.id, attempt);
        let create = Command::Create {
            kind: RoomKind::Direct,
            name: String::new(),
            settings: RoomSettings::default(),
            members: vec![other.id],
        };
        match api.command(caller.id(), room, api.fresh_key(), create).await {
            Ok(_) => return api.room_for(&caller, room).await.map(Json),
            // Both opened it at the same time, or the id belongs to another pair: then the next one.
            Err(RoomError::Refused(Refusal::RoomExists)) => {
                if belongs_to(&api, room, (caller.id(), other.id)).await? {
                    return api.room_for(&caller, room).await.map(Json);
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Failure::new(tertulia_protocol::Code::Internal, "all ids of this pair belong to others"))
}

/// Whether a room that exists is the one of these two. It may have been made just now, and not be in the directory yet.
async fn belongs_to(api: &Api, room: RoomId, (one, other): (UserId, UserId)) -> Answer<bool> {
    for _ in 0..LOOKS {
        if let Some(record) = api.directory.room(room).await? {
            return Ok(record.pair == Some((one, other)) || record.pair == Some((other, one)));
        }
        time::sleep(LOOK_AGAIN).await;
    }
    Err(RoomError::Unavailable.into())
}
