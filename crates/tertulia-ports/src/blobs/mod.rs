//! Blobs: the bytes of files.
//!
//! Two kinds of bytes: **staged** ones are an upload's, grow at their end and may be cut off; a **blob** is whole, has a key
//! and never changes. What is stored of which file, and for how long, is the directory's business (`Files`).
//!
//! The suite stands in `contract.rs`.

#[cfg(feature = "contract")]
pub mod contract;

use std::{io, ops::Range, pin::Pin};

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use tertulia_core::{ContentHash, UploadId};

use crate::EngineResult;

/// Longest key, in characters.
pub const KEY_CHARS_MAX: usize = 96;

/// Bytes that come piece by piece. After an error nothing comes.
pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The key of content that is stored anew: it begins with its hash, and no other copy has it, so that a deletion that is
/// under way never meets content that has come back.
pub fn blob_key(hash: &ContentHash, fresh: u64) -> String {
    format!("{hash}-{fresh:016x}")
}

/// Whether a text may be a key: letters, digits and `-`, so that it is a file's name everywhere.
pub fn is_key(text: &str) -> bool {
    (1..=KEY_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// So many bytes of the upload are durable now. Fewer than were given if their stream ended with an error.
    Length(u64),
    /// Nothing was written: the upload has another length.
    Elsewhere {
        /// How many bytes are durable.
        length: u64,
    },
}

/// Where blobs are.
///
/// What a call did is durable when it returns. Memory is the same whatever the sizes: a call holds some pieces of a
/// stream, never a whole file. An upload is written by one caller at a time, who sees to that. A full disk, and an engine
/// that refuses in the middle, are errors: what was durable before stays, and [`Blobs::staged`] tells how much that is.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Makes room for an upload. Safe to repeat.
    async fn stage(&self, upload: UploadId) -> EngineResult<()>;
    /// How many bytes of an upload are durable; `None` if there is none.
    async fn staged(&self, upload: UploadId) -> EngineResult<Option<u64>>;
    /// Writes behind the first `offset` bytes of an upload, at most `max` bytes; more are not taken from the stream.
    async fn append(
        &self,
        upload: UploadId,
        offset: u64,
        max: u64,
        bytes: ByteStream,
    ) -> EngineResult<Appended>;
    /// Cuts an upload to its first bytes.
    async fn cut(&self, upload: UploadId, length: u64) -> EngineResult<()>;
    /// Some of an upload's bytes.
    async fn read_staged(&self, upload: UploadId, range: Range<u64>) -> EngineResult<Option<ByteStream>>;
    /// An upload's bytes become the blob of this key. If it is one already, nothing happens.
    async fn keep(&self, upload: UploadId, key: &str) -> EngineResult<()>;
    /// Deletes an upload's bytes, if there are any.
    async fn drop_staged(&self, upload: UploadId) -> EngineResult<()>;
    /// Uploads that have bytes, ascending, above one.
    async fn staged_after(&self, after: Option<UploadId>, limit: usize) -> EngineResult<Vec<UploadId>>;
    /// Stores a small blob.
    async fn put(&self, key: &str, bytes: Bytes) -> EngineResult<()>;
    /// How many bytes a blob has; `None` if there is none.
    async fn size(&self, key: &str) -> EngineResult<Option<u64>>;
    /// Some of a blob's bytes; fewer if it has fewer.
    async fn read(&self, key: &str, range: Range<u64>) -> EngineResult<Option<ByteStream>>;
    /// Deletes a blob, if there is one. Who is reading it may read on, or get an error.
    async fn delete(&self, key: &str) -> EngineResult<()>;
    /// Keys of blobs, ascending, above one.
    async fn keys_after(&self, after: Option<&str>, limit: usize) -> EngineResult<Vec<String>>;
}
