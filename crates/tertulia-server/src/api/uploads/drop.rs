//! `DELETE /v1/uploads/{upload}`: cancels an upload.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};

use super::{
    super::{
        Api,
        extract::{At, Caller},
        problem::Answer,
    },
    UploadPath, tus,
};

/// Cancels an upload. A message that carries it keeps its file.
#[utoipa::path(
    delete, path = "/v1/uploads/{upload}", tag = "attachments", params(UploadPath), responses((status = 204))
)]
pub async fn cancel(
    State(api): State<Api>,
    caller: Caller,
    At(at): At<UploadPath>,
    headers: HeaderMap,
) -> Answer<(StatusCode, HeaderMap)> {
    tus::check_version(&headers)?;
    let upload = api.own_upload(&caller, at.upload).await?;
    api.directory.drop_upload(upload.id).await?;
    api.files.blobs().drop_staged(upload.id).await?;
    Ok((StatusCode::NO_CONTENT, tus::resumable(HeaderMap::new())))
}
