//! `/programmes`: plans, their targets, and a centre's own exact figures.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::indicators::{Figure, Period, PersonOutcome};
use super::plans::{Plan, of_version};
use super::rules;
use crate::accounts::Caller;
use crate::app::App;
use crate::db::types::OrganisationId;
use crate::error::{AppError, Problem, Rule};
use crate::grants::Action;
use crate::http::{Page, Path, Query};
use crate::services::ServiceType;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_programmes).service(read_programme).service(read_figure);
    super::figures::routes::configure(config);
    super::exchange::routes::configure(config);
    super::closing::routes::configure(config);
    super::sheets::routes::configure(config);
    super::registers::routes::configure(config);
    super::reported::routes::configure(config);
    super::returns::routes::configure(config);
}

/// List programme plans with their indicators and targets.
#[utoipa::path(tag = "programmes", responses((status = 200, body = Page<Plan>)))]
#[get("/programmes")]
async fn list_programmes(caller: Caller, app: Data<App>) -> Result<Json<Page<Plan>>, AppError> {
    app.read(caller, |_, actor| actor.scope(Action::ProgrammeRead)).await?;
    Ok(Json(Page { items: app.plans.now().all().cloned().collect(), next_cursor: None }))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionFilter {
    /// Number of the version; the newest when absent.
    #[validate(range(min = 1))]
    version: Option<i32>,
}

/// A plan in one of its versions.
#[derive(Debug, Serialize, ToSchema)]
struct PlanReply {
    /// Number of the version, from 1, as figures and what was published of them name it.
    version: i32,
    #[serde(flatten)]
    plan: Plan,
}

/// Read one plan: its newest version, or the one that a figure was published with.
#[utoipa::path(tag = "programmes", params(("code" = String, Path), VersionFilter), responses((status = 200, body = PlanReply)))]
#[get("/programmes/{code}")]
async fn read_programme(
    caller: Caller,
    app: Data<App>,
    code: Path<String>,
    query: Query<VersionFilter>,
) -> Result<Json<PlanReply>, AppError> {
    let state = app.clone();
    app.read(caller, move |conn, actor| {
        actor.scope(Action::ProgrammeRead)?;
        let plans = state.plans.now();
        let newest = plans.versioned(&code.0).ok_or(AppError::NotFound)?;
        let version = query.0.version.unwrap_or(newest.version);
        if version == newest.version {
            return Ok(Json(PlanReply { version, plan: newest.plan.clone() }));
        }
        let plan = of_version(conn, &code.0, version)?.ok_or(AppError::NotFound)?;
        Ok(Json(PlanReply { version, plan }))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct FigureFilter {
    /// Year of the plan.
    #[validate(range(min = 2000, max = 2100))]
    year: i32,
    /// Centre; needed only when you manage several.
    organisation_id: Option<OrganisationId>,
}

/// An exact figure of one centre about its own cases.
#[derive(Debug, Serialize, ToSchema)]
struct FigureView {
    /// Plan.
    programme: String,
    /// Indicator.
    indicator: String,
    /// Year.
    year: i32,
    /// Centre.
    organisation_id: OrganisationId,
    /// Records up to and with this day are counted.
    cut_off: NaiveDate,
    /// Distinct persons served.
    numerator: u64,
    /// Distinct persons in need and eligible (808-10), or identified (MB-01).
    denominator: u64,
    /// Numerator of denominator in percent, to a tenth; none when there is nobody in the denominator.
    percent: Option<f64>,
    /// Target: at least so many percent.
    at_least_percent: u8,
    /// Whether the target is met; none when there is nobody in the denominator.
    met: Option<bool>,
    /// Distinct persons who do not want support now; in neither number.
    refused: u64,
    /// Distinct clients of the category.
    clients: u64,
    /// Of them, those whose needs were assessed: a high figure over few assessed clients says little.
    assessed: u64,
    /// By service type: in need and eligible, of them used. Persons may stand in several.
    by_service: Vec<ServiceFigure>,
    /// By unit; each person stands in one.
    by_unit: Vec<UnitFigure>,
}

/// A figure of one service type.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceFigure {
    service_type: ServiceType,
    numerator: u64,
    denominator: u64,
}

/// A figure of one unit.
#[derive(Debug, Serialize, ToSchema)]
struct UnitFigure {
    unit_code: String,
    numerator: u64,
    denominator: u64,
    refused: u64,
}

/// Read a centre's exact figure for an indicator, from its own cases.
#[utoipa::path(tag = "programmes", params(("code" = String, Path), ("indicator" = String, Path), FigureFilter), responses(
    (status = 200, body = FigureView),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[get("/programmes/{code}/indicators/{indicator}/figure")]
async fn read_figure(
    caller: Caller,
    app: Data<App>,
    path: Path<(String, String)>,
    query: Query<FigureFilter>,
) -> Result<Json<FigureView>, AppError> {
    let FigureFilter { year, organisation_id } = query.0;
    let (code, indicator) = path.0;
    let state = app.clone();
    let place = app.figures.clone().acquire_owned().await.map_err(|_| AppError::internal("figures are closed"))?;
    app.read(caller, move |conn, actor| {
        // Held until the figure is made, also when nobody waits for it any more.
        let _place = place;
        actor.scope(Action::FigureRead)?;
        let plans = state.plans.now();
        let plan = plans.get(&code).ok_or(AppError::NotFound)?;
        let indicator = plan.indicator(&indicator).ok_or(AppError::NotFound)?;
        let cases = indicator.measured.cases.as_ref().ok_or(AppError::NotFound)?;
        let years = Rule::Range { min: i64::from(plan.first_year), max: i64::from(plan.last_year) };
        if !(plan.first_year..=plan.last_year).contains(&year) {
            return Err(AppError::field("year", years));
        }
        let period = Period::of_year(year, actor.now.civil_date()).ok_or_else(|| AppError::field("year", years))?;
        let (organisation, outcomes) =
            rules::outcomes_of_centre(conn, actor, &state.services, cases, period, organisation_id)?;
        let figure = Figure::of(&outcomes);
        let at_least_percent = indicator.percent_wanted();
        let target = u64::from(at_least_percent);
        let any = figure.denominator > 0;
        Ok(Json(FigureView {
            programme: plan.code.clone(),
            indicator: indicator.code.clone(),
            year,
            organisation_id: organisation,
            cut_off: period.end,
            numerator: figure.numerator,
            denominator: figure.denominator,
            percent: tenths_of_percent(figure),
            at_least_percent,
            met: any.then_some(figure.numerator * 100 >= figure.denominator * target),
            refused: figure.refused,
            clients: figure.clients,
            assessed: figure.assessed,
            by_service: by_service(&outcomes),
            by_unit: by_unit(&outcomes),
        }))
    })
    .await
}

/// Rounded down, so that a target just missed never reads as met.
fn tenths_of_percent(figure: Figure) -> Option<f64> {
    let tenths = (figure.numerator * 1000).checked_div(figure.denominator)?;
    u32::try_from(tenths).ok().map(|tenths| f64::from(tenths) / 10.0)
}

fn by_service(outcomes: &[PersonOutcome]) -> Vec<ServiceFigure> {
    let services: BTreeSet<ServiceType> = outcomes.iter().flat_map(|o| o.services.keys().copied()).collect();
    services
        .into_iter()
        .map(|service_type| {
            let figure = Figure::of_service(outcomes, service_type);
            ServiceFigure { service_type, numerator: figure.numerator, denominator: figure.denominator }
        })
        .collect()
}

fn by_unit(outcomes: &[PersonOutcome]) -> Vec<UnitFigure> {
    let mut units: BTreeMap<&str, Vec<&PersonOutcome>> = BTreeMap::new();
    for outcome in outcomes {
        units.entry(&outcome.unit).or_default().push(outcome);
    }
    units
        .into_iter()
        .map(|(unit, own)| {
            let figure = Figure::of(own);
            UnitFigure {
                unit_code: unit.to_owned(),
                numerator: figure.numerator,
                denominator: figure.denominator,
                refused: figure.refused,
            }
        })
        .filter(|unit| unit.denominator > 0 || unit.refused > 0)
        .collect()
}
