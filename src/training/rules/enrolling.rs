//! Enrolling from a referral, and how an enrolment ends.

use chrono::NaiveDate;
use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::{Turn, courses, find_for, illegal, insert_event, note, or_again, reading, save, turn};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version};
use crate::clock::Random;
use crate::consents;
use crate::db::DbConnection;
use crate::db::schema::{courses as course_table, enrolments, job_outcomes};
use crate::db::types::{
    AccountId, CaseId, CourseId, EnrolmentEventId, EnrolmentId, Instant, PersonId, ReferralEventId, ReferralId,
};
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, Rule};
use crate::grants::Action;
use crate::referrals::model::Referral;
use crate::referrals::rules::Step;
use crate::referrals::status::Outcome;
use crate::referrals::{self, ReferralStatus};
use crate::services::{ServiceType, Services};
use crate::training::model::{Course, Enrolment, JobKind};
use crate::training::status::{EnrolmentStatus, StopReason};

/// An enrolment that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewEnrolment {
    /// Id.
    pub id: EnrolmentId,
    /// Id of its first event.
    pub event: EnrolmentEventId,
    /// Id of the event by which the referral goes into service.
    pub referral_event: ReferralEventId,
    /// Referral it answers.
    pub referral: ReferralId,
    /// Course.
    pub course: CourseId,
    /// Day of enrolment; today when none.
    pub enrolled_on: Option<NaiveDate>,
}

/// Enrols the person of a referral that the actor's school accepted. The referral goes into service when the course
/// has begun; else it does with the first day of study.
///
/// # Errors
/// Field errors; [`Conflict::CourseClosed`], [`Conflict::CourseFull`], [`Conflict::AlreadyEnrolled`],
/// [`Conflict::ConsentMissing`], [`Conflict::ReferralNotInService`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn enrol(
    conn: &mut DbConnection,
    actor: &Actor,
    services: &Services,
    trail: &TrailKey,
    new: &NewEnrolment,
) -> Result<Enrolment, AppError> {
    let (referral, _) = referrals::rules::read(conn, actor, new.referral)?;
    if !actor.scope(Action::EnrolmentWrite)?.addressed.contains(referral.to_organisation_id) {
        return Err(AppError::Forbidden);
    }
    let today = actor.now.civil_date();
    let course = course_for(conn, &referral, new.course)?;
    let enrolled_on = new.enrolled_on.unwrap_or(today);
    check_day(&referral, &course, enrolled_on, today)?;
    if !referral.status.shows_person() {
        return Err(referral.status.not_in_service());
    }
    if !course.is_open_on(today) {
        return Err(AppError::Conflict(Conflict::CourseClosed));
    }
    refuse_double(conn, &referral, &course, enrolled_on)?;
    if courses::places_taken(conn, course.id)? >= course.places {
        return Err(AppError::Conflict(Conflict::CourseFull));
    }
    consents::rules::live_for_referral(conn, referral.person_id, referral.to_organisation_id, today)?;
    let enrolment = Enrolment {
        id: new.id,
        course_id: course.id,
        referral_id: referral.id,
        case_id: referral.case_id,
        person_id: referral.person_id,
        organisation_id: course.organisation_id,
        status: EnrolmentStatus::Enrolled,
        enrolled_on,
        ended_on: None,
        stop_reason: None,
        certificate_issued_on: None,
        sealed_certificate_number: None,
        served_on: None,
        delivery_id: None,
        created_by: actor.account,
        created_at: actor.now,
        updated_at: actor.now,
        version: 1,
    };
    or_again(diesel::insert_into(enrolments::table).values(&enrolment).execute(conn))?;
    let (by, to) = (Some(actor.account), EnrolmentStatus::Enrolled);
    let first = Turn { to, on: enrolled_on, reason: None, by, at: actor.now, event: new.event };
    insert_event(conn, enrolment.id, None, &first)?;
    note(conn, trail, by, enrolment.id, TrailAction::Create, &["enrolment"], actor.now)?;
    if course.starts_on <= today {
        start_referral(conn, actor, services, trail, &referral, new.referral_event)?;
    }
    Ok(enrolment)
}

