//! `GET /v1/rooms/{room}/messages/{seq}/attachments/{index}`, and its `/thumb`: a file of a message.

use axum::{
    extract::State,
    http::{HeaderMap, Method},
    response::Response,
};
use serde::Deserialize;
use tertulia_core::{RoomId, Seq, UserId};
use tertulia_ports::directory::Blob;
use tertulia_protocol::{Code, attachment::Attachment, entry::EntryBody};
use utoipa::IntoParams;

use super::{
    super::{
        Api,
        extract::{At, Caller},
        problem::{Answer, Failure},
    },
    serve,
};
use crate::history::{PageMode, PageRequest};

/// A file of a message in the path.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct FilePath {
    /// The room's id.
    #[param(value_type = String)]
    pub room: RoomId,
    /// The message's number.
    pub seq: Seq,
    /// The file's place among the message's attachments, from 0.
    pub index: u8,
}

/// A file of a message. Ranges can be asked for.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/messages/{seq}/attachments/{index}", tag = "attachments", params(FilePath),
    responses((status = 200, content_type = "application/octet-stream"), (status = 206, content_type = "application/octet-stream"))
)]
pub async fn whole(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<FilePath>,
    method: Method,
    headers: HeaderMap,
) -> Answer<Response> {
    read(&api, caller.id(), at, false, (&method, &headers)).await
}

/// The small picture that stands for a file.
#[utoipa::path(
    get, path = "/v1/rooms/{room}/messages/{seq}/attachments/{index}/thumb", tag = "attachments", params(FilePath),
    responses((status = 200, content_type = "image/jpeg"))
)]
pub async fn thumb(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<FilePath>,
    method: Method,
    headers: HeaderMap,
) -> Answer<Response> {
    read(&api, caller.id(), at, true, (&method, &headers)).await
}

/// Gives a reader a file, if they may read its message now.
pub async fn read(
    api: &Api,
    reader: UserId,
    at: FilePath,
    thumb: bool,
    request: (&Method, &HeaderMap),
) -> Answer<Response> {
    let attachment = api.attachment(reader, at).await?;
    let blob = api.directory.file_of(at.room, at.seq, at.index.into()).await?;
    let Blob { key, thumb: small } = blob.ok_or_else(|| Failure::not_found("file"))?;
    let (key, media_type) = match (thumb, attachment.thumb) {
        (false, _) => (key, attachment.media_type),
        (true, Some(known)) => (small.ok_or_else(|| Failure::not_found("file"))?, known.media_type),
        (true, None) => return Err(Failure::not_found("small picture")),
    };
    serve::serve(api, &key, &media_type, &attachment.name, request).await
}

impl Api {
    /// What a message says of one of its files, to who may read it.
    pub(super) async fn attachment(&self, reader: UserId, at: FilePath) -> Answer<Attachment> {
        let before = at.seq.checked_sub(1).ok_or_else(|| Failure::not_found("message"))?;
        let only = PageRequest { mode: PageMode::Entries, before: None, after: Some(before), limit: Some(1) };
        let page = self.history.page(reader, at.room, &only).await?;
        let entry = page.items.into_iter().next().filter(|entry| entry.seq == at.seq);
        match entry.map(|entry| entry.body) {
            Some(EntryBody::Message { attachments, .. }) => {
                let found = attachments.into_iter().nth(at.index.into());
                found.ok_or_else(|| Failure::not_found("file"))
            }
            Some(EntryBody::Erased { .. }) => {
                Err(Failure::new(Code::MessageDeleted, "the message was deleted"))
            }
            _ => Err(Failure::not_found("message")),
        }
    }
}
