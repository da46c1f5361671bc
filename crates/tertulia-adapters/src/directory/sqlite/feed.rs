//! Feeds: what changed for a user, numbered by user.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};
use tertulia_core::{RoomId, UserId};
use tertulia_ports::{
    EngineResult,
    directory::{Feed, FeedChange, FeedKind},
};

use super::{
    SqliteDirectory,
    columns::{Coded, Place, number, sql, sql_limit, unknown},
};

/// Raises a user's feed, within the transaction that concerns them. `None` if there is no such user.
pub(super) fn raise(
    connection: &Connection,
    user: UserId,
    of: FeedKind,
) -> rusqlite::Result<Option<FeedChange>> {
    let version = connection
        .prepare_cached("UPDATE users SET feed = feed + 1 WHERE id = ? RETURNING feed")?
        .query_row([sql(user.get())], |row| number(row, 0))
        .optional()?;
    let Some(version) = version else { return Ok(None) };
    connection
        .prepare_cached("INSERT INTO user_changes (user, version, kind) VALUES (?, ?, ?)")?
        .execute(params![sql(user.get()), sql(version), of.name()])?;
    Ok(Some(FeedChange { user, version, of }))
}

/// Raises the feeds of all members of a room, ascending by user.
pub(super) fn raise_of_members(connection: &Connection, room: RoomId) -> rusqlite::Result<Vec<FeedChange>> {
    let of = FeedKind::Rooms;
    let mut raise = connection.prepare_cached(
        "UPDATE users SET feed = feed + 1
         WHERE id IN (SELECT user FROM memberships WHERE room = ? AND standing = ?)
         RETURNING id, feed",
    )?;
    let change = |row: &rusqlite::Row<'_>| {
        Ok(FeedChange { user: UserId::new(number(row, 0)?), version: number(row, 1)?, of })
    };
    let raised = raise.query_map([sql(room.get()), Place::In.code()], change)?;
    let mut changes = raised.collect::<rusqlite::Result<Vec<_>>>()?;
    changes.sort_by_key(|change| change.user);
    connection
        .prepare_cached(
            "INSERT INTO user_changes (user, version, kind)
             SELECT id, feed, ? FROM users
             WHERE id IN (SELECT user FROM memberships WHERE room = ? AND standing = ?)",
        )?
        .execute(params![of.name(), sql(room.get()), Place::In.code()])?;
    Ok(changes)
}

#[async_trait]
impl Feed for SqliteDirectory {
    async fn feed_version(&self, user: UserId) -> EngineResult<u64> {
        self.read(|connection| {
            let mut version = connection.prepare_cached("SELECT feed FROM users WHERE id = ?")?;
            Ok(version.query_row([sql(user.get())], |row| number(row, 0)).optional()?.unwrap_or(0))
        })
    }

    async fn feed_after(
        &self,
        user: UserId,
        version: u64,
        limit: usize,
    ) -> EngineResult<Vec<(u64, FeedKind)>> {
        self.read(|connection| {
            let mut after = connection.prepare_cached(
                "SELECT version, kind FROM user_changes WHERE user = ? AND version > ? ORDER BY version LIMIT ?",
            )?;
            let rows = after.query_map([sql(user.get()), sql(version), sql_limit(limit)], |row| {
                let kind = row.get_ref(1)?.as_str()?;
                Ok((number(row, 0)?, FeedKind::from_name(kind).ok_or_else(|| unknown(1, kind))?))
            })?;
            rows.collect()
        })
    }

    /// Looks for what may go on the thread for scans, so that writers wait for the removal only.
    async fn trim_feeds(&self, keep: u64, limit: usize) -> EngineResult<u64> {
        let (keep, limit) = (sql(keep), sql_limit(limit));
        let old: Vec<(i64, i64)> = self
            .scan(move |connection| {
                let mut old = connection.prepare_cached(
                    "SELECT changes.user, changes.version
                     FROM users JOIN user_changes AS changes ON changes.user = users.id
                     WHERE users.feed > ?1 AND changes.version <= users.feed - ?1
                     LIMIT ?2",
                )?;
                let rows = old.query_map([keep, limit], |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect()
            })
            .await?;
        if old.is_empty() {
            return Ok(0);
        }
        self.write(move |connection| {
            let mut drop =
                connection.prepare_cached("DELETE FROM user_changes WHERE user = ? AND version = ?")?;
            let mut dropped = 0;
            for (user, version) in old {
                dropped += drop.execute([user, version])?;
            }
            Ok(dropped as u64)
        })
        .await
    }
}
