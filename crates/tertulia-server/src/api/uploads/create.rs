//! `POST`, `OPTIONS /v1/uploads`: begins an upload, and says what may be uploaded.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use serde_json::json;
use tertulia_core::UploadId;
use tertulia_ports::directory::{Upload, UploadState};
use tertulia_protocol::{Code, ErrorDetail};

use super::{
    super::{
        Api,
        extract::Caller,
        problem::{Answer, Failure},
    },
    LIFETIME_MS, append, tus,
};

/// What the server can do for tus clients.
#[utoipa::path(options, path = "/v1/uploads", tag = "attachments", security(()), responses((status = 204)))]
pub async fn options(State(api): State<Api>) -> (StatusCode, HeaderMap) {
    (StatusCode::NO_CONTENT, tus::options(api.coordination.config().limits.attachment_bytes))
}

/// Begins an upload (tus creation). The body may be its first part.
#[utoipa::path(
    post, path = "/v1/uploads", tag = "attachments",
    params(
        ("Upload-Length" = u64, Header, description = "The file's size in bytes"),
        ("Upload-Metadata" = Option<String>, Header, description = "`filename`, and for voice notes `kind`, `duration_ms`, `wave`"),
    ),
    responses((status = 201, headers(("Location" = String), ("Upload-Offset" = u64))))
)]
pub async fn create(
    State(api): State<Api>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, HeaderMap)> {
    tus::check_version(&headers)?;
    let limits = api.coordination.config().limits;
    if limits.attachments_per_message == 0 {
        return Err(Failure::new(Code::NotAllowed, "this server takes no files"));
    }
    let size = tus::number(&headers, &tus::LENGTH)?;
    if size > limits.attachment_bytes {
        return Err(too_large(size, limits.attachment_bytes));
    }
    let tus::Metadata { name, voice } = tus::metadata(&headers)?;
    let now = api.clock.now();
    let upload = Upload {
        id: UploadId::new(api.fresh_id()),
        user: caller.id(),
        name,
        size,
        voice,
        created_at: now,
        expires_at: now.plus(LIFETIME_MS),
        state: UploadState::Receiving,
    };
    if !api.directory.add_upload(&upload, limits.uploads_per_user).await? {
        let max = limits.uploads_per_user;
        let detail = format!("you have {max} uploads that no message uses: send or cancel some first");
        return Err(Failure::limit("uploads_per_user", max, detail));
    }
    api.files.blobs().stage(upload.id).await?;
    let mut answer = tus::resumable(HeaderMap::new());
    let location = format!("/v1/uploads/{}", upload.id);
    answer.insert(header::LOCATION, HeaderValue::from_str(&location).expect("an id is plain text"));
    answer.insert(tus::EXPIRES, tus::http_date(upload.expires_at));
    let offset = match tus::is_part(&headers) || size == 0 {
        true => append::append(&api, upload, 0, &headers, body).await?,
        false => 0,
    };
    answer.insert(tus::OFFSET, offset.into());
    Ok((StatusCode::CREATED, answer))
}

fn too_large(size: u64, max: u64) -> Failure {
    let detail = format!("the file has {size} bytes, and may have {max}");
    let error = ErrorDetail { detail, ..ErrorDetail::invalid("Upload-Length", size, json!(max)) };
    Failure::from(ErrorDetail { code: Code::TooLarge, ..error })
}
