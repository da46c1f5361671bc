//! How names are compared: as people look for each other, in any script.
//!
//! `José` is found by `jose`, `Łukasz` by `lukasz`, `Ｅｍｍａ` by `emma`, `Ёлкин` by `елкин`. What differs only in case,
//! width, ligature or a mark above or below is the same; nothing is said about languages, so no order of theirs either.

use unicode_normalization::UnicodeNormalization;

/// Most characters of a text that somebody is looked for by: longer ones than any name find nobody anyway.
const QUERY_CHARS_MAX: usize = 128;

/// The form in which names are compared.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for character in text.nfkd().flat_map(char::to_lowercase).nfkd().filter(|character| !is_mark(*character))
    {
        match plain(character) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(character),
        }
    }
    folded
}

/// What a person is found by: their handle, and their name from each of its words on.
pub(super) fn words(handle: &str, name: &str) -> Vec<String> {
    let name = fold(name);
    let mut words = vec![fold(handle), name.clone()];
    let mut inside = true;
    for (at, character) in name.char_indices() {
        let before = std::mem::replace(&mut inside, character.is_alphanumeric());
        if at > 0 && inside && !before {
            words.push(name[at..].to_owned());
        }
    }
    words.sort();
    words.dedup();
    words
}

/// The words that start with a text: from the first, up to before the second.
pub(super) fn prefix_range(text: &str) -> (String, String) {
    let start: String = fold(text.trim()).chars().take(QUERY_CHARS_MAX).collect();
    let end = format!("{start}{}", char::MAX);
    (start, end)
}

/// Marks that people leave out when they type: accents of Latin, Greek and Cyrillic, vowel points of Hebrew and Arabic.
fn is_mark(character: char) -> bool {
    matches!(u32::from(character), 0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x5bf | 0x5c1..=0x5c2 | 0x5c4..=0x5c5
        | 0x5c7 | 0x610..=0x61a | 0x640 | 0x64b..=0x65f | 0x670 | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff
        | 0xfe00..=0xfe0f)
}

/// Letters that are typed without what makes them special, and do not decompose.
fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ł' => "l",
        'ŧ' => "t",
        'þ' => "th",
        'ς' => "σ",
        'ə' => "e",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_finds_what_is_written() {
        for (written, typed) in [
            ("José Núñez", "jose nunez"),
            ("ŁUKASZ", "łukasz"),
            ("Łukasz", "Lukasz"),
            ("Ｅｍｍａ", "emma"),
            ("İpek Işıl", "ipek isil"),
            ("Straße", "STRASSE"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("Ёлкин", "елкин"),
            ("שָׁלוֹם", "שלום"),
            ("مُحَمَّد", "محمد"),
            ("ﬁnn", "Finn"),
            ("Nguyễn", "nguyen"),
            ("Đặng", "dang"),
            ("李", "李"),
        ] {
            assert_eq!(fold(written), fold(typed), "{written}");
        }
        for (one, other) in [("が", "か"), ("कि", "का"), ("a", "b"), ("李", "季")] {
            assert_ne!(fold(one), fold(other));
        }
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for text in ["İI ß ŁØ", "ΑΣ", "한글", "ǅ ﬃ ½", "مُحَمَّد"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }

    #[test]
    fn names_are_found_from_each_word_on() {
        assert_eq!(words("neil9", "Ana O'Neil-Ω"), ["ana o'neil-ω", "neil-ω", "neil9", "o'neil-ω", "ω"]);
        assert_eq!(words("li", "李"), ["li", "李"]);
        assert_eq!(words("amaia", "Amaia"), ["amaia"]);
    }

    #[test]
    fn a_prefix_has_the_words_that_start_with_it() {
        let (start, end) = prefix_range(" Ana% ");
        assert_eq!(start, "ana%");
        let within = |word: &str| (start.as_str()..end.as_str()).contains(&word);
        assert!(within("ana%") && within("ana%z") && within("ana%\u{10fffe}"));
        assert!(!within("ana") && !within("anaz") && !within("anb"));
    }
}
