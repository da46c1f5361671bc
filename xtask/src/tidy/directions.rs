//! Crates depend downwards only, as ARCHITECTURE.md says, and take every third-party version from the root manifest.

use anyhow::{Context, Result, bail};

use super::Finding;
use super::tree::Tree;
use crate::process;
use crate::workspace::Workspace;

/// What each crate may use; everything else, and every crate that is not here, is an error.
const DIRECTIONS: &[Direction] = &[
    Direction { crate_name: "tertulia-core", uses: &[], tests_use: &[] },
    Direction { crate_name: "tertulia-protocol", uses: &["tertulia-core"], tests_use: &[] },
    Direction { crate_name: "tertulia-ports", uses: &["tertulia-core"], tests_use: &[] },
    Direction { crate_name: "tertulia-adapters", uses: &["tertulia-core", "tertulia-ports"], tests_use: &[] },
    Direction {
        crate_name: "tertulia-server",
        uses: &["tertulia-core", "tertulia-ports", "tertulia-protocol"],
        // The directory's reference is SQLite in memory.
        tests_use: &["tertulia-adapters"],
    },
    Direction { crate_name: "tertulia-client", uses: &["tertulia-protocol"], tests_use: &[] },
    Direction {
        crate_name: "tertulia-workload",
        uses: &["tertulia-client", "tertulia-protocol"],
        tests_use: &[],
    },
    Direction {
        crate_name: "tertulia-simulation",
        uses: &[
            "tertulia-adapters",
            "tertulia-client",
            "tertulia-core",
            "tertulia-ports",
            "tertulia-protocol",
            "tertulia-server",
        ],
        tests_use: &[],
    },
    Direction {
        crate_name: "tertulia",
        uses: &[
            "tertulia-adapters",
            "tertulia-client",
            "tertulia-core",
            "tertulia-ports",
            "tertulia-protocol",
            "tertulia-server",
        ],
        // Starts the real binary, and runs the conformance script against it.
        tests_use: &["tertulia-workload"],
    },
    Direction { crate_name: "xtask", uses: &[], tests_use: &[] },
];

struct Direction {
    crate_name: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
}

/// A crate of the workspace and those crates of the workspace that it uses.
pub struct Member {
    name: String,
    uses: Vec<String>,
    tests_use: Vec<String>,
}

/// The workspace's crates, as cargo sees them.
pub fn members(workspace: &Workspace) -> Result<Vec<Member>> {
    let mut cargo =
        process::cargo(workspace, &["metadata", "--no-deps", "--format-version", "1", "--offline"]);
    let output = cargo.output().context("cannot ask cargo for the crates")?;
    if !output.status.success() {
        bail!("cargo metadata failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("cannot read cargo's metadata")?;
    let packages = metadata["packages"].as_array().context("cargo's metadata has no packages")?;
    Ok(packages.iter().map(member).collect())
}

fn member(package: &serde_json::Value) -> Member {
    let name = package["name"].as_str().unwrap_or_default().to_owned();
    let (mut uses, mut tests_use) = (Vec::new(), Vec::new());
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let Some(used) = dependency["name"].as_str().filter(|_| dependency["path"].is_string()) else {
            continue;
        };
        let to = if dependency["kind"] == "dev" { &mut tests_use } else { &mut uses };
        to.push(used.to_owned());
    }
    Member { name, uses, tests_use }
}

/// Every use that does not point downwards.
pub fn check(members: &[Member]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for Member { name, uses, tests_use } in members {
        let path =
            if name == "xtask" { "xtask/Cargo.toml".to_owned() } else { format!("crates/{name}/Cargo.toml") };
        let Some(direction) = DIRECTIONS.iter().find(|direction| direction.crate_name == name) else {
            findings.push(Finding::new(
                &path,
                0,
                "a new crate: say in xtask/src/tidy/directions.rs what it may use",
            ));
            continue;
        };
        let for_all = |used: &str| direction.uses.contains(&used) || used == name;
        let wrong = uses.iter().filter(|used| !for_all(used));
        let wrong_in_tests =
            tests_use.iter().filter(|used| !for_all(used) && !direction.tests_use.contains(&used.as_str()));
        let message = |used: &String| format!("{name} must not use {used}");
        findings.extend(wrong.chain(wrong_in_tests).map(|used| Finding::new(&path, 0, message(used))));
    }
    findings
}

/// Dependencies of a crate that name their own version instead of the workspace's. A manifest that opens a
/// workspace of its own is no member of ours.
pub fn check_versions(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_member = |text: &str| !text.lines().any(|line| line == "[workspace]");
    for file in tree.below("", &["/Cargo.toml"]).filter(|file| is_member(&file.text)) {
        let mut in_dependencies = false;
        for (at, line) in file.text.lines().enumerate() {
            if line.starts_with('[') {
                in_dependencies = line.trim_end_matches(']').ends_with("dependencies");
            } else if in_dependencies
                && line.contains('=')
                && !line.contains("workspace = true")
                && !line.starts_with([' ', '#'])
            {
                findings.push(Finding::new(
                    &file.path,
                    at + 1,
                    "versions stand in the root manifest: use `workspace = true`",
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member_of(name: &str, uses: &[&str], tests_use: &[&str]) -> Member {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Member { name: name.to_owned(), uses: owned(uses), tests_use: owned(tests_use) }
    }

    #[test]
    fn uses_point_downwards() {
        let good = [
            member_of("tertulia-ports", &["tertulia-core"], &["tertulia-ports"]),
            member_of("tertulia-server", &["tertulia-ports"], &["tertulia-adapters"]),
        ];
        assert!(check(&good).is_empty());
        let bad = [
            member_of("tertulia-core", &["tertulia-ports"], &[]),
            member_of("tertulia-server", &["tertulia-adapters"], &[]),
            member_of("tertulia-adapters", &[], &["tertulia-server"]),
            member_of("tertulia-other", &[], &[]),
        ];
        assert_eq!(check(&bad).len(), 4);
    }

    #[test]
    fn versions_stand_in_the_root() {
        let manifest = "[package]\nversion = \"1\"\n\n[dependencies]\nserde.workspace = true\nbytes = { workspace = true }\n\
                        rand = \"0.9\"\n\n[features]\nx = []\n";
        let findings = check_versions(&Tree::of(&[
            ("crates/a/Cargo.toml", manifest),
            ("Cargo.toml", "[dependencies]\na = \"1\"\n"),
        ]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].line, 7);
    }

    #[test]
    fn cargo_metadata_is_read() {
        let package = serde_json::json!({"name": "tertulia-ports", "dependencies": [
            {"name": "tertulia-core", "path": "/x", "kind": null},
            {"name": "tertulia-server", "path": "/x", "kind": "dev"},
            {"name": "serde", "kind": null},
        ]});
        let read = member(&package);
        assert_eq!(read.uses, ["tertulia-core"]);
        assert_eq!(read.tests_use, ["tertulia-server"]);
    }
}
