//! The rules of Tertulia: input in, effects out.
//!
//! What a room, a member, a message and an entry are, who may do what, and how a room numbers what happens in it.
//! There is no I/O here, no clock, no randomness and no async: time and random bytes are arguments. The server's
//! shells (`tertulia-server`), the simulation and the tests all run this same code.
//!
//! Read on in [`room`] (the state machine), then [`entry`] (what a log holds) and [`permission`] (who may do what).

pub mod attachment;
pub mod entry;
pub mod ids;
pub mod limits;
pub mod membership;
pub mod message;
pub mod permission;
pub mod room;
pub mod row;
pub mod shard;
pub mod text;

pub use attachment::{Attached, Attachment, AttachmentKind, ContentHash};
pub use entry::{Entry, EntryBody, EntryKind};
pub use ids::{DeviceId, Epoch, Nonce, Posts, RoomId, Seq, TimeMs, UploadId, UserId};
pub use limits::Limits;
pub use membership::{BanUntil, Member, Role, Standing};
pub use room::{Command, Refusal, Room};
pub use shard::ShardId;
