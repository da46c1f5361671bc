//! `/users`: people.

pub mod find;
pub mod lookup;
pub mod show;
pub mod sign_up;
