//! The one SQLite writer: a thread that commits waiting writes in groups.
//!
//! Each write runs in a savepoint of its own; one commit (one sync of the disk)
//! then makes the whole group durable, and only after it is anyone answered.
//!
//! A large write is a group by itself and has no savepoint: SQLite keeps every page that changes within one in
//! memory, and goes through all of them at each statement that fires a trigger.

use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use tokio::sync::oneshot;

use super::checkpoint::Log;
use super::connection::DbConnection;
use crate::error::AppError;

/// Writes committed together at the most; bounds how long the first one waits.
const GROUP: usize = 64;
/// How long a group waits for as many writes as the group before it had. A sync of the
/// disk costs more than that; a lone writer never waits.
const PATIENCE: Duration = Duration::from_micros(250);
/// Writes that may wait; past it callers block, which is the back-pressure.
const QUEUE: usize = 1024;
/// The writer alone changes pages, so what it holds of them stays true and it may hold more
/// than readers do. Its checkpoints are made by [`Log`]; a log that grew past the limit is cut to it
/// when it starts anew.
const WRITER_SETTINGS: &str =
    "pragma wal_autocheckpoint = 0; pragma cache_size = -8000; pragma journal_size_limit = 150000000";

/// How much a write changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// A few records.
    Small,
    /// Thousands of rows.
    Large,
}

/// A write with its answer still inside: `run` executes it, `finish` replies.
trait Job: Send {
    fn size(&self) -> Size;
    /// Whether what was written stands. An error means that the savepoint is gone, and the whole group with it.
    fn run(&mut self, connection: &mut DbConnection) -> diesel::QueryResult<bool>;
    fn finish(self: Box<Self>, commit: &Result<(), String>);
}

struct WriteJob<T, F, R> {
    size: Size,
    f: F,
    result: Option<Result<T, AppError>>,
    then: R,
}

impl<T, F, R> Job for WriteJob<T, F, R>
where
    T: Send,
    F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send,
    R: FnOnce(Result<T, AppError>) + Send,
{
    fn size(&self) -> Size {
        self.size
    }

    fn run(&mut self, connection: &mut DbConnection) -> diesel::QueryResult<bool> {
        let outcome = match self.size {
            Size::Small => in_savepoint(connection, &mut self.f)?,
            Size::Large => caught(connection, &mut self.f),
        };
        let stands = outcome.is_ok();
        self.result = Some(outcome);
        Ok(stands)
    }

    fn finish(self: Box<Self>, commit: &Result<(), String>) {
        let answer = match (commit, self.result) {
            (Ok(()), Some(result)) => result,
            (Err(cause), _) => Err(AppError::internal(format!("commit failed: {cause}"))),
            (Ok(()), None) => Err(AppError::internal("write was not run")),
        };
        (self.then)(answer);
    }
}

fn in_savepoint<T>(
    connection: &mut DbConnection,
    f: &mut impl FnMut(&mut DbConnection) -> Result<T, AppError>,
) -> diesel::QueryResult<Result<T, AppError>> {
    connection.begin_nested()?;
    let outcome = caught(connection, f);
    // After a full disk SQLite may have undone everything by itself: then there is no savepoint.
    match &outcome {
        Ok(_) => connection.commit()?,
        Err(_) => connection.rollback()?,
    }
    Ok(outcome)
}

fn caught<T>(
    connection: &mut DbConnection,
    f: &mut impl FnMut(&mut DbConnection) -> Result<T, AppError>,
) -> Result<T, AppError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(connection)))
        .unwrap_or_else(|_| Err(AppError::internal("a write panicked")))
}

/// Handle to the writer thread; the thread ends when the last handle is dropped.
pub(super) struct Writer {
    queue: SyncSender<Box<dyn Job>>,
}

impl Writer {
    /// Starts the writer on one connection and its checkpoints on another; `file` is the database's.
    pub(super) fn start(
        mut connection: DbConnection,
        checkpoints: DbConnection,
        file: &'static File,
    ) -> std::io::Result<Self> {
        connection.batch_execute(WRITER_SETTINGS).map_err(std::io::Error::other)?;
        let (queue, waiting) = sync_channel::<Box<dyn Job>>(QUEUE);
        let log = Log::start(checkpoints, file)?;
        std::thread::Builder::new().name("sqlite-writer".into()).spawn(move || run(connection, &waiting, &log))?;
        Ok(Self { queue })
    }

    /// Queues a write; the receiver yields its result once it is durable.
    pub(super) fn submit<T, F>(&self, size: Size, f: F) -> oneshot::Receiver<Result<T, AppError>>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        // The caller may have gone away; the write stands all the same.
        self.submit_then(size, f, move |result| drop(reply.send(result)));
        answer
    }

    /// Queues a write and hands its result to `then`, on the writer's thread, once it is durable.
    pub(super) fn submit_then<T, F, R>(&self, size: Size, f: F, then: R)
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
        R: FnOnce(Result<T, AppError>) + Send + 'static,
    {
        let job = Box::new(WriteJob { size, f, result: None, then });
        // A refused send drops the job and what it would tell: whoever waits sees that as a loss.
        let _stopped = self.queue.send(job);
    }
}

fn run(mut connection: DbConnection, waiting: &Receiver<Box<dyn Job>>, log: &Log) {
    let mut usual = 1;
    let mut held = None;
    while let Some(mut first) = held.take().or_else(|| waiting.recv().ok()) {
        let (group, commit) = if first.size() == Size::Large {
            let commit = commit_alone(&mut connection, &mut *first);
            (vec![first], commit)
        } else {
            let mut group = vec![first];
            let commit = commit_group(&mut connection, &mut group, &mut held, usual, waiting);
            (group, commit)
        };
        usual = group.len();
        if let Err(cause) = &commit {
            tracing::error!(cause, "a group of writes was not committed");
            let _already_closed = connection.rollback();
        }
        for job in group {
            job.finish(&commit);
        }
        log.grew(&mut connection);
    }
}

/// A large write that is refused is undone with its transaction.
fn commit_alone(connection: &mut DbConnection, job: &mut dyn Job) -> Result<(), String> {
    connection.begin_write().map_err(|e| e.to_string())?;
    let stands = job.run(connection).map_err(|e| e.to_string())?;
    count(1);
    if stands {
        return connection.commit().map_err(|e| e.to_string());
    }
    // After a full disk SQLite may have undone everything by itself.
    let _already_closed = connection.rollback();
    Ok(())
}

fn count(writes: usize) {
    metrics::counter!("hoanhap_writes_total").increment(u64::try_from(writes).unwrap_or(u64::MAX));
    metrics::counter!("hoanhap_write_groups_total").increment(1);
}

/// A large write that comes while the group grows ends it, and is held for the next one.
fn commit_group(
    connection: &mut DbConnection,
    group: &mut Vec<Box<dyn Job>>,
    held: &mut Option<Box<dyn Job>>,
    usual: usize,
    waiting: &Receiver<Box<dyn Job>>,
) -> Result<(), String> {
    connection.begin_write().map_err(|e| e.to_string())?;
    let mut next = 0;
    while let Some(job) = group.get_mut(next) {
        job.run(connection).map_err(|e| e.to_string())?;
        next += 1;
        if next == group.len() && next < GROUP {
            match if next < usual { waiting.recv_timeout(PATIENCE).ok() } else { waiting.try_recv().ok() } {
                Some(job) if job.size() == Size::Large => *held = Some(job),
                more => group.extend(more),
            }
        }
    }
    count(next);
    connection.commit().map_err(|e| e.to_string())
}
