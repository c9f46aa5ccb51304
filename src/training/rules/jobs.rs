//! Work after a course, and whether it lasts.

use std::collections::HashMap;

use chrono::{Months, NaiveDate};
use diesel::prelude::*;

use super::{find_for, note, or_again};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::db::DbConnection;
use crate::db::schema::{cases, job_check_ups, job_outcomes};
use crate::db::types::{AccountId, EnrolmentId, OrganisationId};
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, Rule};
use crate::grants::Action;
use crate::grants::predicates::cases_within;
use crate::training::model::views::{CheckUpDue, CheckUpView, JobView};
use crate::training::model::{CheckUpFinding, Enrolment, JobCheckUp, JobKind, JobOutcome};
use crate::training::status::EnrolmentStatus;

/// Months after the start of work at which the worker asks whether it lasts.
pub const CHECK_UPS: [i32; 3] = [3, 6, 12];

/// Day from which on the check-up after so many months can be done.
pub fn due_on(started_on: NaiveDate, months: i32) -> NaiveDate {
    let months = Months::new(u32::try_from(months).unwrap_or(0));
    started_on.checked_add_months(months).unwrap_or(started_on)
}

/// Day of the next check-up, when these were done.
pub fn next_due(started_on: Option<NaiveDate>, done: &[i32]) -> Option<NaiveDate> {
    let next = CHECK_UPS.into_iter().find(|months| !done.contains(months))?;
    started_on.map(|start| due_on(start, next))
}

/// What work there is, as it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Work {
    /// Kind.
    pub kind: JobKind,
    /// Whether it is in the trade that was learned.
    pub in_trade: Option<bool>,
    /// First day.
    pub started_on: Option<NaiveDate>,
}

/// Records what work came of a completed course, or corrects it; `expected` is 0 for the first time.
///
/// # Errors
/// Field errors; [`Conflict::CourseNotCompleted`]; [`AppError::VersionStale`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn record(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    (id, expected): (EnrolmentId, i32),
    work: Work,
) -> Result<JobView, AppError> {
    let enrolment = find_for(conn, actor, Action::JobOutcomeWrite, id)?;
    let before = find(conn, id)?;
    let version = before.as_ref().map_or(0, |job| job.version);
    if version != expected {
        return Err(AppError::VersionStale { current: version, changed: vec!["job".into()] });
    }
    if enrolment.status != EnrolmentStatus::Completed {
        return Err(AppError::Conflict(Conflict::CourseNotCompleted));
    }
    let checks = check_ups(conn, &[id])?;
    check(actor, &enrolment, work, &checks)?;
    let done: Vec<i32> = checks.iter().map(|check| check.months).collect();
    let job = JobOutcome {
        enrolment_id: id,
        case_id: enrolment.case_id,
        kind: work.kind,
        in_trade: work.in_trade,
        started_on: work.started_on,
        next_due_on: next_due(work.started_on, &done),
        recorded_by: actor.account,
        recorded_at: actor.now,
        version: version + 1,
    };
    store(conn, &job, version)?;
    note(conn, trail, Some(actor.account), id, TrailAction::JobOutcome, &["job"], actor.now)?;
    Ok(view(job, &checks))
}

