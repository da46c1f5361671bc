//! The store on a real folder.
