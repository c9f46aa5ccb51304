//! Reading enrolments, and the way from a referral to a livelihood.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{attendance, courses, jobs};
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{courses as course_table, enrolment_events, enrolments, referrals, training_aids};
use crate::db::types::{CaseId, CourseId, EnrolmentId, Instant, OrganisationId, PersonId, ReferralId};
use crate::error::AppError;
use crate::grants::Action;
use crate::grants::predicates::enrolments_addressed;
use crate::persons::model::{SealedColumn, open_column};
use crate::referrals::ReferralStatus;
use crate::referrals::rules::{Side, shown_persons};
use crate::services::ServiceType;
use crate::training::model::views::{
    AttendanceSummary, EnrolmentReply, LearnerView, Livelihood, TrainingChain, TrainingReferral,
};
use crate::training::model::{AttendanceMark, Course, Enrolment, EnrolmentEvent, TrainingAid};
use crate::vault::Vault;
use crate::{cases, training};

/// Names of these learners, as far as their referrals show them on this day.
pub(super) fn names(
    conn: &mut DbConnection,
    vault: &Vault,
    learners: &[&Enrolment],
    today: NaiveDate,
) -> Result<HashMap<EnrolmentId, String>, AppError> {
    let referrals: Vec<ReferralId> = learners.iter().map(|learner| learner.referral_id).collect();
    let shown = shown_persons(conn, &referrals, today)?;
    let persons: Vec<PersonId> = shown.values().map(|person| person.id).collect();
    let keys: HashMap<PersonId, _> = persons.iter().copied().zip(vault.keys(&persons)?).collect();
    let mut names = HashMap::with_capacity(learners.len());
    for learner in learners {
        let Some(person) = shown.get(&learner.referral_id) else { continue };
        let key = keys.get(&person.id).ok_or_else(|| AppError::internal("a data key is missing"))?;
        let name = open_column(key, person.id, SealedColumn::Name, person.sealed_name.as_deref())?;
        names.extend(name.map(|name| (learner.id, name)));
    }
    Ok(names)
}

/// Days recorded of each of these enrolments; none for one without any.
pub(super) fn summaries(
    conn: &mut DbConnection,
    ids: &[EnrolmentId],
) -> Result<HashMap<EnrolmentId, AttendanceSummary>, AppError> {
    let mut summaries: HashMap<EnrolmentId, AttendanceSummary> = HashMap::new();
    for (id, mark, days, first, last) in attendance::counts(conn, ids)? {
        let summary = summaries.entry(id).or_default();
        match mark {
            AttendanceMark::Present => {
                summary.present = days;
                (summary.first_day, summary.last_day) = (first, last);
            }
            AttendanceMark::Excused => summary.excused = days,
            AttendanceMark::Absent => summary.absent = days,
        }
    }
    Ok(summaries)
}

pub(super) fn summary(conn: &mut DbConnection, id: EnrolmentId) -> Result<AttendanceSummary, AppError> {
    Ok(summaries(conn, &[id])?.remove(&id).unwrap_or_default())
}

/// Changes of status of these enrolments, oldest first.
fn events(conn: &mut DbConnection, ids: &[EnrolmentId]) -> Result<HashMap<EnrolmentId, Vec<EnrolmentEvent>>, AppError> {
    let rows: Vec<EnrolmentEvent> = enrolment_events::table
        .filter(enrolment_events::enrolment_id.eq_any(ids))
        .order((enrolment_events::recorded_at, enrolment_events::id))
        .select(EnrolmentEvent::as_select())
        .load(conn)?;
    let mut events: HashMap<EnrolmentId, Vec<EnrolmentEvent>> = HashMap::new();
    for row in rows {
        events.entry(row.enrolment_id).or_default().push(row);
    }
    Ok(events)
}

/// An enrolment as one side reads it.
///
/// # Errors
/// When a sealed field does not open.
pub fn show(
    conn: &mut DbConnection,
    actor: &Actor,
    vault: &Vault,
    enrolment: Enrolment,
    side: Side,
) -> Result<EnrolmentReply, AppError> {
    let days = summary(conn, enrolment.id)?;
    if side == Side::Recipient {
        let name = names(conn, vault, &[&enrolment], actor.now.civil_date())?.remove(&enrolment.id);
        return Ok(EnrolmentReply::School(enrolment.learner(name, days)));
    }
    let steps = events(conn, &[enrolment.id])?.remove(&enrolment.id).unwrap_or_default();
    let key = vault.key(enrolment.person_id)?;
    Ok(EnrolmentReply::Centre(Box::new(enrolment.view(&key, days, steps)?)))
}

