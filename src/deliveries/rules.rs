//! Recording support given, and declaring a record void.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Delivery, DeliveryForm, VoidReason};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::cases::{self, model::Case};
use crate::db::DbConnection;
use crate::db::schema::{cases as case_table, deliveries, referrals as referrals_table};
use crate::db::types::{CaseId, DeliveryId, Instant, OrganisationId, PersonId, ReferralId};
use crate::entitlements::facts::Use;
use crate::entitlements::rules::Giving;
use crate::entitlements::{self, Catalogue};
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, LoanConflict, Rule};
use crate::grants::Action;
use crate::grants::predicates::{cases_within, deliveries_within};
use crate::loans;
use crate::referrals::rules::Side;
use crate::referrals::{self, ReferralStatus};
use crate::services::ServiceType;
use crate::stays;

/// What the support belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// The centre gave it itself, in this case.
    Case(CaseId),
    /// It answers this referral.
    Referral(ReferralId),
}

impl Ground {
    /// The one of the two that was named.
    ///
    /// # Errors
    /// A field error when both were, or none.
    pub fn of(case: Option<CaseId>, referral: Option<ReferralId>) -> Result<Self, AppError> {
        match (case, referral) {
            (Some(case), None) => Ok(Self::Case(case)),
            (None, Some(referral)) => Ok(Self::Referral(referral)),
            (Some(_), Some(_)) => Err(AppError::field("case_id", Rule::ConflictsWith("referral_id"))),
            (None, None) => Err(AppError::field("case_id", Rule::Required)),
        }
    }
}

/// Support that is to be recorded.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// Id.
    pub id: DeliveryId,
    /// What it belongs to.
    pub ground: Ground,
    /// Service type.
    pub service_type: ServiceType,
    /// Day.
    pub delivered_on: NaiveDate,
    /// Form.
    pub form: DeliveryForm,
    /// Whole đồng, for money.
    pub amount_dong: Option<i64>,
    /// Referral whose service the centre pays for: of what is given once, both are one time.
    pub part_of: Option<ReferralId>,
}

/// Refuses what is not recorded by hand: money of a loan that was applied for, which stands in its ledger, and days
/// that a recipient cannot know of.
///
/// # Errors
/// [`LoanConflict::PaidByLedger`]; a field error; [`AppError::NotFound`]; [`AppError::Forbidden`] without the right to
/// record.
pub fn check_by_hand(conn: &mut DbConnection, actor: &Actor, new: &NewDelivery) -> Result<(), AppError> {
    let of_loan = new.service_type == ServiceType::Loan;
    let may_be_lent = match new.ground {
        Ground::Case(_) if !of_loan => false,
        Ground::Case(id) => {
            cases::rules::find_for(conn, actor, Action::DeliveryWrite, id)?;
            true
        }
        Ground::Referral(id) => {
            // Whether there is a loan is told to nobody who may not record.
            actor.scope(Action::DeliveryWrite)?;
            let (referral, side) = referrals::rules::read(conn, actor, id)?;
            let (first, of) = referral.told_from();
            if side == Side::Recipient && new.delivered_on < first {
                return Err(AppError::field("delivered_on", Rule::NotBefore(of)));
            }
            of_loan
        }
    };
    if may_be_lent && loans::rules::has_loan(conn, new.ground)? {
        Err(AppError::loan(LoanConflict::PaidByLedger))
    } else {
        Ok(())
    }
}

/// The deliveries on a referral that were not declared void.
///
/// # Errors
/// The engine's own.
pub fn counted_of_referral(conn: &mut DbConnection, referral: ReferralId) -> Result<Vec<DeliveryId>, AppError> {
    let counted =
        deliveries::table.filter(deliveries::referral_id.eq(referral)).filter(deliveries::voided_at.is_null());
    Ok(counted.select(deliveries::id).load(conn)?)
}

