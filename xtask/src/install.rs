//! What the build and the tests need from outside the tree: found, installed on Debian as root, or asked for in words.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process;
use crate::workspace::Workspace;

/// The oldest Node.js that the web client's build runs on.
const NODE_AT_LEAST: (u32, u32) = (20, 19);
/// The WebSocket conformance runner: Autobahn's cases for today's Python.
const KOSOKU: &str = "kosoku==0.1.0";

/// Node.js and npm, new enough.
pub fn node(workspace: &Workspace) -> Result<()> {
    let wanted = format!("Node.js {}.{} or newer with npm", NODE_AT_LEAST.0, NODE_AT_LEAST.1);
    if !process::exists("node") || !process::exists("npm") {
        packages(workspace, &["nodejs", "npm"]).with_context(|| format!("the web client needs {wanted}"))?;
    }
    let shown = Command::new("node").arg("--version").output().context("cannot ask node for its version")?;
    let shown = String::from_utf8_lossy(&shown.stdout).trim().to_owned();
    match version(&shown) {
        Some(found) if found >= NODE_AT_LEAST => Ok(()),
        _ => bail!(
            "the web client needs {wanted}, and `node --version` says `{shown}`: see https://nodejs.org"
        ),
    }
}

/// A C compiler and make, with which some libraries are built.
pub fn compiler(workspace: &Workspace) -> Result<()> {
    let missing: Vec<&str> = [("cc", "gcc"), ("make", "make")]
        .into_iter()
        .filter_map(|(program, package)| (!process::exists(program)).then_some(package))
        .collect();
    match missing.is_empty() {
        true => Ok(()),
        false => packages(workspace, &missing).context("the build needs a C compiler and make"),
    }
}

/// The path of a Chromium for the browser tests.
pub fn chromium(workspace: &Workspace) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("CHROMIUM") {
        return Ok(given.into());
    }
    if found("chromium").is_none() {
        packages(workspace, &["chromium"])
            .context("the browser tests need Chromium (or CHROMIUM=/path/to/it)")?;
    }
    found("chromium").context("Chromium was installed, but there is no `chromium` on the search path")
}

/// The WebSocket conformance runner, in a Python environment of its own.
pub fn kosoku(workspace: &Workspace) -> Result<()> {
    let folder = workspace.tools().join("kosoku");
    if folder.join("bin/kosoku").is_file() {
        return Ok(());
    }
    // Debian has Python without the part that makes environments; it is asked for by name only where it is missing.
    if !quietly("python3", &["-c", "import venv, ensurepip"]) {
        packages(workspace, &["python3", "python3-venv"])
            .context("the WebSocket conformance runner needs Python 3")?;
    }
    let mut environment = process::command(workspace, "python3");
    environment.args(["-m", "venv", "--clear"]).arg(&folder);
    process::loud(environment)?;
    let pip = folder.join("bin/pip");
    let mut install = process::command(workspace, &pip.to_string_lossy());
    install.args(["install", "--quiet", "--disable-pip-version-check", KOSOKU]);
    process::loud(install)
}

/// Debian's packages, when this is Debian and root; otherwise an error that says what to install.
fn packages(workspace: &Workspace, names: &[&str]) -> Result<()> {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    if !root || !process::exists("apt-get") {
        bail!("please install {} (on Debian: `apt-get install {}`)", names.join(" and "), names.join(" "));
    }
    println!("installing {}", names.join(", "));
    for arguments in
        [vec!["update", "-qq"], [&["install", "-y", "-qq", "--no-install-recommends"], names].concat()]
    {
        let mut apt = process::command(workspace, "apt-get");
        apt.args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        process::loud(apt)?;
    }
    Ok(())
}

fn found(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn quietly(program: &str, arguments: &[&str]) -> bool {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Major and minor of `v20.19.1`.
fn version(shown: &str) -> Option<(u32, u32)> {
    let mut parts = shown.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_and_compared() {
        assert_eq!(version("v20.19.1"), Some((20, 19)));
        assert_eq!(version(""), None);
        assert!(version("v22.0.0") > Some(NODE_AT_LEAST));
        assert!(version("v18.20.4") < Some(NODE_AT_LEAST));
    }
}
