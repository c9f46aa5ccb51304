//! Figures as they were published, and what has changed since.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{Months, NaiveDate};
use diesel::dsl::count_star;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use super::model::{PublishedFigure, ReportingPeriod};
use crate::accounts::Actor;
use crate::admin_units::Level;
use crate::db::DbConnection;
use crate::db::bulk::{BulkRow as _, bulk_rows};
use crate::db::schema::{published_figures, register_entries, reported_values};
use crate::db::types::{Instant, text_enum};
use crate::error::AppError;
use crate::programmes::elements::{Element, Family, Source};
use crate::programmes::figures::views::{PlanFigure, PlanFigures};
use crate::programmes::figures::{Ask, Desk, MapChoice, NoFigure, figures, is_told_to_all};
use crate::programmes::periods::{Calendar, ReportPeriod};
use crate::programmes::plans::{Indicator, Plans, VersionedPlan};
use crate::programmes::registers::Register;
use crate::programmes::sums::province_of;

bulk_rows! { PublishedFigure => published_figures }

text_enum! {
    /// Why a figure is not the one that was published last.
    ChangeReason {
        /// The plan has a newer version.
        Definition = "definition",
        /// Entries of its registers were added, corrected or declared void.
        Entries = "entries",
        /// Values of other bodies that it takes were added or revised.
        ReportedValues = "reported_values",
        /// Units, establishments or staff it is a share of changed, or it was shown on another map.
        Other = "other",
    }
}

/// Entries that are looked at for why a figure changed.
const MOST_WRITTEN: i64 = 20_000;

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
    /// Why there was a revision, for those who keep the registers.
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
    /// Why, where the unit itself is asked for; of those it is broken down into only whether the definition is newer.
    pub why: Vec<ChangeReason>,
    /// Entries of its registers that were written since in the unit, of days that count in the period; for those who keep
    /// its registers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entries_since: Option<i64>,
    /// Reported values of its elements that were written since of the unit and the period; for the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_values_since: Option<i64>,
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
            breakdown: BTreeSet::new(),
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

/// A figure as it was published last, without its content.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = published_figures)]
struct Last {
    indicator_code: String,
    unit_code: String,
    period: String,
    revision: i32,
    plan_version: i32,
    numerator: Option<i64>,
    denominator: Option<i64>,
    reason: String,
    published_at: Instant,
}

/// Says of figures what was published of them last, and what has changed since.
///
/// # Errors
/// The engine's own.
pub fn attach(
    conn: &mut DbConnection,
    desk: Desk<'_>,
    plan: &VersionedPlan,
    all: &mut PlanFigures,
) -> Result<(), AppError> {
    let mut last = published_last(conn, desk, plan, all)?;
    let mut written: BTreeMap<(Instant, Days), Written> = BTreeMap::new();
    for figures in &mut all.indicators {
        let Some(indicator) = plan.plan.indicator(&figures.indicator) else { continue };
        // What is kept back now was so when it was published.
        let own =
            figures.figures.iter_mut().filter(|of| of.class.is_none() && of.reason != Some(NoFigure::KeepersOnly));
        for figure in own {
            let key = (figures.indicator.clone(), figure.unit_code.clone(), figure.period.clone());
            let Some(row) = last.remove(&key) else { continue };
            // Of another version nobody knows here whether its numbers told of few.
            let level = desk.units.get(&figure.unit_code).map(|unit| unit.level);
            let is_period = |text: &str| text.parse().is_ok_and(|period| is_told_to_all(level, period));
            if !desk.for_keepers && row.plan_version != plan.version && !is_period(&figure.period) {
                continue;
            }
            let differs = figure.numerator != row.numerator || figure.denominator != row.denominator;
            let changed = if differs {
                // Why is looked for where somebody asks for the unit itself: it means reading what was written there.
                let written = if figure.unit_code == all.unit_code {
                    let since = (row.published_at, (figure.first_day, figure.last_day));
                    Some(match written.entry(since) {
                        Entry::Occupied(there) => there.into_mut(),
                        Entry::Vacant(none) => {
                            let found = written_since(conn, desk, plan.plan.calendar, (&all.unit_code, *none.key()))?;
                            none.insert(found)
                        }
                    })
                } else {
                    None
                };
                Some(change(&row, figure, (indicator, plan.version), (written.as_deref(), desk.for_keepers)))
            } else {
                None
            };
            figure.published = Some(PublishedView {
                revision: row.revision,
                published_at: row.published_at,
                definition_version: row.plan_version,
                numerator: row.numerator,
                denominator: row.denominator,
                reason: Some(row.reason).filter(|reason| desk.for_keepers && !reason.is_empty()),
                changed,
            });
        }
    }
    Ok(())
}

/// The last revision of every published figure that is shown, by indicator, unit and period.
fn published_last(
    conn: &mut DbConnection,
    desk: Desk<'_>,
    plan: &VersionedPlan,
    all: &PlanFigures,
) -> Result<BTreeMap<(String, String, String), Last>, AppError> {
    let figures = || all.indicators.iter().flat_map(|indicator| &indicator.figures);
    // Nobody below a province publishes.
    let publishes = |code: &&String| {
        desk.units.get(code).is_some_and(|unit| matches!(unit.level, Level::Country | Level::Province))
    };
    let units: BTreeSet<String> = figures().map(|figure| &figure.unit_code).filter(publishes).cloned().collect();
    let periods: BTreeSet<String> = figures().map(|figure| figure.period.clone()).collect();
    let rows: Vec<Last> = published_figures::table
        .filter(published_figures::plan_code.eq(&plan.plan.code))
        .filter(published_figures::unit_code.eq_any(units))
        .filter(published_figures::calendar.eq(plan.plan.calendar))
        .filter(published_figures::period.eq_any(periods))
        .order(published_figures::revision)
        .select(Last::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.indicator_code.clone(), row.unit_code.clone(), row.period.clone()), row))
        .collect())
}

