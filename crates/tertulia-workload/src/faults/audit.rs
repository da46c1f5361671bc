//! The end of a run: everybody comes to rest, every log is read back by several people on several paths, and each room is
//! looked for.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use futures::{StreamExt, stream};
use serde_json::Value;
use tertulia_client::rest::{Rest, RestError};
use tertulia_protocol::{
    Code,
    entry::Entry,
    error::Retry,
    ids::{Nonce, RoomId, Seq},
    rest::HistoryPage,
};
use tokio::time::{Instant, sleep};

use super::{
    NO_DEVICE,
    members::listed,
    person::Shown,
    world::{Place, World},
};
use crate::checker::record::{Path, What, now};

/// How long everybody may take to have no more to do. A rate limit may hold a post for ten seconds.
const REST_PATIENCE: Duration = Duration::from_secs(40);
/// How long entries may take to reach a live session, some link heartbeats.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(5);
/// How long a request may be answered with "retry".
const RETRY_PATIENCE: Duration = Duration::from_secs(20);
/// How long jobs may take to go over everything.
const SWEEP_PATIENCE: Duration = Duration::from_secs(20);
/// Rooms that are read back at once.
const AT_ONCE: usize = 8;

/// Waits until everybody is connected and has no more to do; what is left after its patience, the checker reports.
pub(super) async fn rest(shown: &[Shown]) {
    let began = Instant::now();
    let is_at_rest = |shown: &Shown| {
        let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.is_live && shown.unsent == 0
    };
    while began.elapsed() < REST_PATIENCE && !shown.iter().all(is_at_rest) {
        sleep(Duration::from_millis(50)).await;
    }
}

/// Waits until jobs have been over everything, from now on.
pub(super) async fn swept(world: &World) -> Result<()> {
    let (began, since) = (Instant::now(), now());
    let sweeps = sweeps(world).await?;
    // The first of these may have begun before.
    while self::sweeps(world).await? < sweeps + 2 {
        if began.elapsed() > SWEEP_PATIENCE {
            bail!("jobs do not run: {sweeps} runs at first, and {} now", self::sweeps(world).await?);
        }
        sleep(Duration::from_millis(50)).await;
    }
    world.recorder.add(world.accounts[0].user, NO_DEVICE, What::Swept { since });
    Ok(())
}

/// How often the rarest of the sweeps has run, since the server's last start.
async fn sweeps(world: &World) -> Result<u64> {
    let stranger = Rest::new(world.address.clone());
    let metrics = stranger.text("/metrics").await.context("there are no metrics")?;
    let runs = |job: &str| {
        let name = format!(r#"tertulia_job_runs_total{{job="{job}",outcome="done"}} "#);
        metrics.lines().find_map(|line| line.strip_prefix(&name)?.trim().parse().ok()).unwrap_or(0)
    };
    Ok(runs("retention").min(runs("empty_rooms")))
}

/// Reads everything back. The heads of the logs, by room.
pub(super) async fn read_back(world: &Arc<World>) -> Result<BTreeMap<RoomId, Seq>> {
    let passed = world.passed();
    let places = world.places.iter().chain(passed.iter().map(|(place, _)| place));
    let read = stream::iter(places).map(|place| read_room(world, place)).buffer_unordered(AT_ONCE);
    let heads: Vec<Result<Option<(RoomId, Seq)>>> = read.collect().await;
    let heads = heads.into_iter().collect::<Result<Vec<_>>>()?;
    for (place, _) in passed.iter().filter(|(_, is_empty)| *is_empty) {
        knock(world, place).await?;
    }
    let lists = stream::iter(0..world.accounts.len()).map(|account| list(world, account));
    let lists: Vec<Result<()>> = lists.buffer_unordered(AT_ONCE).collect().await;
    lists.into_iter().collect::<Result<()>>()?;
    Ok(heads.into_iter().flatten().collect())
}

/// Waits until every device is at the heads of its rooms, or its patience is over.
pub(super) async fn delivered(shown: &[Shown], heads: &BTreeMap<RoomId, Seq>) {
    let began = Instant::now();
    let is_there = |shown: &Shown| {
        let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.cursors.iter().all(|(room, cursor)| heads.get(room).is_none_or(|head| head == cursor))
    };
    while began.elapsed() < DELIVERY_PATIENCE && !shown.iter().all(is_there) {
        sleep(Duration::from_millis(50)).await;
    }
}

/// By its owner, and by everybody who was in it at the start: who is out by now must get nothing.
async fn read_room(world: &Arc<World>, place: &Place) -> Result<Option<(RoomId, Seq)>> {
    let mut head = None;
    for (at, &account) in place.members.iter().enumerate() {
        let (rest, user) = (world.rest(account), world.accounts[account].user);
        if at == 0 || at == 1 {
            let looked = until_known(|| rest.room(place.id)).await?;
            let is_there = looked.is_ok();
            if at == 0 {
                world.recorder.add(
                    user,
                    NO_DEVICE,
                    What::Probed { room: place.id, path: Path::Rest, is_there },
                );
            }
        }
        match read_log(&rest, place.id).await? {
            Some((first, through, entries)) if at < 3 => {
                head = head.max(Some((place.id, through)));
                world.recorder.add(user, NO_DEVICE, What::Log { room: place.id, first, through, entries });
            }
            Some((_, _, entries)) => {
                for entry in entries {
                    world.recorder.add(
                        user,
                        NO_DEVICE,
                        What::Heard { path: Path::Rest, room: place.id, entry },
                    );
                }
            }
            None => continue,
        }
        if at < 2 {
            read_sender(world, &rest, account, place.id).await?;
            let (through, items) = read_timeline(&rest, place.id).await?;
            world.recorder.add(user, NO_DEVICE, What::Timeline { room: place.id, through, items });
        }
    }
    Ok(head)
}

/// The whole log that somebody may read; `None` if they may not.
async fn read_log(rest: &Rest, room: RoomId) -> Result<Option<(Seq, Seq, Vec<Entry>)>> {
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let page = match until_known(|| rest.entries_after(room, after)).await? {
            Ok(page) => page,
            Err(Code::NotMember | Code::NotFound | Code::Banned | Code::NotAllowed) => return Ok(None),
            Err(code) => anyhow::bail!("reading the log of {room} failed with {}", code.name()),
        };
        let HistoryPage { items, first, through, to, .. } = page;
        entries.extend(items);
        if to >= through || to <= after {
            return Ok(Some((first, through, entries)));
        }
        after = to;
    }
}

