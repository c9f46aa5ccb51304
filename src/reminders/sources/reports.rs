//! Reports of periods: for the officers of a unit what it is to report, for those above it how many have not. Nothing
//! is said of a person. Each source reads the reports of its own units or of one province, by an index.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use sha2::{Digest as _, Sha256};

use super::{Day, wording};
use crate::admin_units::{AdminUnit, AdminUnits, COUNTRY, Level};
use crate::audit::SubjectKind;
use crate::db::DbConnection;
use crate::db::schema::reporting_periods;
use crate::error::AppError;
use crate::programmes::closing::duties::{AskedBy, Duty, areas_on};
use crate::programmes::closing::model::PeriodStatus;
use crate::programmes::periods::Calendar;
use crate::reminders::model::{Reminder, ReminderKind, ReportReminder};
use crate::reminders::rules::Ask;

/// A unit and what is asked of it, or of the units in it.
pub(super) type Asked<'a> = (&'a AdminUnit, &'a Duty);

/// A reminder before it is put into words.
pub(super) struct Due<'a> {
    pub(super) kind: ReminderKind,
    pub(super) unit: &'a AdminUnit,
    pub(super) duty: &'a Duty,
    pub(super) due_on: Day,
    /// Units it is about, and all that are asked.
    pub(super) units: Option<(BTreeSet<&'a str>, BTreeSet<&'a str>)>,
}

/// What is asked of the reader's areas, by a day that shows now.
pub(super) fn asked<'a>(ask: &Ask<'a>, day: fn(&Duty) -> Day) -> Vec<Asked<'a>> {
    let units = ask.reporting.units;
    let kept = ask.today - chrono::TimeDelta::days(i64::from(ask.days.report_kept));
    let shown = kept..=ask.until(ask.days.report_ahead);
    let mut asked: Vec<Asked<'a>> = Vec::new();
    for duty in ask.duties.iter().filter(|duty| shown.contains(&day(duty))) {
        let areas = ask.scope.admin_units.iter().flat_map(|own| areas_on(units, own, duty.last_day, ask.today));
        let areas: BTreeMap<&str, &AdminUnit> = areas.map(|area| (area.code.as_str(), area)).collect();
        asked.extend(areas.into_values().map(|area| (area, duty)));
    }
    asked
}

/// How far reports are; those nobody touched are open.
struct Statuses(BTreeMap<(String, Calendar, String), PeriodStatus>);

type Row = (String, Calendar, String, PeriodStatus);

impl Statuses {
    fn of(rows: Vec<Row>) -> Self {
        Self(rows.into_iter().map(|(unit, calendar, period, status)| ((unit, calendar, period), status)).collect())
    }

    fn get(&self, unit: &str, duty: &Duty) -> PeriodStatus {
        let key = (unit.to_owned(), duty.calendar, duty.period.to_string());
        self.0.get(&key).copied().unwrap_or(PeriodStatus::Open)
    }

    /// Whether what is above a unit is closed: then nothing more is asked of it.
    fn is_closed_above(&self, units: &AdminUnits, unit: &AdminUnit, duty: &Duty) -> bool {
        above(units, unit, duty).iter().any(|code| self.get(code, duty).is_locked())
    }
}

/// The province a unit lay in on the last day, and the country, where the unit is neither.
fn above<'a>(units: &'a AdminUnits, unit: &AdminUnit, duty: &Duty) -> Vec<&'a str> {
    let province = units.province_on(&unit.code, duty.last_day).map(|province| province.code.as_str());
    province.into_iter().chain([COUNTRY]).filter(|code| *code != unit.code).collect()
}

macro_rules! of_periods {
    ($query:expr, $asked:expr) => {{
        let calendars: BTreeSet<Calendar> = $asked.iter().map(|(_, duty)| duty.calendar).collect();
        let periods: BTreeSet<String> = $asked.iter().map(|(_, duty)| duty.period.to_string()).collect();
        $query
            .filter(reporting_periods::calendar.eq_any(calendars))
            .filter(reporting_periods::period.eq_any(periods))
            .select((
                reporting_periods::unit_code,
                reporting_periods::calendar,
                reporting_periods::period,
                reporting_periods::status,
            ))
    }};
}

