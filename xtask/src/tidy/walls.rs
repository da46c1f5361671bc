//! The walls between modules that the compiler does not hold, as ARCHITECTURE.md words them, and the places that may ask
//! the system for time or chance.

use super::Finding;
use super::tree::{SourceFile, Tree};

/// A folder, the module paths that its code must not name, and why.
struct Wall {
    folder: &'static str,
    forbids: &'static [&'static str],
    why: &'static str,
}

const WALLS: &[Wall] = &[
    Wall {
        folder: "crates/tertulia-server/src/fanout/",
        forbids: &["crate::room", "super::room", "crate::gateway::session", "crate::gateway::connection"],
        why: "fan-out never calls room, and knows the gateway only as a bounded sink",
    },
    Wall {
        folder: "crates/tertulia-adapters/",
        forbids: &["tertulia_server", "tertulia_protocol"],
        why: "adapters know ports and core, never the server or the wire",
    },
    Wall {
        folder: "crates/tertulia-core/src/",
        forbids: &[
            "std::fs",
            "std::net",
            "std::thread",
            "std::env",
            "std::process",
            "std::io",
            "tokio",
            "async fn",
        ],
        why: "core has no I/O, no threads, no async",
    },
    Wall {
        folder: "crates/tertulia-workload/",
        forbids: &["tertulia_server", "tertulia_core", "tertulia_ports", "tertulia_adapters"],
        why: "the workload knows only the wire",
    },
];

/// Where the gateway lies, and the one name of `room` that it may use.
const GATEWAY: &str = "crates/tertulia-server/src/gateway/";
const ROOM_HANDLE: &str = "Handle";

/// What asks the system for time or chance.
const SYSTEM_CALLS: [&str; 8] = [
    "Instant::now",
    "SystemTime::now",
    "thread::sleep",
    "rand::rng(",
    "rand::random",
    "thread_rng",
    "OsRng",
    "getrandom",
];
/// Where product code takes time and chance as parameters.
const WITHOUT_SYSTEM: [&str; 4] = [
    "crates/tertulia-core/src/",
    "crates/tertulia-protocol/src/",
    "crates/tertulia-ports/src/",
    "crates/tertulia-server/src/",
];
/// The places below those that may ask the system: they are shells around sockets, which the simulation replaces.
const SYSTEM_PLACES: [&str; 3] = [
    "crates/tertulia-server/src/room/shard_loop.rs",
    "crates/tertulia-server/src/gateway/transport/listener/acceptor.rs",
    "crates/tertulia-server/src/gateway/transport/worker/turn.rs",
];

/// Everything that reaches through a wall.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.below("crates/", &[".rs"]) {
        findings.extend(
            WALLS
                .iter()
                .filter(|wall| file.path.starts_with(wall.folder))
                .flat_map(|wall| through(wall, file)),
        );
        if file.path.starts_with(GATEWAY) {
            findings.extend(room_names(file));
        }
        findings.extend(system_calls(file));
    }
    findings
}

fn through(wall: &Wall, file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in file.masked.lines().enumerate() {
        for name in wall.forbids.iter().filter(|name| names(line, name)) {
            findings.push(Finding::new(&file.path, at + 1, format!("names `{name}`: {}", wall.why)));
        }
    }
    findings
}

fn room_names(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Whether the line stands in a `use` of this crate, which may go over many lines.
    let mut of_this_crate = false;
    for (at, line) in file.product_code().lines().enumerate() {
        let begins = line.trim_start().trim_start_matches("pub ").strip_prefix("use ");
        if let Some(path) = begins {
            of_this_crate = path.starts_with("crate::") || path.starts_with("super::");
        }
        for (found, _) in line.match_indices("room::") {
            let (before, after) = (&line[..found], &line[found + "room::".len()..]);
            let is_other_word = before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
            let is_named = before.ends_with("crate::") || before.ends_with("super::");
            let is_listed = of_this_crate && !before.ends_with("::");
            if !is_other_word && (is_named || is_listed) && !after.starts_with(ROOM_HANDLE) {
                findings.push(Finding::new(
                    &file.path,
                    at + 1,
                    "the gateway reaches rooms only by `room::Handle`",
                ));
            }
        }
        of_this_crate &= !line.contains(';');
    }
    findings
}

fn system_calls(file: &SourceFile) -> Vec<Finding> {
    let is_product = WITHOUT_SYSTEM.iter().any(|folder| file.path.starts_with(folder)) && !file.is_test();
    if !is_product || SYSTEM_PLACES.iter().any(|place| file.path.starts_with(place)) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (at, line) in file.product_code().lines().enumerate() {
        for call in SYSTEM_CALLS.iter().filter(|call| names(line, call)) {
            findings.push(Finding::new(
                &file.path,
                at + 1,
                format!("calls `{call}`: time and chance are parameters here"),
            ));
        }
    }
    findings
}

/// Whether the line names this path, not as a part of longer words.
fn names(line: &str, path: &str) -> bool {
    let joins = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(path).any(|(at, _)| {
        !joins(line[..at].chars().next_back()) && !joins(line[at + path.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn the_gateway_reaches_rooms_by_their_handle() {
        let path = "crates/tertulia-server/src/gateway/session.rs";
        assert_eq!(
            found(path, "use crate::room::Handle;\nuse crate::rooms::X;\nuse tertulia_core::room::Id;\n"),
            0
        );
        assert_eq!(found(path, "use tertulia_core::{\n    Id,\n    room::Ask,\n};\n"), 0);
        assert_eq!(found(path, "use crate::{\n    history::Page,\n    room::owner::Owner,\n};\n"), 1);
        assert_eq!(found(path, "use crate::room::commit::append;\nuse crate::room::{Handle, Shard};\n"), 2);
        assert_eq!(found("crates/tertulia-server/src/api/x.rs", "use crate::room::commit::append;\n"), 0);
    }

    #[test]
    fn folders_do_not_name_what_lies_above_them() {
        assert_eq!(found("crates/tertulia-server/src/fanout/links.rs", "use crate::room::Handle;\n"), 1);
        assert_eq!(
            found(
                "crates/tertulia-server/src/fanout/links.rs",
                "// crate::room is not used\nlet room = 1;\n"
            ),
            0
        );
        assert_eq!(found("crates/tertulia-adapters/src/lib.rs", "use tertulia_server::gateway;\n"), 1);
        assert_eq!(found("crates/tertulia-core/src/lib.rs", "use std::fs::File;\n"), 1);
    }

    #[test]
    fn time_and_chance_are_parameters() {
        let text = "fn f() { let now = Instant::now(); }\n#[cfg(test)]\nmod tests {\n    fn g() { Instant::now(); }\n}\n";
        assert_eq!(found("crates/tertulia-server/src/jobs/x.rs", text), 1);
        assert_eq!(found("crates/tertulia-server/src/gateway/transport/worker/turn.rs", text), 0);
        assert_eq!(found("crates/tertulia/src/main.rs", text), 0);
        assert_eq!(found("crates/tertulia-server/tests/x.rs", text), 0);
    }
}
