//! The upgrade from HTTP to WebSocket: is this request one, and may it have it?
//!
//! Pure: a request head in, an answer or a refusal out. The acceptor in `listener` uses it on raw bytes; an
//! HTTP server that meets an upgrade on a connection it already holds (proxies reuse connections) can call
//! [`negotiate`] with the same headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use sha1::{Digest as _, Sha1};

use super::origin::OriginPolicy;
use super::refusal::Refusal;

/// What RFC 6455 section 1.3 appends to the key.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Bytes of a decoded `Sec-WebSocket-Key`.
const KEY_BYTES: usize = 16;

/// Rules for upgrades.
#[derive(Clone, Debug, Default)]
pub struct HandshakePolicy {
    /// Which pages may connect.
    pub origins: OriginPolicy,
    /// Subprotocols understood here, the most wanted first. A client that offers none of them is served
    /// without one.
    pub subprotocols: Vec<String>,
    /// Names of the request headers that the application wants to see in its peer, in lower case.
    pub kept_headers: Vec<String>,
}

/// A request head, borrowed from whoever parsed it.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// `GET` and the like.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The minor version of HTTP/1.
    pub minor_version: u8,
    /// Headers in the order they came.
    pub headers: &'a [httparse::Header<'a>],
}

/// A granted upgrade.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Granted {
    /// The value of `Sec-WebSocket-Accept`.
    pub accept: String,
    /// What is known of the peer besides its address.
    pub request: UpgradeRequest,
}

/// What the application learns of an upgrade request. Its `Debug` form leaves out the query and the values of
/// headers, which may be secrets.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct UpgradeRequest {
    /// Path and query.
    pub target: String,
    /// The page that connects, if a browser does.
    pub origin: Option<String>,
    /// The subprotocol agreed on.
    pub subprotocol: Option<String>,
    /// Those of [`HandshakePolicy::kept_headers`] that came, as (name in lower case, value).
    pub headers: Vec<(String, String)>,
}

impl Granted {
    /// The whole answer `101 Switching Protocols`.
    pub fn response(&self) -> Bytes {
        let mut head = String::with_capacity(192);
        head.push_str("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
        let accept = ("Sec-WebSocket-Accept", Some(&self.accept));
        for (name, value) in [accept, ("Sec-WebSocket-Protocol", self.request.subprotocol.as_ref())] {
            if let Some(value) = value {
                head.push_str(name);
                head.push_str(": ");
                head.push_str(value);
                head.push_str("\r\n");
            }
        }
        head.push_str("\r\n");
        head.into()
    }
}

impl std::fmt::Debug for UpgradeRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("UpgradeRequest")
            .field("path", &path)
            .field("origin", &self.origin)
            .field("subprotocol", &self.subprotocol)
            .field("headers", &names)
            .finish()
    }
}

impl UpgradeRequest {
    /// The first value of the kept header `name`, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// All values of the kept header `name`, given in lower case, in the order they came.
    pub fn values(&self, name: &str) -> impl DoubleEndedIterator<Item = &str> {
        self.headers.iter().filter(move |(kept, _)| kept == name).map(|(_, value)| value.as_str())
    }
}

/// Decides about an upgrade request.
///
/// # Errors
/// The answer to give instead.
pub fn negotiate(head: &RequestHead<'_>, policy: &HandshakePolicy) -> Result<Granted, Refusal> {
    if head.method != "GET" {
        return Err(Refusal::METHOD);
    }
    if !head.has_token("upgrade", "websocket") || !head.has_token("connection", "upgrade") {
        return Err(Refusal::UPGRADE_REQUIRED);
    }
    if head.minor_version == 0 {
        return Err(Refusal::HTTP_VERSION);
    }
    if head.value("sec-websocket-version")? != Some("13") {
        return Err(Refusal::WEBSOCKET_VERSION);
    }
    let has_body = head.values("content-length").any(|length| length.trim_ascii() != b"0")
        || head.values("transfer-encoding").next().is_some();
    if has_body {
        return Err(Refusal::BODY);
    }
    let host = head.value("host")?.ok_or(Refusal::HOST)?;
    let accept = accept_key(head.value("sec-websocket-key")?.ok_or(Refusal::KEY)?)?;
    let origin = head.value("origin")?;
    if !origin.is_none_or(|origin| policy.origins.allows(origin, host)) {
        return Err(Refusal::ORIGIN);
    }
    let subprotocol = head.subprotocol(&policy.subprotocols);
    Ok(Granted {
        accept,
        request: UpgradeRequest {
            target: head.target.to_owned(),
            origin: origin.map(str::to_owned),
            subprotocol: subprotocol.map(str::to_owned),
            headers: head.kept(&policy.kept_headers),
        },
    })
}

