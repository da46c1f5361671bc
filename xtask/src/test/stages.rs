//! The stages of `cargo xtask test`, quick ones first: what each needs, runs and counts.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::counts::{self, Counts};
use super::{Options, Part};
use crate::workspace::Workspace;
use crate::{install, process, sim, tidy, web};

/// Seeds of the simulation in a test run: thousands, in about a minute.
const SIMULATION_SEEDS: u32 = 2_000;
/// The longest that one stage may take: a build from nothing on two slow cores, and no more.
const STAGE_LIMIT: Duration = Duration::from_secs(20 * 60);
/// How much of a failed stage's output is shown; all of it is in its log.
const SHOWN_LINES: usize = 150;

/// One step of the test run.
pub struct Stage {
    /// A short name, also that of its log.
    pub name: &'static str,
    /// What it does, in a few words.
    pub does: &'static str,
    /// What it belongs to, for `--only`.
    pub part: Part,
    /// Whether a filter can choose among its tests.
    pub has_named_tests: bool,
    /// Runs it.
    pub run: fn(&Workspace, &Options) -> Result<Outcome>,
}

/// How a stage ended.
pub enum Outcome {
    /// Nothing to run yet, and why.
    LeftOut(String),
    /// It ran.
    Ran {
        /// Its tests.
        counts: Counts,
        /// What to show when a test failed.
        failures: String,
    },
}

/// Every stage there is. The web client is built before the server, which embeds it.
pub const STAGES: &[Stage] = &[
    Stage {
        name: "tidy",
        does: "the rules of the tree",
        part: Part::Rust,
        has_named_tests: false,
        run: run_tidy,
    },
    Stage {
        name: "format",
        does: "cargo fmt --check",
        part: Part::Rust,
        has_named_tests: false,
        run: run_format,
    },
    Stage {
        name: "web types",
        does: "npm run check",
        part: Part::Web,
        has_named_tests: false,
        run: run_web_check,
    },
    Stage { name: "web tests", does: "npm test", part: Part::Web, has_named_tests: true, run: run_web_tests },
    Stage {
        name: "web build",
        does: "npm run build",
        part: Part::Web,
        has_named_tests: false,
        run: run_web_build,
    },
    Stage { name: "lints", does: "cargo clippy", part: Part::Rust, has_named_tests: false, run: run_lints },
    Stage {
        name: "rust tests",
        does: "cargo test",
        part: Part::Rust,
        has_named_tests: true,
        run: run_rust_tests,
    },
    Stage {
        name: "simulation",
        does: "cargo xtask sim",
        part: Part::Rust,
        has_named_tests: false,
        run: run_simulation,
    },
    Stage {
        name: "browser",
        does: "npm run e2e",
        part: Part::Browser,
        has_named_tests: true,
        run: run_browser,
    },
];

impl Stage {
    /// Whether the options ask for this stage.
    pub fn is_wanted(&self, options: &Options) -> bool {
        options.only.is_none_or(|only| only == self.part)
            && (options.filter.is_none() || self.has_named_tests)
    }
}

impl Outcome {
    /// A stage that could not run: one failed test.
    pub fn error(error: anyhow::Error) -> Self {
        Self::Ran { counts: Counts::one(false), failures: format!("error: {error:#}") }
    }
}

fn run_tidy(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    let findings = tidy::findings(workspace)?;
    let failures = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    Ok(Outcome::Ran { counts: Counts::one(findings.is_empty()), failures })
}

fn run_format(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    one(
        workspace,
        "format",
        process::cargo(workspace, &["fmt", "--all", "--check", "--", "--color", "never"]),
    )
}

fn run_web_check(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    web_script(workspace, "web types", "check")
}

fn run_web_build(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    web_script(workspace, "web build", "build")
}

fn run_web_tests(workspace: &Workspace, options: &Options) -> Result<Outcome> {
    if let Some(reason) = no_script(workspace, "test")? {
        return Ok(Outcome::LeftOut(reason));
    }
    web::install(workspace)?;
    let mut npm = web::npm(workspace, &["test", "--"]);
    if let Some(filter) = &options.filter {
        npm.args(["--testNamePattern", filter, "--passWithNoTests"]);
    }
    counted(workspace, "web tests", npm, counts::vitest, options)
}

/// Engines that are finished and tested, and that the binary does not use yet.
const NOT_WIRED: &str = "tertulia-adapters/push-web";

fn run_lints(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--features",
        NOT_WIRED,
        "--quiet",
        "--",
        "--deny",
        "warnings",
    ];
    one(workspace, "lints", process::cargo(workspace, &arguments))
}

