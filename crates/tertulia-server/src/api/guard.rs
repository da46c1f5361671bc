//! What stands around every request: limits of size and time, security headers, who from elsewhere may ask, counts.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures::FutureExt as _;
use tertulia_protocol::{Code, ErrorDetail};
use tokio::time::timeout;

use super::{Api, extract::BODY_BYTES_MAX, problem::Failure, sessions::rates};

/// How long a request may take, its body included: longer than a room's owner is asked for.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one part of a file may take. What has come by then is kept.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60 * 60);
/// When to come again after that.
const TIMEOUT_RETRY_MS: u64 = 2_000;
/// How long a browser remembers what pages from elsewhere may ask, in seconds.
const CORS_MAX_AGE: &str = "600";

/// On every answer. Pages load nothing from elsewhere, are framed by nobody, and tell nobody where they link from:
/// invites stand in addresses.
const SECURITY: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob:; \
         style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), microphone=(self), geolocation=()"),
];

pub(super) fn around(router: Router<Api>, api: &Api) -> Router<Api> {
    router
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(api.clone(), limited))
        .layer(middleware::from_fn_with_state(api.clone(), bounded))
        .layer(middleware::from_fn_with_state(api.clone(), cross_origin))
        .layer(middleware::from_fn(secured))
        .layer(middleware::from_fn_with_state(api.clone(), counted))
}

async fn method_not_allowed(method: Method) -> Failure {
    let detail = format!("{method} is nothing that this path does: see the header Allow");
    Failure::new(Code::NotFound, detail).with_status(StatusCode::METHOD_NOT_ALLOWED)
}

/// As often as one may ask. What stands in the headers of an answer holds for whoever asked.
async fn limited(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/v1/") {
        return next.run(request).await;
    }
    match rates::request(&api, &request) {
        Ok(headers) => {
            let mut response = next.run(request).await;
            for (name, value) in &headers {
                response.headers_mut().append(name, value.clone());
            }
            response
        }
        Err(failure) => failure.into_response(),
    }
}

/// Within its time, and without taking the connection down when it panics.
async fn bounded(State(_): State<Api>, request: Request, next: Next) -> Response {
    // As it is routed, not as it was asked for: there are secrets in some.
    let path = request.extensions().get::<MatchedPath>().map_or("other", |path| path.as_str()).to_owned();
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    // A large file takes its time: there it is silence that has a bound.
    let within = if path.starts_with("/v1/uploads") { UPLOAD_TIMEOUT } else { REQUEST_TIMEOUT };
    match timeout(within, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            tracing::error!(path, "a request panicked");
            Failure::new(Code::Internal, "the server failed, and has logged it").into_response()
        }
        Err(_) => {
            tracing::warn!(path, "a request took too long");
            let detail = format!("this took more than {} s", within.as_secs());
            let error = ErrorDetail::new(Code::Unavailable, detail).after_ms(TIMEOUT_RETRY_MS);
            Failure::from(error).into_response()
        }
    }
}

/// Pages of other origins may ask if the operator said so. Tokens are sent by hand, never by the browser.
async fn cross_origin(State(api): State<Api>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|origin| {
        origin.to_str().is_ok_and(|origin| api.settings.cors_origins.iter().any(|allowed| allowed == origin))
    });
    let Some(origin) = allowed else { return next.run(request).await };
    let is_question = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if is_question { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    if is_question {
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST, PUT, PATCH, DELETE"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "authorization, content-type, idempotency-key, idempotency-since, if-range, range, tus-resumable, \
                 upload-checksum, upload-length, upload-metadata, upload-offset",
            ),
            (header::ACCESS_CONTROL_MAX_AGE, CORS_MAX_AGE),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    } else {
        let exposed = HeaderValue::from_static(
            "accept-ranges, content-range, etag, location, ratelimit, ratelimit-policy, retry-after, tus-max-size, \
             tus-resumable, tus-version, upload-expires, upload-length, upload-offset",
        );
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}

async fn secured(request: Request, next: Next) -> Response {
    let is_rest = request.uri().path().starts_with("/v1/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in SECURITY {
        or_insert(headers, name, value);
    }
    if is_rest {
        or_insert(headers, header::CACHE_CONTROL, "no-store");
    }
    response
}

fn or_insert(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

async fn counted(State(api): State<Api>, request: Request, next: Next) -> Response {
    let started = api.clock.now();
    let path = request.extensions().get::<MatchedPath>().map_or("other", |path| path.as_str()).to_owned();
    // Whatever may be written there, only what is known becomes a label.
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let method = known.into_iter().find(|method| method == request.method());
    let method = method.map_or("other".to_owned(), |method| method.to_string());
    let response = next.run(request).await;
    let status = response.status();
    let labels = [("method", method.as_str()), ("path", path.as_str()), ("status", status.as_str())];
    let requests = "tertulia_http_requests_total";
    api.metrics.counter(requests, "Requests, by path and status.", &labels).add(1);
    let seconds = "tertulia_http_request_seconds";
    let took = Duration::from_millis(api.clock.now().since(started));
    api.metrics.times(seconds, "How long requests took, by path.", &labels[1..2]).record(took);
    response
}
