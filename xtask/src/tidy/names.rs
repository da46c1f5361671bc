//! Names in documents exist: files and folders, links and their headings, commands, flags, and environment variables.
//! Documents are the Markdown files and the doc comments of modules; of fenced blocks only the command lines are read.
//!
//! A changelog and a decision speak of their day, so their paths may be gone by now.

use super::Finding;
use super::tree::Tree;

/// Documents about the past.
const OF_THEIR_DAY: [&str; 2] = ["CHANGELOG.md", "docs/decisions/"];
/// Endings of names that are files of this tree when a folder stands before them.
const FILES: [&str; 14] = [
    ".rs", ".ts", ".tsx", ".mjs", ".md", ".css", ".html", ".toml", ".json", ".yml", ".sh", ".txt", ".svg",
    ".png",
];
/// Endings of names that are files of this tree even without a folder; others may be a reader's own file.
const BARE_FILES: [&str; 5] = [".rs", ".ts", ".tsx", ".mjs", ".md"];
/// Folders at the root that documents name by full path.
const ROOTS: [&str; 6] = ["crates/", "web/", "docs/", "xtask/", ".ci/", ".cargo/"];
/// Folders that come into being by building and running.
const MADE: [&str; 5] = ["target/", "data/", "web/dist", "web/node_modules", "node_modules/"];
/// How environment variables of this project begin.
const VARIABLES: &str = "TERTULIA_";

/// Every name that does not exist.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.below("", &[".md", ".rs"]) {
        let is_markdown = file.path.ends_with(".md");
        let mut fenced = false;
        for (at, line) in file.text.lines().enumerate() {
            if is_markdown && line.trim_start().starts_with("```") {
                fenced = !fenced;
                continue;
            }
            let Some(line) = (if is_markdown { Some(line) } else { module_doc(line) }) else { continue };
            let of_its_day = OF_THEIR_DAY.iter().any(|start| file.path.starts_with(start));
            let wrong =
                if fenced { fenced_line(tree, line) } else { prose(tree, &file.path, line, of_its_day) };
            findings.extend(wrong.into_iter().map(|message| Finding::new(&file.path, at + 1, message)));
        }
    }
    findings
}

fn module_doc(line: &str) -> Option<&str> {
    line.trim_start().strip_prefix("//!")
}

fn fenced_line(tree: &Tree, line: &str) -> Vec<String> {
    let command = line.trim().trim_start_matches("$ ");
    let mut wrong = variables(tree, line);
    wrong.extend(command_line(tree, command));
    wrong
}

fn prose(tree: &Tree, path: &str, line: &str, of_its_day: bool) -> Vec<String> {
    let mut wrong = variables(tree, line);
    for span in line.split('`').skip(1).step_by(2) {
        wrong.extend(command_line(tree, span));
        if !of_its_day && !is_there(tree, span) {
            wrong.push(format!("there is no `{span}`"));
        }
    }
    let outside_code: String = line.split('`').step_by(2).collect();
    for target in outside_code.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        // Names of Rust items are rustdoc's to check.
        let is_item = path.ends_with(".rs") && (target.contains("::") || target.contains('@'));
        if !of_its_day && !is_item && !link_leads_somewhere(tree, path, target) {
            wrong.push(format!("the link to `{target}` leads nowhere"));
        }
    }
    wrong
}

/// What is wrong with a command of this project: its name, its flags.
fn command_line(tree: &Tree, line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut wrong = Vec::new();
    let is_ours = match words.as_slice() {
        ["cargo", "xtask", name, ..] => {
            if !crate::COMMANDS.iter().any(|command| command.name == *name) && is_word(name) {
                wrong.push(format!("there is no `cargo xtask {name}`"));
            }
            true
        }
        ["tertulia", name, ..] => {
            if is_word(name) && !is_subcommand(tree, name) {
                wrong.push(format!("there is no `tertulia {name}`"));
            }
            true
        }
        [flag, ..] => flag.starts_with("--"),
        [] => false,
    };
    let flags = words.iter().filter(|word| is_ours && word.starts_with("--"));
    let names = flags.filter_map(|word| word[2..].split(['=', ']', '…', ',', '.']).next());
    wrong.extend(
        names
            .filter(|name| !name.is_empty() && !is_flag(tree, name))
            .map(|name| format!("there is no flag `--{name}`")),
    );
    wrong
}

fn is_word(word: &str) -> bool {
    word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') && !word.starts_with('-')
}

/// The binary's commands are variants of an enum.
fn is_subcommand(tree: &Tree, name: &str) -> bool {
    let mut variant = String::new();
    for part in name.split('-') {
        variant.push_str(&part[..1].to_ascii_uppercase());
        variant.push_str(&part[1..]);
    }
    tree.below("crates/tertulia/", &[".rs"]).any(|file| {
        let as_variant =
            ["{", "(", ","].iter().any(|after| file.masked.contains(&format!(" {variant}{after}")))
                || file.masked.contains(&format!(" {variant} {{"));
        as_variant || file.text.contains(&format!("\"{name}\""))
    })
}

