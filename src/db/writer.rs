//! The one SQLite writer: a thread that commits waiting writes in groups.
//!
//! Each write runs in a savepoint of its own; one commit (one sync of the disk)
//! then makes the whole group durable, and only after it is anyone answered.

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

/// A write with its answer still inside: `run` executes it, `finish` replies.
trait Job: Send {
    /// An error means that the savepoint is gone, and the whole group with it.
    fn run(&mut self, connection: &mut DbConnection) -> diesel::QueryResult<()>;
    fn finish(self: Box<Self>, commit: &Result<(), String>);
}

struct WriteJob<T, F, R> {
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
    fn run(&mut self, connection: &mut DbConnection) -> diesel::QueryResult<()> {
        self.result = Some(in_savepoint(connection, &mut self.f)?);
        Ok(())
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
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| f(connection)))
        .unwrap_or_else(|_| Err(AppError::internal("a write panicked")));
    // After a full disk SQLite may have undone everything by itself: then there is no savepoint.
    match &outcome {
        Ok(_) => connection.commit()?,
        Err(_) => connection.rollback()?,
    }
    Ok(outcome)
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
    pub(super) fn submit<T, F>(&self, f: F) -> oneshot::Receiver<Result<T, AppError>>
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        // The caller may have gone away; the write stands all the same.
        self.submit_then(f, move |result| drop(reply.send(result)));
        answer
    }

    /// Queues a write and hands its result to `then`, on the writer's thread, once it is durable.
    pub(super) fn submit_then<T, F, R>(&self, f: F, then: R)
    where
        T: Send + 'static,
        F: FnMut(&mut DbConnection) -> Result<T, AppError> + Send + 'static,
        R: FnOnce(Result<T, AppError>) + Send + 'static,
    {
        let job = Box::new(WriteJob { f, result: None, then });
        // A refused send drops the job and what it would tell: whoever waits sees that as a loss.
        let _stopped = self.queue.send(job);
    }
}

fn run(mut connection: DbConnection, waiting: &Receiver<Box<dyn Job>>, log: &Log) {
    let mut usual = 1;
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        let commit = commit_group(&mut connection, &mut group, usual, waiting);
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

fn commit_group(
    connection: &mut DbConnection,
    group: &mut Vec<Box<dyn Job>>,
    usual: usize,
    waiting: &Receiver<Box<dyn Job>>,
) -> Result<(), String> {
    connection.begin_write().map_err(|e| e.to_string())?;
    let mut next = 0;
    while let Some(job) = group.get_mut(next) {
        job.run(connection).map_err(|e| e.to_string())?;
        next += 1;
        if next == group.len() && next < GROUP {
            let more = if next < usual { waiting.recv_timeout(PATIENCE).ok() } else { waiting.try_recv().ok() };
            group.extend(more);
        }
    }
    metrics::counter!("hoanhap_writes_total").increment(u64::try_from(next).unwrap_or(u64::MAX));
    metrics::counter!("hoanhap_write_groups_total").increment(1);
    connection.commit().map_err(|e| e.to_string())
}
