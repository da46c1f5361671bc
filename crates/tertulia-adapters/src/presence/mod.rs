//! Presence.

pub mod embedded;
