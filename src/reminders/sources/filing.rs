//! Official returns: for the officers of a province which of them is not there, or not signed; for those of the country
//! how many provinces have not filed. Neither totals nor whether there are any.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::reports::{Asked, Due, asked, page};
use crate::admin_units::Level;
use crate::db::DbConnection;
use crate::db::schema::official_returns;
use crate::error::AppError;
use crate::programmes::closing::duties::AskedBy;
use crate::programmes::periods::Calendar;
use crate::programmes::returns::ReturnStatus;
use crate::reminders::model::{Reminder, ReminderKind};
use crate::reminders::rules::Ask;

fn returns_asked<'a>(ask: &Ask<'a>, level: Level) -> Vec<Asked<'a>> {
    let mut asked = asked(ask, |duty| duty.file_by);
    asked.retain(|(unit, duty)| duty.asked_by == AskedBy::Return && unit.level == level);
    asked
}

/// The newest return of each province, calendar and period.
type Newest = BTreeMap<(String, Calendar, String), ReturnStatus>;

fn newest(conn: &mut DbConnection, provinces: BTreeSet<&str>, asked: &[Asked<'_>]) -> Result<Newest, AppError> {
    let calendars: BTreeSet<Calendar> = asked.iter().map(|(_, duty)| duty.calendar).collect();
    let periods: BTreeSet<String> = asked.iter().map(|(_, duty)| duty.period.to_string()).collect();
    let rows: Vec<(String, Calendar, String, ReturnStatus)> = official_returns::table
        .filter(official_returns::province_code.eq_any(provinces))
        .filter(official_returns::calendar.eq_any(calendars))
        .filter(official_returns::period.eq_any(periods))
        .order(official_returns::revision)
        .select((
            official_returns::province_code,
            official_returns::calendar,
            official_returns::period,
            official_returns::status,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|(province, calendar, period, status)| ((province, calendar, period), status)).collect())
}

/// Returns of the reader's provinces that are not filed, by what they wait for.
pub(super) fn own_returns(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let mut asked = returns_asked(ask, Level::Province);
    asked.retain(|(unit, duty)| duty.is_closed_by(ask.reporting.units, unit));
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let newest = newest(conn, asked.iter().map(|(unit, _)| unit.code.as_str()).collect(), &asked)?;
    let due = asked.into_iter().filter_map(|(unit, duty)| {
        let status = newest.get(&(unit.code.clone(), duty.calendar, duty.period.to_string()));
        let kind = match status {
            None | Some(ReturnStatus::Superseded) => ReminderKind::ReturnAwaited,
            Some(ReturnStatus::Computed) => ReminderKind::FirstSignatureDue,
            Some(ReturnStatus::Signed) => ReminderKind::SecondSignatureDue,
            Some(ReturnStatus::Filed) => return None,
        };
        Some(Due { kind, unit, duty, due_on: duty.file_by, units: None })
    });
    Ok(page(ask, due))
}

/// For the country: how many provinces have not filed.
pub(super) fn returns_missing(conn: &mut DbConnection, ask: &Ask<'_>) -> Result<Vec<Reminder>, AppError> {
    let units = ask.reporting.units;
    let asked = returns_asked(ask, Level::Country);
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let provinces = |(country, duty): &Asked<'_>| {
        let provinces = units.units_on(Level::Province, &country.code, duty.last_day);
        provinces.into_iter().map(|unit| unit.code.as_str()).collect::<BTreeSet<_>>()
    };
    let newest = newest(conn, asked.iter().flat_map(provinces).collect(), &asked)?;
    let due = asked.iter().filter_map(|&(country, duty)| {
        let all = provinces(&(country, duty));
        let is_filed = |code: &str| {
            newest.get(&(code.to_owned(), duty.calendar, duty.period.to_string())) == Some(&ReturnStatus::Filed)
        };
        let missing: BTreeSet<&str> = all.iter().copied().filter(|code| !is_filed(code)).collect();
        let kind = ReminderKind::ReturnsMissing;
        (!missing.is_empty()).then_some(Due {
            kind,
            unit: country,
            duty,
            due_on: duty.file_by,
            units: Some((missing, all)),
        })
    });
    Ok(page(ask, due))
}
