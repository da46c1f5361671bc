//! How our words stand in columns, and come out of them again.

use rusqlite::{Row, types::Type};
use tertulia_core::{TimeMs, membership::Role, permission::RoomKind};
use tertulia_ports::directory::{Circle, Friendship};

/// A number for a column. SQL's numbers end at 2^63 - 1, which is later than any time and more than any count.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit for a query.
pub(super) fn sql_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A number from a column; never negative.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// A number from a column that may be empty.
pub(super) fn number_if(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    match row.get_ref(column)?.data_type() {
        Type::Null => Ok(None),
        _ => number(row, column).map(Some),
    }
}

/// A time from a column.
pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<TimeMs> {
    number(row, column).map(TimeMs)
}

/// What stands in the column is none of our words.
pub(super) fn unknown(column: usize, found: impl std::fmt::Display) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, format!("unknown: {found}").into())
}

/// Words that stand as numbers. Frozen: never give a number another meaning.
pub(super) trait Coded: Copy + PartialEq + 'static {
    /// Every word with its number.
    const CODES: &'static [(Self, i64)];

    /// Its number.
    fn code(self) -> i64 {
        Self::CODES
            .iter()
            .find(|(word, _)| *word == self)
            .map(|(_, code)| *code)
            .expect("every word has a number")
    }

    /// From a column.
    fn decode(row: &Row<'_>, column: usize) -> rusqlite::Result<Self> {
        let found: i64 = row.get(column)?;
        let word = Self::CODES.iter().find(|(_, code)| *code == found).map(|(word, _)| *word);
        word.ok_or_else(|| unknown(column, found))
    }
}

impl Coded for Role {
    const CODES: &'static [(Self, i64)] = &[(Self::Member, 0), (Self::Moderator, 1), (Self::Owner, 2)];
}

impl Coded for RoomKind {
    const CODES: &'static [(Self, i64)] = &[(Self::Direct, 1), (Self::Group, 2), (Self::Channel, 3)];
}

impl Coded for Friendship {
    const CODES: &'static [(Self, i64)] = &[(Self::Friends, 1), (Self::Asked, 2), (Self::Asks, 3)];
}

impl Coded for Circle {
    const CODES: &'static [(Self, i64)] = &[(Self::Everybody, 0), (Self::Friends, 1), (Self::Nobody, 2)];
}

/// The kinds of standings, without what belongs to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Out,
    In,
    Banned,
}

impl Coded for Place {
    const CODES: &'static [(Self, i64)] = &[(Self::Out, 0), (Self::In, 1), (Self::Banned, 2)];
}
