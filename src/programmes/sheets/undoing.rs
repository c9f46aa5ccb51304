//! Undoing an import: what it made is void again, unless any of it was changed since.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::jobs::{find, note};
use super::model::{RegisterImport, RegisterImportState as State};
use super::table::Table;
use crate::accounts::Actor;
use crate::app::App;
use crate::audit::{Subject, SubjectKind, TrailAction, check_version, record_each};
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{register_entries, register_imports, register_participants, reported_values};
use crate::db::types::{ParticipantId, RegisterEntryId, RegisterImportId, ReportedValueId};
use crate::error::{AppError, Conflict, ImportRefusal};
use crate::grants::Places;
use crate::grants::predicates::{entries_within, reported_within};
use crate::programmes::closing::locks::Closed;
use crate::programmes::periods::ReportPeriod;
use crate::programmes::registers::Register;
use crate::programmes::registers::model::RegisterEntry;
use crate::programmes::registers::rules::{Others, any_closed, mark_units};
use crate::programmes::reported::model::ReportedValue;
use crate::programmes::reported::rules::moves_closed;

const AT_ONCE: usize = 500;
/// What a value's next revision says of an undone import.
const REASON: &str = "Hoàn tác lần nhập tệp";

/// Declares void what an import made; of reported values the revisions before come again, as new ones.
///
/// # Errors
/// [`AppError::VersionStale`]; [`ImportRefusal::AlreadyUndone`]; [`ImportRefusal::NotStored`];
/// [`ImportRefusal::BuiltOn`] with the number of rows that were changed since; [`Conflict::PeriodClosed`];
/// [`AppError::Forbidden`] when some of it is out of reach.
pub(super) fn undo(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    (id, expected): (RegisterImportId, i32),
    ids: &[uuid::Uuid],
) -> Result<RegisterImport, AppError> {
    let mut import = find(conn, actor, app, id)?;
    let table = import.table()?;
    let places = Places::of(&actor.scope(table.write())?, &app.units, actor.now.civil_date());
    check_version(conn, Subject::new(SubjectKind::Import, id.0), import.version, expected)?;
    match import.state {
        State::Done => {}
        State::Undone => return Err(AppError::Conflict(Conflict::Import(ImportRefusal::AlreadyUndone))),
        _ => return Err(AppError::Conflict(Conflict::Import(ImportRefusal::NotStored))),
    }
    match table {
        Table::Entries(register) => undo_entries(conn, actor, app, &places, (id, register))?,
        Table::Reported => undo_values(conn, actor, app, &places, id, ids)?,
    }
    import.state = State::Undone;
    import.undone_by = Some(actor.account);
    import.version += 1;
    diesel::update(register_imports::table.find(id))
        .set((
            register_imports::state.eq(import.state),
            register_imports::undone_by.eq(import.undone_by),
            register_imports::version.eq(import.version),
        ))
        .execute(conn)?;
    note(conn, app, actor, id, TrailAction::Void, &["import"])?;
    Ok(import)
}

fn built_on(rows: i64) -> Result<(), AppError> {
    if rows == 0 { Ok(()) } else { Err(AppError::Conflict(Conflict::Import(ImportRefusal::BuiltOn { rows }))) }
}

fn undo_entries(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    places: &Places,
    (id, register): (RegisterImportId, Register),
) -> Result<(), AppError> {
    let own = || register_entries::table.filter(register_entries::import_id.eq(id));
    let changed = register_entries::version.gt(1).or(register_entries::voided_at.is_not_null());
    let touched: i64 = own().filter(changed).count().get_result(conn)?;
    let entries: Vec<RegisterEntry> = own().select(RegisterEntry::as_select()).load(conn)?;
    let ids: Vec<RegisterEntryId> = entries.iter().map(|entry| entry.id).collect();
    built_on(touched + named_by_others(conn, register, &ids, id)?)?;
    let reached: i64 = own().filter(entries_within(places)).count().get_result(conn)?;
    if reached != i64::try_from(entries.len()).unwrap_or(i64::MAX) {
        return Err(AppError::Forbidden);
    }
    let listed = listed_in(conn, &ids)?;
    let who: BTreeSet<ParticipantId> = listed.values().flatten().copied().collect();
    let units = entries.iter().map(|entry| entry.unit_code.clone());
    let others = Others::read(conn, &app.plans.now(), register, &who, units)?;
    refuse_locked(conn, (actor, app), &entries, &listed, &others)?;
    diesel::update(own())
        .set((
            register_entries::voided_at.eq(Some(actor.now)),
            register_entries::updated_at.eq(actor.now),
            register_entries::version.eq(register_entries::version + 1),
        ))
        .execute(conn)?;
    let subjects: Vec<Subject> = ids.iter().map(|id| Subject::new(SubjectKind::RegisterEntry, id.0)).collect();
    record_each(conn, &app.trail, &subjects, Some(actor.account), TrailAction::Void, &["voided_at"], actor.now)?;
    let units: BTreeSet<String> = entries.into_iter().map(|entry| entry.unit_code).collect();
    mark_units(conn, &app.units, register, &who, units)
}

