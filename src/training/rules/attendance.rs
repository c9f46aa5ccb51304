//! Attendance: a day of a course is recorded in one go, and can be corrected while the learners learn.

use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use diesel::dsl::min;
use diesel::prelude::*;

use super::{Turn, courses, note, reading, turn};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{attendances, course_days, enrolments};
use crate::db::types::{CourseId, DeliveryId, EnrolmentEventId, EnrolmentId, ReferralEventId};
use crate::deliveries::model::{DeliveryForm, VoidReason};
use crate::deliveries::rules::{Ground, NewDelivery};
use crate::entitlements::catalogue::Catalogue;
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, Rule};
use crate::grants::Action;
use crate::grants::predicates::enrolments_addressed;
use crate::services::{ServiceType, Services};
use crate::training::model::views::{DayRecorded, SheetRow};
use crate::training::model::{Attendance, AttendanceMark, Course, CourseDay, Enrolment};
use crate::training::status::EnrolmentStatus;
use crate::vault::Vault;
use crate::{deliveries, referrals};

/// Configuration that recording attendance asks: when a referral begins, and what the law gives.
#[derive(Debug, Clone, Copy)]
pub struct Config<'a> {
    /// Service types.
    pub services: &'a Services,
    /// What the law gives.
    pub entitlements: &'a Catalogue,
}

/// Records of support of one referral that are looked through for one written by hand.
const MOST_LOOKED_AT: i64 = 200;

/// One learner's mark as it is sent, with ids of what a first day of study writes.
#[derive(Debug, Clone, Copy)]
pub struct SentMark {
    /// Enrolment.
    pub enrolment: EnrolmentId,
    /// Whether the learner was there.
    pub mark: AttendanceMark,
    /// Id of the enrolment's event, when this is the first day.
    pub event: EnrolmentEventId,
    /// Id of the referral's event, when it goes into service.
    pub referral_event: ReferralEventId,
    /// Id of the record of support.
    pub delivery: DeliveryId,
}

/// Which day, and the version it was read with; 0 when nothing was recorded.
#[derive(Debug, Clone, Copy)]
pub struct DayWish {
    /// Course.
    pub course: CourseId,
    /// Day.
    pub day: NaiveDate,
    /// Version.
    pub expected: i32,
}

/// Records or corrects the marks of these learners on a day; those not named stay as they are. The first day of study
/// makes the enrolment one that is attended, puts the referral into service and records the school's support, once.
///
/// # Errors
/// Field errors that name the row; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn record_day(
    conn: &mut DbConnection,
    actor: &Actor,
    config: Config<'_>,
    trail: &TrailKey,
    wish: DayWish,
    rows: &[SentMark],
) -> Result<DayRecorded, AppError> {
    let course = courses::find_for(conn, actor, Action::EnrolmentWrite, wish.course)?;
    let version = version_of_day(conn, wish.course, wish.day)?;
    if version != wish.expected {
        return Err(AppError::VersionStale { current: version, changed: vec!["rows".into()] });
    }
    check_day(actor, &course, wish.day)?;
    let learners = learners(conn, actor, course.id, rows)?;
    check_rows(wish.day, rows, &learners)?;
    let before = marks_of(conn, wish.day, rows)?;
    let (recorded, corrected) = write_marks(conn, actor, trail, wish.day, rows, &before)?;
    save_day(conn, actor, wish, version)?;
    courses::note(conn, trail, actor, course.id, TrailAction::Attendance, &["attendance"])?;
    let changed = rows.iter().filter(|row| before.get(&row.enrolment) != Some(&row.mark));
    let firsts = first_days(conn, rows)?;
    for row in changed {
        let Some(learner) = learners.get(&row.enrolment) else { continue };
        let first = firsts.get(&row.enrolment).copied();
        follow_marks(conn, actor, config, trail, learner.clone(), row, first)
            .map_err(|error| of_row(rows, row, error))?;
    }
    Ok(DayRecorded { course_id: course.id, day: wish.day, recorded, corrected, version: version + 1 })
}

