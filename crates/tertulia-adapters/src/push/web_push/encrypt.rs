//! What only the browser can read: RFC 8291, in one record of RFC 8188's `aes128gcm`.

use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    rand::{SecureRandom, SystemRandom},
};
use tertulia_ports::push::WebSubscription;

/// Bytes of a public key: a point, uncompressed.
pub const POINT_BYTES: usize = 65;
/// Bytes of a subscription's secret.
pub const AUTH_BYTES: usize = 16;
/// What services take of a body at least, and our record size.
const RECORD_BYTES: u32 = 4_096;
const SALT_BYTES: usize = 16;
/// Follows the text of the last record; padding would come after it.
const LAST_RECORD: u8 = 2;

/// Encrypts for a browser, with a key and a salt of its own each time. Fails when its public key is no point on P-256.
pub fn encrypt(target: &WebSubscription, text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let random = SystemRandom::new();
    let mut salt = [0; SALT_BYTES];
    random.fill(&mut salt)?;
    let own = EphemeralPrivateKey::generate(&ECDH_P256, &random)?;
    let own_public = own.compute_public_key()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, &target.p256dh);
    agree_ephemeral(own, &theirs, |secret| seal(target, own_public.as_ref(), &salt, secret, text))?
}

fn seal(
    target: &WebSubscription,
    own_public: &[u8],
    salt: &[u8; SALT_BYTES],
    secret: &[u8],
    text: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let (key, nonce) = keys(target, own_public, salt, secret)?;
    let mut record = [text, &[LAST_RECORD]].concat();
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)?;
    let length = u8::try_from(own_public.len()).map_err(|_| Unspecified)?;
    Ok([&salt[..], &RECORD_BYTES.to_be_bytes(), &[length], own_public, &record].concat())
}

/// The key and the nonce of the only record.
pub(super) fn keys(
    target: &WebSubscription,
    own_public: &[u8],
    salt: &[u8],
    secret: &[u8],
) -> Result<(LessSafeKey, Nonce), Unspecified> {
    let shared = Salt::new(HKDF_SHA256, &target.auth).extract(secret);
    let input: [u8; 32] = expand(&shared, &[b"WebPush: info\0", &target.p256dh, own_public])?;
    let record = Salt::new(HKDF_SHA256, salt).extract(&input);
    let key: [u8; 16] = expand(&record, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = expand(&record, &[b"Content-Encoding: nonce\0"])?;
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    Ok((key, Nonce::assume_unique_for_key(nonce)))
}

fn expand<const N: usize>(secret: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    struct Bytes(usize);
    impl KeyType for Bytes {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut bytes = [0; N];
    secret.expand(info, Bytes(N))?.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        BASE64.decode(text).unwrap()
    }

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_standard() {
        let target = WebSubscription {
            endpoint: String::new(),
            p256dh: bytes(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
            ),
            auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
        };
        let own =
            bytes("BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let secret = bytes("kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");
        let sealed =
            seal(&target, &own, &salt, &secret, b"When I grow up, I want to be a watermelon").unwrap();
        assert_eq!(
            BASE64.encode(sealed),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn a_key_that_is_no_point_is_refused() {
        let off_the_curve = [&[4][..], &[7; 64]].concat();
        for p256dh in [vec![], vec![4; 64], off_the_curve, vec![0; 65]] {
            let target = WebSubscription { endpoint: String::new(), p256dh, auth: vec![1; AUTH_BYTES] };
            assert!(encrypt(&target, b"text").is_err());
        }
    }
}
