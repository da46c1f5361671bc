//! Blanks comments, strings and regular expressions in Rust and TypeScript, so that a plain look at the rest finds only
//! code. Lines keep their numbers. No parser: it knows just enough to tell where such a thing begins and ends.

/// A language that can be masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust.
    Rust,
    /// TypeScript and JavaScript, with or without markup.
    TypeScript,
}

impl Language {
    /// The language of a file, by the end of its name.
    pub fn of(path: &str) -> Option<Self> {
        match path.rsplit('.').next() {
            Some("rs") => Some(Self::Rust),
            Some("ts" | "tsx" | "mjs") => Some(Self::TypeScript),
            _ => None,
        }
    }
}

/// The text with spaces in place of comments, strings and regular expressions.
pub fn mask(text: &str, language: Language) -> String {
    let mut masker =
        Masker { input: text.chars().collect(), at: 0, output: String::with_capacity(text.len()) };
    match language {
        Language::Rust => masker.rust(),
        Language::TypeScript => masker.typescript(0),
    }
    masker.output
}

struct Masker {
    input: Vec<char>,
    at: usize,
    output: String,
}

impl Masker {
    fn peek(&self, ahead: usize) -> char {
        self.input.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn done(&self) -> bool {
        self.at >= self.input.len()
    }

    fn starts_with(&self, word: &str) -> bool {
        word.chars().enumerate().all(|(n, letter)| self.peek(n) == letter)
    }

    fn keep(&mut self) {
        self.output.push(self.peek(0));
        self.at += 1;
    }

    fn blank(&mut self, count: usize) {
        for _ in 0..count.min(self.input.len() - self.at) {
            self.output.push(if self.peek(0) == '\n' { '\n' } else { ' ' });
            self.at += 1;
        }
    }

    fn blank_line(&mut self) {
        while !self.done() && self.peek(0) != '\n' {
            self.blank(1);
        }
    }

    fn blank_comment(&mut self, nests: bool) {
        let mut depth = 0;
        while !self.done() {
            if self.starts_with("*/") {
                depth -= 1;
                self.blank(2);
                if depth == 0 || !nests {
                    return;
                }
            } else {
                depth += i32::from(self.starts_with("/*"));
                self.blank(if self.starts_with("/*") { 2 } else { 1 });
            }
        }
    }

    /// Blanks up to and with the closing quote; `over_lines` says whether the string may hold line ends.
    fn blank_string(&mut self, quote: char, over_lines: bool) {
        self.blank(1);
        while !self.done() {
            match self.peek(0) {
                '\\' => self.blank(2),
                '\n' if !over_lines => return,
                letter if letter == quote => return self.blank(1),
                _ => self.blank(1),
            }
        }
    }

    fn last_is_word(&self) -> bool {
        self.output.chars().next_back().is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    }

    fn rust(&mut self) {
        while !self.done() {
            match self.peek(0) {
                '/' if self.peek(1) == '/' => self.blank_line(),
                '/' if self.peek(1) == '*' => self.blank_comment(true),
                '"' => self.blank_string('"', true),
                'r' if !self.word_goes_on() && self.raw_hashes().is_some() => self.blank_raw_string(),
                '\'' if self.peek(1) == '\\' || self.peek(2) == '\'' => self.blank_string('\'', false),
                _ => self.keep(),
            }
        }
    }

    /// Whether an `r` here is part of a longer word; `br"` and `cr"` are raw strings too.
    fn word_goes_on(&self) -> bool {
        let mut back = self.output.chars().rev();
        let last = back.next().filter(|last| !matches!(last, 'b' | 'c')).or_else(|| back.next());
        last.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    }

    fn raw_hashes(&self) -> Option<usize> {
        let hashes = (1..).take_while(|ahead| self.peek(*ahead) == '#').count();
        (self.peek(1 + hashes) == '"').then_some(hashes)
    }

    fn blank_raw_string(&mut self) {
        let hashes = self.raw_hashes().unwrap_or(0);
        let end = format!("\"{}", "#".repeat(hashes));
        self.blank(2 + hashes);
        while !self.done() && !self.starts_with(&end) {
            self.blank(1);
        }
        self.blank(1 + hashes);
    }

    /// Masks until the end, or until the `}` that closes a template's `${`, with `depth` blocks open within it.
    fn typescript(&mut self, template: u32) {
        let mut depth = 0;
        while !self.done() {
            match self.peek(0) {
                '/' if self.peek(1) == '/' => self.blank_line(),
                '/' if self.peek(1) == '*' => self.blank_comment(false),
                '/' if self.regex_may_start() => self.blank_regex(),
                '"' => self.blank_string('"', false),
                '\'' if !self.last_is_word() => self.blank_string('\'', false),
                '`' => self.blank_template(template),
                '}' if template > 0 && depth == 0 => return,
                letter => {
                    depth += i32::from(letter == '{') - i32::from(letter == '}');
                    self.keep();
                }
            }
        }
    }

    fn blank_template(&mut self, template: u32) {
        self.blank(1);
        while !self.done() {
            match self.peek(0) {
                '\\' => self.blank(2),
                '`' => return self.blank(1),
                '$' if self.peek(1) == '{' => {
                    self.blank(2);
                    self.typescript(template + 1);
                    self.blank(1);
                }
                _ => self.blank(1),
            }
        }
    }

    /// After a value a slash divides; after an operator, a bracket or `return` it begins a regular expression.
    fn regex_may_start(&self) -> bool {
        let before = self.output.trim_end();
        before.is_empty()
            || before.ends_with("return")
            || before.ends_with(|letter| "(,=:[!&|?{};+".contains(letter))
    }

    fn blank_regex(&mut self) {
        let mut in_class = false;
        self.blank(1);
        while !self.done() && self.peek(0) != '\n' {
            match self.peek(0) {
                '\\' => self.blank(2),
                '/' if !in_class => return self.blank(1),
                letter => {
                    in_class = (in_class || letter == '[') && letter != ']';
                    self.blank(1);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left, with runs of blanks drawn together.
    fn left(text: &str, language: Language) -> String {
        let masked = mask(text, language);
        assert_eq!(masked.chars().count(), text.chars().count(), "every letter keeps its place");
        masked.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn rust_keeps_its_code() {
        let cases = [
            ("a // b { \nc", "a c"),
            ("a /* { /* } */ */ b", "a b"),
            (r#"f("{ \" }") { }"#, "f( ) { }"),
            ("r#\"{ \" \"# x br\"{\" y", "x b y"),
            ("fn f<'a>(x: &'a str) { '{' }", "fn f<'a>(x: &'a str) { }"),
            (r"'\'' + '\u{1F600}' + b'{' var'", "+ + b var'"),
            ("for r in rows { }", "for r in rows { }"),
        ];
        for (text, wanted) in cases {
            assert_eq!(left(text, Language::Rust), wanted, "{text}");
        }
    }

    #[test]
    fn typescript_keeps_its_code() {
        let cases = [
            ("a('{') // {", "a( )"),
            ("x = `a ${b + `{${c}`} d` + e", "x = b + c + e"),
            ("x = `${f({ a: 1 })}`;", "x = f({ a: 1 }) ;"),
            ("s.replace(/[/{\"]/g, '') / 2", "s.replace( g, ) / 2"),
            ("<p>Don't stop</p>\n{x}", "<p>Don't stop</p> {x}"),
            ("const a = b / c / d;", "const a = b / c / d;"),
        ];
        for (text, wanted) in cases {
            assert_eq!(left(text, Language::TypeScript), wanted, "{text}");
        }
    }
}
