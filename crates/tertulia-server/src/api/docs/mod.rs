//! What describes REST: `/v1/openapi.json`, made from the code, and `/docs`, the same for people.

mod page;

use std::sync::LazyLock;

use axum::{
    Router,
    http::{HeaderValue, header},
    routing::get,
};
use tertulia_protocol::{Code, rest::Problem};
use utoipa::{
    OpenApi,
    openapi::{
        Content, Ref, RefOr, Response,
        path::{Operation, PathItem},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::Api;

/// A page without scripts, with its style in it.
const PAGE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tertulia",
        description = "REST of a Tertulia server. What happens comes over the WebSocket `/v1/connect`; see the manual. \
                       Errors are `application/problem+json`. Commands to a room take the header `Idempotency-Key`, 32 \
                       random hexadecimal digits, and `Idempotency-Since`, the room's head as the client knew it first: \
                       both stay the same on every retry.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem)),
    security(("token" = []))
)]
struct Base;

/// What the description begins with.
pub(super) fn base() -> utoipa::openapi::OpenApi {
    let mut openapi = Base::openapi();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    openapi.components.get_or_insert_default().add_security_scheme("token", token);
    openapi
}

/// The description as it is served: every operation may end with a problem.
pub(super) fn finished(mut openapi: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
    let content = Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem"))));
    let mut problem = Response::new("It was not done: see `code`.");
    problem.content.insert("application/problem+json".to_owned(), RefOr::T(content));
    for item in openapi.paths.paths.values_mut() {
        for operation in operations(item) {
            operation.responses.responses.insert("default".to_owned(), RefOr::T(problem.clone()));
        }
    }
    openapi
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, patch, delete, options, .. } = item;
    [get, put, post, patch, delete, options].into_iter().flatten()
}

/// The description as it is given out: made when somebody asks first, since it takes time and memory that a start has not.
static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| {
    let (_, openapi) = super::endpoints().split_for_parts();
    let openapi = finished(openapi);
    Description {
        json: openapi.to_pretty_json().expect("a description is plain data"),
        page: page::html(&serde_json::to_value(&openapi).expect("a description is plain data"), Code::ALL),
    }
});

struct Description {
    json: String,
    page: String,
}

pub(super) fn router() -> Router<Api> {
    let json = || async { ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION.json.as_str()) };
    let page = || async {
        let policy = (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
        let media = (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        ([policy, media], DESCRIPTION.page.as_str())
    };
    Router::new().route("/v1/openapi.json", get(json)).route("/docs", get(page))
}
