//! What happens to an upload once all of it has come: it is looked at, cleaned, stored by its content, and then a message may
//! carry it.
//!
//! Everything here may be done twice: a restart goes on with what was being processed, from the upload's bytes.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tertulia_core::{Attachment, AttachmentKind, ContentHash, UploadId, attachment::WAVE_POINTS_MAX};
use tertulia_ports::{
    EngineError, EngineResult,
    blobs::{Appended, Blobs, ByteStream, blob_key},
    directory::{Blob, Directory, Upload, UploadState, VoiceNote},
    time::Entropy,
};
use tokio::sync::{Notify, Semaphore};

use super::{
    film::{self, Film},
    picture,
    sniff::{HEAD_BYTES, sniff},
    strip::strip,
};

/// Largest picture, in bytes: it is held in memory to be cleaned.
const PICTURE_BYTES_MAX: u64 = 64 << 20;
/// How many pictures are looked at at the same time: each may take hundreds of MB.
const PICTURES_AT_ONCE: usize = 1;
/// How many uploads a restart goes on with.
const UNPROCESSED_MAX: usize = 1_000;

/// When processing is tried again that failed, at first and at most.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// Makes uploads ready. Cheap to clone.
#[derive(Clone)]
pub struct Processor(Arc<Inner>);

struct Inner {
    blobs: Arc<dyn Blobs>,
    directory: Arc<dyn Directory>,
    entropy: Arc<dyn Entropy>,
    pictures: Semaphore,
    done: Notify,
    /// Uploads that somebody writes to at this moment.
    busy: Mutex<HashSet<UploadId>>,
}

/// What an upload becomes.
enum Outcome {
    Ready(Box<Attachment>, Blob),
    Refused(String),
}

/// While it lives, nobody else writes to the upload.
pub struct Writing {
    upload: UploadId,
    processor: Processor,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.processor.busy().remove(&self.upload);
    }
}

impl Processor {
    /// A processor with nothing to do.
    pub fn new(blobs: Arc<dyn Blobs>, directory: Arc<dyn Directory>, entropy: Arc<dyn Entropy>) -> Self {
        Self(Arc::new(Inner {
            blobs,
            directory,
            entropy,
            pictures: Semaphore::new(PICTURES_AT_ONCE),
            done: Notify::new(),
            busy: Mutex::default(),
        }))
    }

    /// Where the bytes are.
    pub fn blobs(&self) -> &dyn Blobs {
        &*self.0.blobs
    }

