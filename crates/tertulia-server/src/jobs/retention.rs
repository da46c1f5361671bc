//! Deletes messages whose time is over: per room, or by the server's limit.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tertulia_core::{RoomId, TimeMs};
use tertulia_ports::{EngineError, directory::RoomRecord, messages::Span};

use super::{Desk, Done, Job, Schedule};

/// Most rooms that one run looks at.
const ROOMS_MAX: usize = 200;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Goes over all rooms, a part each run.
#[derive(Default)]
pub struct Retention {
    /// The last room that was looked at. After a restart it begins anew, which does no harm.
    position: Mutex<Option<RoomId>>,
}

#[async_trait]
impl Job for Retention {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn every(&self, schedule: &Schedule) -> Duration {
        schedule.retention
    }

    async fn run(&self, desk: &Desk, now: TimeMs) -> Result<Done, EngineError> {
        let limit_days = desk.ports.coordination.config().limits.retention_days;
        let position = *self.position.lock().unwrap_or_else(PoisonError::into_inner);
        let rooms = desk.ports.directory.rooms_after(position, ROOMS_MAX).await?;
        let mut done = Done { count: 0, is_more: rooms.len() == ROOMS_MAX };
        for room in &rooms {
            let days = room.meta.settings.retention_days.map_or(limit_days, u64::from);
            if days > 0 {
                done.count += expire(desk, room, TimeMs(now.0.saturating_sub(days * DAY_MS))).await?;
            }
        }
        let position = rooms.last().filter(|_| done.is_more).map(|room| room.id);
        *self.position.lock().unwrap_or_else(PoisonError::into_inner) = position;
        Ok(done)
    }
}

/// How many entries went. The owner is asked only where something is over: a sleeping room sleeps on.
async fn expire(desk: &Desk, room: &RoomRecord, before: TimeMs) -> Result<u64, EngineError> {
    let heads = desk.ports.messages.heads(&[room.id]).await?;
    let Some(head) = heads.into_iter().next().filter(|head| head.first <= head.seq) else { return Ok(0) };
    let span = Span { room: room.id, first: head.first, last: head.seq, epochs: head.epochs };
    let Some(last) = desk.ports.messages.last_before(&span, before).await? else { return Ok(0) };
    match desk.rooms.expire(room.id, before).await {
        Ok(()) => Ok(last + 1 - head.first),
        Err(error) => {
            tracing::debug!(room = %room.id, %error, "a room keeps what is over until the next time");
            Ok(0)
        }
    }
}
