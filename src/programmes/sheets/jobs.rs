//! An import as a job: begun, worked on in the background, ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use diesel::prelude::*;
use tokio::sync::OwnedSemaphorePermit;

use super::model::{RegisterImport, RegisterImportState as State};
use super::reading::{Content, prepare};
use super::rows::Faults;
use super::storing::{self, Order};
use super::table::Table;
use crate::accounts::{Actor, Caller};
use crate::app::App;
use crate::audit::{Subject, SubjectKind, TrailAction, record};
use crate::db::schema::register_imports;
use crate::db::types::{Instant, RegisterImportId};
use crate::db::{DbConnection, Size, is_unique_violation};
use crate::error::{AppError, Conflict, ImportRefusal};
use crate::grants::predicates::register_imports_within;
use crate::grants::{Places, province_of};
use crate::programmes::sums;

/// How long a file waits for others to be done.
const TURN_DEADLINE: Duration = Duration::from_mins(5);
/// Rows after which the units of an import are counted at once, not at the next housekeeping: until then every figure
/// counts them anew.
const ROWS_COUNTED_AT_ONCE: usize = 2_000;
/// Minutes without a sign of life after which work is taken for broken off, where other processes may do it.
const SILENT_MINUTES: i64 = 15;

/// Rows that this node has written of imports it works on.
#[derive(Debug, Default)]
pub struct Progress(Mutex<HashMap<RegisterImportId, i32>>);

impl Progress {
    fn at_work(&self) -> std::sync::MutexGuard<'_, HashMap<RegisterImportId, i32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how many rows are written.
    pub(super) fn set(&self, id: RegisterImportId, rows: usize) {
        self.at_work().insert(id, i32::try_from(rows).unwrap_or(i32::MAX));
    }

    /// How many are written, where this node is at work on it.
    pub(super) fn of(&self, id: RegisterImportId) -> Option<i32> {
        self.at_work().get(&id).copied()
    }

    fn end(&self, id: RegisterImportId) {
        self.at_work().remove(&id);
    }
}

/// Notes that a file came in, if it does not stand imported.
///
/// # Errors
/// [`ImportRefusal::FileImported`]; [`AppError::Forbidden`] without the right.
pub(super) fn begin(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    table: Table,
    (id, applies, file_mac): (RegisterImportId, bool, &[u8]),
) -> Result<RegisterImport, AppError> {
    let scope = actor.scope(table.write())?;
    if applies {
        refuse_known_file(conn, table, file_mac)?;
    }
    let unit_code = scope.admin_units.iter().min().cloned().ok_or(AppError::Forbidden)?;
    let row = RegisterImport {
        id,
        register: table.code().to_owned(),
        province_code: province_of(&app.units, &unit_code, actor.now.civil_date()),
        unit_code,
        state: State::Checking,
        applies,
        run_by: actor.account,
        created_at: actor.now,
        alive_at: actor.now,
        ended_at: None,
        file_mac: file_mac.to_vec(),
        rows_read: 0,
        rows_stored: 0,
        fault_count: 0,
        faults: "[]".to_owned(),
        failure: String::new(),
        undone_by: None,
        version: 1,
    };
    diesel::insert_into(register_imports::table).values(&row).execute(conn)?;
    note(conn, app, actor, id, TrailAction::Create, &["file"])?;
    Ok(row)
}

fn refuse_known_file(conn: &mut DbConnection, table: Table, file_mac: &[u8]) -> Result<(), AppError> {
    let standing = register_imports::table
        .filter(register_imports::register.eq(table.code()))
        .filter(register_imports::file_mac.eq(file_mac))
        .filter(register_imports::state.eq(State::Done));
    let known: bool = diesel::select(diesel::dsl::exists(standing)).get_result(conn)?;
    if known { Err(AppError::Conflict(Conflict::Import(ImportRefusal::FileImported))) } else { Ok(()) }
}

pub(super) fn note(
    conn: &mut DbConnection,
    app: &App,
    actor: &Actor,
    id: RegisterImportId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    let subject = Subject::new(SubjectKind::Import, id.0);
    record(conn, &app.trail, subject, Some(actor.account), action, fields, actor.now)
}

