//! The web client, embedded in the binary at build time (`build.rs`): compressed once, cached by name or by content.

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
};
use tertulia_protocol::Code;

use super::problem::Failure;

/// A file of the web client.
struct Asset {
    /// Its path below the root, without a slash before.
    path: &'static str,
    media: &'static str,
    /// Follows from its content.
    etag: &'static str,
    plain: &'static [u8],
    /// Absent where it would not be smaller.
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/web_assets.rs"));

/// Files below this folder have names that follow from their content.
const NAMED_BY_CONTENT: &str = "assets/";
const FOR_GOOD: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";

/// What is shown when the server was built without a web client.
const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Tertulia</title>\
    <p>This server was built without its web client. Build it with <code>npm ci &amp;&amp; npm run build</code> in the \
    folder <code>web</code>, then build the server again; <code>cargo xtask run</code> does both.</p>\
    <p>REST is described at <a href=\"/docs\">/docs</a>.</p>";

/// Serves the web client. Addresses within it are all the same page.
pub async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path == "v1" || path.starts_with("v1/") {
        return Failure::not_found("path").into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        let failure = Failure::new(Code::NotFound, format!("{method} is nothing that this path does"));
        let failure = failure.with_status(StatusCode::METHOD_NOT_ALLOWED);
        return failure.with_header(header::ALLOW, HeaderValue::from_static("GET, HEAD")).into_response();
    }
    let is_page = !path.rsplit('/').next().unwrap_or_default().contains('.');
    match (asset(path), is_page) {
        (Some(asset), _) => file(asset, &headers),
        (None, true) => match asset("index.html") {
            Some(index) => file(index, &headers),
            None => Html(NOT_BUILT).into_response(),
        },
        (None, false) => Failure::not_found("file").into_response(),
    }
}

fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok().and_then(|at| ASSETS.get(at))
}

fn file(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let text =
        |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let cache = if asset.path.starts_with(NAMED_BY_CONTENT) { FOR_GOOD } else { ASK_AGAIN };
    let mut response = Response::new(Body::empty());
    let known = text(header::IF_NONE_MATCH);
    if known == "*" || known.split(',').any(|etag| etag.trim().trim_start_matches("W/") == asset.etag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        let accepted = text(header::ACCEPT_ENCODING);
        let (encoding, bytes) = match (asset.brotli, asset.gzip) {
            (Some(brotli), _) if accepts(accepted, "br") => (Some("br"), brotli),
            (_, Some(gzip)) if accepts(accepted, "gzip") => (Some("gzip"), gzip),
            _ => (None, asset.plain),
        };
        *response.body_mut() = Body::from(Bytes::from_static(bytes));
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
    }
    let answered = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, asset.media),
        (header::CACHE_CONTROL, cache),
        (header::ETAG, asset.etag),
        (header::VARY, "accept-encoding"),
    ] {
        answered.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether an encoding is among those accepted, and not refused with `q=0`.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(encoding));
        let refused = parts
            .any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q == 0.0)));
        is_named && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_taken_as_accepted() {
        assert!(accepts("gzip, deflate, br", "br") && accepts("GZIP;q=0.5", "gzip"));
        assert!(!accepts("gzip;q=0, br;q=0.0", "gzip") && !accepts("gzip;q=0, br;q=0.0", "br"));
        assert!(!accepts("", "br") && !accepts("brotli", "br"));
    }

    static SCRIPT: Asset = Asset {
        path: "assets/index-abc.js",
        media: "text/javascript; charset=utf-8",
        etag: "\"5\"",
        plain: b"plain",
        gzip: Some(b"gzip"),
        brotli: Some(b"brotli"),
    };

    fn answered(asset: &'static Asset, headers: &[(header::HeaderName, &'static str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        file(asset, &headers.collect())
    }

    async fn body_of(response: Response) -> Bytes {
        axum::body::to_bytes(response.into_body(), 100).await.unwrap()
    }

    #[tokio::test]
    async fn a_file_goes_out_as_it_was_compressed() {
        for (accepted, encoding, body) in
            [("gzip, br", Some("br"), "brotli"), ("gzip", Some("gzip"), "gzip"), ("identity", None, "plain")]
        {
            let response = answered(&SCRIPT, &[(header::ACCEPT_ENCODING, accepted)]);
            let sent = response.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap());
            assert_eq!((response.status(), sent), (StatusCode::OK, encoding));
            assert_eq!(response.headers()[header::VARY], "accept-encoding");
            assert_eq!(body_of(response).await, body);
        }
    }

    #[tokio::test]
    async fn what_the_browser_has_is_not_sent_again() {
        for known in ["\"5\"", "W/\"5\"", "\"4\", \"5\"", "*"] {
            let response = answered(&SCRIPT, &[(header::IF_NONE_MATCH, known)]);
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert!(body_of(response).await.is_empty());
        }
        assert_eq!(answered(&SCRIPT, &[(header::IF_NONE_MATCH, "\"6\"")]).status(), StatusCode::OK);
    }

    #[test]
    fn only_files_named_by_content_are_kept_for_good() {
        static PAGE: Asset = Asset {
            path: "index.html",
            media: "text/html",
            etag: "\"1\"",
            plain: b"",
            gzip: None,
            brotli: None,
        };
        assert_eq!(answered(&SCRIPT, &[]).headers()[header::CACHE_CONTROL], FOR_GOOD);
        assert_eq!(answered(&PAGE, &[]).headers()[header::CACHE_CONTROL], ASK_AGAIN);
    }

    #[test]
    fn assets_are_found_by_binary_search() {
        assert!(ASSETS.is_sorted_by_key(|asset| asset.path));
    }
}