/// Reports of single units, and of what is above those that are asked.
fn of_units(
    conn: &mut DbConnection,
    units: &AdminUnits,
    asked: &[Asked<'_>],
    more: &BTreeSet<&str>,
) -> Result<Statuses, AppError> {
    let above = asked.iter().flat_map(|(unit, duty)| above(units, unit, duty));
    let own = asked.iter().map(|(unit, _)| unit.code.as_str());
    let codes: BTreeSet<&str> = own.chain(above).chain(more.iter().copied()).collect();
    let rows = reporting_periods::table.filter(reporting_periods::unit_code.eq_any(codes));
    Ok(Statuses::of(of_periods!(rows, asked).load(conn)?))
}

/// A unit's own report that was not submitted.
pub(super) fn own_reports(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let units = ask.reporting.units;
    let mut asked = asked(ask, |duty| duty.report_by);
    asked.retain(|(unit, duty)| duty.is_reported_by(unit.level) && !duty.reporters(units, &unit.code).is_empty());
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let statuses = of_units(conn, units, &asked, &BTreeSet::new())?;
    let is_due = |(unit, duty): &Asked<'_>| {
        statuses.get(&unit.code, duty) == PeriodStatus::Open && !statuses.is_closed_above(units, unit, duty)
    };
    let due = asked.into_iter().filter(is_due).map(|(unit, duty)| {
        let kind = ReminderKind::ReportDue;
        Due { kind, unit, duty, due_on: duty.report_by, units: None }
    });
    Ok(page(ask, due))
}

/// Of a province or district: the units in it whose reports are at one step, if its period is not closed.
fn in_areas(
    conn: &mut DbConnection,
    ask: &Ask<'_>,
    (kind, day): (ReminderKind, fn(&Duty) -> Day),
    status: PeriodStatus,
) -> Result<Vec<Reminder>, AppError> {
    let units = ask.reporting.units;
    let reporters = |(area, duty): &Asked<'_>| {
        let is_above = area.level != Level::Country && !duty.is_reported_by(area.level);
        if is_above { duty.reporters(units, &area.code) } else { Vec::new() }
    };
    let mut asked = asked(ask, day);
    asked.retain(|asked| !reporters(asked).is_empty());
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let mut statuses = of_units(conn, units, &asked, &BTreeSet::new())?;
    let of_today = |(area, _): &Asked<'_>| units.province_on(&area.code, ask.today).map(|unit| unit.code.clone());
    let provinces: BTreeSet<String> = asked.iter().filter_map(of_today).collect();
    for province in provinces {
        let rows = reporting_periods::table.filter(reporting_periods::province_code.eq(province));
        statuses.0.extend(Statuses::of(of_periods!(rows, asked).load(conn)?).0);
    }
    let due = asked.into_iter().filter_map(|(area, duty)| {
        let all: BTreeSet<&str> = reporters(&(area, duty)).iter().map(|unit| unit.code.as_str()).collect();
        let at_step: BTreeSet<&str> = all.iter().copied().filter(|code| statuses.get(code, duty) == status).collect();
        let is_over = statuses.get(&area.code, duty).is_locked() || statuses.is_closed_above(units, area, duty);
        let shows = !is_over && !at_step.is_empty();
        shows.then_some(Due { kind, unit: area, duty, due_on: day(duty), units: Some((at_step, all)) })
    });
    Ok(page(ask, due))
}

/// How many units of an area have not reported.
pub(super) fn reports_missing(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    in_areas(conn, ask, (ReminderKind::ReportsMissing, |duty| duty.report_by), PeriodStatus::Open)
}

/// How many reports of an area wait to be checked.
pub(super) fn reports_unchecked(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    in_areas(conn, ask, (ReminderKind::ReportsUnchecked, |duty| duty.close_by), PeriodStatus::Submitted)
}

/// Periods of the reader's areas that are closed there, with how far they are.
fn closed_here<'a>(conn: &mut DbConnection, ask: &Ask<'a>) -> Result<Vec<(Asked<'a>, PeriodStatus)>, AppError> {
    let units = ask.reporting.units;
    let mut asked = asked(ask, |duty| duty.close_by);
    asked.retain(|(unit, duty)| duty.is_closed_by(units, unit));
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let statuses = of_units(conn, units, &asked, &BTreeSet::new())?;
    let told = asked.into_iter().filter_map(|(unit, duty)| {
        let status = statuses.get(&unit.code, duty);
        let is_asked = status.is_locked() || !statuses.is_closed_above(units, unit, duty);
        is_asked.then_some(((unit, duty), status))
    });
    Ok(told.collect())
}

/// Periods that are to be closed, for the first time or again.
pub(super) fn periods_to_close(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let is_open = |((unit, duty), status): &(Asked<'_>, PeriodStatus)| {
        // A unit that has not reported is reminded of that.
        let not_reported = *status == PeriodStatus::Open && duty.is_reported_by(unit.level);
        !status.is_locked() && !not_reported
    };
    let due = closed_here(conn, ask)?.into_iter().filter(is_open).map(|((unit, duty), _)| {
        let kind = ReminderKind::PeriodCloseDue;
        Due { kind, unit, duty, due_on: duty.close_by, units: None }
    });
    Ok(page(ask, due))
}

