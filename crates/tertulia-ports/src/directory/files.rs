//! Files: uploads on their way, what is stored of them, and which message uses what.
//!
//! An upload is one person's, and expires. A blob is stored content, one for each; it stays while an upload or a message
//! has it. Which message uses which blob is the owner's projection of the log ([`super::Rooms::apply`]): a use goes with
//! its message, with what expires, and with its room.

use async_trait::async_trait;
use tertulia_core::{Attachment, RoomId, Seq, TimeMs, UploadId, UserId};

use crate::EngineResult;

/// A file on its way, or waiting to be part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// Its id.
    pub id: UploadId,
    /// Whose.
    pub user: UserId,
    /// The file's name, without folders.
    pub name: String,
    /// How large it will be, in bytes.
    pub size: u64,
    /// What its sender says of a voice note.
    pub voice: Option<VoiceNote>,
    /// When it began.
    pub created_at: TimeMs,
    /// When it goes, unless a message uses it by then: the message keeps the blob.
    pub expires_at: TimeMs,
    /// How far it is.
    pub state: UploadState,
}

/// What the recorder knows of a voice note.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VoiceNote {
    /// How long it is, in ms.
    pub duration_ms: u64,
    /// Its amplitudes, as in [`Attachment::wave`].
    pub wave: String,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadState {
    /// Bytes are still to come.
    Receiving,
    /// Everything is here, and is looked at.
    Processing,
    /// A message may carry it.
    Ready(Box<Attachment>),
    /// No message may.
    Refused {
        /// Why, for its sender.
        reason: String,
    },
}

/// Where content is stored, by keys of the blob store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// The content.
    pub key: String,
    /// The small picture that stands for it.
    pub thumb: Option<String>,
}

/// Why uploads cannot be part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each names the first such upload")]
pub enum NotHeld {
    /// There is none of that id, or it is somebody else's.
    Unknown { upload: UploadId },
    /// It is not ready yet.
    Unfinished { upload: UploadId },
    /// It will never be.
    Refused { upload: UploadId, reason: String },
}

/// Files.
#[async_trait]
pub trait Files: Send + Sync {
    /// Adds an upload; `false` if its user has `max` that no message uses.
    async fn add_upload(&self, upload: &Upload, max: u64) -> EngineResult<bool>;
    /// An upload.
    async fn upload(&self, id: UploadId) -> EngineResult<Option<Upload>>;
    /// Everything has come; `false` unless the upload was being received.
    async fn upload_received(&self, id: UploadId) -> EngineResult<bool>;
    /// The upload is ready, stored as `blob`. Answers with the blob that is kept: another one if that content was stored
    /// before. `None` if the upload is gone, or was not being processed: then nothing is kept.
    async fn upload_ready(
        &self,
        id: UploadId,
        attachment: &Attachment,
        blob: &Blob,
    ) -> EngineResult<Option<Blob>>;
    /// The upload is refused; `false` if it is gone, or ready.
    async fn refuse_upload(&self, id: UploadId, reason: &str) -> EngineResult<bool>;
    /// Deletes an upload; `false` if there was none.
    async fn drop_upload(&self, id: UploadId) -> EngineResult<bool>;
    /// Uploads that are being processed, the oldest first: what a restart goes on with.
    async fn unprocessed_uploads(&self, limit: usize) -> EngineResult<Vec<Upload>>;
    /// Uploads whose time is over, the oldest first.
    async fn expired_uploads(&self, now: TimeMs, limit: usize) -> EngineResult<Vec<UploadId>>;
    /// Keeps a user's uploads until a time at least, and tells what a message says of them, in the same order.
    async fn hold_uploads(
        &self,
        user: UserId,
        uploads: &[UploadId],
        until: TimeMs,
    ) -> EngineResult<Result<Vec<Attachment>, NotHeld>>;
    /// The blob of a message's attachment, by its place in the list.
    async fn file_of(&self, room: RoomId, seq: Seq, place: usize) -> EngineResult<Option<Blob>>;
    /// Messages of a room below an entry use nothing any more.
    async fn expire_files(&self, room: RoomId, first: Seq) -> EngineResult<()>;
    /// Blobs that nothing has any more: nothing will have them again, and they are told until they are forgotten.
    async fn retire_blobs(&self, limit: usize) -> EngineResult<Vec<Blob>>;
    /// Forgets retired blobs that the store has deleted.
    async fn forget_blobs(&self, keys: &[String]) -> EngineResult<()>;
    /// Which of these keys no blob has.
    async fn unknown_keys(&self, keys: &[String]) -> EngineResult<Vec<String>>;
}
