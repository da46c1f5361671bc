//! The commands, one file each.

mod admin;
mod config;
mod demo;
mod serve;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Chat rooms that start as one binary on a laptop and grow.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server
    Serve(serve::Serve),
    /// Look at the configuration: whether it is right, and where each value comes from
    Config(config::Config),
    /// Administer a running server on this machine
    Admin(admin::Admin),
    /// Run a server with ten rooms of people who talk, in a folder of its own that goes with it
    Demo(demo::Demo),
}

/// Runs a command.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Serve(serve) => serve.run(),
        Command::Config(config) => config.run(),
        Command::Admin(admin) => admin.run(),
        Command::Demo(demo) => demo.run(),
    }
}
