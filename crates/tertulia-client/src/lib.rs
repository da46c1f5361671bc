//! A client of Tertulia without a screen: it keeps one device in step with the server and sends what it is given,
//! whatever the network does.
//!
//! Read in this order: [`session`] is the state machine, inputs to outputs, without I/O, clock or chance of its own; it
//! keeps an [`outbox`] of what was not answered yet, and for each room a cursor in [`catch_up`]. [`client`] is the task
//! that runs a session on a real [`connection`]. [`timeline`] folds what came into what a screen shows. [`rest`] is the
//! other half of the protocol: signing up, rooms, members. [`demo`] is a few people who talk.
//!
//! It speaks plain HTTP and WebSocket: in front of a server with TLS it needs a proxy of its own. It stores nothing: what
//! has to survive the program is in [`session::Saved`]. The manual of the protocol is `docs/protocol.md`.

pub mod backoff;
pub mod catch_up;
pub mod client;
pub mod connection;
pub mod demo;
pub mod outbox;
pub mod ranges;
pub mod rest;
pub mod session;
pub mod timeline;

pub use tertulia_protocol as protocol;
