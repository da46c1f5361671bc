//! `PATCH /v1/uploads/{upload}`: more of a file.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use futures::{StreamExt as _, stream};
use tertulia_ports::{
    blobs::{Appended, ByteStream},
    directory::{Upload, UploadState},
};
use tertulia_protocol::{Code, ErrorDetail};

use super::{
    super::{
        Api,
        extract::{At, Caller},
        problem::{Answer, Failure},
    },
    UploadPath, tus,
};

/// How long a body may stay away between two pieces.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// When to come again to an upload that somebody else writes to.
const BUSY_RETRY_MS: u64 = 1_000;

/// More of a file, behind what has come of it. What comes before a connection breaks is kept.
#[utoipa::path(
    patch, path = "/v1/uploads/{upload}", tag = "attachments",
    params(UploadPath, ("Upload-Offset" = u64, Header, description = "How much has come before")),
    responses((status = 204, headers(("Upload-Offset" = u64))))
)]
pub async fn patch(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<UploadPath>,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, HeaderMap)> {
    tus::check_version(&headers)?;
    tus::check_part(&headers)?;
    let offset = tus::number(&headers, &tus::OFFSET)?;
    let upload = api.own_upload(&caller, at.upload).await?;
    let expires = tus::http_date(upload.expires_at);
    let offset = append(&api, upload, offset, &headers, body).await?;
    let mut answer = tus::resumable(HeaderMap::new());
    answer.insert(tus::OFFSET, offset.into());
    answer.insert(tus::EXPIRES, expires);
    Ok((StatusCode::NO_CONTENT, answer))
}

/// Writes a body behind the first `offset` bytes of an upload: how many there are then.
pub async fn append(api: &Api, upload: Upload, offset: u64, headers: &HeaderMap, body: Body) -> Answer<u64> {
    let Some(_writing) = api.files.write_to(upload.id) else {
        let error = ErrorDetail::new(Code::Unavailable, "another request writes to this upload");
        return Err(Failure::from(error.after_ms(BUSY_RETRY_MS)).with_status(StatusCode::LOCKED));
    };
    if upload.state != UploadState::Receiving {
        return if offset == upload.size { Ok(offset) } else { Err(elsewhere(offset, upload.size)) };
    }
    let checksum = tus::Checksum::of(headers)?;
    let (bytes, checked) = checking(pieces(body), checksum);
    let left = upload.size.saturating_sub(offset);
    let length = match api.files.blobs().append(upload.id, offset, left, bytes).await? {
        Appended::Length(length) => length,
        Appended::Elsewhere { length } => return Err(elsewhere(offset, length)),
    };
    let is_right = |checking: Checking| {
        let sum = checking.lock().unwrap_or_else(PoisonError::into_inner);
        sum.is_right()
    };
    if !checked.is_none_or(is_right) {
        api.files.blobs().cut(upload.id, offset).await?;
        return Err(tus::checksum_mismatch());
    }
    if length == upload.size {
        api.received(upload).await?;
    }
    Ok(length)
}

fn elsewhere(offset: u64, length: u64) -> Failure {
    let error = ErrorDetail::invalid("Upload-Offset", offset, length);
    let detail = format!("Upload-Offset is {offset}, and {length} bytes have come");
    Failure::from(ErrorDetail { code: Code::Conflict, detail, ..error })
}

/// A body's pieces, as long as they keep coming.
fn pieces(body: Body) -> ByteStream {
    let stream = stream::unfold(body.into_data_stream(), |mut body| async move {
        let next = match tokio::time::timeout(SILENCE_MAX, body.next()).await {
            Ok(next) => next?.map_err(io::Error::other),
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        };
        Some((next, body))
    });
    Box::pin(stream)
}

type Checking = Arc<Mutex<tus::Checksum>>;

/// The same pieces, and their checksum once they have gone by.
fn checking(bytes: ByteStream, checksum: Option<tus::Checksum>) -> (ByteStream, Option<Checking>) {
    let Some(checksum) = checksum else { return (bytes, None) };
    let checking = Arc::new(Mutex::new(checksum));
    let sum = checking.clone();
    let bytes = bytes.inspect(move |piece| {
        if let Ok(piece) = piece {
            sum.lock().unwrap_or_else(PoisonError::into_inner).update(piece);
        }
    });
    (Box::pin(bytes), Some(checking))
}
