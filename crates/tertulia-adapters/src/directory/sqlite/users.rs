//! People and their credentials.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tertulia_core::UserId;
use tertulia_ports::{
    EngineResult,
    directory::{FeedChange, FeedKind, HandleTaken, Privacy, ProfileChange, User, Users, is_reserved_handle},
};

use super::{
    super::fold,
    SqliteDirectory,
    columns::{Coded, number, sql, sql_limit, time},
    feed,
};

/// The columns of [`User`], in the order in which [`user_from`] reads them.
macro_rules! user_columns {
    () => {
        "users.id, users.handle, users.name, users.about, users.admin, users.created_at"
    };
}
pub(super) use user_columns;

/// Reads a row that starts with the [`user_columns`].
pub(super) fn user_from(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId::new(number(row, 0)?),
        handle: row.get(1)?,
        name: row.get(2)?,
        about: row.get(3)?,
        admin: row.get(4)?,
        created_at: time(row, 5)?,
    })
}

#[async_trait]
impl Users for SqliteDirectory {
    async fn add_user(&self, user: &User) -> EngineResult<Result<(), HandleTaken>> {
        let user = user.clone();
        self.write(move |connection| {
            if is_taken(connection, &user.handle, user.admin)? {
                return Ok(Err(HandleTaken));
            }
            connection
                .prepare_cached(
                    "INSERT INTO users (id, handle, name, folded, about, admin, created_at)
                     VALUES (?, ?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    sql(user.id.get()),
                    user.handle,
                    user.name,
                    fold::fold(&user.name),
                    user.about,
                    user.admin,
                    sql(user.created_at.0),
                ])?;
            add_words(connection, &user)?;
            Ok(Ok(()))
        })
        .await
    }

    async fn user(&self, id: UserId) -> EngineResult<Option<User>> {
        self.read(|connection| user(connection, id))
    }

    async fn user_by_handle(&self, handle: &str) -> EngineResult<Option<User>> {
        self.read(|connection| {
            let Some(id) = holder(connection, &handle.to_ascii_lowercase())? else { return Ok(None) };
            user(connection, id)
        })
    }

    async fn users(&self, ids: &[UserId]) -> EngineResult<Vec<User>> {
        let ids = ids.to_vec();
        self.scan(move |connection| {
            ids.into_iter().filter_map(|id| user(connection, id).transpose()).collect()
        })
        .await
    }

    async fn find_users(&self, text: &str, limit: usize) -> EngineResult<Vec<User>> {
        let (start, end) = fold::prefix_range(text);
        self.scan(move |connection| {
            // Everybody starts with nothing: then read in order, and stop at the limit.
            let mut find = connection.prepare_cached(match start.is_empty() {
                true => concat!(
                    "SELECT ",
                    user_columns!(),
                    " FROM users WHERE folded >= ?1 AND folded < ?2 ORDER BY folded, id LIMIT ?3"
                ),
                false => concat!(
                    "SELECT ",
                    user_columns!(),
                    " FROM users WHERE id IN (SELECT user FROM user_words WHERE word >= ?1 AND word < ?2)
                     ORDER BY folded, id LIMIT ?3"
                ),
            })?;
            let found = find.query_map(params![start, end, sql_limit(limit)], user_from)?;
            found.collect()
        })
        .await
    }

    async fn count_users(&self) -> EngineResult<u64> {
        self.scan(|connection| connection.query_row("SELECT count(*) FROM users", [], |row| number(row, 0)))
            .await
    }

    async fn change_profile(
        &self,
        id: UserId,
        change: &ProfileChange,
    ) -> EngineResult<Result<Vec<FeedChange>, HandleTaken>> {
        let change = change.clone();
        self.write(move |connection| change_profile(connection, id, change)).await
    }

    async fn set_admin(&self, id: UserId, admin: bool) -> EngineResult<Vec<FeedChange>> {
        self.write(move |connection| {
            let mut set =
                connection.prepare_cached("UPDATE users SET admin = ?1 WHERE id = ?2 AND admin <> ?1")?;
            match set.execute(params![admin, sql(id.get())])? {
                0 => Ok(Vec::new()),
                _ => Ok(feed::raise(connection, id, FeedKind::Profile)?.into_iter().collect()),
            }
        })
        .await
    }

    async fn has_admin(&self) -> EngineResult<bool> {
        self.read(|connection| {
            connection.prepare_cached("SELECT 1 FROM users WHERE admin = 1 LIMIT 1")?.exists([])
        })
    }