fn run_rust_tests(workspace: &Workspace, options: &Options) -> Result<Outcome> {
    install::kosoku(workspace)?;
    let mut cargo =
        process::cargo(workspace, &["test", "--workspace", "--features", NOT_WIRED, "--no-fail-fast"]);
    cargo.args(options.filter.iter());
    counted(workspace, "rust tests", cargo, counts::cargo, options)
}

fn run_simulation(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    if !sim::exists(workspace) {
        return Ok(Outcome::LeftOut("there is no crates/tertulia-simulation yet".to_owned()));
    }
    let mut simulation = sim::program(workspace);
    simulation.args(["--seeds", &SIMULATION_SEEDS.to_string()]);
    one(workspace, "simulation", simulation)
}

fn run_browser(workspace: &Workspace, options: &Options) -> Result<Outcome> {
    if let Some(reason) = no_script(workspace, "e2e")? {
        return Ok(Outcome::LeftOut(reason));
    }
    let chromium = install::chromium(workspace)?;
    web::install(workspace)?;
    if web::is_stale(workspace)? {
        process::loud(web::npm(workspace, &["run", "--silent", "build"]))?;
    }
    process::loud(process::cargo(workspace, &["build", "--quiet", "--release", "--package", "tertulia"]))?;
    let mut npm = web::npm(workspace, &["run", "--silent", "e2e", "--"]);
    npm.args(options.filter.iter())
        .env("TERTULIA_BIN", workspace.server("release"))
        .env("CHROMIUM", chromium);
    counted(workspace, "browser", npm, counts::closing_line, options)
}

fn web_script(workspace: &Workspace, name: &str, script: &str) -> Result<Outcome> {
    if let Some(reason) = no_script(workspace, script)? {
        return Ok(Outcome::LeftOut(reason));
    }
    web::install(workspace)?;
    one(workspace, name, web::npm(workspace, &["run", "--silent", script]))
}

fn no_script(workspace: &Workspace, script: &str) -> Result<Option<String>> {
    if !web::exists(workspace) {
        return Ok(Some("there is no web/package.json yet".to_owned()));
    }
    Ok((!web::has_script(workspace, script)?)
        .then(|| format!("web/package.json has no script `{script}` yet")))
}

/// A program that is one test.
fn one(workspace: &Workspace, name: &str, command: Command) -> Result<Outcome> {
    let captured = process::quiet(command, &log(workspace, name), STAGE_LIMIT)?;
    Ok(Outcome::Ran { counts: Counts::one(captured.success), failures: failures(&captured.output) })
}

/// A program that counts its tests.
fn counted(
    workspace: &Workspace,
    name: &str,
    command: Command,
    count: fn(&str) -> Counts,
    options: &Options,
) -> Result<Outcome> {
    let captured = process::quiet(command, &log(workspace, name), STAGE_LIMIT)?;
    let counts = count(&captured.output).agreeing(captured.success, options.filter.is_some());
    Ok(Outcome::Ran { counts, failures: failures(&captured.output) })
}

fn log(workspace: &Workspace, name: &str) -> std::path::PathBuf {
    workspace.logs().join(format!("{}.log", name.replace(' ', "-")))
}

/// The part of a failed stage's output that tells why: what the Rust test harness says of its failures, else the end.
fn failures(output: &str) -> String {
    let mut shown = Vec::new();
    let mut in_failures = false;
    for line in output.lines() {
        in_failures = (in_failures || line == "failures:") && !line.starts_with("test result: ");
        let broke = ["error", "Caused by:", "  process didn't"].iter().any(|start| line.starts_with(start));
        if in_failures || broke {
            shown.push(line);
        }
    }
    if !output.lines().any(|line| line == "failures:") {
        shown = output.lines().collect();
    }
    let first = shown.len().saturating_sub(SHOWN_LINES);
    shown[first..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_rust_test_is_shown_without_the_ones_that_passed() {
        let output = "test a ... ok\ntest b ... FAILED\n\nfailures:\n\n---- b stdout ----\nassertion failed\n\n\
                      failures:\n    b\n\ntest result: FAILED. 1 passed; 1 failed; 0 ignored\n\
                      test c ... ok\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
        let shown = failures(output);
        assert!(shown.contains("assertion failed") && shown.contains("---- b"));
        assert!(!shown.contains("test a ... ok") && !shown.contains("test c ... ok"));
    }

    #[test]
    fn other_output_is_shown_from_its_end() {
        let output = (0..500).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
        let shown = failures(&output);
        assert_eq!(shown.lines().count(), SHOWN_LINES);
        assert!(shown.ends_with("line 499"));
    }
}
