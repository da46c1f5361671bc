//! `/rooms`: rooms.

pub mod active;
pub mod change;
pub mod create;
pub mod delete;
pub mod direct;
pub mod join;
pub mod show;
