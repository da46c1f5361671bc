//! The limits that an operator may change while the server runs, with their defaults and bounds.

use serde::{Deserialize, Serialize};

/// What one limit is: its name on the wire and in the configuration, its unit, default and bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitInfo {
    /// Name in configuration, admin API and `welcome`.
    pub name: &'static str,
    /// Unit of the number.
    pub unit: &'static str,
    /// The value of a fresh server.
    pub default: u64,
    /// Smallest value that is accepted.
    pub min: u64,
    /// Largest value that is accepted.
    pub max: u64,
    /// One sentence that says what it does.
    pub about: &'static str,
}

/// A limit's name is unknown, or its value is out of bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// No limit has that name.
    #[error("there is no limit named {name}")]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// The value is not within the limit's bounds.
    #[error("{name} must be from {min} to {max}, not {value}")]
    OutOfBounds {
        /// The limit's name.
        name: &'static str,
        /// The value that was refused.
        value: u64,
        /// Smallest accepted value.
        min: u64,
        /// Largest accepted value.
        max: u64,
    },
}

macro_rules! limits {
    ($($(#[doc = $about:literal])* $name:ident: $unit:literal, $default:literal, $min:literal..=$max:literal;)*) => {
        /// The limits in force. All numbers travel as JSON numbers under these names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Limits {
            $($(#[doc = $about])* pub $name: u64,)*
        }

        impl Limits {
            /// Every limit's name, unit, default and bounds.
            pub const INFO: &'static [LimitInfo] = &[$(LimitInfo {
                name: stringify!($name), unit: $unit, default: $default, min: $min, max: $max,
                about: concat!($($about),*),
            },)*];

            /// The value of the limit with this name.
            pub fn get(&self, name: &str) -> Option<u64> {
                match name {
                    $(stringify!($name) => Some(self.$name),)*
                    _ => None,
                }
            }

            /// Sets one limit; nothing changes on an error.
            pub fn set(&mut self, name: &str, value: u64) -> Result<(), LimitError> {
                match name {
                    $(stringify!($name) => {
                        #[allow(unused_comparisons, clippy::absurd_extreme_comparisons, clippy::allow_attributes)]
                        if !($min..=$max).contains(&value) {
                            return Err(LimitError::OutOfBounds {
                                name: stringify!($name), value, min: $min, max: $max,
                            });
                        }
                        self.$name = value;
                        Ok(())
                    })*
                    _ => Err(LimitError::Unknown { name: name.to_owned() }),
                }
            }
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }
    };
}

limits! {
    /// Longest text of a message, in bytes of UTF-8.
    text_bytes: "bytes", 8_000, 1..=65_536;
    /// Most members that a group or channel may have.
    members_per_room: "members", 10_000, 2..=1_000_000;
    /// Most rooms that one person may be a member of.
    rooms_per_user: "rooms", 1_000, 1..=100_000;
    /// Most messages, edits and reactions that one session may send in ten seconds.
    messages_per_10s: "messages", 50, 1..=100_000;
    /// Most requests over REST that one person, or one address that nobody has signed in at, may make in ten seconds.
    requests_per_10s: "requests", 500, 10..=1_000_000;
    /// Days after which messages are deleted; 0 keeps them for good.
    retention_days: "days", 0, 0..=36_500;
    /// Most connections that one process accepts.
    connections_per_gateway: "connections", 18_000, 1..=1_000_000;
    /// Most connections that one address may have, of every kind; 0 is any number.
    connections_per_address: "connections", 1_000, 0..=1_000_000;
    /// Most kinds of reactions that one message may have.
    reaction_kinds: "kinds", 20, 1..=100;
    /// Largest file that a message may carry, in bytes.
    attachment_bytes: "bytes", 104_857_600, 1_024..=17_179_869_184;
    /// Most files that one message may carry; 0 turns files off.
    attachments_per_message: "files", 10, 0..=50;
    /// Most uploads of one person that are under way, or not part of a message yet.
    uploads_per_user: "uploads", 20, 1..=1_000;
    /// Room size from which typing and receipts are no longer sent.
    quiet_room_members: "members", 500, 2..=1_000_000;
}

impl Limits {
    /// Checks every value against its bounds, for limits that were read from a file.
    pub fn check(&self) -> Result<(), LimitError> {
        let mut checked = *self;
        Self::INFO
            .iter()
            .try_for_each(|info| checked.set(info.name, self.get(info.name).unwrap_or(info.default)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_within_bounds_and_named() {
        let limits = Limits::default();
        assert_eq!(limits.check(), Ok(()));
        for info in Limits::INFO {
            assert_eq!(limits.get(info.name), Some(info.default));
            assert!(!info.about.is_empty());
        }
    }

    #[test]
    fn a_value_out_of_bounds_changes_nothing() {
        let mut limits = Limits::default();
        let error = limits.set("text_bytes", 0).unwrap_err();
        assert_eq!(error.to_string(), "text_bytes must be from 1 to 65536, not 0");
        assert_eq!(limits, Limits::default());
        assert_eq!(limits.set("nonsense", 1), Err(LimitError::Unknown { name: "nonsense".into() }));
        limits.set("text_bytes", 100).unwrap();
        assert_eq!(limits.text_bytes, 100);
    }
}
