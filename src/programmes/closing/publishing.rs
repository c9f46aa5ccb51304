//! Figures as they were published, and what has changed since.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{PublishedFigure, ReportingPeriod};
use crate::accounts::Actor;
use crate::admin_units::{AdminUnit, Level};
use crate::db::DbConnection;
use crate::db::bulk::{BulkRow as _, bulk_rows};
use crate::db::schema::{published_figures, register_entries, reported_values};
use crate::db::types::{Instant, text_enum};
use crate::error::AppError;
use crate::programmes::figures::views::{PlanFigure, PlanFigures};
use crate::programmes::figures::{Ask, Desk, MapChoice, NoFigure, figures};
use crate::programmes::periods::{Calendar, ReportPeriod};
use crate::programmes::plans::{Plans, VersionedPlan};
use crate::programmes::sums::province_of;

bulk_rows! { PublishedFigure => published_figures }

text_enum! {
    /// Why a figure is not the one that was published last.
    ChangeReason {
        /// The plan has a newer version.
        Definition = "definition",
        /// Entries of registers were added, corrected or declared void.
        Entries = "entries",
        /// Values of other bodies were added or revised.
        ReportedValues = "reported_values",
        /// Units, establishments or staff it is a share of changed, or it was shown on another map.
        Other = "other",
    }
}

/// What was published of a figure last.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PublishedView {
    /// Revision of the period.
    pub revision: i32,
    /// When.
    pub published_at: Instant,
    /// Version of the plan it was made with.
    pub definition_version: i32,
    /// Numerator.
    pub numerator: Option<i64>,
    /// Denominator.
    pub denominator: Option<i64>,
    /// Why there was a revision.
    pub reason: Option<String>,
    /// What is different now; absent when nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<ChangeView>,
}

/// What is different from what was published last.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChangeView {
    /// Numerator now less numerator then; none where one of them is missing.
    pub numerator: Option<i64>,
    /// Denominator now less denominator then.
    pub denominator: Option<i64>,
    /// Why.
    pub why: Vec<ChangeReason>,
    /// Entries of registers in the area that were written since.
    pub entries_since: i64,
    /// Reported values of the area that were written since.
    pub reported_values_since: i64,
}

/// Publishes the figures of a closed period: of every plan whose calendar and years it is one of.
///
/// # Errors
/// The engine's own.
pub fn publish(
    conn: &mut DbConnection,
    actor: &Actor,
    desk: Desk<'_>,
    plans: &Plans,
    row: &ReportingPeriod,
    reason: &str,
) -> Result<(), AppError> {
    let Ok(period) = row.period.parse::<ReportPeriod>() else { return Err(AppError::internal("a period of no form")) };
    let mut rows = Vec::new();
    for plan in plans.versioned_all().filter(|plan| is_of(plan, desk, row, period)) {
        let ask = Ask {
            unit: row.unit_code.clone(),
            period,
            map: MapChoice::OfPeriod,
            breakdown: std::collections::BTreeSet::new(),
            indicator: None,
        };
        let all = figures(conn, desk, plan, &ask)?;
        for indicator in &all.indicators {
            for figure in &indicator.figures {
                rows.push(published(plan, &indicator.indicator, figure, row, reason, actor)?);
            }
        }
    }
    Ok(PublishedFigure::insert_all(conn, &rows)?)
}

fn is_of(plan: &VersionedPlan, desk: Desk<'_>, row: &ReportingPeriod, period: ReportPeriod) -> bool {
    let plan = &plan.plan;
    plan.calendar == row.calendar
        && (plan.first_year..=plan.last_year).contains(&period.year)
        && desk.units.is_within(&row.unit_code, &plan.scope_unit)
}

fn published(
    plan: &VersionedPlan,
    indicator: &str,
    figure: &PlanFigure,
    row: &ReportingPeriod,
    reason: &str,
    actor: &Actor,
) -> Result<PublishedFigure, AppError> {
    Ok(PublishedFigure {
        plan_code: plan.plan.code.clone(),
        indicator_code: indicator.to_owned(),
        unit_code: row.unit_code.clone(),
        calendar: row.calendar,
        period: row.period.clone(),
        revision: row.revision,
        plan_version: plan.version,
        numerator: figure.numerator,
        denominator: figure.denominator,
        content: serde_json::to_string(figure).map_err(|error| AppError::internal(error.to_string()))?,
        reason: reason.to_owned(),
        published_by: actor.account,
        published_at: actor.now,
    })
}

