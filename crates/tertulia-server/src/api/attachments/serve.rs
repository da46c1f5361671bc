//! A file's bytes over HTTP: whole or a range of them, and never as something that could run in a page.

use std::ops::Range;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use tertulia_protocol::Code;

use super::super::{
    Api,
    problem::{Answer, Failure},
};
use crate::attachments::is_shown_inline;

/// Type of what a browser is not to look into.
const BYTES: &str = "application/octet-stream";
/// Nothing of a file runs, and nothing is loaded for it.
const SANDBOX: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'";

/// Answers with a blob.
pub async fn serve(
    api: &Api,
    key: &str,
    media_type: &str,
    name: &str,
    (method, asked): (&Method, &HeaderMap),
) -> Answer<Response> {
    let blobs = api.files.blobs();
    let size = blobs.size(key).await?.ok_or_else(|| Failure::not_found("file"))?;
    // A key begins with the content's hash, and content never changes.
    let tag = format!("\"{}\"", key.split('-').next().unwrap_or(key));
    let is_known = |name: HeaderName| asked.get(name).is_some_and(|known| known == tag.as_str());
    let inline = is_shown_inline(media_type);
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ETAG, tag.clone()),
        (header::CONTENT_DISPOSITION, disposition(inline, name)),
        (header::CONTENT_TYPE, if inline { media_type.to_owned() } else { BYTES.to_owned() }),
    ] {
        headers.insert(name, HeaderValue::from_str(&value).expect("made of plain text"));
    }
    for (name, value) in [
        (header::ACCEPT_RANGES, "bytes"),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_known(header::IF_NONE_MATCH) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let wanted = asked
        .get(header::RANGE)
        .filter(|_| !asked.contains_key(header::IF_RANGE) || is_known(header::IF_RANGE));
    let range = match wanted.and_then(|value| range_of(value.to_str().unwrap_or_default(), size)) {
        None => 0..size,
        Some(Err(())) => return Err(outside(size)),
        Some(Ok(range)) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let value = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            let value = HeaderValue::from_str(&value).expect("made of plain text");
            response.headers_mut().insert(header::CONTENT_RANGE, value);
            range
        }
    };
    response.headers_mut().insert(header::CONTENT_LENGTH, (range.end - range.start).into());
    if *method != Method::HEAD {
        let bytes = blobs.read(key, range).await?.ok_or_else(|| Failure::not_found("file"))?;
        *response.body_mut() = Body::from_stream(bytes);
    }
    Ok(response)
}

/// The one range that is asked for; `Err` if it is outside. Several, and what is no range, are answered with everything.
fn range_of(text: &str, size: u64) -> Option<Result<Range<u64>, ()>> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (from, to) {
        ("", last) => size.saturating_sub(last.parse().ok()?)..size,
        (from, "") => from.parse().ok()?..size,
        (from, to) => {
            let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
            if from > to {
                return None;
            }
            from..to.saturating_add(1).min(size)
        }
    };
    Some(if range.start < range.end { Ok(range) } else { Err(()) })
}

fn outside(size: u64) -> Failure {
    let range = HeaderValue::from_str(&format!("bytes */{size}")).expect("made of plain text");
    Failure::new(Code::Invalid, format!("the range is outside the file, which has {size} bytes"))
        .with_status(StatusCode::RANGE_NOT_SATISFIABLE)
        .with_header(header::CONTENT_RANGE, range)
}

/// Shown or saved, under a name that every browser reads right (RFC 6266).
fn disposition(inline: bool, name: &str) -> String {
    let how = if inline { "inline" } else { "attachment" };
    let plain = |character: char| match character {
        ' '..='~' if !matches!(character, '"' | '\\' | '%') => character,
        _ => '_',
    };
    let ascii: String = name.chars().map(plain).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("{how}; filename=\"{ascii}\"; filename*=UTF-8''{encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_browsers_write_them() {
        for (text, range) in [
            ("bytes=0-0", Some(Ok(0..1))),
            ("bytes=0-", Some(Ok(0..10))),
            ("bytes=4-99", Some(Ok(4..10))),
            ("bytes=-3", Some(Ok(7..10))),
            ("bytes=-99", Some(Ok(0..10))),
            ("bytes=10-", Some(Err(()))),
            ("bytes=-0", Some(Err(()))),
            ("bytes=18446744073709551615-18446744073709551615", Some(Err(()))),
            ("bytes=5-4", None),
            ("bytes=0-1,4-5", None),
            ("bytes=", None),
            ("bytes=a-b", None),
            ("lines=0-1", None),
        ] {
            assert_eq!(range_of(text, 10), range, "{text}");
        }
    }

    #[test]
    fn names_cannot_leave_their_header() {
        assert_eq!(
            disposition(false, "a\"b\\ñ;.svg"),
            "attachment; filename=\"a_b__;.svg\"; filename*=UTF-8''a%22b%5C%C3%B1%3B.svg"
        );
        assert_eq!(disposition(true, "a.png"), "inline; filename=\"a.png\"; filename*=UTF-8''a.png");
    }
}
