//! Frames of the WebSocket `/v1/connect`: JSON objects, told apart by `t`.
//!
//! Read on in [`client`] (what a client says) and [`server`] (what it hears).

pub mod client;
pub mod server;

/// The subprotocol of JSON text frames.
pub const SUBPROTOCOL: &str = "tertulia.v1.json";

/// Close codes, beside those of RFC 6455.
pub mod close {
    /// The server goes down: reconnect, after the time that `reconnect` said.
    pub const GOING_AWAY: u16 = 1001;
    /// What came is no WebSocket message that this server understands: a bug, do not retry.
    pub const PROTOCOL: u16 = 1002;
    /// The message is larger than the server reads.
    pub const TOO_LARGE: u16 = 1009;
    /// The server failed: reconnect with backoff.
    pub const INTERNAL: u16 = 1011;
    /// No `hello` in time: reconnect with backoff.
    pub const HELLO_TIMEOUT: u16 = 4000;
    /// The token is not valid: sign in again.
    pub const UNAUTHENTICATED: u16 = 4001;
    /// The device was signed out: sign in again.
    pub const REVOKED: u16 = 4002;
    /// The first frame was not `hello`, or `hello` came twice: a bug, do not retry.
    pub const UNEXPECTED: u16 = 4003;
    /// The client sent faster than the limits allow, again and again: reconnect after a minute.
    pub const FLOOD: u16 = 4008;
    /// The client did not answer heartbeats: reconnect.
    pub const SILENT: u16 = 4009;
    /// The server is full: reconnect elsewhere, or later.
    pub const OVERLOADED: u16 = 4013;
}
