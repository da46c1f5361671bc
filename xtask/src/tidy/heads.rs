//! Every Rust module opens with `//!`, every TypeScript module with a comment, before or after its imports: what it is,
//! what it is not, where to read next.

use super::Finding;
use super::mask::Language;
use super::tree::{SourceFile, Tree};

/// Modules without a head.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().filter_map(missing_head).map(|(path, message)| Finding::new(path, 1, message)).collect()
}

fn missing_head(file: &SourceFile) -> Option<(&str, &'static str)> {
    match Language::of(&file.path)? {
        Language::Rust if !first_line(&file.text).starts_with("//!") => {
            Some((&file.path, "a module opens with `//!` and what it is"))
        }
        Language::TypeScript if !opens_with_comment(&file.text) => {
            Some((&file.path, "a module opens with a comment that says what it is"))
        }
        _ => None,
    }
}

fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("#!")).unwrap_or("")
}

fn opens_with_comment(text: &str) -> bool {
    let is_comment = |line: &str| line.starts_with("//") || line.starts_with("/*");
    let mut in_import = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !in_import && !line.starts_with("import ") {
            return is_comment(line);
        }
        in_import = !line.ends_with(';') && !line.contains(" from ");
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_without_a_head_are_found() {
        let tree = Tree::of(&[
            ("good.rs", "//! A module.\nfn f() {}\n"),
            ("bad.rs", "// Not a head.\nfn f() {}\n"),
            ("empty.rs", ""),
            ("good.ts", "/** A module. */\n"),
            ("after.ts", "import {\n  x,\n} from 'x';\n\n/** A part. */\nexport const a = 1;\n"),
            ("bad.tsx", "import x from 'x';\nexport const a = 1;\n"),
            ("no.css", "a {}\n"),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["bad.rs", "empty.rs", "bad.tsx"]);
    }
}
