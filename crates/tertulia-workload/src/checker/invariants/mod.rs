//! The promises, one file each. That every reader sees the same log (2 and 6) is checked where the log is put together, in
//! `truth`.

pub(super) mod acked;
pub(super) mod deletion;
pub(super) mod delivery;
pub(super) mod departure;
pub(super) mod expiry;
pub(super) mod markers;
pub(super) mod nonces;
pub(super) mod state;
