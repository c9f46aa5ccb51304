//! `/admin-units`: look up by code, parent, date, and by name without accents.

use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::catalogue::{AdminUnit, AdminUnits, Level};
use crate::accounts::Caller;
use crate::app::App;
use crate::error::{AppError, FieldError, Problem, Rule};
use crate::grants::Action;
use crate::http::{Page, Path, Query, listing};
use crate::text::fold;

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_units).service(read_unit);
    super::splits::routes::configure(config);
}

/// A unit and those above it.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitView {
    /// Code with its generation.
    code: String,
    /// Level.
    level: Level,
    /// Vietnamese name.
    name_vi: String,
    /// Its name and those above it; of a unit that has ended, also what it is today.
    full_name_vi: String,
    /// English name, not official.
    name_en: String,
    /// Units above it, nearest first: a commune's name alone identifies no commune.
    parents: Vec<UnitName>,
    /// First day; none when it existed before 01/11/2021.
    valid_from: Option<NaiveDate>,
    /// Last day; none while it exists.
    valid_to: Option<NaiveDate>,
    /// What became of it.
    successors: Vec<SuccessorView>,
}

/// Code and name of a unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitName {
    /// Code.
    code: String,
    /// Vietnamese name.
    name_vi: String,
}

/// What became of a unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct SuccessorView {
    /// Code of the new unit.
    code: String,
    /// Its name.
    name_vi: String,
    /// Whether it is the default when the old unit was split.
    is_default: bool,
    /// Whether the old unit went into it whole.
    is_whole: bool,
}

fn view(units: &AdminUnits, unit: &AdminUnit, today: NaiveDate) -> UnitView {
    let name_of = |code: &str| units.get(code).map(|unit| unit.name_vi.clone()).unwrap_or_default();
    let mut parents = Vec::new();
    let mut above = unit.parent.as_deref();
    while let Some(parent) = above.and_then(|code| units.get(code)) {
        parents.push(UnitName { code: parent.code.clone(), name_vi: parent.name_vi.clone() });
        above = parent.parent.as_deref();
    }
    let successors = units
        .successors(&unit.code)
        .iter()
        .map(|step| SuccessorView {
            code: step.successor.clone(),
            name_vi: name_of(&step.successor),
            is_default: step.is_default,
            is_whole: step.is_whole,
        })
        .collect();
    UnitView {
        code: unit.code.clone(),
        level: unit.level,
        name_vi: unit.name_vi.clone(),
        full_name_vi: units.full_name(&unit.code, today).unwrap_or_default(),
        name_en: unit.name_en.clone(),
        parents,
        valid_from: unit.valid_from,
        valid_to: unit.valid_to,
        successors,
    }
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UnitFilter {
    /// Part of the name; accents, case and đ do not matter. At least two characters.
    #[validate(length(min = 2, max = 100))]
    name: Option<String>,
    /// Code of the unit directly above.
    parent: Option<String>,
    /// Level.
    level: Option<Level>,
    /// Only units that exist on this day.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    on: Option<NaiveDate>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// Look up administrative units, ordered by code.
#[utoipa::path(tag = "admin-units", params(UnitFilter), responses(
    (status = 200, body = Page<UnitView>),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[get("/admin-units")]
async fn list_units(
    caller: Caller,
    app: Data<App>,
    query: Query<UnitFilter>,
) -> Result<Json<Page<UnitView>>, AppError> {
    app.read(caller, |_, actor| actor.scope(Action::AdminUnitRead)).await?;
    let (filter, today) = (query.0, app.clock.today());
    if filter.parent.as_deref().is_some_and(|code| app.units.get(code).is_none()) {
        return Err(AppError::Invalid(vec![FieldError::new("parent", Rule::NoSuchReference)]));
    }
    let limit = usize::try_from(listing::limit(filter.limit)?).unwrap_or(0);
    let name = filter.name.as_deref().map(fold);
    let after = filter.cursor.as_deref();
    let mut found: Vec<&AdminUnit> = app
        .units
        .all()
        .iter()
        .filter(|unit| after.is_none_or(|code| unit.code.as_str() > code))
        .filter(|unit| filter.level.is_none_or(|level| unit.level == level))
        .filter(|unit| filter.parent.is_none() || unit.parent == filter.parent)
        .filter(|unit| filter.on.is_none_or(|day| unit.is_valid_on(day)))
        .filter(|unit| name.as_ref().is_none_or(|name| unit.name_folded.contains(name.as_str())))
        .collect();
    found.sort_unstable_by(|a, b| a.code.cmp(&b.code));
    let next_cursor = (found.len() > limit).then(|| found.get(limit - 1).map(|unit| unit.code.clone())).flatten();
    let items = found.into_iter().take(limit).map(|unit| view(&app.units, unit, today)).collect();
    Ok(Json(Page { items, next_cursor }))
}

/// Read one unit.
#[utoipa::path(tag = "admin-units", params(("code" = String, Path)), responses((status = 200, body = UnitView)))]
#[get("/admin-units/{code}")]
async fn read_unit(caller: Caller, app: Data<App>, code: Path<String>) -> Result<Json<UnitView>, AppError> {
    app.read(caller, |_, actor| actor.scope(Action::AdminUnitRead)).await?;
    let unit = app.units.get(&code.0).ok_or(AppError::NotFound)?;
    Ok(Json(view(&app.units, unit, app.clock.today())))
}
