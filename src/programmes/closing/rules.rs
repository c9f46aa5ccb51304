//! Taking the report of a unit from one step to the next.

use chrono::NaiveDate;
use diesel::dsl::exists;
use diesel::prelude::*;

use super::locks::{Closed, Span};
use super::model::{PeriodStatus, ReportingPeriod, ReportingStep};
use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, Level};
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::DbConnection;
use crate::db::schema::{register_entries, reported_values, reporting_periods, reporting_steps};
use crate::db::types::ReportingPeriodId;
use crate::error::{AppError, Conflict, FitsWith, Rule};
use crate::grants::{Action, Scope};
use crate::programmes::elements::Source;
use crate::programmes::figures::routes::reaches;
use crate::programmes::periods::{Calendar, PeriodKind, ReportPeriod};
use crate::programmes::plans::{Plan, Plans};
use crate::programmes::registers::Register;
use crate::programmes::sums::province_of;

/// Whose report for which period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodKey {
    /// Unit.
    pub unit: String,
    /// Calendar.
    pub calendar: Calendar,
    /// Period.
    pub period: ReportPeriod,
}

/// A step that is asked for.
#[derive(Debug, Clone)]
pub struct Step {
    /// Status it leads to.
    pub status: PeriodStatus,
    /// Whether the unit says that it has nothing to report.
    pub nothing_to_report: bool,
    /// Why; needed to return a report and to open a period again.
    pub reason: String,
}

/// What the rules look things up in.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Day on which months of the closing calendar end.
    pub closing_day: u32,
}

/// The report of a unit for a period, if anybody has touched it.
///
/// # Errors
/// The engine's own.
pub fn find(conn: &mut DbConnection, key: &PeriodKey) -> Result<Option<ReportingPeriod>, AppError> {
    let row = reporting_periods::table
        .filter(reporting_periods::unit_code.eq(&key.unit))
        .filter(reporting_periods::calendar.eq(key.calendar))
        .filter(reporting_periods::period.eq(key.period.to_string()));
    Ok(row.select(ReportingPeriod::as_select()).first(conn).optional()?)
}

/// Whether an actor's area holds a unit.
///
/// # Errors
/// [`AppError::NotFound`] when it does not: as if there were no such unit.
pub fn refuse_elsewhere(units: &AdminUnits, scope: &Scope, unit: &str, today: NaiveDate) -> Result<(), AppError> {
    let held = units.get(unit).is_some() && scope.admin_units.iter().any(|own| reaches(units, own, unit, today));
    if held { Ok(()) } else { Err(AppError::NotFound) }
}

/// Takes the next step. A unit's own officer submits; whoever has the area above it checks, returns, closes, publishes
/// and opens again, and submits for a unit that cannot.
///
/// # Errors
/// [`Conflict`] for a step the table does not have, or before the period is over; stale versions; field errors.
pub fn step(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    trail: &TrailKey,
    new_id: ReportingPeriodId,
    (key, expected): (&PeriodKey, Option<i32>),
    (step, plans): (&Step, &Plans),
) -> Result<ReportingPeriod, AppError> {
    let scope = actor.scope(Action::ReportingStep)?;
    let today = actor.now.civil_date();
    refuse_elsewhere(books.units, &scope, &key.unit, today)?;
    let (first_day, last_day) = key.period.days(key.calendar, books.closing_day);
    if !books.units.is_valid_on(&key.unit, last_day) && !books.units.is_valid_on(&key.unit, first_day) {
        return Err(AppError::field("unit", Rule::UnitNotValidOn));
    }
    // Whoever came after it answers for the whole: a closed period of a unit that ended in it would lock nothing after.
    if step.status == PeriodStatus::Closed && !books.units.is_valid_on(&key.unit, last_day) {
        return Err(AppError::field("unit", Rule::UnitNotValidOn));
    }
    check_level(books.units, &scope, key, step.status, today)?;
    if last_day >= today {
        return Err(AppError::Conflict(Conflict::PeriodNotOver));
    }
    if matches!(step.status, PeriodStatus::Open | PeriodStatus::Reopened) && step.reason.is_empty() {
        return Err(AppError::field("reason", Rule::Required));
    }
    refuse_closed_above(conn, (books.units, plans, today), key, (first_day, last_day), step.status)?;
    if step.nothing_to_report && step.status != PeriodStatus::Submitted {
        return Err(AppError::field("nothing_to_report", Rule::MustFit(FitsWith::Submission)));
    }
    if step.nothing_to_report && has_told(conn, key, (first_day, last_day))? {
        return Err(AppError::field("nothing_to_report", Rule::MustFit(FitsWith::NothingOnRecord)));
    }
    let mut row = standing(conn, actor, books, new_id, (key, expected))?;
    if !row.status.may_become(step.status) {
        let (from, to) = (row.status.as_str(), step.status.as_str());
        return Err(AppError::Conflict(Conflict::IllegalTransition { from, to }));
    }
    let is_closed = step.status == PeriodStatus::Closed;
    if is_contradicted(conn, (books.units, plans, today), key, (&row, step.status))?
        || is_closed && is_contradicted_below(conn, (books.units, plans, today), key, (first_day, last_day))?
    {
        return Err(AppError::field("status", Rule::MustFit(FitsWith::NothingOnRecordSince)));
    }
    let read = row.version;
    if is_closed {
        row.revision += 1;
    }
    // What is returned or opened again is to be said anew.
    if matches!(step.status, PeriodStatus::Submitted | PeriodStatus::Open | PeriodStatus::Reopened) {
        row.nothing_to_report = step.nothing_to_report;
    }
    row.status = step.status;
    row.reason.clone_from(&step.reason);
    (row.changed_by, row.changed_at, row.version) = (actor.account, actor.now, read + 1);
    save(conn, &row, read)?;
    let taken = ReportingStep {
        period_id: row.id,
        seq: row.version,
        status: row.status,
        revision: row.revision,
        reason: row.reason.clone(),
        taken_by: actor.account,
        taken_at: actor.now,
    };
    diesel::insert_into(reporting_steps::table).values(&taken).execute(conn)?;
    let subject = Subject::new(SubjectKind::ReportingPeriod, row.id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Transition, &[step.status.as_str()], actor.now)?;
    Ok(row)
}

