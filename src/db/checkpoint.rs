//! Bringing what was committed from SQLite's log into the database file.
//!
//! A thread of its own copies pages and syncs the file in small steps while the writer goes
//! on, so that nobody waits for the bulk of it. Only the writer can copy the last pages,
//! for meanwhile it adds none; then the log starts anew.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use diesel::{QueryableByName, RunQueryDsl as _};

use super::connection::DbConnection;

/// Writes between two steps. More at once would keep the disk from syncing commits for longer.
const WRITES_A_STEP: usize = 200;
/// Steps after which the log starts anew: seldom enough that one request in two hundred waits for it.
const STEPS_A_ROUND: usize = 10;
/// Pages in the log (4 KiB each) past which the writer waits for readers of old pages.
const MOST_PAGES: i32 = 200_000;
/// Copies committed pages without making anybody wait.
const STEP: &str = "pragma wal_checkpoint(passive)";
/// Copies all pages and waits for readers, so that the log starts anew for certain.
const RESTART: &str = "pragma wal_checkpoint(restart)";

/// The log as the writer sees it.
pub(super) struct Log {
    due: SyncSender<()>,
    written: usize,
    round_is_over: Arc<AtomicBool>,
}

impl Log {
    /// Starts the thread; it ends when this is dropped.
    pub(super) fn start(connection: DbConnection, file: &'static File) -> std::io::Result<Self> {
        let (due, dues) = sync_channel(1);
        let round_is_over = Arc::new(AtomicBool::new(false));
        let tell = round_is_over.clone();
        let steps = move || take_steps(connection, file, &dues, &tell);
        std::thread::Builder::new().name("sqlite-checkpoint".into()).spawn(steps)?;
        Ok(Self { due, written: 0, round_is_over })
    }

    /// After each commit, on the writer's thread and connection.
    pub(super) fn grew(&mut self, connection: &mut DbConnection, writes: usize) {
        self.written += writes;
        if self.round_is_over.swap(false, Ordering::AcqRel)
            && checkpoint(connection, STEP).is_some_and(|pages| pages > MOST_PAGES)
        {
            checkpoint(connection, RESTART);
        }
        if self.written >= WRITES_A_STEP && self.due.try_send(()).is_ok() {
            self.written = 0;
        }
    }
}

fn take_steps(mut connection: DbConnection, file: &File, dues: &Receiver<()>, round_is_over: &AtomicBool) {
    let mut steps = 0;
    while dues.recv().is_ok() {
        checkpoint(&mut connection, STEP);
        // SQLite syncs the file by itself before it lets go of pages in the log; this only
        // spares the writer most of that wait.
        if let Err(error) = file.sync_data() {
            tracing::warn!(cause = %error, "the database file was not synced ahead");
        }
        steps += 1;
        if steps >= STEPS_A_ROUND {
            steps = 0;
            round_is_over.store(true, Ordering::Release);
        }
    }
}

/// Makes a checkpoint; pages the log then holds. One that fails is made up for by a later one.
fn checkpoint(connection: &mut DbConnection, kind: &str) -> Option<i32> {
    #[derive(QueryableByName)]
    struct Outcome {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        log: i32,
    }
    match diesel::sql_query(kind).get_result::<Outcome>(connection) {
        Ok(outcome) => Some(outcome.log),
        Err(error) => {
            tracing::warn!(cause = %error, "a checkpoint of the log failed");
            None
        }
    }
}
