//! Headers of the tus protocol, taken apart and made.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use tertulia_core::TimeMs;
use tertulia_ports::directory::VoiceNote;
use tertulia_protocol::Code;

use super::super::problem::{Answer, Failure};
use crate::attachments::{name, process::is_wave};

pub const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
pub const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
pub const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub const CHECKSUM: HeaderName = HeaderName::from_static("upload-checksum");

/// The version that is spoken.
const VERSION: &str = "1.0.0";
/// Type of a body that is a part of a file.
const PART: &str = "application/offset+octet-stream";
/// What the checksum extension answers when one is wrong.
const CHECKSUM_MISMATCH: u16 = 460;
/// Longest metadata, in bytes.
const METADATA_BYTES_MAX: usize = 4_096;
/// Longest voice note, in ms: an hour.
const VOICE_MS_MAX: u64 = 60 * 60 * 1_000;

/// On every answer about uploads.
pub fn resumable(mut headers: HeaderMap) -> HeaderMap {
    headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
    headers
}

/// What the server can do, for a client that asks.
pub fn options(max_bytes: u64) -> HeaderMap {
    let mut headers = resumable(HeaderMap::new());
    for (name, value) in [
        ("tus-version", VERSION),
        ("tus-extension", "creation,creation-with-upload,termination,checksum,expiration"),
        ("tus-checksum-algorithm", "sha1,sha256"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    headers.insert(HeaderName::from_static("tus-max-size"), max_bytes.into());
    headers
}

/// Refuses a client that speaks another version.
pub fn check_version(headers: &HeaderMap) -> Answer<()> {
    match headers.get(RESUMABLE).map(HeaderValue::as_bytes) {
        None => Ok(()),
        Some(version) if version == VERSION.as_bytes() => Ok(()),
        Some(version) => {
            let version = String::from_utf8_lossy(version).into_owned();
            let failure = Failure::invalid("Tus-Resumable", version, VERSION);
            let versions = HeaderName::from_static("tus-version");
            Err(failure
                .with_status(StatusCode::PRECONDITION_FAILED)
                .with_header(versions, HeaderValue::from_static(VERSION)))
        }
    }
}

/// A header that is a whole number.
pub fn number(headers: &HeaderMap, name: &HeaderName) -> Answer<u64> {
    let text = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.parse().map_err(|_| Failure::invalid(name.as_str(), text, "a whole number, from 0"))
}

/// Whether the body is a part of a file.
pub fn is_part(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|value| value == PART)
}

/// Refuses a body that is not a part of a file.
pub fn check_part(headers: &HeaderMap) -> Answer<()> {
    if is_part(headers) {
        return Ok(());
    }
    let found = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Err(Failure::invalid("Content-Type", found, PART).with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

/// What a client says of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// Its name, cleaned.
    pub name: String,
    /// Of a voice note.
    pub voice: Option<VoiceNote>,
}

/// The metadata: `key BASE64,key BASE64`.
pub fn metadata(headers: &HeaderMap) -> Answer<Metadata> {
    let text = headers.get(METADATA).map(|value| value.to_str().unwrap_or("?")).unwrap_or_default();
    if text.len() > METADATA_BYTES_MAX {
        return Err(Failure::invalid("Upload-Metadata", text.len(), METADATA_BYTES_MAX));
    }
    let (mut name, mut kind, mut duration_ms, mut wave) = (String::new(), String::new(), None, None);
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let bad = || Failure::invalid("Upload-Metadata", pair, "keys, each with a text in base64");
        let value = STANDARD.decode(value).map_err(|_| bad())?;
        let value = String::from_utf8(value).map_err(|_| bad())?;
        match key {
            "filename" => name = value,
            "kind" => kind = value,
            "duration_ms" => duration_ms = Some(value),
            "wave" => wave = Some(value),
            _ => {}
        }
    }
    let voice = match kind.as_str() {
        "voice" => Some(voice_note(duration_ms.unwrap_or_default(), wave.unwrap_or_default())?),
        "" | "file" => None,
        other => return Err(Failure::invalid("kind", other, "voice, or file")),
    };
    Ok(Metadata { name: name::clean(&name), voice })
}

fn voice_note(duration_ms: String, wave: String) -> Answer<VoiceNote> {
    let duration = duration_ms.parse().ok().filter(|duration| (1..=VOICE_MS_MAX).contains(duration));
    let Some(duration) = duration else {
        return Err(Failure::invalid("duration_ms", duration_ms, format!("from 1 to {VOICE_MS_MAX}")));
    };
    match is_wave(&wave) {
        true => Ok(VoiceNote { duration_ms: duration, wave }),
        false => Err(Failure::invalid("wave", wave, "base64 of 1 to 100 bytes")),
    }
}

/// A checksum that a body is to have.
pub enum Checksum {
    Sha1(Sha1, Vec<u8>),
    Sha256(Sha256, Vec<u8>),
}

impl Checksum {
    /// What the header asks for, if it is there.
    pub fn of(headers: &HeaderMap) -> Answer<Option<Self>> {
        let Some(value) = headers.get(CHECKSUM) else { return Ok(None) };
        let text = value.to_str().unwrap_or_default();
        let (algorithm, wanted) = text.split_once(' ').unwrap_or((text, ""));
        let wanted = STANDARD.decode(wanted.trim()).unwrap_or_default();
        match (algorithm, wanted.len()) {
            ("sha1", 20) => Ok(Some(Self::Sha1(Sha1::new(), wanted))),
            ("sha256", 32) => Ok(Some(Self::Sha256(Sha256::new(), wanted))),
            _ => Err(Failure::invalid("Upload-Checksum", text, "sha1 or sha256, and the checksum in base64")),
        }
    }

    /// More of the body.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hash, _) => hash.update(bytes),
            Self::Sha256(hash, _) => hash.update(bytes),
        }
    }

    /// Whether the body had it.
    pub fn is_right(&self) -> bool {
        match self {
            Self::Sha1(hash, wanted) => hash.clone().finalize().as_slice() == wanted,
            Self::Sha256(hash, wanted) => hash.clone().finalize().as_slice() == wanted,
        }
    }
}

/// A body had another checksum than it said.
pub fn checksum_mismatch() -> Failure {
    let status = StatusCode::from_u16(CHECKSUM_MISMATCH).unwrap_or(StatusCode::BAD_REQUEST);
    Failure::new(
        Code::Invalid,
        "the body has another checksum than Upload-Checksum says: nothing of it was kept",
    )
    .with_status(status)
}

/// A time as HTTP writes it.
pub fn http_date(TimeMs(at): TimeMs) -> HeaderValue {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(at);
    HeaderValue::from_str(&httpdate::fmt_http_date(at)).expect("a date is plain text")
}
