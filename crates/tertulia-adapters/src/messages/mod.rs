//! The message store on real engines. The promises are told in `tertulia_ports::messages`.

#[cfg(feature = "messages-embedded")]
pub mod embedded;
