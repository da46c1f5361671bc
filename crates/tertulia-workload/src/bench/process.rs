//! What the system knows of a process: memory and time on the processor.

use std::{fs, time::Duration};

use anyhow::{Context, Result};

/// How long a server is left alone before its memory is looked at: what its start took has been given back.
pub(super) const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// Resident memory, in bytes.
pub(super) fn resident_bytes(id: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).context("the server is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

/// Time that all threads had on a processor.
pub(super) fn processor_time(id: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{id}/task")).context("the server is gone")? {
        // A thread may end while we look.
        let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text.split_whitespace().next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Pins this process and the threads that it starts from now on to a core.
pub(super) fn pin_self(core: usize) -> Result<()> {
    let id = std::process::id().to_string();
    let output = std::process::Command::new("taskset").args(["-cp", &core.to_string(), &id]).output();
    anyhow::ensure!(
        output.context("taskset is needed to pin processes to cores")?.status.success(),
        "taskset failed"
    );
    Ok(())
}
