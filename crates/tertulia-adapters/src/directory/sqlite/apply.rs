//! The owner's projection: what lifecycle entries make of rooms and memberships.
//!
//! An entry counts if its epoch is not below the highest that ever wrote to the room, and its number is above that of
//! the last entry which changed the same row. So repeats change nothing, a repair may give a room's entries again from
//! any point, and an owner that lost its shard cannot write any more. Counts change by what a row was and became, in the
//! same transaction, so they are exact whatever is repeated.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use tertulia_core::{
    Entry, EntryBody, Epoch, RoomId, Seq, TimeMs, UserId,
    membership::{BanUntil, Role},
    permission::RoomKind,
    room::{RoomSettings, SYSTEM},
};
use tertulia_ports::directory::{FeedChange, FeedKind};

use super::{
    columns::{Coded, Place, number, sql},
    feed, files,
};

/// Whether an entry changes the directory.
pub(super) fn concerns(entry: &Entry) -> bool {
    entry.kind.is_lifecycle() || files::concerns(entry)
}

/// Applies entries of a room in order: those of its life, and those that change which files it uses.
pub(super) fn apply(
    connection: &Connection,
    room: RoomId,
    epoch: Epoch,
    entries: &[Entry],
) -> rusqlite::Result<Vec<FeedChange>> {
    let mut applying = Applying { connection, room, epoch, concerned: BTreeSet::new(), changes: Vec::new() };
    if !applying.is_owner()? {
        return Ok(Vec::new());
    }
    for entry in entries {
        applying.entry(entry)?;
    }
    for user in applying.concerned {
        applying.changes.extend(feed::raise(connection, user, FeedKind::Rooms)?);
    }
    Ok(applying.changes)
}

struct Applying<'a> {
    connection: &'a Connection,
    room: RoomId,
    epoch: Epoch,
    /// Whose standing changed: their feeds are raised once, at the end.
    concerned: BTreeSet<UserId>,
    changes: Vec<FeedChange>,
}

/// The room as far as entries need it.
struct RoomRow {
    seq: Seq,
    first_seq: Seq,
}

/// A membership as far as counts and guards need it.
#[derive(Clone)]
struct MemberRow {
    place: Place,
    role: Role,
    seq: Seq,
}

/// What a ban says of itself.
#[derive(Default)]
struct Ban<'a> {
    until: BanUntil,
    reason: Option<&'a str>,
    by: Option<UserId>,
}

const STRANGER: MemberRow = MemberRow { place: Place::Out, role: Role::Member, seq: 0 };

