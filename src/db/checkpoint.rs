//! Bringing what was committed from SQLite's log into the database file.
//!
//! A thread of its own copies pages and syncs the file in small steps while the writer goes
//! on, so that nobody waits for the bulk of it. Only the writer can copy the last pages,
//! for meanwhile it adds none; then the log starts anew.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use diesel::{QueryableByName, RunQueryDsl as _};

use super::connection::DbConnection;

/// Pages (4 KiB each) a step is to copy: more would keep the disk from syncing commits for longer.
const PAGES_A_STEP: usize = 1000;
/// Writes between two steps at the least, and at the most.
const FEWEST_WRITES: usize = 30;
const MOST_WRITES: usize = 10_000;
/// Steps after which the log starts anew: so seldom that less than one request in a hundred waits for it.
const STEPS_A_ROUND: usize = 30;
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
    told: Arc<Told>,
}

/// What the two threads tell each other.
struct Told {
    round_is_over: AtomicBool,
    /// Writes until the next step; follows from how many pages the last ones changed.
    writes_a_step: AtomicUsize,
}

impl Log {
    /// Starts the thread; it ends when this is dropped.
    pub(super) fn start(connection: DbConnection, file: &'static File) -> std::io::Result<Self> {
        let (due, dues) = sync_channel(1);
        let told =
            Arc::new(Told { round_is_over: AtomicBool::new(false), writes_a_step: AtomicUsize::new(FEWEST_WRITES) });
        let tell = told.clone();
        let steps = move || take_steps(connection, file, &dues, &tell);
        std::thread::Builder::new().name("sqlite-checkpoint".into()).spawn(steps)?;
        Ok(Self { due, written: 0, told })
    }

    /// After each commit, on the writer's thread and connection.
    pub(super) fn grew(&mut self, connection: &mut DbConnection, writes: usize) {
        self.written += writes;
        if self.told.round_is_over.swap(false, Ordering::AcqRel)
            && checkpoint(connection, STEP).is_some_and(|pages| pages > MOST_PAGES)
        {
            checkpoint(connection, RESTART);
        }
        if self.written >= self.told.writes_a_step.load(Ordering::Relaxed) && self.due.try_send(()).is_ok() {
            self.written = 0;
        }
    }
}

fn take_steps(mut connection: DbConnection, file: &File, dues: &Receiver<()>, told: &Told) {
    let (mut steps, mut before) = (0, 0);
    while dues.recv().is_ok() {
        let pages = checkpoint(&mut connection, STEP).and_then(|pages| usize::try_from(pages).ok()).unwrap_or(0);
        // A log that started anew is shorter than before.
        let copied = pages.checked_sub(before).unwrap_or(pages).max(1);
        before = pages;
        let writes = told.writes_a_step.load(Ordering::Relaxed) * PAGES_A_STEP / copied;
        told.writes_a_step.store(writes.clamp(FEWEST_WRITES, MOST_WRITES), Ordering::Relaxed);
        // SQLite syncs the file by itself before it lets go of pages in the log; this only
        // spares the writer most of that wait.
        if let Err(error) = file.sync_data() {
            tracing::warn!(cause = %error, "the database file was not synced ahead");
        }
        steps += 1;
        if steps >= STEPS_A_ROUND {
            steps = 0;
            told.round_is_over.store(true, Ordering::Release);
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