/// Works on a file until it is stored, refused or failed; nobody waits for it. Until then it holds its place among the
/// files that are in memory.
pub(super) fn start(
    app: App,
    caller: Caller,
    (table, content): (Table, Content),
    import: &RegisterImport,
    (bytes, place): (Bytes, OwnedSemaphorePermit),
) {
    let (id, applies) = (import.id, import.applies);
    actix_web::rt::spawn(async move {
        let turn = tokio::time::timeout(TURN_DEADLINE, app.imports.clone().acquire_owned()).await;
        let state = app.clone();
        let work = actix_web::web::block(move || match turn {
            Ok(Ok(_turn)) => {
                let _place = place;
                work(&state, caller, (id, table, applies), (&content, &bytes))
            }
            _ => Err(AppError::Busy { retry_after_seconds: 30 }),
        });
        let ended = work.await.map_err(AppError::from).flatten();
        app.register_imports.end(id);
        if let Err(error) = ended {
            tracing::warn!(cause = %error, "an import into a register failed");
            let failed = actix_web::web::block(move || fail(&app, id, error.code())).await;
            if let Err(error) = failed.map_err(AppError::from).flatten() {
                tracing::error!(cause = %error, "an import that failed could not be noted");
            }
        }
    });
}

fn work(
    app: &App,
    caller: Caller,
    (id, table, applies): (RegisterImportId, Table, bool),
    (content, bytes): (&Content, &[u8]),
) -> Result<(), AppError> {
    alive(app, id, (State::Checking, 0))?;
    let prepared = match prepare(app, (table, content), bytes, app.clock.today()) {
        Ok(prepared) => prepared,
        Err(faults) => return refuse(app, id, 0, &faults),
    };
    let mut ids: Vec<uuid::Uuid> = (0..prepared.rows.len()).map(|_| app.random.uuid()).collect();
    // Stored in their order, ids go through each index once.
    ids.sort_unstable();
    let order = Order { id, rows: prepared.rows, ids, columns: prepared.columns, labels: prepared.labels };
    let now = app.clock.now();
    let faults = app.db.read_now(|conn| {
        let actor = Actor::load(conn, caller, now)?;
        storing::check(conn, &actor, app, &order)
    })?;
    let faults = prepared.faults.and(faults).labelled(&order.labels);
    if !faults.is_empty() {
        return refuse(app, id, prepared.read, &faults);
    }
    if !applies {
        return end(app, id, State::Checked, prepared.read, &Faults::default());
    }
    alive(app, id, (State::Storing, prepared.read))?;
    let rows = order.ids.len();
    store(app, caller, order, prepared.read)?;
    if rows > ROWS_COUNTED_AT_ONCE {
        count_units(app);
    }
    Ok(())
}

/// The import stands whatever comes of this: housekeeping counts what is left.
fn count_units(app: &App) {
    if let Err(error) = sums::settle(&app.db, &app.counter(), app.clock.now()) {
        tracing::warn!(cause = %error, "the units of an import are left to be counted");
    }
}

fn store(app: &App, caller: Caller, order: Order, read: usize) -> Result<(), AppError> {
    let (state, now, id) = (app.clone(), app.clock.now(), order.id);
    // What changed since the check undoes the transaction, and is told after it.
    let found: Arc<Mutex<Option<Faults>>> = Arc::default();
    let told = found.clone();
    let stored = app.db.write_sized_now(Size::Large, move |conn| {
        let actor = Actor::load(conn, caller, now)?;
        let stored = match storing::store(conn, &actor, &state, &order, &state.register_imports)? {
            Ok(stored) => stored,
            Err(faults) => {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(faults.labelled(&order.labels));
                return Err(AppError::Conflict(Conflict::RecordChanged));
            }
        };
        finish(conn, id, State::Done, (read, stored), &Faults::default(), state.clock.now())?;
        note(conn, &state, &actor, id, TrailAction::Update, &["rows_stored"])
    });
    let found = found.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (stored, found) {
        (Err(AppError::Conflict(Conflict::RecordChanged)), Some(faults)) => refuse(app, id, read, &faults),
        (Err(AppError::Database(error)), _) if is_unique_violation(&error) => {
            Err(AppError::Conflict(Conflict::Import(ImportRefusal::FileImported)))
        }
        (stored, _) => stored,
    }
}

/// Ends an import in the transaction of the caller; refused when it was taken for broken off meanwhile.
fn finish(
    conn: &mut DbConnection,
    id: RegisterImportId,
    state: State,
    (read, stored): (usize, usize),
    faults: &Faults,
    now: Instant,
) -> Result<(), AppError> {
    let counted = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let at_work = register_imports::table
        .filter(register_imports::id.eq(id))
        .filter(register_imports::state.eq_any([State::Checking, State::Storing]));
    let ended = diesel::update(at_work)
        .set((
            register_imports::state.eq(state),
            register_imports::ended_at.eq(Some(now)),
            register_imports::rows_read.eq(counted(read)),
            register_imports::rows_stored.eq(counted(stored)),
            register_imports::fault_count.eq(faults.count),
            register_imports::faults.eq(serde_json::to_string(&faults.kept).unwrap_or_else(|_| "[]".to_owned())),
            register_imports::version.eq(register_imports::version + 1),
        ))
        .execute(conn)?;
    if ended == 1 { Ok(()) } else { Err(AppError::internal("an import ended that was not at work")) }
}

