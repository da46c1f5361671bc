//! `cargo xtask tidy`: the rules of the tree that the compiler does not know, each in its file below `tidy/`.
//!
//! A check takes the whole tree as text and answers with findings. It knows no exceptions, except for sizes, whose list
//! (`xtask/tidy-exceptions.txt`) only shrinks.

mod directions;
mod functions;
mod heads;
mod layers;
mod leftovers;
mod mask;
mod names;
mod sizes;
mod tree;
mod walls;

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;

use anyhow::{Result, bail};

use self::tree::Tree;
use crate::workspace::Workspace;

/// One place that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    path: String,
    /// The line, from 1; 0 stands for the whole file.
    line: usize,
    message: String,
}

/// Prints every finding; fails when there is one.
pub fn main(workspace: &Workspace, arguments: Vec<OsString>) -> Result<ExitCode> {
    if let Some(first) = arguments.first() {
        bail!("tidy takes no `{}`", first.to_string_lossy());
    }
    let findings = findings(workspace)?;
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("tidy");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} findings", findings.len());
    Ok(ExitCode::FAILURE)
}

/// Everything in the tree that breaks a rule.
pub fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let tree = Tree::read(&workspace.root)?;
    let mut findings = directions::check(&directions::members(workspace)?);
    findings.extend(directions::check_versions(&tree));
    findings.extend(sizes::check(&tree));
    findings.extend(heads::check(&tree));
    findings.extend(walls::check(&tree));
    findings.extend(layers::check(&tree));
    findings.extend(leftovers::check(&tree));
    findings.extend(names::check(&tree));
    Ok(findings)
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}