fn check(actor: &Actor, enrolment: &Enrolment, work: Work, checks: &[JobCheckUp]) -> Result<(), AppError> {
    let mut broken = Vec::new();
    let mut say = |field: &str, rule| broken.push(FieldError::new(field, rule));
    if work.kind.is_work() {
        if work.in_trade.is_none() {
            say("in_trade", Rule::Required);
        }
        match work.started_on {
            None => say("started_on", Rule::Required),
            Some(day) if day > actor.now.civil_date() => say("started_on", Rule::NotInFuture),
            Some(day) if day < enrolment.enrolled_on => say("started_on", Rule::NotBefore(DayOf::Enrolled)),
            // A check-up may not come to lie before its day.
            Some(day) if checks.iter().any(|check| check.checked_on < due_on(day, check.months)) => {
                say("started_on", Rule::MustFit(FitsWith::CheckUpDays));
            }
            Some(_) => {}
        }
    } else {
        if work.in_trade.is_some() {
            say("in_trade", Rule::MustFit(FitsWith::WithWork));
        }
        if work.started_on.is_some() {
            say("started_on", Rule::MustFit(FitsWith::WithWork));
        }
        if !checks.is_empty() {
            say("kind", Rule::MustFit(FitsWith::CheckUpsOfWork));
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

fn find(conn: &mut DbConnection, id: EnrolmentId) -> Result<Option<JobOutcome>, AppError> {
    Ok(job_outcomes::table.find(id).select(JobOutcome::as_select()).first(conn).optional()?)
}

fn check_ups(conn: &mut DbConnection, ids: &[EnrolmentId]) -> Result<Vec<JobCheckUp>, AppError> {
    Ok(job_check_ups::table
        .filter(job_check_ups::enrolment_id.eq_any(ids))
        .order((job_check_ups::enrolment_id, job_check_ups::months))
        .select(JobCheckUp::as_select())
        .load(conn)?)
}

fn store(conn: &mut DbConnection, job: &JobOutcome, read: i32) -> Result<(), AppError> {
    if read == 0 {
        return or_again(diesel::insert_into(job_outcomes::table).values(job).execute(conn));
    }
    let row = job_outcomes::table.find(job.enrolment_id).filter(job_outcomes::version.eq(read));
    let saved = diesel::update(row)
        .set((
            job_outcomes::kind.eq(job.kind),
            job_outcomes::in_trade.eq(job.in_trade),
            job_outcomes::started_on.eq(job.started_on),
            job_outcomes::next_due_on.eq(job.next_due_on),
            job_outcomes::recorded_by.eq(job.recorded_by),
            job_outcomes::recorded_at.eq(job.recorded_at),
            job_outcomes::version.eq(job.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

/// A check-up as it is sent.
#[derive(Debug, Clone, Copy)]
pub struct CheckUp {
    /// Months after the start of work.
    pub months: i32,
    /// Day.
    pub checked_on: NaiveDate,
    /// What was found.
    pub finding: CheckUpFinding,
}

/// Records whether somebody still works, or corrects it; `expected` is 0 for the first time.
///
/// # Errors
/// Field errors; [`Conflict::NoWorkRecorded`]; [`AppError::VersionStale`]; [`AppError::NotFound`] also for months at
/// which nothing is asked; [`AppError::Forbidden`].
pub fn record_check_up(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    (id, expected): (EnrolmentId, i32),
    sent: CheckUp,
) -> Result<JobView, AppError> {
    find_for(conn, actor, Action::JobOutcomeWrite, id)?;
    if !CHECK_UPS.contains(&sent.months) {
        return Err(AppError::NotFound);
    }
    let before: Option<i32> =
        job_check_ups::table.find((id, sent.months)).select(job_check_ups::version).first(conn).optional()?;
    let version = before.unwrap_or(0);
    if version != expected {
        return Err(AppError::VersionStale { current: version, changed: vec!["check_up".into()] });
    }
    let job = find(conn, id)?.filter(|job| job.kind.is_work());
    let Some((job, start)) = job.and_then(|job| job.started_on.map(|start| (job, start))) else {
        return Err(AppError::Conflict(Conflict::NoWorkRecorded));
    };
    if sent.checked_on > actor.now.civil_date() {
        return Err(AppError::field("checked_on", Rule::NotInFuture));
    }
    let due_on = due_on(start, sent.months);
    if sent.checked_on < due_on {
        return Err(AppError::field("checked_on", Rule::NotBeforeDay(due_on)));
    }
    store_check_up(conn, actor, id, sent, version)?;
    let checks = check_ups(conn, &[id])?;
    let done: Vec<i32> = checks.iter().map(|check| check.months).collect();
    let job = JobOutcome { next_due_on: next_due(job.started_on, &done), ..job };
    diesel::update(job_outcomes::table.find(id)).set(job_outcomes::next_due_on.eq(job.next_due_on)).execute(conn)?;
    note(conn, trail, Some(actor.account), id, TrailAction::JobOutcome, &["check_up"], actor.now)?;
    Ok(view(job, &checks))
}

fn store_check_up(
    conn: &mut DbConnection,
    actor: &Actor,
    id: EnrolmentId,
    sent: CheckUp,
    read: i32,
) -> Result<(), AppError> {
    let row = JobCheckUp {
        enrolment_id: id,
        months: sent.months,
        checked_on: sent.checked_on,
        finding: sent.finding,
        recorded_by: actor.account,
        recorded_at: actor.now,
        version: read + 1,
    };
    if read == 0 {
        return or_again(diesel::insert_into(job_check_ups::table).values(&row).execute(conn));
    }
    let stored = job_check_ups::table.find((id, sent.months)).filter(job_check_ups::version.eq(read));
    let saved = diesel::update(stored)
        .set((
            job_check_ups::checked_on.eq(row.checked_on),
            job_check_ups::finding.eq(row.finding),
            job_check_ups::recorded_by.eq(row.recorded_by),
            job_check_ups::recorded_at.eq(row.recorded_at),
            job_check_ups::version.eq(row.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

fn view(job: JobOutcome, checks: &[JobCheckUp]) -> JobView {
    let line = |start: NaiveDate, months: i32| {
        let done = checks.iter().find(|check| check.enrolment_id == job.enrolment_id && check.months == months);
        CheckUpView {
            months,
            due_on: due_on(start, months),
            checked_on: done.map(|check| check.checked_on),
            finding: done.map(|check| check.finding),
            version: done.map_or(0, |check| check.version),
        }
    };
    let check_ups =
        job.started_on.map(|start| CHECK_UPS.into_iter().map(|months| line(start, months)).collect::<Vec<_>>());
    JobView {
        enrolment_id: job.enrolment_id,
        kind: job.kind,
        in_trade: job.in_trade,
        started_on: job.started_on,
        check_ups: check_ups.unwrap_or_default(),
        version: job.version,
    }
}

/// Work that came of these enrolments, in two queries.
pub(super) fn views(conn: &mut DbConnection, ids: &[EnrolmentId]) -> Result<HashMap<EnrolmentId, JobView>, AppError> {
    let rows: Vec<JobOutcome> = job_outcomes::table
        .filter(job_outcomes::enrolment_id.eq_any(ids))
        .select(JobOutcome::as_select())
        .load(conn)?;
    let checks = check_ups(conn, ids)?;
    Ok(rows.into_iter().map(|job| (job.enrolment_id, view(job, &checks))).collect())
}

/// Which check-ups a list shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of cases assigned to this worker.
    pub assigned_to: Option<AccountId>,
    /// Of cases of this centre.
    pub organisation: Option<OrganisationId>,
}

/// Reads a page of check-ups that are due, the oldest first, one more than `limit`. Of one job the earliest stands
/// there; the next follows when that is done.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list_due(
    conn: &mut DbConnection,
    actor: &Actor,
    filter: Filter,
    after: Option<(NaiveDate, EnrolmentId)>,
    limit: i64,
) -> Result<Vec<CheckUpDue>, AppError> {
    let scope = actor.scope(Action::LivelihoodRead)?;
    let mut query = job_outcomes::table
        .inner_join(cases::table.on(cases::id.eq(job_outcomes::case_id)))
        .filter(job_outcomes::next_due_on.le(actor.now.civil_date()))
        .filter(cases_within(&scope))
        .order((job_outcomes::next_due_on, job_outcomes::enrolment_id))
        .select(JobOutcome::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some(worker) = filter.assigned_to {
        query = query.filter(cases::assigned_to.eq(worker));
    }
    if let Some(organisation) = filter.organisation {
        query = query.filter(cases::organisation_id.eq(organisation));
    }
    if let Some((day, id)) = after {
        let same_day = job_outcomes::next_due_on.eq(day).and(job_outcomes::enrolment_id.gt(id));
        query = query.filter(job_outcomes::next_due_on.gt(day).or(same_day));
    }
    let rows: Vec<JobOutcome> = query.load(conn)?;
    Ok(rows.into_iter().filter_map(due).collect())
}

fn due(job: JobOutcome) -> Option<CheckUpDue> {
    let (started_on, day) = (job.started_on?, job.next_due_on?);
    let months = CHECK_UPS.into_iter().find(|months| due_on(started_on, *months) == day)?;
    Some(CheckUpDue { enrolment_id: job.enrolment_id, case_id: job.case_id, months, started_on, due_on: day })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn the_next_check_up_is_the_earliest_that_was_not_done() {
        let start = Some(day("2025-01-15"));
        assert_eq!(next_due(start, &[]), Some(day("2025-04-15")));
        assert_eq!(next_due(start, &[3]), Some(day("2025-07-15")));
        assert_eq!(next_due(start, &[6]), Some(day("2025-04-15")), "one left out stays due");
        assert_eq!(next_due(start, &[3, 6, 12]), None);
        assert_eq!(next_due(None, &[]), None, "without work nothing is asked");
    }

    #[test]
    fn months_end_with_the_month() {
        assert_eq!(due_on(day("2024-11-30"), 3), day("2025-02-28"));
        assert_eq!(due_on(day("2024-02-29"), 12), day("2025-02-28"));
    }
}
