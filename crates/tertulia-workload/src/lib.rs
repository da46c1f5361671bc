//! Load, faults and history checking for Tertulia. This program knows only the wire: whatever speaks the protocol of
//! `docs/protocol.md` can be put under it.
//!
//! [`checker`] tells from what clients saw whether the eight promises were kept.

pub mod checker;
