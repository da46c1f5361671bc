//! The directory: people, their devices and friends, rooms and who belongs to them. One trait a noun.
//!
//! # Promises
//! - A call that writes is one transaction, durable when it returns.
//! - A transaction that concerns a user raises their feed version and writes what changed; the versions are returned, so
//!   that their gateways can be told.
//! - Rooms and memberships are changed only by the rooms' owners, with (epoch, seq): a change counts if its epoch is not
//!   below the highest that ever wrote to the room, and its seq is above that of the last entry which changed the same
//!   thing. So repeats and late writes do no harm, and a repair may start anywhere.
//! - Authorisation reads (members, devices) are answered by the master.

#[cfg(feature = "contract")]
pub mod contract;
mod files;
mod friends;
mod handles;
mod invites;
mod rooms;
mod users;

pub use files::*;
pub use friends::*;
pub use handles::*;
pub use invites::*;
pub use rooms::*;
use tertulia_core::UserId;
pub use users::*;

/// Everything the directory does, for those who hold it whole.
pub trait Directory: Users + Devices + Rooms + Friends + Invites + Files + Feed + Audit {}

impl<T: Users + Devices + Rooms + Friends + Invites + Files + Feed + Audit> Directory for T {}

/// A user's feed has a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FeedChange {
    /// Whose.
    pub user: UserId,
    /// The version.
    pub version: u64,
    /// What changed.
    pub of: FeedKind,
}

/// What changed for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedKind {
    /// They belong to a room, or no longer.
    Rooms,
    /// A friend asked, accepted or went.
    Friends,
    /// They blocked somebody, or no longer.
    Blocks,
    /// Their settings, of rooms too.
    Settings,
    /// Their name or handle, or whether they administer the server.
    Profile,
    /// A device was signed out.
    Devices,
}

impl FeedKind {
    /// Its name, stored and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rooms => "rooms",
            Self::Friends => "friends",
            Self::Blocks => "blocks",
            Self::Settings => "settings",
            Self::Profile => "profile",
            Self::Devices => "devices",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Rooms, Self::Friends, Self::Blocks, Self::Settings, Self::Profile, Self::Devices]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}
