//! Where a connection belongs, by the first bytes that came on it.

use super::ListenerSettings;
use crate::gateway::transport::handshake::{self, Granted, RequestHead};
use crate::gateway::transport::refusal::Refusal;

/// Headers of one request.
const HEADERS_MAX_COUNT: usize = 64;

#[derive(PartialEq, Eq, Debug)]
pub(super) enum Route {
    Http,
    /// A granted upgrade; the head has this many bytes.
    WebSocket(Box<Granted>, usize),
    Refused(Refusal),
}

/// Routes `bytes`, of which the first `seen` were looked at before; `None` while the head is not complete.
pub(super) fn route(bytes: &[u8], seen: usize, settings: &ListenerSettings) -> Option<Route> {
    // The first piece is parsed to refuse what is no HTTP at once; after that only a complete head is, so that
    // a head that trickles in is not parsed again for each byte.
    if seen > 0 && !has_end(bytes, seen) {
        let is_too_large = bytes.len() >= settings.head_max_bytes;
        return is_too_large.then_some(Route::Refused(Refusal::HEAD_TOO_LARGE));
    }
    let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX_COUNT];
    let mut request = httparse::Request::new(&mut headers);
    Some(match request.parse(bytes) {
        Ok(httparse::Status::Complete(head_bytes)) if head_bytes <= settings.head_max_bytes => {
            route_request(&request, head_bytes, settings)
        }
        Ok(httparse::Status::Partial) if bytes.len() < settings.head_max_bytes => return None,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => Route::Refused(Refusal::HEAD_TOO_LARGE),
        Err(_) => Route::Refused(Refusal::MALFORMED),
    })
}

fn route_request(
    request: &httparse::Request<'_, '_>,
    head_bytes: usize,
    settings: &ListenerSettings,
) -> Route {
    let (Some(method), Some(target), Some(minor_version)) = (request.method, request.path, request.version)
    else {
        return Route::Refused(Refusal::MALFORMED);
    };
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    if path != settings.connect_path {
        return Route::Http;
    }
    let head = RequestHead { method, target, minor_version, headers: request.headers };
    match handshake::negotiate(&head, &settings.policy) {
        Ok(granted) => Route::WebSocket(Box::new(granted), head_bytes),
        Err(refusal) => Route::Refused(refusal),
    }
}

/// Whether an empty line ends in what came after the first `seen` bytes.
fn has_end(bytes: &[u8], seen: usize) -> bool {
    let from = seen.saturating_sub(3);
    let mut rest = &bytes[from..];
    while let Some(at) = rest.iter().position(|byte| *byte == b'\n') {
        rest = &rest[at + 1..];
        if rest.starts_with(b"\n") || rest.starts_with(b"\r\n") {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPGRADE: &str = "GET /v1/connect?a=b HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                           Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    fn whole(bytes: &[u8]) -> Route {
        route(bytes, 0, &ListenerSettings::default()).expect("a whole head")
    }

    /// The route when `bytes` come one by one, and after how many it was found.
    fn trickled(bytes: &[u8]) -> (Route, usize) {
        let settings = ListenerSettings::default();
        let mut routes = (1..=bytes.len()).map(|end| (route(&bytes[..end], end - 1, &settings), end));
        routes.find_map(|(route, end)| Some((route?, end))).expect("a whole head")
    }

    #[test]
    fn upgrades_and_other_requests() {
        let with_frames = [UPGRADE.as_bytes(), b"\x81\x80"].concat();
        assert!(matches!(whole(&with_frames), Route::WebSocket(_, head) if head == UPGRADE.len()));
        assert!(matches!(trickled(UPGRADE.as_bytes()), (Route::WebSocket(..), end) if end == UPGRADE.len()));
        let request = b"POST /v1/sessions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(whole(request), Route::Http);
        assert_eq!(trickled(request), (Route::Http, request.len() - 2));
        assert_eq!(trickled(b"GET / HTTP/1.0\n\n"), (Route::Http, 16));
        assert_eq!(whole(b"GET /v1/connections HTTP/1.1\r\n\r\n"), Route::Http);
    }

    #[test]
    fn refusals() {
        assert_eq!(whole(b"\x16\x03\x01\x02\x00\x01"), Route::Refused(Refusal::MALFORMED));
        assert_eq!(
            whole(b"GET /v1/connect HTTP/1.1\r\nHost: a\r\n\r\n"),
            Route::Refused(Refusal::UPGRADE_REQUIRED)
        );
        assert_eq!(whole(b"GET / HTTP/2.0\r\n\r\n"), Route::Refused(Refusal::MALFORMED));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(HEADERS_MAX_COUNT + 1));
        assert_eq!(whole(many.as_bytes()), Route::Refused(Refusal::HEAD_TOO_LARGE));
        let long = format!("GET / HTTP/1.1\r\nA: {}", "b".repeat(20_000));
        assert_eq!(whole(long.as_bytes()), Route::Refused(Refusal::HEAD_TOO_LARGE));
        assert_eq!(trickled(long.as_bytes()), (Route::Refused(Refusal::HEAD_TOO_LARGE), 16 * 1024));
    }
}