/// Records support given.
///
/// # Errors
/// Field errors; [`Conflict::ReferralNotInService`]; what
/// [`entitlements::rules::check_delivery`] refuses; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &Catalogue,
    trail: &TrailKey,
    new: &NewDelivery,
) -> Result<Delivery, AppError> {
    let (case, referral, organisation, by, first) = match new.ground {
        Ground::Case(id) => {
            let case = cases::rules::find_for(conn, actor, Action::DeliveryWrite, id)?;
            let (organisation, first) = (case.organisation_id, case.received_on);
            (case, None, organisation, Side::Sender, Some(first))
        }
        Ground::Referral(id) => of_referral(conn, actor, new, id)?,
    };
    check(actor, &case, new, first)?;
    let support = Use {
        case: case.id,
        service: new.service_type,
        day: new.delivered_on,
        key: referral.or(new.part_of).map_or(new.id.0, |referral| referral.0),
        recorded_at: actor.now,
    };
    let recorded_at = entitlements::rules::check_delivery(conn, actor, catalogue, &case, Giving { support, by })?;
    let delivery = Delivery {
        id: new.id,
        case_id: case.id,
        person_id: case.person_id,
        referral_id: referral,
        organisation_id: organisation,
        centre_id: case.organisation_id,
        service_type: new.service_type,
        delivered_on: new.delivered_on,
        form: new.form,
        amount_dong: new.amount_dong,
        recorded_by: actor.account,
        voided_at: None,
        void_reason: None,
        created_at: recorded_at,
        version: 1,
    };
    diesel::insert_into(deliveries::table).values(&delivery).execute(conn)?;
    note(conn, trail, actor, delivery.id, TrailAction::Create, &["delivery"])?;
    stays_after(conn, catalogue, delivery.service_type, case.person_id, actor.now)?;
    Ok(delivery)
}

type Given = (Case, Option<ReferralId>, OrganisationId, Side, Option<NaiveDate>);

fn of_referral(conn: &mut DbConnection, actor: &Actor, new: &NewDelivery, id: ReferralId) -> Result<Given, AppError> {
    let (referral, side) = referrals::rules::read(conn, actor, id)?;
    let writing = actor.scope(Action::DeliveryWrite)?;
    let is_recipients = side == Side::Recipient && writing.addressed.contains(referral.to_organisation_id);
    let is_senders = side == Side::Sender && {
        let case = case_table::table.filter(case_table::id.eq(referral.case_id)).filter(cases_within(&writing));
        diesel::select(diesel::dsl::exists(case)).get_result::<bool>(conn)?
    };
    if !is_recipients && !is_senders {
        return Err(AppError::Forbidden);
    }
    if referral.status != ReferralStatus::InService {
        return Err(referral.status.not_in_service());
    }
    if referral.service_type != new.service_type {
        return Err(AppError::field("service_type", Rule::MustFit(FitsWith::ServiceOfReferral)));
    }
    let case = case_table::table.find(referral.case_id).select(Case::as_select()).first(conn)?;
    // Of what a recipient records, course and loan know their days, and [`check_by_hand`] the rest.
    let first = (side == Side::Sender).then(|| case.begun_on());
    Ok((case, Some(id), referral.to_organisation_id, side, first))
}

/// Days of essential needs outside a stay shorten what is left for one that goes on.
fn stays_after(
    conn: &mut DbConnection,
    catalogue: &Catalogue,
    service: ServiceType,
    person: PersonId,
    now: Instant,
) -> Result<(), AppError> {
    if service == ServiceType::EssentialNeeds { stays::rules::refresh(conn, catalogue, person, now) } else { Ok(()) }
}

fn check(actor: &Actor, case: &Case, new: &NewDelivery, first: Option<NaiveDate>) -> Result<(), AppError> {
    let mut broken = Vec::new();
    if new.delivered_on > actor.now.civil_date() {
        broken.push(FieldError::new("delivered_on", Rule::NotInFuture));
    }
    if first.is_some_and(|first| new.delivered_on < first) {
        broken.push(FieldError::new("delivered_on", Rule::NotBefore(DayOf::CaseReceived)));
    }
    match (new.form, new.amount_dong) {
        (DeliveryForm::Money, None) => broken.push(FieldError::new("amount_dong", Rule::Required)),
        (DeliveryForm::InKind, Some(_)) => {
            broken.push(FieldError::new("amount_dong", Rule::MustFit(FitsWith::AmountOfMoney)));
        }
        _ => {}
    }
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    if case.closed_on.is_some_and(|closed| new.delivered_on > closed) {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    Ok(())
}

/// Reads one delivery, and whether the reader reaches its case.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: DeliveryId) -> Result<(Delivery, bool), AppError> {
    let scope = actor.scope(Action::DeliveryRead)?;
    let delivery: Delivery = deliveries::table
        .filter(deliveries::id.eq(id))
        .filter(deliveries_within(&scope))
        .select(Delivery::as_select())
        .first(conn)?;
    let case = case_table::table.filter(case_table::id.eq(delivery.case_id)).filter(cases_within(&scope));
    let for_centre = diesel::select(diesel::dsl::exists(case)).get_result(conn)?;
    Ok((delivery, for_centre))
}

