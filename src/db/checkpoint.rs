//! Bringing what was committed from SQLite's log into the database file.
//!
//! A thread of its own copies pages and syncs the file in small steps while the writer goes
//! on, so that nobody waits for the bulk of it. Only the writer can copy the last pages,
//! for meanwhile it adds none; then the log starts anew.

use std::fs::File;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use diesel::connection::SimpleConnection as _;
use diesel::{QueryResult, QueryableByName, RunQueryDsl as _};

use super::connection::DbConnection;

/// Pages (4 KiB each) not yet copied that make a step due. More at once would keep the disk
/// from syncing commits for longer.
const STEP: i32 = 1_000;
/// Pages in the log from which on the writer ends the round, when few are left to copy: so
/// many that less than one request in a hundred waits for it.
const ROUND: i32 = 30_000;
/// Pages left that the writer copies at the end of a round. With fewer, a reader that keeps the log
/// from starting anew would have it copy and sync at every commit; more would take too long.
const REST: std::ops::RangeInclusive<i32> = 500..=3_000;
/// Pages in the log past which the writer copies whatever is left and waits a moment for readers of old pages.
const MOST: i32 = 100_000;

/// Says how much is in the log, and copies nothing.
const LOOK: &str = "pragma wal_checkpoint(noop)";
/// Copies committed pages without making anybody wait.
const COPY: &str = "pragma wal_checkpoint(passive)";
/// Copies all pages and waits for readers, so that the log starts anew for certain.
const RESTART: &str = "pragma wal_checkpoint(restart)";

/// How often emptying the log is tried, and the pause between: ten seconds in all.
const EMPTYING_TRIES: u32 = 100;
const EMPTYING_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// The log as the writer sees it.
pub(super) struct Log {
    due: SyncSender<()>,
}

/// What the log holds.
#[derive(QueryableByName)]
struct Pages {
    /// All pages; -1 when another checkpoint is under way.
    #[diesel(sql_type = diesel::sql_types::Integer)]
    log: i32,
    /// Those copied into the database file.
    #[diesel(sql_type = diesel::sql_types::Integer)]
    checkpointed: i32,
}

impl Log {
    /// Starts the thread that copies; it ends when this is dropped.
    pub(super) fn start(connection: DbConnection, file: &'static File) -> std::io::Result<Self> {
        let (due, dues) = sync_channel(1);
        let steps = move || take_steps(connection, file, &dues);
        std::thread::Builder::new().name("sqlite-checkpoint".into()).spawn(steps)?;
        Ok(Self { due })
    }

    /// After each commit, on the writer's thread and connection.
    pub(super) fn grew(&self, connection: &mut DbConnection) {
        let Some(pages) = checkpoint(connection, LOOK) else { return };
        let left = pages.log - pages.checkpointed;
        if pages.log > MOST {
            restart(connection);
        } else if pages.log > ROUND && REST.contains(&left) {
            // When a step is under way this copies nothing, and the next commit tries again.
            checkpoint(connection, COPY);
        } else if left > STEP {
            // A step that is due already will copy these pages as well.
            let _waits = self.due.try_send(());
        }
    }
}

fn restart(connection: &mut DbConnection) {
    let waited = connection
        .batch_execute("pragma busy_timeout = 50")
        .map(|()| checkpoint(connection, RESTART))
        .and_then(|_| connection.batch_execute("pragma busy_timeout = 5000"));
    if let Err(error) = waited {
        tracing::warn!(cause = %error, "the log was not started anew");
    }
}

fn take_steps(mut connection: DbConnection, file: &File, dues: &Receiver<()>) {
    while dues.recv().is_ok() {
        checkpoint(&mut connection, COPY);
        // SQLite syncs the file by itself before it lets go of pages in the log; this only
        // spares the writer most of that wait.
        if let Err(error) = file.sync_data() {
            tracing::warn!(cause = %error, "the database file was not synced ahead");
        }
    }
}

/// Empties the log. Tried again while a step is under way or somebody reads.
pub(super) fn empty(connection: &mut DbConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        busy: i32,
    }
    for _ in 0..EMPTYING_TRIES {
        let answer: Answer = diesel::sql_query("pragma wal_checkpoint(truncate)").get_result(connection)?;
        if answer.busy == 0 {
            return Ok(true);
        }
        std::thread::sleep(EMPTYING_PAUSE);
    }
    Ok(false)
}

/// Makes a checkpoint; what the log then holds. One that fails is made up for by a later one.
fn checkpoint(connection: &mut DbConnection, kind: &str) -> Option<Pages> {
    match diesel::sql_query(kind).get_result(connection) {
        Ok(pages) => Some(pages),
        Err(error) => {
            tracing::warn!(cause = %error, "a checkpoint of the log failed");
            None
        }
    }
}
