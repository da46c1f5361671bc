//! `GET`, `PUT /v1/me/settings`: what one lets others see, and what one's clients keep for themselves.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde_json::{Map, Value};
use tertulia_ports::directory::{Circle, Privacy};
use tertulia_protocol::{Code, ErrorDetail, rest::Settings};

use super::super::{
    Api,
    extract::{Body, Caller},
    problem::{Answer, Failure},
};

/// Longest settings, in bytes of JSON.
const SETTINGS_BYTES_MAX: usize = 16 * 1024;

/// My settings, as my clients stored them.
#[utoipa::path(get, path = "/v1/me/settings", tag = "me", responses((status = 200, body = Settings)))]
pub async fn show(State(api): State<Api>, caller: Caller) -> Answer<impl IntoResponse> {
    let json = api.directory.settings(caller.id()).await?.unwrap_or_else(|| "{}".to_owned());
    Ok(([(header::CONTENT_TYPE, "application/json")], json))
}

/// Stores my settings, all of them: any JSON object up to 16 KiB. The server keeps to `privacy`; what it does not know is
/// the clients' own.
#[utoipa::path(put, path = "/v1/me/settings", tag = "me", request_body = Settings, responses((status = 204)))]
pub async fn store(
    State(api): State<Api>,
    caller: Caller,
    Body(settings): Body<Map<String, Value>>,
) -> Answer<StatusCode> {
    let privacy = privacy(&settings)?;
    let json = serde_json::to_string(&settings).expect("an object of JSON is JSON");
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
    api.tell(api.directory.set_settings(caller.id(), &json, privacy).await?);
    Ok(StatusCode::NO_CONTENT)
}

/// What others feel of the settings; what is not said is shown.
fn privacy(settings: &Map<String, Value>) -> Answer<Privacy> {
    let Some(value) = settings.get("privacy") else { return Ok(Privacy::default()) };
    let Some(said) = value.as_object() else {
        return Err(Failure::invalid("privacy", value.clone(), "an object"));
    };
    let is_on = |field: &str| match said.get(field) {
        None => Ok(true),
        Some(Value::Bool(on)) => Ok(*on),
        Some(other) => Err(Failure::invalid(&format!("privacy.{field}"), other.clone(), "true or false")),
    };
    let last_seen = match said.get("last_seen") {
        None => Circle::Everybody,
        Some(value) => match value.as_str() {
            Some("everybody") => Circle::Everybody,
            Some("friends") => Circle::Friends,
            Some("nobody") => Circle::Nobody,
            _ => {
                let bound = "everybody, friends or nobody";
                return Err(Failure::invalid("privacy.last_seen", value.clone(), bound));
            }
        },
    };
    Ok(Privacy { presence: is_on("presence")?, last_seen, receipts: is_on("receipts")? })
}