fn course_for(conn: &mut DbConnection, referral: &Referral, id: CourseId) -> Result<Course, AppError> {
    if referral.service_type != ServiceType::VocationalTraining {
        return Err(AppError::field("referral_id", Rule::MustFit(FitsWith::TrainingReferral)));
    }
    let course: Option<Course> = course_table::table
        .filter(course_table::id.eq(id))
        .filter(course_table::organisation_id.eq(referral.to_organisation_id))
        .select(Course::as_select())
        .first(conn)
        .optional()?;
    course.ok_or_else(|| AppError::field("course_id", Rule::NoSuchReference))
}

fn check_day(referral: &Referral, course: &Course, day: NaiveDate, today: NaiveDate) -> Result<(), AppError> {
    let rule = if day > today {
        Rule::NotInFuture
    } else if referral.answered_at.is_some_and(|at| day < at.civil_date()) {
        Rule::NotBefore(DayOf::ReferralAnswered)
    } else if day > course.ends_on {
        Rule::NotAfterDay(course.ends_on)
    } else {
        return Ok(());
    };
    Err(AppError::field("enrolled_on", rule))
}

/// Puts the referral into service unless it is.
pub(super) fn start_referral(
    conn: &mut DbConnection,
    actor: &Actor,
    services: &Services,
    trail: &TrailKey,
    referral: &Referral,
    event: ReferralEventId,
) -> Result<(), AppError> {
    if referral.status == ReferralStatus::Accepted {
        let (id, version) = (referral.id, referral.version);
        referrals::rules::take_step(conn, actor, services, trail, id, version, Step::Start, event)?;
    }
    Ok(())
}

/// The days for which somebody holds a place: from joining until the end, or until the day on which it was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    course: CourseId,
    from: NaiveDate,
    /// First day on which another course may be joined.
    free_on: NaiveDate,
}

impl Held {
    fn of(enrolment: &Enrolment, course: &Course) -> Self {
        let after_end = course.ends_on.succ_opt().unwrap_or(course.ends_on);
        let free_on = match enrolment.status {
            EnrolmentStatus::Enrolled | EnrolmentStatus::Attending => after_end,
            _ => enrolment.ended_on.unwrap_or(after_end).min(after_end),
        };
        Self { course: course.id, from: course.starts_on.max(enrolment.enrolled_on), free_on }
    }

    fn rules_out(&self, other: &Self) -> bool {
        self.course == other.course || (self.from < other.free_on && other.from < self.free_on)
    }
}

/// One place a person: never twice in the same course, nor in two on the same days, nor twice for one referral.
fn refuse_double(
    conn: &mut DbConnection,
    referral: &Referral,
    course: &Course,
    enrolled_on: NaiveDate,
) -> Result<(), AppError> {
    let wished = Held {
        course: course.id,
        from: course.starts_on.max(enrolled_on),
        free_on: course.ends_on.succ_opt().unwrap_or(course.ends_on),
    };
    let held = places_of(conn, referral.person_id)?;
    let doubled = held.iter().any(|(enrolment, course)| {
        enrolment.referral_id == referral.id || Held::of(enrolment, course).rules_out(&wished)
    });
    if doubled { Err(AppError::Conflict(Conflict::AlreadyEnrolled)) } else { Ok(()) }
}

/// What a person was enrolled in and did not give back, in all cases and schools.
fn places_of(conn: &mut DbConnection, person: PersonId) -> Result<Vec<(Enrolment, Course)>, AppError> {
    Ok(enrolments::table
        .inner_join(course_table::table.on(course_table::id.eq(enrolments::course_id)))
        .filter(enrolments::person_id.eq_any(crate::persons::same::everyone(conn, person)?))
        .filter(enrolments::status.ne(EnrolmentStatus::Cancelled))
        .select((Enrolment::as_select(), Course::as_select()))
        .load(conn)?)
}

/// How a school ends an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The learner finished the course.
    Complete {
        /// Day.
        on: NaiveDate,
        /// What came of the referral.
        outcome: Outcome,
        /// Day of the certificate, if there is one.
        certificate_issued_on: Option<NaiveDate>,
    },
    /// The learner stopped.
    Stop {
        /// Day.
        on: NaiveDate,
        /// Why.
        reason: StopReason,
    },
    /// The place is given back before the first day of study.
    Cancel,
}

impl End {
    fn target(self) -> EnrolmentStatus {
        match self {
            Self::Complete { .. } => EnrolmentStatus::Completed,
            Self::Stop { .. } => EnrolmentStatus::Stopped,
            Self::Cancel => EnrolmentStatus::Cancelled,
        }
    }
}

