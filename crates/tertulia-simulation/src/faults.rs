//! What goes wrong: mail that is lost, late or comes twice; owners that die, freeze, and lose their shards; clocks.

use tertulia_core::ShardId;
use tertulia_ports::bus::ToGateway;
use tertulia_server::room::owner::Input;

use crate::world::{Event, World};

/// How often something may go wrong besides mail and stores, in ms.
const LOOK_MS: u64 = 400;
/// After which time in good weather nothing of the bad is under way any more, in ms.
const RECLAIM_MS: u64 = 5_000;
/// How long mail takes in good weather, at most, in ms.
const MAIL_MS: u64 = 2;

impl World {
    /// After how many ms a piece of mail arrives, each time that it does.
    pub(crate) fn fates(&mut self) -> Vec<u64> {
        let weather = self.weather.clone();
        let rng = &mut self.rng;
        if weather.strikes(weather.drop, rng) {
            return Vec::new();
        }
        let copies = if weather.strikes(weather.repeat, rng) { 2 } else { 1 };
        let fate = |_| match weather.strikes(weather.late, rng) {
            true => rng.below(weather.late_ms),
            false => rng.below(MAIL_MS + 1),
        };
        (0..copies).map(fate).collect()
    }

    /// Looks whether something goes wrong now.
    pub(crate) fn fault(&mut self) {
        if self.weather.is_calm() {
            return;
        }
        self.after(LOOK_MS, Event::Fault);
        let weather = self.weather.clone();
        let node = self.rng.below(self.nodes.len() as u64) as usize;
        if weather.strikes(weather.crash, &mut self.rng) && self.nodes[node].owner.is_some() {
            self.crash(node);
        }
        if weather.strikes(weather.freeze, &mut self.rng) && self.nodes[node].owner.is_some() {
            let ms = self.rng.within(100, 6_000);
            self.note(|| format!("node {node} freezes for {ms} ms"));
            self.nodes[node].frozen_until = self.now + ms;
            if self.rng.chance(600) {
                self.flee(node);
            }
        }
        if weather.strikes(weather.moves, &mut self.rng) {
            let shards: Vec<_> = self.plan.assigned.keys().copied().collect();
            let shard = *self.rng.pick(&shards);
            let to = self.rng.below(self.nodes.len() as u64) as usize;
            self.move_shard(shard, to);
        }
        if weather.strikes(weather.gateway_crash, &mut self.rng) {
            let host = self.rng.below(self.hosts.len() as u64) as usize;
            self.note(|| format!("gateway {host} dies"));
            self.restart_host(host);
        }
        if weather.strikes(weather.clock_jump, &mut self.rng) {
            self.nodes[node].skew_ms = self.rng.below(20_000) as i64 - 10_000;
        }
    }

    fn crash(&mut self, node: usize) {
        self.note(|| format!("node {node} dies"));
        self.kill_node(node);
        let ms = self.rng.within(100, 4_000);
        self.after(ms, Event::Restart(node));
        if self.rng.chance(600) {
            self.flee(node);
        }
    }

    /// Other nodes take over what a node has that seems dead.
    fn flee(&mut self, node: usize) {
        for shard in self.plan.shards_of(node) {
            let to = (node + 1 + self.rng.below(self.nodes.len() as u64 - 1) as usize) % self.nodes.len();
            self.move_shard(shard, to);
        }
    }

    /// A shard gets another owner. The old one may hear of it, senders and gateways do some time.
    fn move_shard(&mut self, shard: ShardId, to: usize) {
        let Some(from) = self.plan.assigned.insert(shard, to).filter(|from| *from != to) else { return };
        self.note(|| format!("shard {shard} goes from node {from} to node {to}"));
        if self.rng.chance(500) {
            let (ms, life) = (self.rng.below(800), self.nodes[from].life);
            self.after(ms, Event::Node(from, life, Input::Release(vec![shard])));
        }
        let (ms, life) = (self.rng.below(300), self.nodes[to].life);
        self.after(ms, Event::Node(to, life, Input::Assign(vec![shard])));
        let route_ms = self.rng.below(1_500);
        self.after(route_ms, Event::Route(shard, to));
        if self.rng.chance(700) {
            for id in self.hosts.iter().map(|host| host.id).collect::<Vec<_>>() {
                let ms = route_ms + self.rng.below(1_500);
                self.after(ms, Event::ToHost(id, ToGateway::Moved(vec![shard])));
            }
        } else {
            self.plan.untold.push(shard);
        }
    }

    /// From now on nothing goes wrong: everything is there, and everybody knows who has what.
    pub(crate) fn calm_down(&mut self) {
        self.weather.calm_down();
        for node in 0..self.nodes.len() {
            if self.nodes[node].frozen_until > 0 {
                self.thaw(node);
            }
            self.restart_node(node);
        }
        for (shard, node) in self.plan.assigned.clone() {
            self.bus.route(shard, node);
            self.after(1_600, Event::Route(shard, node));
        }
        for node in 0..self.nodes.len() {
            let others =
                self.plan.assigned.iter().filter(|(_, of)| **of != node).map(|(shard, _)| *shard).collect();
            let life = self.nodes[node].life;
            self.after(1_650, Event::Node(node, life, Input::Release(others)));
        }
        // The assignment is watched: some time, everybody has heard of it.
        let untold = std::mem::take(&mut self.plan.untold);
        for id in self.hosts.iter().map(|host| host.id).collect::<Vec<_>>() {
            self.after(1_700, Event::ToHost(id, ToGateway::Moved(untold.clone())));
        }
        self.wake_readers();
        self.after(RECLAIM_MS, Event::Reclaim);
    }

    /// A node that froze may have taken over what was no longer to be its own. Nobody tells the right one, who finds out
    /// with its next append; here the leader does.
    pub(crate) fn reclaim(&mut self) {
        for (shard, node) in self.plan.assigned.clone() {
            if self.plan.holders.get(&shard) != Some(&node) {
                let life = self.nodes[node].life;
                self.node_input(node, life, Input::Release(vec![shard]));
                self.node_input(node, life, Input::Assign(vec![shard]));
            }
        }
    }
}
