//! Coordination: which nodes there are, who owns which shards, run-time configuration, who does a job.
//!
//! Liveness only: a wrong answer costs a `moved`, never safety, which the message store's fences keep.
//!
//! [`in_process`] is the reference; the suite stands in `contract.rs`.

#[cfg(any(test, feature = "contract"))]
pub mod contract;
pub mod in_process;

use std::{collections::BTreeSet, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tertulia_core::{Limits, TimeMs, room::Broadcast};

use crate::EngineResult;

/// A node as it registers itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its name, unique among the living.
    pub name: String,
    /// Where clients reach it.
    pub url: String,
    /// Where it stands: `eu-west`, may be empty.
    pub place: String,
    /// How many connections it takes.
    pub capacity: u64,
    /// How many it has.
    pub load: u64,
    /// Whether it is being emptied.
    pub draining: bool,
}

/// What may change while the server runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RuntimeConfig {
    /// Raised with each change.
    pub version: u64,
    /// The limits in force.
    pub limits: Limits,
    /// The names of those that an administrator has set. The others follow what a server is started with.
    pub overridden: BTreeSet<String>,
    /// How rooms broadcast that do not say.
    pub broadcast: Option<Broadcast>,
}

/// Called with each new configuration.
pub type ConfigWatcher = Box<dyn Fn(&Arc<RuntimeConfig>) + Send + Sync>;

/// Coordination.
#[async_trait]
pub trait Coordination: Send + Sync {
    /// Registers this node, or replaces what it said of itself.
    async fn announce(&self, node: &Node) -> EngineResult<()>;
    /// The nodes that live, by name.
    async fn nodes(&self) -> EngineResult<Vec<Node>>;
    /// The run-time configuration.
    fn config(&self) -> Arc<RuntimeConfig>;
    /// Stores a new configuration under the next version if the present one has version `config.version`; `false` if
    /// not. Durable. A limit out of its bounds is an error that names it, and changes nothing.
    async fn set_config(&self, config: RuntimeConfig) -> EngineResult<bool>;
    /// Calls the watcher with every configuration from now on, in order. It may read the configuration, not set it.
    fn watch_config(&self, watcher: ConfigWatcher);
    /// Takes or renews the lease of a job until `now` + `ms`, if nobody else holds it. With 0 ms, gives it back.
    async fn lease(&self, job: &str, holder: &str, now: TimeMs, ms: u64) -> EngineResult<bool>;
}
