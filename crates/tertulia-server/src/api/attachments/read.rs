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
        extract::{At, Caller, seq_of},
        problem::{Answer, Failure},
    },
    serve,
};
use crate::history::{PageMode, PageRequest};

/// A file of a message in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct FilePath {
    /// The room's id.
    #[param(value_type = String)]
    room: RoomId,
    /// The message's number.
    #[param(value_type = u64)]
    seq: String,
    /// The file's place among the message's attachments, from 0.
    #[param(value_type = u8)]
    index: String,
}

/// A file of a message.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// The file's place among the message's attachments.
    pub index: u8,
}

impl FilePath {
    fn place(&self) -> Answer<Place> {
        let seq = seq_of("seq", Some(&self.seq))?.unwrap_or_default();
        let index = self.index.parse();
        let index = index.map_err(|_| Failure::invalid("index", self.index.as_str(), "from 0 to 255"))?;
        Ok(Place { room: self.room, seq, index })
    }
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
    read(&api, caller.id(), at.place()?, false, (&method, &headers)).await
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
    read(&api, caller.id(), at.place()?, true, (&method, &headers)).await
}

/// Gives a reader a file, if they may read its message now.
pub async fn read(
    api: &Api,
    reader: UserId,
    at: Place,
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
    pub(super) async fn attachment(&self, reader: UserId, at: Place) -> Answer<Attachment> {
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
