//! `/v1/uploads`: files on their way, by the tus protocol 1.0.0 (<https://tus.io/protocols/resumable-upload>): core, creation,
//! creation-with-upload, termination, checksum, expiration. Besides it, `GET` tells in JSON how far an upload is.

pub mod append;
pub mod create;
pub mod drop;
pub mod show;
mod tus;

use serde::Deserialize;
use tertulia_core::{TimeMs, UploadId};
use tertulia_ports::directory::{Upload, UploadState};
use tertulia_protocol::rest;
use utoipa::IntoParams;

use super::{
    Api,
    extract::Caller,
    problem::{Answer, Failure},
};
use crate::wire;

/// How long an upload is kept that no message uses, in ms: a day.
pub const LIFETIME_MS: u64 = 24 * 60 * 60 * 1_000;

/// An upload in the path.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct UploadPath {
    /// The upload's id.
    #[param(value_type = String)]
    upload: UploadId,
}

impl Api {
    /// Somebody's own upload.
    async fn own_upload(&self, caller: &Caller, id: UploadId) -> Answer<Upload> {
        let upload = self.directory.upload(id).await?.filter(|upload| upload.user == caller.id());
        let now = self.clock.now();
        upload.filter(|upload| now < upload.expires_at).ok_or_else(|| Failure::not_found("upload"))
    }

    /// How much of an upload has come.
    async fn offset_of(&self, upload: &Upload) -> Answer<u64> {
        match upload.state {
            UploadState::Receiving => Ok(self.files.blobs().staged(upload.id).await?.unwrap_or(0)),
            _ => Ok(upload.size),
        }
    }

    /// All of an upload has come.
    async fn received(&self, upload: Upload) -> Answer<()> {
        if self.directory.upload_received(upload.id).await? {
            self.files.start(upload);
        }
        Ok(())
    }
}

/// An upload as it is told.
fn shown(upload: Upload, offset: u64) -> rest::Upload {
    let (state, reason, attachment) = match upload.state {
        UploadState::Receiving => (rest::UploadState::Receiving, None, None),
        UploadState::Processing => (rest::UploadState::Processing, None, None),
        UploadState::Ready(attachment) => {
            (rest::UploadState::Ready, None, Some(wire::attachment(*attachment)))
        }
        UploadState::Refused { reason } => (rest::UploadState::Refused, Some(reason), None),
    };
    let TimeMs(expires_at) = upload.expires_at;
    rest::Upload { id: upload.id, state, offset, size: upload.size, expires_at, reason, attachment }
}
