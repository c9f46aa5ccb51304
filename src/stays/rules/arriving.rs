//! Recording stays.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{Rulebook, check_out, check_plan, note, overlaps, refresh, refuse_taken_bed};
use crate::accounts::Actor;
use crate::audit::TrailAction;
use crate::cases::model::Case;
use crate::db::DbConnection;
use crate::db::schema::{cases as case_table, stays};
use crate::db::types::{OrganisationId, ReferralId, StayId};
use crate::deliveries::rules::Ground;
use crate::error::{AppError, Conflict, DayOf, FieldError, Rule, SupportRefusal};
use crate::grants::Action;
use crate::grants::predicates::cases_within;
use crate::referrals::model::FirstDay;
use crate::referrals::rules::Side;
use crate::services::ServiceType;
use crate::stays::model::Stay;
use crate::{cases, entitlements, organisations, referrals};

/// A stay that is to be recorded.
#[derive(Debug, Clone)]
pub struct NewStay {
    /// Id.
    pub id: StayId,
    /// The case, where the centre itself is the facility; else the referral.
    pub ground: Ground,
    /// Label of room or bed.
    pub room: Option<String>,
    /// First day.
    pub in_on: NaiveDate,
    /// Day on which the person is expected to leave.
    pub expected_out_on: Option<NaiveDate>,
    /// Last day, for a stay that is over.
    pub out_on: Option<NaiveDate>,
}

/// Records a stay.
///
/// # Errors
/// Field errors; [`SupportRefusal::StayOverlaps`], [`SupportRefusal::BedTaken`], [`SupportRefusal::DaysUsedUp`],
/// [`SupportRefusal::SupportLimitReached`], [`Conflict::CaseClosed`], [`Conflict::ReferralNotInService`] when the
/// referral is neither accepted nor in service; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn create(conn: &mut DbConnection, actor: &Actor, book: Rulebook<'_>, new: &NewStay) -> Result<(), AppError> {
    let (case, referral, facility, side, first) = match new.ground {
        Ground::Case(id) => {
            let case = cases::rules::find_for(conn, actor, Action::StayWrite, id)?;
            let (facility, first) = (case.organisation_id, (case.received_on, DayOf::CaseReceived));
            (case, None, facility, Side::Sender, first)
        }
        Ground::Referral(id) => of_referral(conn, actor, id)?,
    };
    let field = if referral.is_some() { "referral_id" } else { "case_id" };
    organisations::rules::for_service(conn, book.services, field, facility, ServiceType::EssentialNeeds, new.in_on)?;
    check(actor, &case, new, first)?;
    let stay = Stay {
        id: new.id,
        case_id: case.id,
        person_id: case.person_id,
        referral_id: referral,
        organisation_id: facility,
        centre_id: case.organisation_id,
        room: new.room.clone(),
        in_on: new.in_on,
        expected_out_on: new.expected_out_on,
        out_on: new.out_on,
        runs_out_on: None,
        recorded_by: actor.account,
        voided_at: None,
        void_reason: None,
        created_at: actor.now,
        updated_at: actor.now,
        version: 1,
    };
    refuse_overlap(conn, &stay)?;
    refuse_taken_bed(conn, &stay)?;
    let until = new.out_on.unwrap_or_else(|| actor.now.civil_date());
    entitlements::rules::check_stay(conn, actor, book.catalogue, &case, (new.in_on, until), side)?;
    diesel::insert_into(stays::table).values(&stay).execute(conn)?;
    note(conn, book.trail, actor, stay.id, TrailAction::Create, &["stay"])?;
    refresh(conn, book.catalogue, stay.person_id, actor.now)
}

type Placed = (Case, Option<ReferralId>, OrganisationId, Side, FirstDay);

fn of_referral(conn: &mut DbConnection, actor: &Actor, id: ReferralId) -> Result<Placed, AppError> {
    let (referral, side) = referrals::rules::read(conn, actor, id)?;
    let writing = actor.scope(Action::StayWrite)?;
    let case = case_table::table.filter(case_table::id.eq(referral.case_id));
    let reached = match side {
        Side::Recipient => writing.addressed.contains(referral.to_organisation_id),
        Side::Sender => {
            diesel::select(diesel::dsl::exists(case.filter(cases_within(&writing)))).get_result::<bool>(conn)?
        }
    };
    if !reached {
        return Err(AppError::Forbidden);
    }
    if referral.service_type != ServiceType::EssentialNeeds {
        return Err(AppError::field("referral_id", Rule::WrongOrganisation));
    }
    if !referral.status.shows_person() {
        return Err(referral.status.not_in_service());
    }
    let case = case.select(Case::as_select()).first(conn)?;
    let first = match side {
        Side::Sender => (case.begun_on(), DayOf::CaseReceived),
        Side::Recipient => referral.told_from(),
    };
    Ok((case, Some(id), referral.to_organisation_id, side, first))
}

fn check(actor: &Actor, case: &Case, new: &NewStay, (first, of): FirstDay) -> Result<(), AppError> {
    let today = actor.now.civil_date();
    let mut broken = Vec::new();
    if new.in_on > today {
        broken.push(FieldError::new("in_on", Rule::NotInFuture));
    }
    if new.in_on < first {
        broken.push(FieldError::new("in_on", Rule::NotBefore(of)));
    }
    if let Some(out) = new.out_on {
        check_out(out, new.in_on, today, &mut broken);
    }
    check_plan(new.room.as_deref(), new.expected_out_on, new.in_on, &mut broken);
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    if case.closed_on.is_some_and(|closed| new.out_on.is_none_or(|out| out > closed)) {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    Ok(())
}

/// Whoever leaves one place may arrive at another on the same day.
fn refuse_overlap(conn: &mut DbConnection, new: &Stay) -> Result<(), AppError> {
    let people = entitlements::people(conn, new.person_id)?;
    let others = stays::table.filter(stays::person_id.eq_any(people)).filter(stays::voided_at.is_null());
    let spans: Vec<(NaiveDate, Option<NaiveDate>)> = others.select((stays::in_on, stays::out_on)).load(conn)?;
    if spans.iter().any(|span| overlaps((new.in_on, new.out_on), *span)) {
        return Err(SupportRefusal::StayOverlaps.into());
    }
    Ok(())
}
