//! Uploads, blobs, and which messages use them. Uses are written by the owner's projection, in `apply.rs`.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params, types::Type};
use serde::{Serialize, de::DeserializeOwned};
use tertulia_core::{Attachment, Entry, EntryBody, EntryKind, RoomId, Seq, TimeMs, UploadId, UserId};
use tertulia_ports::{
    EngineResult,
    directory::{Blob, Files, NotHeld, Upload, UploadState},
};

use super::{
    SqliteDirectory,
    columns::{number, sql, sql_limit, time, unknown},
};

// How far uploads are, in columns. Frozen.
const RECEIVING: i64 = 0;
const PROCESSING: i64 = 1;
const READY: i64 = 2;
const REFUSED: i64 = 3;

/// The columns of [`Upload`], in the order in which [`upload_from`] reads them.
macro_rules! upload_columns {
    () => {
        "id, user, name, size, voice, created_at, expires_at, state, attachment, reason"
    };
}

/// That nothing has the blob of the outer query.
macro_rules! is_unused {
    () => {
        "NOT EXISTS (SELECT 1 FROM attachments WHERE attachments.blob = blobs.key)
         AND NOT EXISTS (SELECT 1 FROM uploads WHERE uploads.blob = blobs.key)"
    };
}

fn upload_from(row: &Row<'_>) -> rusqlite::Result<Upload> {
    let state = match row.get::<_, i64>(7)? {
        RECEIVING => UploadState::Receiving,
        PROCESSING => UploadState::Processing,
        READY => UploadState::Ready(Box::new(from_json(row, 8)?)),
        REFUSED => UploadState::Refused { reason: row.get(9)? },
        other => return Err(unknown(7, other)),
    };
    let has_voice = row.get_ref(4)?.data_type() != Type::Null;
    Ok(Upload {
        id: UploadId::new(number(row, 0)?),
        user: UserId::new(number(row, 1)?),
        name: row.get(2)?,
        size: number(row, 3)?,
        voice: if has_voice { Some(from_json(row, 4)?) } else { None },
        created_at: time(row, 5)?,
        expires_at: time(row, 6)?,
        state,
    })
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    let bad = |error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error));
    serde_json::from_str(&text).map_err(bad)
}

fn to_json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn upload(connection: &Connection, id: UploadId) -> rusqlite::Result<Option<Upload>> {
    connection
        .prepare_cached(concat!("SELECT ", upload_columns!(), " FROM uploads WHERE id = ?"))?
        .query_row([sql(id.get())], upload_from)
        .optional()
}

fn blob_from(row: &Row<'_>) -> rusqlite::Result<Blob> {
    Ok(Blob { key: row.get(0)?, thumb: row.get(1)? })
}

/// The blob that holds this content, or this one from now on.
fn adopt(connection: &Connection, attachment: &Attachment, blob: &Blob) -> rusqlite::Result<Blob> {
    let hash = attachment.hash.to_string();
    let known = connection
        .prepare_cached("SELECT key, thumb FROM blobs WHERE hash = ? AND retired = 0")?
        .query_row([&hash], blob_from)
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    connection
        .prepare_cached("INSERT INTO blobs (key, hash, thumb) VALUES (?, ?, ?)")?
        .execute(params![blob.key, hash, blob.thumb])?;
    Ok(blob.clone())
}

/// Whether an entry changes which files its room uses.
pub(super) fn concerns(entry: &Entry) -> bool {
    let carries = |body: &EntryBody| !body.attachments().is_empty();
    entry.kind == EntryKind::Delete || entry.body.as_ref().is_some_and(carries)
}

