//! A disk that is full. The data folder is a small file system of its own, in a mount namespace, where one may be made
//! without rights; else the process's limit on the size of files stands in for it: every write fails as well, with another
//! error of the system.

use std::{
    ffi::OsString,
    fs::File,
    io::{BufRead, BufReader, ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// The size of the small file system: some runs' worth of data.
const SIZE: &str = "size=192m";
/// What is written at once to fill it.
static FILLING: [u8; 64 * 1024] = [0x5a; 64 * 1024];

/// The disk that a server's data folder is on.
#[derive(Debug)]
pub(super) enum Disk {
    /// A file system of its own.
    Small {
        /// Keeps the namespace.
        holder: Child,
        /// The words before the server's command line that lead into it.
        entrance: Vec<OsString>,
        /// The file that fills it, as seen from here.
        filler: PathBuf,
    },
    /// The machine's, with a limit on the size of files.
    Limited,
}

impl Disk {
    /// A disk under `folder`, which is made; and why it is only limited, if it is.
    pub fn make(folder: &Path) -> Result<(Self, Option<String>)> {
        std::fs::create_dir_all(folder)?;
        match Self::small(folder, &[]).or_else(|_| Self::small(folder, &["--user", "--map-root-user"])) {
            Ok(small) => Ok((small, None)),
            Err(error) => Ok((Self::Limited, Some(format!("{error:#}")))),
        }
    }

    fn small(folder: &Path, user: &[&str]) -> Result<Self> {
        let mut holder = Command::new("unshare")
            .args(user)
            .args(["--mount", "sh", "-c", r#"mount -t tmpfs -o "$1" tmpfs "$0" && echo ready && exec cat"#])
            .arg(folder)
            .arg(SIZE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("there is no unshare")?;
        let mut line = String::new();
        let stdout = holder.stdout.take().context("unshare has no standard output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        if line.trim() != "ready" {
            let output = holder.wait_with_output()?;
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let id = holder.id().to_string();
        let mut entrance: Vec<OsString> = ["nsenter", "--target", &id, "--mount"].map(OsString::from).into();
        if !user.is_empty() {
            entrance.extend(["--user", "--preserve-credentials"].map(OsString::from));
        }
        let seen_from_here = Path::new("/proc").join(id).join("root").join(folder.strip_prefix("/")?);
        Ok(Self::Small { holder, entrance, filler: seen_from_here.join("filler") })
    }

    /// The words before the server's command line.
    pub fn prefix(&self) -> Vec<OsString> {
        match self {
            Self::Small { entrance, .. } => entrance.clone(),
            // Who writes beyond the limit gets an error, not a signal.
            Self::Limited => ["sh", "-c", r#"trap "" XFSZ; exec "$0" "$@""#].map(OsString::from).into(),
        }
    }

    /// Whether a server that is started on the full disk finds it full.
    pub fn stays_full(&self) -> bool {
        matches!(self, Self::Small { .. })
    }

    /// Fills it to the last byte, for the server that runs as `process`.
    pub fn fill(&self, process: u32) -> Result<()> {
        let Self::Small { filler, .. } = self else { return limit(process, 0) };
        let mut file = File::create(filler).context("the small file system cannot be reached")?;
        let mut size = FILLING.len();
        while size > 0 {
            match file.write(&FILLING[..size]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => size /= 2,
                Err(error) => return Err(error).context("the small file system cannot be filled"),
            }
        }
        Ok(())
    }

    /// Copies what is in `folder`, which is this disk's, to elsewhere.
    pub fn copy(&self, folder: &Path, to: &Path) -> Result<()> {
        let from = match self {
            Self::Small { filler, .. } => filler.parent().unwrap_or(folder),
            Self::Limited => folder,
        };
        let status = Command::new("cp").arg("-rT").arg(from).arg(to).status().context("there is no cp")?;
        match status.success() {
            true => Ok(()),
            false => bail!("the data folder cannot be copied to {}", to.display()),
        }
    }

    /// Makes room again.
    pub fn make_room(&self, process: u32) -> Result<()> {
        match self {
            Self::Small { filler, .. } => Ok(std::fs::remove_file(filler)?),
            Self::Limited => limit(process, u64::MAX),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Small { holder, .. } = self {
            // It ends with its standard input, and the file system with it.
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
    }
}

fn limit(process: u32, bytes: u64) -> Result<()> {
    let bytes = if bytes == u64::MAX { "unlimited".to_owned() } else { bytes.to_string() };
    let mut command = Command::new("prlimit");
    command.args(["--pid", &process.to_string(), &format!("--fsize={bytes}:")]);
    match command.status().context("there is no prlimit")?.success() {
        true => Ok(()),
        false => bail!("the limit of the server's files cannot be set"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(disk: &Disk, file: &Path) -> (Child, impl Write + use<>) {
        let prefix = disk.prefix();
        let script = r#"read go; dd if=/dev/zero of="$0" bs=4096 count=1 2>/dev/null && echo yes || echo no"#;
        let mut command = Command::new(&prefix[0]);
        command.args(&prefix[1..]).args(["sh", "-c", script]).arg(file);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        (child, stdin)
    }

    #[test]
    fn a_full_disk_refuses_and_takes_again() {
        let folder = tempfile::tempdir().unwrap();
        let (small, _) = Disk::make(&folder.path().join("small")).unwrap();
        for disk in [small, Disk::Limited] {
            let (child, mut go) = writes(&disk, &folder.path().join("small/file"));
            disk.fill(child.id()).unwrap();
            go.write_all(b"go\n").unwrap();
            let said = child.wait_with_output().unwrap().stdout;
            assert_eq!(String::from_utf8(said).unwrap(), "no\n", "{disk:?}");
            let (child, mut go) = writes(&disk, &folder.path().join("small/file"));
            disk.make_room(child.id()).unwrap();
            go.write_all(b"go\n").unwrap();
            let said = child.wait_with_output().unwrap().stdout;
            assert_eq!(String::from_utf8(said).unwrap(), "yes\n", "{disk:?}");
        }
    }
}