/// A flag stands in the code as itself, as a string, or as the field that it fills.
fn is_flag(tree: &Tree, name: &str) -> bool {
    let field = format!("{}:", name.replace('-', "_"));
    let shapes = [format!("--{name}"), format!("\"{name}\""), field];
    tree.below("", &[".rs", ".mjs", ".ts"]).any(|file| {
        let is_this_check = file.path.starts_with("xtask/src/tidy/");
        !is_this_check && shapes.iter().any(|shape| file.text.contains(shape.as_str()))
    })
}

fn variables(tree: &Tree, line: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, _) in line.match_indices(VARIABLES) {
        let name: String = line[at..]
            .chars()
            .take_while(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || *letter == '_')
            .collect();
        let is_pattern = name.ends_with('_');
        if !is_pattern
            && !tree.below("", &[".rs", ".ts", ".mjs", ".toml", ".sh"]).any(|file| file.text.contains(&name))
        {
            wrong.push(format!("nothing reads the variable `{name}`"));
        }
    }
    wrong
}

/// Whether the span, if it is the name of a file or folder of this tree at all, is one that exists.
fn is_there(tree: &Tree, span: &str) -> bool {
    let name = span.trim_end_matches("/**").trim_end_matches("/*");
    let is_plain = !name.is_empty()
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-/".contains(letter));
    let is_elsewhere = name.starts_with(['/', '~']) || name.starts_with("./") || name.starts_with("../");
    if !is_plain || is_elsewhere || MADE.iter().any(|made| name.starts_with(made)) {
        return true;
    }
    let has_folder = name.trim_end_matches('/').contains('/');
    let endings: &[&str] = if has_folder { &FILES } else { &BARE_FILES };
    let is_file = endings.iter().any(|end| name.len() > end.len() && name.ends_with(end));
    let is_ours = is_file || name.ends_with('/') || ROOTS.iter().any(|root| name.starts_with(root));
    !is_ours || exists(tree, name)
}

/// A file or folder by its path, or by the end of it.
fn exists(tree: &Tree, name: &str) -> bool {
    let folder = format!("{}/", name.trim_end_matches('/'));
    let inner_folder = format!("/{folder}");
    let inner_file = format!("/{name}");
    tree.files.iter().any(|file| {
        let path = &file.path;
        path == name
            || path.ends_with(&inner_file)
            || path.starts_with(&folder)
            || path.contains(&inner_folder)
    })
}

fn link_leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    let target = target.split_whitespace().next().unwrap_or("");
    if target.contains("://") || target.starts_with("mailto:") {
        return true;
    }
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let full = if path.is_empty() { from.to_owned() } else { resolve(from, path) };
    let is_there = tree
        .files
        .iter()
        .any(|file| file.path == full || file.path.starts_with(&format!("{}/", full.trim_end_matches('/'))));
    let has_heading = heading.is_empty()
        || tree.text(&full).lines().any(|line| line.starts_with('#') && slug(line) == heading);
    is_there && has_heading
}

/// The path of a link, from the root.
pub fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A heading as links name it.
fn slug(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(text: &str) -> Vec<String> {
        let tree = Tree::of(&[
            ("README.md", text),
            ("docs/data.md", "# Data\n\n## What an ack survives\n"),
            (
                "crates/tertulia/src/main.rs",
                "enum Command {\n    Serve(Serve),\n    Config,\n}\nstruct Serve { data: X }\n",
            ),
            (
                "crates/tertulia-server/src/room/commit.rs",
                "//! Commits.\nfn f() { env(\"TERTULIA_DATA\"); }\n",
            ),
            ("CHANGELOG.md", "`crates/gone.rs`\n"),
        ]);
        check(&tree).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn names_that_exist_are_fine() {
        let text = "`room/commit.rs`, `commit.rs`, `room/`, `crates/tertulia`, `docs/data.md`, `/v1/rooms`, `./data`, `a.b`,\n\
                    [data](docs/data.md#what-an-ack-survives), [site](https://example.org/x), `tertulia serve --data DIR`,\n\
                    `cargo xtask tidy`, TERTULIA_DATA, `TERTULIA_*`, `std::fs`, `application/json`\n\
                    ```sh\ncargo xtask run\ntertulia config\ncurl --anything x/y.rs\n```\n";
        assert_eq!(messages(text), Vec::<String>::new());
    }

    #[test]
    fn names_that_do_not_exist_are_found() {
        let cases = [
            ("`room/append.rs`", "there is no `room/append.rs`"),
            ("`crates/tertulia-other`", "there is no `crates/tertulia-other`"),
            ("`rooms/`", "there is no `rooms/`"),
            ("[x](docs/none.md)", "the link to `docs/none.md` leads nowhere"),
            ("[x](docs/data.md#no-such-part)", "the link to `docs/data.md#no-such-part` leads nowhere"),
            ("`cargo xtask dance`", "there is no `cargo xtask dance`"),
            ("`tertulia dance`", "there is no `tertulia dance`"),
            ("`tertulia serve --dance`", "there is no flag `--dance`"),
            ("`TERTULIA_DANCE`", "nothing reads the variable `TERTULIA_DANCE`"),
            ("```\ncargo xtask dance\n```", "there is no `cargo xtask dance`"),
        ];
        for (text, wanted) in cases {
            assert_eq!(messages(text), [wanted]);
        }
    }
}
