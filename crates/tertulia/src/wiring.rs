//! Which adapter stands behind each port. This is all that differs between a laptop and a fleet.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, anyhow};
use tertulia_adapters::{
    blobs::files::FileBlobs,
    coordination::embedded::EmbeddedCoordination,
    directory::sqlite::SqliteDirectory,
    messages::embedded::{EmbeddedMessages, Fault},
    presence::embedded::EmbeddedPresence,
    time::system::{OsEntropy, SystemClock},
};
use tertulia_ports::time::Entropy;
use tertulia_server::roles::Ports;

/// Embedded engines, all in one data folder.
pub fn embedded(data: &Path) -> Result<Ports> {
    // First, since it locks the folder: a second process must not touch the rest.
    let messages = EmbeddedMessages::open(&data.join("messages"), || format!("{:016x}", OsEntropy.u64()))
        .map_err(no_messages)?;
    Ok(Ports {
        messages: Arc::new(messages),
        directory: Arc::new(SqliteDirectory::open(data).context("the directory")?),
        coordination: Arc::new(
            EmbeddedCoordination::open(data)
                .context("the run-time configuration cannot be read: mend the file, or delete it to start with the configured limits")?,
        ),
        presence: Arc::new(EmbeddedPresence::open(data).context("presence")?),
        blobs: Arc::new(FileBlobs::open(data).context("the folder of files")?),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
    })
}

/// Why the message store is not there, and what helps.
fn no_messages(fault: Fault) -> anyhow::Error {
    match fault {
        Fault::InUse { .. } => anyhow!("{fault}: stop it, or name another folder with --data"),
        fault => anyhow::Error::new(fault).context("the message store"),
    }
}
