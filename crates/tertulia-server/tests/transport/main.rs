//! The transport over real loopback sockets.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod client;
mod conformance;
mod connections;
mod hostile;
mod http;
mod probe;
mod shutdown;
