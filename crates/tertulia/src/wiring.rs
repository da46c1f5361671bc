//! Which adapter stands behind each port. This is all that differs between a laptop and a fleet.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result};
use tertulia_adapters::{
    coordination::embedded::EmbeddedCoordination,
    directory::sqlite::SqliteDirectory,
    messages::embedded::EmbeddedMessages,
    presence::embedded::EmbeddedPresence,
    time::system::{OsEntropy, SystemClock},
};
use tertulia_ports::time::Entropy;
use tertulia_server::roles::Ports;

/// Embedded engines, all in one data folder.
pub fn embedded(data: &Path) -> Result<Ports> {
    // First, since it locks the folder: a second process must not touch the rest.
    let messages = EmbeddedMessages::open(&data.join("messages"), || format!("{:016x}", OsEntropy.u64()))
        .context("the message store")?;
    Ok(Ports {
        messages: Arc::new(messages),
        directory: Arc::new(SqliteDirectory::open(data).context("the directory")?),
        coordination: Arc::new(EmbeddedCoordination::open(data).context("the run-time configuration")?),
        presence: Arc::new(EmbeddedPresence::open(data).context("presence")?),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(OsEntropy),
    })
}
