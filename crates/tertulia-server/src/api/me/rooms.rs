//! `GET /v1/me/rooms`, `PATCH /v1/me/rooms/{room}`: one's rooms, with what is unread.

use std::{cmp::Reverse, collections::HashMap};

use axum::{Json, extract::State, http::StatusCode};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tertulia_core::{RoomId, TimeMs, UserId, room::Grant};
use tertulia_ports::{directory::UserRoom, messages::ReadMarker};
use tertulia_protocol::rest::{LastMessage, RoomItem, RoomList, RoomPreferences, User};

use super::super::{
    Api,
    command::{peer_of, shown},
    extract::{At, Body, Caller, RoomPath},
    problem::Answer,
};
use crate::history::{HistoryError, Preview};
use crate::wire;

/// How many rooms' last messages are read at the same time.
const READS_AT_ONCE: usize = 16;

/// A room with everything that its line in the list shows.
struct Line {
    mine: UserRoom,
    grant: Grant,
    read: (u64, u64),
    preview: Preview,
}

/// My rooms, all of them, newest activity first.
#[utoipa::path(get, path = "/v1/me/rooms", tag = "me", responses((status = 200, body = RoomList)))]
pub async fn list(State(api): State<Api>, caller: Caller) -> Answer<Json<RoomList>> {
    // The version first: what changes meanwhile shows as a later one.
    let feed = api.directory.feed_version(caller.id()).await?;
    let mine = api.directory.rooms_of(caller.id()).await?;
    let ids: Vec<RoomId> = mine.iter().map(|mine| mine.room.id).collect();
    let grants = api.rooms.grants(caller.id(), &ids).await?;
    let markers = api.messages.markers_of_user(caller.id()).await?;
    let markers: HashMap<RoomId, ReadMarker> =
        markers.into_iter().map(|marker| (marker.room, marker)).collect();
    // Who has just been banned or removed has no grant: the room is not there for them.
    let granted = mine.into_iter().zip(grants).filter_map(|(mine, grant)| Some((mine, grant.ok()?)));
    let lines = granted.map(|(mine, grant)| line(&api, caller.id(), mine, grant, &markers));
    let lines: Vec<Option<Line>> = stream::iter(lines).buffered(READS_AT_ONCE).try_collect().await?;
    let mut lines: Vec<Line> = lines.into_iter().flatten().collect();
    lines.sort_by_key(|line| Reverse(activity(line)));
    let people = lines.iter().flat_map(|line| {
        let by = line.preview.message.as_ref().and_then(|message| message.by);
        [by, peer_of(&line.mine.room, caller.id())].into_iter().flatten()
    });
    let people = api.people(&people.collect::<Vec<_>>()).await?;
    let items = lines.into_iter().map(|line| item(line, caller.id(), &people)).collect();
    Ok(Json(RoomList { items, feed }))
}

/// Changes how a room stands in my list.
#[utoipa::path(
    patch, path = "/v1/me/rooms/{room}", tag = "me", params(RoomPath), request_body = RoomPreferences,
    responses((status = 204))
)]
pub async fn prefer(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    Body(wish): Body<RoomPreferences>,
) -> Answer<StatusCode> {
    let member = api.directory.member(at.room, caller.id()).await?;
    if member.role().is_none() {
        return Err(wire::refusal(&tertulia_core::Refusal::NotMember).into());
    }
    let changes = api.directory.set_room_preferences(at.room, caller.id(), wish.muted, wish.pinned).await?;
    api.tell(changes);
    Ok(StatusCode::NO_CONTENT)
}

/// `None` if the grant ended while its log was read.
async fn line(
    api: &Api,
    user: UserId,
    mine: UserRoom,
    grant: Grant,
    markers: &HashMap<RoomId, ReadMarker>,
) -> Answer<Option<Line>> {
    let read = api.history.read_mark(&grant, user, markers.get(&grant.room).copied()).await?;
    match api.history.last_message(&grant, user).await {
        Ok(preview) => Ok(Some(Line { mine, grant, read, preview })),
        Err(HistoryError::Room(crate::room::RoomError::Refused(_))) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn activity(line: &Line) -> TimeMs {
    let said = line.preview.message.as_ref().map(|message| message.at);
    said.unwrap_or(line.mine.room.created_at)
}

fn item(line: Line, user: UserId, people: &HashMap<UserId, User>) -> RoomItem {
    let Line { mine, grant, read: (read, read_posts), preview } = line;
    let peer = peer_of(&mine.room, user).and_then(|peer| people.get(&peer).cloned());
    let last = preview.message.map(|entry| {
        let by_name = entry.by.and_then(|by| people.get(&by)).map(|user| user.name.clone());
        LastMessage { entry, by_name }
    });
    RoomItem {
        room: shown(&mine.room, Some(mine.role), peer),
        first: grant.first,
        head: grant.through,
        posts: grant.posts,
        read,
        read_posts,
        unread: grant.posts.saturating_sub(read_posts),
        muted: mine.muted,
        pinned: mine.pinned,
        last,
    }
}
