//! The binary: flags and configuration, the choice of adapters, the start of roles.
//!
//! `commands/` has a file a command, `config.rs` what can be set and where it came from, `wiring.rs` which adapter stands
//! behind each port.

#[cfg(target_os = "linux")]
mod allocator;
mod commands;
mod config;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::run(commands::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tertulia: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error and its causes in one line. Many errors tell their cause themselves: it is not told twice.
fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(|cause| cause.to_string().replace('\n', " ")) {
        if told.is_empty() {
            told = cause;
        } else if !told.contains(&cause) {
            told = format!("{told}: {cause}");
        }
    }
    told
}
