//! What holds the clients' connections.
//!
//! [`transport`] moves bytes and WebSocket messages and knows nothing of chat. [`machine`] is a gateway: the state
//! machine of one worker's sessions, without I/O, which the simulation runs as it is. [`worker`] puts the two together,
//! and [`errands`] is what a gateway has done by others. It reaches rooms only by mail to their owners.
//!
//! Read [`machine`] first; then `hello.rs` (how a session begins), `requests.rs` (what it asks), `rooms.rs` (what it is
//! given), `links.rs` (how a loss is seen and mended) and `people.rs` (presence, feeds, revoked devices) and `watching.rs` (who sees whose
//! presence).

pub mod errands;
pub mod machine;
pub mod transport;
pub mod worker;

mod hello;
mod links;
mod people;
mod rate;
mod requests;
mod rooms;
mod session;
mod watching;

#[cfg(test)]
mod tests;
