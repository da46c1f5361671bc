//! Blob stores: [`files`] in the data folder.

pub mod files;