/// One learner's used-up right refuses the sheet: the school is told whose, and asks the centre about that one.
fn of_row(rows: &[SentMark], row: &SentMark, error: AppError) -> AppError {
    match error {
        AppError::Conflict(Conflict::Support(_)) => {
            let place = rows.iter().position(|sent| sent.enrolment == row.enrolment).unwrap_or_default();
            AppError::field(format!("rows[{place}].enrolment_id"), Rule::MustFit(FitsWith::SupportLimit))
        }
        error => error,
    }
}

fn check_day(actor: &Actor, course: &Course, day: NaiveDate) -> Result<(), AppError> {
    let rule = if day > actor.now.civil_date() {
        Rule::NotInFuture
    } else if day < course.starts_on {
        Rule::NotBeforeDay(course.starts_on)
    } else if day > course.ends_on {
        Rule::NotAfterDay(course.ends_on)
    } else {
        return Ok(());
    };
    Err(AppError::field("day", rule))
}

/// The enrolments of this course among the rows, as far as the school may still see them.
fn learners(
    conn: &mut DbConnection,
    actor: &Actor,
    course: CourseId,
    rows: &[SentMark],
) -> Result<HashMap<EnrolmentId, Enrolment>, AppError> {
    let ids: Vec<EnrolmentId> = rows.iter().map(|row| row.enrolment).collect();
    let found: Vec<Enrolment> = enrolments::table
        .filter(enrolments::id.eq_any(&ids))
        .filter(enrolments::course_id.eq(course))
        .filter(enrolments_addressed(&actor.scope(Action::EnrolmentWrite)?))
        .select(Enrolment::as_select())
        .load(conn)?;
    Ok(found.into_iter().map(|enrolment| (enrolment.id, enrolment)).collect())
}

