//! `/admin`: for administrators.

pub mod audit;
pub mod limits;
pub mod stats;
