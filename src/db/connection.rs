//! One connection type for both engines, opened by the scheme of the URL.

use std::time::{Duration, Instant};

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
    pragma secure_delete = on;
    pragma cache_size = -1500;
    pragma temp_store = memory;";

/// Our statements are few and each has one good plan, so none is planned twice.
/// A connection waits with its next transaction begun, which no server setting shall end.
const POSTGRES_SETTINGS: &str = "set time zone 'UTC';
    select set_config(name, '0', false) from pg_settings
        where name in ('idle_in_transaction_session_timeout', 'transaction_timeout');
    select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';
    set client_min_messages = warning;
    set plan_cache_mode = force_generic_plan;
    set jit = off;";

/// What the transactions of a pool's connections are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// One moment of the database, nothing written.
    Read,
    /// Serialisable.
    Write,
}

/// A connection that waits with its next transaction begun, unless it has just committed a
/// write. The engines look at the database at the first statement, so the transaction is as
/// fresh as one begun now, and a round trip is saved. It waits without a snapshot or a lock.
pub(super) struct Begun {
    pub(super) connection: DbConnection,
    mode: Mode,
    state: State,
    idle_since: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The next transaction has begun.
    Begun,
    /// Between two transactions.
    Idle,
    /// A transaction was used and not ended well: the connection is thrown away.
    Used,
}

/// A connection that waited longer is tried before it is used: the server may have gone away meanwhile.
const TRUSTED: Duration = Duration::from_secs(1);

impl Begun {
    /// Runs `f` in the transaction, and leaves ending it to the caller.
    pub(super) fn run<T>(&mut self, f: impl FnOnce(&mut DbConnection) -> T) -> T {
        self.state = State::Used;
        f(&mut self.connection)
    }

    /// Ends a transaction that only read, and begins the next one in the same round trip.
    ///
    /// # Errors
    /// The engine's own, when the connection is lost.
    pub(super) fn end_read(&mut self) -> diesel::QueryResult<()> {
        self.begin_after("commit; ")
    }

    /// Makes what was written durable. The next transaction begins later: were that part of the
    /// same message, its failure would read as the failure of this commit.
    ///
    /// # Errors
    /// The engine's own. Also when a statement had failed and its failure was swallowed:
    /// PostgreSQL would then undo everything and call it a commit.
    pub(super) fn commit(&mut self) -> diesel::QueryResult<()> {
        self.state = State::Used;
        self.connection.batch_execute("select 1; commit")?;
        self.rest(State::Idle);
        Ok(())
    }

    /// Undoes what was written and begins the next transaction.
    ///
    /// # Errors
    /// The engine's own, when the connection is lost.
    pub(super) fn rollback(&mut self) -> diesel::QueryResult<()> {
        self.begin_after("rollback; ")
    }

    /// Begins a transaction where none waits; whether the server is still there.
    pub(super) fn is_ready(&mut self) -> bool {
        match self.state {
            State::Begun if self.idle_since.elapsed() < TRUSTED => true,
            State::Idle => self.begin_after("").is_ok(),
            State::Begun | State::Used => self.rollback().is_ok(),
        }
    }

    fn begin_after(&mut self, end: &str) -> diesel::QueryResult<()> {
        self.state = State::Used;
        let begin = self.connection.begin_sql(self.mode);
        self.connection.batch_execute(&format!("{end}{begin}"))?;
        self.rest(State::Begun);
        Ok(())
    }

    fn rest(&mut self, state: State) {
        self.state = state;
        self.idle_since = Instant::now();
    }
}

/// Hands a pool connections to one database.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) url: DatabaseUrl,
    pub(super) mode: Mode,
}

impl ManageConnection for Manager {
    type Connection = Begun;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Begun, Self::Error> {
        let mut connection = self.url.connect().map_err(diesel::r2d2::Error::ConnectionError)?;
        if let DbConnection::Sqlite(sqlite) = &mut connection {
            // Writes go through the one writer; a read that writes is a fault.
            sqlite.batch_execute("pragma query_only = on").map_err(diesel::r2d2::Error::QueryError)?;
        }
        let begin = connection.begin_sql(self.mode);
        connection.batch_execute(begin).map_err(diesel::r2d2::Error::QueryError)?;
        Ok(Begun { connection, mode: self.mode, state: State::Begun, idle_since: Instant::now() })
    }

    fn is_valid(&self, begun: &mut Begun) -> Result<(), Self::Error> {
        begun.connection.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, begun: &mut Begun) -> bool {
        begun.state == State::Used
    }
}

impl DbConnection {
    /// The engine behind this connection.
    pub(super) fn engine(&self) -> Engine {
        match self {
            Self::Postgres(_) => Engine::Postgres,
            Self::Sqlite(_) => Engine::Sqlite,
        }
    }

    /// Has PostgreSQL plan each statement of this transaction by what its tables hold: one that was planned while a
    /// table was empty would read through all that is filled in since.
    pub(super) fn plan_each_statement(&mut self) -> diesel::QueryResult<()> {
        self.batch_execute("set local plan_cache_mode = force_custom_plan")
    }

    /// The statement that begins a transaction.
    fn begin_sql(&self, mode: Mode) -> &'static str {
        match (self, mode) {
            (Self::Postgres(_), Mode::Read) => "begin transaction isolation level repeatable read read only",
            (Self::Postgres(_), Mode::Write) => "begin transaction isolation level serializable",
            (Self::Sqlite(_), Mode::Read) => "begin deferred",
            (Self::Sqlite(_), Mode::Write) => "begin immediate",
        }
    }

    /// Begins a transaction that writes, for the one writer of SQLite.
    pub(super) fn begin_write(&mut self) -> diesel::QueryResult<()> {
        let begin = self.begin_sql(Mode::Write);
        match self {
            Self::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, begin),
            Self::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, begin),
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
