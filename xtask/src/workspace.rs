//! Where things are in the tree: its root, the build folder, and which parts exist yet.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checked-out project.
pub struct Workspace {
    /// The folder that holds the root `Cargo.toml`.
    pub root: PathBuf,
    /// Cargo's build folder, which `CARGO_TARGET_DIR` may have moved.
    pub target: PathBuf,
}

impl Workspace {
    /// Finds the project that this program was built from.
    pub fn find() -> Result<Self> {
        let here = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = here.parent().context("xtask lies in a folder of the project")?.to_path_buf();
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let target = program.ancestors().nth(2).context("xtask was not built by cargo")?.to_path_buf();
        Ok(Self { root, target })
    }

    /// Whether the file or folder exists; `path` is relative to the root.
    pub fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// The built server, for `profile` `debug` or `release`.
    pub fn server(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join("tertulia")
    }

    /// The web client's folder.
    pub fn web(&self) -> PathBuf {
        self.root.join("web")
    }

    /// Tools that tests need and that are no part of the build, such as the WebSocket conformance runner.
    pub fn tools(&self) -> PathBuf {
        self.root.join("target/tools")
    }

    /// A place for the output of test stages.
    pub fn logs(&self) -> PathBuf {
        self.target.join("xtask")
    }
}

/// The newest change of any file or folder below `path`, leaving out the folders named in `without`.
pub fn newest_change(path: &Path, without: &[&str]) -> Result<std::time::SystemTime> {
    let metadata = std::fs::metadata(path).with_context(|| format!("cannot look at {}", path.display()))?;
    let mut newest = metadata.modified()?;
    if metadata.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            if without.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            newest = newest.max(newest_change(&entry.path(), without)?);
        }
    }
    Ok(newest)
}
