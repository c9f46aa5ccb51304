//! `/programmes/{code}/indicators`: the figures of a plan.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::NaiveDate;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::reports::add_reports;
use super::views::{PlanFigure, PlanFigures};
use super::{Ask, Desk, MapChoice, NoFigure, figures};
use crate::accounts::{Actor, Caller};
use crate::admin_units::{AdminUnits, CommuneKind, shares};
use crate::app::App;
use crate::db::DbConnection;
use crate::error::{AppError, Language, PlainForm, Problem, Rule};
use crate::grants::{Action, Scope};
use crate::http::{Path, Query};
use crate::programmes::closing::completeness::silent;
use crate::programmes::closing::publishing::attach;
use crate::programmes::elements::{Element, Source};
use crate::programmes::periods::{PeriodKind, ReportPeriod};
use crate::programmes::plans::model::Breakdown;
use crate::programmes::plans::{Plan, VersionedPlan};
use crate::programmes::registers::catalogue::RegisterCatalogue;
use crate::programmes::report::ReportFormat;
use crate::programmes::sums;
use crate::statistics;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read_indicators).service(read_report);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct IndicatorFilter {
    /// Unit; that of the plan when absent, or your own where that one is not yours. It must exist on the map.
    #[validate(length(max = 20))]
    unit: Option<String>,
    /// Period: `2025`, `2025-H1`, `2025-Q1`, `2025-03` or `2021-2025`; the newest year of the plan that has begun when absent.
    #[validate(length(max = 9))]
    period: Option<String>,
    /// Ways to break figures down, with commas between them: one of `province`, `district`, `commune`; `month`; `class`; `commune_kind`.
    #[validate(length(max = 60))]
    breakdown: Option<String>,
    /// Map that units are shown on: `period` (its last day, or today), `today`, or a day.
    #[validate(length(max = 10))]
    map: Option<String>,
    /// One indicator alone.
    #[validate(length(max = 40))]
    indicator: Option<String>,
    /// Form, of a report; JSON when absent.
    format: Option<ReportFormat>,
}

/// Read the figures of a plan. Each tells its numbers, where they come from, its target on that day, and where it stands.
#[utoipa::path(tag = "programmes", params(("code" = String, Path), IndicatorFilter), responses(
    (status = 200, body = PlanFigures),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[get("/programmes/{code}/indicators")]
async fn read_indicators(
    caller: Caller,
    app: Data<App>,
    code: Path<String>,
    query: Query<IndicatorFilter>,
) -> Result<Json<PlanFigures>, AppError> {
    let state = app.clone();
    let turn = if is_large(&query.0) { Some(turn(&app, caller).await?) } else { None };
    count_what_is_due(&app).await?;
    if turn.is_none() {
        return app.read(caller, move |conn, actor| read(conn, actor, &state, &code.0, &query.0)).await.map(Json);
    }
    let large = app.read_apart(caller, move |conn, actor| {
        let _turn = turn;
        read(conn, actor, &state, &code.0, &query.0)
    });
    large.await.map(Json)
}

/// Get the report of a plan as JSON, as a table, as a workbook or as a page to print, in the language of
/// `Accept-Language`.
#[utoipa::path(tag = "programmes", params(("code" = String, Path), IndicatorFilter), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[get("/programmes/{code}/report")]
async fn read_report(
    caller: Caller,
    app: Data<App>,
    code: Path<String>,
    query: Query<IndicatorFilter>,
    request: HttpRequest,
) -> Result<HttpResponse, AppError> {
    let accepted = request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let (state, language) = (app.clone(), Language::of(accepted));
    let format = query.0.format.unwrap_or(ReportFormat::Json);
    let turn = turn(&app, caller).await?;
    count_what_is_due(&app).await?;
    let (file, name) = app
        .read_apart(caller, move |conn, actor| {
            let _turn = turn;
            let report = read(conn, actor, &state, &code.0, &query.0)?;
            let name = format!("{}_{}_{}.{format}", report.programme, report.unit_code, report.period);
            Ok((format.write(&report, language)?, name))
        })
        .await?;
    let kind = if format == ReportFormat::Html { "inline" } else { "attachment" };
    let mut reply = HttpResponse::Ok();
    if let Some(policy) = format.policy() {
        reply.insert_header((CONTENT_SECURITY_POLICY, policy));
    }
    Ok(reply
        .content_type(format.media_type())
        .insert_header((CONTENT_DISPOSITION, format!("{kind}; filename=\"{name}\"")))
        .body(file))
}