/// What an entry makes of its room's uses. Of an erased message nothing is left to use anything.
pub(super) fn apply(connection: &Connection, room: RoomId, entry: &Entry) -> rusqlite::Result<()> {
    match &entry.body {
        Some(EntryBody::Message { attachments, .. }) => {
            let mut add = connection.prepare_cached(
                "INSERT OR IGNORE INTO attachments (room, seq, place, blob)
                 SELECT ?1, ?2, ?3, key FROM blobs WHERE hash = ?4 AND retired = 0",
            )?;
            for (place, attachment) in (0_i64..).zip(attachments) {
                let hash = attachment.hash.to_string();
                add.execute(params![sql(room.get()), sql(entry.seq), place, hash])?;
            }
            Ok(())
        }
        Some(EntryBody::Delete { of, .. }) => connection
            .prepare_cached("DELETE FROM attachments WHERE room = ? AND seq = ?")?
            .execute([sql(room.get()), sql(*of)])
            .map(|_| ()),
        _ => Ok(()),
    }
}

#[async_trait]
impl Files for SqliteDirectory {
    async fn add_upload(&self, upload: &Upload, max: u64) -> EngineResult<bool> {
        let upload = upload.clone();
        self.write(move |connection| {
            let count = connection
                .prepare_cached("SELECT count(*) FROM uploads WHERE user = ? AND held = 0")?
                .query_row([sql(upload.user.get())], |row| number(row, 0))?;
            if count >= max {
                return Ok(false);
            }
            connection
                .prepare_cached(
                    "INSERT INTO uploads (id, user, name, size, voice, created_at, expires_at, state)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    sql(upload.id.get()),
                    sql(upload.user.get()),
                    upload.name,
                    sql(upload.size),
                    upload.voice.as_ref().map(to_json).transpose()?,
                    sql(upload.created_at.0),
                    sql(upload.expires_at.0),
                    RECEIVING,
                ])
                .map(|_| true)
        })
        .await
    }

    async fn upload(&self, id: UploadId) -> EngineResult<Option<Upload>> {
        self.read(|connection| upload(connection, id))
    }

    async fn upload_received(&self, id: UploadId) -> EngineResult<bool> {
        self.write(move |connection| {
            connection
                .prepare_cached("UPDATE uploads SET state = ? WHERE id = ? AND state = ?")?
                .execute([PROCESSING, sql(id.get()), RECEIVING])
                .map(|changed| changed > 0)
        })
        .await
    }

    async fn upload_ready(
        &self,
        id: UploadId,
        attachment: &Attachment,
        blob: &Blob,
    ) -> EngineResult<Option<Blob>> {
        let (attachment, blob) = (attachment.clone(), blob.clone());
        self.write(move |connection| {
            if upload(connection, id)?.is_none_or(|upload| upload.state != UploadState::Processing) {
                return Ok(None);
            }
            let kept = adopt(connection, &attachment, &blob)?;
            connection
                .prepare_cached("UPDATE uploads SET state = ?, attachment = ?, blob = ? WHERE id = ?")?
                .execute(params![READY, to_json(&attachment)?, kept.key, sql(id.get())])?;
            Ok(Some(kept))
        })
        .await
    }

    async fn refuse_upload(&self, id: UploadId, reason: &str) -> EngineResult<bool> {
        let reason = reason.to_owned();
        self.write(move |connection| {
            connection
                .prepare_cached("UPDATE uploads SET state = ?, reason = ? WHERE id = ? AND state < ?")?
                .execute(params![REFUSED, reason, sql(id.get()), READY])
                .map(|changed| changed > 0)
        })
        .await
    }

    async fn drop_upload(&self, id: UploadId) -> EngineResult<bool> {
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM uploads WHERE id = ?")?
                .execute([sql(id.get())])
                .map(|dropped| dropped > 0)
        })
        .await
    }

    async fn unprocessed_uploads(&self, limit: usize) -> EngineResult<Vec<Upload>> {
        self.scan(move |connection| {
            let mut found = connection.prepare_cached(concat!(
                "SELECT ",
                upload_columns!(),
                " FROM uploads WHERE state = 1 ORDER BY created_at, id LIMIT ?"
            ))?;
            let rows = found.query_map([sql_limit(limit)], upload_from)?;
            rows.collect()
        })
        .await
    }

    async fn expired_uploads(&self, now: TimeMs, limit: usize) -> EngineResult<Vec<UploadId>> {
        self.scan(move |connection| {
            let mut found = connection.prepare_cached(
                "SELECT id FROM uploads WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ?",
            )?;
            let rows = found.query_map([sql(now.0), sql_limit(limit)], |row| number(row, 0))?;
            rows.map(|id| id.map(UploadId::new)).collect()
        })
        .await
    }

    async fn hold_uploads(
        &self,
        user: UserId,
        uploads: &[UploadId],
        until: TimeMs,
    ) -> EngineResult<Result<Vec<Attachment>, NotHeld>> {
        let uploads = uploads.to_owned();
        self.write(move |connection| {
            let mut attachments = Vec::with_capacity(uploads.len());
            for &id in &uploads {
                let found = upload(connection, id)?.filter(|upload| upload.user == user);
                match found.map(|upload| upload.state) {
                    Some(UploadState::Ready(attachment)) => attachments.push(*attachment),
                    Some(UploadState::Refused { reason }) => {
                        return Ok(Err(NotHeld::Refused { upload: id, reason }));
                    }
                    Some(_) => return Ok(Err(NotHeld::Unfinished { upload: id })),
                    None => return Ok(Err(NotHeld::Unknown { upload: id })),
                }
            }
            let mut hold = connection.prepare_cached(
                "UPDATE uploads SET expires_at = max(expires_at, ?), held = 1 WHERE id = ?",
            )?;
            for id in uploads {
                hold.execute([sql(until.0), sql(id.get())])?;
            }
            Ok(Ok(attachments))
        })
        .await
    }

    async fn file_of(&self, room: RoomId, seq: Seq, place: usize) -> EngineResult<Option<Blob>> {
        self.read(|connection| {
            connection
                .prepare_cached(
                    "SELECT key, thumb FROM attachments JOIN blobs ON key = blob
                     WHERE room = ? AND seq = ? AND place = ?",
                )?
                .query_row([sql(room.get()), sql(seq), sql_limit(place)], blob_from)
                .optional()
        })
    }

    async fn expire_files(&self, room: RoomId, first: Seq) -> EngineResult<()> {
        // Most rooms have none: no transaction for that.
        let has_some = self.read(|connection| {
            connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM attachments WHERE room = ? AND seq < ?)")?
                .query_row([sql(room.get()), sql(first)], |row| row.get::<_, bool>(0))
        })?;
        if !has_some {
            return Ok(());
        }
        self.write(move |connection| {
            connection
                .prepare_cached("DELETE FROM attachments WHERE room = ? AND seq < ?")?
                .execute([sql(room.get()), sql(first)])
                .map(|_| ())
        })
        .await
    }

    async fn retire_blobs(&self, limit: usize) -> EngineResult<Vec<Blob>> {
        self.write(move |connection| {
            connection
                .prepare_cached(concat!(
                    "UPDATE blobs SET retired = 1 WHERE key IN
                     (SELECT key FROM blobs WHERE retired = 0 AND ",
                    is_unused!(),
                    " LIMIT ?)"
                ))?
                .execute([sql_limit(limit)])?;
            let mut retired =
                connection.prepare_cached("SELECT key, thumb FROM blobs WHERE retired = 1 LIMIT ?")?;
            let rows = retired.query_map([sql_limit(limit)], blob_from)?;
            rows.collect()
        })
        .await
    }

    async fn forget_blobs(&self, keys: &[String]) -> EngineResult<()> {
        let keys = keys.to_owned();
        self.write(move |connection| {
            let mut forget = connection.prepare_cached("DELETE FROM blobs WHERE key = ? AND retired = 1")?;
            keys.iter().try_for_each(|key| forget.execute([key]).map(|_| ()))
        })
        .await
    }

    async fn unknown_keys(&self, keys: &[String]) -> EngineResult<Vec<String>> {
        let keys = keys.to_owned();
        self.scan(move |connection| {
            let mut known = connection.prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM blobs WHERE key = ?1)
                     OR EXISTS (SELECT 1 FROM blobs WHERE thumb = ?1)",
            )?;
            let mut unknown = Vec::new();
            for key in keys {
                if !known.query_row([&key], |row| row.get::<_, bool>(0))? {
                    unknown.push(key);
                }
            }
            Ok(unknown)
        })
        .await
    }
}
