//! `/reporting-periods`, and what was published of a plan.

use std::collections::BTreeSet;

use actix_web::web::{Data, Json, block};
use actix_web::{get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::completeness::{Completeness, Shown, completeness, silent, untouched};
use super::model::{PeriodStatus, PublishedFigure, ReportingPeriod, ReportingPeriodView, ReportingStepView};
use super::publishing::{history, publish};
use super::rules::{self, Books, PeriodKey, Step, find, refuse_elsewhere, steps};
use crate::accounts::{Actor, Caller};
use crate::admin_units::{Level, shares};
use crate::app::App;
use crate::db::types::{Instant, OfficialReturnId, ReportingPeriodId};
use crate::db::{DbConnection, Size};
use crate::error::{AppError, Problem, Rule};
use crate::grants::Action;
use crate::http::extract::plain_text;
use crate::http::{IfMatchOrFirst, Page, Path, Query, Valid, Versioned, listing};
use crate::programmes::figures::routes::own_unit;
use crate::programmes::figures::views::PlanFigure;
use crate::programmes::figures::{Desk, is_told_to_all};
use crate::programmes::periods::{Calendar, ReportPeriod};
use crate::programmes::plans::{Plan, Plans, of_version};
use crate::programmes::returns::{self, ClosingDesk, compute, falls_due};
use crate::text::tidy;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read_completeness).service(read_period).service(take_step).service(list_published);
}

fn books(app: &App) -> Books<'_> {
    Books { units: &app.units, closing_day: app.closing_day }
}

fn key((unit, calendar, period): (String, Calendar, String)) -> Result<PeriodKey, AppError> {
    Ok(PeriodKey { unit, calendar, period: ReportPeriod::asked(&period).map_err(|_| AppError::NotFound)? })
}

/// A report with the steps it took.
#[derive(Debug, Serialize, ToSchema)]
struct ReportingPeriodReply {
    #[serde(flatten)]
    report: ReportingPeriodView,
    /// Steps that were taken, the earliest first.
    steps: Vec<ReportingStepView>,
    /// Of a province or the country, for a period that a plan asks for: how far those are who report to it. What it closes
    /// lacks those that have not reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    below: Option<BelowView>,
}

/// How far units are that report to another.
#[derive(Debug, Serialize, ToSchema)]
struct BelowView {
    /// Units that are to report: communes, of the country provinces.
    expected: usize,
    /// Of them, those that have not reported.
    not_reported: usize,
    /// Of those that have, the ones whose reports nobody has checked.
    not_checked: usize,
}

fn below(
    conn: &mut DbConnection,
    books: Books<'_>,
    plans: &Plans,
    key: &PeriodKey,
) -> Result<Option<BelowView>, AppError> {
    let level = match books.units.get(&key.unit).map(|unit| unit.level) {
        Some(Level::Country) => Level::Province,
        Some(Level::Province) => Level::Commune,
        _ => return Ok(None),
    };
    let asks = |plan: &Plan| {
        plan.calendar == key.calendar
            && books.units.is_within(&key.unit, &plan.scope_unit)
            && (level == Level::Province || plan.reported_by == level)
            && plan.reported_periods().any(|period| period == key.period)
    };
    if !plans.all().any(asks) {
        return Ok(None);
    }
    let told = completeness(conn, books, key, level, &Shown::default())?;
    let not_checked = told.by_status.get(&PeriodStatus::Submitted).copied().unwrap_or_default();
    Ok(Some(BelowView { expected: told.expected, not_reported: told.expected - told.reported, not_checked }))
}

fn reply(
    conn: &mut DbConnection,
    books: Books<'_>,
    plans: &Plans,
    key: &PeriodKey,
) -> Result<Versioned<ReportingPeriodReply>, AppError> {
    let below = below(conn, books, plans, key)?;
    match find(conn, key)? {
        None => {
            let days = key.period.days(key.calendar, books.closing_day);
            let report = untouched(&key.unit, key, days);
            Ok(Versioned { record: ReportingPeriodReply { report, steps: Vec::new(), below }, version: 0 })
        }
        Some(row) => {
            let steps = steps(conn, row.id)?.into_iter().map(Into::into).collect();
            Ok(Versioned { version: row.version, record: ReportingPeriodReply { report: row.into(), steps, below } })
        }
    }
}

