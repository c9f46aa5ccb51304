//! From the application to a decision.

use chrono::NaiveDate;

use super::{exposure, find_version, illegal, papers, save};
use crate::accounts::Actor;
use crate::app::App;
use crate::audit::TrailKey;
use crate::consents;
use crate::db::DbConnection;
use crate::db::types::{Instant, LoanEventId, LoanId};
use crate::error::{AppError, Conflict, DayOf, FieldError, LoanConflict, Rule};
use crate::grants::Action;
use crate::loans::LoanStatus;
use crate::loans::model::{Loan, LoanEvent, LoanEventKind};
use crate::loans::products::{Product, Products};
use crate::loans::status::{RefusalReason, WithdrawalReason};
use crate::referrals;

/// What a lender grants.
#[derive(Debug, Clone, Copy)]
pub struct Grant {
    /// Day of the decision; the rate is the product's on that day.
    pub on: NaiveDate,
    /// Whole đồng, not more than was asked for.
    pub dong: i64,
    /// Months until the last instalment.
    pub months: i32,
}

/// Begins to look at an application.
///
/// # Errors
/// [`Conflict::IllegalTransition`], [`Conflict::ConsentMissing`], [`LoanConflict::CertificateConsentMissing`];
/// [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn appraise(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: LoanId,
    expected: i32,
    event: LoanEventId,
) -> Result<Loan, AppError> {
    let mut loan = find_version(conn, actor, Action::LoanLend, id, expected)?;
    let from = begin(&mut loan, LoanStatus::Appraisal)?;
    check_agreed(conn, actor, &loan)?;
    let event = by(actor, LoanEvent::new(event, id, LoanEventKind::Appraised, actor.now.civil_date(), actor.now));
    save(conn, trail, &mut loan, from, &event)?;
    Ok(loan)
}

/// Grants a loan.
///
/// # Errors
/// Field errors; [`LoanConflict::Ceiling`]; as [`appraise`].
pub fn approve(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    id: LoanId,
    expected: i32,
    grant: Grant,
    event: LoanEventId,
) -> Result<Loan, AppError> {
    let mut loan = find_version(conn, actor, Action::LoanLend, id, expected)?;
    let from = begin(&mut loan, LoanStatus::Approved)?;
    check_agreed(conn, actor, &loan)?;
    let today = actor.now.civil_date();
    let (product, ceiling) = check_grant(&app.products, today, &loan, grant).map_err(AppError::Invalid)?;
    if exposure(conn, loan.person_id, loan.product, loan.id)? + grant.dong > ceiling {
        return Err(AppError::loan(LoanConflict::Ceiling));
    }
    let event = by(actor, granted(&mut loan, product, grant, event, actor.now));
    save(conn, &app.trail, &mut loan, from, &event)?;
    Ok(loan)
}

/// The product of the day of a decision, and its ceiling for this borrower.
///
/// # Errors
/// Every rule that what is granted breaks.
pub(super) fn check_grant<'a>(
    products: &'a Products,
    today: NaiveDate,
    loan: &Loan,
    grant: Grant,
) -> Result<(&'a Product, i64), Vec<FieldError>> {
    let mut broken = dates(today, loan, grant.on);
    let product = products.on(loan.product, grant.on);
    let Some((product, ceiling)) = product.and_then(|product| Some((product, product.ceiling(loan.borrower)?))) else {
        broken.push(FieldError::new("decided_on", Rule::ProductNotOffered));
        return Err(broken);
    };
    let most = loan.asked_dong.min(ceiling);
    if grant.dong > most {
        broken.push(FieldError::new("amount_dong", Rule::Range { min: 1, max: most }));
    }
    if i64::from(grant.months) > i64::from(product.term_months_max) {
        broken.push(FieldError::new("term_months", Rule::Range { min: 1, max: product.term_months_max.into() }));
    }
    if broken.is_empty() { Ok((product, ceiling)) } else { Err(broken) }
}

