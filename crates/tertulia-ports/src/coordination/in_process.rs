//! Coordination for a single node: it lives as long as its process, and so does everything here.
//!
//! The reference for the suite, and the core of the embedded adapter, which keeps the configuration in a file.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use async_trait::async_trait;
use tertulia_core::TimeMs;

use super::{ConfigWatcher, Coordination, Node, RuntimeConfig};
use crate::{EngineError, EngineResult};

/// Coordination in memory.
#[derive(Default)]
pub struct InProcessCoordination {
    nodes: Mutex<BTreeMap<String, Node>>,
    config: RwLock<Arc<RuntimeConfig>>,
    /// Held while a configuration changes, so that watchers see every version, in order.
    changing: Mutex<()>,
    watchers: Mutex<Vec<Arc<ConfigWatcher>>>,
    leases: Mutex<HashMap<String, Lease>>,
}

struct Lease {
    holder: String,
    until: TimeMs,
}

impl InProcessCoordination {
    /// Starts with this configuration.
    pub fn new(config: RuntimeConfig) -> Self {
        Self { config: RwLock::new(Arc::new(config)), ..Self::default() }
    }

    /// [`Coordination::set_config`], with a step that makes the new configuration durable before anybody sees it.
    pub fn change_config(
        &self,
        mut config: RuntimeConfig,
        store: impl FnOnce(&RuntimeConfig) -> EngineResult<()>,
    ) -> EngineResult<bool> {
        let _changing = lock(&self.changing);
        if config.version != self.config().version {
            return Ok(false);
        }
        config
            .limits
            .check()
            .map_err(|error| EngineError::new("coordination", format!("limits: {error}")))?;
        config.version += 1;
        store(&config)?;
        let config = Arc::new(config);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config.clone();
        let watchers = lock(&self.watchers).clone();
        watchers.iter().for_each(|watcher| watcher(&config));
        Ok(true)
    }
}

#[async_trait]
impl Coordination for InProcessCoordination {
    async fn announce(&self, node: &Node) -> EngineResult<()> {
        lock(&self.nodes).insert(node.name.clone(), node.clone());
        Ok(())
    }

    async fn nodes(&self) -> EngineResult<Vec<Node>> {
        Ok(lock(&self.nodes).values().cloned().collect())
    }

    fn config(&self) -> Arc<RuntimeConfig> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn set_config(&self, config: RuntimeConfig) -> EngineResult<bool> {
        self.change_config(config, |_| Ok(()))
    }

    fn watch_config(&self, watcher: ConfigWatcher) {
        lock(&self.watchers).push(Arc::new(watcher));
    }

    async fn lease(&self, job: &str, holder: &str, now: TimeMs, ms: u64) -> EngineResult<bool> {
        let mut leases = lock(&self.leases);
        if leases.get(job).is_some_and(|lease| lease.holder != holder && now < lease.until) {
            return Ok(false);
        }
        leases.insert(job.to_owned(), Lease { holder: holder.to_owned(), until: now.plus(ms) });
        Ok(true)
    }
}

/// What these locks guard is whole between any two statements, so a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
