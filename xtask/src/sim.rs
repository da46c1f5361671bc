//! `cargo xtask sim --seeds N [--seed S]`: the whole server on in-process ports, under seeds. The program is
//! `tertulia-simulation`; it reads the flags.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// Builds and runs the simulation with the given flags.
pub fn main(workspace: &Workspace, arguments: Vec<OsString>) -> Result<ExitCode> {
    if !exists(workspace) {
        bail!("there is no crates/tertulia-simulation yet");
    }
    let mut simulation = program(workspace);
    simulation.args(arguments);
    process::passed_on(simulation)
}

/// Whether the simulation is in the tree.
pub fn exists(workspace: &Workspace) -> bool {
    workspace.has("crates/tertulia-simulation/src/main.rs")
}

/// The simulation, built when needed, still without flags.
pub fn program(workspace: &Workspace) -> Command {
    process::cargo(workspace, &["run", "--quiet", "--release", "--package", "tertulia-simulation", "--"])
}