/// Notes what is granted, and returns the event.
pub(super) fn granted(loan: &mut Loan, product: &Product, grant: Grant, id: LoanEventId, at: Instant) -> LoanEvent {
    loan.decided_on = Some(grant.on);
    loan.approved_dong = Some(grant.dong);
    loan.approved_months = Some(grant.months);
    loan.rate_ppm = Some(product.rate_ppm);
    loan.overdue_rate_ppm = Some(product.overdue_rate_ppm());
    let mut event = LoanEvent::new(id, loan.id, LoanEventKind::Approved, grant.on, at);
    event.amount_dong = loan.approved_dong;
    event.term_months = loan.approved_months;
    event
}

/// Does not grant a loan.
///
/// # Errors
/// Field errors; [`Conflict::IllegalTransition`]; [`AppError::VersionStale`]; [`AppError::NotFound`];
/// [`AppError::Forbidden`].
pub fn refuse(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: LoanId,
    expected: i32,
    (on, reason): (NaiveDate, RefusalReason),
    event: LoanEventId,
) -> Result<Loan, AppError> {
    let mut loan = find_version(conn, actor, Action::LoanLend, id, expected)?;
    let from = begin(&mut loan, LoanStatus::Refused)?;
    let broken = dates(actor.now.civil_date(), &loan, on);
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    loan.decided_on = Some(on);
    loan.refusal_reason = Some(reason);
    let mut event = by(actor, LoanEvent::new(event, id, LoanEventKind::Refused, on, actor.now));
    event.reason = Some(reason.as_str().to_owned());
    save(conn, trail, &mut loan, from, &event)?;
    Ok(loan)
}

/// Withdraws an application before money was paid out.
///
/// # Errors
/// [`Conflict::IllegalTransition`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn withdraw(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: LoanId,
    expected: i32,
    reason: WithdrawalReason,
    event: LoanEventId,
) -> Result<Loan, AppError> {
    let mut loan = find_version(conn, actor, Action::LoanApply, id, expected)?;
    if !LoanStatus::PENDING.contains(&loan.status) {
        return Err(illegal(loan.status, LoanStatus::Withdrawn));
    }
    let from = begin(&mut loan, LoanStatus::Withdrawn)?;
    let mut event = by(actor, LoanEvent::new(event, id, LoanEventKind::Withdrawn, actor.now.civil_date(), actor.now));
    event.reason = Some(reason.as_str().to_owned());
    save(conn, trail, &mut loan, from, &event)?;
    Ok(loan)
}

fn begin(loan: &mut Loan, to: LoanStatus) -> Result<LoanStatus, AppError> {
    let from = loan.status;
    if !from.may_become(to) {
        return Err(illegal(from, to));
    }
    loan.status = to;
    Ok(from)
}

fn by(actor: &Actor, event: LoanEvent) -> LoanEvent {
    LoanEvent { recorded_by: Some(actor.account), ..event }
}

fn dates(today: NaiveDate, loan: &Loan, decided_on: NaiveDate) -> Vec<FieldError> {
    let mut broken = Vec::new();
    if decided_on > today {
        broken.push(FieldError::new("decided_on", Rule::NotInFuture));
    }
    if decided_on < loan.applied_on {
        broken.push(FieldError::new("decided_on", Rule::NotBefore(DayOf::LoanApplied)));
    }
    broken
}

/// Until money is paid out, the lender goes on only while the person agrees: to the referral, and to the
/// certificate where there is one.
///
/// # Errors
/// [`Conflict::ConsentMissing`], [`LoanConflict::CertificateConsentMissing`].
pub(super) fn check_agreed(conn: &mut DbConnection, actor: &Actor, loan: &Loan) -> Result<(), AppError> {
    let today = actor.now.civil_date();
    let (referral, _) = referrals::rules::read(conn, actor, loan.referral_id)?;
    match referral.consent_id {
        Some(consent) if consents::rules::is_live(conn, consent, today)? => {}
        _ => return Err(AppError::Conflict(Conflict::ConsentMissing)),
    }
    match papers(conn, loan.id)?.certificate_consent_id {
        Some(consent) if !consents::rules::is_live(conn, consent, today)? => {
            Err(AppError::loan(LoanConflict::CertificateConsentMissing))
        }
        _ => Ok(()),
    }
}
