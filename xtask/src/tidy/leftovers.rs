//! Nothing is left open in the tree: no notes to oneself, no stubs, no tests that do not run.

use super::Finding;
use super::mask::Language;
use super::tree::{SourceFile, Tree};

/// Notes to oneself, in any text. Put together here so that this file is not its own finding.
const NOTES: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
/// Code that is not there.
const STUBS: [&str; 2] = ["todo!", "unimplemented!"];
/// Endings of files that people write.
const WRITTEN: [&str; 10] = [".rs", ".ts", ".tsx", ".mjs", ".css", ".html", ".md", ".toml", ".sh", ".ci/run"];
/// What begins a test in TypeScript, and what keeps it or all others from running.
const TEST_WORDS: [&str; 4] = ["test", "it", "describe", "suite"];
const ASLEEP: [&str; 5] = [".only(", ".skip(", ".todo(", ".fixme(", ".skipIf("];

/// Every leftover.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.below("", &WRITTEN).flat_map(leftovers).collect()
}

fn leftovers(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        if let Some(note) = NOTES.iter().find(|note| has_word(line, note)) {
            findings.push(Finding::new(&file.path, at + 1, format!("a note to oneself: {note}")));
        }
    }
    for (at, line) in file.masked.lines().enumerate() {
        if let Some(stub) =
            STUBS.iter().find(|stub| has_word(line, stub.trim_end_matches('!')) && line.contains(*stub))
        {
            findings.push(Finding::new(&file.path, at + 1, format!("a stub: {stub}")));
        }
        if is_asleep(line, Language::of(&file.path)) {
            findings.push(Finding::new(
                &file.path,
                at + 1,
                "a test that does not run, or keeps others from it",
            ));
        }
    }
    findings
}

fn is_asleep(line: &str, language: Option<Language>) -> bool {
    match language {
        Some(Language::Rust) => line.contains("#[ignore"),
        Some(Language::TypeScript) => TEST_WORDS.iter().any(|word| {
            ASLEEP.iter().any(|asleep| {
                let call = format!("{word}{asleep}");
                line.match_indices(&call).any(|(at, _)| {
                    !line[..at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '.')
                })
            })
        }),
        None => false,
    }
}

/// Whether the line holds the word, not as part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(word).any(|(at, _)| {
        !joins(line[..at].chars().next_back()) && !joins(line[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_found_and_look_alikes_are_not() {
        let note = format!("// {}: later\n", NOTES[0]);
        let tree = Tree::of(&[
            ("a.rs", &note),
            ("b.rs", "fn f() {\n    todo!()\n}\n"),
            ("c.rs", "#[ignore]\nfn f() {}\n"),
            ("d.ts", "test.only('x', () => {});\n"),
            ("good.rs", "fn f() { \"todo!\"; rows.iter().skip(1); mastodon!() }\n"),
            ("good.ts", "rows.skip(1); emit(1); commit.only(2); 'it.skip('\n"),
            ("good.md", "A todo list, said in small letters.\n"),
        ]);
        let found: Vec<String> =
            check(&tree).iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect();
        assert_eq!(found, ["a.rs:1", "b.rs:2", "c.rs:1", "d.ts:1"]);
    }
}
