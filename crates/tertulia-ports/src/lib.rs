//! What Tertulia needs of the outside world.
//!
//! A folder a thing: `mod.rs` has the trait, its words and its promises; `in_process.rs` a reference where one makes
//! sense; `contract.rs` the suite that every adapter passes on its real engine. Ports speak the core's language: no
//! driver's type and no wire's type stands in a signature. The adapters live in `tertulia-adapters`.

pub mod blobs;
pub mod bus;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod coordination;
pub mod directory;
pub mod messages;
pub mod presence;
pub mod push;
pub mod time;

/// An engine did not do what it was asked, and may do it when asked again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{engine}: {reason}")]
pub struct EngineError {
    /// Which engine: `sqlite`, `messages`.
    pub engine: &'static str,
    /// What it said.
    pub reason: String,
}

impl EngineError {
    /// An error of this engine.
    pub fn new(engine: &'static str, reason: impl std::fmt::Display) -> Self {
        Self { engine, reason: reason.to_string() }
    }
}

/// What an engine answers.
pub type EngineResult<T> = Result<T, EngineError>;
