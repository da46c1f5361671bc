//! Friends and blocks. A friendship stands as two rows, one seen from each.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension};
use tertulia_core::{TimeMs, UserId};
use tertulia_ports::{
    EngineResult,
    directory::{Circle, FeedChange, FeedKind, Friends, Friendship, Sight},
};

use super::{
    SqliteDirectory,
    columns::{Coded, number, sql},
    feed,
};

#[async_trait]
impl Friends for SqliteDirectory {
    async fn befriend(
        &self,
        user: UserId,
        other: UserId,
        now: TimeMs,
    ) -> EngineResult<Option<(Friendship, Vec<FeedChange>)>> {
        self.write(move |connection| {
            if user == other || is_blocked(connection, user, other)? {
                return Ok(None);
            }
            let (mine, theirs) = match friendship(connection, user, other)? {
                Some(same @ (Friendship::Friends | Friendship::Asked)) => {
                    return Ok(Some((same, Vec::new())));
                }
                Some(Friendship::Asks) => (Friendship::Friends, Friendship::Friends),
                None => (Friendship::Asked, Friendship::Asks),
            };
            let mut set = connection.prepare_cached(
                "INSERT OR REPLACE INTO friendships (user, other, state, since) VALUES (?, ?, ?, ?)",
            )?;
            for (user, other, state) in [(user, other, mine), (other, user, theirs)] {
                set.execute([sql(user.get()), sql(other.get()), state.code(), sql(now.0)])?;
            }
            Ok(Some((mine, raise_both(connection, user, other)?)))
        })
        .await
    }

    async fn unfriend(&self, user: UserId, other: UserId) -> EngineResult<Vec<FeedChange>> {
        self.write(move |connection| unfriend(connection, user, other)).await
    }

    async fn friends(&self, user: UserId) -> EngineResult<Vec<(UserId, Friendship)>> {
        self.scan(move |connection| {
            let mut friends = connection
                .prepare_cached("SELECT other, state FROM friendships WHERE user = ? ORDER BY other")?;
            let rows = friends.query_map([sql(user.get())], |row| {
                Ok((UserId::new(number(row, 0)?), Coded::decode(row, 1)?))
            })?;
            rows.collect()
        })
        .await
    }

    async fn friendship(&self, user: UserId, other: UserId) -> EngineResult<Option<Friendship>> {
        self.read(|connection| friendship(connection, user, other))
    }

    async fn set_block(&self, user: UserId, other: UserId, blocked: bool) -> EngineResult<Vec<FeedChange>> {
        self.write(move |connection| {
            if user == other {
                return Ok(Vec::new());
            }
            let statement = match blocked {
                true => "INSERT OR IGNORE INTO blocks (user, other) VALUES (?, ?)",
                false => "DELETE FROM blocks WHERE user = ? AND other = ?",
            };
            if connection.prepare_cached(statement)?.execute([sql(user.get()), sql(other.get())])? == 0 {
                return Ok(Vec::new());
            }
            let mut changes: Vec<_> = feed::raise(connection, user, FeedKind::Blocks)?.into_iter().collect();
            if blocked {
                changes.extend(unfriend(connection, user, other)?);
            }
            Ok(changes)
        })
        .await
    }

    async fn blocks(&self, user: UserId) -> EngineResult<Vec<UserId>> {
        self.scan(move |connection| {
            let mut blocks =
                connection.prepare_cached("SELECT other FROM blocks WHERE user = ? ORDER BY other")?;
            let rows = blocks.query_map([sql(user.get())], |row| number(row, 0).map(UserId::new))?;
            rows.collect()
        })
        .await
    }

    async fn sights(&self, viewer: UserId, users: &[UserId]) -> EngineResult<Vec<Sight>> {
        let users = users.to_vec();
        self.scan(move |connection| users.into_iter().map(|user| sight(connection, viewer, user)).collect())
            .await
    }

    async fn is_blocked(&self, one: UserId, other: UserId) -> EngineResult<bool> {
        self.read(|connection| is_blocked(connection, one, other))
    }
}

/// Whether either has blocked the other.
pub(super) fn is_blocked(connection: &Connection, one: UserId, other: UserId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM blocks WHERE (user = ?1 AND other = ?2) OR (user = ?2 AND other = ?1)",
        )?
        .exists([sql(one.get()), sql(other.get())])
}

/// What a user may see of another.
fn sight(connection: &Connection, viewer: UserId, user: UserId) -> rusqlite::Result<Sight> {
    let blocked = connection
        .prepare_cached("SELECT 1 FROM blocks WHERE user = ? AND other = ?")?
        .exists([sql(user.get()), sql(viewer.get())])?;
    if user == viewer || blocked {
        return Ok(Sight { presence: !blocked, last_seen: !blocked });
    }
    let settled = connection
        .prepare_cached("SELECT presence, last_seen FROM settings WHERE user = ?")?
        .query_row([sql(user.get())], |row| Ok((row.get(0)?, Circle::decode(row, 1)?)))
        .optional()?;
    let (presence, circle) = settled.unwrap_or((true, Circle::Everybody));
    let is_in_circle = match circle {
        Circle::Everybody => true,
        Circle::Friends => friendship(connection, user, viewer)? == Some(Friendship::Friends),
        Circle::Nobody => false,
    };
    Ok(Sight { presence, last_seen: presence && is_in_circle })
}

fn friendship(connection: &Connection, user: UserId, other: UserId) -> rusqlite::Result<Option<Friendship>> {
    connection
        .prepare_cached("SELECT state FROM friendships WHERE user = ? AND other = ?")?
        .query_row([sql(user.get()), sql(other.get())], |row| Coded::decode(row, 0))
        .optional()
}

fn unfriend(connection: &Connection, user: UserId, other: UserId) -> rusqlite::Result<Vec<FeedChange>> {
    let mut end = connection.prepare_cached(
        "DELETE FROM friendships WHERE (user = ?1 AND other = ?2) OR (user = ?2 AND other = ?1)",
    )?;
    match end.execute([sql(user.get()), sql(other.get())])? {
        0 => Ok(Vec::new()),
        _ => raise_both(connection, user, other),
    }
}

fn raise_both(connection: &Connection, user: UserId, other: UserId) -> rusqlite::Result<Vec<FeedChange>> {
    let mine = feed::raise(connection, user, FeedKind::Friends)?;
    Ok(mine.into_iter().chain(feed::raise(connection, other, FeedKind::Friends)?).collect())
}