    /// The right to write to an upload; `None` while somebody else has it.
    pub fn write_to(&self, upload: UploadId) -> Option<Writing> {
        self.busy().insert(upload).then(|| Writing { upload, processor: self.clone() })
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, HashSet<UploadId>> {
        self.0.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends when some upload has been processed since it was called.
    pub fn something_done(&self) -> impl Future<Output = ()> + '_ {
        self.0.done.notified()
    }

    /// Goes on with what was being processed when the server stopped.
    pub async fn go_on(self) {
        match self.0.directory.unprocessed_uploads(UNPROCESSED_MAX).await {
            Ok(uploads) => uploads.into_iter().for_each(|upload| self.start(upload)),
            Err(error) => tracing::warn!(%error, "uploads that were being processed are not gone on with"),
        }
    }

    /// Processes an upload in the background.
    pub fn start(&self, upload: Upload) {
        let this = self.clone();
        tokio::spawn(async move {
            let mut wait = RETRY_FIRST;
            while let Err(error) = this.process(&upload).await {
                tracing::warn!(upload = %upload.id, %error, "an upload could not be processed, and is tried again");
                tokio::time::sleep(wait).await;
                wait = (2 * wait).min(RETRY_MAX);
            }
            this.0.done.notify_waiters();
        });
    }

    /// Processes an upload.
    async fn process(&self, upload: &Upload) -> EngineResult<()> {
        let Inner { blobs, directory, .. } = &*self.0;
        match directory.upload(upload.id).await? {
            Some(Upload { state: UploadState::Processing, .. }) => {}
            _ => return blobs.drop_staged(upload.id).await,
        }
        if blobs.staged(upload.id).await? != Some(upload.size) {
            // The server stopped between storing the content and writing that down.
            directory.refuse_upload(upload.id, "it was interrupted: send it again").await?;
            return Ok(());
        }
        match self.look_at(upload).await? {
            Outcome::Refused(reason) => {
                directory.refuse_upload(upload.id, &reason).await?;
                blobs.drop_staged(upload.id).await
            }
            Outcome::Ready(attachment, blob) => {
                let kept = directory.upload_ready(upload.id, &attachment, &blob).await?;
                // Somebody had stored the same before, or the upload is gone: nothing names this copy.
                if kept.as_ref() != Some(&blob) {
                    let named = kept.as_ref().is_some_and(|kept| kept.key == blob.key);
                    if !named {
                        blobs.delete(&blob.key).await?;
                    }
                    if let Some(thumb) =
                        blob.thumb.filter(|thumb| kept.is_none_or(|kept| kept.thumb.as_ref() != Some(thumb)))
                    {
                        blobs.delete(&thumb).await?;
                    }
                }
                blobs.drop_staged(upload.id).await
            }
        }
    }

    async fn look_at(&self, upload: &Upload) -> EngineResult<Outcome> {
        let head = self.read(upload.id, 0..upload.size.min(HEAD_BYTES as u64)).await?;
        let (media_type, kind) = sniff(&head);
        let kind = kind_of(kind, upload.voice.as_ref());
        if kind == AttachmentKind::Image {
            return self.look_at_picture(upload, media_type).await;
        }
        let film = match media_type {
            "video/mp4" | "video/quicktime" | "audio/mp4" => self.look_at_film(upload).await?,
            _ => Film::default(),
        };
        let hash = self.hash(upload, &film).await?;
        let blob = Blob { key: blob_key(&hash, self.0.entropy.u64()), thumb: None };
        match film.private.is_empty() {
            true => self.0.blobs.keep(upload.id, &blob.key).await?,
            false => self.keep_blanked(upload, &film, &blob.key).await?,
        }
        let plain = attachment(upload, media_type, kind, upload.size, hash);
        let attachment = Attachment {
            pixels: film.pixels.filter(|_| kind == AttachmentKind::Video),
            duration_ms: plain.duration_ms.or(film.duration_ms),
            ..plain
        };
        Ok(Outcome::Ready(Box::new(attachment), blob))
    }

    /// What a film's boxes tell, and which of them are nobody's business, by their places in the file.
    async fn look_at_film(&self, upload: &Upload) -> EngineResult<Film> {
        let (mut film, mut at) = (Film::default(), 0);
        for _ in 0..film::BOXES_MAX {
            let left = upload.size - at;
            let bytes = self.read(upload.id, at..upload.size.min(at + film::HEAD_BYTES)).await?;
            let Some(film::Head { kind, head, size }) = film::head(&bytes, left) else { break };
            if film::is_private(kind) {
                film.private.push((at..at + size, head));
            } else if &kind == b"moov" && size <= film::INDEX_BYTES_MAX {
                let index = self.read(upload.id, at + head..at + size).await?;
                film::look_into(&index, at + head, &mut film);
            }
            at += size;
        }
        Ok(film)
    }

    /// Stores an upload with some of its boxes blanked, by way of another one.
    async fn keep_blanked(&self, upload: &Upload, film: &Film, key: &str) -> EngineResult<()> {
        let aside = UploadId::new(self.0.entropy.u64());
        self.0.blobs.stage(aside).await?;
        let bytes = self.blanked(upload, film).await?;
        match self.0.blobs.append(aside, 0, upload.size, bytes).await? {
            Appended::Length(length) if length == upload.size => self.0.blobs.keep(aside, key).await,
            _ => {
                self.0.blobs.drop_staged(aside).await?;
                Err(EngineError::new("blobs", format!("upload {} was not read whole", upload.id)))
            }
        }
    }

    /// An upload's bytes without what is nobody's business.
    async fn blanked(&self, upload: &Upload, film: &Film) -> EngineResult<ByteStream> {
        let (private, mut at) = (film.private.clone(), 0);
        let bytes = self.staged(upload.id, 0..upload.size).await?;
        Ok(Box::pin(bytes.map(move |piece| {
            piece.map(|piece| {
                let from = at;
                at += piece.len() as u64;
                film::blanked(piece, from, &private)
            })
        })))
    }

    async fn look_at_picture(&self, upload: &Upload, media_type: &'static str) -> EngineResult<Outcome> {
        if upload.size > PICTURE_BYTES_MAX {
            let reason =
                format!("a picture may have {PICTURE_BYTES_MAX} bytes, and this one has {}", upload.size);
            return Ok(Outcome::Refused(reason));
        }
        let permit = self.0.pictures.acquire().await.map_err(|error| EngineError::new("pictures", error))?;
        let bytes = self.read(upload.id, 0..upload.size).await?;
        let looked = tokio::task::spawn_blocking(move || {
            let (stripped, turn) =
                strip(media_type, &bytes).ok_or_else(|| "the picture is damaged".to_owned())?;
            let picture = picture::look_at(&stripped, media_type, turn).map_err(|error| error.to_string())?;
            Ok::<_, String>((stripped, picture))
        });
        let looked = looked.await;
        drop(permit);
        let (stripped, picture) = match looked {
            Ok(Ok(looked)) => looked,
            Ok(Err(reason)) => return Ok(Outcome::Refused(reason)),
            // A decoder that panics is fed no second time.
            Err(_) => return Ok(Outcome::Refused("the picture cannot be decoded".to_owned())),
        };
        let hash = ContentHash(Sha256::digest(&stripped).into());
        let thumb_hash = ContentHash(Sha256::digest(&picture.thumb_bytes).into());
        let fresh = || self.0.entropy.u64();
        let blob = Blob { key: blob_key(&hash, fresh()), thumb: Some(blob_key(&thumb_hash, fresh())) };
        let size = stripped.len() as u64;
        self.0.blobs.put(&blob.key, stripped).await?;
        if let Some(key) = &blob.thumb {
            self.0.blobs.put(key, picture.thumb_bytes).await?;
        }
        let attachment = Attachment {
            pixels: Some(picture.pixels),
            blur: Some(picture.blur),
            thumb: Some(picture.thumb),
            ..attachment(upload, media_type, AttachmentKind::Image, size, hash)
        };
        Ok(Outcome::Ready(Box::new(attachment), blob))
    }

    async fn staged(&self, upload: UploadId, range: std::ops::Range<u64>) -> EngineResult<ByteStream> {
        let stream = self.0.blobs.read_staged(upload, range).await?;
        stream.ok_or_else(|| EngineError::new("blobs", format!("the bytes of upload {upload} are gone")))
    }

    async fn read(&self, upload: UploadId, range: std::ops::Range<u64>) -> EngineResult<Bytes> {
        let mut bytes = BytesMut::new();
        let mut stream = self.staged(upload, range).await?;
        while let Some(piece) = stream.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| EngineError::new("blobs", error))?);
        }
        Ok(bytes.freeze())
    }

    async fn hash(&self, upload: &Upload, film: &Film) -> EngineResult<ContentHash> {
        let mut hash = Sha256::new();
        let mut stream = self.blanked(upload, film).await?;
        while let Some(piece) = stream.next().await {
            hash.update(piece.map_err(|error| EngineError::new("blobs", error))?);
        }
        Ok(ContentHash(hash.finalize().into()))
    }
}

