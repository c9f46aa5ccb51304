//! What the lender does: it appraises, decides, pays out, and records what comes back.

use actix_web::post;
use actix_web::web::Data;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::show;
use super::views::LoanView;
use crate::accounts::{Actor, Caller};
use crate::app::{App, Target};
use crate::audit::{SubjectKind, log_reply};
use crate::db::DbConnection;
use crate::db::types::{DeliveryId, LoanEventId, LoanId};
use crate::error::{AppError, Problem};
use crate::http::idempotency::BoundKey;
use crate::http::{IdempotencyKey, IfMatch, Path, Valid, Versioned};
use crate::loans::ledger::{Frequency, RepaymentPlan, Terms};
use crate::loans::model::Loan;
use crate::loans::rules::{self, Grant, Payment, Side};
use crate::loans::status::{RefusalReason, WriteOffReason};

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(appraise)
        .service(approve)
        .service(refuse)
        .service(disburse)
        .service(repay)
        .service(restructure)
        .service(write_off)
        .service(reverse);
}

/// Takes a step once, and answers with the loan as the lender reads it.
async fn step<F>(
    caller: Caller,
    app: &Data<App>,
    id: LoanId,
    bound: BoundKey,
    mut take: F,
) -> Result<Versioned<LoanView>, AppError>
where
    F: FnMut(&mut DbConnection, &Actor, &App) -> Result<Loan, AppError> + Send + 'static,
{
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let loan = take(conn, actor, &state)?;
        log_reply(conn, actor, SubjectKind::Loan, id.0)?;
        show(conn, &state.vault, actor, loan, Side::Lender)
    };
    app.write_once(caller, bound, Target::record(SubjectKind::Loan, id.0), write, move |conn, actor, first| {
        let (loan, side) = rules::read(conn, actor, LoanId(first))?;
        show(conn, &vault, actor, loan, side)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct NothingMore {}

/// Begin to look at an application.
#[utoipa::path(tag = "loans", request_body = NothingMore,
    params(("id" = LoanId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/loans/{id}/appraise")]
async fn appraise(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<NothingMore>,
) -> Result<Versioned<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let event = LoanEventId(app.random.uuid());
    step(caller, &app, id.0, bound, move |conn, actor, app| {
        rules::appraise(conn, actor, &app.trail, id.0, version.0, event)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Approval {
    /// Day of the decision; the rate is the product's on that day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    decided_on: NaiveDate,
    /// Whole đồng, not more than was asked for.
    #[validate(range(min = 1, max = 1_000_000_000_000_i64))]
    amount_dong: i64,
    /// Months until the last instalment.
    #[validate(range(min = 1, max = 600))]
    term_months: i32,
}

/// Grant a loan.
#[utoipa::path(tag = "loans", request_body = Approval,
    params(("id" = LoanId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/loans/{id}/approve")]
async fn approve(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Approval>,
) -> Result<Versioned<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let event = LoanEventId(app.random.uuid());
    let grant = Grant { on: form.decided_on, dong: form.amount_dong, months: form.term_months };
    step(caller, &app, id.0, bound, move |conn, actor, app| {
        rules::approve(conn, actor, app, id.0, version.0, grant, event)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refusal {
    /// Day of the decision.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    decided_on: NaiveDate,
    /// Why.
    reason: RefusalReason,
}

/// Do not grant a loan.
#[utoipa::path(tag = "loans", request_body = Refusal,
    params(("id" = LoanId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/loans/{id}/refuse")]
async fn refuse(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Refusal>,
) -> Result<Versioned<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let decision = (form.body.decided_on, form.body.reason);
    let event = LoanEventId(app.random.uuid());
    step(caller, &app, id.0, bound, move |conn, actor, app| {
        rules::refuse(conn, actor, &app.trail, id.0, version.0, decision, event)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Disbursement {
    /// Day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    disbursed_on: NaiveDate,
    /// Whole đồng; all parts together are not more than was granted.
    #[validate(range(min = 1, max = 1_000_000_000_000_i64))]
    amount_dong: i64,
}

/// Record money paid out, in full or in part. While the referral is in service this is a delivery as well.
#[utoipa::path(tag = "loans", request_body = Disbursement,
    params(("id" = LoanId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/loans/{id}/disbursements")]
async fn disburse(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Disbursement>,
) -> Result<Versioned<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let paid = Payment { id: LoanEventId(app.random.uuid()), on: form.disbursed_on, dong: form.amount_dong };
    let delivery = DeliveryId(app.random.uuid());
    step(caller, &app, id.0, bound, move |conn, actor, app| {
        rules::disburse(conn, actor, app, (id.0, version.0), paid, delivery)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Repayment {
    /// Day.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    repaid_on: NaiveDate,
    /// Whole đồng, not more than is owed.
    #[validate(range(min = 1, max = 1_000_000_000_000_i64))]
    amount_dong: i64,
}

/// Record money paid back: interest due first, then principal due, interest until that day, principal ahead.
#[utoipa::path(tag = "loans", request_body = Repayment,
    params(("id" = LoanId, Path), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/loans/{id}/repayments")]
async fn repay(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    key: IdempotencyKey,
    form: Valid<Repayment>,
) -> Result<Versioned<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let paid = Payment { id: LoanEventId(app.random.uuid()), on: form.repaid_on, dong: form.amount_dong };
    step(caller, &app, id.0, bound, move |conn, actor, app| rules::repay(conn, actor, &app.trail, id.0, paid)).await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Restructuring {
    /// Day from which the new terms hold.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    restructured_on: NaiveDate,
    /// Months from that day until the last instalment.
    #[validate(range(min = 1, max = 600))]
    term_months: u32,
    /// When principal comes back.
    plan: RepaymentPlan,
    /// How often instalments fall due.
    frequency: Frequency,
}

/// Lay what is outstanding on new instalments. Interest that is not paid falls due with the first; the rates stay.
#[utoipa::path(tag = "loans", request_body = Restructuring,
    params(("id" = LoanId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/loans/{id}/restructurings")]
async fn restructure(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Restructuring>,
) -> Result<Versioned<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let event = LoanEventId(app.random.uuid());
    let terms = Terms { months: form.term_months, plan: form.plan, frequency: form.frequency };
    let new = (form.restructured_on, terms);
    step(caller, &app, id.0, bound, move |conn, actor, app| {
        rules::restructure(conn, actor, app, id.0, version.0, new, event)
    })
    .await
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct WriteOff {
    /// Day; not before the last entry.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    written_off_on: NaiveDate,
    /// Why.
    reason: WriteOffReason,
}

/// Write off all that is outstanding.
#[utoipa::path(tag = "loans", request_body = WriteOff,
    params(("id" = LoanId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/loans/{id}/write-off")]
async fn write_off(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<WriteOff>,
) -> Result<Versioned<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let rest = (form.body.written_off_on, form.body.reason);
    let event = LoanEventId(app.random.uuid());
    step(caller, &app, id.0, bound, move |conn, actor, app| {
        rules::write_off(conn, actor, &app.trail, id.0, version.0, rest, event)
    })
    .await
}

/// Declare an entry of the ledger a mistake. It stays readable and counts no more; the reversal of a
/// payment out declares its delivery void.
#[utoipa::path(tag = "loans", request_body = NothingMore,
    params(("id" = LoanId, Path), ("event" = LoanEventId, Path), ("If-Match" = String, Header),
        ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/loans/{id}/events/{event}/reverse")]
async fn reverse(
    caller: Caller,
    app: Data<App>,
    path: Path<(LoanId, LoanEventId)>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<NothingMore>,
) -> Result<Versioned<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (id, mistake) = path.0;
    let event = LoanEventId(app.random.uuid());
    step(caller, &app, id, bound, move |conn, actor, app| {
        rules::reverse(conn, actor, &app.trail, id, version.0, mistake, event)
    })
    .await
}
