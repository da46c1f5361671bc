//! Files that messages carry, from the last byte of an upload to what others may see of it.
//!
//! `sniff.rs` tells a type by content, `strip.rs` and `film.rs` take out what a camera wrote, `picture.rs` makes small pictures,
//! [`process`] does all of it once an upload has come whole, [`link`] makes addresses that work for a minute.
//!
//! Not here: how bytes come and go over HTTP, which is `api/uploads` and `api/attachments`; where they lie, which is the
//! ports' `blobs`; how long they stay, which is the directory's `Files` and `jobs/files.rs`.

mod film;
pub mod link;
pub mod name;
mod picture;
pub mod process;
mod sniff;
mod strip;

pub use process::Processor;
pub use sniff::is_shown_inline;