/// Every revision of the figures of a unit and period of a plan, the earliest first.
///
/// # Errors
/// The engine's own.
pub fn history(
    conn: &mut DbConnection,
    plan: &str,
    unit: &str,
    calendar: Calendar,
    period: ReportPeriod,
) -> Result<Vec<PublishedFigure>, AppError> {
    let rows = published_figures::table
        .filter(published_figures::plan_code.eq(plan))
        .filter(published_figures::unit_code.eq(unit))
        .filter(published_figures::calendar.eq(calendar))
        .filter(published_figures::period.eq(period.to_string()))
        .order((published_figures::indicator_code, published_figures::revision));
    Ok(rows.select(PublishedFigure::as_select()).load(conn)?)
}

/// Says of the figures of the unit asked for what was published of them last, and what has changed since.
///
/// # Errors
/// The engine's own.
pub fn attach(
    conn: &mut DbConnection,
    desk: Desk<'_>,
    calendar: Calendar,
    period: ReportPeriod,
    all: &mut PlanFigures,
) -> Result<(), AppError> {
    let mut last: BTreeMap<String, PublishedFigure> = BTreeMap::new();
    for row in history(conn, &all.programme, &all.unit_code, calendar, period)? {
        last.insert(row.indicator_code.clone(), row);
    }
    let Some(since) = last.values().map(|row| row.published_at).max() else { return Ok(()) };
    let written = written_since(conn, desk, calendar, &all.unit_code, since)?;
    let (unit, version) = (all.unit_code.clone(), all.definition_version);
    for indicator in &mut all.indicators {
        let Some(row) = last.remove(&indicator.indicator) else { continue };
        let own = |figure: &&mut PlanFigure| {
            figure.unit_code == unit && figure.class.is_none() && figure.period == row.period
        };
        // What is kept back now was so when it was published.
        let figure = indicator.figures.iter_mut().find(own).filter(|of| of.reason != Some(NoFigure::KeepersOnly));
        if let Some(figure) = figure {
            figure.published = Some(view(&row, figure, version, written));
        }
    }
    Ok(())
}

/// Entries of an area, and reported values of it in a calendar, that were written since a moment. An index is entered by
/// the province: of the country, by each there ever was.
fn written_since(
    conn: &mut DbConnection,
    desk: Desk<'_>,
    calendar: Calendar,
    unit: &str,
    since: Instant,
) -> Result<(i64, i64), AppError> {
    let is_country = |unit: &AdminUnit| unit.level == Level::Country;
    let provinces: Vec<String> = if desk.units.get(unit).is_some_and(is_country) {
        let all = desk.units.all().iter().filter(|unit| matches!(unit.level, Level::Country | Level::Province));
        all.map(|unit| unit.code.clone()).collect()
    } else {
        vec![province_of(desk.units, unit, desk.today)]
    };
    let entries = register_entries::table
        .filter(register_entries::province_code.eq_any(provinces.clone()))
        .filter(register_entries::updated_at.gt(since));
    let values = reported_values::table
        .filter(reported_values::province_code.eq_any(provinces))
        .filter(reported_values::entered_at.gt(since))
        .filter(reported_values::calendar.eq(calendar));
    Ok((entries.select(count_star()).first(conn)?, values.select(count_star()).first(conn)?))
}

fn view(row: &PublishedFigure, figure: &PlanFigure, version: i32, written: (i64, i64)) -> PublishedView {
    let less = |now: Option<i64>, then: Option<i64>| Some(now? - then?);
    let differs = figure.numerator != row.numerator || figure.denominator != row.denominator;
    let causes = [
        (ChangeReason::Definition, row.plan_version != version),
        (ChangeReason::Entries, written.0 > 0),
        (ChangeReason::ReportedValues, written.1 > 0),
    ];
    let mut why: Vec<ChangeReason> = causes.into_iter().filter(|(_, is)| *is).map(|(cause, _)| cause).collect();
    if why.is_empty() {
        why.push(ChangeReason::Other);
    }
    PublishedView {
        revision: row.revision,
        published_at: row.published_at,
        definition_version: row.plan_version,
        numerator: row.numerator,
        denominator: row.denominator,
        reason: Some(row.reason.clone()).filter(|reason| !reason.is_empty()),
        changed: differs.then(|| ChangeView {
            numerator: less(figure.numerator, row.numerator),
            denominator: less(figure.denominator, row.denominator),
            why,
            entries_since: written.0,
            reported_values_since: written.1,
        }),
    }
}
