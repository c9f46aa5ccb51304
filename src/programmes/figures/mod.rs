//! Figures of indicators: their numbers, where these come from, and where they stand.

mod gather;
mod making;
mod measures;
mod numbers;
mod outreach;
mod reports;
pub mod routes;
mod targets;
mod tree;
pub mod views;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use self::gather::{Question, Span};
use self::making::Maker;
use self::numbers::Asked;
use self::tree::Map;
use self::views::{IndicatorFigures, PlanFigures};
use super::closing::completeness::status_of;
use super::periods::{PeriodKind, ReportPeriod};
use super::plans::model::Breakdown;
use super::plans::{Indicator, Plan, VersionedPlan};
use super::sums::{Area, Counter, Fresh, province_of};
use crate::admin_units::{AdminUnits, Grounds, Level, Shares};
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::Instant;
use crate::error::{AppError, FieldError, Rule};

pub use making::is_told_to_all;
pub use measures::{NoFigure, Ratio};
pub use targets::{Status, TargetView};

/// Figures that may be asked for at once: one indicator by every commune of the old map and month, or all of a plan by
/// every commune.
const MOST_FIGURES: usize = 200_000;
/// Notes about units that are told.
const MOST_NOTES: usize = 100;

/// Which map units are shown on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapChoice {
    /// That of the last day of the period, or of today while it runs.
    OfPeriod,
    /// That of this day.
    Of(NaiveDate),
}

/// Which figures are asked for.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Unit.
    pub unit: String,
    /// Period.
    pub period: ReportPeriod,
    /// Map.
    pub map: MapChoice,
    /// Ways to break them down.
    pub breakdown: BTreeSet<Breakdown>,
    /// This indicator alone.
    pub indicator: Option<String>,
}

/// What figures are made with.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Maps that were asked for lately.
    pub grounds: &'a Grounds,
    /// Counts registers.
    pub counter: &'a Counter,
    /// Declared shares of split units.
    pub shares: &'a Shares,
    /// Units that said they have nothing to report in the period.
    pub silent: &'a BTreeSet<String>,
    /// Whether the figures are for somebody who keeps the registers of the unit, or are to be published.
    pub for_keepers: bool,
    /// Today.
    pub today: NaiveDate,
    /// Now.
    pub now: Instant,
}

impl<'a> Desk<'a> {
    /// That of a running server, for keepers, today.
    pub fn of(app: &'a App, counter: &'a Counter, shares: &'a Shares, silent: &'a BTreeSet<String>) -> Self {
        let (units, grounds) = (&*app.units, &*app.grounds);
        Self {
            units,
            grounds,
            counter,
            shares,
            silent,
            for_keepers: true,
            today: app.clock.today(),
            now: app.clock.now(),
        }
    }
}

