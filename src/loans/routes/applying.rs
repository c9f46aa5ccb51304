//! What the centre does: it applies, and withdraws.

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
use crate::db::types::{LoanEventId, LoanId, PersonId, ReferralId};
use crate::error::{AppError, Problem};
use crate::http::extract::plain_text;
use crate::http::{Created, IdempotencyKey, IfMatch, Path, Valid, Versioned};
use crate::loans::ledger::{Frequency, RepaymentPlan};
use crate::loans::model::{CertificateIssuer, LoanPapers, LoanPurpose};
use crate::loans::products::{Borrower, LoanProduct};
use crate::loans::rules::{self, Application, Certificate, Side};
use crate::loans::status::WithdrawalReason;
use crate::text::tidy;
use crate::vault::seal;

pub(super) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(apply).service(withdraw);
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoanForm {
    /// Referral for a loan that the lender has accepted.
    referral_id: ReferralId,
    /// Product, as it is lent on the day of the application.
    product: LoanProduct,
    /// Who borrows.
    borrower: Borrower,
    /// Whole đồng.
    #[validate(range(min = 1, max = 1_000_000_000_000_i64))]
    amount_dong: i64,
    /// Months until the last instalment.
    #[validate(range(min = 1, max = 600))]
    term_months: i32,
    /// When principal comes back.
    plan: RepaymentPlan,
    /// How often instalments fall due.
    frequency: Frequency,
    /// What the money is for.
    purpose: LoanPurpose,
    /// The plan, in the person's words.
    #[validate(length(min = 1, max = 4000), custom(function = plain_text))]
    plan_text: String,
    /// Savings-and-credit group, where the product needs one.
    #[validate(length(min = 1, max = 200), custom(function = plain_text))]
    savings_group: Option<String>,
    /// The certificate, where the product needs one; only then.
    certificate: Option<LoanCertificateForm>,
    /// Day of the application.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    applied_on: NaiveDate,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LoanCertificateForm {
    /// Who issued it.
    issuer: CertificateIssuer,
    /// When.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    issued_on: NaiveDate,
    /// When the person was read what the lender learns from it; not after the consent.
    #[serde(deserialize_with = "crate::http::extract::civil_date")]
    disclosure_read_on: NaiveDate,
}

impl LoanForm {
    fn application(&self, id: LoanId, event: LoanEventId) -> Application {
        Application {
            id,
            event,
            referral: self.referral_id,
            product: self.product,
            borrower: self.borrower,
            asked_dong: self.amount_dong,
            asked_months: self.term_months,
            plan: self.plan,
            frequency: self.frequency,
            purpose: self.purpose,
            applied_on: self.applied_on,
            names_group: self.savings_group.is_some(),
            certificate: self.certificate.as_ref().map(|form| Certificate {
                issuer: form.issuer,
                issued_on: form.issued_on,
                disclosure_read_on: Some(form.disclosure_read_on),
            }),
        }
    }
}

/// Apply for a loan on a referral that the lender has accepted.
#[utoipa::path(tag = "loans", request_body = LoanForm, params(("Idempotency-Key" = String, Header)), responses(
    (status = 201, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
#[post("/loans")]
async fn apply(
    caller: Caller,
    app: Data<App>,
    key: IdempotencyKey,
    form: Valid<LoanForm>,
) -> Result<Created<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let form = form.body;
    let new = form.application(LoanId(app.random.uuid()), LoanEventId(app.random.uuid()));
    let (plan, group) = (tidy(&form.plan_text), form.savings_group.as_deref().map(tidy));
    let (state, vault, id) = (app.clone(), app.vault.clone(), new.id);
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let sealing = |person: PersonId| {
            let key = state.vault.key(person)?;
            let sealed = |column, text: &str| seal(&state.random, &key, person, LoanPapers::place(id, column), 1, text);
            let group = group.as_deref().map(|text| sealed("sealed_group", text)).transpose()?;
            Ok((sealed("sealed_plan", &plan)?, group))
        };
        let loan = rules::apply(conn, actor, &state, &new, sealing)?;
        show(conn, &state.vault, actor, loan, Side::Centre)
    };
    let reply = app
        .write_once(caller, bound, Target::record(SubjectKind::Loan, id.0), write, move |conn, actor, first| {
            let (loan, side) = rules::read(conn, actor, LoanId(first))?;
            show(conn, &vault, actor, loan, side)
        })
        .await?;
    let location = format!("/loans/{}", reply.record.id);
    Ok(Created { location, version: Some(reply.version), record: reply.record })
}

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    /// Why.
    reason: WithdrawalReason,
}

/// Withdraw an application before money is paid out. The lender no longer sees it.
#[utoipa::path(tag = "loans", request_body = Withdrawal,
    params(("id" = LoanId, Path), ("If-Match" = String, Header), ("Idempotency-Key" = String, Header)), responses(
    (status = 200, body = LoanView),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 412, body = Problem, content_type = "application/problem+json")))]
#[post("/loans/{id}/withdraw")]
async fn withdraw(
    caller: Caller,
    app: Data<App>,
    id: Path<LoanId>,
    version: IfMatch,
    key: IdempotencyKey,
    form: Valid<Withdrawal>,
) -> Result<Versioned<LoanView>, AppError> {
    let bound = key.bind(&app.ring.server, &form.bytes);
    let (id, event, reason) = (id.0, LoanEventId(app.random.uuid()), form.body.reason);
    let (state, vault) = (app.clone(), app.vault.clone());
    let write = move |conn: &mut DbConnection, actor: &Actor| {
        let loan = rules::withdraw(conn, actor, &state.trail, id, version.0, reason, event)?;
        log_reply(conn, actor, SubjectKind::Loan, id.0)?;
        show(conn, &state.vault, actor, loan, Side::Centre)
    };
    app.write_once(caller, bound, Target::record(SubjectKind::Loan, id.0), write, move |conn, actor, first| {
        let (loan, side) = rules::read(conn, actor, LoanId(first))?;
        show(conn, &vault, actor, loan, side)
    })
    .await
}
