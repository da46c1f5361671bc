//! `/healthz`, `/readyz`, `/metrics`: for whoever watches this process.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use sha2::{Digest as _, Sha256};
use tertulia_protocol::{Code, rest::Health};
use tokio::time::timeout;

use super::{
    Api, FIRST_ROOM,
    extract::{From, bearer},
    problem::{Answer, Failure},
};

/// How long an engine may take to answer before it counts as broken.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
}

/// The process lives.
async fn healthz() -> Json<Health> {
    Json(Health { status: "ok".to_owned() })
}

/// The process should get requests: its engines answer, and it is not going down.
async fn readyz(State(api): State<Api>) -> (StatusCode, Json<Health>) {
    let status = match (api.is_draining(), engines(&api).await) {
        (true, _) => "going down".to_owned(),
        (false, Some(broken)) => format!("{broken} does not answer"),
        (false, None) => return (StatusCode::OK, Json(Health { status: "ok".to_owned() })),
    };
    (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status }))
}

/// The first engine that does not answer.
async fn engines(api: &Api) -> Option<&'static str> {
    let directory = timeout(ENGINE_TIMEOUT, api.directory.has_admin());
    let messages = timeout(ENGINE_TIMEOUT, api.messages.heads(&[FIRST_ROOM]));
    let (directory, messages) = tokio::join!(directory, messages);
    match (directory, messages) {
        (Ok(Ok(_)), Ok(Ok(_))) => None,
        (Ok(Ok(_)), _) => Some("the message store"),
        _ => Some("the directory"),
    }
}

/// Everything that is counted, in Prometheus' text format. For whoever has the operator's token; without one, for
/// programs on this machine.
async fn metrics(State(api): State<Api>, from: From, headers: HeaderMap) -> Answer<impl IntoResponse> {
    match &api.settings.metrics_token {
        Some(token) if !bearer(&headers).is_some_and(|given| is_same(given, token)) => {
            let detail = "metrics are for whoever has their token: `Authorization: Bearer TOKEN`";
            return Err(Failure::new(Code::Unauthenticated, detail));
        }
        None if !from.0.is_loopback() => {
            let detail = "metrics are for this machine only, unless the operator sets metrics.token";
            return Err(Failure::new(Code::NotAllowed, detail));
        }
        _ => {}
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], api.metrics.text()))
}

/// Whether two secrets are the same, in a time that tells nothing of where they differ.
fn is_same(one: &str, other: &str) -> bool {
    Sha256::digest(one) == Sha256::digest(other)
}
