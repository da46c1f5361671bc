//! Links: what an owner says to each gateway, numbered, so that a gateway sees what it has missed.

use rustc_hash::FxHashMap;
use tertulia_ports::bus::{Envelope, GatewayId, LinkItem, OwnerId};

/// Every link of one owner.
#[derive(Debug)]
pub struct Links {
    owner: OwnerId,
    links: FxHashMap<GatewayId, Link>,
    /// Links with something to say in this turn, in the order in which that came up.
    due: Vec<GatewayId>,
}

#[derive(Debug, Default)]
struct Link {
    /// The number of the last envelope.
    last: u64,
    items: Vec<LinkItem>,
}

impl Links {
    /// No links yet.
    pub fn new(owner: OwnerId) -> Self {
        Self { owner, links: FxHashMap::default(), due: Vec::new() }
    }

    /// Says something at the end of this turn.
    pub fn push(&mut self, gateway: GatewayId, item: LinkItem) {
        let link = self.links.entry(gateway).or_default();
        if link.items.is_empty() {
            self.due.push(gateway);
        }
        link.items.push(item);
    }

    /// What was said in this turn: one envelope a gateway.
    pub fn flush(&mut self) -> Vec<(GatewayId, Envelope)> {
        let due = std::mem::take(&mut self.due);
        let envelopes = due.into_iter().filter_map(|gateway| {
            let link = self.links.get_mut(&gateway)?;
            link.last += 1;
            let items = std::mem::take(&mut link.items);
            Some((gateway, Envelope { owner: self.owner, link_seq: link.last, items }))
        });
        envelopes.collect()
    }

    /// An empty envelope a link, with the number of the last one.
    pub fn heartbeats(&self) -> Vec<(GatewayId, Envelope)> {
        let mut beats: Vec<_> = self
            .links
            .iter()
            .map(|(gateway, link)| {
                (*gateway, Envelope { owner: self.owner, link_seq: link.last, items: Vec::new() })
            })
            .collect();
        beats.sort_unstable_by_key(|(gateway, _)| *gateway);
        beats
    }
}
