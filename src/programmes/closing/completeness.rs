//! Who has reported, and who has not.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{PeriodStatus, ReportingPeriod, ReportingPeriodView};
use super::rules::{Books, PeriodKey};
use crate::admin_units::{AdminUnits, Level};
use crate::db::DbConnection;
use crate::db::schema::reporting_periods;
use crate::error::AppError;
use crate::programmes::periods::{Calendar, PeriodKind, ReportPeriod};

/// Who below a unit has reported for a period.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Completeness {
    /// Unit.
    pub unit_code: String,
    /// Calendar.
    pub calendar: Calendar,
    /// Period.
    pub period: String,
    /// Units that are to report.
    pub expected: usize,
    /// Of them, those that did.
    pub reported: usize,
    /// Of them, those that said they have nothing to report.
    pub nothing_to_report: usize,
    /// How many stand at which step.
    pub by_status: BTreeMap<PeriodStatus, usize>,
    /// Reports of a page of units, in the order of their codes; those nobody touched are open.
    pub units: Vec<ReportingPeriodView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// Which units of a page are shown.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Only those that have not reported.
    pub missing: bool,
    /// Codes after this one.
    pub after: Option<String>,
    /// So many.
    pub limit: usize,
}

/// Lists the reports of the communes of a unit, or of the provinces of the country.
///
/// # Errors
/// The engine's own.
pub fn completeness(
    conn: &mut DbConnection,
    books: Books<'_>,
    key: &PeriodKey,
    level: Level,
    shown: &Shown,
) -> Result<Completeness, AppError> {
    let (first_day, last_day) = key.period.days(key.calendar, books.closing_day);
    let expected = books.units.units_on(level, &key.unit, last_day);
    let codes: BTreeSet<&str> = expected.iter().map(|unit| unit.code.as_str()).collect();
    let rows: Vec<ReportingPeriod> = reporting_periods::table
        .filter(reporting_periods::calendar.eq(key.calendar))
        .filter(reporting_periods::period.eq(key.period.to_string()))
        .filter(reporting_periods::unit_code.eq_any(&codes))
        .select(ReportingPeriod::as_select())
        .load(conn)?;
    let rows: BTreeMap<String, ReportingPeriod> = rows.into_iter().map(|row| (row.unit_code.clone(), row)).collect();
    let mut by_status: BTreeMap<PeriodStatus, usize> = BTreeMap::new();
    for code in &codes {
        let status = rows.get(*code).map_or(PeriodStatus::Open, |row| row.status);
        *by_status.entry(status).or_default() += 1;
    }
    let is_reported = |code: &str| rows.get(code).is_some_and(|row| row.status.is_reported());
    let is_shown = |code: &&&str| !shown.missing || !is_reported(code);
    let is_after = |code: &&&str| shown.after.as_deref().is_none_or(|after| **code > after);
    let mut page: Vec<&str> = codes.iter().filter(is_shown).filter(is_after).take(shown.limit + 1).copied().collect();
    let more = page.len() > shown.limit;
    page.truncate(shown.limit);
    let view = |code: &str| match rows.get(code) {
        Some(row) => row.clone().into(),
        None => untouched(code, key, (first_day, last_day)),
    };
    Ok(Completeness {
        unit_code: key.unit.clone(),
        calendar: key.calendar,
        period: key.period.to_string(),
        expected: codes.len(),
        reported: codes.iter().filter(|code| is_reported(code)).count(),
        nothing_to_report: rows.values().filter(|row| row.status.is_reported() && row.nothing_to_report).count(),
        by_status,
        next_cursor: page.last().filter(|_| more).map(|code| (*code).to_owned()),
        units: page.into_iter().map(view).collect(),
    })
}

/// A report that nobody has touched.
pub fn untouched(
    unit: &str,
    key: &PeriodKey,
    (first_day, last_day): (chrono::NaiveDate, chrono::NaiveDate),
) -> ReportingPeriodView {
    ReportingPeriodView {
        id: None,
        unit_code: unit.to_owned(),
        calendar: key.calendar,
        period: key.period.to_string(),
        first_day,
        last_day,
        status: PeriodStatus::Open,
        revision: 0,
        nothing_to_report: false,
        reason: None,
        changed_by: None,
        changed_at: None,
    }
}

/// How far the report of a unit for a period is; none where nobody has touched it.
///
/// # Errors
/// The engine's own.
pub fn status_of(
    conn: &mut DbConnection,
    unit: &str,
    calendar: Calendar,
    period: ReportPeriod,
) -> Result<Option<PeriodStatus>, AppError> {
    let row = reporting_periods::table
        .filter(reporting_periods::unit_code.eq(unit))
        .filter(reporting_periods::calendar.eq(calendar))
        .filter(reporting_periods::period.eq(period.to_string()));
    Ok(row.select(reporting_periods::status).first(conn).optional()?)
}

/// Units whose report covers a period: of it, of a longer one that holds it, or of shorter ones that make it up. What they
/// did not record did not happen. What a province says of itself it says by having nothing to report; closing a period
/// in which nobody below it reported says nothing.
///
/// # Errors
/// The engine's own.
pub fn silent(
    conn: &mut DbConnection,
    units: &AdminUnits,
    calendar: Calendar,
    period: ReportPeriod,
) -> Result<BTreeSet<String>, AppError> {
    let kinds = [PeriodKind::Year, PeriodKind::HalfYear, PeriodKind::Quarter, PeriodKind::Month];
    let mut ways: Vec<Vec<String>> = vec![vec![period.to_string()]];
    for kind in kinds.into_iter().filter(|kind| kind.months() < period.kind.months()) {
        ways.push(period.parts(kind).iter().map(ToString::to_string).collect());
    }
    let year = ReportPeriod::of_year(period.year);
    for kind in kinds.into_iter().filter(|kind| kind.months() > period.kind.months()) {
        let holding = year.parts(kind).into_iter().chain([year]).find(|long| long.parts(period.kind).contains(&period));
        ways.extend(holding.map(|long| vec![long.to_string()]));
    }
    let all: Vec<String> = ways.concat();
    let rows: Vec<(String, String, bool)> = reporting_periods::table
        .filter(reporting_periods::calendar.eq(calendar))
        .filter(reporting_periods::period.eq_any(all))
        .filter(reporting_periods::status.ne(PeriodStatus::Open))
        .select((reporting_periods::unit_code, reporting_periods::period, reporting_periods::nothing_to_report))
        .load(conn)?;
    let reports = |unit: &str| units.get(unit).is_some_and(|unit| unit.level >= Level::District);
    let mut of_units: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (unit, period, has_nothing) in rows {
        if has_nothing || reports(&unit) {
            of_units.entry(unit).or_default().insert(period);
        }
    }
    let covers = |told: &BTreeSet<String>| ways.iter().any(|way| way.iter().all(|part| told.contains(part)));
    Ok(of_units.into_iter().filter(|(_, told)| covers(told)).map(|(unit, _)| unit).collect())
}
