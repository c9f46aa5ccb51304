//! `/official-returns`: for return officers, each of the own province.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::filing::{Filing, filing};
use super::model::{OfficialReturn, OfficialReturnLine, OfficialReturnView, ReturnStatus};
use super::signing::{self, SigningDesk};
use super::{document, receipts, rules};
use crate::accounts::routes::{Password, peer};
use crate::accounts::{Actor, Caller, prove};
use crate::app::{App, Target};
use crate::audit::{Seen, SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{Instant, OfficialReturnId};
use crate::error::{AppError, PlainForm, Problem, Rule};
use crate::grants::Action;
use crate::http::idempotency::BoundKey;
use crate::http::{Cursor, IdempotencyKey, IfMatch, Page, Path, Query, Valid, Versioned, listing};
use crate::programmes::periods::{Calendar, ReportPeriod};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_returns)
        .service(list_missing)
        .service(check_receipt)
        .service(read_return)
        .service(sign_return)
        .service(countersign_return)
        .service(read_document)
        .service(read_table);
}

fn desk(app: &App) -> SigningDesk<'_> {
    SigningDesk { units: &app.units, catalogue: &app.returns, key: &app.ring.server, trail: &app.trail }
}

fn shown(conn: &mut DbConnection, row: &OfficialReturn) -> Result<Versioned<OfficialReturnView>, AppError> {
    Ok(Versioned { version: row.version, record: OfficialReturnView::of(conn, row)? })
}

fn seen(id: OfficialReturnId) -> Seen {
    Seen::record(SubjectKind::OfficialReturn, id.0)
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List the returns of your province, those computed last first; their totals are read one by one. The view is logged.
#[utoipa::path(tag = "returns", params(Paging), responses((status = 200, body = Page<OfficialReturnLine>)))]
#[get("/official-returns")]
async fn list_returns(
    caller: Caller,
    app: Data<App>,
    query: Query<Paging>,
) -> Result<Json<Page<OfficialReturnLine>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let before = listing::cursor(query.0.cursor.as_deref())?.map(|cursor| cursor.number()).transpose()?;
    let units = app.units.clone();
    app.view(caller, move |conn, actor| {
        let rows = rules::list(conn, actor, &units, before, limit)?;
        let end = |row: &OfficialReturn| Cursor { key: row.number.to_string(), id: row.id.0 };
        let page = Page::of(rows, limit, end, |row| Ok(OfficialReturnLine::from(&row)))?;
        let seen = Seen::list(SubjectKind::OfficialReturn, page.items.iter().map(|line| line.id.0));
        Ok((Json(page), seen))
    })
    .await
}

/// Read a return: totals, who signed, and why releases say something else. The view is logged.
#[utoipa::path(tag = "returns", params(("id" = OfficialReturnId, Path)), responses((status = 200, body = OfficialReturnView)))]
#[get("/official-returns/{id}")]
async fn read_return(
    caller: Caller,
    app: Data<App>,
    id: Path<OfficialReturnId>,
) -> Result<Versioned<OfficialReturnView>, AppError> {
    let units = app.units.clone();
    app.view(caller, move |conn, actor| {
        let row = rules::find(conn, actor, &units, Action::OfficialReturnRead, id.0)?;
        Ok((shown(conn, &row)?, seen(row.id)))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct FirstSignature {
    /// Your password, once more.
    password: Password,
    /// Code of the recipient.
    #[validate(length(min = 1, max = 40))]
    recipient: String,
}

/// Sign a return first, with your password, and name the recipient. Until the second signature it may be signed anew.
#[utoipa::path(tag = "returns", request_body = FirstSignature,
    params(("id" = OfficialReturnId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = OfficialReturnView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    (status = 429, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
#[post("/official-returns/{id}/sign")]
async fn sign_return(
    caller: Caller,
    app: Data<App>,
    request: HttpRequest,
    id: Path<OfficialReturnId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<FirstSignature>,
) -> Result<Versioned<OfficialReturnView>, AppError> {
    let FirstSignature { password, recipient } = form.body;
    step_up(&app, caller, &request, id.0, password).await?;
    // Not bound to the password: what is kept of a body must be no way to guess it.
    let bound = key.bind(&app.ring.server, recipient.as_bytes());
    let state = app.clone();
    let sign = move |conn: &mut DbConnection, actor: &Actor| {
        signing::sign(conn, actor, desk(&state), (id.0, version.0), &recipient)
    };
    signed(caller, &app, id.0, bound, sign).await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct SecondSignature {
    /// Your password, once more.
    password: Password,
}

/// Sign a return second, as another person than the first, with your password: it is filed, and has a receipt.
#[utoipa::path(tag = "returns", request_body = SecondSignature,
    params(("id" = OfficialReturnId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = OfficialReturnView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 429, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
#[post("/official-returns/{id}/countersign")]
async fn countersign_return(
    caller: Caller,
    app: Data<App>,
    request: HttpRequest,
    id: Path<OfficialReturnId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<SecondSignature>,
) -> Result<Versioned<OfficialReturnView>, AppError> {
    step_up(&app, caller, &request, id.0, form.body.password).await?;
    let bound = key.bind(&app.ring.server, &[]);
    let state = app.clone();
    let sign = move |conn: &mut DbConnection, actor: &Actor| {
        signing::countersign(conn, actor, desk(&state), (id.0, version.0))
    };
    signed(caller, &app, id.0, bound, sign).await
}

/// Asks for the password once more, of somebody who may sign this return at all.
async fn step_up(
    app: &Data<App>,
    caller: Caller,
    request: &HttpRequest,
    id: OfficialReturnId,
    password: Password,
) -> Result<(), AppError> {
    let units = app.units.clone();
    let may = move |conn: &mut DbConnection, actor: &Actor| {
        rules::find(conn, actor, &units, Action::OfficialReturnSign, id).map(drop)
    };
    prove(app, caller, password.0, &peer(app, request), may).await
}

async fn signed<F>(
    caller: Caller,
    app: &Data<App>,
    id: OfficialReturnId,
    bound: BoundKey,
    mut sign: F,
) -> Result<Versioned<OfficialReturnView>, AppError>
where
    F: FnMut(&mut DbConnection, &Actor) -> Result<OfficialReturn, AppError> + Send + 'static,
{
    let units = app.units.clone();
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let row = sign(conn, actor)?;
        log_reply(conn, actor, SubjectKind::OfficialReturn, id.0)?;
        shown(conn, &row)
    };
    let target = Target::record(SubjectKind::OfficialReturn, id.0);
    app.write_once(caller, bound, target, write, move |conn, actor, first| {
        let row = rules::find(conn, actor, &units, Action::OfficialReturnRead, OfficialReturnId(first))?;
        shown(conn, &row)
    })
    .await
}

/// Get a return as a page to print, in both languages. The view is logged.
#[utoipa::path(tag = "returns", params(("id" = OfficialReturnId, Path)), responses(
    (status = 200, body = String, content_type = "text/html")))]
#[get("/official-returns/{id}/document")]
async fn read_document(caller: Caller, app: Data<App>, id: Path<OfficialReturnId>) -> Result<HttpResponse, AppError> {
    let state = app.clone();
    let page = app
        .view(caller, move |conn, actor| {
            let row = rules::find(conn, actor, &state.units, Action::OfficialReturnRead, id.0)?;
            let view = OfficialReturnView::of(conn, &row)?;
            Ok((document::page(&row, &view, &state.returns), seen(row.id)))
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, document::policy()))
        .body(page))
}

/// Get the totals of a return as CSV. The view is logged.
#[utoipa::path(tag = "returns", params(("id" = OfficialReturnId, Path)), responses(
    (status = 200, body = String, content_type = "text/csv")))]
#[get("/official-returns/{id}/table")]
async fn read_table(caller: Caller, app: Data<App>, id: Path<OfficialReturnId>) -> Result<HttpResponse, AppError> {
    let units = app.units.clone();
    let (name, table) = app
        .view(caller, move |conn, actor| {
            let row = rules::find(conn, actor, &units, Action::OfficialReturnRead, id.0)?;
            let name = format!("{}-{}-{}.csv", row.province_code, row.period, row.revision);
            Ok(((name, document::table(&row, &row.opened()?.lines)?), seen(row.id)))
        })
        .await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .body(table))
}

