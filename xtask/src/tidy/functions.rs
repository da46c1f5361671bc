//! Where the functions of a masked Rust or TypeScript file begin and how many lines they have. In TypeScript those are
//! declared functions, methods, and arrows that get a name; the callbacks of a test suite are its chapters, not functions.

use super::mask::Language;

/// One function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line it begins on, from 1.
    pub line: usize,
    /// The lines from there to its closing brace.
    pub lines: usize,
}

/// Words that look like a method's name before a bracket.
const NOT_METHODS: [&str; 9] =
    ["if", "for", "while", "switch", "catch", "function", "return", "super", "with"];

/// Every function of the masked text.
pub fn functions(masked: &str, language: Language) -> Vec<Function> {
    let text: Vec<char> = masked.chars().collect();
    let mut found = Vec::new();
    let mut line = 1;
    for at in 0..text.len() {
        if text[at] == '\n' {
            line += 1;
        }
        let start = match language {
            Language::Rust => rust_start(&text, at),
            Language::TypeScript => typescript_start(&text, at),
        };
        let Some((name, parameters)) = start else { continue };
        let Some(end) = body(&text, parameters, language).and_then(|open| closing(&text, open)) else {
            continue;
        };
        let lines = text[at..=end].iter().filter(|letter| **letter == '\n').count() + 1;
        found.push(Function { name, line, lines });
    }
    found
}

/// `fn name`: the name, and where the rest begins.
fn rust_start(text: &[char], at: usize) -> Option<(String, usize)> {
    let after = keyword(text, at, "fn")?;
    let name = word(text, after);
    (!name.is_empty()).then(|| (name.clone(), after + name.chars().count()))
}

/// `function name(`, `name(…) {` at the start of a line, or the `(` of `name = (…) =>`.
fn typescript_start(text: &[char], at: usize) -> Option<(String, usize)> {
    if let Some(after) = keyword(text, at, "function") {
        let name = word(text, after);
        let name = if name.is_empty() { "function".to_owned() } else { name };
        return Some((name, (after..text.len()).find(|at| text[*at] == '(')?));
    }
    match text[at] {
        '(' => arrow_start(text, at).or_else(|| method_start(text, at)),
        _ => None,
    }
}

fn arrow_start(text: &[char], open: usize) -> Option<(String, usize)> {
    let close = closing(text, open)?;
    let rest: String = text[close + 1..].iter().take(200).collect();
    let before_arrow = rest.find("=>").map(|arrow| &rest[..arrow])?;
    if before_arrow.contains([';', '{', '(', ',']) {
        return None;
    }
    let before: String = text[line_start(text, open)..open].iter().collect();
    let before = before.trim_end().trim_end_matches("async").trim_end();
    let name_part = before.strip_suffix('=')?.split(':').next()?.trim();
    let name = name_part.split_whitespace().next_back()?;
    Some((name.to_owned(), open))
}

fn method_start(text: &[char], open: usize) -> Option<(String, usize)> {
    let before: String = text[line_start(text, open)..open].iter().collect();
    let words: Vec<&str> = before.split_whitespace().collect();
    let (name, modifiers) = words.split_last()?;
    let name = name.split('<').next().unwrap_or(name).trim_start_matches(['*', '#']);
    let known = ["public", "private", "protected", "static", "async", "get", "set", "override"];
    let plain = !name.is_empty()
        && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '$');
    let is_method =
        plain && !NOT_METHODS.contains(&name) && modifiers.iter().all(|word| known.contains(word));
    let after = next(text, closing(text, open)? + 1)?;
    (is_method && matches!(text[after], '{' | ':')).then(|| (name.to_owned(), open))
}

/// The `{` that opens the body of the function whose name or parameters end before or begin at `from`.
fn body(text: &[char], from: usize, language: Language) -> Option<usize> {
    let mut at = from;
    while let Some(letter) = text.get(at) {
        match letter {
            '(' | '[' => at = closing(text, at)?,
            ';' => return None,
            '=' if language == Language::TypeScript && text.get(at + 1) == Some(&'>') => {
                let after = next(text, at + 2)?;
                return (text[after] == '{').then_some(after);
            }
            '{' if language == Language::TypeScript => {
                // A type in braces is followed by the body or by more of the type.
                let after = next(text, closing(text, at)? + 1).map_or('\0', |after| text[after]);
                match after {
                    '{' | '|' | '&' | '[' | '>' | '=' => at = closing(text, at)?,
                    _ => return Some(at),
                }
            }
            '{' => return Some(at),
            '}' | ')' => return None,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The bracket that closes the one at `open`.
fn closing(text: &[char], open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, letter) in text.iter().enumerate().skip(open) {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Where the next thing after the whole word `word` at `at` begins.
fn keyword(text: &[char], at: usize, word: &str) -> Option<usize> {
    let joins =
        |letter: Option<&char>| letter.is_some_and(|letter| letter.is_alphanumeric() || *letter == '_');
    let is_here = word.chars().enumerate().all(|(n, letter)| text.get(at + n) == Some(&letter));
    let starts = at == 0 || !joins(text.get(at - 1));
    let end = at + word.len();
    if is_here && starts && !joins(text.get(end)) { next(text, end) } else { None }
}

fn word(text: &[char], at: usize) -> String {
    text[at..].iter().take_while(|letter| letter.is_alphanumeric() || **letter == '_').collect()
}

fn next(text: &[char], at: usize) -> Option<usize> {
    (at..text.len()).find(|at| !text[*at].is_whitespace())
}

fn line_start(text: &[char], at: usize) -> usize {
    text[..at].iter().rposition(|letter| *letter == '\n').map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, language: Language) -> Vec<(String, usize, usize)> {
        functions(text, language)
            .into_iter()
            .map(|function| (function.name, function.line, function.lines))
            .collect()
    }

    #[test]
    fn rust_functions_are_measured() {
        let text = "trait T {\n    fn only_declared(&self) -> [u8; 4];\n}\n\nfn a<F>(f: F)\nwhere\n    F: Fn(),\n{\n    f()\n}\n\
                    const fn b(f: fn(u8)) -> u8 {\n    fn c() {}\n    1\n}\n";
        let wanted = [("a", 5, 6), ("b", 11, 4), ("c", 12, 1)];
        assert_eq!(
            found(text, Language::Rust),
            wanted.map(|(name, line, lines)| (name.to_owned(), line, lines))
        );
    }

    #[test]
    fn typescript_functions_are_measured() {
        let text = "export function a(x: { y: number }): { z: number } {\n  return f(x);\n}\n\
                    const b = async (x: number): Promise<void> => {\n  await g(x);\n};\n\
                    class C {\n  private async d<T>(x: T): Promise<T> {\n    if (x) {\n      return x;\n    }\n  }\n}\n\
                    test( , () => {\n  call(x);\n});\n";
        let wanted = [("a", 1, 3), ("b", 4, 3), ("d", 8, 5)];
        assert_eq!(
            found(text, Language::TypeScript),
            wanted.map(|(name, line, lines)| (name.to_owned(), line, lines))
        );
    }
}
