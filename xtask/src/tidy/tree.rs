//! The project's own files as text, without what is built, installed or fetched.

use std::path::Path;

use anyhow::{Context, Result};

use super::mask::{Language, mask};

/// Folders that hold nothing written by hand.
const LEFT_OUT: [&str; 5] = ["target", "data", "node_modules", "dist", ".git"];
/// Files that are read; of others only the path is known.
const TEXT: [&str; 13] = [
    ".rs", ".ts", ".tsx", ".mjs", ".css", ".html", ".md", ".toml", ".json", ".yml", ".sh", ".txt", ".ci/run",
];
/// The lockfiles say nothing about this project that its manifests do not.
const LOCKFILES: [&str; 2] = ["Cargo.lock", "package-lock.json"];

/// Every file of the project.
pub struct Tree {
    /// Ordered by path.
    pub files: Vec<SourceFile>,
}

/// One file.
pub struct SourceFile {
    /// Relative to the root, with `/`.
    pub path: String,
    /// Its text; empty when it is not a text that tidy reads.
    pub text: String,
    /// For Rust and TypeScript: the text with comments, strings and regular expressions blanked, line for line.
    pub masked: String,
}

impl Tree {
    /// Reads the project below `root`.
    pub fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        walk(root, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { files })
    }

    /// A tree for a test, from pairs of path and text.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self {
            files: files
                .iter()
                .map(|(path, text)| SourceFile::new((*path).to_owned(), (*text).to_owned()))
                .collect(),
        }
    }

    /// The files whose path starts and ends so.
    pub fn below<'a>(&'a self, start: &'a str, ends: &'a [&'a str]) -> impl Iterator<Item = &'a SourceFile> {
        self.files.iter().filter(move |file| {
            file.path.starts_with(start) && ends.iter().any(|end| file.path.ends_with(end))
        })
    }

    /// The text of the file at `path`; empty when there is none.
    pub fn text(&self, path: &str) -> &str {
        self.files.iter().find(|file| file.path == path).map_or("", |file| file.text.as_str())
    }
}

impl SourceFile {
    fn new(path: String, text: String) -> Self {
        let masked = Language::of(&path).map_or_else(String::new, |language| mask(&text, language));
        Self { path, text, masked }
    }

    /// Whether it holds tests only: by its folder or its name.
    pub fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or("");
        let folder = ["tests", "e2e", "benches"]
            .iter()
            .any(|folder| self.path.split('/').rev().skip(1).any(|part| part == *folder));
        folder
            || name.contains(".test.")
            || name.contains(".spec.")
            || matches!(name, "tests.rs" | "contract.rs")
    }

    /// The masked text up to the inline tests that close a Rust file.
    pub fn product_code(&self) -> &str {
        self.masked.find("#[cfg(test)]\nmod ").map_or(&self.masked, |at| &self.masked[..at])
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) -> Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !LEFT_OUT.contains(&name.as_str()) {
                walk(&entry.path(), &format!("{path}/"), files)?;
            }
            continue;
        }
        let is_text = TEXT.iter().any(|end| path.ends_with(end)) && !LOCKFILES.contains(&name.as_str());
        // A file may go while others are at work in the tree; then it is no longer part of it.
        let Ok(bytes) = (if is_text { std::fs::read(entry.path()) } else { Ok(Vec::new()) }) else {
            continue;
        };
        files.push(SourceFile::new(path, String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(())
}
