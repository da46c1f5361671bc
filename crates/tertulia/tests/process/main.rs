//! The real binary as a process: its command line, what it says when it cannot start, how it ends.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as expected")]

mod admin;
mod config;
mod conformance;
mod drain;
mod faults;
mod start;
mod upgrade;
mod world;
