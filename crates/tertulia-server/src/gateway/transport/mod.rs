//! The gateway's transport: sockets, HTTP upgrades and WebSocket messages, for any application.
//!
//! It knows nothing of chat. A [`listener`] thread takes connections from one port, hands plain HTTP to an
//! [`HttpSink`] and places WebSockets on [`worker`] threads; each worker runs one [`Application`] over its
//! own connections, without locks and without a task per connection. A connection that has nothing to say
//! costs a place in a table and a timer's entry: there is no buffer to read into until bytes have come, and no queue to
//! write from until a socket takes no more.
//!
//! Read [`Application`] first, then `worker/turn.rs`, where everything happens in order. Why the framing is
//! our own: `docs/decisions/0002-websocket-framing.md`.

pub mod counters;
pub mod handshake;
pub mod listener;
pub mod websocket;
pub mod worker;

mod addresses;
mod application;
mod origin;
mod placement;
mod proxies;
mod refusal;
mod shared;

pub use addresses::{Guest, household};
pub use application::{Application, CloseReason, ConnectionId, Enqueued, Peer};
pub use listener::{HttpSink, Listener, ListenerSettings};
pub use origin::OriginPolicy;
pub use placement::{Arrival, Place, Placement};
pub use proxies::{FORWARDED_FOR, Network, NetworkError, Proxies};
pub use refusal::Refusal;
pub use shared::Transport;
pub use websocket::{CloseCode, Frame, MessageLimits};
pub use worker::{Io, PostError, Worker, WorkerHandle, WorkerSettings};
