//! The audit trail.

use async_trait::async_trait;
use rusqlite::params;
use tertulia_core::UserId;
use tertulia_ports::{
    EngineResult,
    directory::{Audit, AuditRecord},
};

use super::{
    SqliteDirectory,
    columns::{number, number_if, sql, sql_limit, time},
};

#[async_trait]
impl Audit for SqliteDirectory {
    async fn record(&self, record: &AuditRecord) -> EngineResult<()> {
        let record = record.clone();
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "INSERT INTO audit (at, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    sql(record.at.0),
                    record.actor.map(|actor| sql(actor.get())),
                    record.action,
                    record.subject,
                    record.detail,
                ])
                .map(|_| ())
        })
        .await
    }

    async fn audit(&self, before: Option<u64>, limit: usize) -> EngineResult<Vec<(u64, AuditRecord)>> {
        self.scan(move |connection| {
            let mut records = connection.prepare_cached(
                "SELECT id, at, actor, action, subject, detail FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?",
            )?;
            let rows = records.query_map([before.map_or(i64::MAX, sql), sql_limit(limit)], |row| {
                let record = AuditRecord {
                    at: time(row, 1)?,
                    actor: number_if(row, 2)?.map(UserId::new),
                    action: row.get(3)?,
                    subject: row.get(4)?,
                    detail: row.get(5)?,
                };
                Ok((number(row, 0)?, record))
            })?;
            rows.collect()
        })
        .await
    }
}
