//! The web client's packages and its build. Its tests are stages of `test.rs`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::{Workspace, newest_change};
use crate::{install, process};

/// Whether there is a web client in the tree.
pub fn exists(workspace: &Workspace) -> bool {
    workspace.has("web/package.json")
}

/// Whether the web client's package names such a script.
pub fn has_script(workspace: &Workspace, script: &str) -> Result<bool> {
    let path = workspace.web().join("package.json");
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let package: serde_json::Value =
        serde_json::from_str(&text).with_context(|| format!("cannot parse {}", path.display()))?;
    Ok(package["scripts"][script].is_string())
}

/// npm in the web client's folder, saying nothing that is not about the client.
pub fn npm(workspace: &Workspace, arguments: &[&str]) -> Command {
    let mut npm = process::command(workspace, "npm");
    npm.current_dir(workspace.web()).args(arguments);
    npm.env("NO_COLOR", "1").env("npm_config_fund", "false").env("npm_config_audit", "false");
    npm.env("npm_config_update_notifier", "false");
    npm
}

/// Installs the packages that the lockfile names, unless they are there already. The lockfile that was installed is kept
/// beside them, so a removed folder or a changed lockfile both lead to a new installation.
pub fn install(workspace: &Workspace) -> Result<()> {
    install::node(workspace)?;
    let lockfile = workspace.web().join("package-lock.json");
    let installed = workspace.web().join("node_modules/.installed-lock.json");
    let wanted = std::fs::read(&lockfile).with_context(|| format!("cannot read {}", lockfile.display()))?;
    if std::fs::read(&installed).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    process::loud(npm(workspace, &["ci", "--no-progress", "--loglevel=error"]))?;
    std::fs::write(&installed, wanted).with_context(|| format!("cannot write {}", installed.display()))
}

/// Whether the built client is older than anything that it is made from.
pub fn is_stale(workspace: &Workspace) -> Result<bool> {
    let built = workspace.web().join("dist/index.html");
    if !Path::exists(&built) {
        return Ok(true);
    }
    let sources = newest_change(&workspace.web(), &["node_modules", "dist"])?;
    Ok(sources > std::fs::metadata(&built)?.modified()?)
}