    async fn set_password(&self, id: UserId, hash: &str) -> EngineResult<()> {
        let hash = hash.to_owned();
        self.write(move |connection| {
            connection
                .prepare_cached("INSERT OR REPLACE INTO credentials (user, password) VALUES (?, ?)")?
                .execute(params![sql(id.get()), hash])
                .map(|_| ())
        })
        .await
    }

    async fn password(&self, id: UserId) -> EngineResult<Option<String>> {
        self.read(|connection| {
            let mut password =
                connection.prepare_cached("SELECT password FROM credentials WHERE user = ?")?;
            password.query_row([sql(id.get())], |row| row.get(0)).optional()
        })
    }

    async fn settings(&self, id: UserId) -> EngineResult<Option<String>> {
        self.read(|connection| {
            let mut settings = connection.prepare_cached("SELECT json FROM settings WHERE user = ?")?;
            settings.query_row([sql(id.get())], |row| row.get(0)).optional()
        })
    }

    async fn set_settings(&self, id: UserId, json: &str, privacy: Privacy) -> EngineResult<Vec<FeedChange>> {
        let json = json.to_owned();
        self.write(move |connection| {
            let Privacy { presence, last_seen, receipts } = privacy;
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO settings (user, json, presence, last_seen, receipts)
                     VALUES (?, ?, ?, ?, ?)",
                )?
                .execute(params![sql(id.get()), json, presence, last_seen.code(), receipts])?;
            Ok(feed::raise(connection, id, FeedKind::Settings)?.into_iter().collect())
        })
        .await
    }

    async fn without_receipts(&self, users: &[UserId]) -> EngineResult<Vec<UserId>> {
        self.read(|connection| {
            let mut without =
                connection.prepare_cached("SELECT 1 FROM settings WHERE user = ? AND receipts = 0")?;
            let mut found = Vec::new();
            for user in users {
                if without.exists([sql(user.get())])? {
                    found.push(*user);
                }
            }
            Ok(found)
        })
    }
}

fn user(connection: &Connection, id: UserId) -> rusqlite::Result<Option<User>> {
    let mut user =
        connection.prepare_cached(concat!("SELECT ", user_columns!(), " FROM users WHERE id = ?"))?;
    user.query_row([sql(id.get())], user_from).optional()
}

/// Whether the handle is somebody else's, or the server's.
fn is_taken(connection: &Connection, handle: &str, admin: bool) -> rusqlite::Result<bool> {
    Ok(is_reserved_handle(handle, admin) || holder(connection, handle)?.is_some())
}

/// Whose handle it is.
fn holder(connection: &Connection, handle: &str) -> rusqlite::Result<Option<UserId>> {
    let mut holder = connection.prepare_cached("SELECT id FROM users WHERE handle = ?")?;
    holder.query_row([handle], |row| number(row, 0).map(UserId::new)).optional()
}

fn add_words(connection: &Connection, user: &User) -> rusqlite::Result<()> {
    let mut add = connection.prepare_cached("INSERT INTO user_words (user, word) VALUES (?, ?)")?;
    for word in fold::words(&user.handle, &user.name) {
        add.execute(params![sql(user.id.get()), word])?;
    }
    Ok(())
}

fn change_profile(
    connection: &Connection,
    id: UserId,
    change: ProfileChange,
) -> rusqlite::Result<Result<Vec<FeedChange>, HandleTaken>> {
    let Some(before) = user(connection, id)? else { return Ok(Ok(Vec::new())) };
    let after = User {
        handle: change.handle.unwrap_or_else(|| before.handle.clone()),
        name: change.name.unwrap_or_else(|| before.name.clone()),
        about: change.about.unwrap_or_else(|| before.about.clone()),
        ..before.clone()
    };
    if after == before {
        return Ok(Ok(Vec::new()));
    }
    if after.handle != before.handle && is_taken(connection, &after.handle, before.admin)? {
        return Ok(Err(HandleTaken));
    }
    connection
        .prepare_cached("UPDATE users SET handle = ?, name = ?, folded = ?, about = ? WHERE id = ?")?
        .execute(params![after.handle, after.name, fold::fold(&after.name), after.about, sql(id.get())])?;
    connection.prepare_cached("DELETE FROM user_words WHERE user = ?")?.execute([sql(id.get())])?;
    add_words(connection, &after)?;
    Ok(Ok(feed::raise(connection, id, FeedKind::Profile)?.into_iter().collect()))
}