/// Ids of what the end of an enrolment writes.
#[derive(Debug, Clone, Copy)]
pub struct EndIds {
    /// Of the enrolment's event.
    pub event: EnrolmentEventId,
    /// Of the referral's event.
    pub referral_event: ReferralEventId,
}

/// Ends an enrolment, and with it the referral by the referral's own rules; a place that is given back leaves the
/// referral open, so that the school may enrol the person in another course.
///
/// # Errors
/// Field errors; [`Conflict::IllegalTransition`]; [`AppError::VersionStale`]; [`AppError::NotFound`];
/// [`AppError::Forbidden`].
pub fn end(
    conn: &mut DbConnection,
    actor: &Actor,
    services: &Services,
    trail: &TrailKey,
    (id, expected): (EnrolmentId, i32),
    wish: End,
    ids: EndIds,
    sealed_number: impl Fn(&Enrolment) -> Result<Option<Vec<u8>>, AppError>,
) -> Result<Enrolment, AppError> {
    let mut enrolment = find_for(conn, actor, Action::EnrolmentWrite, id)?;
    check_version(conn, Subject::new(SubjectKind::Enrolment, enrolment.id.0), enrolment.version, expected)?;
    if !enrolment.status.may_become(wish.target()) {
        return Err(illegal(enrolment.status, wish.target()));
    }
    let today = actor.now.civil_date();
    check_end(conn, &enrolment, wish, today)?;
    let (on, reason, step) = match wish {
        End::Complete { on, outcome, certificate_issued_on } => {
            enrolment.certificate_issued_on = certificate_issued_on;
            enrolment.sealed_certificate_number = sealed_number(&enrolment)?;
            (on, None, Some(Step::Complete(outcome)))
        }
        End::Stop { on, reason } => (on, Some(reason), Some(Step::Stop(reason.of_referral()))),
        End::Cancel => (today, None, None),
    };
    let by = Some(actor.account);
    let done = Turn { to: wish.target(), on, reason, by, at: actor.now, event: ids.event };
    turn(conn, trail, &mut enrolment, &done)?;
    if let Some(step) = step {
        let (referral, _) = referrals::rules::read(conn, actor, enrolment.referral_id)?;
        let (id, version) = (referral.id, referral.version);
        referrals::rules::take_step(conn, actor, services, trail, id, version, step, ids.referral_event)?;
    }
    Ok(enrolment)
}

