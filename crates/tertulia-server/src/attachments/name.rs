//! Names of files, as others see them.

use tertulia_core::attachment::NAME_CHARS_MAX;

/// A name without folders, control characters and what hides in text; never empty.
pub fn clean(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_plain = |character: &char| {
        !character.is_control()
            && !matches!(u32::from(*character), 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff)
    };
    let plain: String = last.chars().filter(is_plain).collect();
    let plain = plain.trim().trim_start_matches('.').trim();
    if plain.is_empty() {
        return "file".to_owned();
    }
    match plain.chars().count() > NAME_CHARS_MAX {
        true => shortened(plain),
        false => plain.to_owned(),
    }
}

/// The beginning of a long name, with its extension.
fn shortened(name: &str) -> String {
    const EXTENSION_CHARS_MAX: usize = 12;
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let extension = extension.filter(|extension| extension.chars().count() <= EXTENSION_CHARS_MAX);
    let tail = extension.map(|extension| format!(".{extension}")).unwrap_or_default();
    let head: String = name.chars().take(NAME_CHARS_MAX - tail.chars().count()).collect();
    head + &tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names_and_nothing_else() {
        for (name, cleaned) in [
            ("photo.jpg", "photo.jpg"),
            ("Gure argazkia 📷.png", "Gure argazkia 📷.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\b.doc", "b.doc"),
            ("a\0b\r\nc\u{202e}gpj.exe", "abcgpj.exe"),
            (".htaccess", "htaccess"),
            ("", "file"),
            ("///", "file"),
            (" .. ", "file"),
        ] {
            assert_eq!(clean(name), cleaned, "{name:?}");
        }
        let long = clean(&format!("{}.tar.gz", "ñ".repeat(500)));
        assert_eq!((long.chars().count(), long.ends_with(".gz")), (NAME_CHARS_MAX, true));
    }
}
