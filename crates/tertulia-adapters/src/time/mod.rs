//! Time and randomness of the machine: the only place that asks the system for either.

pub mod system;
