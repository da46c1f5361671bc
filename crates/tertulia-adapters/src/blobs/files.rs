//! Blobs as files in a folder.
//!
//! | file | what |
//! | --- | --- |
//! | `staged/ID` | an upload's bytes |
//! | `blobs/AB/KEY` | a blob; `AB` are the first two letters of its key |
//!
//! A blob is written aside, synced and renamed, so it is whole or not there. An upload's file is synced before its length
//! is told; after a crash it may be longer than that, which does no harm: what is there is what was sent.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use tertulia_core::UploadId;
use tertulia_ports::{
    EngineError, EngineResult,
    blobs::{Appended, Blobs, ByteStream, is_key},
};

/// The folder's name in the data folder.
pub const FOLDER: &str = "files";

/// Bytes are read in pieces of this size.
const PIECE_BYTES: u64 = 256 * 1024;

/// A folder of blobs.
#[derive(Debug, Clone)]
pub struct FileBlobs {
    staged: PathBuf,
    blobs: PathBuf,
}

impl FileBlobs {
    /// Opens the folder in this data folder; makes it, for nobody else on the machine, if it is not there.
    pub fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        let this = Self { staged: folder.join("staged"), blobs: folder.join("blobs") };
        for folder in [&folder, &this.staged, &this.blobs] {
            make_folder(folder)?;
        }
        Ok(this)
    }

    fn staged_path(&self, upload: UploadId) -> PathBuf {
        // Of one length, so that names stand in the order of ids.
        self.staged.join(format!("{:019}", upload.get()))
    }

    fn blob_path(&self, key: &str) -> EngineResult<PathBuf> {
        match is_key(key) && key.len() > 2 {
            true => Ok(self.blobs.join(&key[..2]).join(key)),
            false => Err(EngineError::new("files", format!("{key:?} is not a key"))),
        }
    }
}

#[async_trait]
impl Blobs for FileBlobs {
    async fn stage(&self, upload: UploadId) -> EngineResult<()> {
        let (path, folder) = (self.staged_path(upload), self.staged.clone());
        on_disk(move || {
            File::options().create(true).append(true).open(&path).map_err(at(&path))?;
            sync_folder(&folder)
        })
        .await
    }

    async fn staged(&self, upload: UploadId) -> EngineResult<Option<u64>> {
        let path = self.staged_path(upload);
        on_disk(move || length_of(&path)).await
    }

    async fn append(
        &self,
        upload: UploadId,
        offset: u64,
        max: u64,
        mut bytes: ByteStream,
    ) -> EngineResult<Appended> {
        let path = self.staged_path(upload);
        let opened = on_disk({
            let path = path.clone();
            move || {
                let file = File::options().append(true).open(&path).map_err(at(&path))?;
                let length = file.metadata().map_err(at(&path))?.len();
                Ok((file, length))
            }
        });
        let (mut file, mut length) = opened.await?;
        if offset != length {
            return Ok(Appended::Elsewhere { length });
        }
        let mut left = max;
        while left > 0 {
            // What came before a stream breaks counts.
            let Some(Ok(mut piece)) = bytes.next().await else { break };
            piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= piece.len() as u64;
            let path = path.clone();
            let written = move || match file.write_all(&piece) {
                Ok(()) => Ok((file, piece.len() as u64)),
                Err(error) => {
                    // A full disk takes a part of a piece: nobody was told of it.
                    if let Err(error) = file.set_len(length) {
                        tracing::warn!(%error, path = %path.display(), "cannot take back what was written in part");
                    }
                    Err(at(&path)(error))
                }
            };
            let more;
            (file, more) = on_disk(written).await?;
            length += more;
        }
        on_disk(move || file.sync_data().map_err(at(&path))).await?;
        Ok(Appended::Length(length))
    }

    async fn cut(&self, upload: UploadId, length: u64) -> EngineResult<()> {
        let path = self.staged_path(upload);
        on_disk(move || {
            let file = File::options().write(true).open(&path).map_err(at(&path))?;
            file.set_len(length).and_then(|()| file.sync_data()).map_err(at(&path))
        })
        .await
    }

    async fn read_staged(&self, upload: UploadId, range: Range<u64>) -> EngineResult<Option<ByteStream>> {
        read(self.staged_path(upload), range).await
    }

    async fn keep(&self, upload: UploadId, key: &str) -> EngineResult<()> {
        let (from, to, staged) = (self.staged_path(upload), self.blob_path(key)?, self.staged.clone());
        on_disk(move || {
            if length_of(&to)?.is_some() {
                return Ok(());
            }
            let folder = folder_of(&to);
            make_folder(folder).map_err(at(folder))?;
            fs::rename(&from, &to).map_err(at(&from))?;
            sync_folder(folder)?;
            sync_folder(&staged)
        })
        .await
    }

    async fn drop_staged(&self, upload: UploadId) -> EngineResult<()> {
        let path = self.staged_path(upload);
        on_disk(move || remove(&path)).await
    }

