//! Who sends: RFC 8292. A key that is made at the first start and kept, and tokens that it signs for each push service.

use std::{
    collections::HashMap,
    fs,
    io::{self, ErrorKind, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;
use tertulia_core::TimeMs;
use tertulia_ports::EngineError;

use super::ENGINE;

/// The key's name in the data folder.
pub const FILE: &str = "vapid.key";
/// How long a token is good for. Services take 24 hours at most, by their own clocks.
const TOKEN_MS: u64 = 12 * 60 * 60 * 1_000;
/// A token is replaced when less than this is left of it.
const TOKEN_LEFT_MIN_MS: u64 = 60 * 60 * 1_000;
/// Most services with a token. Users name them, so there may be any number; real ones are fewer than ten.
const TOKENS_MAX: usize = 256;

/// The server's key, and the tokens it has signed.
pub struct Vapid {
    key: EcdsaKeyPair,
    public: String,
    contact: String,
    tokens: Mutex<HashMap<String, Token>>,
}

struct Token {
    header: String,
    expires_at: TimeMs,
}

impl Vapid {
    /// The key in this folder, made if there is none. `contact` is a `mailto:` or `https:` address by which a push
    /// service reaches the operator.
    pub fn open(folder: &Path, contact: &str) -> Result<Self, EngineError> {
        let path = folder.join(FILE);
        let failed = |reason: &dyn std::fmt::Display| {
            EngineError::new(ENGINE, format_args!("{}: {reason}", path.display()))
        };
        if !contact.starts_with("mailto:") && !contact.starts_with("https:") {
            return Err(EngineError::new(ENGINE, "the contact is neither a mailto: nor an https: address"));
        }
        let stored = read_or_make(&path).map_err(|error| failed(&error))?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &stored, &SystemRandom::new())
            .map_err(|error| failed(&format_args!("no key on P-256 in PKCS #8: {error}")))?;
        let public = BASE64.encode(key.public_key());
        Ok(Self { key, public, contact: contact.to_owned(), tokens: Mutex::default() })
    }

    /// The public key, as browsers want it for a subscription.
    pub fn public_key(&self) -> &str {
        &self.public
    }

    /// The value of `Authorization` for a push service.
    pub fn authorization(&self, origin: &str, now: TimeMs) -> Result<String, EngineError> {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = tokens.get(origin)
            // A clock that was set back must not leave a token that is good for longer than services allow.
            && (TOKEN_LEFT_MIN_MS..=TOKEN_MS).contains(&token.expires_at.since(now))
        {
            return Ok(token.header.clone());
        }
        let expires_at = now.plus(TOKEN_MS);
        let header = format!("vapid t={}, k={}", self.sign(origin, expires_at)?, self.public);
        if tokens.len() >= TOKENS_MAX {
            tokens.clear();
        }
        tokens.insert(origin.to_owned(), Token { header: header.clone(), expires_at });
        Ok(header)
    }

    fn sign(&self, origin: &str, expires_at: TimeMs) -> Result<String, EngineError> {
        let head = json!({ "typ": "JWT", "alg": "ES256" });
        let claims = json!({ "aud": origin, "exp": expires_at.0 / 1_000, "sub": self.contact });
        let text = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        let signature = self
            .key
            .sign(&SystemRandom::new(), text.as_bytes())
            .map_err(|_| EngineError::new(ENGINE, "the key does not sign"))?;
        Ok(format!("{text}.{}", BASE64.encode(signature)))
    }
}

fn read_or_make(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        read => read,
    }
}

/// Written beside and renamed, so that a crash leaves a whole key or none: browsers' subscriptions are for this key.
fn make(path: &Path) -> io::Result<Vec<u8>> {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|error| io::Error::other(error.to_string()))?;
    let beside = path.with_extension("new");
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&beside)?;
    file.write_all(key.as_ref())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(key.as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTACT: &str = "mailto:operator@example.com";

    #[test]
    fn the_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Vapid::open(folder.path(), CONTACT).unwrap();
        let again = Vapid::open(folder.path(), CONTACT).unwrap();
        assert_eq!(first.public_key(), again.public_key());
        assert_eq!(BASE64.decode(first.public_key()).unwrap().len(), 65);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_spoilt_key_is_an_error_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), b"not a key").unwrap();
        let error = Vapid::open(folder.path(), CONTACT).err().unwrap();
        assert!(error.reason.contains(FILE), "{error}");
        assert_eq!(fs::read(folder.path().join(FILE)).unwrap(), b"not a key");
        assert!(Vapid::open(tempfile::tempdir().unwrap().path(), "operator").is_err());
    }

    #[test]
    fn a_token_is_kept_for_its_origin_until_shortly_before_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let vapid = Vapid::open(folder.path(), CONTACT).unwrap();
        let at = |origin: &str, now| vapid.authorization(origin, TimeMs(now)).unwrap();
        let start = 1_800_000_000_000;
        let first = at("https://one.example", start);
        assert_eq!(at("https://one.example", start + TOKEN_MS - TOKEN_LEFT_MIN_MS), first);
        assert_ne!(at("https://two.example", start), first);
        assert_ne!(at("https://one.example", start - 1), first, "the clock was set back");
        let later = at("https://one.example", start + TOKEN_MS);
        assert_ne!(later, first);
        for number in 0..2 * TOKENS_MAX {
            at(&format!("https://{number}.example"), start);
        }
        assert!(vapid.tokens.lock().unwrap().len() <= TOKENS_MAX);
    }
}
