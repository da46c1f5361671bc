//! Fan-out: from an owner to the gateways whose sessions have its rooms.
//!
//! One copy of an entry goes to each interested gateway, over an ordered link; the gateway writes the same bytes to
//! each of its sessions. Knows rooms only by their ids, and gateways only by theirs. Read on in [`links`], then in
//! `gateway::rooms`, where deliveries arrive.

pub mod frame;
pub mod interest;
pub mod links;