/// Makes the figures of a plan. Those about persons from cases are left to the statistics.
///
/// # Errors
/// Field errors; the engine's own.
pub fn figures(
    conn: &mut DbConnection,
    desk: Desk<'_>,
    plan: &VersionedPlan,
    ask: &Ask,
) -> Result<PlanFigures, AppError> {
    let VersionedPlan { plan, version } = plan;
    let days = ask.period.days(plan.calendar, desk.counter.measures.closing_day);
    let as_of = days.1.min(desk.today);
    let map_of = match ask.map {
        MapChoice::OfPeriod => as_of,
        MapChoice::Of(day) => day,
    };
    let ground = desk.grounds.of(desk.units, map_of, desk.shares);
    let map = Map { units: desk.units, day: map_of, ground: &ground, reported_by: plan.reported_by };
    let rows = rows(map, ask)?;
    let spans = spans(plan, ask, as_of, desk.counter.measures.closing_day);
    let is_chosen = |indicator: &&Indicator| ask.indicator.as_ref().is_none_or(|code| *code == indicator.code);
    let chosen: Vec<&Indicator> = plan.indicators.iter().filter(is_chosen).collect();
    if rows.len() * spans.len() * chosen.len() > MOST_FIGURES {
        return Err(too_many());
    }
    let area = area(desk, &ask.unit);
    let fresh = Fresh::default();
    let question =
        Question { counter: desk.counter, plan, today: desk.today, fresh: &fresh, area: &area, spans: &spans };
    let asked = Asked { question, map, unit: &ask.unit, period: ask.period, rows: &rows, silent: desk.silent, as_of };
    let maker = Maker {
        plan,
        asked,
        spans: &spans,
        begun: days.0 <= desk.today,
        breakdown: &ask.breakdown,
        for_keepers: desk.for_keepers,
    };
    let mut indicators: Vec<IndicatorFigures> = Vec::new();
    for indicator in chosen {
        let made: usize = indicators.iter().map(|made| made.figures.len()).sum();
        indicators.push(maker.indicator(conn, indicator, made)?);
    }
    if indicators.is_empty() {
        return Err(AppError::Invalid(vec![FieldError::new("indicator", Rule::NoSuchReference)]));
    }
    let left_at = indicators.iter().flat_map(|of| &of.unit_notes).filter_map(|note| note.left_at.as_ref());
    let left_at: BTreeSet<&String> = left_at.collect();
    let name = |code: &String| (code.clone(), desk.units.full_name(code, map_of).unwrap_or_default());
    Ok(PlanFigures {
        programme: plan.code.clone(),
        title_vi: plan.title_vi.clone(),
        title_en: plan.title_en.clone(),
        definition_version: *version,
        unit_code: ask.unit.clone(),
        unit_name: desk.units.full_name(&ask.unit, map_of).unwrap_or_default(),
        period: ask.period.to_string(),
        period_status: status_of(conn, &ask.unit, plan.calendar, ask.period)?,
        map_of,
        computed_at: desk.now,
        class_names: BTreeMap::new(),
        unit_names: rows.iter().chain(left_at).map(name).collect(),
        indicators,
    })
}

fn too_many() -> AppError {
    AppError::field("breakdown", Rule::Items { min: 1, max: u64::try_from(MOST_FIGURES).unwrap_or(0) })
}

/// The unit, and those it is broken down into.
fn rows(map: Map<'_>, ask: &Ask) -> Result<Vec<String>, AppError> {
    let Some(unit) = map.units.get(&ask.unit) else { return Err(AppError::field("unit", Rule::NoSuchReference)) };
    if !unit.is_valid_on(map.day) {
        return Err(AppError::field("unit", Rule::UnitNotValidOn));
    }
    let levels = [
        (Breakdown::Province, Level::Province),
        (Breakdown::District, Level::District),
        (Breakdown::Commune, Level::Commune),
    ];
    let mut rows = vec![ask.unit.clone()];
    for (_, level) in levels.into_iter().filter(|(breakdown, _)| ask.breakdown.contains(breakdown)) {
        let within = map.units_of(level, &ask.unit).into_iter().map(|unit| unit.code.clone());
        rows.extend(within.filter(|code| *code != ask.unit));
    }
    Ok(rows)
}

/// The period, or its months as far as they have begun.
fn spans(plan: &Plan, ask: &Ask, as_of: NaiveDate, closing_day: u32) -> Vec<Span> {
    let span = |period: ReportPeriod| Span::of(period, plan.calendar, as_of, closing_day);
    if !ask.breakdown.contains(&Breakdown::Month) {
        return vec![span(ask.period)];
    }
    let begun = |period: &ReportPeriod| period.days(plan.calendar, closing_day).0 <= as_of;
    ask.period.parts(PeriodKind::Month).into_iter().filter(begun).map(span).collect()
}

fn area(desk: Desk<'_>, unit: &str) -> Area {
    match desk.units.get(unit).map(|unit| unit.level) {
        Some(Level::Country) | None => Area::Country,
        Some(_) => Area::Province(province_of(desk.units, unit, desk.today)),
    }
}
