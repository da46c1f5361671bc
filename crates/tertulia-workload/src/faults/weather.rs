//! The weather of a server's process: a wall clock apart from the machine's, and a disk whose syncs take their time. Both
//! come from a library that is laid under the process, so the server knows nothing of it.

use std::{ffi::OsString, fs::File, os::unix::fs::FileExt, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, bail};

/// What is laid under the server.
const SOURCE: &str = include_str!("weather.c");

/// The weather of one server.
#[derive(Debug)]
pub(super) struct Weather {
    shared: File,
    clock: Duration,
}

impl Weather {
    /// Builds the library in a folder: the weather, and the environment of a server that lives under it.
    pub fn make(folder: &Path) -> Result<(Self, Vec<(OsString, OsString)>)> {
        let (source, library) = (folder.join("weather.c"), folder.join("weather.so"));
        std::fs::write(&source, SOURCE)?;
        let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
        let mut command = Command::new(compiler);
        command.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source);
        let output = command.output().context("there is no C compiler")?;
        if !output.status.success() {
            bail!("the C compiler says: {}", String::from_utf8_lossy(&output.stderr));
        }
        let path = folder.join("weather");
        let shared = File::options().create(true).truncate(true).write(true).open(&path)?;
        shared.write_all_at(&[0; 16], 0)?;
        let environment = vec![("LD_PRELOAD".into(), library.into()), ("FAULTS_WEATHER".into(), path.into())];
        Ok((Self { shared, clock: Duration::ZERO }, environment))
    }

    /// How far the server's clock will be ahead of the machine's after a jump.
    pub fn ahead_after(&self, jump: Duration) -> Duration {
        self.clock + jump
    }

    /// Sets the server's clock forward.
    pub fn jump(&mut self, jump: Duration) -> Result<()> {
        self.clock += jump;
        self.put(0, self.clock)
    }

    /// How long each sync takes from now on.
    pub fn slow(&self, sync: Duration) -> Result<()> {
        self.put(8, sync)
    }

    fn put(&self, at: u64, value: Duration) -> Result<()> {
        let ms = i64::try_from(value.as_millis())?;
        Ok(self.shared.write_all_at(&ms.to_ne_bytes(), at)?)
    }
}
