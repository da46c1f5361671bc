//! The store's folder: who may use it, which format it has, and what its files are called.
//!
//! | file | what |
//! | --- | --- |
//! | `FORMAT` | the format's name and version |
//! | `LOCK` | locked while a process uses the folder, with its number |
//! | `HISTORY` | the id of the history that the store holds: delete it after a restore, and another is made |
//! | `log/N.log` | segments of the log, ascending without gaps |
//! | `runs/A-B.run` | what the segments A to B held, sorted |

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use super::{
    disk::Disk,
    fault::{Fault, Outcome, Try},
};

const FORMAT: &str = "tertulia messages, format 1\n";

/// A folder that this process holds.
#[derive(Debug)]
pub struct Folder {
    log: PathBuf,
    runs: PathBuf,
    history: String,
    disk: Disk,
    /// Holds the lock until dropped.
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, and locks it. `fresh_history` makes an id for a new history.
    pub fn open(path: &Path, disk: Disk, fresh_history: &mut dyn FnMut() -> String) -> Outcome<Self> {
        let (log, runs) = (path.join("log"), path.join("runs"));
        for folder in [path, &log, &runs] {
            make(folder).when("create folder", folder)?;
        }
        let lock = lock(path)?;
        if !path.join("FORMAT").exists()
            && let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty())
        {
            sync_directory(parent).when("sync folder", parent)?;
        }
        let format = read_or_write(&path.join("FORMAT"), || FORMAT.to_owned())?;
        if format != FORMAT {
            return Err(Fault::Format {
                path: path.join("FORMAT"),
                found: format.trim_end().to_owned(),
                known: FORMAT.trim_end(),
            });
        }
        let history = read_or_write(&path.join("HISTORY"), fresh_history)?.trim_end().to_owned();
        Ok(Self { log, runs, history, disk, _lock: lock })
    }

    /// The id of the history.
    pub fn history(&self) -> &str {
        &self.history
    }

    /// What reaches the disk goes through this.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Where segments lie.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Where runs lie.
    pub fn runs(&self) -> &Path {
        &self.runs
    }

    /// A segment's file.
    pub fn segment(&self, number: u64) -> PathBuf {
        self.log.join(format!("{number:010}.log"))
    }

    /// The file of the run that holds these segments.
    pub fn run(&self, first: u64, last: u64) -> PathBuf {
        self.runs.join(format!("{first:010}-{last:010}.run"))
    }

    /// Segments by number, ascending.
    pub fn list_segments(&self) -> Outcome<Vec<(u64, PathBuf)>> {
        let mut segments = Vec::new();
        for path in list(&self.log)? {
            let number = name_of(&path).strip_suffix(".log").and_then(|number| number.parse().ok());
            segments.extend(number.map(|number| (number, path)));
        }
        segments.sort();
        Ok(segments)
    }

    /// Runs by their first and last segment, ascending; half-written ones are removed.
    pub fn list_runs(&self) -> Outcome<Vec<(u64, u64)>> {
        let mut runs = Vec::new();
        for path in list(&self.runs)? {
            let name = name_of(&path);
            if name.ends_with(".tmp") {
                fs::remove_file(&path).when("remove", &path)?;
            }
            let ends = name.strip_suffix(".run").and_then(|name| name.split_once('-'));
            runs.extend(ends.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?))));
        }
        runs.sort_unstable();
        Ok(runs)
    }

    /// Makes durable which files a folder has.
    pub fn sync_directory(&self, path: &Path) -> Outcome<()> {
        sync_directory(path).when("sync folder", path)
    }
}

/// Makes a folder, for nobody else on the machine: texts are in it.
fn make(path: &Path) -> io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders.recursive(true).create(path)
}

fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path).and_then(|folder| folder.sync_all())
}

fn list(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).when("list", folder)?;
    entries.map(|entry| entry.map(|entry| entry.path()).when("list", folder)).collect()
}

fn name_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

fn lock(path: &Path) -> Outcome<File> {
    let file = path.join("LOCK");
    let mut options = OpenOptions::new();
    let mut lock =
        options.read(true).write(true).create(true).truncate(false).open(&file).when("open", &file)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            let mut pid = String::new();
            lock.read_to_string(&mut pid).when("read", &file)?;
            return Err(Fault::InUse { path: path.to_owned(), pid: pid.trim_end().to_owned() });
        }
        Err(fs::TryLockError::Error(error)) => return Err(error).when("lock", &file),
    }
    let write = |lock: &mut File| {
        lock.set_len(0)?;
        lock.rewind()?;
        writeln!(lock, "{}", std::process::id())
    };
    write(&mut lock).when("write", &file)?;
    Ok(lock)
}

/// What a small file says; written whole or not at all, and durably, if it is not there.
fn read_or_write(path: &Path, fresh: impl FnOnce() -> String) -> Outcome<String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let (text, temporary) = (fresh(), path.with_extension("tmp"));
            let write = || {
                let mut file = File::create(&temporary)?;
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                fs::rename(&temporary, path)?;
                path.parent().map_or(Ok(()), sync_directory)
            };
            write().when("write", path)?;
            Ok(text)
        }
        Err(error) => Err(error).when("read", path),
    }
}
