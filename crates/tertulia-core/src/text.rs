//! What people may write: texts, names, handles, emoji.

/// Longest name of a person, in characters.
pub const NAME_CHARS_MAX: usize = 64;
/// Longest name of a room, in characters.
pub const ROOM_NAME_CHARS_MAX: usize = 80;
/// Longest topic of a room, in characters.
pub const TOPIC_CHARS_MAX: usize = 250;
/// Longest reason given for a removal, a ban or a deletion, in characters.
pub const REASON_CHARS_MAX: usize = 500;
/// Shortest and longest handle, in characters.
pub const HANDLE_CHARS: std::ops::RangeInclusive<usize> = 2..=32;
/// Longest emoji, in bytes: families with skin tones are long.
pub const EMOJI_BYTES_MAX: usize = 40;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing is there that one can see.
    #[error("is empty")]
    Empty,
    /// It has more than `max` of `unit`.
    #[error("has {length} {unit}, more than {max}")]
    TooLong {
        /// What it has.
        length: usize,
        /// What it may have.
        max: usize,
        /// `bytes` or `characters`.
        unit: &'static str,
    },
    /// It has fewer than `min` characters.
    #[error("has {length} characters, fewer than {min}")]
    TooShort {
        /// What it has.
        length: usize,
        /// What it must have.
        min: usize,
    },
    /// It has a character that may not stand here.
    #[error("has the character U+{0:04X}, which is not allowed here")]
    Character(u32),
    /// It is not one emoji.
    #[error("is not an emoji")]
    NotEmoji,
}

/// Checks a message's text against a limit in bytes.
pub fn check_text(text: &str, max_bytes: u64) -> Result<(), TextError> {
    if text.len() as u64 > max_bytes {
        let max = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        return Err(TextError::TooLong { length: text.len(), max, unit: "bytes" });
    }
    if text.chars().all(|character| character.is_whitespace() || is_deceptive(character)) {
        return Err(TextError::Empty);
    }
    // Most texts have no byte that even a control character begins with.
    let is_plain = |byte: u8| byte >= 0x20 && byte != 0x7f && byte != 0xc2;
    if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return Ok(());
    }
    match text.chars().find(|character| character.is_control() && !matches!(character, '\n' | '\t')) {
        Some(character) => Err(TextError::Character(character.into())),
        None => Ok(()),
    }
}

/// Checks the shown name of a person or room: one line, no look-alike spaces, nothing invisible.
pub fn check_name(name: &str, max_chars: usize) -> Result<(), TextError> {
    check_line(name, max_chars)?;
    if name.trim().is_empty() {
        return Err(TextError::Empty);
    }
    match name.starts_with(' ') || name.ends_with(' ') || name.contains("  ") {
        true => Err(TextError::Character(' '.into())),
        false => Ok(()),
    }
}

/// Checks a line that may be empty: a topic, a reason.
pub fn check_line(line: &str, max_chars: usize) -> Result<(), TextError> {
    let length = line.chars().count();
    if length > max_chars {
        return Err(TextError::TooLong { length, max: max_chars, unit: "characters" });
    }
    match line.chars().find(|character| is_deceptive(*character)) {
        Some(character) => Err(TextError::Character(character.into())),
        None => Ok(()),
    }
}

/// Checks a handle: `a-z`, `0-9`, `_`, `-` and `.`, starting with a letter or digit.
pub fn check_handle(handle: &str) -> Result<(), TextError> {
    let length = handle.chars().count();
    if length < *HANDLE_CHARS.start() {
        return Err(TextError::TooShort { length, min: *HANDLE_CHARS.start() });
    }
    if length > *HANDLE_CHARS.end() {
        return Err(TextError::TooLong { length, max: *HANDLE_CHARS.end(), unit: "characters" });
    }
    let allowed = |(at, character): (usize, char)| {
        character.is_ascii_lowercase()
            || character.is_ascii_digit()
            || (at > 0 && matches!(character, '_' | '-' | '.'))
    };
    match handle.char_indices().find(|place| !allowed(*place)) {
        Some((_, character)) => Err(TextError::Character(character.into())),
        None => Ok(()),
    }
}

