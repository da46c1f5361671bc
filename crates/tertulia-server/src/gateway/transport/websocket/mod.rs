//! WebSocket framing of RFC 6455, the server's side, without extensions.
//!
//! [`Inbound`] turns the bytes of one peer into whole messages and keeps nothing between two reads unless a
//! frame is cut; [`Frame`] is an encoded frame that many connections share. There is no I/O here: see
//! `worker` for that, and [`crate::gateway::transport::handshake`] for the HTTP upgrade that comes first.

mod close;
mod frame;
mod inbound;
mod mask;
mod text;

pub use close::{CloseCode, Violation};
pub use frame::Frame;
pub use inbound::{Event, Inbound, Input, MessageLimits};
