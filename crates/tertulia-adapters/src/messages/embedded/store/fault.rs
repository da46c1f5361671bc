//! What can go wrong with the store, in words for the operator.

use std::{io, path::Path, path::PathBuf};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The operating system refused: it may not when asked again.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Upon what.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Stored bytes are not what was written.
    #[error(
        "{} is damaged at byte {offset}: {what}. It was left as it is. Restore the data folder from a backup, and \
         look after the disk",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// What is wrong.
        what: String,
    },
    /// Another process has it open.
    #[error("data folder {} is in use by process {pid}", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
        /// The process, as it told.
        pid: String,
    },
    /// Written by another program, or another version of this one.
    #[error("{} says {found:?}, and this program knows {known:?}: use the version that wrote it, or another folder", path.display())]
    Format {
        /// The file that tells the format.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What it should say.
        known: &'static str,
    },
    /// A value does not read, though its checksum is right.
    #[error("{what} does not read: another version of this program wrote it")]
    Foreign {
        /// What it should be.
        what: String,
    },
    /// Sealed tables wait to be written out, and cannot be.
    #[error("tables cannot be written out: {reason}")]
    Backlog {
        /// What the last try said.
        reason: String,
    },
}

/// What the store answers.
pub type Outcome<T> = Result<T, Fault>;

/// Says what was tried upon what.
pub trait Try<T> {
    /// The error with the action and the path.
    fn when(self, action: &'static str, path: &Path) -> Outcome<T>;
}

impl<T> Try<T> for io::Result<T> {
    fn when(self, action: &'static str, path: &Path) -> Outcome<T> {
        self.map_err(|source| Fault::Io { action, path: path.to_owned(), source })
    }
}

impl Fault {
    /// The file has wrong bytes at an offset.
    pub fn damaged(path: &Path, offset: u64, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), offset, what: what.into() }
    }
}
