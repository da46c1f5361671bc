//! What a file is, told by its content: names and what senders say of a type count for nothing.

use tertulia_core::AttachmentKind;

/// How many bytes of a file's beginning are looked at.
pub const HEAD_BYTES: usize = 4_096;

/// Type and kind of what begins so. What is not known is bytes; what is text is plain text, whatever it would be to a
/// browser.
pub fn sniff(head: &[u8]) -> (&'static str, AttachmentKind) {
    use AttachmentKind::{Audio, File, Image, Video};

    const MAGIC: [(usize, &[u8], &str, AttachmentKind); 15] = [
        (0, b"\xff\xd8\xff", "image/jpeg", Image),
        (0, b"\x89PNG\r\n\x1a\n", "image/png", Image),
        (0, b"GIF87a", "image/gif", Image),
        (0, b"GIF89a", "image/gif", Image),
        (8, b"WEBP", "image/webp", Image),
        (8, b"WAVE", "audio/wav", Audio),
        (0, b"fLaC", "audio/flac", Audio),
        (0, b"ID3", "audio/mpeg", Audio),
        (0, b"\x1a\x45\xdf\xa3", "video/webm", Video),
        (0, b"%PDF-", "application/pdf", File),
        (0, b"PK\x03\x04", "application/zip", File),
        (0, b"\x1f\x8b", "application/gzip", File),
        (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed", File),
        (0, b"Rar!\x1a\x07", "application/vnd.rar", File),
        (0, b"\xff\xfb", "audio/mpeg", Audio),
    ];
    if head.get(4..8) == Some(b"ftyp") {
        return match head.get(8..12) {
            Some(b"M4A " | b"M4B ") => ("audio/mp4", Audio),
            Some(b"qt  ") => ("video/quicktime", Video),
            Some(b"avif" | b"avis") => ("image/avif", File),
            Some(b"heic" | b"heix" | b"hevc" | b"mif1" | b"msf1") => ("image/heic", File),
            _ => ("video/mp4", Video),
        };
    }
    if head.starts_with(b"OggS") {
        let has = |what: &[u8]| head.windows(what.len()).any(|window| window == what);
        return if has(b"theora") { ("video/ogg", Video) } else { ("audio/ogg", Audio) };
    }
    let found = MAGIC.iter().find(|(at, magic, ..)| head.get(*at..at + magic.len()) == Some(magic));
    // Both say so only together with this.
    let found = found.filter(|(at, ..)| *at == 0 || head.starts_with(b"RIFF"));
    match found {
        Some((_, _, media_type, kind)) => (media_type, *kind),
        None if is_text(head) => ("text/plain", File),
        None => ("application/octet-stream", File),
    }
}

fn is_text(head: &[u8]) -> bool {
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character may be cut where the head ends.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty() && !valid.chars().any(|character| character.is_control() && !character.is_whitespace())
}

/// Whether a browser may show it in a page: pictures, films and sounds, none of which can run.
pub fn is_shown_inline(media_type: &str) -> bool {
    matches!(
        media_type,
        "image/jpeg"
            | "image/png"
            | "image/gif"
            | "image/webp"
            | "video/mp4"
            | "video/webm"
            | "video/ogg"
            | "video/quicktime"
            | "audio/mp4"
            | "audio/mpeg"
            | "audio/ogg"
            | "audio/wav"
            | "audio/flac"
            | "audio/webm"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_what_it_is() {
        for (head, media_type) in [
            (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n\0\0", "image/png"),
            (b"GIF89a..", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
            (b"abcdefghWEBPVP8 ", "text/plain"),
            (b"\0\0\0\x20ftypisom", "video/mp4"),
            (b"\0\0\0\x20ftypqt  ", "video/quicktime"),
            (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
            (b"\x1a\x45\xdf\xa3", "video/webm"),
            (b"OggS\0\x02........OpusHead", "audio/ogg"),
            (b"%PDF-1.7", "application/pdf"),
            (b"PK\x03\x04", "application/zip"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>", "text/plain"),
            (b"<!doctype html><script>alert(1)</script>", "text/plain"),
            ("kaixo, ñandú".as_bytes(), "text/plain"),
            (b"\0\x01\x02", "application/octet-stream"),
            (b"\xff\xff", "application/octet-stream"),
            (b"", "application/octet-stream"),
        ] {
            assert_eq!(sniff(head).0, media_type, "{head:?}");
        }
    }

    #[test]
    fn what_could_run_is_never_shown_in_a_page() {
        for media_type in
            ["text/html", "image/svg+xml", "text/plain", "application/pdf", "application/xml", ""]
        {
            assert!(!is_shown_inline(media_type), "{media_type}");
        }
    }
}
