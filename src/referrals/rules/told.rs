//! Referrals of before this program, made for what papers tell of a service. Nobody sent or answered them here: they
//! begin where they stand.

use diesel::prelude::*;

use crate::cases::model::Case;
use crate::db::DbConnection;
use crate::db::schema::{referral_events, referrals};
use crate::db::types::{AccountId, ConsentId, Instant, OrganisationId, ReferralEventId, ReferralId};
use crate::error::AppError;
use crate::referrals::ReferralStatus;
use crate::referrals::model::{Referral, ReferralEvent};
use crate::services::ServiceType;

/// A service that is given, or was, to whom a case is about.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// Id of the referral.
    pub id: ReferralId,
    /// Service.
    pub service_type: ServiceType,
    /// Who gives it.
    pub to: OrganisationId,
}

/// The referral of a service that is being given on a consent, recorded by an account at an instant.
pub fn told((by, at): (AccountId, Instant), case: &Case, given: Given, consent: Option<ConsentId>) -> Referral {
    Referral {
        id: given.id,
        case_id: case.id,
        person_id: case.person_id,
        service_type: given.service_type,
        from_organisation_id: case.organisation_id,
        to_organisation_id: given.to,
        status: ReferralStatus::InService,
        consent_id: consent,
        answer_due_on: None,
        // From now on the recipient knows of it.
        sent_at: Some(at),
        answered_at: None,
        decline_reason: None,
        outcome: None,
        sealed_message: None,
        created_by: by,
        created_at: at,
        updated_at: at,
        version: 1,
        start_due_on: None,
        stop_reason: None,
        emergency_reason: None,
        consent_due_on: None,
        reviewed_by: None,
        reviewed_at: None,
    }
}

/// The one event of a referral that was told.
pub fn telling(referral: &Referral, id: ReferralEventId) -> ReferralEvent {
    ReferralEvent {
        id,
        referral_id: referral.id,
        from_status: None,
        to_status: referral.status,
        reason: Some("imported".to_owned()),
        recorded_by: Some(referral.created_by),
        recorded_at: referral.created_at,
    }
}

/// Removes referrals in which nothing happened but that they were told.
///
/// # Errors
/// The engine's own, when another row still refers to one of them.
pub fn remove_unused(conn: &mut DbConnection, ids: &[ReferralId]) -> Result<(), AppError> {
    for some in ids.chunks(500) {
        diesel::delete(referral_events::table.filter(referral_events::referral_id.eq_any(some))).execute(conn)?;
        diesel::delete(referrals::table.filter(referrals::id.eq_any(some))).execute(conn)?;
    }
    Ok(())
}
