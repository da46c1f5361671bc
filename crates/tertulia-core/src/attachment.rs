//! What a message carries besides its text: facts about a file, in the message's body. The file itself is a blob of the
//! blob store, found by the message's number.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ids::UploadId;

/// Longest name of a file, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// Most points of a voice note's wave.
pub const WAVE_POINTS_MAX: usize = 100;

/// SHA-256 of a file's content; hexadecimal in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 32]);

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a content hash: 64 hexadecimal digits, in small letters")]
pub struct BadHash;

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for ContentHash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<Self, BadHash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(BadHash),
        };
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(BadHash);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for ContentHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A file that a message carries. Stored as JSON under these names: frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its name, without folders.
    pub name: String,
    /// Its media type, as its content tells it.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// What it holds.
    pub hash: ContentHash,
    /// How it is shown.
    pub kind: AttachmentKind,
    /// Width and height in pixels, as it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pixels: Option<(u32, u32)>,
    /// A placeholder to show while it loads: ThumbHash, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blur: Option<String>,
    /// The small picture that stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumb: Option<Thumb>,
    /// How long it plays, in ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// A voice note's amplitudes, 0 to 255 each, at most [`WAVE_POINTS_MAX`], base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave: Option<String>,
}

/// A small picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thumb {
    /// Width and height in pixels.
    pub pixels: (u32, u32),
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
}

/// How an attachment is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// A film.
    Video,
    /// Sound.
    Audio,
    /// A voice note that was recorded for the conversation.
    Voice,
    /// Anything else: a name and a size.
    File,
}

/// What somebody wants a message to carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attached {
    /// Uploads of theirs, which have to be looked up.
    Uploads(Vec<UploadId>),
    /// What was looked up, and is kept until the message is stored.
    Held(Vec<Attachment>),
}

impl Default for Attached {
    fn default() -> Self {
        Self::Held(Vec::new())
    }
}

impl Attached {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Uploads(uploads) => uploads.len(),
            Self::Held(attachments) => attachments.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_digits() {
        let text = "00ff".repeat(16);
        let hash: ContentHash = text.parse().unwrap();
        assert_eq!((hash.0[0], hash.0[1], hash.to_string()), (0, 255, text.clone()));
        for bad in
            ["", "00", &text.to_uppercase(), &format!("{text}0"), &text.replace('f', "g"), &"é".repeat(32)]
        {
            assert!(bad.parse::<ContentHash>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_frozen() {
        let attachment = Attachment {
            name: "a.png".into(),
            media_type: "image/png".into(),
            size: 3,
            hash: ContentHash([1; 32]),
            kind: AttachmentKind::Image,
            pixels: Some((4, 3)),
            blur: None,
            thumb: Some(Thumb { pixels: (2, 1), media_type: "image/jpeg".into(), size: 9 }),
            duration_ms: None,
            wave: None,
        };
        let json = format!(
            r#"{{"name":"a.png","type":"image/png","size":3,"hash":"{}","kind":"image","pixels":[4,3],"thumb":{{"pixels":[2,1],"type":"image/jpeg","size":9}}}}"#,
            "01".repeat(32)
        );
        assert_eq!(serde_json::to_string(&attachment).unwrap(), json);
        assert_eq!(serde_json::from_str::<Attachment>(&json).unwrap(), attachment);
    }
}
