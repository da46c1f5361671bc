//! `/admin`: for administrators, and for the operator's command line.

pub mod audit;
pub mod limits;
pub mod links;
pub mod rooms;
pub mod stats;
pub mod users;
