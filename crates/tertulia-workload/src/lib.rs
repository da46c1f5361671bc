//! Load, faults and history checking for Tertulia. This program knows only the wire: whatever speaks the protocol of
//! `docs/protocol.md` can be put under it.
//!
//! [`checker`] tells from what clients saw whether the eight promises were kept. [`faults`] makes such histories on a real
//! [`server`] that is killed and stopped. [`bench`](mod@bench) measures it beside the [`floor`], with a [`load`] of thousands of
//! connections. [`conformance`] walks through every frame and error of the manual on any server. [`wire`] is WebSocket as a load generator speaks it.

pub mod bench;
pub mod checker;
pub mod conformance;
pub mod faults;
pub mod floor;
pub mod load;
pub mod server;
pub mod wire;
