//! `cargo xtask test [--only rust|web|browser] [FILTER]`: everything that is checked, in the order of `STAGES`, each stage
//! going on after a failure of another. The last line is `N passed, N failed`.
//!
//! `test/stages.rs` has the stages, `test/counts.rs` reads how many tests a runner ran.

mod counts;
mod stages;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, bail};

use self::counts::Counts;
use self::stages::{Outcome, STAGES, Stage};
use crate::install;
use crate::workspace::Workspace;

/// The folders of tests that `--only` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The tree's rules, formatting, lints, every crate's tests, the simulation.
    Rust,
    /// The web client's types, lints and unit tests.
    Web,
    /// People in real browsers against the real binary.
    Browser,
}

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Only this part.
    pub only: Option<Part>,
    /// Only tests whose names contain this; stages that have no named tests are left out.
    pub filter: Option<String>,
}

/// Runs the stages and says how many tests passed and failed.
pub fn main(workspace: &Workspace, arguments: Vec<OsString>) -> Result<ExitCode> {
    let options = Options::parse(arguments)?;
    install::compiler(workspace)?;
    let began = Instant::now();
    let mut total = Counts::default();
    for stage in STAGES.iter().filter(|stage| stage.is_wanted(&options)) {
        total = total + run(workspace, stage, &options);
    }
    println!("all stages took {} s", began.elapsed().as_secs());
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run(workspace: &Workspace, stage: &Stage, options: &Options) -> Counts {
    println!("{}: {}", stage.name, stage.does);
    let began = Instant::now();
    let outcome = (stage.run)(workspace, options).unwrap_or_else(Outcome::error);
    let spent = began.elapsed().as_secs_f32();
    match outcome {
        Outcome::LeftOut(reason) => {
            println!("    left out: {reason}");
            Counts::default()
        }
        Outcome::Ran { counts, failures } => {
            if counts.failed > 0 {
                println!("{failures}\n    ^ {}", stage.name);
            }
            println!(
                "    {}: {} passed, {} failed in {spent:.1} s",
                stage.name, counts.passed, counts.failed
            );
            counts
        }
    }
}

impl Options {
    fn parse(arguments: Vec<OsString>) -> Result<Self> {
        let mut arguments = pico_args::Arguments::from_vec(arguments);
        let only = arguments.opt_value_from_fn("--only", Part::parse)?;
        let filter = arguments.opt_free_from_str()?;
        if let Some(left) = arguments.finish().first() {
            bail!("test takes no `{}`", left.to_string_lossy());
        }
        Ok(Self { only, filter })
    }
}

impl Part {
    fn parse(word: &str) -> Result<Self, String> {
        match word {
            "rust" => Ok(Self::Rust),
            "web" => Ok(Self::Web),
            "browser" => Ok(Self::Browser),
            _ => Err(format!("--only is rust, web or browser, not `{word}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Options> {
        Options::parse(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn the_command_line_is_read() {
        assert_eq!(parse(&[]).expect("nothing is everything"), Options::default());
        let some = parse(&["--only", "web", "outbox"]).expect("a part and a filter");
        assert_eq!(some, Options { only: Some(Part::Web), filter: Some("outbox".to_owned()) });
        assert!(parse(&["--only", "java"]).is_err());
        assert!(parse(&["outbox", "inbox"]).is_err());
    }

    #[test]
    fn a_filter_leaves_out_what_has_no_named_tests() {
        let options = parse(&["outbox"]).expect("a filter");
        let names: Vec<_> =
            STAGES.iter().filter(|stage| stage.is_wanted(&options)).map(|stage| stage.name).collect();
        assert!(names.contains(&"rust tests") && names.contains(&"web tests"));
        assert!(!names.contains(&"tidy") && !names.contains(&"simulation"));
    }
}
