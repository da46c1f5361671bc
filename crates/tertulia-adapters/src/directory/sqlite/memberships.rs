//! How people stand in rooms: reads, and what only concerns the member. The rest is written in `apply.rs`.

use rusqlite::{Connection, OptionalExtension, Row, params};
use tertulia_core::{
    Member, RoomId, Standing, TimeMs, UserId,
    membership::{BanUntil, Role},
};
use tertulia_ports::directory::{FeedChange, FeedKind, RoomBan, RoomMember, UserRoom};

use super::{
    columns::{Coded, Place, number, number_if, sql, sql_limit},
    feed, friends,
    rooms::{room_columns, room_from},
};

/// How a person stands in a room, blocks in direct rooms included.
pub(super) fn member(connection: &Connection, room: RoomId, user: UserId) -> rusqlite::Result<Member> {
    let found = connection
        .prepare_cached(
            "SELECT standing, role, since_seq, banned_until, ban_reason, seq FROM memberships
             WHERE room = ? AND user = ?",
        )?
        .query_row([sql(room.get()), sql(user.get())], |row| {
            Ok(Member { standing: standing_from(row)?, seq: number(row, 5)?, blocked: false })
        })
        .optional()?;
    let Some(member) = found else { return Ok(Member::STRANGER) };
    let blocked = room.is_direct() && is_blocked(connection, room)?;
    Ok(Member { blocked, ..member })
}

/// Whether one of the two of a direct room has blocked the other.
fn is_blocked(connection: &Connection, room: RoomId) -> rusqlite::Result<bool> {
    let pair = connection
        .prepare_cached("SELECT low, high FROM rooms WHERE id = ? AND low IS NOT NULL")?
        .query_row([sql(room.get())], |row| Ok((UserId::new(number(row, 0)?), UserId::new(number(row, 1)?))))
        .optional()?;
    match pair {
        Some((low, high)) => friends::is_blocked(connection, low, high),
        None => Ok(false),
    }
}

fn standing_from(row: &Row<'_>) -> rusqlite::Result<Standing> {
    Ok(match Place::decode(row, 0)? {
        Place::Out => Standing::Out,
        Place::In => Standing::In { role: Role::decode(row, 1)?, since_seq: number(row, 2)? },
        Place::Banned => Standing::Banned { until: until(row, 3)?, reason: row.get(4)? },
    })
}

fn until(row: &Row<'_>, column: usize) -> rusqlite::Result<BanUntil> {
    Ok(number_if(row, column)?.map(TimeMs))
}

/// The rooms that a user belongs to, ascending by id.
pub(super) fn rooms_of(connection: &Connection, user: UserId) -> rusqlite::Result<Vec<UserRoom>> {
    let mut rooms = connection.prepare_cached(concat!(
        "SELECT ",
        room_columns!(),
        ", role, since_seq, muted, pinned
         FROM memberships JOIN rooms ON rooms.id = memberships.room WHERE user = ? AND standing = 1 ORDER BY room"
    ))?;
    let rows = rooms.query_map([sql(user.get())], |row| {
        Ok(UserRoom {
            room: room_from(row)?,
            role: Role::decode(row, 10)?,
            since_seq: number(row, 11)?,
            muted: row.get(12)?,
            pinned: row.get(13)?,
        })
    })?;
    rows.collect()
}

/// Members above a user id, whose words stand in the range.
pub(super) fn members(
    connection: &Connection,
    room: RoomId,
    after: Option<UserId>,
    (start, end): &(String, String),
    limit: usize,
) -> rusqlite::Result<Vec<RoomMember>> {
    let mut members = connection.prepare_cached(
        "SELECT user, role, since_seq FROM memberships
         WHERE room = ?1 AND user > ?2 AND standing = 1
           AND (?3 = '' OR EXISTS (SELECT 1 FROM user_words
                                   WHERE user_words.user = memberships.user AND word >= ?3 AND word < ?4))
         ORDER BY user LIMIT ?5",
    )?;
    let rows =
        members.query_map(params![sql(room.get()), above(after), start, end, sql_limit(limit)], |row| {
            Ok(RoomMember {
                user: UserId::new(number(row, 0)?),
                role: Role::decode(row, 1)?,
                since_seq: number(row, 2)?,
            })
        })?;
    rows.collect()
}

/// The columns of a [`RoomBan`], in the order in which [`ban_from`] reads them.
const BANNED: &str =
    "SELECT room, user, banned_by, banned_until, ban_reason, seq FROM memberships WHERE standing = 2";

fn ban_from(row: &Row<'_>) -> rusqlite::Result<RoomBan> {
    Ok(RoomBan {
        room: RoomId::new(number(row, 0)?),
        user: UserId::new(number(row, 1)?),
        by: number_if(row, 2)?.map(UserId::new),
        until: until(row, 3)?,
        reason: row.get(4)?,
        seq: number(row, 5)?,
    })
}

/// Bans above a user id.
pub(super) fn bans(
    connection: &Connection,
    room: RoomId,
    after: Option<UserId>,
    limit: usize,
) -> rusqlite::Result<Vec<RoomBan>> {
    let mut bans =
        connection.prepare_cached(&format!("{BANNED} AND room = ? AND user > ? ORDER BY user LIMIT ?"))?;
    let rows = bans.query_map(params![sql(room.get()), above(after), sql_limit(limit)], ban_from)?;
    rows.collect()
}

/// A user's ban from a room.
pub(super) fn ban(connection: &Connection, room: RoomId, user: UserId) -> rusqlite::Result<Option<RoomBan>> {
    let mut ban = connection.prepare_cached(&format!("{BANNED} AND room = ? AND user = ?"))?;
    ban.query_row([sql(room.get()), sql(user.get())], ban_from).optional()
}

/// Sets what only concerns the member; absent ones stay.
pub(super) fn set_preferences(
    connection: &Connection,
    room: RoomId,
    user: UserId,
    muted: Option<bool>,
    pinned: Option<bool>,
) -> rusqlite::Result<Vec<FeedChange>> {
    let changed = connection
        .prepare_cached(
            "UPDATE memberships SET muted = coalesce(?3, muted), pinned = coalesce(?4, pinned)
             WHERE room = ?1 AND user = ?2 AND standing = 1
               AND (muted IS NOT coalesce(?3, muted) OR pinned IS NOT coalesce(?4, pinned))",
        )?
        .execute(params![sql(room.get()), sql(user.get()), muted, pinned])?;
    match changed {
        0 => Ok(Vec::new()),
        _ => Ok(feed::raise(connection, user, FeedKind::Settings)?.into_iter().collect()),
    }
}

/// The id above which a page starts.
fn above(after: Option<UserId>) -> i64 {
    after.map_or(-1, |after| sql(after.get()))
}