/// What a unit says after its province closed would change what is closed; as would what a province says of a part of a
/// period it has closed, or after the country did.
fn refuse_closed_above(
    conn: &mut DbConnection,
    (units, plans, today): (&AdminUnits, &Plans, NaiveDate),
    key: &PeriodKey,
    days: Span,
    next: PeriodStatus,
) -> Result<(), AppError> {
    let level = units.get(&key.unit).map_or(Level::Commune, |unit| unit.level);
    let mut closed = Closed::read_for(conn, units, today, [&key.unit])?;
    closed.look_at(key.calendar);
    let found = match level {
        Level::District | Level::Commune => closed.cover(&key.unit, days),
        Level::Country | Level::Province => {
            // The part is closed as well, where somebody asks for it: its return is due.
            let sends = matches!(next, PeriodStatus::Submitted | PeriodStatus::Open);
            closed.cover_part(&key.unit, days).filter(|_| sends)
        }
    };
    // What nobody told is no nought, and a later figure compares with it: a report tells that there was none, and what is
    // returned takes that back.
    let speaks = matches!(next, PeriodStatus::Submitted | PeriodStatus::Open);
    let period = match found {
        None if speaks && level >= Level::District => {
            let of_plan = |plan: &Plan| plan.calendar == key.calendar && units.is_within(&key.unit, &plan.scope_unit);
            let of_registers = |source: &Source| source.of_register().is_some();
            plans.closed_by_comparison(&mut closed, &key.unit, (of_plan, of_registers), days)
        }
        found => found,
    };
    period.map_or(Ok(()), |period| Err(AppError::closed(period)))
}

/// Whether a unit said that there was nothing, and recorded something since: it has to say so anew, where it still can.
fn is_contradicted(
    conn: &mut DbConnection,
    books: (&AdminUnits, &Plans, NaiveDate),
    key: &PeriodKey,
    (row, next): (&ReportingPeriod, PeriodStatus),
) -> Result<bool, AppError> {
    let days = (row.first_day, row.last_day);
    let goes_on = matches!(next, PeriodStatus::Checked | PeriodStatus::Closed);
    let said_so = row.nothing_to_report && row.status.may_become(PeriodStatus::Open);
    Ok(goes_on
        && said_so
        && has_told(conn, key, days)?
        && refuse_closed_above(conn, books, key, days, PeriodStatus::Open).is_ok())
}