/// Reads a page of deliveries of one case or referral, by day, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    ground: Ground,
    after: Option<(NaiveDate, DeliveryId)>,
    limit: i64,
) -> Result<Vec<Delivery>, AppError> {
    let scope = actor.scope(Action::DeliveryRead)?;
    let mut query = deliveries::table
        .filter(deliveries_within(&scope))
        .order((deliveries::delivered_on, deliveries::id))
        .select(Delivery::as_select())
        .limit(limit + 1)
        .into_boxed();
    query = match ground {
        // Only who reaches the case learns what belongs to it: a recipient asks by referral.
        Ground::Case(id) => {
            let reached = case_table::table.filter(case_table::id.eq(id)).filter(cases_within(&scope));
            query.filter(deliveries::case_id.eq(id)).filter(diesel::dsl::exists(reached))
        }
        Ground::Referral(id) => query.filter(deliveries::referral_id.eq(id)),
    };
    if let Some((day, id)) = after {
        query = query
            .filter(deliveries::delivered_on.gt(day).or(deliveries::delivered_on.eq(day).and(deliveries::id.gt(id))));
    }
    Ok(query.load(conn)?)
}

/// Declares a delivery void; it stays readable and counts nowhere.
///
/// # Errors
/// [`Conflict::AlreadyVoided`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn void(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &Catalogue,
    trail: &TrailKey,
    id: DeliveryId,
    expected: i32,
    reason: VoidReason,
) -> Result<(Delivery, bool), AppError> {
    let (mut delivery, for_centre) = read(conn, actor, id)?;
    let writing = actor.scope(Action::DeliveryWrite)?;
    let reached = deliveries::table.filter(deliveries::id.eq(id)).filter(deliveries_within(&writing));
    if !diesel::select(diesel::dsl::exists(reached)).get_result::<bool>(conn)? {
        return Err(AppError::Forbidden);
    }
    // After the service ended the record is the centre's.
    if !for_centre && !is_in_service(conn, delivery.referral_id)? {
        return Err(AppError::Forbidden);
    }
    if delivery.voided_at.is_some() {
        return Err(AppError::Conflict(Conflict::AlreadyVoided));
    }
    if delivery.version != expected {
        return Err(AppError::VersionStale { current: delivery.version, changed: vec!["voided_at".into()] });
    }
    if loans::rules::stands_for(conn, id)? {
        return Err(AppError::loan(LoanConflict::Delivery));
    }
    set_void(conn, actor, trail, &mut delivery, reason)?;
    stays_after(conn, catalogue, delivery.service_type, delivery.person_id, actor.now)?;
    crate::training::rules::free_aid(conn, actor, trail, &delivery)?;
    Ok((delivery, for_centre))
}

/// Declares the delivery void that stands for money paid out by mistake; part of the reversal in the loan's
/// ledger, which has checked who does it.
///
/// # Errors
/// The engine's own.
pub fn void_of_loan(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, id: DeliveryId) -> Result<(), AppError> {
    let mut delivery: Delivery = deliveries::table.find(id).select(Delivery::as_select()).first(conn)?;
    if delivery.voided_at.is_none() {
        set_void(conn, actor, trail, &mut delivery, VoidReason::Mistake)?;
    }
    Ok(())
}

fn set_void(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    delivery: &mut Delivery,
    reason: VoidReason,
) -> Result<(), AppError> {
    delivery.voided_at = Some(actor.now);
    delivery.void_reason = Some(reason);
    delivery.version += 1;
    diesel::update(deliveries::table.find(delivery.id))
        .set((
            deliveries::voided_at.eq(delivery.voided_at),
            deliveries::void_reason.eq(delivery.void_reason),
            deliveries::version.eq(delivery.version),
        ))
        .execute(conn)?;
    note(conn, trail, actor, delivery.id, TrailAction::Void, &["voided_at"])
}

fn is_in_service(conn: &mut DbConnection, referral: Option<ReferralId>) -> Result<bool, AppError> {
    let Some(id) = referral else { return Ok(false) };
    let running = referrals_table::table.find(id).filter(referrals_table::status.eq(ReferralStatus::InService));
    Ok(diesel::select(diesel::dsl::exists(running)).get_result(conn)?)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    id: DeliveryId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Delivery, id.0), Some(actor.account), action, fields, actor.now)
}
