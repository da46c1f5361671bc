//! Tokens: what a signed-in device shows.
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | version of this format: 1 |
//! | 8 | user |
//! | 8 | device |
//! | 8 | when it ends, ms |
//! | 32 | HMAC-SHA-256 of the bytes above |
//!
//! In base64url without padding, 76 characters. Numbers are big-endian.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tertulia_core::{DeviceId, TimeMs, UserId, room::SYSTEM};

use super::Key;

/// How long a device stays signed in: a year, since people without a password have nothing else.
pub const TOKEN_LIFETIME_MS: u64 = 365 * 24 * 60 * 60 * 1_000;

const VERSION: u8 = 1;
const CLAIMS_BYTES: usize = 1 + 8 + 8 + 8;
const TOKEN_BYTES: usize = CLAIMS_BYTES + 32;

/// What a token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// Whose it is.
    pub user: UserId,
    /// The device that it was made for.
    pub device: DeviceId,
    /// When it ends.
    pub expires_at: TimeMs,
}

impl Claims {
    /// What `tertulia admin` says: it is nobody's device, and made by who can read the key.
    pub fn operator(expires_at: TimeMs) -> Self {
        Self { user: SYSTEM, device: DeviceId::new(0), expires_at }
    }

    /// Whether they are the operator's. No device has the id 0.
    pub fn is_operator(&self) -> bool {
        *self == Self::operator(self.expires_at)
    }
}

/// Why a token says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// This server did not make it.
    #[error("the token is not valid")]
    Invalid,
    /// Its time is over.
    #[error("the token's time is over")]
    Expired,
}

/// Makes and checks tokens. Cheap to clone.
#[derive(Clone)]
pub struct Tokens {
    mac: Hmac<Sha256>,
}

impl Tokens {
    /// Tokens of this key.
    pub fn new(key: &Key) -> Self {
        Self { mac: Hmac::new_from_slice(key).expect("HMAC takes keys of any length") }
    }

    /// A token that says this.
    pub fn issue(&self, claims: &Claims) -> String {
        let mut bytes = Vec::with_capacity(TOKEN_BYTES);
        bytes.push(VERSION);
        for number in [claims.user.get(), claims.device.get(), claims.expires_at.0] {
            bytes.extend(number.to_be_bytes());
        }
        let mac = self.mac.clone().chain_update(&bytes).finalize().into_bytes();
        bytes.extend(mac);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token says, if this server made it and its time is not over.
    pub fn verify(&self, token: &str, now: TimeMs) -> Result<Claims, TokenError> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| TokenError::Invalid)?;
        let (claims, mac) = bytes.split_at_checked(CLAIMS_BYTES).ok_or(TokenError::Invalid)?;
        // Takes as long for a wrong token as for a right one.
        self.mac.clone().chain_update(claims).verify_slice(mac).map_err(|_| TokenError::Invalid)?;
        if claims[0] != VERSION {
            return Err(TokenError::Invalid);
        }
        let number =
            |at: usize| claims[at..at + 8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let claims = Claims {
            user: UserId::new(number(1)),
            device: DeviceId::new(number(9)),
            expires_at: TimeMs(number(17)),
        };
        match now < claims.expires_at {
            true => Ok(claims),
            false => Err(TokenError::Expired),
        }
    }

    /// Signs bytes for another purpose than tokens, with a key of its own.
    pub fn sign(&self, purpose: &[u8], bytes: &[u8]) -> [u8; 32] {
        self.mac_for(purpose).chain_update(bytes).finalize().into_bytes().into()
    }

    /// Whether these bytes were signed for that purpose.
    pub fn has_signed(&self, purpose: &[u8], bytes: &[u8], signature: &[u8]) -> bool {
        self.mac_for(purpose).chain_update(bytes).verify_slice(signature).is_ok()
    }

    fn mac_for(&self, purpose: &[u8]) -> Hmac<Sha256> {
        let key = self.mac.clone().chain_update(purpose).finalize().into_bytes();
        Hmac::new_from_slice(&key).expect("HMAC takes keys of any length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIMS: Claims =
        Claims { user: UserId::new(7), device: DeviceId::new(9), expires_at: TimeMs(1_000) };

    #[test]
    fn a_token_says_what_it_was_made_with_until_it_ends() {
        let tokens = Tokens::new(&[3; 32]);
        let token = tokens.issue(&CLAIMS);
        assert_eq!(tokens.verify(&token, TimeMs(999)), Ok(CLAIMS));
        assert_eq!(tokens.verify(&token, TimeMs(1_000)), Err(TokenError::Expired));
        assert_eq!(Tokens::new(&[4; 32]).verify(&token, TimeMs(0)), Err(TokenError::Invalid));
    }

    #[test]
    fn the_format_is_frozen() {
        let token = Tokens::new(&[3; 32]).issue(&CLAIMS);
        assert_eq!(token, "AQAAAAAAAAAHAAAAAAAAAAkAAAAAAAAD6DzITToTFDEyepMtH4lm2_SQFAwPoC1XV6tCeVyls6PA");
    }

    #[test]
    fn any_change_makes_it_invalid() {
        let tokens = Tokens::new(&[3; 32]);
        let token = tokens.issue(&CLAIMS);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(tokens.verify(&changed, TimeMs(0)), Err(TokenError::Invalid), "byte {at}");
        }
        for bad in ["", "x", &token[1..], &format!("{token}A"), "????", &token[..40]] {
            assert_eq!(tokens.verify(bad, TimeMs(0)), Err(TokenError::Invalid), "{bad}");
        }
    }
}
