//! The path of a message through a Tertulia server, one folder per step.
//!
//! Start reading at [`gateway`], where a client's bytes arrive; [`roles`] starts it all.

pub mod api;
pub mod attachments;
pub mod fanout;
pub mod gateway;
pub mod history;
pub mod identity;
pub mod jobs;
pub mod metrics;
pub mod roles;
pub mod room;
pub mod wire;