/// Reads a page of the learners of a course for its school, in the order in which they enrolled, one more than `limit`.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn roster(
    conn: &mut DbConnection,
    actor: &Actor,
    vault: &Vault,
    course: CourseId,
    after: Option<(NaiveDate, EnrolmentId)>,
    limit: i64,
) -> Result<Vec<LearnerView>, AppError> {
    let course = courses::find_for(conn, actor, Action::EnrolmentWrite, course)?;
    let mut query = enrolments::table
        .filter(enrolments::course_id.eq(course.id))
        .filter(enrolments_addressed(&actor.scope(Action::EnrolmentRead)?))
        .order((enrolments::enrolled_on, enrolments::id))
        .select(Enrolment::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some((day, id)) = after {
        query = query
            .filter(enrolments::enrolled_on.gt(day).or(enrolments::enrolled_on.eq(day).and(enrolments::id.gt(id))));
    }
    let rows: Vec<Enrolment> = query.load(conn)?;
    let ids: Vec<EnrolmentId> = rows.iter().map(|row| row.id).collect();
    let mut names = names(conn, vault, &rows.iter().collect::<Vec<_>>(), actor.now.civil_date())?;
    let mut days = summaries(conn, &ids)?;
    let show = |row: Enrolment| {
        let id = row.id;
        row.learner(names.remove(&id), days.remove(&id).unwrap_or_default())
    };
    Ok(rows.into_iter().map(show).collect())
}

/// Referrals to training a case is read with at the most.
const CHAINS_SHOWN: i64 = 200;

type ReferralHead = (ReferralId, OrganisationId, ReferralStatus, Option<Instant>);
type ChainRow = (ReferralHead, Option<Enrolment>, Option<Course>);

/// Reads the way of a case to a livelihood: every referral to training, and what has come of it. Five queries,
/// however many chains there are.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn livelihood(conn: &mut DbConnection, actor: &Actor, vault: &Vault, id: CaseId) -> Result<Livelihood, AppError> {
    let case = cases::rules::find(conn, &actor.scope(Action::LivelihoodRead)?, id)?;
    let rows: Vec<ChainRow> = referrals::table
        .left_join(enrolments::table.on(enrolments::referral_id.eq(referrals::id)))
        .left_join(course_table::table.on(course_table::id.nullable().eq(enrolments::course_id.nullable())))
        // A chain that went on elsewhere after a transfer is the receiver's, its referral stays the sender's.
        .filter(enrolments::id.nullable().is_null().or(enrolments::case_id.nullable().eq(case.id)))
        .filter(referrals::case_id.eq(case.id).or(enrolments::case_id.nullable().eq(case.id)))
        .filter(referrals::person_id.eq(case.person_id))
        .filter(referrals::service_type.eq(ServiceType::VocationalTraining))
        .order((referrals::created_at, referrals::id, enrolments::created_at))
        .select((
            (referrals::id, referrals::to_organisation_id, referrals::status, referrals::sent_at),
            Option::<Enrolment>::as_select(),
            Option::<Course>::as_select(),
        ))
        .limit(CHAINS_SHOWN)
        .load(conn)?;
    let ids: Vec<EnrolmentId> = rows.iter().filter_map(|(_, enrolment, _)| enrolment.as_ref().map(|e| e.id)).collect();
    let (mut days, mut steps) = (summaries(conn, &ids)?, events(conn, &ids)?);
    let (mut aids, mut jobs) = (aids(conn, &ids)?, jobs::views(conn, &ids)?);
    let key = vault.key(case.person_id)?;
    let mut chains = Vec::with_capacity(rows.len());
    for ((referral, to_organisation_id, status, sent_at), enrolment, course) in rows {
        let of = enrolment.as_ref().map(|enrolment| enrolment.id);
        let view = |enrolment: Enrolment| {
            let id = enrolment.id;
            enrolment.view(&key, days.remove(&id).unwrap_or_default(), steps.remove(&id).unwrap_or_default())
        };
        chains.push(TrainingChain {
            referral: TrainingReferral { id: referral, to_organisation_id, status, sent_at },
            enrolment: enrolment.map(view).transpose()?,
            course: course.map(training::model::views::CourseHead::from),
            aid: of.and_then(|id| aids.remove(&id)).map(Into::into),
            job: of.and_then(|id| jobs.remove(&id)),
        });
    }
    Ok(Livelihood { case_id: case.id, training: chains })
}

/// Aid that was granted for these enrolments and not taken back.
fn aids(conn: &mut DbConnection, ids: &[EnrolmentId]) -> Result<HashMap<EnrolmentId, TrainingAid>, AppError> {
    let rows: Vec<TrainingAid> = training_aids::table
        .filter(training_aids::enrolment_id.eq_any(ids))
        .filter(training_aids::voided_at.is_null())
        .select(TrainingAid::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|aid| (aid.enrolment_id, aid)).collect())
}
