//! Uploads, and links to files.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    attachment::Attachment,
    error::Code,
    ids::{Seq, UploadId},
};

/// A file on its way, or waiting to be part of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// Its id.
    #[schema(value_type = String)]
    pub id: UploadId,
    /// How far it is.
    pub state: UploadState,
    /// How many bytes have come.
    pub offset: u64,
    /// How many there will be.
    pub size: u64,
    /// When it goes unless a message carries it, in ms.
    pub expires_at: u64,
    /// Why it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What a message says of it, once it is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// Bytes are still to come.
    Receiving,
    /// Everything is here, and is looked at.
    Processing,
    /// A message may carry it.
    Ready,
    /// No message may.
    Refused,
}

/// Files of a room's messages to which links are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewLinks {
    /// Which, at most 100.
    pub items: Vec<FileOf>,
}

/// One file of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileOf {
    /// The message.
    pub seq: Seq,
    /// Its place among the message's attachments, from 0.
    pub index: u8,
    /// Whether it is the small picture.
    #[serde(default)]
    pub thumb: bool,
}

/// Links to files, in the order in which they were wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Links {
    /// One for each.
    pub items: Vec<FileLink>,
    /// When the links end, in ms.
    pub expires_at: u64,
}

/// A link to a file, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileLink {
    /// The file.
    #[serde(flatten)]
    pub file: FileOf,
    /// Its address on this server: it needs no header, and works while its user may read the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Code>,
}
