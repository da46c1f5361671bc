//! The binary: flags and configuration, the choice of adapters, the start of roles.
//!
//! `commands/` has a file a command, `config.rs` what can be set and where it came from, `wiring.rs` which adapter stands
//! behind each port.

mod commands;
mod config;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::run(commands::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tertulia: {error:#}");
            ExitCode::FAILURE
        }
    }
}
