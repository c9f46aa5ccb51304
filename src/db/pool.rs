//! Opening a database, its connections, and the doors.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use diesel::r2d2::{Pool, PooledConnection};

use super::checkpoint;
use super::connection::{Begun, DatabaseUrl, DbConnection, Engine, Manager, Mode};
use super::wants_retry;
use super::writer::{Size, Writer};
use crate::error::AppError;

/// How often a write that the engine asks to try again is tried before it fails.
const MAX_ATTEMPTS: u32 = 40;

/// From this attempt on a write goes alone: the others of this process wait for it.
const ALONE_FROM: u32 = 6;

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct DatabaseOptions {
    /// At the most so many connections that read, and on PostgreSQL as many again that
    /// write (SQLite has one writer).
    pub connections: u32,
    /// Aborts the first attempt of every write after its closure ran; for the
    /// test that shows writes may be repeated.
    pub abort_first_attempt: bool,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self { connections: 8, abort_first_attempt: false }
    }
}

/// The database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Connecting failed; the driver's text may name host and role, never a password.
    #[error("the database does not answer: {0}")]
    Connect(String),
    /// The SQLite library is one that can corrupt a database in WAL mode (before 3.51.3).
    #[error("SQLite {0} can corrupt databases in WAL mode; 3.51.3 or later is needed")]
    UnsafeSqlite(String),
    /// The writer thread could not start, or the file not be opened.
    #[error("the database writer could not start: {0}")]
    Writer(#[from] std::io::Error),
}

/// An open database. Cheap to clone.
#[derive(Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

/// How writes reach the database.
enum Writers {
    /// SQLite takes one at a time.
    One(Writer),
    /// PostgreSQL takes many.
    Many(Lanes),
}

/// Writes side by side, or one alone.
struct Lanes {
    pool: Pool<Manager>,
    turn: RwLock<()>,
}

struct Inner {
    url: DatabaseUrl,
    readers: Pool<Manager>,
    writers: Writers,
    abort_first_attempt: AtomicBool,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("engine", &self.inner.url.engine).finish_non_exhaustive()
    }
}

impl Database {
    /// Opens the database at `url`.
    ///
    /// # Errors
    /// When it does not answer, or the SQLite library is an unsafe version.
    pub fn open(url: &DatabaseUrl, options: &DatabaseOptions) -> Result<Self, OpenError> {
        let writers = match url.engine {
            Engine::Sqlite => {
                let mut connection = connect(url)?;
                refuse_unsafe_sqlite(&mut connection)?;
                Writers::One(Writer::start(connection, connect(url)?, url.open_for_sync()?)?)
            }
            Engine::Postgres => {
                Writers::Many(Lanes { pool: pool(url, Mode::Write, options.connections)?, turn: RwLock::new(()) })
            }
        };
        let readers = pool(url, Mode::Read, options.connections)?;
        let abort_first_attempt = AtomicBool::new(options.abort_first_attempt);
        Ok(Self { inner: Arc::new(Inner { url: url.clone(), readers, writers, abort_first_attempt }) })
    }

    /// Connections that read, at the most.
    pub fn connections(&self) -> u32 {
        self.inner.readers.max_size()
    }

    /// Brings everything from SQLite's log into the database file and empties the log; for
    /// commands that wrote much. PostgreSQL sees to this itself.
    ///
    /// # Errors
    /// The engine's own.
    pub fn settle_now(&self) -> Result<(), AppError> {
        match self.engine() {
            Engine::Sqlite => self.alone_now(|conn| {
                if checkpoint::empty(conn)? {
                    Ok(())
                } else {
                    Err(AppError::internal("somebody keeps the log from being emptied"))
                }
            }),
            Engine::Postgres => Ok(()),
        }
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        self.inner.url.engine
    }

    /// Whether other processes may write to it besides this one.
    pub fn is_shared(&self) -> bool {
        self.engine() == Engine::Postgres
    }

