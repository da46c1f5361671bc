//! The directory in SQLite: `directory.sqlite` in the data folder, or in memory for tests and the simulation.
//!
//! One file a noun, each with its trait. Below them [`open`] has the file, its settings and migrations, `engine.rs` who
//! runs what where, `apply.rs` the owner's projection, `feed.rs` what every write that concerns a user goes through.
//! In memory nothing depends on time, chance or threads: the same calls give the same answers.

mod apply;
mod audit;
mod columns;
mod devices;
mod engine;
mod feed;
mod files;
mod friends;
mod invites;
mod memberships;
pub mod open;
mod rooms;
#[cfg(test)]
mod tests;
mod users;

pub use engine::SqliteDirectory;
pub use open::{FILE, OpenError};
