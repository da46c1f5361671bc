//! The bus as others see it: mail is collected here, and the world decides when it arrives, how often, and whether.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use tertulia_core::ShardId;
use tertulia_ports::bus::{Answer, Bus, GatewayId, ToGateway, ToOwner};

/// Mail on its way.
#[derive(Debug, Clone)]
pub enum Mail {
    /// To the node that has this shard, as far as the senders know.
    Owner(usize, ToOwner),
    /// To a gateway.
    Gateway(GatewayId, ToGateway),
    /// To every gateway.
    AllGateways(ToGateway),
    /// To somebody who waits.
    Caller(u64, Answer),
}

/// The bus.
#[derive(Default)]
pub struct SimulatedBus {
    mail: Mutex<Vec<Mail>>,
    routes: Mutex<BTreeMap<ShardId, usize>>,
}

impl SimulatedBus {
    /// Takes what was sent.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on senders think that this node has the shard.
    pub fn route(&self, shard: ShardId, node: usize) {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).insert(shard, node);
    }

    fn node_of(&self, shard: ShardId) -> Option<usize> {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).get(&shard).copied()
    }

    fn send(&self, mail: Mail) {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
    }
}

impl Bus for SimulatedBus {
    fn to_owner(&self, shard: ShardId, mail: ToOwner) -> bool {
        let node = self.node_of(shard);
        node.into_iter().for_each(|node| self.send(Mail::Owner(node, mail.clone())));
        node.is_some()
    }

    fn owner_of(&self, shard: ShardId) -> Option<u64> {
        self.node_of(shard).map(|node| node as u64)
    }

    fn to_gateway(&self, gateway: GatewayId, mail: ToGateway) {
        self.send(Mail::Gateway(gateway, mail));
    }

    fn to_caller(&self, caller: u64, answer: Answer) {
        self.send(Mail::Caller(caller, answer));
    }

    fn to_all_gateways(&self, mail: ToGateway) {
        self.send(Mail::AllGateways(mail));
    }
}
