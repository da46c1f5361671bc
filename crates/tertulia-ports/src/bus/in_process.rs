//! The bus within one process: mail goes straight into the receivers' queues. Nothing is lost or reordered here; the
//! simulation has a bus of its own that does both.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use tertulia_core::ShardId;

use super::{Answer, Bus, GatewayId, ToGateway, ToOwner};

type Sink<T> = Box<dyn Fn(T) + Send + Sync>;

/// The bus within one process. Receivers register before the first mail is sent.
#[derive(Default)]
pub struct InProcessBus {
    owners: RwLock<Vec<Sink<ToOwner>>>,
    gateways: RwLock<HashMap<GatewayId, Sink<ToGateway>>>,
    callers: RwLock<Option<Sink<(u64, Answer)>>>,
}

impl InProcessBus {
    /// Which of so many owners has a shard, when all are in one process.
    pub fn owner_index(shard: ShardId, owners: usize) -> usize {
        usize::from(shard.get()) % owners.max(1)
    }

    /// Adds the next owner: it gets the mail of its part of the shards.
    pub fn add_owner(&self, sink: impl Fn(ToOwner) + Send + Sync + 'static) {
        self.owners.write().unwrap_or_else(PoisonError::into_inner).push(Box::new(sink));
    }

    /// Adds a gateway.
    pub fn add_gateway(&self, gateway: GatewayId, sink: impl Fn(ToGateway) + Send + Sync + 'static) {
        self.gateways.write().unwrap_or_else(PoisonError::into_inner).insert(gateway, Box::new(sink));
    }

    /// Where answers to callers go.
    pub fn set_callers(&self, sink: impl Fn(u64, Answer) + Send + Sync + 'static) {
        let sink: Sink<(u64, Answer)> = Box::new(move |(caller, answer)| sink(caller, answer));
        *self.callers.write().unwrap_or_else(PoisonError::into_inner) = Some(sink);
    }

    /// The gateways that there are.
    pub fn gateways(&self) -> Vec<GatewayId> {
        self.gateways.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}

impl Bus for InProcessBus {
    fn to_owner(&self, shard: ShardId, mail: ToOwner) -> bool {
        let owners = self.owners.read().unwrap_or_else(PoisonError::into_inner);
        match owners.get(Self::owner_index(shard, owners.len())) {
            Some(sink) => {
                sink(mail);
                true
            }
            None => false,
        }
    }

    fn owner_of(&self, shard: ShardId) -> Option<u64> {
        let owners = self.owners.read().unwrap_or_else(PoisonError::into_inner).len();
        (owners > 0).then(|| Self::owner_index(shard, owners) as u64)
    }

    fn to_gateway(&self, gateway: GatewayId, mail: ToGateway) {
        if let Some(sink) = self.gateways.read().unwrap_or_else(PoisonError::into_inner).get(&gateway) {
            sink(mail);
        }
    }

    fn to_caller(&self, caller: u64, answer: Answer) {
        if let Some(sink) = &*self.callers.read().unwrap_or_else(PoisonError::into_inner) {
            sink((caller, answer));
        }
    }

    fn to_all_gateways(&self, mail: ToGateway) {
        for sink in self.gateways.read().unwrap_or_else(PoisonError::into_inner).values() {
            sink(mail.clone());
        }
    }
}
