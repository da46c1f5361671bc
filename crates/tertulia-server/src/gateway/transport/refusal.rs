//! Answers to requests that get no WebSocket, as `application/problem+json` (RFC 9457).

use std::time::Duration;

/// A request turned away before any application saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// A word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: &'static str,
    /// The header that `detail` is about, if it is about one.
    pub header: Option<&'static str>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Not HTTP/1.
    pub const MALFORMED: Self = Self::new(400, "malformed_request", "This is not an HTTP/1.1 request.");
    /// HTTP/1.0 knows no upgrade.
    pub const HTTP_VERSION: Self = Self::new(400, "http_version", "A WebSocket needs HTTP/1.1.");
    /// No `Host`.
    pub const HOST: Self = Self::new(400, "host_missing", "The header is missing.").about("Host");
    /// No usable key.
    pub const KEY: Self = Self::new(400, "bad_websocket_key", "The header must be 16 bytes in base64.")
        .about("Sec-WebSocket-Key");
    /// An upgrade with a body, a way to smuggle requests past proxies.
    pub const BODY: Self = Self::new(400, "body_not_allowed", "An upgrade request has no body.");
    /// A page that may not connect.
    pub const ORIGIN: Self =
        Self::new(403, "origin_refused", "Pages of this origin may not connect here.").about("Origin");
    /// Not GET.
    pub const METHOD: Self = Self::new(405, "method_not_allowed", "A WebSocket is opened with GET.");
    /// The head did not come in time.
    pub const TIMEOUT: Self = Self::new(408, "request_timeout", "The request head did not arrive in time.");
    /// No upgrade asked for.
    pub const UPGRADE_REQUIRED: Self =
        Self::new(426, "upgrade_required", "This path speaks WebSocket: ask for an upgrade.")
            .about("Upgrade");
    /// A draft of the protocol.
    pub const WEBSOCKET_VERSION: Self =
        Self::new(426, "websocket_version", "Version 13 is spoken here.").about("Sec-WebSocket-Version");
    /// Too much head.
    pub const HEAD_TOO_LARGE: Self =
        Self::new(431, "request_head_too_large", "The request head has too many bytes or headers.");
    /// The limit of connections of one address.
    pub const CROWD: Self = Self {
        retry_after: Some(Self::RETRY_AFTER),
        ..Self::new(429, "address_limit", "Your address has as many connections as it may have.")
    };
    /// The connection limit.
    pub const FULL: Self = Self {
        retry_after: Some(Self::RETRY_AFTER),
        ..Self::new(503, "connection_limit", "This server has as many connections as it takes.")
    };
    /// Shutting down.
    pub const STOPPING: Self = Self {
        retry_after: Some(Self::RETRY_AFTER),
        ..Self::new(503, "server_stopping", "This server is shutting down.")
    };

    /// Long enough that a turned-away crowd does not come back at once.
    const RETRY_AFTER: Duration = Duration::from_secs(5);

    const fn new(status: u16, code: &'static str, detail: &'static str) -> Self {
        Self { status, code, detail, header: None, retry_after: None }
    }

    const fn about(self, header: &'static str) -> Self {
        Self { header: Some(header), ..self }
    }

    /// A header that may come once came again.
    pub(super) const fn repeated(header: &'static str) -> Self {
        Self::new(400, "header_repeated", "The header may come once.").about(header)
    }

    /// A header is not UTF-8.
    pub(super) const fn not_text(header: &'static str) -> Self {
        Self::new(400, "header_not_text", "The header is not text.").about(header)
    }

    /// The whole answer; the connection is closed after it.
    pub fn response(&self) -> Vec<u8> {
        let title = title(self.status);
        let header = self.header.map(|name| format!(r#","header":"{name}""#)).unwrap_or_default();
        let retry = self.retry_after.map(|after| format!(r#","retry_after_ms":{}"#, after.as_millis()));
        let body = format!(
            r#"{{"type":"about:blank","title":"{title}","status":{},"code":"{}","detail":"{}"{header}{}}}"#,
            self.status,
            self.code,
            self.detail,
            retry.unwrap_or_default(),
        );
        let mut extra = match self.status {
            405 => "Allow: GET\r\n".to_owned(),
            426 => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n".to_owned(),
            _ => String::new(),
        };
        if let Some(after) = self.retry_after {
            extra.push_str(&format!("Retry-After: {}\r\n", after.as_secs()));
        }
        let connection = if self.status == 426 { "close, Upgrade" } else { "close" };
        format!(
            "HTTP/1.1 {} {title}\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\
             Connection: {connection}\r\nCache-Control: no-store\r\n{extra}\r\n{body}",
            self.status,
            body.len(),
        )
        .into_bytes()
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        403 => "Forbidden",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        426 => "Upgrade Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_names_the_header_and_when_to_come_back() {
        let text = String::from_utf8(Refusal::WEBSOCKET_VERSION.response()).expect("text");
        let body = r#"{"type":"about:blank","title":"Upgrade Required","status":426,"code":"websocket_version","detail":"Version 13 is spoken here.","header":"Sec-WebSocket-Version"}"#;
        assert_eq!(
            text,
            format!(
                "HTTP/1.1 426 Upgrade Required\r\nContent-Type: application/problem+json\r\nContent-Length: {}\r\n\
                 Connection: close, Upgrade\r\nCache-Control: no-store\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Version: 13\r\n\r\n{body}",
                body.len()
            )
        );
        let text = String::from_utf8(Refusal::FULL.response()).expect("text");
        assert!(
            text.contains("\r\nRetry-After: 5\r\n") && text.contains(r#""retry_after_ms":5000"#),
            "{text}"
        );
    }
}
