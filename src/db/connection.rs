//! One connection type for both engines, opened by the scheme of the URL.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ManageConnection, R2D2Connection};
use diesel::{Connection, PgConnection, SqliteConnection};

pub use self::either::{DbConnection, MultiBackend};

mod either {
    #![expect(missing_docs, missing_debug_implementations, reason = "the derive makes items without documentation")]
    use diesel::{PgConnection, SqliteConnection};

    /// A connection to either engine. Code outside `src/db/` never matches on it.
    #[derive(diesel::MultiConnection)]
    pub enum DbConnection {
        /// PostgreSQL.
        Postgres(PgConnection),
        /// SQLite, bundled.
        Sqlite(SqliteConnection),
    }
}

/// Which engine a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL: `postgres://` or `postgresql://`.
    Postgres,
    /// SQLite: `sqlite:PATH`.
    Sqlite,
}

/// Where a database is: the engine and what its driver takes.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl {
    /// The engine the scheme named.
    pub engine: Engine,
    target: String,
}

/// A database URL of no known scheme. The URL itself may hold a password and is not repeated.
#[derive(Debug, thiserror::Error)]
#[error("a database URL starts with sqlite:, postgres:// or postgresql://")]
pub struct UnknownScheme;

impl std::str::FromStr for DatabaseUrl {
    type Err = UnknownScheme;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self { engine: Engine::Postgres, target: url.to_owned() });
        }
        match url.strip_prefix("sqlite:") {
            Some(path) if !path.is_empty() => {
                let path = path.strip_prefix("//").unwrap_or(path);
                Ok(Self { engine: Engine::Sqlite, target: path.to_owned() })
            }
            _ => Err(UnknownScheme),
        }
    }
}

impl DatabaseUrl {
    /// The SQLite database in this file.
    pub fn sqlite(path: &std::path::Path) -> Self {
        Self { engine: Engine::Sqlite, target: path.to_string_lossy().into_owned() }
    }

    /// The file of an SQLite database; none for PostgreSQL.
    pub fn file(&self) -> Option<&std::path::Path> {
        (self.engine == Engine::Sqlite).then(|| std::path::Path::new(&self.target))
    }

    /// Opens the file of an SQLite database for syncing it, and never closes it: a process that
    /// closes any handle of the file drops the locks that SQLite holds on it.
    pub(super) fn open_for_sync(&self) -> std::io::Result<&'static std::fs::File> {
        Ok(Box::leak(Box::new(std::fs::File::open(&self.target)?)))
    }

    /// Opens a connection and settles how it keeps its promises.
    ///
    /// # Errors
    /// When the database does not answer or refuses a setting.
    pub fn connect(&self) -> diesel::ConnectionResult<DbConnection> {
        let failed = diesel::ConnectionError::CouldntSetupConfiguration;
        match self.engine {
            Engine::Postgres => {
                let mut connection = PgConnection::establish(&self.target)?;
                connection.batch_execute(POSTGRES_SETTINGS).map_err(failed)?;
                Ok(DbConnection::Postgres(connection))
            }
            Engine::Sqlite => {
                make_private(&self.target).map_err(|e| diesel::ConnectionError::BadConnection(e.to_string()))?;
                let mut connection = SqliteConnection::establish(&self.target)?;
                connection.batch_execute(SQLITE_SETTINGS).map_err(failed)?;
                Ok(DbConnection::Sqlite(connection))
            }
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseUrl({:?}, …)", self.engine)
    }
}

/// A new database file is its owner's alone; SQLite gives its log the same mode.
fn make_private(path: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// FULL: an acknowledged write survives power loss. The cache is small because
/// every reader has one; the page cache of the system holds the rest.
const SQLITE_SETTINGS: &str = "pragma busy_timeout = 5000;
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
    pragma trusted_schema = off;
    pragma cache_size = -4000;
    pragma temp_store = memory;";

/// Our statements are few and each has one good plan, so none is planned twice.
const POSTGRES_SETTINGS: &str = "set time zone 'UTC';
    set client_min_messages = warning;
    set plan_cache_mode = force_generic_plan;
    set jit = off;";

/// Hands the pool connections to one database.
#[derive(Debug)]
pub(super) struct Manager(pub(super) DatabaseUrl);

impl ManageConnection for Manager {
    type Connection = DbConnection;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<DbConnection, Self::Error> {
        let mut connection = self.0.connect().map_err(diesel::r2d2::Error::ConnectionError)?;
        if let DbConnection::Sqlite(sqlite) = &mut connection {
            // Writes go through the one writer; a read that writes is a fault.
            sqlite.batch_execute("pragma query_only = on").map_err(diesel::r2d2::Error::QueryError)?;
        }
        Ok(connection)
    }

    fn is_valid(&self, connection: &mut DbConnection) -> Result<(), Self::Error> {
        connection.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, connection: &mut DbConnection) -> bool {
        std::thread::panicking() || R2D2Connection::is_broken(connection)
    }
}

/// How a transaction is begun.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    Read,
    Write,
}

impl DbConnection {
    /// The engine behind this connection.
    pub(super) fn engine(&self) -> Engine {
        match self {
            Self::Postgres(_) => Engine::Postgres,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }

    pub(super) fn begin(&mut self, mode: Mode) -> diesel::QueryResult<()> {
        match (self, mode) {
            (Self::Postgres(c), Mode::Read) => AnsiTransactionManager::begin_transaction_sql(
                c,
                "begin transaction isolation level repeatable read read only",
            ),
            (Self::Postgres(c), Mode::Write) => {
                AnsiTransactionManager::begin_transaction_sql(c, "begin transaction isolation level serializable")
            }
            (Self::Sqlite(c), Mode::Read) => AnsiTransactionManager::begin_transaction_sql(c, "begin deferred"),
            (Self::Sqlite(c), Mode::Write) => AnsiTransactionManager::begin_transaction_sql(c, "begin immediate"),
        }
    }

    /// Begins a savepoint inside the open transaction.
    pub(super) fn begin_nested(&mut self) -> diesel::QueryResult<()> {
        <Self as Connection>::TransactionManager::begin_transaction(self)
    }

    pub(super) fn commit(&mut self) -> diesel::QueryResult<()> {
        <Self as Connection>::TransactionManager::commit_transaction(self)
    }

    pub(super) fn rollback(&mut self) -> diesel::QueryResult<()> {
        <Self as Connection>::TransactionManager::rollback_transaction(self)
    }
}
