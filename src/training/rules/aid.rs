//! Training aid: once to a person, computed from attendance and tariff, paid as a delivery of money.

use chrono::{Months, NaiveDate};
use diesel::prelude::*;

use super::{courses, find_for, note, or_again, reading};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::db::DbConnection;
use crate::db::schema::{persons, training_aids};
use crate::db::types::{DeliveryId, EnrolmentId, PersonId, TrainingAidId};
use crate::deliveries;
use crate::deliveries::model::{Delivery, DeliveryForm};
use crate::deliveries::rules::{Ground, NewDelivery};
use crate::entitlements::catalogue::Catalogue;
use crate::error::{AidUse, AppError, Conflict, DayOf, FitsWith, Rule};
use crate::grants::Action;
use crate::persons::model::{Ethnicity, Sex};
use crate::persons::same;
use crate::services::ServiceType;
use crate::training::TrainingCatalogue;
use crate::training::model::{AidGroup, Enrolment, TrainingAid};
use crate::training::status::EnrolmentStatus;
use crate::training::tariff::{AidAmount, AidFacts};

/// Aid that is to be granted.
#[derive(Debug, Clone, Copy)]
pub struct NewAid {
    /// Id.
    pub id: TrainingAidId,
    /// Id of the payment.
    pub delivery: DeliveryId,
    /// Enrolment.
    pub enrolment: EnrolmentId,
    /// Group it is due to.
    pub group: AidGroup,
    /// Day of payment.
    pub paid_on: NaiveDate,
    /// Kilometres from home to the course.
    pub distance_km: u32,
    /// Whether the person lives in a difficult or extremely difficult area.
    pub difficult_area: bool,
    /// Whether the person received other training aid of the State.
    pub had_other_aid: bool,
}

/// Grants training aid for a course that is attended or completed, and records the payment.
///
/// # Errors
/// Field errors; [`Conflict::TrainingAidUsed`], [`Conflict::NoTrainingAid`], [`Conflict::CourseNotAttended`],
/// [`Conflict::CaseClosed`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn grant(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &TrainingCatalogue,
    entitlements: &Catalogue,
    trail: &TrailKey,
    new: &NewAid,
) -> Result<TrainingAid, AppError> {
    let enrolment = find_for(conn, actor, Action::TrainingAidWrite, new.enrolment)?;
    if !matches!(enrolment.status, EnrolmentStatus::Attending | EnrolmentStatus::Completed) {
        return Err(AppError::Conflict(Conflict::CourseNotAttended));
    }
    let today = actor.now.civil_date();
    check_day(&enrolment, new.paid_on, today)?;
    check_group(conn, &enrolment, new.group)?;
    refuse_second(conn, &enrolment, new, today)?;
    let (amount, study_days) = amount(conn, catalogue, &enrolment, new)?;
    let payment = NewDelivery {
        id: new.delivery,
        ground: Ground::Case(enrolment.case_id),
        service_type: ServiceType::VocationalTraining,
        delivered_on: new.paid_on,
        form: DeliveryForm::Money,
        amount_dong: Some(amount.total()),
        part_of: Some(enrolment.referral_id),
    };
    deliveries::rules::create(conn, actor, entitlements, trail, &payment)?;
    let aid = TrainingAid {
        id: new.id,
        enrolment_id: enrolment.id,
        case_id: enrolment.case_id,
        person_id: enrolment.person_id,
        delivery_id: new.delivery,
        aid_group: new.group,
        paid_on: new.paid_on,
        study_days,
        fee_dong: amount.fee_dong,
        meals_dong: amount.meals_dong,
        travel_dong: amount.travel_dong,
        granted_by: actor.account,
        created_at: actor.now,
        voided_at: None,
    };
    or_again(diesel::insert_into(training_aids::table).values(&aid).execute(conn))?;
    let by = Some(actor.account);
    note(conn, trail, by, enrolment.id, TrailAction::TrainingAid, &["training_aid"], actor.now)?;
    Ok(aid)
}

fn check_day(enrolment: &Enrolment, paid_on: NaiveDate, today: NaiveDate) -> Result<(), AppError> {
    let rule = if paid_on > today {
        Rule::NotInFuture
    } else if paid_on < enrolment.enrolled_on {
        Rule::NotBefore(DayOf::Enrolled)
    } else {
        return Ok(());
    };
    Err(AppError::field("paid_on", rule))
}

