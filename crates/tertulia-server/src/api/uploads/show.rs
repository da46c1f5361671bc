//! `HEAD`, `GET /v1/uploads/{upload}`: how far an upload is.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tertulia_ports::directory::Upload;
use tertulia_protocol::rest;
use utoipa::IntoParams;

use super::{
    super::{
        Api,
        extract::{At, Caller, Query},
        problem::{Answer, Failure},
    },
    UploadPath, shown, tus,
};
use crate::attachments::process::is_settled;

/// Longest wait for an upload to be processed, in ms.
const WAIT_MS_MAX: u64 = 25_000;
/// How often the directory is looked into meanwhile: another node may process it.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// How long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wait {
    /// Answer only when the upload is ready or refused, or after so many ms, from 0 to 25,000.
    #[param(value_type = Option<u64>)]
    wait_ms: Option<String>,
}

/// How far an upload is, and what a message would say of it.
#[utoipa::path(
    get, path = "/v1/uploads/{upload}", tag = "attachments", params(UploadPath, Wait),
    responses((status = 200, body = rest::Upload))
)]
pub async fn show(
    State(api): State<Api>,
    method: Method,
    caller: Caller,
    At(at): At<UploadPath>,
    Query(query): Query<Wait>,
    headers: HeaderMap,
) -> Answer<Response> {
    if method == Method::HEAD {
        return head(&api, &caller, &at, &headers).await;
    }
    let text = query.wait_ms.as_deref().unwrap_or("0");
    let wait_ms = text.parse().ok().filter(|wait_ms| *wait_ms <= WAIT_MS_MAX);
    let Some(wait_ms) = wait_ms else {
        return Err(Failure::invalid("wait_ms", text, format!("from 0 to {WAIT_MS_MAX}")));
    };
    let settled = tokio::time::timeout(Duration::from_millis(wait_ms), settled(&api, &caller, &at));
    let upload = match settled.await {
        Ok(upload) => upload?,
        Err(_) => api.own_upload(&caller, at.upload).await?,
    };
    let offset = api.offset_of(&upload).await?;
    Ok(Json(shown(upload, offset)).into_response())
}

/// An upload, once it is ready or refused.
async fn settled(api: &Api, caller: &Caller, at: &UploadPath) -> Answer<Upload> {
    loop {
        // Before the look: what is done in between is not missed.
        let done = api.files.something_done();
        let upload = api.own_upload(caller, at.upload).await?;
        if is_settled(&upload.state) {
            return Ok(upload);
        }
        // Either way it is looked at again.
        let _ = tokio::time::timeout(LOOK_AGAIN, done).await;
    }
}

/// For tus clients: headers only.
async fn head(api: &Api, caller: &Caller, at: &UploadPath, headers: &HeaderMap) -> Answer<Response> {
    tus::check_version(headers)?;
    let upload = api.own_upload(caller, at.upload).await?;
    let offset = api.offset_of(&upload).await?;
    let mut answer = tus::resumable(HeaderMap::new());
    answer.insert(tus::OFFSET, offset.into());
    answer.insert(tus::LENGTH, upload.size.into());
    answer.insert(tus::EXPIRES, tus::http_date(upload.expires_at));
    Ok((StatusCode::OK, answer).into_response())
}
