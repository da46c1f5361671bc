//! Passwords: argon2id, on threads that may block, so many at once and no more.
//!
//! Every check takes the same time, whether there is such a person or not: who is unknown, or has no password, is
//! checked against a hash that nobody knows the password of.

use std::{ops::RangeInclusive, sync::Arc};

use argon2::{
    Argon2, Params,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use tertulia_ports::time::Entropy;
use tokio::{sync::Semaphore, task};

/// Shortest and longest password, in characters.
pub const PASSWORD_CHARS: RangeInclusive<usize> = 8..=256;

/// How many hashes are computed at once: each takes 19 MiB and a core for some hundredths of a second.
const AT_ONCE: usize = 2;
/// How many may wait for their turn: about a second's worth. The rest is turned away.
const WAITING_MAX: usize = 64;
/// Bytes of salt.
const SALT_BYTES: usize = 16;

/// Why there is no hash, or no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many others wait.
    #[error("too many sign-ins at once")]
    Busy,
    /// The hash function failed: memory, or a damaged hash.
    #[error("the password could not be hashed")]
    Failed,
}

/// Whether a password is long enough, and not too long: how many characters it has if not.
pub fn check_password(password: &str) -> Result<(), usize> {
    let chars = password.chars().count();
    match PASSWORD_CHARS.contains(&chars) {
        true => Ok(()),
        false => Err(chars),
    }
}

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    entropy: Arc<dyn Entropy>,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    /// A hash in PHC form that nobody knows a password of.
    nobody: Arc<str>,
}

impl Passwords {
    /// Passwords with salt from here.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        let nobody = hash_of_nobody(entropy.as_ref());
        Self {
            entropy,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING_MAX)),
            nobody: nobody.into(),
        }
    }

    /// The hash of a password, in PHC form.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        let password = password.to_owned();
        let salt = self.entropy.salt();
        self.compute(move || hash(password.as_bytes(), &salt)).await?
    }

    /// Whether a password is the one of this hash; never, but as slowly, without a hash.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
        let password = password.to_owned();
        let is_known = hash.is_some();
        let hash = hash.unwrap_or(&self.nobody).to_owned();
        let matches = move || {
            let hash = PasswordHash::new(&hash).map_err(|_| PasswordError::Failed)?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        };
        let matches = self.compute(matches).await??;
        Ok(is_known && matches)
    }

    /// In its turn, on a thread that may block.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let _place = self.places.try_acquire().map_err(|_| PasswordError::Busy)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| PasswordError::Failed)?;
        // The turn ends with the work, even if nobody waits for it any more.
        let work = move || {
            let _turn = turn;
            work()
        };
        task::spawn_blocking(work).await.map_err(|_| PasswordError::Failed)
    }
}

/// A hash in PHC form that no password has but by chance: its bytes are random, so that a start need not compute one.
fn hash_of_nobody(entropy: &dyn Entropy) -> String {
    let (mut salt, mut hash) = ([0; SALT_BYTES], [0; Params::DEFAULT_OUTPUT_LEN]);
    entropy.fill(&mut salt);
    entropy.fill(&mut hash);
    let argon2 = Argon2::default();
    let (memory, turns, lanes) =
        (argon2.params().m_cost(), argon2.params().t_cost(), argon2.params().p_cost());
    let [salt, hash] = [&salt[..], &hash].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    format!("$argon2id$v=19$m={memory},t={turns},p={lanes}${salt}${hash}")
}

fn hash(password: &[u8], salt: &[u8]) -> Result<String, PasswordError> {
    let hash: Result<argon2::password_hash::phc::PasswordHash, _> =
        Argon2::default().hash_password_with_salt(password, salt);
    hash.map(|hash| hash.to_string()).map_err(|_| PasswordError::Failed)
}

#[cfg(test)]
mod tests {
    use tertulia_ports::time::manual::SeededEntropy;

    use super::*;

    #[tokio::test]
    async fn only_the_password_is_the_password() {
        let passwords = Passwords::new(Arc::new(SeededEntropy::new(1)));
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"), "{hash}");
        assert_eq!(passwords.verify("correct horse", Some(&hash)).await, Ok(true));
        assert_eq!(passwords.verify("correct horsf", Some(&hash)).await, Ok(false));
        assert_eq!(passwords.verify("correct horse", None).await, Ok(false));
        assert_eq!(passwords.verify("x", Some("no hash")).await, Err(PasswordError::Failed));
        assert_ne!(passwords.hash("correct horse").await.unwrap(), hash, "salted");
    }

    #[tokio::test]
    async fn nobody_costs_as_much_as_anybody() {
        let passwords = Passwords::new(Arc::new(SeededEntropy::new(1)));
        let somebody = passwords.hash("correct horse").await.unwrap();
        let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(cost(&passwords.nobody), cost(&somebody));
        assert_eq!(passwords.nobody.len(), somebody.len());
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_turned_away() {
        let passwords = Passwords::new(Arc::new(SeededEntropy::new(1)));
        let _all = passwords.places.clone().try_acquire_many_owned((AT_ONCE + WAITING_MAX) as u32).unwrap();
        assert_eq!(passwords.verify("x", None).await, Err(PasswordError::Busy));
    }

    #[test]
    fn lengths() {
        assert_eq!(check_password("1234567"), Err(7));
        assert_eq!(check_password("ñañañaña"), Ok(()));
        assert_eq!(check_password(&"x".repeat(257)), Err(257));
    }
}
