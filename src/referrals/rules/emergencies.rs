//! Emergency referrals: sent before consent because a life is at risk. The manager looks
//! at each, and consent is sought afterwards.

use diesel::prelude::*;

use super::{note, read, save};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::consents::model::Consent;
use crate::db::DbConnection;
use crate::db::schema::{consents, referrals};
use crate::db::types::{AccountId, ConsentId, Instant, ReferralId};
use crate::error::{AppError, Conflict};
use crate::grants::Action;
use crate::grants::predicates::referrals_within;
use crate::referrals::ReferralStatus;
use crate::referrals::model::Referral;

/// Lets open referrals to the recipient rest on the consent that was now given: emergencies that went
/// before it, and those whose own consent runs out sooner, so that a renewal keeps help going.
///
/// # Errors
/// The engine's own.
pub fn rest_on(conn: &mut DbConnection, trail: &TrailKey, consent: &Consent, actor: &Actor) -> Result<(), AppError> {
    let Some(recipient) = consent.recipient_organisation_id else { return Ok(()) };
    let open: Vec<(Referral, Option<Consent>)> = referrals::table
        .left_join(consents::table.on(consents::id.nullable().eq(referrals::consent_id)))
        .filter(referrals::person_id.eq(consent.person_id))
        .filter(referrals::to_organisation_id.eq(recipient))
        .filter(referrals::status.eq_any(ReferralStatus::OPEN))
        .select((Referral::as_select(), Option::<Consent>::as_select()))
        .load(conn)?;
    for (referral, rested_on) in open {
        let before_consent = rested_on.is_none() && referral.emergency_reason.is_some();
        if before_consent || rested_on.is_some_and(|former| consent.outlasts(&former)) {
            put_on(conn, trail, referral, consent.id, Some(actor.account), actor.now)?;
        }
    }
    Ok(())
}

/// Lets a referral rest on another consent.
pub(super) fn put_on(
    conn: &mut DbConnection,
    trail: &TrailKey,
    mut referral: Referral,
    consent: ConsentId,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    referral.consent_id = Some(consent);
    save(conn, &mut referral, now)?;
    note(conn, trail, by, referral.id, TrailAction::Update, &["consent_id"], now)
}

/// The manager has looked at an emergency.
///
/// # Errors
/// [`Conflict::NothingToReview`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn review(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: ReferralId,
    expected: i32,
) -> Result<Referral, AppError> {
    let (mut referral, _) = read(conn, actor, id)?;
    let scope = actor.scope(Action::EmergencyReview)?;
    let reached = referrals::table.filter(referrals::id.eq(id)).filter(referrals_within(&scope));
    if !diesel::select(diesel::dsl::exists(reached)).get_result::<bool>(conn)? {
        return Err(AppError::Forbidden);
    }
    if referral.version != expected {
        return Err(AppError::VersionStale { current: referral.version, changed: vec!["reviewed_at".into()] });
    }
    if referral.emergency_reason.is_none() || referral.reviewed_at.is_some() {
        return Err(AppError::Conflict(Conflict::NothingToReview));
    }
    referral.reviewed_by = Some(actor.account);
    referral.reviewed_at = Some(actor.now);
    save(conn, &mut referral, actor.now)?;
    note(conn, trail, Some(actor.account), id, TrailAction::Update, &["reviewed_at"], actor.now)?;
    Ok(referral)
}
