//! The directory: people, their devices and friends, rooms and who belongs to them.

mod fold;
pub mod sqlite;
