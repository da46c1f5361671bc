//! `cargo xtask bench [ROW…] [--pairs N] [--json FILE]`: the performance figures, ours and the floor in turn.
//! The program is `tertulia-workload`, which reads the flags.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::faults::workload;
use crate::workspace::Workspace;

/// Builds the server and runs `bench` of the workload against it.
pub fn main(workspace: &Workspace, arguments: Vec<OsString>) -> Result<ExitCode> {
    workload(workspace, "bench", arguments)
}