fn check_rows(day: NaiveDate, rows: &[SentMark], learners: &HashMap<EnrolmentId, Enrolment>) -> Result<(), AppError> {
    let mut broken = Vec::new();
    let mut seen = HashSet::new();
    for (position, row) in rows.iter().enumerate() {
        let rule = match learners.get(&row.enrolment) {
            None => Some(Rule::NoSuchReference),
            Some(_) if !seen.insert(row.enrolment) => Some(Rule::MustFit(FitsWith::Once)),
            Some(learner) if !EnrolmentStatus::OPEN.contains(&learner.status) => {
                Some(Rule::MustFit(FitsWith::StillLearning))
            }
            Some(learner) if day < learner.enrolled_on => Some(Rule::NotBefore(DayOf::Enrolled)),
            Some(_) => None,
        };
        broken.extend(rule.map(|rule| FieldError::new(format!("rows[{position}].enrolment_id"), rule)));
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

fn marks_of(
    conn: &mut DbConnection,
    day: NaiveDate,
    rows: &[SentMark],
) -> Result<HashMap<EnrolmentId, AttendanceMark>, AppError> {
    let ids: Vec<EnrolmentId> = rows.iter().map(|row| row.enrolment).collect();
    let found: Vec<(EnrolmentId, AttendanceMark)> = attendances::table
        .filter(attendances::enrolment_id.eq_any(&ids))
        .filter(attendances::day.eq(day))
        .select((attendances::enrolment_id, attendances::mark))
        .load(conn)?;
    Ok(found.into_iter().collect())
}

/// New marks are stored together; each correction is one of its own in the learner's trail.
fn write_marks(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    day: NaiveDate,
    rows: &[SentMark],
    before: &HashMap<EnrolmentId, AttendanceMark>,
) -> Result<(usize, usize), AppError> {
    let (mut new, mut corrected) = (Vec::new(), 0);
    for row in rows {
        match before.get(&row.enrolment) {
            None => new.push(Attendance {
                enrolment_id: row.enrolment,
                day,
                mark: row.mark,
                recorded_by: actor.account,
                recorded_at: actor.now,
            }),
            Some(mark) if *mark != row.mark => {
                diesel::update(attendances::table.find((row.enrolment, day)))
                    .set((
                        attendances::mark.eq(row.mark),
                        attendances::recorded_by.eq(actor.account),
                        attendances::recorded_at.eq(actor.now),
                    ))
                    .execute(conn)?;
                let by = Some(actor.account);
                note(conn, trail, by, row.enrolment, TrailAction::Attendance, &["attendance"], actor.now)?;
                corrected += 1;
            }
            Some(_) => {}
        }
    }
    Attendance::insert_all(conn, &new)?;
    Ok((new.len(), corrected))
}

fn version_of_day(conn: &mut DbConnection, course: CourseId, day: NaiveDate) -> Result<i32, AppError> {
    let version: Option<i32> =
        course_days::table.find((course, day)).select(course_days::version).first(conn).optional()?;
    Ok(version.unwrap_or(0))
}

fn save_day(conn: &mut DbConnection, actor: &Actor, wish: DayWish, version: i32) -> Result<(), AppError> {
    if version == 0 {
        let row = CourseDay {
            course_id: wish.course,
            day: wish.day,
            recorded_by: actor.account,
            recorded_at: actor.now,
            version: 1,
        };
        return super::or_again(diesel::insert_into(course_days::table).values(&row).execute(conn));
    }
    let row = course_days::table.find((wish.course, wish.day)).filter(course_days::version.eq(version));
    let saved = diesel::update(row)
        .set((
            course_days::recorded_by.eq(actor.account),
            course_days::recorded_at.eq(actor.now),
            course_days::version.eq(version + 1),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

/// First day of study of each of these learners.
fn first_days(conn: &mut DbConnection, rows: &[SentMark]) -> Result<HashMap<EnrolmentId, NaiveDate>, AppError> {
    let ids: Vec<EnrolmentId> = rows.iter().map(|row| row.enrolment).collect();
    let found: Vec<(EnrolmentId, Option<NaiveDate>)> = attendances::table
        .filter(attendances::enrolment_id.eq_any(&ids))
        .filter(attendances::mark.eq(AttendanceMark::Present))
        .group_by(attendances::enrolment_id)
        .select((attendances::enrolment_id, min(attendances::day)))
        .load(conn)?;
    Ok(found.into_iter().filter_map(|(id, day)| day.map(|day| (id, day))).collect())
}

/// Keeps the status and the record of support of one learner in step with the first day of study.
fn follow_marks(
    conn: &mut DbConnection,
    actor: &Actor,
    config: Config<'_>,
    trail: &TrailKey,
    mut learner: Enrolment,
    row: &SentMark,
    first: Option<NaiveDate>,
) -> Result<(), AppError> {
    if learner.served_on == first {
        return Ok(());
    }
    if let Some(day) = first.filter(|_| learner.status == EnrolmentStatus::Enrolled) {
        let (referral, _) = referrals::rules::read(conn, actor, learner.referral_id)?;
        super::enrolling::start_referral(conn, actor, config.services, trail, &referral, row.referral_event)?;
        let (by, to) = (Some(actor.account), EnrolmentStatus::Attending);
        let begun = Turn { to, on: day, reason: None, by, at: actor.now, event: row.event };
        turn(conn, trail, &mut learner, &begun)?;
    }
    if let Some(old) = learner.delivery_id {
        let (delivery, _) = deliveries::rules::read(conn, actor, old)?;
        // What was declared void by hand stays so.
        if delivery.voided_at.is_none() {
            let (version, reason) = (delivery.version, VoidReason::Mistake);
            deliveries::rules::void(conn, actor, config.entitlements, trail, old, version, reason)?;
        }
    }
    let delivery_id =
        first.map(|day| support(conn, actor, config.entitlements, trail, &learner, row.delivery, day)).transpose()?;
    diesel::update(enrolments::table.find(learner.id))
        .set((enrolments::served_on.eq(first), enrolments::delivery_id.eq(delivery_id)))
        .execute(conn)?;
    Ok(())
}

/// The record of the school's support on this day: one that the school wrote by hand, or a new one.
fn support(
    conn: &mut DbConnection,
    actor: &Actor,
    entitlements: &Catalogue,
    trail: &TrailKey,
    learner: &Enrolment,
    id: DeliveryId,
    day: NaiveDate,
) -> Result<DeliveryId, AppError> {
    let ground = Ground::Referral(learner.referral_id);
    let by_hand = deliveries::rules::list(conn, actor, ground, None, MOST_LOOKED_AT)?.into_iter().find(|delivery| {
        let same = (delivery.delivered_on, delivery.form) == (day, DeliveryForm::InKind);
        same && delivery.voided_at.is_none()
    });
    if let Some(delivery) = by_hand {
        return Ok(delivery.id);
    }
    let new = NewDelivery {
        id,
        ground,
        service_type: ServiceType::VocationalTraining,
        delivered_on: day,
        form: DeliveryForm::InKind,
        amount_dong: None,
        part_of: None,
    };
    Ok(deliveries::rules::create(conn, actor, entitlements, trail, &new)?.id)
}

/// Reads the sheet of a day: those who learn now, and those recorded on that day.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn sheet(
    conn: &mut DbConnection,
    actor: &Actor,
    vault: &Vault,
    course: CourseId,
    day: NaiveDate,
) -> Result<(Vec<SheetRow>, i32), AppError> {
    let course = courses::find_for(conn, actor, Action::EnrolmentWrite, course)?;
    let recorded = attendances::enrolment_id.eq(enrolments::id).and(attendances::day.eq(day));
    let rows: Vec<(Enrolment, Option<AttendanceMark>)> = enrolments::table
        .left_join(attendances::table.on(recorded))
        .filter(enrolments::course_id.eq(course.id))
        .filter(enrolments_addressed(&actor.scope(Action::EnrolmentRead)?))
        .filter(enrolments::status.eq_any(EnrolmentStatus::OPEN).or(attendances::mark.nullable().is_not_null()))
        .order((enrolments::enrolled_on, enrolments::id))
        .select((Enrolment::as_select(), attendances::mark.nullable()))
        .load(conn)?;
    let learners: Vec<&Enrolment> = rows.iter().map(|(enrolment, _)| enrolment).collect();
    let mut names = reading::names(conn, vault, &learners, actor.now.civil_date())?;
    let sheet = rows
        .into_iter()
        .map(|(enrolment, mark)| SheetRow {
            enrolment_id: enrolment.id,
            name: names.remove(&enrolment.id),
            status: enrolment.status,
            mark,
        })
        .collect();
    Ok((sheet, version_of_day(conn, course.id, day)?))
}

/// Reads a page of the days of one enrolment, oldest first, one more than `limit`.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn days_of(
    conn: &mut DbConnection,
    actor: &Actor,
    id: EnrolmentId,
    after: Option<NaiveDate>,
    limit: i64,
) -> Result<Vec<Attendance>, AppError> {
    super::read(conn, actor, id)?;
    let mut query = attendances::table
        .filter(attendances::enrolment_id.eq(id))
        .order(attendances::day)
        .select(Attendance::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some(day) = after {
        query = query.filter(attendances::day.gt(day));
    }
    Ok(query.load(conn)?)
}

/// Enrolment, mark, days of it, first and last of them.
pub(super) type Counted = (EnrolmentId, AttendanceMark, i64, Option<NaiveDate>, Option<NaiveDate>);

/// Days by mark of several enrolments, in one query.
pub(super) fn counts(conn: &mut DbConnection, ids: &[EnrolmentId]) -> Result<Vec<Counted>, AppError> {
    Ok(attendances::table
        .filter(attendances::enrolment_id.eq_any(ids))
        .group_by((attendances::enrolment_id, attendances::mark))
        .select((
            attendances::enrolment_id,
            attendances::mark,
            diesel::dsl::count_star(),
            min(attendances::day),
            diesel::dsl::max(attendances::day),
        ))
        .load(conn)?)
}