/// The group may not contradict what is known of the person; it says more of the household than is on record.
fn check_group(conn: &mut DbConnection, enrolment: &Enrolment, group: AidGroup) -> Result<(), AppError> {
    let known: (Sex, Option<Ethnicity>) =
        persons::table.find(enrolment.person_id).select((persons::sex, persons::ethnicity)).first(conn)?;
    let rule = match (group, known) {
        (AidGroup::Woman | AidGroup::RedundantWoman, (Sex::Male, _)) => Rule::MustFit(FitsWith::SexOnRecord),
        (AidGroup::Minority | AidGroup::PoorMinority, (_, Some(Ethnicity::Kinh))) => {
            Rule::MustFit(FitsWith::EthnicityOnRecord)
        }
        _ => return Ok(()),
    };
    Err(AppError::field("aid_group", rule))
}

/// Once to a person, over all cases and centres: the right is the person's. Says how long ago, never where.
fn refuse_second(
    conn: &mut DbConnection,
    enrolment: &Enrolment,
    new: &NewAid,
    today: NaiveDate,
) -> Result<(), AppError> {
    if new.had_other_aid {
        return Err(AppError::Conflict(Conflict::TrainingAidUsed { when: AidUse::OtherAid }));
    }
    let Some(paid_on) = used_on(conn, enrolment.person_id)? else { return Ok(()) };
    let a_year_ago = today.checked_sub_months(Months::new(12)).unwrap_or(today);
    let when = if paid_on > a_year_ago { AidUse::WithinTwelveMonths } else { AidUse::Earlier };
    Err(AppError::Conflict(Conflict::TrainingAidUsed { when }))
}

/// Day on which this person's right was used; none while it is free.
fn used_on(conn: &mut DbConnection, person: PersonId) -> Result<Option<NaiveDate>, AppError> {
    Ok(training_aids::table
        .filter(training_aids::person_id.eq_any(same::everyone(conn, person)?))
        .filter(training_aids::voided_at.is_null())
        .order(training_aids::paid_on.desc())
        .select(training_aids::paid_on)
        .first(conn)
        .optional()?)
}

fn amount(
    conn: &mut DbConnection,
    catalogue: &TrainingCatalogue,
    enrolment: &Enrolment,
    new: &NewAid,
) -> Result<(AidAmount, i64), AppError> {
    let nothing_due = AppError::Conflict(Conflict::NoTrainingAid);
    let course = courses::of_enrolment(conn, enrolment.course_id)?;
    let tariff = catalogue.tariff_on(course.starts_on).filter(|_| catalogue.gives_aid(course.level));
    let Some(tariff) = tariff else { return Err(nothing_due) };
    let facts = AidFacts {
        group: new.group,
        fee_dong: course.fee_dong,
        study_days: reading::summary(conn, enrolment.id)?.present,
        distance_km: new.distance_km,
        difficult_area: new.difficult_area,
    };
    let amount = tariff.amount(&facts);
    if amount.total() > 0 { Ok((amount, facts.study_days)) } else { Err(nothing_due) }
}

/// Reads an aid, for the reply.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn read(conn: &mut DbConnection, actor: &Actor, id: TrainingAidId) -> Result<TrainingAid, AppError> {
    let aid: TrainingAid = training_aids::table.find(id).select(TrainingAid::as_select()).first(conn)?;
    find_for(conn, actor, Action::TrainingAidWrite, aid.enrolment_id)?;
    Ok(aid)
}

/// Frees the right again that a payment used which has just been declared void.
///
/// # Errors
/// The engine's own.
pub fn free_aid(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, payment: &Delivery) -> Result<(), AppError> {
    if (payment.service_type, payment.form) != (ServiceType::VocationalTraining, DeliveryForm::Money) {
        return Ok(());
    }
    let used = training_aids::table.filter(training_aids::delivery_id.eq(payment.id));
    let enrolment: Option<EnrolmentId> = used.select(training_aids::enrolment_id).first(conn).optional()?;
    let Some(enrolment) = enrolment else { return Ok(()) };
    diesel::update(used).set(training_aids::voided_at.eq(actor.now)).execute(conn)?;
    let by = Some(actor.account);
    note(conn, trail, by, enrolment, TrailAction::TrainingAid, &["voided_at"], actor.now)
}
