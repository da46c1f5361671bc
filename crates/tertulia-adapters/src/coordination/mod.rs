//! Coordination.

pub mod embedded;
