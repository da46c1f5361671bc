//! `GET`, `PUT /v1/me/settings`: what one's clients keep for themselves.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde_json::{Map, Value};
use tertulia_protocol::{Code, ErrorDetail};

use super::super::{
    Api,
    extract::{Body, Caller},
    problem::{Answer, Failure},
};

/// Longest settings, in bytes of JSON.
const SETTINGS_BYTES_MAX: usize = 16 * 1024;

/// My settings, as my clients stored them.
#[utoipa::path(get, path = "/v1/me/settings", tag = "me", responses((status = 200, body = Object)))]
pub async fn show(State(api): State<Api>, caller: Caller) -> Answer<impl IntoResponse> {
    let json = api.directory.settings(caller.id()).await?.unwrap_or_else(|| "{}".to_owned());
    Ok(([(header::CONTENT_TYPE, "application/json")], json))
}

/// Stores my settings, all of them: any JSON object up to 16 KiB.
#[utoipa::path(put, path = "/v1/me/settings", tag = "me", request_body = Object, responses((status = 204)))]
pub async fn store(
    State(api): State<Api>,
    caller: Caller,
    Body(settings): Body<Map<String, Value>>,
) -> Answer<StatusCode> {
    let json = Json(settings).0;
    let json = serde_json::to_string(&json).expect("an object of JSON is JSON");
    if json.len() > SETTINGS_BYTES_MAX {
        let detail = format!("settings have {} bytes, and may have {SETTINGS_BYTES_MAX}", json.len());
        let error = ErrorDetail {
            field: Some("settings".to_owned()),
            value: Some(json.len().into()),
            bound: Some(SETTINGS_BYTES_MAX.into()),
            ..ErrorDetail::new(Code::Invalid, detail)
        };
        return Err(Failure::from(error));
    }
    api.tell(api.directory.set_settings(caller.id(), &json).await?);
    Ok(StatusCode::NO_CONTENT)
}
