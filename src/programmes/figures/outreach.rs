//! What outreach gives to figures: by province and whole years only, for sessions and points tell where people are met.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;

use super::gather::Question;
use super::tree::Told;
use crate::admin_units::UnitNo;
use crate::db::DbConnection;
use crate::db::schema::{intervention_points, outreach_sessions};
use crate::error::AppError;
use crate::programmes::elements::OutreachElement;
use crate::programmes::periods::PeriodKind;

/// Numbers by the unit they were recorded in.
type ByUnit = Vec<(String, i64)>;

/// What provinces of any time told; nothing when a span is shorter than a year.
///
/// # Errors
/// The engine's own.
pub fn told(
    conn: &mut DbConnection,
    question: Question<'_>,
    element: OutreachElement,
) -> Result<Vec<(UnitNo, Told)>, AppError> {
    let spans = question.spans;
    let mut all: BTreeMap<UnitNo, Told> = BTreeMap::new();
    if spans.iter().any(|span| span.period.kind.months() < PeriodKind::Year.months()) {
        return Ok(Vec::new());
    }
    for (place, span) in spans.iter().enumerate() {
        let (first, last) = span.period.days(question.plan.calendar, question.counter.measures.closing_day);
        let last = last.min(question.today);
        let counted = match element {
            OutreachElement::Sessions => sessions(conn, (first, last))?,
            OutreachElement::Points => points(conn, last)?,
        };
        for (unit, number) in counted {
            if let Some(province) = province(question, &unit) {
                let told = all.entry(province).or_default().register.get_or_insert_with(|| vec![None; spans.len()]);
                told.iter_mut().skip(place).take(1).for_each(|sum| *sum = Some(sum.unwrap_or(0) + number));
            }
        }
    }
    Ok(all.into_iter().collect())
}

/// The province of a unit in its own time, where it is asked for.
fn province(question: Question<'_>, unit: &str) -> Option<UnitNo> {
    let units = &question.counter.units;
    let province = units.number(units.get(unit)?.province.as_deref()?)?;
    question.area.holds(question.counter, province, question.today).then_some(province)
}

fn sessions(conn: &mut DbConnection, (first, last): (NaiveDate, NaiveDate)) -> Result<ByUnit, AppError> {
    let held = outreach_sessions::table
        .filter(outreach_sessions::held_on.between(first, last))
        .filter(outreach_sessions::removed_at.is_null())
        .group_by(outreach_sessions::unit_code)
        .select((outreach_sessions::unit_code, count_star()));
    Ok(held.load(conn)?)
}

fn points(conn: &mut DbConnection, on: NaiveDate) -> Result<ByUnit, AppError> {
    let open = intervention_points::valid_to.is_null().or(intervention_points::valid_to.ge(on));
    let running = intervention_points::table
        .filter(intervention_points::valid_from.le(on))
        .filter(open)
        .group_by(intervention_points::unit_code)
        .select((intervention_points::unit_code, count_star()));
    Ok(running.load(conn)?)
}