/// Read the report of a unit for a period, with the steps it took.
#[utoipa::path(tag = "reporting", params(("unit" = String, Path), ("calendar" = Calendar, Path), ("period" = String, Path)),
    responses((status = 200, body = ReportingPeriodReply)))]
#[get("/reporting-periods/{unit}/{calendar}/{period}")]
async fn read_period(
    caller: Caller,
    app: Data<App>,
    path: Path<(String, Calendar, String)>,
) -> Result<Versioned<ReportingPeriodReply>, AppError> {
    let (state, key) = (app.clone(), key(path.0)?);
    app.read(caller, move |conn, actor| {
        let scope = actor.scope(Action::ReportingRead)?;
        refuse_elsewhere(&state.units, &scope, &key.unit, actor.now.civil_date())?;
        reply(conn, books(&state), &state.plans.now(), &key)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReportingStepForm {
    /// Status the step leads to. `open` returns a report, `reopened` opens a closed period again; both need a reason.
    status: PeriodStatus,
    /// With `submitted`: there is nothing to report.
    #[serde(default)]
    nothing_to_report: bool,
    /// Why.
    #[validate(length(min = 1, max = 1000), custom(function = plain_text))]
    reason: Option<String>,
}

/// Take the next step with the report of a unit: submit, check, return, close, publish, open again. `If-Match` may be
/// left out of the first.
#[utoipa::path(tag = "reporting", request_body = ReportingStepForm,
    params(("unit" = String, Path), ("calendar" = Calendar, Path), ("period" = String, Path), ("If-Match" = Option<String>, Header)), responses(
    (status = 200, body = ReportingPeriodReply),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[put("/reporting-periods/{unit}/{calendar}/{period}")]
async fn take_step(
    caller: Caller,
    app: Data<App>,
    path: Path<(String, Calendar, String)>,
    version: IfMatchOrFirst,
    form: Valid<ReportingStepForm>,
) -> Result<Versioned<ReportingPeriodReply>, AppError> {
    let (state, key, form) = (app.clone(), key(path.0)?, form.body);
    let reason = form.reason.as_deref().map(tidy).unwrap_or_default();
    let step = Step { status: form.status, nothing_to_report: form.nothing_to_report, reason };
    let mut new = New {
        id: ReportingPeriodId(app.random.uuid()),
        official: OfficialReturnId(app.random.uuid()),
        last_official: None,
    };
    if step.status != PeriodStatus::Closed {
        return app.write(caller, move |conn, actor| take(conn, actor, &state, &new, (&key, version.0), &step)).await;
    }
    // An official return reads the whole country, as a figure reads a centre: one at a time.
    let place = app.figures.clone().acquire_owned().await.map_err(|_| AppError::internal("figures are closed"))?;
    let vault = app.vault.clone();
    new.last_official = block(move || returns::anchored(&vault)).await??;
    let close = move |conn: &mut _, actor: &_| {
        // Held until it is written, also when nobody waits for it any more.
        let _place = &place;
        take(conn, actor, &state, &new, (&key, version.0), &step)
    };
    let reply = app.write_sized(Size::Large, caller, close).await?;
    let state = app.clone();
    block(move || returns::anchor(&state.db, &state.vault, state.clock.now())).await??;
    Ok(reply)
}

/// What a step may need that is made or read before the write.
#[derive(Debug)]
struct New {
    id: ReportingPeriodId,
    official: OfficialReturnId,
    /// The last official return that the key store vouches for.
    last_official: Option<(i64, Vec<u8>)>,
}

fn take(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    new: &New,
    (key, version): (&PeriodKey, Option<i32>),
    step: &Step,
) -> Result<Versioned<ReportingPeriodReply>, AppError> {
    let plans = app.plans.now();
    let row = rules::step(conn, actor, books(app), &app.trail, new.id, (key, version), (step, &plans))?;
    let desk = ClosingDesk {
        units: &app.units,
        services: &app.services,
        catalogue: &app.returns,
        plans: &plans,
        key: &app.ring.server,
        trail: &app.trail,
    };
    if falls_due(desk, &row) {
        let why = reason_of_revision(conn, &row)?;
        compute(conn, actor, desk, new.official, (&row, &why), new.last_official.as_ref())?;
    }
    if row.status == PeriodStatus::Published {
        let (counter, shares) = (app.counter(), shares(conn)?);
        let silent = silent(conn, &app.units, key.calendar, key.period)?;
        let today = actor.now.civil_date();
        let desk = Desk { today, ..Desk::of(app, &counter, &shares, &silent) };
        let reason = reason_of_revision(conn, &row)?;
        publish(conn, actor, desk, &plans, &row, &reason)?;
    }
    reply(conn, books(app), &plans, key)
}

/// Why the period was opened again last; nothing of the first revision.
fn reason_of_revision(conn: &mut DbConnection, row: &ReportingPeriod) -> Result<String, AppError> {
    let reopened = steps(conn, row.id)?.into_iter().rfind(|step| step.status == PeriodStatus::Reopened);
    Ok(reopened.map_or_else(String::new, |step| step.reason))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CompletenessFilter {
    /// Unit whose communes are asked for; of the country, its provinces.
    #[validate(length(max = 20))]
    unit: String,
    /// Calendar.
    calendar: Calendar,
    /// Period.
    #[validate(length(max = 9))]
    period: String,
    /// Only those that have not reported.
    #[serde(default)]
    missing: bool,
    /// `next_cursor` of the page before.
    #[validate(length(max = 20))]
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// Read who has reported for a period, and who has not.
#[utoipa::path(tag = "reporting", params(CompletenessFilter), responses(
    (status = 200, body = Completeness),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[get("/reporting-periods")]
async fn read_completeness(
    caller: Caller,
    app: Data<App>,
    query: Query<CompletenessFilter>,
) -> Result<Json<Completeness>, AppError> {
    let (state, filter) = (app.clone(), query.0);
    let period = ReportPeriod::asked(&filter.period)?;
    let limit = usize::try_from(listing::limit(filter.limit)?).unwrap_or(0);
    let key = PeriodKey { unit: filter.unit, calendar: filter.calendar, period };
    let shown = Shown { missing: filter.missing, after: filter.cursor, limit };
    app.read(caller, move |conn, actor| {
        let scope = actor.scope(Action::ReportingRead)?;
        refuse_elsewhere(&state.units, &scope, &key.unit, actor.now.civil_date())?;
        if !state.units.is_valid_on(&key.unit, period.days(key.calendar, state.closing_day).1) {
            return Err(AppError::field("unit", Rule::UnitNotValidOn));
        }
        if shown.after.as_ref().is_some_and(|after| state.units.get(after).is_none()) {
            return Err(AppError::field("cursor", Rule::Cursor));
        }
        let country = state.units.get(&key.unit).is_some_and(|unit| unit.level == Level::Country);
        let level = if country { Level::Province } else { Level::Commune };
        completeness(conn, books(&state), &key, level, &shown).map(Json)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PublishedFilter {
    /// Unit; that of the plan when absent, or your own where that one is not yours.
    #[validate(length(max = 20))]
    unit: Option<String>,
    /// Period.
    #[validate(length(max = 9))]
    period: String,
}

/// A figure as it was published, in one of its revisions.
#[derive(Debug, Serialize, ToSchema)]
struct PublishedFigureView {
    /// Indicator.
    indicator: String,
    /// Revision of the period.
    revision: i32,
    /// Version of the plan it was made with.
    definition_version: i32,
    /// When.
    published_at: Instant,
    /// Why there was a revision.
    reason: Option<String>,
    /// The figure as it was read then.
    #[schema(value_type = PlanFigure)]
    figure: serde_json::Value,
}

/// Fields of a figure that tell of the few units that keep a source.
const OF_PARTS: [&str; 3] = ["numerator_parts", "denominator_parts", "coverage"];

/// What was published of indicators that tell of few people, by version and code: others than those who keep the registers
/// read less of them. They did when it was published, or do now; of a version that cannot be read any more all may.
fn of_few(conn: &mut DbConnection, plan: &Plan, rows: &[PublishedFigure]) -> Result<BTreeSet<(i32, String)>, AppError> {
    let tells = |plan: &Plan, code: &str| plan.indicator(code).is_none_or(|indicator| plan.tells_of_few(indicator));
    let versions: BTreeSet<i32> = rows.iter().map(|row| row.plan_version).collect();
    let mut few = BTreeSet::new();
    for version in versions {
        let then = of_version(conn, &plan.code, version)?;
        let codes = rows.iter().filter(|row| row.plan_version == version).map(|row| &row.indicator_code);
        let codes = codes.filter(|code| tells(plan, code) || then.as_ref().is_none_or(|then| tells(then, code)));
        few.extend(codes.map(|code| (version, code.clone())));
    }
    Ok(few)
}

/// List what was published of a plan for a unit and a period, with every revision; why there was one is told to those who
/// keep the registers.
#[utoipa::path(tag = "reporting", params(("code" = String, Path), PublishedFilter), responses((status = 200, body = Page<PublishedFigureView>)))]
#[get("/programmes/{code}/published")]
async fn list_published(
    caller: Caller,
    app: Data<App>,
    code: Path<String>,
    query: Query<PublishedFilter>,
) -> Result<Json<Page<PublishedFigureView>>, AppError> {
    let (state, filter) = (app.clone(), query.0);
    let period = ReportPeriod::asked(&filter.period)?;
    app.read(caller, move |conn, actor| {
        let scope = actor.scope(Action::IndicatorRead)?;
        let plans = state.plans.now();
        let plan = plans.get(&code.0).ok_or(AppError::NotFound)?;
        let own = own_unit(&state.units, &scope, plan, actor.now.civil_date());
        let unit = filter.unit.as_deref().or(own).unwrap_or(&plan.scope_unit);
        refuse_elsewhere(&state.units, &scope, unit, actor.now.civil_date())?;
        let (first_day, last_day) = period.days(plan.calendar, state.closing_day);
        if ![first_day, last_day].iter().any(|day| state.units.is_valid_on(unit, *day)) {
            return Err(AppError::field("unit", Rule::UnitNotValidOn));
        }
        let mut rows = history(conn, &plan.code, unit, plan.calendar, period)?;
        let today = actor.now.civil_date();
        let registers = actor.scope(Action::RegisterRead);
        let keeps = registers.is_ok_and(|scope| refuse_elsewhere(&state.units, &scope, unit, today).is_ok());
        let level = state.units.get(unit).map(|unit| unit.level);
        let few = if keeps { BTreeSet::new() } else { of_few(conn, plan, &rows)? };
        let is_of_few = |row: &PublishedFigure| few.contains(&(row.plan_version, row.indicator_code.clone()));
        rows.retain(|row| !is_of_few(row) || is_told_to_all(level, period));
        let view = |row: PublishedFigure| {
            let fault = |error: serde_json::Error| AppError::internal(error.to_string());
            let mut figure: serde_json::Value = serde_json::from_str(&row.content).map_err(fault)?;
            if let Some(figure) = figure.as_object_mut().filter(|_| is_of_few(&row)) {
                figure.retain(|name, _| !OF_PARTS.contains(&name.as_str()));
            }
            Ok(PublishedFigureView {
                indicator: row.indicator_code,
                revision: row.revision,
                definition_version: row.plan_version,
                published_at: row.published_at,
                reason: Some(row.reason).filter(|reason| keeps && !reason.is_empty()),
                figure,
            })
        };
        let items = rows.into_iter().map(view).collect::<Result<_, AppError>>()?;
        Ok(Json(Page { items, next_cursor: None }))
    })
    .await
}
