//! The suite that every coordination passes.

#![expect(clippy::unwrap_used, reason = "a suite of tests")]

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use tertulia_core::{Limits, TimeMs, room::Broadcast};

use super::{Coordination, Node, RuntimeConfig};

/// Checks everything, on a fresh coordination each time.
pub async fn check<C: Coordination>(fresh: impl Fn() -> C) {
    nodes_are_told_apart_by_name(&fresh()).await;
    config_changes_only_from_the_version_that_was_read(&fresh()).await;
    config_out_of_bounds_changes_nothing(&fresh()).await;
    watchers_see_each_version_in_order(&fresh()).await;
    one_of_many_changes_wins(&fresh());
    a_job_has_one_holder_at_a_time(&fresh()).await;
}

fn node(name: &str, load: u64) -> Node {
    Node {
        name: name.into(),
        url: format!("http://{name}.example"),
        place: "eu-west".into(),
        capacity: 18_000,
        load,
        draining: false,
    }
}

async fn nodes_are_told_apart_by_name(coordination: &impl Coordination) {
    assert_eq!(coordination.nodes().await.unwrap(), []);
    for announced in [node("b", 1), node("a", 2), node("b", 3)] {
        coordination.announce(&announced).await.unwrap();
    }
    assert_eq!(coordination.nodes().await.unwrap(), [node("a", 2), node("b", 3)]);
}

async fn config_changes_only_from_the_version_that_was_read(coordination: &impl Coordination) {
    let fresh = coordination.config();
    assert_eq!(*fresh, RuntimeConfig::default());
    let limits = Limits { text_bytes: 100, ..Limits::default() };
    let overridden = BTreeSet::from(["text_bytes".to_owned()]);
    let wanted =
        RuntimeConfig { version: fresh.version, limits, overridden, broadcast: Some(Broadcast::Queued) };
    assert!(coordination.set_config(wanted.clone()).await.unwrap());
    assert_eq!(*coordination.config(), RuntimeConfig { version: fresh.version + 1, ..wanted.clone() });
    assert!(!coordination.set_config(RuntimeConfig { limits: Limits::default(), ..wanted }).await.unwrap());
    assert_eq!(coordination.config().limits.text_bytes, 100);
}

async fn config_out_of_bounds_changes_nothing(coordination: &impl Coordination) {
    let limits = Limits { members_per_room: 1, ..Limits::default() };
    let error =
        coordination.set_config(RuntimeConfig { limits, ..RuntimeConfig::default() }).await.unwrap_err();
    assert!(error.reason.contains("members_per_room must be from 2 to 1000000, not 1"), "{error}");
    assert_eq!(*coordination.config(), RuntimeConfig::default());
}

async fn watchers_see_each_version_in_order(coordination: &impl Coordination) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watch = |name: &'static str| {
        let seen = seen.clone();
        coordination.watch_config(Box::new(move |config| seen.lock().unwrap().push((name, config.version))));
    };
    watch("one");
    assert!(coordination.set_config((*coordination.config()).clone()).await.unwrap());
    watch("two");
    assert!(coordination.set_config((*coordination.config()).clone()).await.unwrap());
    assert!(!coordination.set_config(RuntimeConfig::default()).await.unwrap());
    assert_eq!(*seen.lock().unwrap(), [("one", 1), ("one", 2), ("two", 2)]);
}

/// Many read the same version and change it at once: exactly one does.
fn one_of_many_changes_wins(coordination: &impl Coordination) {
    const CHANGES: u64 = 8;
    let before = (*coordination.config()).clone();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let watched = seen.clone();
    coordination.watch_config(Box::new(move |config| watched.lock().unwrap().push(config.version)));
    let wins = std::thread::scope(|scope| {
        let change = |text_bytes| {
            let limits = Limits { text_bytes, ..before.limits };
            let wanted = RuntimeConfig { limits, ..before.clone() };
            scope.spawn(move || crate::contract::block_on(coordination.set_config(wanted)).unwrap())
        };
        let changes: Vec<_> = (1..=CHANGES).map(change).collect();
        changes.into_iter().map(|change| u64::from(change.join().unwrap())).sum::<u64>()
    });
    assert_eq!(wins, 1);
    assert_eq!(coordination.config().version, before.version + 1);
    assert_eq!(*seen.lock().unwrap(), [before.version + 1]);
}

async fn a_job_has_one_holder_at_a_time(coordination: &impl Coordination) {
    let lease = |job, holder, now, ms| coordination.lease(job, holder, TimeMs(now), ms);
    assert!(lease("cleanup", "a", 1_000, 500).await.unwrap());
    assert!(!lease("cleanup", "b", 1_499, 500).await.unwrap(), "held until 1,500");
    assert!(lease("expire", "b", 1_000, 500).await.unwrap(), "another job");
    assert!(lease("cleanup", "a", 1_400, 500).await.unwrap(), "renewed until 1,900");
    assert!(!lease("cleanup", "b", 1_899, 500).await.unwrap());
    assert!(lease("cleanup", "b", 1_900, 500).await.unwrap(), "it has ended");
    assert!(!lease("cleanup", "a", 2_000, 500).await.unwrap());
    assert!(lease("cleanup", "b", 2_000, 0).await.unwrap(), "given back");
    assert!(lease("cleanup", "a", 2_000, 500).await.unwrap());
}

#[cfg(test)]
mod tests {
    use crate::{contract::block_on, coordination::in_process::InProcessCoordination};

    #[test]
    fn the_reference_passes() {
        block_on(super::check(InProcessCoordination::default));
    }
}
