//! Deletes rooms that nobody belongs to: their owner closes each in its order, then everything of it goes.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tertulia_core::{
    Nonce, RoomId, TimeMs,
    room::{Ask, Command, SYSTEM},
};
use tertulia_ports::{EngineError, directory::AuditRecord};

use super::{Desk, Done, Job, Schedule};
use crate::room::RoomError;

pub const NAME: &str = "empty_rooms";

/// Most rooms that one run closes.
const ROOMS_MAX: usize = 200;

/// The sweep over all rooms.
pub struct EmptyRooms;

#[async_trait]
impl Job for EmptyRooms {
    fn name(&self) -> &'static str {
        NAME
    }

    fn every(&self, schedule: &Schedule) -> Duration {
        schedule.empty_rooms
    }

    async fn run(&self, desk: &Desk, _: TimeMs) -> Result<Done, EngineError> {
        let rooms = desk.ports.directory.empty_rooms(ROOMS_MAX).await?;
        let mut done = Done::default();
        for room in &rooms {
            done.count += u64::from(close(desk, *room).await?);
        }
        // Rooms that refuse stand in the list again: only go on at once if it becomes shorter.
        done.is_more = rooms.len() == ROOMS_MAX && done.count > 0;
        Ok(done)
    }
}

/// Closes a room if it is empty: whether it was.
pub async fn close(desk: &Desk, room: RoomId) -> Result<bool, EngineError> {
    let ask = Ask { actor: SYSTEM, nonce: Nonce(0), since: None, command: Command::DeleteIfEmpty };
    match desk.rooms.ask(room, ask).await {
        Ok(done) => {
            let record = AuditRecord {
                at: desk.ports.clock.now(),
                actor: None,
                action: "room.closed".to_owned(),
                subject: room.to_string(),
                detail: json!({"why": "empty", "seq": done.seq}).to_string(),
            };
            desk.ports.directory.record(&record).await?;
            Ok(true)
        }
        // Somebody came in, or it is gone already.
        Err(RoomError::Refused(_)) => Ok(false),
        Err(RoomError::Unavailable) => {
            tracing::debug!(%room, "the owner of an empty room does not answer: another time");
            Ok(false)
        }
    }
}