fn end(app: &App, id: RegisterImportId, state: State, read: usize, faults: &Faults) -> Result<(), AppError> {
    let (faults, now) = (faults.clone(), app.clock.now());
    app.db.write_now(move |conn| finish(conn, id, state, (read, 0), &faults, now))
}

fn refuse(app: &App, id: RegisterImportId, read: usize, faults: &Faults) -> Result<(), AppError> {
    end(app, id, State::Refused, read, faults)
}

/// A sign of life, how far the work is, and how many lines were read.
fn alive(app: &App, id: RegisterImportId, (state, read): (State, usize)) -> Result<(), AppError> {
    let now = app.clock.now();
    let read = i32::try_from(read).unwrap_or(i32::MAX);
    app.db.write_now(move |conn| {
        let at_work = register_imports::table
            .filter(register_imports::id.eq(id))
            .filter(register_imports::state.eq_any([State::Checking, State::Storing]));
        let told = (
            register_imports::state.eq(state),
            register_imports::alive_at.eq(now),
            register_imports::rows_read.eq(read),
        );
        crate::db::met_one_row(diesel::update(at_work).set(told).execute(conn)?)
    })
}

fn fail(app: &App, id: RegisterImportId, code: &'static str) -> Result<(), AppError> {
    let now = app.clock.now();
    app.db.write_now(move |conn| {
        let at_work = register_imports::table
            .filter(register_imports::id.eq(id))
            .filter(register_imports::state.eq_any([State::Checking, State::Storing]));
        mark_failed(conn, at_work, code, now).map(drop)
    })
}

fn mark_failed<T>(conn: &mut DbConnection, rows: T, code: &str, now: Instant) -> Result<usize, AppError>
where
    T: diesel::query_builder::IntoUpdateTarget<Table = register_imports::table>,
    T::WhereClause: diesel::query_builder::QueryFragment<crate::db::MultiBackend> + diesel::query_builder::QueryId,
{
    let failed = (
        register_imports::state.eq(State::Failed),
        register_imports::failure.eq(code.to_owned()),
        register_imports::ended_at.eq(Some(now)),
        register_imports::version.eq(register_imports::version + 1),
    );
    Ok(diesel::update(rows).set(failed).execute(conn)?)
}

/// Notes as failed what was at work when its process ended: nothing of it was stored. `started` is when this process
/// began; where others may be at work, only what has been silent for long is taken for broken off.
///
/// # Errors
/// When the database fails.
pub fn fail_interrupted(app: &App, started: Instant) -> Result<(), AppError> {
    let now = app.clock.now();
    let horizon = if app.db.is_shared() { now.plus(-chrono::TimeDelta::minutes(SILENT_MINUTES)) } else { started };
    let silent = move || {
        register_imports::table
            .filter(register_imports::state.eq_any([State::Checking, State::Storing]))
            .filter(register_imports::alive_at.lt(horizon))
    };
    let any = |conn: &mut DbConnection| Ok(diesel::select(diesel::dsl::exists(silent())).get_result(conn)?);
    if app.db.read_now(any)? {
        app.db.write_now(move |conn| mark_failed(conn, silent(), "interrupted", now).map(drop))?;
    }
    Ok(())
}

/// The import of this id, where the actor reaches it.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub(super) fn find(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    id: RegisterImportId,
) -> Result<RegisterImport, AppError> {
    let places = places_of_reader(actor, app)?;
    let found = register_imports::table.filter(register_imports::id.eq(id)).filter(register_imports_within(&places));
    Ok(found.select(RegisterImport::as_select()).first(conn)?)
}

fn places_of_reader(actor: &Actor, app: &App) -> Result<Places, AppError> {
    let scope = actor.scope(crate::grants::Action::RegisterRead)?;
    Ok(Places::of(&scope, &app.units, actor.now.civil_date()))
}

/// A page of imports, the newest first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub(super) fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    after: Option<(Instant, RegisterImportId)>,
    limit: i64,
) -> Result<Vec<RegisterImport>, AppError> {
    let mut rows: Vec<RegisterImport> = Vec::new();
    for place in places_of_reader(actor, app)?.each() {
        let mut query = register_imports::table
            .filter(register_imports_within(&place))
            .order((register_imports::created_at.desc(), register_imports::id.desc()))
            .select(RegisterImport::as_select())
            .limit(limit + 1)
            .into_boxed();
        if let Some((at, id)) = after {
            // The first condition is the one an index is entered by.
            let before = register_imports::created_at.lt(at).or(register_imports::id.lt(id));
            query = query.filter(register_imports::created_at.le(at)).filter(before);
        }
        rows.extend(query.load::<RegisterImport>(conn)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
    rows.truncate(usize::try_from(limit + 1).unwrap_or(usize::MAX));
    Ok(rows)
}