/// Whether figures are asked for of units that may be thousands.
fn is_large(filter: &IndicatorFilter) -> bool {
    let ways = filter.breakdown.iter().flat_map(|ways| ways.split(','));
    ways.into_iter().any(|way| matches!(way.parse(), Ok(Breakdown::Commune | Breakdown::District)))
}

/// What is put together in memory is made one at a time, for whoever may read figures at all.
pub(in crate::programmes) async fn turn(app: &Data<App>, caller: Caller) -> Result<OwnedSemaphorePermit, AppError> {
    app.read(caller, |_, actor| actor.scope(Action::IndicatorRead)).await?;
    app.figures.clone().acquire_owned().await.map_err(|_| AppError::internal("figures are closed"))
}

/// After a large import. What is left is counted from the entries by whoever reads.
pub(in crate::programmes) async fn count_what_is_due(app: &Data<App>) -> Result<(), AppError> {
    let state = app.clone();
    let counting = move || sums::settle_if_much(&state.db, &state.counter(), state.clock.now());
    if let Err(error) = actix_web::web::block(counting).await? {
        tracing::warn!(cause = %error, "units are left to be counted by those who read");
    }
    Ok(())
}

fn read(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    code: &str,
    filter: &IndicatorFilter,
) -> Result<PlanFigures, AppError> {
    let IndicatorFilter { unit, period, breakdown, map, indicator, .. } = filter;
    let words = Words {
        unit: unit.as_deref(),
        period: period.as_deref(),
        breakdown: breakdown.as_deref(),
        map: map.as_deref(),
    };
    read_for(conn, actor, app, code, words, indicator.clone())
}

/// Which figures are asked for, in the words of a request or a command.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Unit; that of the plan when absent.
    pub unit: Option<&'a str>,
    /// Period; the newest year of the plan that has begun when absent.
    pub period: Option<&'a str>,
    /// Ways to break figures down, with commas between them.
    pub breakdown: Option<&'a str>,
    /// Map that units are shown on.
    pub map: Option<&'a str>,
}

impl Words<'_> {
    /// What they ask of a plan.
    ///
    /// # Errors
    /// Field errors.
    pub fn ask(self, app: &App, plan: &Plan, today: NaiveDate, indicator: Option<String>) -> Result<Ask, AppError> {
        let unit = self.unit.unwrap_or(&plan.scope_unit);
        if app.units.get(unit).is_none() {
            return Err(AppError::field("unit", Rule::NoSuchReference));
        }
        Ok(Ask {
            unit: unit.to_owned(),
            period: period(self.period, plan.first_year, plan.last_year, today)?,
            map: map(self.map, today)?,
            breakdown: breakdown(self.breakdown)?,
            indicator,
        })
    }
}

/// The figures of a plan, where the actor reaches its unit.
///
/// # Errors
/// Field errors; [`AppError::NotFound`] of the plan; [`AppError::Forbidden`] without the right.
pub fn read_for(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    code: &str,
    words: Words<'_>,
    indicator: Option<String>,
) -> Result<PlanFigures, AppError> {
    let scope = actor.scope(Action::IndicatorRead)?;
    let plans = app.plans.now();
    let plan = plans.versioned(code).ok_or(AppError::NotFound)?;
    let today = actor.now.civil_date();
    let is_reached = |unit: &str| scope.admin_units.iter().any(|own| reaches(&app.units, own, unit, today));
    let words = Words { unit: words.unit.or_else(|| own_unit(&app.units, &scope, &plan.plan, today)), ..words };
    let ask = words.ask(app, &plan.plan, today, indicator)?;
    if !is_reached(&ask.unit) {
        return Err(AppError::Forbidden);
    }
    let registers = actor.scope(Action::RegisterRead);
    let keeps =
        registers.is_ok_and(|scope| scope.admin_units.iter().any(|own| reaches(&app.units, own, &ask.unit, today)));
    made(conn, app, plan, &ask, (keeps, today))
}

/// The unit of an actor within that of a plan, where this one is not theirs.
pub fn own_unit<'a>(units: &AdminUnits, scope: &'a Scope, plan: &Plan, today: NaiveDate) -> Option<&'a str> {
    let is_reached = |own: &String| reaches(units, own, &plan.scope_unit, today);
    let is_part = |own: &&String| reaches(units, &plan.scope_unit, own, today);
    let own = scope.admin_units.iter().find(is_part).filter(|_| !scope.admin_units.iter().any(is_reached));
    own.map(String::as_str)
}