/// The newest messages of a room with their state, as far back as a few pages go.
async fn read_timeline(rest: &Rest, room: RoomId) -> Result<(Seq, Vec<Entry>)> {
    let (mut items, mut before, mut through) = (Vec::new(), None::<Seq>, 0);
    for _ in 0..3 {
        let before_is = before.map_or_else(String::new, |before| format!("&before={before}"));
        let path = format!("/v1/rooms/{room}/timeline?limit=100{before_is}");
        let page = until_known(|| rest.call::<HistoryPage>("GET", &path, None::<Value>, None)).await?;
        let page =
            page.map_err(|code| anyhow::anyhow!("reading the timeline failed with {}", code.name()))?;
        through = page.through;
        items.extend(page.items);
        if page.from <= page.first.max(1) {
            break;
        }
        before = Some(page.from);
    }
    Ok((through, items))
}

/// Somebody tries to come into a room that everybody has left: it is open, so who cannot finds none.
async fn knock(world: &Arc<World>, place: &Place) -> Result<()> {
    let stranger = (0..world.accounts.len()).find(|account| !place.members.contains(account)).unwrap_or(0);
    let (rest, key) = (world.rest(stranger), Nonce(u128::from(place.id.get())));
    let is_there = until_known(|| rest.join(place.id, None, key)).await?.is_ok();
    let what = What::Probed { room: place.id, path: Path::Rest, is_there };
    world.recorder.add(world.accounts[stranger].user, NO_DEVICE, what);
    Ok(())
}

/// What one person said in a room, as the index by senders tells it.
async fn read_sender(world: &World, rest: &Rest, account: usize, room: RoomId) -> Result<()> {
    let (user, asked_at) = (world.accounts[account].user, now());
    let path = format!("/v1/rooms/{room}/messages?by={user}&limit=200");
    let Ok(page) = until_known(|| rest.call::<Value>("GET", &path, None::<Value>, None)).await? else {
        return Ok(());
    };
    let items = page["items"].as_array().into_iter().flatten();
    let items = items.filter_map(|item| item["msg_id"].as_u64()).collect();
    let what = What::Paged { path: Path::Rest, room, asked_at, first: None, items };
    world.recorder.add(user, NO_DEVICE, what);
    Ok(())
}

async fn list(world: &Arc<World>, account: usize) -> Result<()> {
    let (rest, user) = (world.rest(account), world.accounts[account].user);
    let items = until_known(|| rest.my_rooms()).await?;
    for item in items.map_err(|code| anyhow::anyhow!("listing rooms failed with {}", code.name()))? {
        let probed = What::Probed { room: item.room.id, path: Path::List, is_there: true };
        world.recorder.add(user, NO_DEVICE, probed);
        world.recorder.add(user, NO_DEVICE, listed(item));
    }
    Ok(())
}

/// Tries until there is an answer that is not "retry": what it is, or the code of the refusal.
async fn until_known<A, F>(ask: impl Fn() -> F) -> Result<Result<A, Code>>
where
    F: Future<Output = Result<A, RestError>>,
{
    let began = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return Ok(Ok(answer)),
            Err(RestError::Refused { error, .. }) if error.code.retry() != Retry::Later => {
                return Ok(Err(error.code));
            }
            Err(error) if began.elapsed() > RETRY_PATIENCE => {
                return Err(error).context("the server does not answer");
            }
            Err(_) => sleep(Duration::from_millis(200)).await,
        }
    }
}
