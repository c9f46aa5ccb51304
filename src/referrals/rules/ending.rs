//! Referrals that end without their people: deadline passed, consent gone, case closed.

use diesel::prelude::*;

use super::emergencies::put_on;
use super::{insert_event, note, save};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::clock::Random;
use crate::consents::{self, model::Consent};
use crate::db::DbConnection;
use crate::db::schema::{consents as agreed_consents, referrals};
use crate::db::types::{AccountId, CaseId, ConsentId, Instant, OrganisationId, ReferralEventId};
use crate::error::AppError;
use crate::loans;
use crate::referrals::ReferralStatus;
use crate::referrals::model::Referral;

/// Cancels the open referrals that rest on a consent which has just ended.
///
/// # Errors
/// The engine's own.
pub fn close_without_consent(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    consent: ConsentId,
) -> Result<(), AppError> {
    let open: Vec<Referral> = referrals::table
        .filter(referrals::consent_id.eq(consent))
        .filter(referrals::status.eq_any(ReferralStatus::OPEN))
        .select(Referral::as_select())
        .load(conn)?;
    cancel_all(conn, trail, open, Some(actor.account), "consent_withdrawn", actor.now)
}

/// Cancels the open referrals of a case that is being closed.
///
/// # Errors
/// The engine's own.
pub fn cancel_open_of_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: CaseId,
) -> Result<(), AppError> {
    let open: Vec<Referral> = referrals::table
        .filter(referrals::case_id.eq(case))
        .filter(referrals::status.eq_any(ReferralStatus::OPEN))
        .select(Referral::as_select())
        .load(conn)?;
    cancel_all(conn, trail, open, Some(actor.account), "case_closed", actor.now)
}

/// Lets the open referrals of a case that was handed over go on in the receiver's case;
/// drafts are dropped.
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
    let open: Vec<Referral> = referrals::table
        .filter(referrals::case_id.eq(from))
        .filter(referrals::status.eq_any(ReferralStatus::OPEN))
        .select(Referral::as_select())
        .load(conn)?;
    let (drafts, sent): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|referral| referral.status == ReferralStatus::Draft);
    cancel_all(conn, trail, drafts, Some(actor.account), "case_transferred", actor.now)?;
    for mut referral in sent {
        diesel::update(referrals::table.find(referral.id))
            .set((referrals::case_id.eq(to), referrals::from_organisation_id.eq(receiver)))
            .execute(conn)?;
        referral.case_id = to;
        referral.from_organisation_id = receiver;
        save(conn, &mut referral, actor.now)?;
        note(conn, trail, Some(actor.account), referral.id, TrailAction::Update, &["case_id"], actor.now)?;
    }
    Ok(())
}

fn cancel_all(
    conn: &mut DbConnection,
    trail: &TrailKey,
    open: Vec<Referral>,
    by: Option<AccountId>,
    reason: &str,
    now: Instant,
) -> Result<(), AppError> {
    for referral in open {
        end(conn, trail, referral, ReferralStatus::Cancelled, by, reason, now)?;
    }
    Ok(())
}

fn end(
    conn: &mut DbConnection,
    trail: &TrailKey,
    mut referral: Referral,
    status: ReferralStatus,
    by: Option<AccountId>,
    reason: &str,
    now: Instant,
) -> Result<(), AppError> {
    let from = referral.status;
    referral.status = status;
    save(conn, &mut referral, now)?;
    // Nothing outside the database depends on this id, so a retried write may draw another.
    let event = ReferralEventId(Random::system().uuid());
    insert_event(conn, event, &referral, Some(from), Some(reason), by, now)?;
    if from.shows_person() {
        loans::rules::end_with_referral(conn, trail, referral.id, by, now)?;
    }
    note(conn, trail, by, referral.id, TrailAction::Transition, &["status"], now)?;
    crate::training::rules::follow_referral(conn, trail, &referral, by, now)
}

/// Returns up to 500 referrals whose deadline has passed to their senders, and closes up to
/// 500 whose consent has run out without another that goes on, and 500 emergencies nobody agreed to in time. Returns how many. Called every minute.
///
/// # Errors
/// The engine's own.
pub fn sweep(conn: &mut DbConnection, trail: &TrailKey, now: Instant) -> Result<usize, AppError> {
    let today = now.civil_date();
    let late: Vec<Referral> = referrals::table
        .filter(referrals::status.eq(ReferralStatus::Sent))
        .filter(referrals::answer_due_on.lt(today))
        .order((referrals::answer_due_on, referrals::id))
        .select(Referral::as_select())
        .limit(500)
        .load(conn)?;
    let mut swept = late.len();
    for referral in late {
        end(conn, trail, referral, ReferralStatus::Expired, None, "deadline_passed", now)?;
    }
    let without: Vec<(Referral, Consent)> = referrals::table
        .inner_join(agreed_consents::table.on(agreed_consents::id.nullable().eq(referrals::consent_id)))
        .filter(referrals::status.eq_any(ReferralStatus::OPEN))
        .filter(agreed_consents::expires_on.lt(today))
        .select((Referral::as_select(), Consent::as_select()))
        .limit(500)
        .load(conn)?;
    swept += without.len();
    for (referral, ended) in without {
        match consents::rules::successor(conn, &ended, today)? {
            Some(next) => put_on(conn, trail, referral, next, None, now)?,
            None => end(conn, trail, referral, ReferralStatus::Cancelled, None, "consent_expired", now)?,
        }
    }
    let unasked: Vec<Referral> = referrals::table
        .filter(referrals::emergency_reason.is_not_null())
        .filter(referrals::consent_id.is_null())
        .filter(referrals::consent_due_on.lt(today))
        .filter(referrals::status.eq_any(ReferralStatus::OPEN))
        .select(Referral::as_select())
        .limit(500)
        .load(conn)?;
    swept += unasked.len();
    cancel_all(conn, trail, unasked, None, "consent_not_given", now)?;
    Ok(swept)
}
