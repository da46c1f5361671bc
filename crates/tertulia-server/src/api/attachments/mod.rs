//! Files of messages: read by whoever may read the message, when it is read.
//!
//! `read.rs` finds a file for its reader, `serve.rs` gives its bytes, `links.rs` makes links for pages.

pub mod links;
pub mod read;
mod serve;
