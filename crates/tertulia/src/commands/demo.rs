//! `tertulia demo`: a server with ten rooms of people who talk, for a look at a living one.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use tertulia_client::demo;

use super::serve::{Signals, Started, start_log, start_runtime};
use crate::config::{Flags, Loaded};

/// Run a server with ten rooms of people who talk.
#[derive(Debug, Args)]
pub struct Demo {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Mean time between two things that happen in a room, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 4_000)]
    pace_ms: u64,
    /// Where chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A folder that goes when the demonstration ends.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("tertulia-demo-{}", std::process::id()));
        std::fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "the demonstration's folder stays");
        }
    }
}

impl Demo {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        let folder = Folder::make()?;
        let flags = Flags { listen: Some(self.listen), data: Some(folder.0.clone()), ..Flags::default() };
        let loaded = Loaded::read(&flags)?;
        start_log("warn")?;
        start_runtime()?.block_on(async {
            let signals = Signals::listen()?;
            let started = Started::start(&loaded).await?;
            println!("listening on {}", started.url);
            let address = started.url.parse().context("the server's own address")?;
            let demo = demo::Demo { address, seed: self.seed, pace: Duration::from_millis(self.pace_ms) };
            let url = started.url.clone();
            let talking = demo::run(demo, |rooms| {
                println!("ten rooms, five people each. Come in:");
                for room in rooms {
                    println!("  {url}/i/{}  {}", room.invite, room.name);
                }
            });
            tokio::select! {
                ended = talking => ended.context("the demonstration")?,
                () = signals.wait() => {}
            }
            started.server.stop().await;
            Ok(())
        })
    }
}
