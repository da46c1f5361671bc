//! What holds the clients' connections.
//!
//! [`transport`] moves bytes and WebSocket messages and knows nothing of chat.

pub mod transport;
