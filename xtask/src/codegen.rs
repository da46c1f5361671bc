//! `cargo xtask codegen`: writes the files that are made from the wire types anew. The tests named `export` of
//! `tertulia-protocol` write them.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// Runs the exports of the wire types.
pub fn main(workspace: &Workspace, arguments: Vec<OsString>) -> Result<ExitCode> {
    if let Some(first) = arguments.first() {
        bail!("codegen takes no `{}`", first.to_string_lossy());
    }
    if !workspace.has("crates/tertulia-protocol") {
        bail!("there is no crates/tertulia-protocol yet");
    }
    process::become_it(process::cargo(workspace, &["test", "--package", "tertulia-protocol", "--", "export"]))
}
