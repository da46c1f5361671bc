//! `/healthz`, `/readyz`, `/metrics`: for whoever watches this process.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use tertulia_protocol::rest::Health;
use tokio::time::timeout;

use super::{Api, FIRST_ROOM};

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

/// Everything that is counted, in Prometheus' text format.
async fn metrics(State(api): State<Api>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], api.metrics.text())
}
