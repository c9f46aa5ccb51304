//! Applications that end without their people: the referral or the consent to the certificate is gone.
//! What was paid out goes on as a contract between the borrower and the lender.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{note, save};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::clock::Random;
use crate::consents::{self as agreed, model::Consent};
use crate::db::DbConnection;
use crate::db::schema::{consents, loan_papers, loans};
use crate::db::types::{AccountId, CaseId, ConsentId, Instant, LoanEventId, LoanId, OrganisationId, ReferralId};
use crate::error::AppError;
use crate::loans::LoanStatus;
use crate::loans::model::{Loan, LoanEvent, LoanEventKind};

/// Withdraws the applications on a referral that has just ended; called in its transaction.
///
/// # Errors
/// The engine's own.
pub fn end_with_referral(
    conn: &mut DbConnection,
    trail: &TrailKey,
    referral: ReferralId,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    let pending: Vec<Loan> = loans::table
        .filter(loans::referral_id.eq(referral))
        .filter(loans::status.eq_any(LoanStatus::PENDING))
        .select(Loan::as_select())
        .load(conn)?;
    end_all(conn, trail, pending, by, "referral_ended", now)
}

/// Withdraws the applications whose certificate rests on a consent that has just ended.
///
/// # Errors
/// The engine's own.
pub fn end_without_consent(
    conn: &mut DbConnection,
    trail: &TrailKey,
    consent: ConsentId,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    let pending: Vec<Loan> = loans::table
        .inner_join(loan_papers::table.on(loan_papers::loan_id.eq(loans::id)))
        .filter(loan_papers::certificate_consent_id.eq(consent))
        .filter(loans::status.eq_any(LoanStatus::PENDING))
        .select(Loan::as_select())
        .load(conn)?;
    end_all(conn, trail, pending, by, "consent_ended", now)
}

/// Withdraws up to 500 applications whose consent to the certificate has run out without another that goes on.
/// Returns how many it looked at. Called every minute.
///
/// # Errors
/// The engine's own.
pub fn sweep(conn: &mut DbConnection, trail: &TrailKey, now: Instant) -> Result<usize, AppError> {
    let today: NaiveDate = now.civil_date();
    let without: Vec<(Loan, Consent)> = loans::table
        .inner_join(loan_papers::table.on(loan_papers::loan_id.eq(loans::id)))
        .inner_join(consents::table.on(consents::id.nullable().eq(loan_papers::certificate_consent_id)))
        .filter(loans::status.eq_any(LoanStatus::PENDING))
        .filter(consents::expires_on.lt(today))
        .select((Loan::as_select(), Consent::as_select()))
        .limit(500)
        .load(conn)?;
    let swept = without.len();
    for (loan, ended) in without {
        match agreed::rules::successor(conn, &ended, today)? {
            Some(next) => put_on(conn, trail, loan.id, next, None, now)?,
            None => end_all(conn, trail, vec![loan], None, "consent_ended", now)?,
        }
    }
    Ok(swept)
}

/// Lets the certificates of applications rest on a consent that outlasts theirs.
///
/// # Errors
/// The engine's own.
pub fn rest_on(conn: &mut DbConnection, trail: &TrailKey, consent: &Consent, actor: &Actor) -> Result<(), AppError> {
    let Some(lender) = consent.recipient_organisation_id else { return Ok(()) };
    let resting: Vec<(LoanId, Consent)> = loans::table
        .inner_join(loan_papers::table.on(loan_papers::loan_id.eq(loans::id)))
        .inner_join(consents::table.on(consents::id.nullable().eq(loan_papers::certificate_consent_id)))
        .filter(loans::person_id.eq(consent.person_id))
        .filter(loans::lender_id.eq(lender))
        .filter(loans::status.eq_any(LoanStatus::PENDING))
        .select((loans::id, Consent::as_select()))
        .load(conn)?;
    for (loan, former) in resting {
        if consent.outlasts(&former) {
            put_on(conn, trail, loan, consent.id, Some(actor.account), actor.now)?;
        }
    }
    Ok(())
}

fn put_on(
    conn: &mut DbConnection,
    trail: &TrailKey,
    loan: LoanId,
    consent: ConsentId,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    diesel::update(loan_papers::table.find(loan)).set(loan_papers::certificate_consent_id.eq(consent)).execute(conn)?;
    diesel::update(loans::table.find(loan))
        .set((loans::updated_at.eq(now), loans::version.eq(loans::version + 1)))
        .execute(conn)?;
    note(conn, trail, by, loan, TrailAction::Update, &["certificate_consent_id"], now)
}

/// The case was handed over: what is asked for or owed goes on in the receiver's.
///
/// # Errors
/// The engine's own.
pub fn follow_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    from: CaseId,
    to: CaseId,
    receiver: OrganisationId,
) -> Result<(), AppError> {
    let going_on: Vec<LoanId> = loans::table
        .filter(loans::case_id.eq(from))
        .filter(loans::status.eq_any(LoanStatus::PENDING).or(loans::status.eq(LoanStatus::Disbursed)))
        .select(loans::id)
        .load(conn)?;
    for id in going_on {
        diesel::update(loans::table.find(id))
            .set((
                loans::case_id.eq(to),
                loans::centre_id.eq(receiver),
                loans::updated_at.eq(actor.now),
                loans::version.eq(loans::version + 1),
            ))
            .execute(conn)?;
        let subject = Subject::new(SubjectKind::Loan, id.0);
        record(conn, trail, subject, Some(actor.account), TrailAction::Update, &["case_id"], actor.now)?;
    }
    Ok(())
}

fn end_all(
    conn: &mut DbConnection,
    trail: &TrailKey,
    pending: Vec<Loan>,
    by: Option<AccountId>,
    reason: &str,
    now: Instant,
) -> Result<(), AppError> {
    for mut loan in pending {
        let from = loan.status;
        loan.status = LoanStatus::Withdrawn;
        // Nothing outside the database depends on this id, so a retried write may draw another.
        let id = LoanEventId(Random::system().uuid());
        let mut event = LoanEvent::new(id, loan.id, LoanEventKind::Withdrawn, now.civil_date(), now);
        event.reason = Some(reason.to_owned());
        event.recorded_by = by;
        save(conn, trail, &mut loan, from, &event)?;
    }
    Ok(())
}
