//! The view log: who saw whom, and when. Entries of waiting requests are written
//! together, and each answer waits until its entry is durable.

use diesel::prelude::*;
use tokio::sync::{mpsc, oneshot};

use super::model::{SubjectKind, ViewAction};
use super::trail::SubjectId;
use crate::clock::Clock;
use crate::db::bulk::{BulkRow as _, bulk_rows};
use crate::db::schema::view_log;
use crate::db::types::{AccountId, Instant};
use crate::db::{Database, Engine};
use crate::error::AppError;

/// Views written in one commit at the most.
const GROUP: usize = 256;

/// One view to be logged.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = view_log, treat_none_as_default_value = false)]
pub struct View {
    at: Instant,
    account_id: AccountId,
    subject_kind: SubjectKind,
    subject_id: Option<SubjectId>,
    action: ViewAction,
    shown: Option<Vec<u8>>,
}

bulk_rows! { View => view_log }

type Waiting = (View, oneshot::Sender<Result<(), ()>>);

/// The group-committing writer of the view log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ViewLog {
    sink: Sink,
    clock: Clock,
}

/// How views reach the database.
#[derive(Debug, Clone)]
enum Sink {
    /// SQLite's one writer commits in groups by itself.
    Writer(Database),
    /// On PostgreSQL a thread of our own makes the groups.
    Thread(mpsc::Sender<Waiting>),
}

impl ViewLog {
    /// Starts the writer.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(db: Database, clock: Clock) -> std::io::Result<Self> {
        let sink = match db.engine() {
            Engine::Sqlite => Sink::Writer(db),
            Engine::Postgres => {
                let (queue, waiting) = mpsc::channel(4 * GROUP);
                std::thread::Builder::new().name("view-log".into()).spawn(move || run(&db, waiting))?;
                Sink::Thread(queue)
            }
        };
        Ok(Self { sink, clock })
    }

    /// Logs that `account` read one record.
    ///
    /// # Errors
    /// When the log could not be written; nothing may then be shown.
    pub async fn read(&self, account: AccountId, kind: SubjectKind, id: uuid::Uuid) -> Result<(), AppError> {
        self.log(account, kind, Some(SubjectId(id)), ViewAction::Read, None).await
    }

    /// Logs that `account` was shown these persons in a list.
    ///
    /// # Errors
    /// As [`ViewLog::read`].
    pub async fn listed(
        &self,
        account: AccountId,
        kind: SubjectKind,
        shown: impl Iterator<Item = uuid::Uuid>,
    ) -> Result<(), AppError> {
        let ids: Vec<u8> = shown.flat_map(uuid::Uuid::into_bytes).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.log(account, kind, None, ViewAction::List, Some(ids)).await
    }

    async fn log(
        &self,
        account_id: AccountId,
        subject_kind: SubjectKind,
        subject_id: Option<SubjectId>,
        action: ViewAction,
        shown: Option<Vec<u8>>,
    ) -> Result<(), AppError> {
        let view = View { at: self.clock.now(), account_id, subject_kind, subject_id, action, shown };
        match &self.sink {
            Sink::Writer(db) => db.write(move |conn| Ok(View::insert_all(conn, std::slice::from_ref(&view))?)).await,
            Sink::Thread(queue) => {
                let (reply, written) = oneshot::channel();
                let stopped = || AppError::internal("the view log stopped");
                queue.send((view, reply)).await.map_err(|_| stopped())?;
                let outcome = written.await.map_err(|_| stopped())?;
                outcome.map_err(|()| AppError::internal("the view log could not be written"))
            }
        }
    }
}

fn run(db: &Database, mut waiting: mpsc::Receiver<Waiting>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut group = vec![first];
        while group.len() < GROUP {
            match waiting.try_recv() {
                Ok(next) => group.push(next),
                Err(_) => break,
            }
        }
        let (views, replies): (Vec<View>, Vec<_>) = group.into_iter().unzip();
        let written = db.write_now(move |conn| Ok(View::insert_all(conn, &views)?));
        if let Err(error) = &written {
            tracing::error!(cause = %error, "views were not logged");
        }
        for reply in replies {
            // A caller that went away has seen nothing.
            let _caller_gone = reply.send(if written.is_ok() { Ok(()) } else { Err(()) });
        }
    }
}
