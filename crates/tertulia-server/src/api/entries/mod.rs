//! `/rooms/{room}/entries` and the like: what was said, under the reader's grant.

pub mod events;
pub mod messages;
pub mod pages;
