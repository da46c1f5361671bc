//! Text that arrives in pieces, checked as it comes.

use super::Violation;

/// Bytes of the longest character in UTF-8.
const CHARACTER_MAX_BYTES: usize = 4;

/// The text of one message so far, and the beginning of a character that a piece ended in.
#[derive(Default, Debug)]
pub(super) struct PartialText {
    text: String,
    cut: [u8; CHARACTER_MAX_BYTES],
    cut_bytes: usize,
}

impl PartialText {
    /// Takes the next piece; an error as soon as no continuation could make it UTF-8.
    pub(super) fn push(&mut self, mut piece: &[u8]) -> Result<(), Violation> {
        while self.cut_bytes > 0 {
            let Some((first, rest)) = piece.split_first() else {
                return Ok(());
            };
            piece = rest;
            self.cut[self.cut_bytes] = *first;
            self.cut_bytes += 1;
            match std::str::from_utf8(&self.cut[..self.cut_bytes]) {
                Ok(character) => {
                    self.text.push_str(character);
                    self.cut_bytes = 0;
                }
                Err(error) if error.error_len().is_some() => return Err(Violation::InvalidUtf8),
                Err(_) => {}
            }
        }
        let (whole, cut) = split_at_cut(piece)?;
        self.text.push_str(whole);
        self.cut[..cut.len()].copy_from_slice(cut);
        self.cut_bytes = cut.len();
        Ok(())
    }

    /// Checks that the message does not end inside a character.
    pub(super) fn finish(&self) -> Result<(), Violation> {
        if self.cut_bytes == 0 { Ok(()) } else { Err(Violation::InvalidUtf8) }
    }

    /// Bytes taken so far.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.cut_bytes
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

/// The whole characters of `piece`, and the at most three bytes of a character that it ends in.
fn split_at_cut(piece: &[u8]) -> Result<(&str, &[u8]), Violation> {
    let error = match std::str::from_utf8(piece) {
        Ok(whole) => return Ok((whole, &[])),
        Err(error) => error,
    };
    if error.error_len().is_some() {
        return Err(Violation::InvalidUtf8);
    }
    let (whole, cut) = piece.split_at(error.valid_up_to());
    let whole = std::str::from_utf8(whole).map_err(|_| Violation::InvalidUtf8)?;
    Ok((whole, cut))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(pieces: &[&[u8]]) -> Result<String, Violation> {
        let mut text = PartialText::default();
        for piece in pieces {
            text.push(piece)?;
        }
        text.finish()?;
        Ok(text.as_str().to_owned())
    }

    #[test]
    fn characters_may_be_cut_anywhere() {
        assert_eq!(check(&[b"\xf0\x9f", b"\x98", b"\x80 ok"]), Ok("😀 ok".to_owned()));
        assert_eq!(check(&[b"\xc3", b"", b"\xa4"]), Ok("ä".to_owned()));
    }

    #[test]
    fn what_cannot_become_utf8_is_refused_at_once() {
        let mut text = PartialText::default();
        assert_eq!(text.push(b"\xf4"), Ok(()));
        assert_eq!(text.push(b"\x90"), Err(Violation::InvalidUtf8));
        assert_eq!(check(&[b"\xed\xa0\x80"]), Err(Violation::InvalidUtf8), "a surrogate");
        assert_eq!(check(&[b"\xc0\xaf"]), Err(Violation::InvalidUtf8), "an overlong slash");
        assert_eq!(check(&[b"a\xe2\x82"]), Err(Violation::InvalidUtf8), "ends inside a character");
    }

    proptest! {
        #[test]
        fn pieces_are_judged_like_the_whole(bytes in proptest::collection::vec(any::<u8>(), 0..40), size in 1usize..6) {
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(check(&pieces).ok(), String::from_utf8(bytes.clone()).ok());
        }
    }
}
