//! Who changes for how long messages are kept while everybody talks, and who makes rooms that everybody leaves.

use std::{sync::Arc, time::Duration};

use rand::{Rng, rngs::StdRng, seq::SliceRandom};
use tertulia_client::rest::RestError;
use tertulia_protocol::{
    Code,
    error::Retry,
    ids::Nonce,
    rest::{NewRoom, NewRoomKind, SettingsChange},
    room::{JoinPolicy, RoomSettings},
};
use tokio::time::sleep;

use super::{
    NO_DEVICE,
    world::{Phase, Place, World},
};
use crate::checker::record::{Change, Path, What};

/// Of so many rooms with an owner, one has its retention changed.
const SHORT_EVERY: usize = 3;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(150);

/// Changes retention, of rooms and of the server, one at a time: each change is tried until it holds.
pub(super) async fn keep_short(world: Arc<World>, mut random: StdRng) {
    let mut phase = world.phase.clone();
    let owned: Vec<&Place> =
        world.places.iter().filter(|place| !place.is_direct && !place.is_doomed).collect();
    let short: Vec<&Place> = owned.into_iter().step_by(SHORT_EVERY).collect();
    while *phase.borrow_and_update() == Phase::Chaos {
        let room = match random.random_range(0..10) {
            0 => None,
            _ if short.is_empty() => None,
            _ => Some(short[random.random_range(0..short.len())]),
        };
        let days = match room {
            Some(_) => [None, Some(1), Some(1), Some(2), Some(30)][random.random_range(0..5)],
            None => [Some(0), Some(0), Some(3)][random.random_range(0..3)],
        };
        let (id, key) = (room.map(|room| room.id), Nonce(random.random()));
        record(&world, 0, What::RetentionTried { room: id, days });
        let is_set = match room {
            Some(room) => {
                let kept = days.map(|days| u32::try_from(days).unwrap_or(u32::MAX));
                let change = SettingsChange { retention_days: Some(kept), ..SettingsChange::default() };
                let rest = world.rest(room.owner);
                until_known(|| rest.set_settings(room.id, &change, key)).await
            }
            None => {
                let limits = [("retention_days", days.unwrap_or(0))];
                until_known(|| world.admin.set_limits(&limits)).await
            }
        };
        if is_set == Answer::Yes {
            record(&world, 0, What::RetentionSet { room: id, days });
        }
        pause(&world, random.random_range(100..900)).await;
    }
}

/// Makes one room after the other, in which people talk a while, and which most or all of them leave.
pub(super) async fn come_and_go(world: Arc<World>, mut random: StdRng) {
    let phase = world.phase.clone();
    while *phase.borrow() == Phase::Chaos {
        let mut people: Vec<usize> = (0..world.accounts.len()).collect();
        people.shuffle(&mut random);
        people.truncate(random.random_range(1..=4.min(people.len())));
        let owner = people[0];
        let settings = RoomSettings { join: JoinPolicy::Open, ..RoomSettings::default() };
        let members = people[1..].iter().map(|member| world.accounts[*member].user).collect();
        let (kind, name) = (NewRoomKind::Group, "Passing".to_owned());
        let (new, key) = (NewRoom { kind, name, topic: None, settings, members }, Nonce(random.random()));
        let rest = world.rest(owner);
        let room = loop {
            match rest.make_room(&new, key).await {
                Ok(room) => break room.id,
                Err(_) if *phase.borrow() != Phase::Chaos => return,
                Err(_) => sleep(PAUSE).await,
            }
        };
        // What was there before anybody listened.
        if let Ok(page) = rest.entries_after(room, 0).await {
            for entry in page.items {
                record(&world, owner, What::Heard { path: Path::Rest, room, entry });
            }
        }
        pause(&world, random.random_range(200..2_500)).await;
        let left = leave(&world, room, &people, &mut random).await;
        let is_empty = left.is_empty();
        if is_empty {
            record(&world, owner, What::Emptied { room });
        }
        // Who is in it still comes first: the room is read by their eyes.
        let gone = people.iter().copied().filter(|one| !left.contains(one));
        let members: Vec<usize> = left.iter().copied().chain(gone).collect();
        let (owner, is_direct, is_doomed) = (members[0], false, false);
        let place = Place { id: room, owner, members, is_direct, is_open: true, is_doomed };
        world.passing(place, is_empty);
        pause(&world, random.random_range(0..300)).await;
    }
}

/// The owner last; who is left.
async fn leave(
    world: &Arc<World>,
    room: tertulia_protocol::ids::RoomId,
    people: &[usize],
    random: &mut StdRng,
) -> Vec<usize> {
    let mut left = people.to_vec();
    let somebody_stays = random.random_bool(0.25);
    // Somebody may come in just when the last one leaves.
    let late = random.random_bool(0.3).then(|| random.random_range(0..world.accounts.len()));
    let late = late.filter(|late| !people.contains(late));
    for &one in people.iter().rev() {
        if somebody_stays && one == people[0] {
            break;
        }
        let (user, key) = (world.accounts[one].user, Nonce(random.random()));
        let rest = world.rest(one);
        let goes = until_known(|| rest.remove_member(room, user, key));
        let comes = async {
            let Some(late) = late.filter(|_| one == people[0]) else { return Answer::No };
            let (key, rest) = (Nonce(u128::from(room.get()) << 32 | late as u128), world.rest(late));
            until_known(|| rest.join(room, None, key)).await
        };
        let (has_left, has_come) = tokio::join!(goes, comes);
        if has_left == Answer::Yes {
            record(world, one, What::Changed { room, of: user, change: Change::Leave });
        }
        // Who had to ask again, and is answered that there is no such room, was the last of it.
        if has_left != Answer::No {
            left.retain(|other| *other != one);
        }
        if let Some(late) = late.filter(|_| has_come == Answer::Yes) {
            record(world, late, What::Changed { room, of: world.accounts[late].user, change: Change::Enter });
            left.push(late);
        }
    }
    left
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// It was asked again, and there is no such room.
    Gone,
}

/// Tries until there is an answer.
async fn until_known<F: Future<Output = Result<(), RestError>>>(ask: impl Fn() -> F) -> Answer {
    let mut is_repeated = false;
    loop {
        match ask().await {
            Ok(()) => return Answer::Yes,
            Err(RestError::Refused { error, .. }) if error.code.retry() != Retry::Later => {
                let is_gone = matches!(error.code, Code::NotMember | Code::NotFound);
                return if is_repeated && is_gone { Answer::Gone } else { Answer::No };
            }
            Err(_) => sleep(PAUSE).await,
        }
        is_repeated = true;
    }
}

async fn pause(world: &World, ms: u64) {
    let mut phase = world.phase.clone();
    tokio::select! {
        () = sleep(Duration::from_millis(ms)) => {}
        _ = phase.wait_for(|phase| *phase != Phase::Chaos) => {}
    }
}

fn record(world: &World, account: usize, what: What) {
    world.recorder.add(world.accounts[account].user, NO_DEVICE, what);
}
