//! The key that this server's tokens are made with: a file of the data folder that nobody else may read.
//!
//! Whoever has the key can be anybody; without it every device must sign in again.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
};

use tertulia_ports::time::Entropy;

/// Bytes of the key: as many as the hash has.
pub const KEY_BYTES: usize = 32;

/// The key.
pub type Key = [u8; KEY_BYTES];

/// Reads the key of a data folder, made at the first start.
///
/// # Errors
/// The file cannot be read or written, or is not a key.
pub fn open_key(path: &Path, entropy: &dyn Entropy) -> io::Result<Key> {
    match File::open(path) {
        Ok(file) => read(file, path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path, entropy),
        Err(error) => Err(error),
    }
}

fn read(mut file: File, path: &Path) -> io::Result<Key> {
    let mut key = Key::default();
    let mut rest = [0];
    let is_whole = file.read_exact(&mut key).is_ok() && file.read(&mut rest)? == 0;
    match is_whole {
        true => Ok(key),
        false => {
            let what = format!("{} is not a key of {KEY_BYTES} bytes", path.display());
            Err(io::Error::new(io::ErrorKind::InvalidData, what))
        }
    }
}

/// Written apart and renamed, so that a crash leaves no half a key.
fn make(path: &Path, entropy: &dyn Entropy) -> io::Result<Key> {
    let mut key = Key::default();
    entropy.fill(&mut key);
    let unfinished = path.with_extension("new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use tertulia_ports::time::manual::SeededEntropy;

    use super::*;

    #[test]
    fn the_key_is_made_once_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let key = open_key(&path, &SeededEntropy::new(1)).unwrap();
        assert_eq!(open_key(&path, &SeededEntropy::new(2)).unwrap(), key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(!path.with_extension("new").exists());
    }

    #[test]
    fn a_damaged_key_is_an_error_not_a_new_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        for bytes in [0, 31, 33] {
            fs::write(&path, vec![1; bytes]).unwrap();
            let error = open_key(&path, &SeededEntropy::new(1)).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{bytes}");
        }
    }
}