fn check_end(conn: &mut DbConnection, enrolment: &Enrolment, wish: End, today: NaiveDate) -> Result<(), AppError> {
    let (field, on, issued_on) = match wish {
        End::Complete { on, certificate_issued_on, .. } => ("completed_on", on, certificate_issued_on),
        End::Stop { on, .. } => ("stopped_on", on, None),
        End::Cancel => return Ok(()),
    };
    let mut broken = Vec::new();
    if on > today {
        broken.push(FieldError::new(field, Rule::NotInFuture));
    }
    let last_day = reading::summary(conn, enrolment.id)?.last_day.unwrap_or(enrolment.enrolled_on);
    if on < last_day {
        broken.push(FieldError::new(field, Rule::NotBefore(DayOf::LastAttended)));
    }
    if let Some(rule) = issued_on.and_then(|issued_on| wrong_issue(issued_on, on, today)) {
        broken.push(FieldError::new("certificate.issued_on", rule));
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

fn wrong_issue(issued_on: NaiveDate, ended_on: NaiveDate, today: NaiveDate) -> Option<Rule> {
    if issued_on > today {
        return Some(Rule::NotInFuture);
    }
    (issued_on < ended_on).then_some(Rule::NotBefore(DayOf::CourseEnded))
}

/// Records the certificate of a completed course, or corrects it.
///
/// # Errors
/// Field errors; [`Conflict::CourseNotCompleted`]; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn certify(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    (id, expected): (EnrolmentId, i32),
    issued_on: NaiveDate,
    sealed_number: impl Fn(&Enrolment) -> Result<Vec<u8>, AppError>,
) -> Result<Enrolment, AppError> {
    let mut enrolment = find_for(conn, actor, Action::EnrolmentWrite, id)?;
    check_version(conn, Subject::new(SubjectKind::Enrolment, enrolment.id.0), enrolment.version, expected)?;
    let (EnrolmentStatus::Completed, Some(ended_on)) = (enrolment.status, enrolment.ended_on) else {
        return Err(AppError::Conflict(Conflict::CourseNotCompleted));
    };
    if let Some(rule) = wrong_issue(issued_on, ended_on, actor.now.civil_date()) {
        return Err(AppError::field("issued_on", rule));
    }
    enrolment.sealed_certificate_number = Some(sealed_number(&enrolment)?);
    enrolment.certificate_issued_on = Some(issued_on);
    save(conn, &mut enrolment, actor.now)?;
    let (by, fields) = (Some(actor.account), ["certificate_number", "certificate_issued_on"]);
    note(conn, trail, by, id, TrailAction::Update, &fields, actor.now)?;
    Ok(enrolment)
}

/// Ends the open enrolment of a referral that has just ended, in the same transaction. Who had begun to learn has
/// stopped (or completed, when the referral was); who had not gives the place back.
///
/// # Errors
/// The engine's own.
pub fn follow_referral(
    conn: &mut DbConnection,
    trail: &TrailKey,
    referral: &Referral,
    by: Option<AccountId>,
    now: Instant,
) -> Result<(), AppError> {
    if referral.service_type != ServiceType::VocationalTraining || ReferralStatus::OPEN.contains(&referral.status) {
        return Ok(());
    }
    let open: Option<Enrolment> = enrolments::table
        .filter(enrolments::referral_id.eq(referral.id))
        .filter(enrolments::status.eq_any(EnrolmentStatus::OPEN))
        .select(Enrolment::as_select())
        .first(conn)
        .optional()?;
    let Some(mut enrolment) = open else { return Ok(()) };
    let (to, reason) = match (enrolment.status, referral.status) {
        (EnrolmentStatus::Attending, ReferralStatus::Completed) => (EnrolmentStatus::Completed, None),
        (EnrolmentStatus::Attending, _) => (EnrolmentStatus::Stopped, Some(StopReason::SupportEnded)),
        _ => (EnrolmentStatus::Cancelled, None),
    };
    // Nothing outside the database depends on this id, so a retried write may draw another.
    let event = EnrolmentEventId(Random::system().uuid());
    let done = Turn { to, on: now.civil_date(), reason, by, at: now, event };
    turn(conn, trail, &mut enrolment, &done)
}

/// The case was handed over: what is not at its end goes on in the receiver's. That is an open
/// enrolment, and a completed one while work and whether it lasts are still to be recorded.
///
/// # Errors
/// The engine's own.
pub fn follow_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    from: CaseId,
    to: CaseId,
) -> Result<(), AppError> {
    let known_to_last = job_outcomes::table
        .filter(job_outcomes::enrolment_id.eq(enrolments::id))
        .filter(job_outcomes::kind.eq_any(JobKind::WORK))
        .filter(job_outcomes::next_due_on.is_null());
    let completed = enrolments::status.eq(EnrolmentStatus::Completed).and(not(exists(known_to_last)));
    let going_on: Vec<Enrolment> = enrolments::table
        .filter(enrolments::case_id.eq(from))
        .filter(enrolments::status.eq_any(EnrolmentStatus::OPEN).or(completed))
        .select(Enrolment::as_select())
        .load(conn)?;
    for mut enrolment in going_on {
        diesel::update(enrolments::table.find(enrolment.id)).set(enrolments::case_id.eq(to)).execute(conn)?;
        diesel::update(job_outcomes::table.find(enrolment.id)).set(job_outcomes::case_id.eq(to)).execute(conn)?;
        save(conn, &mut enrolment, actor.now)?;
        note(conn, trail, Some(actor.account), enrolment.id, TrailAction::Update, &["case_id"], actor.now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::types::CourseId;

    fn held(course: u128, from: &str, free_on: &str) -> Held {
        let day = |text: &str| text.parse().expect("a day");
        Held { course: CourseId(uuid::Uuid::from_u128(course)), from: day(from), free_on: day(free_on) }
    }

    #[test]
    fn two_courses_rule_each_other_out_only_on_common_days() {
        let spring = held(1, "2025-03-01", "2025-06-01");
        assert!(!spring.rules_out(&held(2, "2025-06-01", "2025-09-01")), "the day after the last one is free");
        assert!(spring.rules_out(&held(2, "2025-05-31", "2025-09-01")), "the last day is not");
        assert!(spring.rules_out(&held(2, "2025-04-01", "2025-04-02")), "one day within");
        assert!(!spring.rules_out(&held(2, "2025-01-01", "2025-03-01")));
        assert!(spring.rules_out(&held(1, "2026-03-01", "2026-06-01")), "the same course twice");
    }
}
