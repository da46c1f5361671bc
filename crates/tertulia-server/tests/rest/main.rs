//! REST against a whole server in one process: real acceptor, HTTP, owners of rooms and SQLite; the message store is the
//! reference in memory, and time stands still until a test moves it.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod access;
mod attachments;
mod bad_input;
mod cleanup;
mod connections;
mod http;
mod limits;
mod live;
mod openapi;
mod people;
mod privacy;
mod reading;
mod rooms;
mod sign_in;
mod world;