/// Checks that a text is one emoji, as far as its characters tell.
pub fn check_emoji(emoji: &str) -> Result<(), TextError> {
    if emoji.len() > EMOJI_BYTES_MAX {
        return Err(TextError::TooLong { length: emoji.len(), max: EMOJI_BYTES_MAX, unit: "bytes" });
    }
    let keycap = emoji.ends_with('\u{20e3}');
    let part = |character: char| match u32::from(character) {
        0x200d | 0xfe0f | 0x20e3 | 0xa9 | 0xae | 0x203c | 0x2049 | 0x2122 | 0x2139 | 0x3030 | 0x303d => true,
        0x23 | 0x2a | 0x30..=0x39 => keycap,
        0x2190..=0x21ff | 0x2300..=0x27bf | 0x2900..=0x297f | 0x2b00..=0x2bff | 0x3297 | 0x3299 => true,
        0x1f000..=0x1faff | 0xe0020..=0xe007f => true,
        _ => false,
    };
    let joins = |character: char| matches!(u32::from(character), 0x200d | 0xfe0f | 0xe0020..=0xe007f);
    match !emoji.is_empty() && emoji.chars().all(part) && !emoji.chars().all(joins) {
        true => Ok(()),
        false => Err(TextError::NotEmoji),
    }
}

/// Control and format characters, and every space but the plain one: they make two names look alike.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || (character.is_whitespace() && character != ' ')
        || matches!(u32::from(character),
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x202a..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xfeff | 0xffa0 | 0xfff0..=0xfffb
            | 0xe0000..=0xe0fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(check_text("¡hola!\n\tqué tal", 100), Ok(()));
        for empty in ["", " \n ", "\u{200b}\u{2060}", "\u{202e} \u{3000}", "\0"] {
            assert_eq!(check_text(empty, 100), Err(TextError::Empty), "{empty:?}");
        }
        assert_eq!(check_text("ñ", 1), Err(TextError::TooLong { length: 2, max: 1, unit: "bytes" }));
        for (bad, character) in
            [("a\0b", 0), ("a\rb", 0xd), ("a\u{7f}", 0x7f), ("é\u{85}", 0x85), ("a\n\u{9f}", 0x9f)]
        {
            assert_eq!(check_text(bad, 100), Err(TextError::Character(character)), "{bad:?}");
        }
        for good in ["£5", "a\u{a0}b", "a\u{202e}b", "\u{2028}x", "👩‍💻"] {
            assert_eq!(check_text(good, 100), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn names() {
        for good in ["Amaia Etxeberria", "李", "מרים", "O'Neil-Ω"] {
            assert_eq!(check_name(good, NAME_CHARS_MAX), Ok(()), "{good}");
        }
        for bad in
            ["a\u{a0}b", "a\u{200b}b", "a\u{202e}b", "a\nb", "a\u{3000}b", " a", "a ", "a  b", "\u{1b}[1m"]
        {
            assert!(matches!(check_name(bad, NAME_CHARS_MAX), Err(TextError::Character(_))), "{bad:?}");
        }
        assert_eq!(check_name("  ", NAME_CHARS_MAX), Err(TextError::Empty));
        assert!(matches!(
            check_name(&"x".repeat(65), 64),
            Err(TextError::TooLong { length: 65, max: 64, .. })
        ));
    }

    #[test]
    fn handles() {
        for good in ["amaia", "a1", "x.y-z_9"] {
            assert_eq!(check_handle(good), Ok(()), "{good}");
        }
        for bad in ["a", "Amaia", ".a", "añb", "a b", "", &"x".repeat(33)] {
            assert!(check_handle(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn emoji() {
        for good in ["👍", "❤️", "👨‍👩‍👧‍👦", "🇪🇸", "1️⃣", "👍🏽"] {
            assert_eq!(check_emoji(good), Ok(()), "{good}");
        }
        for bad in ["", "a", "👍a", "\u{fe0f}", "\u{e0041}", "1", " ", "<script>"] {
            assert!(check_emoji(bad).is_err(), "{bad:?}");
        }
    }
}
