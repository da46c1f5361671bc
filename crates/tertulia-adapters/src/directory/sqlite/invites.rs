//! Invites by link. They go with their room.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row, params};
use tertulia_core::{RoomId, TimeMs, UserId};
use tertulia_ports::{
    EngineResult,
    directory::{Invite, Invites},
};

use super::{
    SqliteDirectory,
    columns::{number, number_if, sql, sql_limit, time},
};

/// The columns of [`Invite`], in the order in which [`invite_from`] reads them.
macro_rules! invite_columns {
    () => {
        "token, room, by_user, created_at, expires_at, uses_left"
    };
}

/// That an invite holds at time `?1`.
macro_rules! holds {
    () => {
        "(expires_at IS NULL OR expires_at > ?1) AND (uses_left IS NULL OR uses_left > 0)"
    };
}

fn invite_from(row: &Row<'_>) -> rusqlite::Result<Invite> {
    Ok(Invite {
        token: row.get(0)?,
        room: RoomId::new(number(row, 1)?),
        by: UserId::new(number(row, 2)?),
        created_at: time(row, 3)?,
        expires_at: number_if(row, 4)?.map(TimeMs),
        uses_left: number_if(row, 5)?,
    })
}

#[async_trait]
impl Invites for SqliteDirectory {
    async fn add_invite(&self, invite: &Invite) -> EngineResult<()> {
        let invite = invite.clone();
        self.write(move |connection| {
            connection
                .prepare_cached(concat!(
                    "INSERT INTO invites (",
                    invite_columns!(),
                    ") VALUES (?, ?, ?, ?, ?, ?)"
                ))?
                .execute(params![
                    invite.token,
                    sql(invite.room.get()),
                    sql(invite.by.get()),
                    sql(invite.created_at.0),
                    invite.expires_at.map(|at| sql(at.0)),
                    invite.uses_left.map(sql),
                ])
                .map(|_| ())
        })
        .await
    }

    async fn invite(&self, token: &str, now: TimeMs) -> EngineResult<Option<Invite>> {
        self.read(|connection| {
            connection
                .prepare_cached(concat!(
                    "SELECT ",
                    invite_columns!(),
                    " FROM invites WHERE token = ?2 AND ",
                    holds!()
                ))?
                .query_row(params![sql(now.0), token], invite_from)
                .optional()
        })
    }

    async fn use_invite(&self, token: &str, now: TimeMs) -> EngineResult<bool> {
        let token = token.to_owned();
        self.write(move |connection| {
            let mut use_up = connection.prepare_cached(concat!(
                "UPDATE invites SET uses_left = uses_left - 1 WHERE token = ?2 AND ",
                holds!()
            ))?;
            use_up.execute(params![sql(now.0), token]).map(|used| used > 0)
        })
        .await
    }

    async fn invites(&self, room: RoomId) -> EngineResult<Vec<Invite>> {
        self.scan(move |connection| {
            let mut invites = connection.prepare_cached(concat!(
                "SELECT ",
                invite_columns!(),
                " FROM invites WHERE room = ? ORDER BY created_at DESC, token"
            ))?;
            let rows = invites.query_map([sql(room.get())], invite_from)?;
            rows.collect()
        })
        .await
    }

    async fn revoke_invite(&self, room: RoomId, token: &str) -> EngineResult<bool> {
        let token = token.to_owned();
        self.write(move |connection| {
            let mut revoke = connection.prepare_cached("DELETE FROM invites WHERE token = ? AND room = ?")?;
            revoke.execute(params![token, sql(room.get())]).map(|revoked| revoked > 0)
        })
        .await
    }

    async fn drop_expired_invites(&self, now: TimeMs, limit: usize) -> EngineResult<u64> {
        self.write(move |connection| {
            let mut expired = connection.prepare_cached(
                "DELETE FROM invites WHERE token IN
                 (SELECT token FROM invites WHERE expires_at <= ?1 OR uses_left = 0 LIMIT ?2)",
            )?;
            expired.execute([sql(now.0), sql_limit(limit)]).map(|dropped| dropped as u64)
        })
        .await
    }
}
