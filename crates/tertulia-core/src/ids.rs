//! Numbers with a meaning of their own, so that one is never taken for another.
//!
//! Ids of users, rooms and devices are random 63-bit numbers: positive in SQL's signed integers. On the wire they are
//! decimal strings, since JavaScript's numbers end at 53 bits.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The text is not a decimal id between 1 and 2^63 - 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: a decimal number from 1 to 9223372036854775807")]
pub struct BadId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u64);

        impl $name {
            /// The id with this number; only the lower 63 bits count.
            pub const fn new(number: u64) -> Self {
                Self(number & (u64::MAX >> 1))
            }

            /// The number, below 2^63.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                match text.parse::<u64>() {
                    Ok(number) if number > 0 && number <= u64::MAX >> 1 && !text.starts_with(['+', '0']) => {
                        Ok(Self(number))
                    }
                    _ => Err(BadId),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A person.
    UserId
);
id!(
    /// One signed-in client of a person.
    DeviceId
);
id!(
    /// A conversation. Ids of direct rooms follow from their two users (see [`RoomId::direct`]).
    RoomId
);

id!(
    /// A file on its way, or waiting to be part of a message.
    UploadId
);

impl RoomId {
    /// Set in the ids of direct rooms, clear in those of groups and channels.
    const DIRECT_BIT: u64 = 1 << 62;
    /// How many ids a pair may have. Among 10^9 direct rooms hardly one needs its second.
    pub const DIRECT_ATTEMPTS: u32 = 4;

    /// The id of the direct room of two users, the same in either order.
    ///
    /// `attempt` is 0, unless the directory found that another pair has that id already; then the next one, below
    /// [`Self::DIRECT_ATTEMPTS`].
    pub fn direct(one: UserId, other: UserId, attempt: u32) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"tertulia direct room");
        hash.update(one.min(other).0.to_be_bytes());
        hash.update(one.max(other).0.to_be_bytes());
        hash.update(attempt.to_be_bytes());
        Self::new(first_eight(&hash.finalize()) | Self::DIRECT_BIT)
    }

    /// The id of a group or channel, from 64 random bits.
    pub fn random(bits: u64) -> Self {
        Self::new((bits & !Self::DIRECT_BIT).max(1))
    }

    /// Whether it is one of the ids that the direct room of these two may have.
    pub fn is_of(self, one: UserId, other: UserId) -> bool {
        one != other && (0..Self::DIRECT_ATTEMPTS).any(|attempt| Self::direct(one, other, attempt) == self)
    }

    /// Whether the room is a conversation of exactly two.
    pub fn is_direct(self) -> bool {
        self.0 & Self::DIRECT_BIT != 0
    }
}

fn first_eight(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// An entry's number in its room: 1, 2, 3 without gaps. 0 stands before the first.
pub type Seq = u64;

/// How many messages a room has up to and including an entry.
pub type Posts = u64;

/// The number of an ownership of a shard; a higher one fences all lower ones. 0 before the first.
pub type Epoch = u32;

/// Milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeMs(pub u64);

impl TimeMs {
    /// This time and so many milliseconds, at most the end of time.
    pub fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this time, 0 if it lies after.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// 128 random bits that a client gives a command and keeps for every retry; 32 hexadecimal digits on the wire.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub u128);

/// The text is not 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a nonce: 32 hexadecimal digits")]
pub struct BadNonce;

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Nonce {
    type Err = BadNonce;

    fn from_str(text: &str) -> Result<Self, BadNonce> {
        if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(BadNonce);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| BadNonce)
    }
}

impl Serialize for Nonce {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direct_room_is_the_same_for_both_and_differs_by_attempt() {
        let (one, other) = (UserId::new(7), UserId::new(9));
        assert_eq!(RoomId::direct(one, other, 0), RoomId::direct(other, one, 0));
        assert_ne!(RoomId::direct(one, other, 0), RoomId::direct(one, other, 1));
        assert!(RoomId::direct(one, other, 0).is_direct());
        assert!(!RoomId::random(u64::MAX).is_direct());
    }

    #[test]
    fn direct_room_ids_are_frozen() {
        assert_eq!(RoomId::direct(UserId::new(1), UserId::new(2), 0).to_string(), "8703441356555214828");
    }

    #[test]
    fn ids_travel_as_decimal_strings() {
        let id = UserId::new(9_007_199_254_740_993);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<UserId>("\"9007199254740993\"").unwrap(), id);
        for bad in ["\"0\"", "\"-1\"", "\"+1\"", "\"01\"", "\"9223372036854775808\"", "1", "\"\"", "\"a\""] {
            assert!(serde_json::from_str::<UserId>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nonces_are_32_hexadecimal_digits() {
        let nonce = Nonce(0xabc);
        assert_eq!(nonce.to_string().parse(), Ok(nonce));
        for bad in ["", "abc", "+0000000000000000000000000000abc", "g0000000000000000000000000000abc"] {
            assert_eq!(bad.parse::<Nonce>(), Err(BadNonce), "{bad}");
        }
    }
}
