//! Reading stays, through their case or as the facility.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::dsl::{auto_type, exists};
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::consents::holding::holds_on;
use crate::db::DbConnection;
use crate::db::schema::{consents, referrals, stay_extensions, stays};
use crate::db::types::{CaseId, OrganisationId, ReferralId, StayId};
use crate::error::AppError;
use crate::grants::Action;
use crate::grants::predicates::{stays_addressed, stays_within};
use crate::organisations::{self, OrganisationKind};
use crate::referrals::ReferralStatus;
use crate::referrals::rules::Side;
use crate::stays::model::{Extension, Sight, Stay};

/// Reads one stay, and how the reader sees it.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: StayId) -> Result<(Stay, Sight), AppError> {
    let scope = actor.scope(Action::StayRead)?;
    let found = || stays::table.filter(stays::id.eq(id)).select(Stay::as_select());
    let own: Option<Stay> = found().filter(stays_within(&scope)).first(conn).optional()?;
    if let Some(stay) = own {
        return Ok((stay, Sight::Centre));
    }
    let stay: Stay = found().filter(stays_addressed(&scope)).first(conn)?;
    let serving = served(conn, stay.referral_id.as_slice(), actor.now.civil_date())?;
    let sight = facility_sight(&stay, &serving, &houses_of_victims(conn, &[stay.organisation_id])?);
    Ok((stay, sight))
}

/// Those of these organisations that house victims alone.
fn houses_of_victims(conn: &mut DbConnection, ids: &[OrganisationId]) -> Result<HashSet<OrganisationId>, AppError> {
    let kinds = organisations::rules::kinds(conn, ids)?;
    let victims = kinds.into_iter().filter(|(_, kind)| *kind == OrganisationKind::VictimSupportFacility);
    Ok(victims.map(|(id, _)| id).collect())
}

/// Whether a stay of this case goes on.
///
/// # Errors
/// The engine's own.
pub fn goes_on(conn: &mut DbConnection, case: CaseId) -> Result<bool, AppError> {
    let open =
        stays::table.filter(stays::case_id.eq(case)).filter(stays::out_on.is_null()).filter(stays::voided_at.is_null());
    Ok(diesel::select(exists(open)).get_result(conn)?)
}

fn facility_sight(stay: &Stay, serving: &HashSet<ReferralId>, victims: &HashSet<OrganisationId>) -> Sight {
    let serves = stay.referral_id.is_some_and(|referral| serving.contains(&referral));
    match (serves, victims.contains(&stay.organisation_id)) {
        (false, _) => Sight::Former,
        (true, true) => Sight::ServingVictims,
        (true, false) => Sight::Serving,
    }
}

/// Stays whose referral is accepted or in service and rests on a consent that holds today.
#[auto_type]
fn is_served(today: NaiveDate) -> _ {
    let accepted: ReferralStatus = ReferralStatus::Accepted;
    let in_service: ReferralStatus = ReferralStatus::InService;
    let of_consent = consents::id.nullable().eq(referrals::consent_id);
    let holds: holds_on = holds_on(today);
    let runs = referrals::status.eq(accepted).or(referrals::status.eq(in_service));
    let of_stay = referrals::id.nullable().eq(stays::referral_id);
    exists(referrals::table.inner_join(consents::table.on(of_consent)).filter(of_stay).filter(runs).filter(holds))
}

/// Those of these referrals that are accepted or in service and rest on a consent that holds today.
fn served(conn: &mut DbConnection, ids: &[ReferralId], today: NaiveDate) -> Result<HashSet<ReferralId>, AppError> {
    let rows: Vec<ReferralId> = referrals::table
        .inner_join(consents::table.on(consents::id.nullable().eq(referrals::consent_id)))
        .filter(referrals::id.eq_any(ids))
        .filter(referrals::status.eq_any([ReferralStatus::Accepted, ReferralStatus::InService]))
        .filter(holds_on(today))
        .select(referrals::id)
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Which stays a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this case.
    pub case: Option<CaseId>,
    /// Only those that go on.
    pub resident: bool,
    /// Only those that go on and whose limit covers no day from this one on.
    pub running_out_before: Option<NaiveDate>,
}

/// A stay and how the reader sees it.
pub type ListRow = (Stay, Sight);

/// Reads a page of stays, one more than `limit`: by first day, or by the last day covered when
/// those running out are asked for.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    side: Side,
    filter: &Filter,
    after: Option<(NaiveDate, StayId)>,
    limit: i64,
) -> Result<Vec<ListRow>, AppError> {
    let scope = actor.scope(Action::StayRead)?;
    let victims = match side {
        Side::Recipient => houses_of_victims(conn, &scope.addressed.iter().collect::<Vec<_>>())?,
        Side::Sender => HashSet::new(),
    };
    let mut query = stays::table.select(Stay::as_select()).limit(limit + 1).into_boxed();
    query = match side {
        Side::Sender => query.filter(stays_within(&scope)).filter(stays::centre_id.eq_any(scope.case_organisations())),
        Side::Recipient => {
            let limits = filter.running_out_before.is_some();
            let own: Vec<_> = scope.addressed.iter().filter(|id| !limits || victims.contains(id)).collect();
            let here = query.filter(stays_addressed(&scope)).filter(stays::organisation_id.eq_any(own));
            // Of a stay whose referral is over the facility sees no last day covered.
            if limits { here.filter(is_served(actor.now.civil_date())) } else { here }
        }
    };
    if let Some(case) = filter.case {
        query = query.filter(stays::case_id.eq(case));
    }
    if filter.resident {
        query = query.filter(stays::out_on.is_null()).filter(stays::voided_at.is_null());
    }
    query = match (filter.running_out_before, after) {
        (Some(day), after) => {
            query = query.filter(stays::runs_out_on.lt(day)).order((stays::runs_out_on, stays::id));
            match after {
                Some((last, id)) => {
                    let later = stays::runs_out_on.eq(last).and(stays::id.gt(id));
                    query.filter(stays::runs_out_on.gt(last).or(later))
                }
                None => query,
            }
        }
        (None, Some((last, id))) => query
            .filter(stays::in_on.gt(last).or(stays::in_on.eq(last).and(stays::id.gt(id))))
            .order((stays::in_on, stays::id)),
        (None, None) => query.order((stays::in_on, stays::id)),
    };
    let rows: Vec<Stay> = query.load(conn)?;
    if side == Side::Sender {
        return Ok(rows.into_iter().map(|stay| (stay, Sight::Centre)).collect());
    }
    let referrals: Vec<ReferralId> = rows.iter().filter_map(|stay| stay.referral_id).collect();
    let serving = served(conn, &referrals, actor.now.civil_date())?;
    let seen = |stay: Stay| {
        let sight = facility_sight(&stay, &serving, &victims);
        (stay, sight)
    };
    Ok(rows.into_iter().map(seen).collect())
}

/// Extensions of these stays, oldest first.
///
/// # Errors
/// The engine's own.
pub fn extensions_of(conn: &mut DbConnection, ids: &[StayId]) -> Result<Vec<Extension>, AppError> {
    Ok(stay_extensions::table
        .filter(stay_extensions::stay_id.eq_any(ids))
        .order((stay_extensions::created_at, stay_extensions::id))
        .select(Extension::as_select())
        .load(conn)?)
}

/// The side a list shows to this actor when none is asked for.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn usual_side(actor: &Actor) -> Result<Side, AppError> {
    let scope = actor.scope(Action::StayRead)?;
    Ok(if scope.case_organisations().is_empty() { Side::Recipient } else { Side::Sender })
}