/// What a genuine receipt is of. No total stands here.
#[derive(Debug, Serialize, ToSchema)]
struct ReceiptView {
    /// The receipt, as it is written.
    receipt: Option<String>,
    /// The province on the map of the period's last day.
    province_code: String,
    /// Its name then.
    province_vi: String,
    /// Calendar.
    calendar: Calendar,
    /// Period.
    period: String,
    /// First day.
    first_day: NaiveDate,
    /// Last day.
    last_day: NaiveDate,
    /// Revision that was filed.
    revision: i32,
    /// `filed`, or `superseded` when a later revision is there.
    status: ReturnStatus,
    /// Code of the recipient.
    recipient: Option<String>,
    /// When it was filed.
    filed_at: Option<Instant>,
}

/// Check a receipt, however it was written down. 404 where it is not genuine.
#[utoipa::path(tag = "returns", params(("receipt" = String, Path)), responses((status = 200, body = ReceiptView)))]
#[get("/official-returns/receipts/{receipt}")]
async fn check_receipt(caller: Caller, app: Data<App>, receipt: Path<String>) -> Result<Json<ReceiptView>, AppError> {
    let state = app.clone();
    app.read(caller, move |conn, actor| {
        actor.scope(Action::OfficialReturnRead)?;
        let row = receipts::find(conn, &state.ring.server, &receipt.0)?;
        let name = state.units.name_on(&row.province_code, row.last_day).unwrap_or(&row.province_code);
        Ok(Json(ReceiptView {
            province_vi: name.to_owned(),
            receipt: row.receipt,
            province_code: row.province_code,
            calendar: row.calendar,
            period: row.period,
            first_day: row.first_day,
            last_day: row.last_day,
            revision: row.revision,
            status: row.status,
            recipient: row.recipient,
            filed_at: row.second_signed_at,
        }))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MissingFilter {
    /// Period.
    #[validate(length(max = 9))]
    period: String,
    /// Calendar.
    calendar: Calendar,
}

/// Read which provinces have not filed for a period. For a return officer of the whole country.
#[utoipa::path(tag = "returns", params(MissingFilter), responses(
    (status = 200, body = Filing),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[get("/official-returns/missing")]
async fn list_missing(caller: Caller, app: Data<App>, query: Query<MissingFilter>) -> Result<Json<Filing>, AppError> {
    let (state, MissingFilter { period, calendar }) = (app.clone(), query.0);
    let form = || AppError::field("period", Rule::Format(PlainForm::ReturnPeriod.into()));
    let period: ReportPeriod = period.parse().map_err(|_| form())?;
    app.read(caller, move |conn, actor| {
        let books = (state.units.as_ref(), state.returns.as_ref(), state.closing_day);
        filing(conn, actor, books, calendar, period).map(Json)
    })
    .await
}