    /// Runs `f` in a read-only transaction that sees one moment of the database.
    ///
    /// # Errors
    /// What `f` returns, or the engine's own failure.
    pub async fn read<T, F>(&self, f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnOnce(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
    {
        let this = self.clone();
        actix_web::web::block(move || this.read_now(f)).await?
    }

    /// [`Database::read`] on the calling thread.
    ///
    /// # Errors
    /// As [`Database::read`].
    pub fn read_now<T>(&self, f: impl FnOnce(&mut DbConnection) -> Result<T, AppError>) -> Result<T, AppError> {
        let mut begun = checkout(&self.inner.readers)?;
        let result = begun.run(f);
        // Nothing was written; ending the transaction only releases the snapshot.
        begun.end_read()?;
        result
    }

    /// Runs `f` in a serialisable transaction and commits it durably. `f` may run more than once.
    ///
    /// # Errors
    /// What `f` returns (nothing is then written), or the engine's own failure.
    pub async fn write<T, F>(&self, f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
    {
        self.write_sized(Size::Small, f).await
    }

    /// [`Database::write`], saying how much it changes.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub async fn write_sized<T, F>(&self, size: Size, f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
    {
        let this = self.clone();
        match &self.inner.writers {
            Writers::One(writer) => {
                let answer = writer.submit(size, self.aborting(f));
                answer.await.map_err(|_| AppError::internal("the database writer stopped"))?
            }
            Writers::Many(_) => actix_web::web::block(move || this.write_sized_now(size, f)).await?,
        }
    }

    /// Runs `f` as [`Database::write`] does, and hands the result to `then`: on SQLite on the
    /// writer's thread, else on the calling one, which may block.
    pub fn write_then<T, F, R>(&self, mut f: F, then: R)
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
        R: FnOnce(Result<T, AppError>) + Send + 'static,
    {
        match &self.inner.writers {
            Writers::One(writer) => writer.submit_then(Size::Small, self.aborting(f), then),
            Writers::Many(lanes) => then(self.write_with_retry(lanes, Size::Small, &mut f)),
        }
    }

    /// [`Database::write`] on the calling thread, which may block.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub fn write_now<T, F>(&self, f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
    {
        self.write_sized_now(Size::Small, f)
    }

    /// [`Database::write_sized`] on the calling thread, which may block.
    ///
    /// # Errors
    /// As [`Database::write`].
    pub fn write_sized_now<T, F>(&self, size: Size, mut f: F) -> Result<T, AppError>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
    {
        match &self.inner.writers {
            Writers::One(writer) => writer
                .submit(size, self.aborting(f))
                .blocking_recv()
                .map_err(|_| AppError::internal("the database writer stopped"))?,
            Writers::Many(lanes) => self.write_with_retry(lanes, size, &mut f),
        }
    }

    /// Runs `f` on a connection of its own outside any transaction of ours, for
    /// migrations, which bring their own.
    ///
    /// # Errors
    /// What `f` returns, or when the database does not answer.
    pub fn alone_now<T>(&self, f: impl FnOnce(&mut DbConnection) -> Result<T, AppError>) -> Result<T, AppError> {
        let mut connection = self.inner.url.connect().map_err(|_| AppError::Busy { retry_after_seconds: 1 })?;
        f(&mut connection)
    }

    /// For the fault test: runs the closure twice and keeps only the second run's result;
    /// the first run is rolled back to a savepoint.
    fn aborting<T, F>(&self, mut f: F) -> impl FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static
    where
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
    {
        let abort = self.inner.abort_first_attempt.load(Ordering::Relaxed);
        move |connection: &mut DbConnection| {
            if abort {
                connection.begin_nested()?;
                let _thrown_away = f(connection);
                connection.rollback()?;
            }
            f(connection)
        }
    }

    fn write_with_retry<T>(
        &self,
        lanes: &Lanes,
        size: Size,
        f: &mut impl FnMut(&mut DbConnection) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let mut begun = checkout(&lanes.pool)?;
        let f = &mut |connection: &mut DbConnection| {
            if size == Size::Large {
                connection.plan_each_statement()?;
            }
            f(connection)
        };
        if self.inner.abort_first_attempt.load(Ordering::Relaxed) {
            let _thrown_away = begun.run(&mut *f);
            begun.rollback()?;
        }
        for attempt in 1..=MAX_ATTEMPTS {
            match lanes.attempt(attempt, &mut begun, f) {
                Err(AppError::Database(refused)) if wants_retry(&refused) => {
                    metrics::counter!("hoanhap_write_retries_total").increment(1);
                    std::thread::sleep(pause_before(attempt));
                }
                ended => {
                    metrics::counter!("hoanhap_writes_total").increment(1);
                    return ended;
                }
            }
        }
        Err(AppError::Busy { retry_after_seconds: 1 })
    }
}

impl Lanes {
    /// Runs `f` once and commits what it wrote, or undoes it. A write that has lost to others again and
    /// again is not left to luck: it waits until they have ended, and they wait for it.
    fn attempt<T>(
        &self,
        attempt: u32,
        begun: &mut Begun,
        f: &mut impl FnMut(&mut DbConnection) -> Result<T, AppError>,
    ) -> Result<T, AppError> {
        let (_beside, _alone);
        if attempt < ALONE_FROM {
            _beside = self.turn.read().unwrap_or_else(PoisonError::into_inner);
        } else {
            _alone = self.turn.write().unwrap_or_else(PoisonError::into_inner);
        }
        let done = begun.run(f).and_then(|value| Ok(begun.commit().map(|()| value)?));
        if done.is_err() {
            // When the connection is lost this fails as well, and what happened first is what counts.
            let _lost = begun.rollback();
        }
        done
    }
}

fn connect(url: &DatabaseUrl) -> Result<DbConnection, OpenError> {
    url.connect().map_err(|e| OpenError::Connect(e.to_string()))
}

fn pool(url: &DatabaseUrl, mode: Mode, connections: u32) -> Result<Pool<Manager>, OpenError> {
    Pool::builder()
        .max_size(connections)
        .min_idle(Some(1))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_on_check_out(false)
        .connection_timeout(Duration::from_secs(5))
        .build(Manager { url: url.clone(), mode })
        .map_err(|e| OpenError::Connect(e.to_string()))
}

fn checkout(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>, AppError> {
    // A server that was restarted has lost all of them: each is replaced, once.
    for _ in 0..=pool.max_size() {
        let Ok(mut begun) = pool.get() else { break };
        if begun.is_ready() {
            return Ok(begun);
        }
    }
    Err(AppError::Busy { retry_after_seconds: 1 })
}

/// Grows with the attempt and differs between threads, so that two writers in
/// each other's way do not meet again at once.
fn pause_before(attempt: u32) -> Duration {
    let slot = 1_u64 << attempt.min(6);
    let thread = std::thread::current().id();
    let spread = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), thread) % 8;
    Duration::from_micros(slot * (200 + 100 * spread))
}

fn refuse_unsafe_sqlite(connection: &mut DbConnection) -> Result<(), OpenError> {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    let row: Version = diesel::sql_query("select sqlite_version() as version")
        .get_result(connection)
        .map_err(|e| OpenError::Connect(e.to_string()))?;
    let mut parts = row.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next(), parts.next(), parts.next());
    if version < (Some(3), Some(51), Some(3)) {
        return Err(OpenError::UnsafeSqlite(row.version));
    }
    Ok(())
}
