//! `POST /v1/rooms/{room}/attachments/links`, `GET /v1/files/{link}`: links that pages load pictures and films by.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Method},
    response::Response,
};
use futures::future::join_all;
use serde::Deserialize;
use tertulia_protocol::{
    Code,
    rest::{FileLink, FileOf, Links, NewLinks},
};
use utoipa::IntoParams;

use super::{
    super::{
        Api,
        extract::{At, Body, Caller, RoomPath},
        problem::{Answer, Failure},
    },
    read::{Place, read},
};
use crate::{
    attachments::link::{LIFETIME_MS, Link},
    identity::TokenError,
};

/// Most links that are made at once.
const LINKS_MAX: usize = 100;

/// A link in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct LinkPath {
    /// The link.
    link: String,
}

/// Makes links to files of a room's messages. Each works for a minute, while its user may read the message.
#[utoipa::path(
    post, path = "/v1/rooms/{room}/attachments/links", tag = "attachments", params(RoomPath), request_body = NewLinks,
    responses((status = 200, body = Links))
)]
pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<RoomPath>,
    Body(wish): Body<NewLinks>,
) -> Answer<Json<Links>> {
    if wish.items.len() > LINKS_MAX {
        return Err(Failure::invalid("items", wish.items.len(), format!("at most {LINKS_MAX}")));
    }
    // Who may read nothing here is told so at once.
    api.visible_room(&caller, at.room).await?;
    let expires_at = api.clock.now().plus(LIFETIME_MS);
    let link = async |file: FileOf| {
        let path = Place { room: at.room, seq: file.seq, index: file.index };
        match api.attachment(caller.id(), path).await {
            Ok(attachment) if file.thumb && attachment.thumb.is_none() => {
                FileLink { file, url: None, error: Some(Code::NotFound) }
            }
            Ok(_) => {
                let link = Link {
                    thumb: file.thumb,
                    place: file.index,
                    room: at.room,
                    seq: file.seq,
                    user: caller.id(),
                    device: caller.device,
                    expires_at,
                };
                FileLink { file, url: Some(format!("/v1/files/{}", link.sign(&api.tokens))), error: None }
            }
            Err(failure) => FileLink { file, url: None, error: Some(failure.code()) },
        }
    };
    let items = join_all(wish.items.into_iter().map(link)).await;
    Ok(Json(Links { items, expires_at: expires_at.0 }))
}

/// A file, by its link. No header is needed.
#[utoipa::path(
    get, path = "/v1/files/{link}", tag = "attachments", security(()), params(LinkPath),
    responses((status = 200, content_type = "application/octet-stream"), (status = 206, content_type = "application/octet-stream"))
)]
pub async fn follow(
    State(api): State<Api>,
    At(at): At<LinkPath>,
    method: Method,
    headers: HeaderMap,
) -> Answer<Response> {
    let now = api.clock.now();
    let link = Link::read(&at.link, &api.tokens, now).map_err(|error| match error {
        TokenError::Invalid => Failure::not_found("file"),
        TokenError::Expired => Failure::new(Code::NotFound, "the link's time is over: make another"),
    })?;
    let device = api.directory.resume(link.device).await?;
    if !device.is_some_and(|device| device.user.id == link.user && now < device.expires_at) {
        return Err(Failure::new(Code::NotAllowed, "the device that made the link was signed out"));
    }
    let path = Place { room: link.room, seq: link.seq, index: link.place };
    read(&api, link.user, path, link.thumb, (&method, &headers)).await
}
