//! The gateway's transport: sockets, HTTP upgrades and WebSocket messages, for any application.

pub mod websocket;