/// Whether any unit below said that there was nothing, of a period within this one, and recorded something since. Once
/// this one is closed it could not say so anew; what cannot any more, stands.
fn is_contradicted_below(
    conn: &mut DbConnection,
    (units, plans, today): (&AdminUnits, &Plans, NaiveDate),
    key: &PeriodKey,
    (first, last): Span,
) -> Result<bool, AppError> {
    let said = reporting_periods::table
        .filter(reporting_periods::calendar.eq(key.calendar))
        .filter(reporting_periods::first_day.ge(first))
        .filter(reporting_periods::last_day.le(last))
        .filter(reporting_periods::nothing_to_report)
        .filter(reporting_periods::status.eq_any([PeriodStatus::Submitted, PeriodStatus::Checked]))
        .filter(reporting_periods::unit_code.ne(&key.unit));
    let rows: Vec<ReportingPeriod> = said.select(ReportingPeriod::as_select()).load(conn)?;
    for row in rows.into_iter().filter(|row| reaches(units, &key.unit, &row.unit_code, today)) {
        let period = row.period.parse().map_err(|_| AppError::internal("a period of no form"))?;
        let own = PeriodKey { unit: row.unit_code, calendar: key.calendar, period };
        let days = (row.first_day, row.last_day);
        let is_open = |conn: &mut DbConnection| {
            refuse_closed_above(conn, (units, plans, today), &own, days, PeriodStatus::Open).is_ok()
        };
        if has_told(conn, &own, days)? && is_open(conn) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a unit recorded something on these days, or a value of the period or of a part of it was reported of it.
fn has_told(conn: &mut DbConnection, key: &PeriodKey, (first, last): Span) -> Result<bool, AppError> {
    let entries = register_entries::table
        .filter(register_entries::register.eq_any(Register::ALL))
        .filter(register_entries::unit_code.eq(&key.unit))
        .filter(register_entries::voided_at.is_null())
        .filter(register_entries::day.between(first, last));
    let values = reported_values::table
        .filter(reported_values::unit_code.eq(&key.unit))
        .filter(reported_values::calendar.eq(key.calendar))
        .filter(reported_values::period.eq_any(with_parts(key.period)))
        .filter(reported_values::is_current.eq(true))
        .filter(reported_values::value.is_not_null());
    Ok(diesel::select(exists(entries)).get_result(conn)? || diesel::select(exists(values)).get_result(conn)?)
}

fn with_parts(period: ReportPeriod) -> Vec<String> {
    let kinds = [PeriodKind::HalfYear, PeriodKind::Quarter, PeriodKind::Month];
    let shorter = kinds.into_iter().filter(|kind| kind.months() < period.kind.months());
    let parts = shorter.flat_map(|kind| period.parts(kind));
    std::iter::once(period).chain(parts).map(|period| period.to_string()).collect()
}

/// The report as it stands, at the version that was read; of a period nobody has touched a new one.
fn standing(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    new_id: ReportingPeriodId,
    (key, expected): (&PeriodKey, Option<i32>),
) -> Result<ReportingPeriod, AppError> {
    if let Some(row) = find(conn, key)? {
        let subject = Subject::new(SubjectKind::ReportingPeriod, row.id.0);
        check_version(conn, subject, row.version, expected.ok_or(AppError::VersionRequired)?)?;
        return Ok(row);
    }
    if expected.is_some_and(|expected| expected != 0) {
        return Err(AppError::VersionStale { current: 0, changed: Vec::new() });
    }
    let (first_day, last_day) = key.period.days(key.calendar, books.closing_day);
    Ok(ReportingPeriod {
        id: new_id,
        unit_code: key.unit.clone(),
        province_code: province_of(books.units, &key.unit, actor.now.civil_date()),
        calendar: key.calendar,
        period: key.period.to_string(),
        first_day,
        last_day,
        status: PeriodStatus::Open,
        revision: 0,
        nothing_to_report: false,
        reason: String::new(),
        changed_by: actor.account,
        changed_at: actor.now,
        version: 0,
    })
}

fn save(conn: &mut DbConnection, row: &ReportingPeriod, read: i32) -> Result<(), AppError> {
    if read == 0 {
        diesel::insert_into(reporting_periods::table).values(row).execute(conn)?;
        return Ok(());
    }
    let stored =
        reporting_periods::table.filter(reporting_periods::id.eq(row.id)).filter(reporting_periods::version.eq(read));
    let saved = diesel::update(stored)
        .set((
            reporting_periods::status.eq(row.status),
            reporting_periods::revision.eq(row.revision),
            reporting_periods::nothing_to_report.eq(row.nothing_to_report),
            reporting_periods::reason.eq(&row.reason),
            reporting_periods::changed_by.eq(row.changed_by),
            reporting_periods::changed_at.eq(row.changed_at),
            reporting_periods::version.eq(row.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

/// Communes and districts submit, and whoever is above them goes on; provinces and the country are closed by their own
/// officers.
fn check_level(
    units: &AdminUnits,
    scope: &Scope,
    key: &PeriodKey,
    next: PeriodStatus,
    today: NaiveDate,
) -> Result<(), AppError> {
    let level = units.get(&key.unit).map_or(Level::Commune, |unit| unit.level);
    // Whoever holds several communes is above none of them.
    let is_above = |own: &String| *own != key.unit && reaches(units, own, &key.unit, today);
    let own_only = !scope.admin_units.iter().any(is_above);
    let is_below = matches!(level, Level::District | Level::Commune);
    match next {
        PeriodStatus::Checked | PeriodStatus::Open if is_below && own_only => Err(AppError::Forbidden),
        PeriodStatus::Closed | PeriodStatus::Published | PeriodStatus::Reopened if is_below => Err(AppError::Forbidden),
        _ => Ok(()),
    }
}

/// The steps that were taken, the earliest first.
///
/// # Errors
/// The engine's own.
pub fn steps(conn: &mut DbConnection, period: ReportingPeriodId) -> Result<Vec<ReportingStep>, AppError> {
    let steps = reporting_steps::table.filter(reporting_steps::period_id.eq(period));
    Ok(steps.order(reporting_steps::seq).select(ReportingStep::as_select()).load(conn)?)
}
