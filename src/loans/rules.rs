//! Loans: [`applying`] writes the application, [`deciding`] takes it to a decision, [`paying`] keeps the
//! ledger, [`ending`] withdraws what ends by itself, [`histories`] tells loans of before this program,
//! [`reading`] reads.

use diesel::prelude::*;

use super::LoanStatus;
use super::model::{Loan, LoanEvent};
use super::products::LoanProduct;
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::DbConnection;
use crate::db::schema::{loan_events, loans};
use crate::db::types::{AccountId, DeliveryId, Instant, LoanId, PersonId, ReferralId};
use crate::deliveries::{self, rules::Ground};
use crate::error::{AppError, Conflict, LoanConflict};
use crate::grants::Action;
use crate::grants::predicates::{loans_addressed, loans_within};

mod applying;
mod deciding;
mod ending;
mod histories;
mod paying;
mod reading;

pub use applying::{Application, Certificate, apply, certificate_consent, papers_of};
pub use deciding::{Grant, appraise, approve, refuse, withdraw};
pub use ending::{end_with_referral, end_without_consent, follow_case, rest_on, sweep};
pub use histories::{History, PaidBack, PaidOut, Told, WrittenOff, like, remove_unused, tell};
pub use paying::{Payment, disburse, repay, restructure, reverse, write_off};
pub use reading::{
    Filter, Ledger, Side, certificate_is_shown, ledger, list, list_events, list_overdue, papers, read, usual_side,
};

/// 404 when the loan cannot be seen; 403 when it can but this is not the reader's step to take.
fn find_for(conn: &mut DbConnection, actor: &Actor, action: Action, id: LoanId) -> Result<Loan, AppError> {
    let (loan, _) = read(conn, actor, id)?;
    let scope = actor.scope(action)?;
    let found = loans::table.filter(loans::id.eq(id));
    let reached: bool = match action {
        Action::LoanLend => {
            diesel::select(diesel::dsl::exists(found.filter(loans_addressed(&scope)))).get_result(conn)?
        }
        _ => diesel::select(diesel::dsl::exists(found.filter(loans_within(&scope)))).get_result(conn)?,
    };
    if reached { Ok(loan) } else { Err(AppError::Forbidden) }
}

/// The loan, for a step that was chosen by looking at this version of it.
fn find_version(
    conn: &mut DbConnection,
    actor: &Actor,
    action: Action,
    id: LoanId,
    expected: i32,
) -> Result<Loan, AppError> {
    let loan = find_for(conn, actor, action, id)?;
    check_version(conn, Subject::new(SubjectKind::Loan, id.0), loan.version, expected)?;
    Ok(loan)
}

fn illegal(from: LoanStatus, to: LoanStatus) -> AppError {
    AppError::Conflict(Conflict::IllegalTransition { from: from.as_str(), to: to.as_str() })
}

/// What the person's other loans of a product take up of its ceiling, in whole đồng.
///
/// # Errors
/// The engine's own.
pub fn exposure(conn: &mut DbConnection, person: PersonId, product: LoanProduct, but: LoanId) -> Result<i64, AppError> {
    let others: Vec<Loan> = loans::table
        .filter(loans::person_id.eq_any(crate::persons::same::everyone(conn, person)?))
        .filter(loans::product.eq(product))
        .filter(loans::status.eq_any([LoanStatus::Approved, LoanStatus::Disbursed]))
        .filter(loans::id.ne(but))
        .select(Loan::as_select())
        .load(conn)?;
    Ok(others.iter().map(Loan::exposure_dong).sum())
}

/// Stores what a step changed, the event and the trail entry. The status may have changed or not.
fn save(
    conn: &mut DbConnection,
    trail: &TrailKey,
    loan: &mut Loan,
    from: LoanStatus,
    event: &LoanEvent,
) -> Result<(), AppError> {
    if loan.status != from && !from.may_become(loan.status) {
        return Err(illegal(from, loan.status));
    }
    let read = loan.version;
    loan.version += 1;
    loan.updated_at = event.recorded_at;
    let row = loans::table.filter(loans::id.eq(loan.id)).filter(loans::version.eq(read));
    let saved = diesel::update(row)
        .set((
            loans::status.eq(loan.status),
            loans::decided_on.eq(loan.decided_on),
            loans::approved_dong.eq(loan.approved_dong),
            loans::approved_months.eq(loan.approved_months),
            loans::rate_ppm.eq(loan.rate_ppm),
            loans::overdue_rate_ppm.eq(loan.overdue_rate_ppm),
            loans::refusal_reason.eq(loan.refusal_reason),
            loans::disbursed_on.eq(loan.disbursed_on),
            loans::restructured_on.eq(loan.restructured_on),
            loans::disbursed_dong.eq(loan.disbursed_dong),
            loans::repaid_principal_dong.eq(loan.repaid_principal_dong),
            loans::repaid_interest_dong.eq(loan.repaid_interest_dong),
            loans::written_off_dong.eq(loan.written_off_dong),
            loans::next_due_on.eq(loan.next_due_on),
            loans::updated_at.eq(loan.updated_at),
            loans::version.eq(loan.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)?;
    diesel::insert_into(loan_events::table).values(event).execute(conn)?;
    let (action, field) =
        if loan.status == from { (TrailAction::Update, "ledger") } else { (TrailAction::Transition, "status") };
    note(conn, trail, event.recorded_by, loan.id, action, &[field], event.recorded_at)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    by: Option<AccountId>,
    id: LoanId,
    action: TrailAction,
    fields: &[&str],
    now: Instant,
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Loan, id.0), by, action, fields, now)
}

/// Whether a loan in this case, or on this referral, was applied for, and neither refused nor withdrawn.
///
/// # Errors
/// The engine's own.
pub fn has_loan(conn: &mut DbConnection, ground: Ground) -> Result<bool, AppError> {
    let ended = [LoanStatus::Refused, LoanStatus::Withdrawn];
    let lasting = loans::table.filter(loans::status.ne_all(ended)).select(loans::id).into_boxed();
    let of_ground = match ground {
        Ground::Case(id) => lasting.filter(loans::case_id.eq(id)),
        Ground::Referral(id) => lasting.filter(loans::referral_id.eq(id)),
    };
    let found: Option<LoanId> = of_ground.first(conn).optional()?;
    Ok(found.is_some())
}

/// Money recorded by hand on the referral would count beside the ledger's.
fn refuse_paid_by_hand(conn: &mut DbConnection, referral: ReferralId) -> Result<(), AppError> {
    for delivery in deliveries::rules::counted_of_referral(conn, referral)? {
        if !stands_for(conn, delivery)? {
            return Err(AppError::loan(LoanConflict::PaidByHand));
        }
    }
    Ok(())
}

/// Whether a delivery stands for money that a ledger says was paid out.
///
/// # Errors
/// The engine's own.
pub fn stands_for(conn: &mut DbConnection, delivery: DeliveryId) -> Result<bool, AppError> {
    let entries: Vec<LoanEvent> =
        loan_events::table.filter(loan_events::delivery_id.eq(delivery)).select(LoanEvent::as_select()).load(conn)?;
    let Some(paid_out) = entries.first() else { return Ok(false) };
    let reversal = loan_events::table.filter(loan_events::reverses_id.eq(paid_out.id));
    let reversed: bool = diesel::select(diesel::dsl::exists(reversal)).get_result(conn)?;
    Ok(!reversed)
}
