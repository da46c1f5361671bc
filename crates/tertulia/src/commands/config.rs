//! `tertulia config check|explain`.

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::config::{Flags, Loaded};

/// Look at the configuration.
#[derive(Debug, Args)]
pub struct Config {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say whether the configuration is right
    Check {
        #[command(flatten)]
        flags: Flags,
    },
    /// Say what each setting is, and where that comes from
    Explain {
        #[command(flatten)]
        flags: Flags,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Config {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        match self.what {
            What::Check { flags } => {
                Loaded::read(&flags)?;
                println!("the configuration is right");
            }
            What::Explain { flags, json } => {
                let explained = Loaded::read(&flags)?.explain()?;
                if json {
                    println!("{}", serde_json::to_string_pretty(&explained)?);
                } else {
                    for setting in explained {
                        println!("{} = {}    ({})", setting.name, setting.value, setting.source);
                    }
                }
            }
        }
        Ok(())
    }
}
