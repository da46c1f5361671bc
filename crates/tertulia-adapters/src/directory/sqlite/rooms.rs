//! Rooms; who belongs to them is read in `memberships.rs`, and written in `apply.rs`.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row};
use tertulia_core::{Entry, Epoch, Member, RoomId, UserId, room::RoomMeta};
use tertulia_ports::{
    EngineResult,
    directory::{FeedChange, RoomBan, RoomMember, RoomRecord, Rooms, UserRoom},
};

use super::{
    super::fold,
    SqliteDirectory, apply,
    columns::{Coded, number, number_if, sql, sql_limit, time},
    memberships,
};

/// The columns of [`RoomRecord`], in the order in which [`room_from`] reads them.
macro_rules! room_columns {
    () => {
        "rooms.id, rooms.kind, rooms.name, rooms.topic, rooms.settings, rooms.members, rooms.owners, rooms.created_at, \
         rooms.low, rooms.high"
    };
}
pub(super) use room_columns;

/// Reads a row that starts with the [`room_columns`].
pub(super) fn room_from(row: &Row<'_>) -> rusqlite::Result<RoomRecord> {
    let settings = serde_json::from_str(row.get_ref(4)?.as_str()?);
    let bad = |error: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(4, rusqlite::types::Type::Text, error.into())
    };
    Ok(RoomRecord {
        id: RoomId::new(number(row, 0)?),
        meta: RoomMeta {
            kind: Coded::decode(row, 1)?,
            name: row.get(2)?,
            topic: row.get(3)?,
            settings: settings.map_err(bad)?,
            members: number(row, 5)?,
            owners: number(row, 6)?,
        },
        created_at: time(row, 7)?,
        pair: number_if(row, 8)?.map(UserId::new).zip(number_if(row, 9)?.map(UserId::new)),
    })
}

#[async_trait]
impl Rooms for SqliteDirectory {
    async fn apply(&self, room: RoomId, epoch: Epoch, entries: &[Entry]) -> EngineResult<Vec<FeedChange>> {
        let entries: Vec<_> = entries.iter().filter(|entry| apply::concerns(entry)).cloned().collect();
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.write(move |connection| apply::apply(connection, room, epoch, &entries)).await
    }

    async fn room(&self, room: RoomId) -> EngineResult<Option<RoomRecord>> {
        self.read(|connection| {
            let mut record =
                connection.prepare_cached(concat!("SELECT ", room_columns!(), " FROM rooms WHERE id = ?"))?;
            record.query_row([sql(room.get())], room_from).optional()
        })
    }

    async fn direct_room(&self, one: UserId, other: UserId) -> EngineResult<Option<RoomId>> {
        self.read(|connection| {
            let mut direct = connection.prepare_cached("SELECT id FROM rooms WHERE low = ? AND high = ?")?;
            let pair = [sql(one.min(other).get()), sql(one.max(other).get())];
            direct.query_row(pair, |row| number(row, 0).map(RoomId::new)).optional()
        })
    }

    async fn member(&self, room: RoomId, user: UserId) -> EngineResult<Member> {
        self.read(|connection| memberships::member(connection, room, user))
    }

    async fn standings(&self, user: UserId, rooms: &[RoomId]) -> EngineResult<Vec<Member>> {
        self.read(|connection| {
            // One snapshot for all of them, and one lock of the file instead of one a room.
            let snapshot = connection.unchecked_transaction()?;
            rooms.iter().map(|room| memberships::member(&snapshot, *room, user)).collect()
        })
    }

    async fn rooms_of(&self, user: UserId) -> EngineResult<Vec<UserRoom>> {
        self.scan(move |connection| memberships::rooms_of(connection, user)).await
    }

    async fn room_ids_of(&self, user: UserId) -> EngineResult<Vec<RoomId>> {
        self.read(|connection| {
            let mut ids = connection.prepare_cached(
                "SELECT room FROM memberships WHERE user = ? AND standing = 1 ORDER BY room",
            )?;
            let rows = ids.query_map([sql(user.get())], |row| number(row, 0).map(RoomId::new))?;
            rows.collect()
        })
    }

    async fn count_rooms_of(&self, user: UserId) -> EngineResult<u64> {
        self.read(|connection| {
            connection
                .prepare_cached("SELECT count(*) FROM memberships WHERE user = ? AND standing = 1")?
                .query_row([sql(user.get())], |row| number(row, 0))
        })
    }

    async fn members(
        &self,
        room: RoomId,
        after: Option<UserId>,
        text: &str,
        limit: usize,
    ) -> EngineResult<Vec<RoomMember>> {
        let range = fold::prefix_range(text);
        self.scan(move |connection| memberships::members(connection, room, after, &range, limit)).await
    }

    async fn bans_of(&self, user: UserId, rooms: &[RoomId]) -> EngineResult<Vec<RoomBan>> {
        let rooms = rooms.to_vec();
        self.scan(move |connection| {
            rooms
                .into_iter()
                .filter_map(|room| memberships::ban(connection, room, user).transpose())
                .collect()
        })
        .await
    }

    async fn bans(&self, room: RoomId, after: Option<UserId>, limit: usize) -> EngineResult<Vec<RoomBan>> {
        self.scan(move |connection| memberships::bans(connection, room, after, limit)).await
    }

    async fn set_room_preferences(
        &self,
        room: RoomId,
        user: UserId,
        muted: Option<bool>,
        pinned: Option<bool>,
    ) -> EngineResult<Vec<FeedChange>> {
        self.write(move |connection| memberships::set_preferences(connection, room, user, muted, pinned))
            .await
    }

    async fn empty_rooms(&self, limit: usize) -> EngineResult<Vec<RoomId>> {
        self.scan(move |connection| {
            let mut empty =
                connection.prepare_cached("SELECT id FROM rooms WHERE members = 0 ORDER BY id LIMIT ?")?;
            let rows = empty.query_map([sql_limit(limit)], |row| number(row, 0).map(RoomId::new))?;
            rows.collect()
        })
        .await
    }

    async fn rooms_after(&self, after: Option<RoomId>, limit: usize) -> EngineResult<Vec<RoomRecord>> {
        self.scan(move |connection| {
            let mut page = connection.prepare_cached(concat!(
                "SELECT ",
                room_columns!(),
                " FROM rooms WHERE id > ? ORDER BY id LIMIT ?"
            ))?;
            let after = after.map_or(-1, |after| sql(after.get()));
            let rows = page.query_map([after, sql_limit(limit)], room_from)?;
            rows.collect()
        })
        .await
    }

    async fn count_rooms(&self) -> EngineResult<u64> {
        self.scan(|connection| connection.query_row("SELECT count(*) FROM rooms", [], |row| number(row, 0)))
            .await
    }
}