/// Periods that were closed and not published. What only official returns ask for has no figures to publish.
pub(super) fn periods_to_publish(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let is_closed = |((_, duty), status): &(Asked<'_>, PeriodStatus)| {
        *status == PeriodStatus::Closed && duty.asked_by != AskedBy::Return
    };
    let due = closed_here(conn, ask)?.into_iter().filter(is_closed).map(|((unit, duty), _)| {
        let kind = ReminderKind::PeriodPublishDue;
        Due { kind, unit, duty, due_on: duty.close_by, units: None }
    });
    Ok(page(ask, due))
}

/// For the country: how many provinces have not closed.
pub(super) fn closings_missing(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let units = ask.reporting.units;
    let closers = |(country, duty): &Asked<'_>| {
        let provinces = units.units_on(Level::Province, &country.code, duty.last_day);
        provinces.into_iter().filter(|unit| duty.is_closed_by(units, unit)).collect::<Vec<_>>()
    };
    let mut asked = asked(ask, |duty| duty.close_by);
    asked.retain(|asked| asked.0.level == Level::Country && !closers(asked).is_empty());
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let all = |asked: &Asked<'_>| closers(asked).into_iter().map(|unit| unit.code.as_str()).collect::<BTreeSet<_>>();
    let statuses = of_units(conn, units, &asked, &asked.iter().flat_map(all).collect())?;
    let due = asked.iter().filter_map(|&(country, duty)| {
        let all = all(&(country, duty));
        let open: BTreeSet<&str> = all.iter().copied().filter(|code| !statuses.get(code, duty).is_locked()).collect();
        let shows = !open.is_empty() && !statuses.get(&country.code, duty).is_locked();
        let kind = ReminderKind::ClosingsMissing;
        shows.then_some(Due { kind, unit: country, duty, due_on: duty.close_by, units: Some((open, all)) })
    });
    Ok(page(ask, due))
}

/// Puts into words what is due after the page before; what several plans ask of a unit and period once.
pub(super) fn page<'a>(ask: &Ask<'_>, due: impl Iterator<Item = Due<'a>>) -> Vec<Reminder> {
    let mut once: BTreeMap<_, Due<'a>> = BTreeMap::new();
    for due in due {
        let key = (due.kind, due.unit.code.as_str(), due.duty.calendar, due.duty.period);
        match once.remove(&key) {
            None => drop(once.insert(key, due)),
            Some(known) => drop(once.insert(key, both(known, due))),
        }
    }
    let mut page: Vec<Reminder> = once.into_values().map(|due| reminder(ask, &due)).collect();
    page.retain(|reminder| {
        let start = ask.start(reminder.kind);
        let is_that_day = reminder.due_on == start.day;
        reminder.due_on > start.day || is_that_day && start.id.is_some_and(|id| reminder.id > id)
    });
    page.sort_by_key(Reminder::mark);
    page.truncate(usize::try_from(ask.limit).unwrap_or(usize::MAX));
    page
}

fn both<'a>(known: Due<'a>, due: Due<'a>) -> Due<'a> {
    let due_on = known.due_on.min(due.due_on);
    let units = known.units.zip(due.units).map(|((mut of, mut all), (more, more_in_all))| {
        of.extend(more);
        all.extend(more_in_all);
        (of, all)
    });
    Due { due_on, units, ..known }
}

fn reminder(ask: &Ask<'_>, due: &Due<'_>) -> Reminder {
    let period = due.duty.period.to_string();
    let calendar = due.duty.calendar;
    let about = match due.kind {
        ReminderKind::ReturnAwaited
        | ReminderKind::FirstSignatureDue
        | ReminderKind::SecondSignatureDue
        | ReminderKind::ReturnsMissing => SubjectKind::OfficialReturn,
        _ => SubjectKind::ReportingPeriod,
    };
    let told = format!("{} {} {calendar} {period}", due.kind, due.unit.code);
    let id = id_of(&told);
    let (units, of_units) = due.units.as_ref().map(|(of, all)| (of.len(), all.len())).unzip();
    let text = wording::text(ask.reporting.units, due, ask.today);
    let report = ReportReminder { unit_code: due.unit.code.clone(), calendar, period, units, of_units, text };
    Reminder { report: Some(report), ..ask.reminder(due.kind, due.due_on, (about, id), None, None) }
}

/// An id that is the same whenever the same is due.
fn id_of(told: &str) -> uuid::Uuid {
    let digest = Sha256::digest(told.as_bytes());
    let bytes = digest.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
