//! `cargo xtask run [-- SERVE-FLAGS…]`: the whole product, built and started with every role on `./data`.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::workspace::Workspace;
use crate::{install, process, web};

/// Builds the web client and the server, then becomes the server, so that its signals and its exit code are its own.
pub fn main(workspace: &Workspace, arguments: Vec<OsString>) -> Result<ExitCode> {
    if web::exists(workspace) {
        web::install(workspace)?;
        if web::is_stale(workspace)? {
            println!("building the web client");
            process::loud(web::npm(workspace, &["run", "--silent", "build"]))?;
        }
    } else {
        println!("left out: the web client, which has no web/package.json yet");
    }
    install::compiler(workspace)?;
    println!("building the server");
    process::loud(process::cargo(workspace, &["build", "--release", "--package", "tertulia"]))?;
    process::become_it(serve(workspace, arguments))
}

fn serve(workspace: &Workspace, arguments: Vec<OsString>) -> std::process::Command {
    let flags: Vec<OsString> = arguments.into_iter().skip_while(|argument| argument == "--").collect();
    let names_a_folder = flags
        .iter()
        .any(|flag| flag.to_str().is_some_and(|flag| flag == "--data" || flag.starts_with("--data=")));
    let mut server = process::command(workspace, &workspace.server("release").to_string_lossy());
    server.arg("serve");
    if !names_a_folder {
        server.args(["--data", "./data"]);
    }
    server.args(flags);
    server
}
