//! `cargo xtask faults --runs N --seed S`: users and rooms on real processes that are killed, paused and flooded. The
//! program is `tertulia-workload`, which reads the flags and knows only the wire; this builds the server for it.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// Builds the server and runs `faults` of the workload against it.
pub fn main(workspace: &Workspace, arguments: Vec<OsString>) -> Result<ExitCode> {
    workload(workspace, "faults", arguments)
}

/// Builds the server, then runs the workload's `command` with `--server PATH` and the given flags.
pub fn workload(workspace: &Workspace, command: &str, arguments: Vec<OsString>) -> Result<ExitCode> {
    if !workspace.has("crates/tertulia-workload/src/main.rs") {
        bail!("there is no crates/tertulia-workload yet");
    }
    let packages = ["--package", "tertulia", "--package", "tertulia-workload"];
    process::loud(process::cargo(
        workspace,
        &[&["build", "--quiet", "--release"], packages.as_slice()].concat(),
    ))?;
    let program = workspace.target.join("release/tertulia-workload");
    let mut workload = process::command(workspace, &program.to_string_lossy());
    workload.arg(command).arg("--server").arg(workspace.server("release")).args(arguments);
    process::passed_on(workload)
}
