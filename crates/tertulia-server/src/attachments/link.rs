//! Addresses of files that work without a header, for a minute: what a page's pictures and players load.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | 1 for the small picture, 0 for the file |
//! | 1 | place among the message's attachments |
//! | 8 | room |
//! | 8 | the message's number |
//! | 8 | user |
//! | 8 | device |
//! | 8 | when it ends, ms |
//! | 32 | HMAC-SHA-256 of the bytes above, with a key made of the tokens' key |
//!
//! In base64url without padding. A link gives nobody a right: when it is used, its user's grant is asked for again.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tertulia_core::{DeviceId, RoomId, Seq, TimeMs, UserId};

use crate::identity::{TokenError, Tokens};

/// How long a link works, in ms.
pub const LIFETIME_MS: u64 = 60_000;

/// What links are signed for.
const PURPOSE: &[u8] = b"file link";
const CLAIMS_BYTES: usize = 2 + 5 * 8;

/// Which file a link leads to, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Whether it is the small picture.
    pub thumb: bool,
    /// The place among the message's attachments.
    pub place: u8,
    /// The room.
    pub room: RoomId,
    /// The message.
    pub seq: Seq,
    /// Who may use it.
    pub user: UserId,
    /// The device that asked for it: it ends with that.
    pub device: DeviceId,
    /// When it ends.
    pub expires_at: TimeMs,
}

impl Link {
    /// The text of the link.
    pub fn sign(&self, tokens: &Tokens) -> String {
        let mut bytes = vec![u8::from(self.thumb), self.place];
        let numbers = [self.room.get(), self.seq, self.user.get(), self.device.get(), self.expires_at.0];
        bytes.extend(numbers.into_iter().flat_map(u64::to_be_bytes));
        let mac = tokens.sign(PURPOSE, &bytes);
        bytes.extend(mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a link says, if this server made it and its time is not over.
    pub fn read(text: &str, tokens: &Tokens, now: TimeMs) -> Result<Self, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Invalid)?;
        let (claims, mac) = bytes.split_at_checked(CLAIMS_BYTES).ok_or(TokenError::Invalid)?;
        if !tokens.has_signed(PURPOSE, claims, mac) {
            return Err(TokenError::Invalid);
        }
        let number = |index: usize| {
            let at = 2 + 8 * index;
            claims[at..at + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
        };
        let link = Self {
            thumb: claims[0] == 1,
            place: claims[1],
            room: RoomId::new(number(0)),
            seq: number(1),
            user: UserId::new(number(2)),
            device: DeviceId::new(number(3)),
            expires_at: TimeMs(number(4)),
        };
        if now < link.expires_at { Ok(link) } else { Err(TokenError::Expired) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_what_it_was_made_with_until_it_ends() {
        let link = Link {
            thumb: true,
            place: 3,
            room: RoomId::new(7),
            seq: 9,
            user: UserId::new(11),
            device: DeviceId::new(13),
            expires_at: TimeMs(1_000),
        };
        let tokens = Tokens::new(&[3; 32]);
        let text = link.sign(&tokens);
        assert_eq!(Link::read(&text, &tokens, TimeMs(999)), Ok(link));
        assert_eq!(Link::read(&text, &tokens, TimeMs(1_000)), Err(TokenError::Expired));
        assert_eq!(Link::read(&text, &Tokens::new(&[4; 32]), TimeMs(0)), Err(TokenError::Invalid));
        let bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(Link::read(&changed, &tokens, TimeMs(0)), Err(TokenError::Invalid), "byte {at}");
        }
        for bad in ["", "AA", "é", &text[1..]] {
            assert_eq!(Link::read(bad, &tokens, TimeMs(0)), Err(TokenError::Invalid), "{bad}");
        }
    }
}
