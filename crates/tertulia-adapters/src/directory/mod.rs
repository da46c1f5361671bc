//! The directory: people, their devices and friends, rooms and who belongs to them.

#[cfg(feature = "directory-sqlite")]
mod fold;
#[cfg(feature = "directory-sqlite")]
pub mod sqlite;
