//! Opening the file: its settings, its migrations, and what may be wrong with it.

use std::{
    fs::OpenOptions,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, config::DbConfig};

/// The file's name in the data folder.
pub const FILE: &str = "directory.sqlite";
/// `application_id` of our files: "Tert" in ASCII.
const APPLICATION: i32 = 0x5465_7274;
/// How long a statement waits for another process that writes, in milliseconds: an operator's shell, a backup.
const BUSY_TIMEOUT_MS: u64 = 5_000;
/// The write-ahead log is cut to this after a checkpoint, in bytes.
const LOG_BYTES_KEPT: u32 = 16 << 20;
/// Prepared statements kept by each connection: more than there are.
const STATEMENTS_KEPT: usize = 128;
/// Page cache of each connection, in KiB; the system's cache has the rest.
const CACHE_KIB: u32 = 1_024;

/// Files up to this size are looked through before they are used, in bytes: that takes 4 ms a megabyte. In larger ones
/// damage shows when the damaged page is read.
const LOOKED_THROUGH_BYTES_MAX: u64 = 4 << 20;

/// What brings an older file up to date, in order. A file's `user_version` says how many it has had. Migrations only add;
/// a binary that does not know them refuses the file all the same, since it cannot tell what they promise.
const MIGRATIONS: [&str; 4] = [
    include_str!("migrations/0001_directory.sql"),
    include_str!("migrations/0002_privacy.sql"),
    include_str!("migrations/0003_bans.sql"),
    include_str!("migrations/0004_files.sql"),
];

/// The directory cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is no database, or its structure is broken.
    #[error("{path} is damaged ({reason}): put it back from a backup", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        reason: String,
    },
    /// It is a database of another program.
    #[error("{path} is a database of another program", path = path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer version of Tertulia wrote it.
    #[error("{path} has schema version {found}, and this program knows versions up to {known}: use a newer program",
        path = path.display())]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: usize,
        /// The newest one known here.
        known: usize,
    },
    /// Anything else: no permission, a full disk, another process that does not let go.
    #[error("cannot open {path}: {reason}", path = path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
}

impl OpenError {
    fn new(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, reason) = (path.to_owned(), error.to_string());
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { path, reason },
            _ => Self::Failed { path, reason },
        }
    }
}

/// Opens the file for writing, makes it if there is none, and brings it up to date.
pub(super) fn writer(path: &Path) -> Result<Connection, OpenError> {
    let failed = |error| OpenError::new(path, &error);
    make_private(path)
        .map_err(|error| OpenError::Failed { path: path.to_owned(), reason: error.to_string() })?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    check(&connection, path)?;
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = {LOG_BYTES_KEPT};"
        ))
        .map_err(failed)?;
    migrate(&mut connection).map_err(failed)?;
    Ok(connection)
}

/// Makes the file if there is none, for its owner only: it has hashes of passwords. SQLite gives its log the same rights.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // One that is there stays closed: closing it would take the locks of other connections in this process.
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Opens the file for reading only, once a writer has.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| OpenError::new(path, &error))
}

/// A directory in memory.
pub(super) fn memory() -> Result<Connection, OpenError> {
    let path = Path::new(":memory:");
    let failed = |error| OpenError::new(path, &error);
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failed)?;
    migrate(&mut connection).map_err(failed)?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    // Each connection stands in a lock of ours, or belongs to one thread.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_TIMEOUT_MS))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    // Without this, SQLite plans a statement again whenever other values are bound: ten times the cost of a point read.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.execute_batch(&format!("PRAGMA foreign_keys = ON; PRAGMA cache_size = -{CACHE_KIB};"))?;
    Ok(connection)
}

/// Looks whether it is ours, whole at first sight, and not newer than we are.
fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i32>(0));
    let look = || {
        Ok((
            number("PRAGMA application_id")?,
            number("SELECT count(*) FROM sqlite_schema")?,
            version(connection)?,
        ))
    };
    let (application, tables, found) =
        look().map_err(|error: rusqlite::Error| OpenError::new(path, &error))?;
    let fresh = application == 0 && tables == 0;
    if application != APPLICATION && !fresh {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    if found > MIGRATIONS.len() {
        return Err(OpenError::NewerSchema { path: path.to_owned(), found, known: MIGRATIONS.len() });
    }
    if std::fs::metadata(path).map_or(0, |file| file.len()) > LOOKED_THROUGH_BYTES_MAX {
        return Ok(());
    }
    let found = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    match found.map_err(|error| OpenError::new(path, &error))? {
        ok if ok == "ok" => Ok(()),
        reason => Err(OpenError::Damaged { path: path.to_owned(), reason }),
    }
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    if version(connection)? == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Looked at again, since another process may have been faster.
    for (migration, number) in MIGRATIONS.iter().zip(1i64..).skip(version(&transaction)?) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", number)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}
