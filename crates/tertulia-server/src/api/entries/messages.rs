//! `GET`, `POST /v1/rooms/{room}/messages`: one person's messages, and saying something, in the room's message form.

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use tertulia_core::{Attached, RoomId, Seq, TimeMs, UserId, room::Command};
use tertulia_ports::directory::RoomRecord;
use tertulia_protocol::rest::{List, MessageForm, NewMessage};
use utoipa::IntoParams;

use super::super::{
    Api,
    command::peer_of,
    extract::{At, Body, Caller, Key, Query, RoomPath, limit_of, seq_of},
    problem::Answer,
    sessions::rates,
};
use crate::history::{PageMode, PageRequest};

/// Whose messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct By {
    /// Who said them.
    #[param(value_type = String)]
    by: UserId,
    /// Only messages below this number: `next` of the page before.
    #[param(value_type = Option<u64>)]
    before: Option<String>,
    /// Most items, from 1 to 200; 50 if absent.
    #[param(value_type = Option<i64>)]
    limit: Option<String>,
}

/// One person's messages of a room, newest first. Deleted ones are left out.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/messages", tag = "history", params(RoomPath, By),
    responses((status = 200, body = List<MessageForm>))
)]
pub async fn sent_by(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    Query(query): Query<By>,
) -> Answer<Json<List<MessageForm>>> {
    let (limit, before) = (limit_of(query.limit.as_deref())?, seq_of("before", query.before.as_deref())?);
    let (sent, next) = api.history.sent_by(caller.id(), at.room, query.by, before, limit).await?;
    let (room, _) = api.visible_room(&caller, at.room).await?;
    let items = sent.into_iter().map(|sent| form(&room, query.by, sent.seq, sent.text, sent.at));
    Ok(Json(List { items: items.collect(), next: next.map(|seq| seq.to_string()) }))
}

/// Says something.
#[utoipa::path(
    post, path = "/v1/rooms/{room}/messages", tag = "history", params(RoomPath, Key), request_body = NewMessage,
    responses((status = 201, body = MessageForm))
)]
pub async fn say(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    key: Key,
    Body(message): Body<NewMessage>,
) -> Answer<(StatusCode, Json<MessageForm>)> {
    rates::message(&api, caller.device)?;
    let post = Command::Post {
        text: message.text.clone(),
        reply_to: message.reply_to,
        attached: Attached::Uploads(message.attachments.clone()),
    };
    let done = api.command(caller.id(), at.room, key, post).await?;
    let (room, _) = api.visible_room(&caller, at.room).await?;
    let at = match done.at {
        Some(at) => at,
        None => numbered_at(&api, caller.id(), room.id, done.seq).await?,
    };
    Ok((StatusCode::CREATED, Json(form(&room, caller.id(), done.seq, message.text, at))))
}

/// When an entry was numbered that a retry was answered with.
async fn numbered_at(api: &Api, reader: UserId, room: RoomId, seq: Seq) -> Answer<TimeMs> {
    let only = PageRequest { mode: PageMode::Entries, before: None, after: Some(seq - 1), limit: Some(1) };
    let page = api.history.page(reader, room, &only).await?;
    Ok(page.items.first().map_or_else(|| api.clock.now(), |entry| entry.at))
}

/// A message in the form of its room.
fn form(room: &RoomRecord, by: UserId, seq: Seq, text: String, at: TimeMs) -> MessageForm {
    match peer_of(room, by) {
        Some(peer) => MessageForm::Direct {
            msg_id: seq,
            user_id_from: by,
            user_id_to: peer,
            text,
            create_timestamp: at,
        },
        None => MessageForm::Group {
            group_chat_id: room.id,
            user_id: by,
            msg_id: seq,
            text,
            create_timestamp: at,
        },
    }
}
