//! Load, faults and history checking for Tertulia. This program knows only the wire: whatever speaks the protocol of
//! `docs/protocol.md` can be put under it.
//!
//! [`checker`] tells from what clients saw whether the eight promises were kept. [`faults`] makes such histories on a real
//! [`server`] that is killed and stopped. [`wire`] is WebSocket as a load generator speaks it.

pub mod checker;
pub mod faults;
pub mod server;
pub mod wire;
