//! The project's own tooling: `cargo xtask <command>`, one file per command.
//!
//! It builds, starts and tests; it holds nothing that the product needs. `test.rs` shows the order of everything that is
//! checked, `tidy/` the rules of the tree. Read next: `workspace.rs` (where things are) and `process.rs` (how programs run).

mod bench;
mod codegen;
mod faults;
mod install;
mod process;
mod run;
mod sim;
mod test;
mod tidy;
mod web;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// One `cargo xtask` command.
struct Command {
    name: &'static str,
    usage: &'static str,
    does: &'static str,
    main: fn(&Workspace, Vec<OsString>) -> Result<ExitCode>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "run",
        usage: "run [-- SERVE-FLAGS…]",
        does: "build the web client and the server, and start every role on ./data",
        main: run::main,
    },
    Command {
        name: "test",
        usage: "test [--only rust|web|browser] [FILTER]",
        does: "install what is missing and run every test there is",
        main: test::main,
    },
    Command {
        name: "tidy",
        usage: "tidy",
        does: "check the rules of the tree: directions, sizes, heads, walls, names in docs",
        main: tidy::main,
    },
    Command {
        name: "sim",
        usage: "sim --seeds N [--seed S]",
        does: "run the simulation: seeds, faults, a bus that drops and reorders",
        main: sim::main,
    },
    Command {
        name: "faults",
        usage: "faults --runs N --seed S",
        does: "kill, pause and flood real processes, and check their history",
        main: faults::main,
    },
    Command {
        name: "bench",
        usage: "bench [ROW…] [--pairs N] [--json FILE]",
        does: "measure the performance figures, ours and their floors in turn",
        main: bench::main,
    },
    Command {
        name: "codegen",
        usage: "codegen",
        does: "write the files that are made from the wire types anew",
        main: codegen::main,
    },
];

fn main() -> ExitCode {
    let outcome = Workspace::find().and_then(|workspace| dispatch(&workspace));
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn dispatch(workspace: &Workspace) -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let name = arguments.next().unwrap_or_default().to_string_lossy().into_owned();
    if matches!(name.as_str(), "" | "help" | "-h" | "--help") {
        print!("{}", help());
        return Ok(ExitCode::SUCCESS);
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        bail!("there is no command `{name}`\n\n{}", help());
    };
    let arguments: Vec<OsString> = arguments.collect();
    let asks_for_help = arguments.first().is_some_and(|first| first == "-h" || first == "--help");
    if asks_for_help {
        println!("cargo xtask {}\n    {}", command.usage, command.does);
        return Ok(ExitCode::SUCCESS);
    }
    (command.main)(workspace, arguments)
}

fn help() -> String {
    let mut text = String::from("cargo xtask COMMAND\n\n");
    for command in COMMANDS {
        text.push_str(&format!("  {:<44}{}\n", command.usage, command.does));
    }
    text
}