impl<'a> RequestHead<'a> {
    fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value)
    }

    /// The value of a header that may come once at most and must be text.
    fn value(&self, name: &'static str) -> Result<Option<&'a str>, Refusal> {
        let mut values = self.values(name);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Refusal::repeated(name));
        }
        match std::str::from_utf8(value) {
            Ok(text) => Ok(Some(text.trim_ascii())),
            Err(_) => Err(Refusal::not_text(name)),
        }
    }

    /// The comma-separated words of all headers `name`.
    fn tokens(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.values(name)
            .filter_map(|value| std::str::from_utf8(value).ok())
            .flat_map(|value| value.split(','))
            .map(str::trim_ascii)
    }

    fn has_token(&self, name: &str, token: &str) -> bool {
        self.tokens(name).any(|found| found.eq_ignore_ascii_case(token))
    }

    fn subprotocol<'p>(&self, supported: &'p [String]) -> Option<&'p str> {
        supported
            .iter()
            .find(|supported| {
                self.tokens("sec-websocket-protocol").any(|offered| offered == supported.as_str())
            })
            .map(String::as_str)
    }

    fn kept(&self, names: &[String]) -> Vec<(String, String)> {
        let kept = |header: &httparse::Header<'_>| {
            let name = names.iter().find(|name| header.name.eq_ignore_ascii_case(name))?;
            Some((name.clone(), String::from_utf8_lossy(header.value).into_owned()))
        };
        self.headers.iter().filter_map(kept).collect()
    }
}

fn accept_key(key: &str) -> Result<String, Refusal> {
    match STANDARD.decode(key) {
        Ok(decoded) if decoded.len() == KEY_BYTES => {
            let digest = Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize();
            Ok(STANDARD.encode(digest))
        }
        _ => Err(Refusal::KEY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The request of RFC 6455 section 1.3, with headers replaced (empty: left out) or added.
    fn ask(method: &str, changes: &[(&str, &str)], policy: &HandshakePolicy) -> Result<Granted, Refusal> {
        let mut headers = vec![
            ("Host", "chat.example"),
            ("Upgrade", "websocket"),
            ("Connection", "keep-alive, Upgrade"),
            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
            ("Sec-WebSocket-Version", "13"),
        ];
        headers.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        headers.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let headers: Vec<_> = headers
            .into_iter()
            .map(|(name, value)| httparse::Header { name, value: value.as_bytes() })
            .collect();
        let head = RequestHead { method, target: "/v1/connect?x=1", minor_version: 1, headers: &headers };
        negotiate(&head, policy)
    }

    fn refused(method: &str, changes: &[(&str, &str)]) -> (u16, &'static str) {
        let refusal = ask(method, changes, &HandshakePolicy::default()).expect_err("should be refused");
        (refusal.status, refusal.code)
    }

    #[test]
    fn the_example_of_the_standard() {
        let policy = HandshakePolicy {
            subprotocols: vec!["b".into(), "a".into()],
            kept_headers: vec!["user-agent".into()],
            ..Default::default()
        };
        let changes = [
            ("Origin", "https://chat.example"),
            ("Sec-WebSocket-Protocol", "z, a"),
            ("Sec-WebSocket-Protocol", "b"),
            ("User-Agent", "test"),
        ];
        let granted = ask("GET", &changes, &policy).expect("granted");
        assert_eq!(
            granted.response(),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: b\r\n\r\n"
        );
        let request = granted.request;
        assert_eq!(request.target, "/v1/connect?x=1");
        assert_eq!(request.origin.as_deref(), Some("https://chat.example"));
        assert_eq!(request.subprotocol.as_deref(), Some("b"));
        assert_eq!(request.header("user-agent"), Some("test"));
        assert!(!format!("{request:?}").contains("test") && !format!("{request:?}").contains("x=1"));
    }

    #[test]
    fn a_client_without_origin_or_known_subprotocol_is_served() {
        let granted =
            ask("GET", &[("Sec-WebSocket-Protocol", "z")], &HandshakePolicy::default()).expect("granted");
        assert_eq!(granted.request.subprotocol, None);
        assert!(!String::from_utf8_lossy(&granted.response()).contains("Sec-WebSocket-Protocol"));
    }

    #[test]
    fn what_is_refused() {
        assert_eq!(refused("POST", &[]), (405, "method_not_allowed"));
        assert_eq!(refused("GET", &[("Upgrade", "")]), (426, "upgrade_required"));
        assert_eq!(refused("GET", &[("Upgrade", "h2c")]), (426, "upgrade_required"));
        assert_eq!(refused("GET", &[("Connection", "close")]), (426, "upgrade_required"));
        assert_eq!(refused("GET", &[("Sec-WebSocket-Version", "8")]), (426, "websocket_version"));
        assert_eq!(refused("GET", &[("Sec-WebSocket-Version", "")]), (426, "websocket_version"));
        assert_eq!(refused("GET", &[("Sec-WebSocket-Key", "")]), (400, "bad_websocket_key"));
        assert_eq!(refused("GET", &[("Sec-WebSocket-Key", "c2hvcnQ=")]), (400, "bad_websocket_key"));
        assert_eq!(
            refused("GET", &[("Sec-WebSocket-Key", "not base64, not at all")]),
            (400, "bad_websocket_key")
        );
        assert_eq!(refused("GET", &[("Host", "")]), (400, "host_missing"));
        assert_eq!(refused("GET", &[("Host", "a"), ("Host", "b")]), (400, "header_repeated"));
        assert_eq!(refused("GET", &[("Content-Length", "3")]), (400, "body_not_allowed"));
        assert_eq!(refused("GET", &[("Transfer-Encoding", "chunked")]), (400, "body_not_allowed"));
        assert_eq!(refused("GET", &[("Origin", "https://evil.example")]), (403, "origin_refused"));
        assert_eq!(refused("GET", &[("Origin", "null")]), (403, "origin_refused"));
    }
}