/// The figures of a plan, for those who keep the registers of the unit or for others, with what was published of them.
///
/// # Errors
/// Field errors; the engine's own.
pub fn made(
    conn: &mut DbConnection,
    app: &App,
    plan: &VersionedPlan,
    ask: &Ask,
    (for_keepers, today): (bool, NaiveDate),
) -> Result<PlanFigures, AppError> {
    let counter = app.counter();
    let shares = shares(conn)?;
    let silent = silent(conn, &app.units, plan.plan.calendar, ask.period)?;
    let desk = Desk { for_keepers, today, ..Desk::of(app, &counter, &shares, &silent) };
    let mut all = figures(conn, desk, plan, ask)?;
    attach(conn, desk, plan, &mut all)?;
    name_releases(conn, &plan.plan, ask.period, &mut all)?;
    if for_keepers {
        add_reports(conn, desk, &plan.plan, ask.period, &mut all)?;
    }
    name_classes(&app.registers, &plan.plan, &mut all);
    Ok(all)
}

/// Names the classes that figures are told by.
fn name_classes(registers: &RegisterCatalogue, plan: &Plan, all: &mut PlanFigures) {
    let mut names = BTreeMap::new();
    for figures in &all.indicators {
        let Some(indicator) = plan.indicator(&figures.indicator) else { continue };
        let elements = || indicator.sources().into_iter().filter_map(Source::of_register).map(Element::words);
        let places = || elements().flat_map(|words| [words.class, words.kinds, words.groups]).flatten();
        let reported = figures.reports.iter().map(|report| &report.class);
        for class in figures.figures.iter().filter_map(|figure| figure.class.as_ref()).chain(reported) {
            let word = |(register, column)| registers.words_of(register, column)?.get(class);
            let kind = || class.parse::<CommuneKind>().ok().map(CommuneKind::words);
            if let Some(words) = places().find_map(word).cloned().or_else(kind) {
                names.insert(class.clone(), words);
            }
        }
    }
    all.class_names = names;
}

/// Says which statistical releases tell the figures that are left to them.
fn name_releases(
    conn: &mut DbConnection,
    plan: &Plan,
    period: ReportPeriod,
    all: &mut PlanFigures,
) -> Result<(), AppError> {
    let is_left = |figure: &PlanFigure| figure.reason == Some(NoFigure::StatisticsOnly);
    let mut left = all.indicators.iter_mut().filter(|indicator| indicator.figures.iter().any(is_left)).peekable();
    if period.kind != PeriodKind::Year || left.peek().is_none() {
        return Ok(());
    }
    let numbers = statistics::numbers_for(conn, &plan.scope_unit, period.year)?;
    let measure = |code: &str| plan.indicators.iter().find(|known| known.code == code)?.measured.cases.as_ref();
    for indicator in left {
        indicator.released_as = measure(&indicator.indicator).and_then(|cases| numbers.get(&cases.measure).copied());
    }
    Ok(())
}

/// Whether a unit of any time lies within an actor's own.
pub fn reaches(units: &AdminUnits, own: &str, unit: &str, today: NaiveDate) -> bool {
    let province = |code: &str| units.province_on(code, today).map(|province| province.code.clone());
    units.is_within(unit, own)
        || units.get(own).is_some_and(|own| own.level == crate::admin_units::Level::Province)
            && province(unit).is_some_and(|of| Some(of) == province(own))
}

fn period(text: Option<&str>, first: i32, last: i32, today: NaiveDate) -> Result<ReportPeriod, AppError> {
    use chrono::Datelike as _;
    match text {
        None => Ok(ReportPeriod::of_year(today.year().clamp(first, last))),
        Some(text) => ReportPeriod::asked(text),
    }
}

fn map(text: Option<&str>, today: NaiveDate) -> Result<MapChoice, AppError> {
    match text {
        None | Some("period") => Ok(MapChoice::OfPeriod),
        Some("today") => Ok(MapChoice::Of(today)),
        Some(day) => {
            let day = day.parse().map_err(|_| AppError::field("map", Rule::Format(PlainForm::MapDay.into())))?;
            Ok(MapChoice::Of(day))
        }
    }
}

fn breakdown(text: Option<&str>) -> Result<BTreeSet<Breakdown>, AppError> {
    let wrong = || AppError::field("breakdown", Rule::Format(PlainForm::Breakdown.into()));
    let ways = text.into_iter().flat_map(|text| text.split(','));
    let ways: BTreeSet<Breakdown> = ways.map(|way| way.parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
    let levels = [Breakdown::Province, Breakdown::District, Breakdown::Commune];
    if levels.iter().filter(|level| ways.contains(level)).count() > 1 {
        return Err(wrong());
    }
    Ok(ways)
}
