//! The view log: who saw whom, and when. Entries of waiting requests are written
//! together, and each answer waits until its entry is durable.

use diesel::prelude::*;
use tokio::sync::mpsc;

use super::model::{SubjectKind, ViewAction};
use super::trail::SubjectId;
use crate::accounts::Actor;
use crate::db::bulk::{BulkRow as _, bulk_rows};
use crate::db::schema::view_log;
use crate::db::types::{AccountId, Instant};
use crate::db::{Database, DbConnection, Engine};
use crate::error::AppError;

/// Views written in one commit at the most on PostgreSQL; SQLite's writer has a limit of its own.
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

/// Told whether the view it waits for is durable.
type Told = Box<dyn FnOnce(Result<(), AppError>) + Send>;
type Waiting = (View, Told);

/// What a reply shows of persons' records, to be logged before it is sent.
#[derive(Debug, Clone)]
pub struct Seen {
    kind: SubjectKind,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Record(uuid::Uuid),
    /// Ids, 16 bytes each.
    List(Vec<u8>),
}

impl Seen {
    /// One record.
    pub fn record(kind: SubjectKind, id: uuid::Uuid) -> Self {
        Self { kind, what: What::Record(id) }
    }

    /// Records in a list; an empty list shows nobody and is not logged.
    pub fn list(kind: SubjectKind, shown: impl Iterator<Item = uuid::Uuid>) -> Self {
        Self { kind, what: What::List(shown.flat_map(uuid::Uuid::into_bytes).collect()) }
    }

    fn by(self, account_id: AccountId, at: Instant) -> Option<View> {
        let (subject_id, action, shown) = match self.what {
            What::Record(id) => (Some(SubjectId(id)), ViewAction::Read, None),
            What::List(ids) if ids.is_empty() => return None,
            What::List(ids) => (None, ViewAction::List, Some(ids)),
        };
        Some(View { at, account_id, subject_kind: self.kind, subject_id, action, shown })
    }
}

/// The group-committing writer of the view log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ViewLog {
    sink: Sink,
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
    pub fn start(db: Database) -> std::io::Result<Self> {
        let sink = match db.engine() {
            Engine::Sqlite => Sink::Writer(db),
            Engine::Postgres => {
                let (queue, waiting) = mpsc::channel(4 * GROUP);
                std::thread::Builder::new().name("view-log".into()).spawn(move || run(&db, waiting))?;
                Sink::Thread(queue)
            }
        };
        Ok(Self { sink })
    }

    /// Logs on a thread that may block what `account` is about to be shown, and tells
    /// `then` once that is durable. When it could not be written, nothing may be shown.
    pub fn log(
        &self,
        account: AccountId,
        seen: Seen,
        at: Instant,
        then: impl FnOnce(Result<(), AppError>) + Send + 'static,
    ) {
        let Some(view) = seen.by(account, at) else { return then(Ok(())) };
        match &self.sink {
            Sink::Writer(db) => {
                db.write_then(move |conn| Ok(View::insert_all(conn, std::slice::from_ref(&view))?), then);
            }
            Sink::Thread(queue) => {
                if let Err(mpsc::error::SendError((_, then))) = queue.blocking_send((view, Box::new(then))) {
                    then(Err(AppError::internal("the view log stopped")));
                }
            }
        }
    }
}

/// Logs, in the transaction of a write, that its reply shows the record as it stands then.
///
/// # Errors
/// The engine's own.
pub fn log_reply(conn: &mut DbConnection, actor: &Actor, kind: SubjectKind, id: uuid::Uuid) -> Result<(), AppError> {
    let view = Seen::record(kind, id).by(actor.account, actor.now);
    Ok(View::insert_all(conn, view.as_slice())?)
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
        let (views, told): (Vec<View>, Vec<Told>) = group.into_iter().unzip();
        let written = db.write_now(move |conn| Ok(View::insert_all(conn, &views)?));
        if let Err(error) = &written {
            tracing::error!(cause = %error, "views were not logged");
        }
        for then in told {
            then(match written {
                Ok(()) => Ok(()),
                Err(_) => Err(AppError::internal("the view log could not be written")),
            });
        }
    }
}
