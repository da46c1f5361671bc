//! The layers of the web client: ui -> view-models -> client -> connection, storage -> platform -> protocol. A module
//! imports from its own layer and from those below it. What lies in `web/src` itself puts the layers together.

use super::Finding;
use super::names::resolve;
use super::tree::{SourceFile, Tree};

/// Where the layers lie.
const SOURCE: &str = "web/src/";
/// Each layer and its height. Layers of one height do not know each other.
const LAYERS: [(&str, u8); 7] = [
    ("ui", 5),
    ("view-models", 4),
    ("client", 3),
    ("connection", 2),
    ("storage", 2),
    ("platform", 1),
    ("protocol", 0),
];

/// Imports that do not point downwards.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.below(SOURCE, &[".ts", ".tsx"]).filter(|file| !file.is_test()).flat_map(upward).collect()
}

fn upward(file: &SourceFile) -> Vec<Finding> {
    let Some((layer, height)) = layer_of(&file.path) else { return Vec::new() };
    let mut findings = Vec::new();
    for (at, line) in file.text.lines().enumerate() {
        let Some(target) = imported(line) else { continue };
        let path = resolve(&file.path, target);
        let allowed = match layer_of(&path) {
            Some((other, below)) => other == layer || below < height,
            None => false,
        };
        if !allowed {
            findings.push(Finding::new(&file.path, at + 1, format!("{layer} must not import `{path}`")));
        }
    }
    findings
}

fn layer_of(path: &str) -> Option<(&'static str, u8)> {
    let folder = path.strip_prefix(SOURCE)?.split('/').next()?;
    LAYERS.into_iter().find(|(name, _)| *name == folder)
}

/// The relative path that the line imports, if it does.
fn imported(line: &str) -> Option<&str> {
    let starts = ["from '", "from \"", "import '", "import \"", "import('", "import(\""];
    let rest = starts.iter().find_map(|start| line.split_once(start).map(|(_, rest)| rest))?;
    let target = rest.split(['\'', '"']).next()?;
    target.starts_with('.').then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn imports_point_downwards() {
        let good =
            "import { a } from '../../view-models/views';\nimport { b } from './Icon';\nimport 'react';\n";
        assert!(found("web/src/ui/parts/Note.tsx", good).is_empty());
        assert!(found("web/src/main.tsx", "import { App } from './ui/App';\n").is_empty());
        let bad = "import {\n  a,\n} from '../ui/App';\nconst x = await import('../storage/idb');\n";
        assert_eq!(
            found("web/src/platform/clock.ts", bad),
            ["platform must not import `web/src/ui/App`", "platform must not import `web/src/storage/idb`"]
        );
        assert_eq!(found("web/src/ui/App.tsx", "import { m } from '../../mocks/rooms';\n").len(), 1);
    }
}