/// What its sender says of a voice note counts only for sound.
fn kind_of(kind: AttachmentKind, voice: Option<&VoiceNote>) -> AttachmentKind {
    match (kind, voice) {
        // Browsers record sound in the containers of films.
        (AttachmentKind::Audio | AttachmentKind::Video, Some(_)) => AttachmentKind::Voice,
        (kind, _) => kind,
    }
}

fn attachment(
    upload: &Upload,
    media_type: &str,
    kind: AttachmentKind,
    size: u64,
    hash: ContentHash,
) -> Attachment {
    let voice = upload.voice.as_ref().filter(|_| kind == AttachmentKind::Voice);
    let media_type = match (kind, media_type) {
        (AttachmentKind::Voice, "video/webm") => "audio/webm",
        (AttachmentKind::Voice, "video/mp4") => "audio/mp4",
        (_, other) => other,
    };
    Attachment {
        name: upload.name.clone(),
        media_type: media_type.to_owned(),
        size,
        hash,
        kind,
        pixels: None,
        blur: None,
        thumb: None,
        duration_ms: voice.map(|voice| voice.duration_ms),
        wave: voice.map(|voice| voice.wave.clone()),
    }
}

/// Whether a text is a voice note's wave.
pub fn is_wave(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|points| (1..=WAVE_POINTS_MAX).contains(&points.len()))
}

/// Whether an upload's state will not change by itself any more.
pub fn is_settled(state: &UploadState) -> bool {
    matches!(state, UploadState::Ready(_) | UploadState::Refused { .. })
}
