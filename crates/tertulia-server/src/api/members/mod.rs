//! `/rooms/{room}/members`: who belongs to a room.

pub mod list;
pub mod put;
pub mod remove;
