//! Reading referrals, as their sender or as their recipient.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::consents::model::Consent;
use crate::db::DbConnection;
use crate::db::schema::{consents, persons, referral_events, referrals};
use crate::db::types::{CaseId, Instant, ReferralId};
use crate::error::AppError;
use crate::grants::predicates::{referrals_addressed, referrals_within};
use crate::grants::{Action, Scope};
use crate::persons::model::Person;
use crate::referrals::ReferralStatus;
use crate::referrals::model::{Referral, ReferralEvent};

/// Through which side a reader reaches a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Through the case.
    Sender,
    /// As the organisation it is addressed to.
    Recipient,
}

/// Reads one referral.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: ReferralId) -> Result<(Referral, Side), AppError> {
    let scope = actor.scope(Action::ReferralRead)?;
    let found = || referrals::table.filter(referrals::id.eq(id)).select(Referral::as_select());
    let sent: Option<Referral> = found().filter(referrals_within(&scope)).first(conn).optional()?;
    if let Some(referral) = sent {
        return Ok((referral, Side::Sender));
    }
    Ok((found().filter(referrals_addressed(&scope)).first(conn)?, Side::Recipient))
}

/// The status of a referral, for what hangs on it.
///
/// # Errors
/// The engine's own.
pub fn status_of(conn: &mut DbConnection, id: ReferralId) -> Result<ReferralStatus, AppError> {
    Ok(referrals::table.find(id).select(referrals::status).first(conn)?)
}

/// The person of a referral, for the recipient's view.
///
/// # Errors
/// The engine's own.
pub fn person_of(conn: &mut DbConnection, referral: &Referral) -> Result<Person, AppError> {
    Ok(persons::table.find(referral.person_id).select(Person::as_select()).first(conn)?)
}

/// The persons whom these referrals show to their recipient on this day, in one query: those of a referral whose
/// status shows the person, while the consent it rests on holds.
///
/// # Errors
/// The engine's own.
pub fn shown_persons(
    conn: &mut DbConnection,
    ids: &[ReferralId],
    today: NaiveDate,
) -> Result<HashMap<ReferralId, Person>, AppError> {
    let rows: Vec<(Referral, Person, Consent)> = referrals::table
        .inner_join(persons::table.on(persons::id.eq(referrals::person_id)))
        .inner_join(consents::table.on(consents::id.nullable().eq(referrals::consent_id)))
        .filter(referrals::id.eq_any(ids))
        .select((Referral::as_select(), Person::as_select(), Consent::as_select()))
        .load(conn)?;
    let shown = rows.into_iter().filter(|(referral, _, consent)| referral.shows_person(consent.is_live_on(today)));
    Ok(shown.map(|(referral, person, _)| (referral.id, person)).collect())
}

/// Which referrals a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In this status.
    pub status: Option<ReferralStatus>,
    /// Of this case.
    pub case: Option<CaseId>,
    /// Whose deadline lies before this day.
    pub due_before: Option<NaiveDate>,
    /// Only emergencies that no manager has looked at.
    pub unreviewed: bool,
}

/// Reads a page of referrals of one side, oldest first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    side: Side,
    filter: &Filter,
    after: Option<(Instant, ReferralId)>,
    limit: i64,
) -> Result<Vec<(Referral, Person)>, AppError> {
    let scope = actor.scope(Action::ReferralRead)?;
    let mut query = referrals::table
        .inner_join(persons::table.on(persons::id.eq(referrals::person_id)))
        .order((referrals::created_at, referrals::id))
        .select((Referral::as_select(), Person::as_select()))
        .limit(limit + 1)
        .into_boxed();
    query = match side {
        Side::Sender => query
            .filter(referrals_within(&scope))
            .filter(referrals::from_organisation_id.eq_any(scope.case_organisations())),
        Side::Recipient => query.filter(referrals_addressed(&scope)),
    };
    if let Some(status) = filter.status {
        query = query.filter(referrals::status.eq(status));
    }
    if let Some(case) = filter.case {
        query = query.filter(referrals::case_id.eq(case));
    }
    if let Some(day) = filter.due_before {
        query = query.filter(referrals::answer_due_on.lt(day));
    }
    if filter.unreviewed {
        query = query.filter(referrals::emergency_reason.is_not_null()).filter(referrals::reviewed_at.is_null());
    }
    if let Some((at, id)) = after {
        query = query.filter(referrals::created_at.gt(at).or(referrals::created_at.eq(at).and(referrals::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// Reads the steps of a referral, oldest first, for its sender; at most 200.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] for the recipient.
pub fn steps(conn: &mut DbConnection, actor: &Actor, id: ReferralId) -> Result<Vec<ReferralEvent>, AppError> {
    let (_, side) = read(conn, actor, id)?;
    if side == Side::Recipient {
        return Err(AppError::Forbidden);
    }
    Ok(referral_events::table
        .filter(referral_events::referral_id.eq(id))
        .order((referral_events::recorded_at, referral_events::id))
        .select(ReferralEvent::as_select())
        .limit(200)
        .load(conn)?)
}

/// The side a list shows to this actor when none is asked for.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn usual_side(actor: &Actor) -> Result<Side, AppError> {
    let scope: Scope = actor.scope(Action::ReferralRead)?;
    Ok(if scope.case_organisations().is_empty() { Side::Recipient } else { Side::Sender })
}
