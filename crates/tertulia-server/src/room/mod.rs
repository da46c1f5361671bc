//! Rooms and who owns them: one shard loop numbers, checks, stores and broadcasts what happens in its rooms.
//!
//! [`owner`] is the state machine, without I/O; [`shard_loop`] the thread around it; [`handle`] the way to rooms for
//! everybody else. What a room itself decides is in `tertulia-core`.

pub mod handle;
pub mod owner;
pub mod shard_loop;
pub mod work;

pub use handle::{Done, Handle, RoomError};