/// First and last day of a period.
type Days = (NaiveDate, NaiveDate);

/// What was written since a moment about an area, of days that count in a period: entries by register, values by element.
#[derive(Debug, Default)]
struct Written {
    entries: BTreeMap<Register, i64>,
    values: BTreeMap<String, i64>,
    /// Whether more entries were written than are looked at.
    has_more: bool,
}

/// An index is entered by the province: of the country, by each there ever was; of a province that is no more, by that of
/// today, of which its own units are looked at.
fn written_since(
    conn: &mut DbConnection,
    desk: Desk<'_>,
    calendar: Calendar,
    (unit, (since, (first_day, last_day))): (&str, (Instant, Days)),
) -> Result<Written, AppError> {
    let is_country = desk.units.get(unit).is_some_and(|unit| unit.level == Level::Country);
    let provinces: Vec<String> = if is_country {
        let all = desk.units.all().iter().filter(|unit| matches!(unit.level, Level::Country | Level::Province));
        all.map(|unit| unit.code.clone()).collect()
    } else {
        vec![province_of(desk.units, unit, desk.today)]
    };
    let is_whole = is_country || provinces.iter().all(|province| province == unit);
    // A figure may compare with the year before. What happens once moves no figure of other years.
    let earliest = first_day.checked_sub_months(Months::new(12)).unwrap_or(first_day);
    let of_their_day =
        [Register::CommunicationActivities, Register::PressItems, Register::TipOffs, Register::NeedSurveys];
    let is_of = |period: &str| {
        let period =
            period.parse::<ReportPeriod>().map(|period| period.days(calendar, desk.counter.measures.closing_day));
        period.is_ok_and(|(first, last)| first <= last_day && earliest <= last)
    };
    let concerns = |of: &str| is_whole || desk.units.is_within(of, unit);
    let entries = register_entries::table
        .filter(register_entries::province_code.eq_any(provinces.clone()))
        .filter(register_entries::updated_at.gt(since))
        .select((register_entries::register, register_entries::unit_code, register_entries::day))
        .limit(MOST_WRITTEN);
    let values = reported_values::table
        .filter(reported_values::province_code.eq_any(provinces))
        .filter(reported_values::entered_at.gt(since))
        .filter(reported_values::calendar.eq(calendar))
        .group_by((reported_values::element, reported_values::unit_code, reported_values::period))
        .select((reported_values::element, reported_values::unit_code, reported_values::period, count_star()));
    let mut written = Written::default();
    let entries: Vec<(Register, String, NaiveDate)> = entries.load(conn)?;
    written.has_more = i64::try_from(entries.len()).unwrap_or(i64::MAX) >= MOST_WRITTEN;
    for (register, of, day) in entries {
        let moves = day <= last_day && (day >= earliest || !of_their_day.contains(&register));
        *written.entries.entry(register).or_default() += i64::from(moves && concerns(&of));
    }
    for (element, of, period, count) in values.load::<(String, String, String, i64)>(conn)? {
        *written.values.entry(element).or_default() += if concerns(&of) && is_of(&period) { count } else { 0 };
    }
    Ok(written)
}

fn change(
    row: &Last,
    figure: &PlanFigure,
    (indicator, version): (&Indicator, i32),
    (written, for_keepers): (Option<&Written>, bool),
) -> ChangeView {
    let less = |now: Option<i64>, then: Option<i64>| Some(now? - then?);
    let (numerator, denominator) = (less(figure.numerator, row.numerator), less(figure.denominator, row.denominator));
    let newer = (row.plan_version != version).then_some(ChangeReason::Definition);
    let Some(written) = written else {
        let why = newer.into_iter().collect();
        return ChangeView { numerator, denominator, why, entries_since: None, reported_values_since: None };
    };
    let families: BTreeSet<Family> =
        indicator.sources().into_iter().filter_map(Source::of_register).map(Element::family).collect();
    let elements: BTreeSet<String> = indicator.elements();
    let entries_since: i64 =
        written.entries.iter().filter(|(of, _)| families.contains(&of.family())).map(|(_, n)| n).sum();
    let reported_values_since: i64 =
        written.values.iter().filter(|(of, _)| elements.contains(*of)).map(|(_, n)| n).sum();
    let causes =
        [(ChangeReason::Entries, entries_since > 0), (ChangeReason::ReportedValues, reported_values_since > 0)];
    let others = causes.into_iter().filter(|(_, is)| *is).map(|(cause, _)| cause);
    let mut why: Vec<ChangeReason> = newer.into_iter().chain(others).collect();
    // Where not all was looked at, nobody knows.
    if why.is_empty() && !written.has_more {
        why.push(ChangeReason::Other);
    }
    ChangeView {
        numerator,
        denominator,
        why,
        entries_since: (for_keepers && !written.has_more).then_some(entries_since),
        reported_values_since: for_keepers.then_some(reported_values_since),
    }
}
