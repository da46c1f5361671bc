//! `POST /v1/rooms`: a new group or channel.

use axum::{Json, extract::State, http::StatusCode};
use sha2::{Digest as _, Sha256};
use tertulia_core::{Nonce, RoomId, UserId, permission::RoomKind, room::Command, text};
use tertulia_protocol::rest::{NewRoom, NewRoomKind, Room};

use super::super::{
    Api,
    command::{blocked, check_text, is_so_already},
    extract::{Body, Caller, Key},
    problem::{Answer, Failure},
};
use crate::wire;

/// Makes a room that I own.
#[utoipa::path(post, path = "/v1/rooms", tag = "rooms", params(Key), request_body = NewRoom, responses((status = 201, body = Room)))]
pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    key: Key,
    Body(wish): Body<NewRoom>,
) -> Answer<(StatusCode, Json<Room>)> {
    let topic = wish.topic.filter(|topic| !topic.is_empty());
    if let Some(topic) = &topic {
        check_text("topic", topic, text::check_line(topic, text::TOPIC_CHARS_MAX))?;
    }
    let mut members = wish.members;
    members.sort_unstable();
    members.dedup();
    members.retain(|user| *user != caller.id());
    let room = id_of(caller.id(), key.nonce);
    // A retry may find the room there, and its people at their limits because of it.
    if api.directory.room(room).await?.is_none() {
        api.check_rooms_of(caller.id(), true).await?;
        check_members(&api, &caller, &members).await?;
    }
    let kind = match wish.kind {
        NewRoomKind::Group => RoomKind::Group,
        NewRoomKind::Channel => RoomKind::Channel,
    };
    let settings = wire::core_settings(&wish.settings);
    api.command(caller.id(), room, key, Command::Create { kind, name: wish.name, settings, members }).await?;
    if topic.is_some() {
        let change = Command::Change { name: None, topic, settings: None };
        match api.command(caller.id(), room, key.besides(), change).await {
            Err(error) if !is_so_already(&error) => return Err(error.into()),
            _ => {}
        }
    }
    Ok((StatusCode::CREATED, Json(api.room_for(&caller, room).await?)))
}

/// Follows from who makes it and their nonce, so that a retry finds the same room.
fn id_of(maker: UserId, nonce: Nonce) -> RoomId {
    let mut hash = Sha256::new();
    hash.update(b"tertulia room");
    hash.update(maker.get().to_be_bytes());
    hash.update(nonce.0.to_be_bytes());
    RoomId::random(hash.finalize().iter().take(8).fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
}

/// Everybody who is to be in it exists, takes one more room, and has not blocked the maker, nor the other way round.
async fn check_members(api: &Api, caller: &Caller, members: &[UserId]) -> Answer<()> {
    let max = tertulia_core::room::CREATE_MEMBERS_MAX;
    if members.len() > max {
        return Err(Failure::invalid("members", members.len(), format!("at most {max}")));
    }
    let people = api.people(members).await?;
    for user in members {
        if !people.contains_key(user) {
            return Err(Failure::invalid("members", user.to_string(), "people who exist"));
        }
        if api.directory.is_blocked(caller.id(), *user).await? {
            return Err(blocked());
        }
        api.check_rooms_of(*user, false).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_makes_the_same_room_and_nobody_elses() {
        let (one, other) = (UserId::new(1), UserId::new(2));
        assert_eq!(id_of(one, Nonce(5)), id_of(one, Nonce(5)));
        assert_ne!(id_of(one, Nonce(5)), id_of(other, Nonce(5)));
        assert_ne!(id_of(one, Nonce(5)), id_of(one, Nonce(6)));
        assert!(!id_of(one, Nonce(5)).is_direct());
    }
}