/// Entries of others that name these: inspections of the establishments, trainings of the staff.
fn named_by_others(
    conn: &mut DbConnection,
    register: Register,
    ids: &[RegisterEntryId],
    id: RegisterImportId,
) -> Result<i64, AppError> {
    let mut rows = 0;
    for some in ids.chunks(AT_ONCE) {
        rows += match register {
            Register::Establishments => register_entries::table
                .filter(register_entries::about_id.eq_any(some.to_vec()))
                .filter(register_entries::voided_at.is_null())
                .count()
                .get_result::<i64>(conn)?,
            Register::Staff => {
                let who: Vec<ParticipantId> = some.iter().map(|id| ParticipantId(id.0)).collect();
                register_participants::table
                    .inner_join(register_entries::table.on(register_entries::id.eq(register_participants::entry_id)))
                    .filter(register_participants::who.eq_any(who))
                    .filter(register_entries::voided_at.is_null())
                    .filter(register_entries::import_id.is_null().or(register_entries::import_id.ne(id)))
                    .count()
                    .get_result::<i64>(conn)?
            }
            _ => return Ok(0),
        };
    }
    Ok(rows)
}

type Listed = BTreeMap<RegisterEntryId, BTreeSet<ParticipantId>>;

/// Those whom entries list.
fn listed_in(conn: &mut DbConnection, ids: &[RegisterEntryId]) -> Result<Listed, AppError> {
    let mut listed = Listed::new();
    for some in ids.chunks(AT_ONCE) {
        let rows = register_participants::table.filter(register_participants::entry_id.eq_any(some.to_vec()));
        let rows: Vec<(RegisterEntryId, ParticipantId)> =
            rows.select((register_participants::entry_id, register_participants::who)).load(conn)?;
        for (entry, who) in rows {
            listed.entry(entry).or_default().insert(who);
        }
    }
    Ok(listed)
}

fn refuse_locked(
    conn: &mut DbConnection,
    (actor, app): (&Actor, &App),
    entries: &[RegisterEntry],
    listed: &Listed,
    others: &Others,
) -> Result<(), AppError> {
    let mut closed = Closed::read(conn, &app.units, actor.now.civil_date())?;
    let nobody = BTreeSet::new();
    let mut lists = entries.iter().map(|entry| (entry, listed.get(&entry.id).unwrap_or(&nobody)));
    let found = lists.find_map(|listing| any_closed(&mut closed, &others.moved_by(listing)));
    found.map_or(Ok(()), |period| Err(AppError::closed(period)))
}

fn undo_values(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    places: &Places,
    id: RegisterImportId,
    ids: &[uuid::Uuid],
) -> Result<(), AppError> {
    let own = || reported_values::table.filter(reported_values::import_id.eq(id));
    built_on(own().filter(reported_values::is_current.eq(false)).count().get_result(conn)?)?;
    let rows: Vec<ReportedValue> = own().order(reported_values::id).select(ReportedValue::as_select()).load(conn)?;
    let reached: i64 = own().filter(reported_within(places)).count().get_result(conn)?;
    if reached != i64::try_from(rows.len()).unwrap_or(i64::MAX) || rows.len() > ids.len() {
        return Err(AppError::Forbidden);
    }
    let (mut closed, plans) = (Closed::read(conn, &app.units, actor.now.civil_date())?, app.plans.now());
    let (mut next, mut subjects) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for (row, new_id) in rows.into_iter().zip(ids) {
        let period = row.period.parse().map(|period: ReportPeriod| (period, row.calendar, app.closing_day));
        let moves = |period| moves_closed(&mut closed, &plans, (&row.element, &row.unit_code), period);
        if let Some(period) = period.ok().and_then(moves) {
            return Err(AppError::closed(period));
        }
        let (first, before) = revisions_before(conn, &row)?;
        subjects.push(Subject::new(SubjectKind::ReportedValue, first.0));
        next.push(restored(row, before, ReportedValueId(*new_id), actor));
    }
    diesel::update(own()).set(reported_values::is_current.eq(false)).execute(conn)?;
    ReportedValue::insert_all(conn, &next)?;
    record_each(conn, &app.trail, &subjects, Some(actor.account), TrailAction::Update, &["value", "reason"], actor.now)
}

/// The first revision's id, and the revision before this one.
fn revisions_before(
    conn: &mut DbConnection,
    row: &ReportedValue,
) -> Result<(ReportedValueId, Option<ReportedValue>), AppError> {
    if row.revision == 1 {
        return Ok((row.id, None));
    }
    let revisions: Vec<ReportedValue> = reported_values::table
        .filter(reported_values::element.eq(&row.element))
        .filter(reported_values::unit_code.eq(&row.unit_code))
        .filter(reported_values::calendar.eq(row.calendar))
        .filter(reported_values::period.eq(&row.period))
        .filter(reported_values::class.eq(&row.class))
        .filter(reported_values::revision.eq_any([1, row.revision - 1]))
        .order(reported_values::revision)
        .select(ReportedValue::as_select())
        .load(conn)?;
    let first = revisions.first().map_or(row.id, |first| first.id);
    Ok((first, revisions.into_iter().last()))
}

/// The next revision, with what the one before the import said.
fn restored(row: ReportedValue, before: Option<ReportedValue>, id: ReportedValueId, actor: &Actor) -> ReportedValue {
    let revision = row.revision + 1;
    let said = match before {
        Some(before) => before,
        None => ReportedValue { value: None, ..row },
    };
    ReportedValue {
        id,
        revision,
        is_current: true,
        reason: REASON.to_owned(),
        import_id: None,
        entered_by: actor.account,
        entered_at: actor.now,
        ..said
    }
}
