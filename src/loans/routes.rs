//! `/loan-products` and `/loans`: reading here; [`applying`] is the centre's, [`lending`] the lender's.

use actix_web::get;
use actix_web::web::{Data, Json};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::LoanStatus;
use super::ledger::{Account, Instalment};
use super::model::{Loan, LoanEvent};
use super::rules::{self, Filter, Side};
use crate::accounts::{Actor, Caller};
use crate::app::App;
use crate::audit::{Seen, SubjectKind};
use crate::db::DbConnection;
use crate::db::types::{CaseId, LoanEventId, LoanId};
use crate::error::{AppError, DayOf, LoanConflict, Problem, Rule};
use crate::http::{Cursor, Page, Path, Query, Versioned, listing};
use crate::vault::Vault;

mod applying;
mod lending;
mod offering;
mod views;

pub use views::{LoanEventView, LoanView, Position, Schedule, Settlement};

/// Registers the routes.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_loans).service(read_loan).service(list_loan_events).service(read_schedule).service(quote);
    offering::configure(config);
    applying::configure(config);
    lending::configure(config);
}

/// A loan read alone: with its papers and what the ledger says today.
fn show(
    conn: &mut DbConnection,
    vault: &Vault,
    actor: &Actor,
    loan: Loan,
    side: Side,
) -> Result<Versioned<LoanView>, AppError> {
    let today = actor.now.civil_date();
    let papers = rules::papers(conn, loan.id)?;
    let account = if loan.status.has_ledger() { Some(rules::ledger(conn, &loan)?.account) } else { None };
    let shows_certificate = rules::certificate_is_shown(conn, &papers, side, today)?;
    let version = loan.version;
    let mut record = LoanView::of(&loan, side, today);
    record.position = account.map(|account| Position::on(&account, today));
    record.certificate = if shows_certificate { views::LoanCertificateView::of(&papers, side) } else { None };
    if let Some(centre) = &mut record.centre {
        let (plan, group) = papers.texts(&vault.key(loan.person_id)?, loan.person_id)?;
        (centre.plan_text, centre.savings_group) = (Some(plan), group);
    }
    Ok(Versioned { record, version })
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LoanFilter {
    /// `true`: those your organisation lends; `false`: those of your cases. What your role allows when absent.
    incoming: Option<bool>,
    /// In this status.
    status: Option<LoanStatus>,
    /// `true`: only those overdue today, longest first; goes with neither `status` nor `case_id`.
    overdue: Option<bool>,
    /// Of this case; for centres.
    case_id: Option<CaseId>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List loans, oldest application first. The view is logged.
#[utoipa::path(tag = "loans", params(LoanFilter), responses((status = 200, body = Page<LoanView>)))]
#[get("/loans")]
async fn list_loans(
    caller: Caller,
    app: Data<App>,
    query: Query<LoanFilter>,
) -> Result<Json<Page<LoanView>>, AppError> {
    let query = query.0;
    let limit = listing::limit(query.limit)?;
    let cursor = listing::cursor(query.cursor.as_deref())?;
    let overdue = query.overdue == Some(true);
    if overdue && query.status.is_some() {
        return Err(AppError::field("status", Rule::ConflictsWith("overdue")));
    }
    if overdue && query.case_id.is_some() {
        return Err(AppError::field("case_id", Rule::ConflictsWith("overdue")));
    }
    let filter = Filter { status: query.status, case: query.case_id };
    let page = app
        .view(caller, move |conn, actor| {
            let side = match query.incoming {
                Some(true) => Side::Lender,
                Some(false) => Side::Centre,
                None => rules::usual_side(actor)?,
            };
            // Which case a loan belongs to is not the lender's to know, nor to ask.
            if side == Side::Lender && filter.case.is_some() {
                return Err(AppError::field("case_id", Rule::ConflictsWith("incoming")));
            }
            let today = actor.now.civil_date();
            let page = if overdue {
                let after = cursor.map(|at| Ok::<_, AppError>((at.date()?, LoanId(at.id)))).transpose()?;
                let rows = rules::list_overdue(conn, actor, side, today, after, limit)?;
                let end = |row: &Loan| Cursor::after_date(row.next_due_on.unwrap_or(today), row.id.0);
                Page::of(rows, limit, end, |row| Ok(LoanView::of(&row, side, today)))?
            } else {
                let after = cursor.map(|at| Ok::<_, AppError>((at.instant()?, LoanId(at.id)))).transpose()?;
                let rows = rules::list(conn, actor, side, &filter, after, limit)?;
                let end = |row: &Loan| Cursor::after_instant(row.created_at, row.id.0);
                Page::of(rows, limit, end, |row| Ok(LoanView::of(&row, side, today)))?
            };
            let seen = Seen::list(SubjectKind::Loan, page.items.iter().map(|item| item.id.0));
            Ok((page, seen))
        })
        .await?;
    Ok(Json(page))
}

/// Read a loan, as the centre of the case or as the lender. The view is logged.
#[utoipa::path(tag = "loans", params(("id" = LoanId, Path)), responses((status = 200, body = LoanView)))]
#[get("/loans/{id}")]
async fn read_loan(caller: Caller, app: Data<App>, id: Path<LoanId>) -> Result<Versioned<LoanView>, AppError> {
    let vault = app.vault.clone();
    app.view(caller, move |conn, actor| {
        let (loan, side) = rules::read(conn, actor, id.0)?;
        let reply = show(conn, &vault, actor, loan, side)?;
        Ok((reply, Seen::record(SubjectKind::Loan, id.0.0)))
    })
    .await
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct EventPage {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Rows, 1 to 200; 50 when absent.
    limit: Option<i64>,
}

/// List everything that happened to a loan, in the order in which it was recorded. The view is logged.
#[utoipa::path(tag = "loans", params(("id" = LoanId, Path), EventPage), responses((status = 200, body = Page<LoanEventView>)))]
#[get("/loans/{id}/events")]
async fn list_loan_events(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    query: Query<EventPage>,
) -> Result<Json<Page<LoanEventView>>, AppError> {
    let limit = listing::limit(query.0.limit)?;
    let after = match listing::cursor(query.0.cursor.as_deref())? {
        Some(cursor) => Some((cursor.instant()?, LoanEventId(cursor.id))),
        None => None,
    };
    let page = app
        .view(caller, move |conn, actor| {
            let (_, side) = rules::read(conn, actor, id.0)?;
            let rows = rules::list_events(conn, id.0, after, limit)?;
            let end = |row: &LoanEvent| Cursor::after_instant(row.recorded_at, row.id.0);
            let page = Page::of(rows, limit, end, |row| Ok(LoanEventView::of(row, side)))?;
            Ok((page, Seen::record(SubjectKind::Loan, id.0.0)))
        })
        .await?;
    Ok(Json(page))
}

#[derive(Debug, Deserialize, Validate, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct OnDay {
    /// As seen on this day, which is not before the last entry; today when absent.
    #[serde(default, deserialize_with = "crate::http::extract::optional_date")]
    on: Option<NaiveDate>,
}

/// The account of a loan that was paid out, and the day it is asked for.
fn account_on(
    conn: &mut DbConnection,
    actor: &Actor,
    id: LoanId,
    on: Option<NaiveDate>,
) -> Result<(Account, NaiveDate), AppError> {
    let (loan, _) = rules::read(conn, actor, id)?;
    let today = actor.now.civil_date();
    let ledger = rules::ledger(conn, &loan);
    let account = match ledger {
        // Nothing is due of a loan that is not granted, or of which no money was paid out.
        Err(AppError::NotFound) => return Err(AppError::loan(LoanConflict::NothingLeft)),
        ledger => ledger?.account,
    };
    let last = account.last_day().ok_or(AppError::loan(LoanConflict::NothingLeft))?;
    let on = on.unwrap_or(today.max(last));
    if on < last {
        return Err(AppError::field("on", Rule::NotBefore(DayOf::LastLoanEntry)));
    }
    Ok((account, on))
}

/// What is still to be paid, instalment by instalment. The view is logged.
#[utoipa::path(tag = "loans", params(("id" = LoanId, Path), OnDay), responses((status = 200, body = Schedule),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
#[get("/loans/{id}/schedule")]
async fn read_schedule(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    query: Query<OnDay>,
) -> Result<Json<Schedule>, AppError> {
    let schedule = app
        .view(caller, move |conn, actor| {
            let (account, on) = account_on(conn, actor, id.0, query.0.on)?;
            let instalments: Vec<Instalment> = account.schedule(on);
            let schedule = Schedule { on, outstanding_dong: account.outstanding(), instalments };
            Ok((schedule, Seen::record(SubjectKind::Loan, id.0.0)))
        })
        .await?;
    Ok(Json(schedule))
}

/// What settles the loan on a day. The view is logged.
#[utoipa::path(tag = "loans", params(("id" = LoanId, Path), OnDay), responses((status = 200, body = Settlement),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
#[get("/loans/{id}/settlement")]
async fn quote(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    query: Query<OnDay>,
) -> Result<Json<Settlement>, AppError> {
    let quote = app
        .view(caller, move |conn, actor| {
            let (account, on) = account_on(conn, actor, id.0, query.0.on)?;
            let then = account.on(on);
            let quote = Settlement {
                on,
                principal_dong: then.outstanding(),
                interest_dong: then.interest(),
                total_dong: then.owed(),
            };
            Ok((quote, Seen::record(SubjectKind::Loan, id.0.0)))
        })
        .await?;
    Ok(Json(quote))
}
