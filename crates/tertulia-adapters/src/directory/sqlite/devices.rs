//! Signed-in clients.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};
use tertulia_core::{DeviceId, TimeMs, UserId};
use tertulia_ports::{
    EngineResult,
    directory::{Device, Devices, FeedChange, FeedKind, Resumed},
};

use super::{
    SqliteDirectory,
    columns::{number, sql, sql_limit, time},
    feed,
    users::{user_columns, user_from},
};

#[async_trait]
impl Devices for SqliteDirectory {
    async fn add_device(&self, device: &Device) -> EngineResult<()> {
        let device = device.clone();
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO devices (id, user, client, created_at, last_seen_at, expires_at)
                     VALUES (?, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    sql(device.id.get()),
                    sql(device.user.get()),
                    device.client,
                    sql(device.created_at.0),
                    sql(device.last_seen_at.0),
                    sql(device.expires_at.0),
                ])
                .map(|_| ())
        })
        .await
    }

    async fn resume(&self, device: DeviceId) -> EngineResult<Option<Resumed>> {
        self.read(|connection| {
            let mut resume = connection.prepare_cached(concat!(
                "SELECT ",
                user_columns!(),
                ", devices.expires_at, users.feed, coalesce(settings.receipts, 1)
                 FROM devices JOIN users ON users.id = devices.user
                 LEFT JOIN settings ON settings.user = users.id WHERE devices.id = ?"
            ))?;
            let resumed = resume.query_row([sql(device.get())], |row| {
                Ok(Resumed {
                    user: user_from(row)?,
                    expires_at: time(row, 6)?,
                    feed: number(row, 7)?,
                    receipts: row.get(8)?,
                })
            });
            resumed.optional()
        })
    }

    async fn revoked(&self, devices: &[DeviceId], now: TimeMs) -> EngineResult<Vec<DeviceId>> {
        let devices = devices.to_vec();
        self.scan(move |connection| {
            let mut valid =
                connection.prepare_cached("SELECT 1 FROM devices WHERE id = ? AND expires_at > ?")?;
            let mut revoked = Vec::new();
            for device in devices {
                if !valid.exists([sql(device.get()), sql(now.0)])? {
                    revoked.push(device);
                }
            }
            Ok(revoked)
        })
        .await
    }

    async fn devices(&self, user: UserId) -> EngineResult<Vec<Device>> {
        self.read(|connection| {
            let mut devices = connection.prepare_cached(
                "SELECT id, client, created_at, last_seen_at, expires_at FROM devices WHERE user = ?
                 ORDER BY last_seen_at DESC, id",
            )?;
            let rows = devices.query_map([sql(user.get())], |row| {
                Ok(Device {
                    id: DeviceId::new(number(row, 0)?),
                    user,
                    client: row.get(1)?,
                    created_at: time(row, 2)?,
                    last_seen_at: time(row, 3)?,
                    expires_at: time(row, 4)?,
                })
            })?;
            rows.collect()
        })
    }

    async fn touch_devices(&self, seen: &[(DeviceId, TimeMs, Option<String>)]) -> EngineResult<()> {
        if seen.is_empty() {
            return Ok(());
        }
        let seen = seen.to_vec();
        self.write(move |connection| {
            let mut touch = connection.prepare_cached(
                "UPDATE devices SET last_seen_at = max(last_seen_at, ?), client = coalesce(?, client) WHERE id = ?",
            )?;
            for (device, at, client) in seen {
                touch.execute(params![sql(at.0), client, sql(device.get())])?;
            }
            Ok(())
        })
        .await
    }

    async fn revoke_device(&self, user: UserId, device: DeviceId) -> EngineResult<Option<Vec<FeedChange>>> {
        self.write(move |connection| {
            let mut revoke = connection.prepare_cached("DELETE FROM devices WHERE id = ? AND user = ?")?;
            match revoke.execute([sql(device.get()), sql(user.get())])? {
                0 => Ok(None),
                _ => Ok(Some(feed::raise(connection, user, FeedKind::Devices)?.into_iter().collect())),
            }
        })
        .await
    }

    async fn drop_expired_devices(&self, before: TimeMs, limit: usize) -> EngineResult<u64> {
        self.write(move |connection| {
            let mut expired = connection.prepare_cached(
                "DELETE FROM devices WHERE id IN (SELECT id FROM devices WHERE expires_at < ? LIMIT ?)",
            )?;
            expired.execute([sql(before.0), sql_limit(limit)]).map(|dropped| dropped as u64)
        })
        .await
    }
}
