//! `/outreach/notebook`, `/outreach/totals`, `/outreach/stock` and `/outreach/allowances`.

use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::month::Month;
use super::notebook::{self, Notebook};
use super::sheet::{self, AllowanceLine};
use super::stock::{self, StockLine};
use super::totals::{self, OutreachTotals};
use crate::accounts::Caller;
use crate::app::App;
use crate::audit::{Seen, SubjectKind};
use crate::db::types::OrganisationId;
use crate::error::{AppError, DayOf, Rule};
use crate::http::{Query, listing};

/// Days that totals may span.
const MOST_DAYS: i64 = 366;

/// Registers the routes.
pub(in crate::outreach) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(read_notebook).service(read_totals).service(read_stock).service(read_allowances);
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NotebookQuery {
    /// Group.
    group_id: OrganisationId,
    /// Number of the worker in the group, 1 to 200.
    #[validate(range(min = 1, max = 200))]
    worker: i32,
    /// Month, such as `2026-11`.
    #[validate(length(max = 10))]
    month: String,
}

/// Read the notebook of one worker for one month.
#[utoipa::path(tag = "outreach", params(NotebookQuery), responses((status = 200, body = Notebook)))]
#[get("/outreach/notebook")]
async fn read_notebook(
    caller: Caller,
    app: Data<App>,
    query: Query<NotebookQuery>,
) -> Result<Json<Notebook>, AppError> {
    let NotebookQuery { group_id, worker, month } = query.0;
    let (month, state) = (Month::parse(&month)?, app.clone());
    let notebook = app
        .view(caller, move |conn, actor| {
            let notebook = notebook::read(conn, actor, &state.ring.programme, group_id, worker, month)?;
            Ok((notebook, Seen::record(SubjectKind::PeerGroup, group_id.0)))
        })
        .await?;
    Ok(Json(notebook))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TotalsQuery {
    /// Group.
    group_id: OrganisationId,
    /// First day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    from: NaiveDate,
    /// Last day; 366 days at the most.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    to: NaiveDate,
}

/// Read what the outreach of a group comes to, by numbers; of whole months for whoever does not lead the group.
#[utoipa::path(tag = "outreach", params(TotalsQuery), responses((status = 200, body = OutreachTotals)))]
#[get("/outreach/totals")]
async fn read_totals(
    caller: Caller,
    app: Data<App>,
    query: Query<TotalsQuery>,
) -> Result<Json<OutreachTotals>, AppError> {
    let TotalsQuery { group_id, from, to } = query.0;
    listing::days(Some(from), Some(to))?;
    if (to - from).num_days() >= MOST_DAYS {
        return Err(AppError::field("to", Rule::NotAfter(DayOf::YearAfterFirstDay)));
    }
    app.read(caller, move |conn, actor| totals::read(conn, actor, group_id, (from, to))).await.map(Json)
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StockQuery {
    /// Group.
    group_id: OrganisationId,
    /// Month, such as `2026-11`.
    #[validate(length(max = 10))]
    month: String,
}

/// Read the stock of a group in one month.
#[utoipa::path(tag = "outreach", params(StockQuery), responses((status = 200, body = Vec<StockLine>)))]
#[get("/outreach/stock")]
async fn read_stock(
    caller: Caller,
    app: Data<App>,
    query: Query<StockQuery>,
) -> Result<Json<Vec<StockLine>>, AppError> {
    let (group, month) = (query.0.group_id, Month::parse(&query.0.month)?);
    app.read(caller, move |conn, actor| stock::read(conn, actor, group, month)).await.map(Json)
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AllowanceQuery {
    /// Group.
    group_id: OrganisationId,
    /// Month, such as `2026-11`.
    #[validate(length(max = 10))]
    month: String,
    /// What is paid a day, in đồng; absent: no amounts.
    #[validate(range(min = 0, max = 100_000_000))]
    dong_a_day: Option<i64>,
}

/// Read the sheet by which the workers of a group are paid their allowance.
#[utoipa::path(tag = "outreach", params(AllowanceQuery), responses((status = 200, body = Vec<AllowanceLine>)))]
#[get("/outreach/allowances")]
async fn read_allowances(
    caller: Caller,
    app: Data<App>,
    query: Query<AllowanceQuery>,
) -> Result<Json<Vec<AllowanceLine>>, AppError> {
    let (group, month, dong) = (query.0.group_id, Month::parse(&query.0.month)?, query.0.dong_a_day);
    app.read(caller, move |conn, actor| sheet::read(conn, actor, group, month, dong)).await.map(Json)
}