impl Applying<'_> {
    /// Whether nobody with a higher epoch has written here; remembers that this one has.
    fn is_owner(&self) -> rusqlite::Result<bool> {
        let room = sql(self.room.get());
        let highest = self
            .connection
            .prepare_cached(
                "SELECT epoch FROM rooms WHERE id = ?1 UNION ALL SELECT epoch FROM deleted_rooms WHERE id = ?1",
            )?
            .query_row([room], |row| row.get::<_, Epoch>(0))
            .optional()?;
        let Some(highest) = highest.filter(|highest| *highest != self.epoch) else { return Ok(true) };
        if self.epoch > highest {
            for raise in
                ["UPDATE rooms SET epoch = ? WHERE id = ?", "UPDATE deleted_rooms SET epoch = ? WHERE id = ?"]
            {
                self.connection.prepare_cached(raise)?.execute([self.epoch.into(), room])?;
            }
        }
        Ok(self.epoch > highest)
    }

    fn entry(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        let Some(body) = &entry.body else { return Ok(()) };
        if let EntryBody::Created { room_kind, name, settings } = body {
            return self.create(entry, *room_kind, name, settings);
        }
        // Of a room that does not exist, nothing remains to be told.
        let Some(row) = self.room_row()? else { return Ok(()) };
        if entry.seq < row.first_seq {
            return Ok(());
        }
        match body {
            EntryBody::Changed { name, topic, settings } if entry.seq > row.seq => {
                self.change(entry.seq, name.as_deref(), topic.as_deref(), settings.as_ref())
            }
            EntryBody::RoomDeleted if entry.seq > row.seq => self.delete(entry.seq),
            EntryBody::Entered { user, role } => self.enter(*user, *role, entry.seq),
            EntryBody::RoleChanged { user, role } => self.set_role(*user, *role, entry.seq),
            EntryBody::Left { user } | EntryBody::Removed { user, .. } | EntryBody::Unbanned { user } => {
                self.leave(*user, Place::Out, Ban::default(), entry.seq)
            }
            EntryBody::Banned { user, until, reason } => {
                let by = (entry.sender != SYSTEM).then_some(entry.sender);
                self.leave(
                    *user,
                    Place::Banned,
                    Ban { until: *until, reason: reason.as_deref(), by },
                    entry.seq,
                )
            }
            _ => files::apply(self.connection, self.room, entry),
        }
    }

    fn create(
        &mut self,
        entry: &Entry,
        kind: RoomKind,
        name: &str,
        settings: &RoomSettings,
    ) -> rusqlite::Result<()> {
        if self.room_row()?.is_some() {
            return Ok(());
        }
        let room = sql(self.room.get());
        let deleted = self
            .connection
            .prepare_cached("SELECT seq FROM deleted_rooms WHERE id = ?")?
            .query_row([room], |row| number(row, 0))
            .optional()?;
        if deleted.is_some_and(|seq| entry.seq <= seq) {
            return Ok(());
        }
        self.connection.prepare_cached("DELETE FROM deleted_rooms WHERE id = ?")?.execute([room])?;
        self.connection
            .prepare_cached(
                "INSERT INTO rooms (id, kind, name, topic, settings, members, owners, created_at, epoch, seq, first_seq)
                 VALUES (?1, ?2, ?3, '', ?4, 0, 0, ?5, ?6, ?7, ?7)",
            )?
            .execute(params![
                room,
                kind.code(),
                name,
                json(settings)?,
                sql(entry.at.0),
                self.epoch,
                sql(entry.seq)
            ])
            .map(|_| ())
    }

    fn change(
        &self,
        seq: Seq,
        name: Option<&str>,
        topic: Option<&str>,
        settings: Option<&RoomSettings>,
    ) -> rusqlite::Result<()> {
        let settings = settings.map(json).transpose()?;
        self.connection
            .prepare_cached(
                "UPDATE rooms SET name = coalesce(?, name), topic = coalesce(?, topic),
                 settings = coalesce(?, settings), seq = ? WHERE id = ?",
            )?
            .execute(params![name, topic, settings, sql(seq), sql(self.room.get())])
            .map(|_| ())
    }

    /// Memberships and invites go with the room's row.
    fn delete(&mut self, seq: Seq) -> rusqlite::Result<()> {
        let mut raised = feed::raise_of_members(self.connection, self.room)?;
        // They are told already, of everything up to here.
        for change in &raised {
            self.concerned.remove(&change.user);
        }
        self.changes.append(&mut raised);
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO deleted_rooms (id, epoch, seq) VALUES (?, ?, ?)")?
            .execute([sql(self.room.get()), self.epoch.into(), sql(seq)])?;
        self.connection
            .prepare_cached("DELETE FROM rooms WHERE id = ?")?
            .execute([sql(self.room.get())])
            .map(|_| ())
    }

    fn enter(&mut self, user: UserId, role: Role, seq: Seq) -> rusqlite::Result<()> {
        let before = self.member_row(user)?;
        if seq <= before.seq {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO memberships (room, user, standing, role, since_seq, seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            )?
            .execute([sql(self.room.get()), sql(user.get()), Place::In.code(), role.code(), sql(seq)])?;
        self.became(user, &before, &MemberRow { place: Place::In, role, seq })?;
        self.keep_pair()
    }

    fn set_role(&mut self, user: UserId, role: Role, seq: Seq) -> rusqlite::Result<()> {
        let before = self.member_row(user)?;
        if seq <= before.seq || before.place != Place::In {
            return Ok(());
        }
        self.connection
            .prepare_cached("UPDATE memberships SET role = ?, seq = ? WHERE room = ? AND user = ?")?
            .execute([role.code(), sql(seq), sql(self.room.get()), sql(user.get())])?;
        self.became(user, &before, &MemberRow { role, seq, ..before.clone() })
    }

    fn leave(
        &mut self,
        user: UserId,
        place: Place,
        Ban { until, reason, by }: Ban<'_>,
        seq: Seq,
    ) -> rusqlite::Result<()> {
        let before = self.member_row(user)?;
        if seq <= before.seq {
            return Ok(());
        }
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO memberships
                 (room, user, standing, role, since_seq, banned_until, ban_reason, banned_by, seq)
                 VALUES (?, ?, ?, ?, 0, ?, ?, ?, ?)",
            )?
            .execute(params![
                sql(self.room.get()),
                sql(user.get()),
                place.code(),
                Role::Member.code(),
                until.map(|TimeMs(until)| sql(until)),
                reason,
                by.map(|by| sql(by.get())),
                sql(seq),
            ])?;
        self.became(user, &before, &MemberRow { place, role: Role::Member, seq })
    }

    /// Counts what a member was and became, and remembers to tell them.
    fn became(&mut self, user: UserId, before: &MemberRow, after: &MemberRow) -> rusqlite::Result<()> {
        let belongs = |row: &MemberRow| i64::from(row.place == Place::In);
        let owns = |row: &MemberRow| i64::from(row.place == Place::In && row.role == Role::Owner);
        let (members, owners) = (belongs(after) - belongs(before), owns(after) - owns(before));
        if (members, owners) != (0, 0) {
            self.connection
                .prepare_cached("UPDATE rooms SET members = members + ?, owners = owners + ? WHERE id = ?")?
                .execute([members, owners, sql(self.room.get())])?;
        }
        self.concerned.insert(user);
        Ok(())
    }

    /// A direct room is found by its two, once both are in.
    fn keep_pair(&self) -> rusqlite::Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE OR IGNORE rooms
                 SET low = (SELECT min(user) FROM memberships WHERE room = ?1 AND standing = ?2),
                     high = (SELECT max(user) FROM memberships WHERE room = ?1 AND standing = ?2)
                 WHERE id = ?1 AND kind = ?3 AND members = 2 AND low IS NULL",
            )?
            .execute([sql(self.room.get()), Place::In.code(), RoomKind::Direct.code()])
            .map(|_| ())
    }

    fn room_row(&self) -> rusqlite::Result<Option<RoomRow>> {
        self.connection
            .prepare_cached("SELECT seq, first_seq FROM rooms WHERE id = ?")?
            .query_row([sql(self.room.get())], |row| {
                Ok(RoomRow { seq: number(row, 0)?, first_seq: number(row, 1)? })
            })
            .optional()
    }

    fn member_row(&self, user: UserId) -> rusqlite::Result<MemberRow> {
        let row = self
            .connection
            .prepare_cached("SELECT standing, role, seq FROM memberships WHERE room = ? AND user = ?")?
            .query_row([sql(self.room.get()), sql(user.get())], |row| {
                Ok(MemberRow {
                    place: Coded::decode(row, 0)?,
                    role: Coded::decode(row, 1)?,
                    seq: number(row, 2)?,
                })
            })
            .optional()?;
        Ok(row.unwrap_or(STRANGER))
    }
}

fn json(settings: &RoomSettings) -> rusqlite::Result<String> {
    serde_json::to_string(settings).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