    async fn staged_after(&self, after: Option<UploadId>, limit: usize) -> EngineResult<Vec<UploadId>> {
        let (folder, after) = (self.staged.clone(), after.map_or(0, UploadId::get));
        on_disk(move || {
            let ids = names(&folder)?.into_iter().filter_map(|name| name.parse().ok());
            Ok(ids.filter(|id: &u64| *id > after).map(UploadId::new).take(limit).collect())
        })
        .await
    }

    async fn put(&self, key: &str, bytes: Bytes) -> EngineResult<()> {
        let path = self.blob_path(key)?;
        on_disk(move || {
            let folder = folder_of(&path);
            make_folder(folder).map_err(at(folder))?;
            let aside = path.with_extension("new");
            let written = File::create(&aside).and_then(|mut file| {
                file.write_all(&bytes)?;
                file.sync_data()
            });
            if let Err(error) = written.and_then(|()| fs::rename(&aside, &path)) {
                remove(&aside)?;
                return Err(at(&path)(error));
            }
            sync_folder(folder)
        })
        .await
    }

    async fn size(&self, key: &str) -> EngineResult<Option<u64>> {
        let path = self.blob_path(key)?;
        on_disk(move || length_of(&path)).await
    }

    async fn read(&self, key: &str, range: Range<u64>) -> EngineResult<Option<ByteStream>> {
        read(self.blob_path(key)?, range).await
    }

    async fn delete(&self, key: &str) -> EngineResult<()> {
        let path = self.blob_path(key)?;
        on_disk(move || remove(&path)).await
    }

    async fn keys_after(&self, after: Option<&str>, limit: usize) -> EngineResult<Vec<String>> {
        let (folder, after) = (self.blobs.clone(), after.unwrap_or_default().to_owned());
        on_disk(move || {
            let mut keys = Vec::new();
            for shelf in names(&folder)? {
                if *shelf < after[..after.len().min(2)] {
                    continue;
                }
                // What a crash left beside a blob has a dot.
                keys.extend(
                    names(&folder.join(shelf))?.into_iter().filter(|key| *key > after && is_key(key)),
                );
                if keys.len() >= limit {
                    keys.truncate(limit);
                    break;
                }
            }
            Ok(keys)
        })
        .await
    }
}

/// Runs what waits for the disk where waiting does no harm.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> EngineResult<T> + Send + 'static,
) -> EngineResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| EngineError::new("files", error))?
}

async fn read(path: PathBuf, range: Range<u64>) -> EngineResult<Option<ByteStream>> {
    let opened = on_disk(move || match File::open(&path) {
        Ok(mut file) => file.seek(SeekFrom::Start(range.start)).map(|_| Some(file)).map_err(at(&path)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(&path)(error)),
    });
    let Some(file) = opened.await? else { return Ok(None) };
    let length = range.end.saturating_sub(range.start);
    let pieces = stream::try_unfold((file, length), |(mut file, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let next = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::with_capacity(left.min(PIECE_BYTES) as usize);
            (&mut file).take(left.min(PIECE_BYTES)).read_to_end(&mut piece)?;
            Ok::<_, io::Error>((piece, file))
        });
        let (piece, file) = next.await.map_err(io::Error::other)??;
        let left = left - piece.len() as u64;
        Ok((!piece.is_empty()).then(|| (Bytes::from(piece), (file, left))))
    });
    Ok(Some(Box::pin(pieces)))
}

fn length_of(path: &Path) -> EngineResult<Option<u64>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found.len())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path)(error)),
    }
}

fn remove(path: &Path) -> EngineResult<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

/// The names in a folder, ascending.
fn names(folder: &Path) -> EngineResult<Vec<String>> {
    let read = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut names: Vec<_> = read
        .map_err(at(folder))?
        .into_iter()
        .filter_map(|found| found.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    Ok(names)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().expect("blobs lie in folders")
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders.recursive(true).create(path)
}

fn sync_folder(path: &Path) -> EngineResult<()> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(at(path))
}

fn at(path: &Path) -> impl Fn(io::Error) -> EngineError + '_ {
    move |error| EngineError::new("files", format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tempfile::TempDir;
    use tertulia_ports::blobs::contract;

    use super::*;

    #[tokio::test]
    async fn the_suite_passes() {
        let folders = RefCell::new(Vec::new());
        contract::check(async || {
            let folder = TempDir::new().unwrap();
            let blobs = FileBlobs::open(folder.path()).unwrap();
            folders.borrow_mut().push(folder);
            blobs
        })
        .await;
    }

    #[tokio::test]
    async fn a_key_is_never_a_path() {
        let folder = TempDir::new().unwrap();
        let blobs = FileBlobs::open(folder.path()).unwrap();
        for key in ["", "a", "..", "../../x", "a/b", "a\\b", "\0bc", &"a".repeat(97)] {
            assert!(blobs.put(key, Bytes::new()).await.is_err(), "{key:?}");
            assert!(blobs.read(key, 0..1).await.is_err(), "{key:?}");
            assert!(blobs.delete(key).await.is_err(), "{key:?}");
        }
    }
}
