//! The wire of Tertulia: what clients and servers say to each other, and nothing of what either does.
//!
//! These types are the wire's own: they do not change because the rules or the stores do. Ids, nonces and times are
//! the core's, since they have one form everywhere. The manual for people is `docs/protocol.md`.
//!
//! Read on in [`socket`] (frames of `/v1/connect`), [`rest`] (bodies of REST) and [`error`] (codes).

pub mod attachment;
pub mod entry;
pub mod error;
pub mod ids;
pub mod rest;
pub mod room;
pub mod socket;

pub use error::{Code, ErrorDetail};
