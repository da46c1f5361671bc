//! The suite that every presence store passes.

#![expect(clippy::unwrap_used, reason = "a suite of tests")]

use tertulia_core::{RoomId, TimeMs, UserId};

use super::{Presence, PresenceStore, Seen};
use crate::bus::GatewayId;

const ONE: GatewayId = GatewayId(1);
const TWO: GatewayId = GatewayId(2);

/// Checks everything, on a fresh store each time.
pub async fn check<P: PresenceStore>(fresh: impl Fn() -> P) {
    nobody_is_known(&fresh()).await;
    the_highest_of_what_gateways_say_counts(&fresh()).await;
    only_changes_that_others_see_are_told(&fresh()).await;
    many_at_once_are_told_in_order(&fresh()).await;
    a_gateway_is_forgotten_as_one(&fresh()).await;
    active_ids_are_replaced(&fresh()).await;
}

fn user(number: u64) -> UserId {
    UserId::new(number)
}

fn here(number: u64, presence: Presence) -> Seen {
    Seen { user: user(number), presence, last_seen_at: None }
}

fn gone(number: u64, at: u64) -> Seen {
    Seen { user: user(number), presence: Presence::Off, last_seen_at: Some(TimeMs(at)) }
}

async fn nobody_is_known(store: &impl PresenceStore) {
    assert_eq!(store.get(&[user(1)]).await.unwrap(), [here(1, Presence::Off)]);
    assert_eq!(store.get(&[]).await.unwrap(), []);
    assert_eq!(store.gateways_of(user(1)).await.unwrap(), []);
    assert_eq!(store.count_online().await.unwrap(), 0);
    assert_eq!(store.forget_gateway(ONE, TimeMs(1)).await.unwrap(), []);
    assert_eq!(store.set(ONE, &[(user(1), Presence::Off)], TimeMs(1)).await.unwrap(), []);
    assert_eq!(store.get(&[user(1)]).await.unwrap(), [here(1, Presence::Off)], "never connected, never seen");
}

async fn the_highest_of_what_gateways_say_counts(store: &impl PresenceStore) {
    let ladder = [Presence::Away, Presence::Busy, Presence::Here];
    for (at, presence) in (1..).zip(ladder) {
        assert_eq!(
            store.set(GatewayId(at), &[(user(1), presence)], TimeMs(at)).await.unwrap(),
            [here(1, presence)]
        );
    }
    assert_eq!(store.get(&[user(1)]).await.unwrap(), [here(1, Presence::Here)]);
    let mut gateways = store.gateways_of(user(1)).await.unwrap();
    gateways.sort();
    assert_eq!(gateways, [GatewayId(1), GatewayId(2), GatewayId(3)]);
    assert_eq!(store.count_online().await.unwrap(), 1);
    let off = [(user(1), Presence::Off)];
    assert_eq!(store.set(GatewayId(3), &off, TimeMs(10)).await.unwrap(), [here(1, Presence::Busy)]);
    assert_eq!(store.set(GatewayId(1), &off, TimeMs(11)).await.unwrap(), []);
    assert_eq!(store.set(GatewayId(2), &off, TimeMs(12)).await.unwrap(), [gone(1, 12)]);
    assert_eq!(store.get(&[user(1)]).await.unwrap(), [gone(1, 12)]);
    assert_eq!(store.gateways_of(user(1)).await.unwrap(), []);
    assert_eq!(store.count_online().await.unwrap(), 0);
}

async fn only_changes_that_others_see_are_told(store: &impl PresenceStore) {
    let set =
        async |gateway, presence, at| store.set(gateway, &[(user(1), presence)], TimeMs(at)).await.unwrap();
    assert_eq!(set(ONE, Presence::Here, 1).await, [here(1, Presence::Here)]);
    assert_eq!(set(ONE, Presence::Here, 2).await, [], "the same again");
    assert_eq!(set(TWO, Presence::Away, 3).await, [], "lower than what another gateway says");
    assert_eq!(set(ONE, Presence::Busy, 4).await, [here(1, Presence::Busy)]);
    assert_eq!(set(ONE, Presence::Off, 5).await, [here(1, Presence::Away)]);
    assert_eq!(set(ONE, Presence::Off, 6).await, [], "left already");
    assert_eq!(set(TWO, Presence::Off, 7).await, [gone(1, 7)]);
    assert_eq!(set(TWO, Presence::Off, 8).await, []);
    assert_eq!(store.get(&[user(1)]).await.unwrap(), [gone(1, 7)]);
    assert_eq!(set(TWO, Presence::Away, 9).await, [here(1, Presence::Away)], "back, so no last time");
}

async fn many_at_once_are_told_in_order(store: &impl PresenceStore) {
    let users = [(user(3), Presence::Here), (user(1), Presence::Away), (user(2), Presence::Busy)];
    let seen = [here(3, Presence::Here), here(1, Presence::Away), here(2, Presence::Busy)];
    assert_eq!(store.set(ONE, &users, TimeMs(1)).await.unwrap(), seen);
    assert_eq!(store.count_online().await.unwrap(), 3);
    let asked = [user(2), user(9), user(2), user(3)];
    let [two, three] = [here(2, Presence::Busy), here(3, Presence::Here)];
    assert_eq!(store.get(&asked).await.unwrap(), [two, here(9, Presence::Off), two, three]);
    let twice = [(user(1), Presence::Off), (user(2), Presence::Here), (user(1), Presence::Here)];
    let told = [here(1, Presence::Here), here(2, Presence::Here)];
    assert_eq!(store.set(ONE, &twice, TimeMs(2)).await.unwrap(), told, "the last word counts, told once");
    let back = [(user(1), Presence::Off), (user(1), Presence::Here)];
    assert_eq!(store.set(ONE, &back, TimeMs(3)).await.unwrap(), []);
}

async fn a_gateway_is_forgotten_as_one(store: &impl PresenceStore) {
    let both = [(user(1), Presence::Here), (user(2), Presence::Here)];
    store.set(ONE, &both, TimeMs(1)).await.unwrap();
    store.set(TWO, &[(user(2), Presence::Away), (user(3), Presence::Here)], TimeMs(2)).await.unwrap();
    let mut changed = store.forget_gateway(ONE, TimeMs(3)).await.unwrap();
    changed.sort_by_key(|seen| seen.user);
    assert_eq!(changed, [gone(1, 3), here(2, Presence::Away)]);
    assert_eq!(store.gateways_of(user(2)).await.unwrap(), [TWO]);
    assert_eq!(store.count_online().await.unwrap(), 2);
    assert_eq!(store.forget_gateway(ONE, TimeMs(4)).await.unwrap(), []);
}

async fn active_ids_are_replaced(store: &impl PresenceStore) {
    let [room, other] = [RoomId::new(1), RoomId::new(2)];
    assert_eq!(store.active(room).await.unwrap(), []);
    store.save_active(room, &[user(1), user(2)]).await.unwrap();
    store.save_active(other, &[user(3)]).await.unwrap();
    store.save_active(room, &[user(2), user(4)]).await.unwrap();
    assert_eq!(store.active(room).await.unwrap(), [user(2), user(4)]);
    assert_eq!(store.active(other).await.unwrap(), [user(3)]);
    store.save_active(room, &[]).await.unwrap();
    assert_eq!(store.active(room).await.unwrap(), []);
    assert_eq!(store.active(other).await.unwrap(), [user(3)]);
}

#[cfg(test)]
mod tests {
    use crate::{contract::block_on, presence::in_process::InProcessPresence};

    #[test]
    fn the_reference_passes() {
        block_on(super::check(InProcessPresence::default));
    }
}
