//! `/statistics/releases`: what supervisors read.

use actix_web::get;
use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::releases::{self, Release, ReleaseContent};
use crate::accounts::Caller;
use crate::app::App;
use crate::db::types::Instant;
use crate::error::AppError;
use crate::http::{Page, Path};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_releases).service(read_release);
}

/// A release in the list.
#[derive(Debug, Serialize, ToSchema)]
struct ReleaseLine {
    /// Number in the order of release.
    number: i64,
    /// Plan.
    programme: String,
    /// Indicator.
    indicator: String,
    /// Area.
    scope_unit_code: String,
    /// Year.
    year: i32,
    /// When it was frozen.
    released_at: Instant,
}

impl From<&Release> for ReleaseLine {
    fn from(row: &Release) -> Self {
        Self {
            number: row.number,
            programme: row.plan_code.clone(),
            indicator: row.indicator_code.clone(),
            scope_unit_code: row.scope_unit_code.clone(),
            year: row.year,
            released_at: row.released_at,
        }
    }
}

/// List the statistical releases of your area.
#[utoipa::path(tag = "statistics", responses((status = 200, body = Page<ReleaseLine>)))]
#[get("/statistics/releases")]
async fn list_releases(caller: Caller, app: Data<App>) -> Result<Json<Page<ReleaseLine>>, AppError> {
    let units = app.units.clone();
    let rows = app.read(caller, move |conn, actor| releases::list(conn, actor, &units)).await?;
    Ok(Json(Page { items: rows.iter().map(Into::into).collect(), next_cursor: None }))
}

/// A release.
#[derive(Debug, Serialize, ToSchema)]
struct ReleaseView {
    #[serde(flatten)]
    line: ReleaseLine,
    /// The frozen table.
    table: ReleaseContent,
}

/// Read one release.
#[utoipa::path(tag = "statistics", params(("number" = i64, Path)), responses((status = 200, body = ReleaseView)))]
#[get("/statistics/releases/{number}")]
async fn read_release(caller: Caller, app: Data<App>, number: Path<i64>) -> Result<Json<ReleaseView>, AppError> {
    let units = app.units.clone();
    let rows = app.read(caller, move |conn, actor| releases::list(conn, actor, &units)).await?;
    let release = rows.iter().find(|row| row.number == number.0).ok_or(AppError::NotFound)?;
    let table = serde_json::from_str(&release.content).map_err(|e| AppError::internal(e.to_string()))?;
    Ok(Json(ReleaseView { line: release.into(), table }))
}
