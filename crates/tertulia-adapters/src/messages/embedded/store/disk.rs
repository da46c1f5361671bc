//! Where bytes go to the disk: one place, so that tests can make it fail.

use std::{fs::File, io, os::unix::fs::FileExt};

/// The disk.
#[derive(Debug, Clone, Default)]
pub struct Disk {
    #[cfg(test)]
    pub faults: std::sync::Arc<Faults>,
}

/// What the disk refuses to do.
#[cfg(test)]
#[derive(Debug, Default)]
pub struct Faults {
    /// Writes fail: the disk is full.
    pub full: std::sync::atomic::AtomicBool,
    /// Syncs fail.
    pub no_sync: std::sync::atomic::AtomicBool,
}

impl Disk {
    /// Writes all bytes at an offset.
    pub fn write(&self, file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
        #[cfg(test)]
        if self.faults.full.load(std::sync::atomic::Ordering::SeqCst) {
            // As a disk that fills up does: a part of it arrives.
            file.write_all_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        file.write_all_at(bytes, offset)
    }

    /// Makes what was written to a file durable.
    pub fn sync(&self, file: &File) -> io::Result<()> {
        #[cfg(test)]
        if self.faults.no_sync.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(io::Error::other("input/output error"));
        }
        file.sync_data()
    }
}
