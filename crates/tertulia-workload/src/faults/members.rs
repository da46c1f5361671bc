//! Changes of rooms and members over REST, each tried with the same key until it is answered, whatever happens meanwhile.

use std::{pin::Pin, sync::Arc, time::Duration};

use rand::{Rng, rngs::StdRng, seq::IndexedRandom};
use tertulia_client::rest::{Rest, RestError};
use tertulia_protocol::{
    error::Retry,
    ids::{Nonce, RoomId, UserId},
    rest::{RoomItem, SettingsChange},
    room::Broadcast,
};
use tokio::time::{Instant, sleep};

use super::world::{Place, World};
use crate::checker::record::{Change, Device, Path, What, now};

/// How long a change is tried.
const PATIENCE: Duration = Duration::from_secs(20);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(150);

/// A change on its way.
pub(super) type Going = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What is changed.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Members(Change, UserId),
    Broadcast(Broadcast),
    Delete,
    /// Look at one's own list, and at a room's log.
    Look,
}

/// Draws a change that this account may make, or at least try.
pub(super) fn draw(
    world: &Arc<World>,
    account: usize,
    rooms: &[RoomId],
    device: Device,
    random: &mut StdRng,
) -> Going {
    let user = world.accounts[account].user;
    let owned: Vec<&Place> =
        world.places.iter().filter(|place| place.owner == account && !place.is_direct).collect();
    let own = owned.choose(random).copied();
    let (place, deed) = match (random.random_range(0..100), own) {
        (0..60, Some(place)) => (Some(place), govern(world, place, random)),
        (60..66, Some(place)) => {
            let broadcast = if random.random_bool(0.5) { Broadcast::Queued } else { Broadcast::Direct };
            (Some(place), Deed::Broadcast(broadcast))
        }
        (_, _) if random.random_bool(0.35) => {
            let left =
                rooms.choose(random).and_then(|room| world.places.iter().find(|place| place.id == *room));
            let may_leave = left.filter(|place| !place.is_direct && place.owner != account);
            (may_leave, Deed::Members(Change::Leave, user))
        }
        (_, _) if random.random_bool(0.6) => {
            let open: Vec<&Place> = world.places.iter().filter(|place| place.is_open).collect();
            (open.choose(random).copied(), Deed::Members(Change::Enter, user))
        }
        _ => (world.places.choose(random), Deed::Look),
    };
    let Some(place) = place else { return Box::pin(std::future::ready(())) };
    let (room, key) = (place.id, Nonce(random.random()));
    let going = Errand { world: Arc::clone(world), rest: world.rest(account), user, device, room, deed, key };
    Box::pin(going.run())
}

/// What an owner does.
fn govern(world: &World, place: &Place, random: &mut StdRng) -> Deed {
    if place.is_doomed && random.random_bool(0.1) {
        return Deed::Delete;
    }
    let known = place.members[1..].choose(random).copied();
    let other = match random.random_bool(0.7) {
        true => known.unwrap_or(place.owner),
        false => random.random_range(0..world.accounts.len()),
    };
    if other == place.owner {
        return Deed::Look;
    }
    let change = [Change::Remove, Change::Ban, Change::Ban, Change::Unban, Change::Enter, Change::Enter];
    Deed::Members(change[random.random_range(0..change.len())], world.accounts[other].user)
}

/// What a list shows of a room.
pub(super) fn listed(item: RoomItem) -> What {
    let RoomItem { room, first, head, posts, read, read_posts, unread, last, .. } = item;
    let last = last.map(|last| last.entry);
    What::Listed { room: room.id, first, head, posts, read, read_posts, unread, last }
}

struct Errand {
    world: Arc<World>,
    rest: Arc<Rest>,
    user: UserId,
    device: Device,
    room: RoomId,
    deed: Deed,
    key: Nonce,
}

impl Errand {
    async fn run(self) {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            match self.once().await {
                Ok(()) => return self.record_done(),
                Err(RestError::Refused { error, .. }) if error.code.retry() != Retry::Later => return,
                Err(RestError::Unreadable { method, path, status, body }) if status < 500 => {
                    let text = format!("{method} {path} answered {status} with {body}");
                    return self.record(What::Unknown { text });
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    async fn once(&self) -> Result<(), RestError> {
        let (room, key) = (self.room, self.key);
        match self.deed {
            Deed::Members(Change::Enter, user) if user == self.user => self.rest.join(room, None, key).await,
            Deed::Members(Change::Enter, user) => self.rest.put_member(room, user, None, key).await,
            Deed::Members(Change::Leave | Change::Remove, user) => {
                self.rest.remove_member(room, user, key).await
            }
            Deed::Members(Change::Ban, user) => self.rest.ban(room, user, None, key).await,
            Deed::Members(Change::Unban, user) => self.rest.unban(room, user, key).await,
            Deed::Broadcast(broadcast) => {
                let change = SettingsChange { broadcast: Some(Some(broadcast)), ..SettingsChange::default() };
                self.rest.set_settings(room, &change, key).await
            }
            Deed::Delete => {
                self.record(What::DeletionTried { room });
                self.rest.delete_room(room, key).await
            }
            Deed::Look => self.look().await,
        }
    }

    fn record_done(&self) {
        match self.deed {
            Deed::Members(change, of) => self.record(What::Changed { room: self.room, of, change }),
            Deed::Delete => self.record(What::RoomDeleted { room: self.room }),
            Deed::Broadcast(_) | Deed::Look => {}
        }
    }

    fn record(&self, what: What) {
        self.world.recorder.add(self.user, self.device, what);
    }

    async fn look(&self) -> Result<(), RestError> {
        for item in self.rest.my_rooms().await? {
            self.record(listed(item));
        }
        let asked_at = now();
        let page = self.rest.entries_after(self.room, 0).await?;
        let (path, room, first) = (Path::Rest, self.room, Some(page.first));
        let items = page.items.iter().map(|entry| entry.seq).collect();
        self.record(What::Paged { path, room, asked_at, first, items });
        for entry in page.items {
            self.record(What::Heard { path: Path::Rest, room: self.room, entry });
        }
        Ok(())
    }
}
