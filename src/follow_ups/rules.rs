//! Recording and reading follow-ups.

use chrono::{Days, Months, NaiveDate};
use diesel::prelude::*;

use super::model::{Finding, FollowUp};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::cases::deadlines::FOLLOW_UP_MONTHS;
use crate::cases::model::Case;
use crate::cases::{self, CaseStatus};
use crate::db::DbConnection;
use crate::db::schema::follow_ups;
use crate::db::types::{CaseId, FollowUpId, PersonId};
use crate::error::{AppError, Conflict, FieldError, PlainForm, Rule};
use crate::grants::Action;

/// Days before its day from which a follow-up may be done.
const EARLY_DAYS: u64 = 30;

/// A follow-up that is to be recorded.
#[derive(Debug, Clone)]
pub struct NewFollowUp {
    /// Id.
    pub id: FollowUpId,
    /// Case.
    pub case: CaseId,
    /// Months after closing.
    pub months: i32,
    /// Day.
    pub done_on: NaiveDate,
    /// How the person was found.
    pub finding: Finding,
}

/// Records a follow-up of a closed case. An attempt that did not reach the person may be repeated.
///
/// # Errors
/// Field errors; [`Conflict::NotClosed`], [`Conflict::NoFollowUp`], [`Conflict::FollowedUp`];
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    new: &NewFollowUp,
    seal_note: impl Fn(PersonId) -> Result<Option<Vec<u8>>, AppError>,
) -> Result<(FollowUp, Case), AppError> {
    let case = cases::rules::find_for(conn, actor, Action::CaseUpdate, new.case)?;
    let (CaseStatus::Closed, Some(closed_on)) = (case.status, case.closed_on) else {
        return Err(AppError::Conflict(Conflict::NotClosed));
    };
    if !case.close_reason.is_some_and(cases::status::CloseReason::is_followed_up) {
        return Err(AppError::Conflict(Conflict::NoFollowUp));
    }
    check(actor, closed_on, new)?;
    if reached(conn, case.id, closed_on)?.contains(&new.months) {
        return Err(AppError::Conflict(Conflict::FollowedUp));
    }
    let follow_up = FollowUp {
        id: new.id,
        case_id: case.id,
        closed_on,
        months: new.months,
        done_on: new.done_on,
        finding: new.finding,
        sealed_note: seal_note(case.person_id)?,
        recorded_by: actor.account,
        created_at: actor.now,
    };
    diesel::insert_into(follow_ups::table).values(&follow_up).execute(conn)?;
    let subject = Subject::new(SubjectKind::Case, case.id.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::FollowUp, &["follow_up"], actor.now)?;
    Ok((follow_up, case))
}

fn check(actor: &Actor, closed_on: NaiveDate, new: &NewFollowUp) -> Result<(), AppError> {
    let mut broken = Vec::new();
    if !FOLLOW_UP_MONTHS.contains(&new.months) {
        broken.push(FieldError::new("months", Rule::Format(PlainForm::FollowUpMonths.into())));
    }
    if new.done_on > actor.now.civil_date() {
        broken.push(FieldError::new("done_on", Rule::NotInFuture));
    }
    let due = u32::try_from(new.months).ok().and_then(|months| closed_on.checked_add_months(Months::new(months)));
    let earliest = due.and_then(|due| due.checked_sub_days(Days::new(EARLY_DAYS)));
    if let Some(earliest) = earliest.filter(|earliest| new.done_on < *earliest) {
        broken.push(FieldError::new("done_on", Rule::NotBeforeDay(earliest)));
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

/// Months of the follow-ups after this closing that are done.
///
/// # Errors
/// The engine's own.
pub fn reached(conn: &mut DbConnection, case: CaseId, closed_on: NaiveDate) -> Result<Vec<i32>, AppError> {
    Ok(follow_ups::table
        .filter(follow_ups::case_id.eq(case))
        .filter(follow_ups::closed_on.eq(closed_on))
        .filter(follow_ups::finding.ne(Finding::NotReached))
        .order(follow_ups::months)
        .select(follow_ups::months)
        .load(conn)?)
}

/// Reads the follow-ups of a case, oldest closing first; at most 200.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn of_case(conn: &mut DbConnection, actor: &Actor, case: CaseId) -> Result<(Vec<FollowUp>, Case), AppError> {
    let case = cases::rules::read(conn, actor, case)?;
    let rows = follow_ups::table
        .filter(follow_ups::case_id.eq(case.id))
        .order((follow_ups::closed_on, follow_ups::months, follow_ups::id))
        .select(FollowUp::as_select())
        .limit(200)
        .load(conn)?;
    Ok((rows, case))
}

/// Reads one follow-up of a case.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(
    conn: &mut DbConnection,
    actor: &Actor,
    case: CaseId,
    id: FollowUpId,
) -> Result<(FollowUp, Case), AppError> {
    let case = cases::rules::read(conn, actor, case)?;
    let of_case = follow_ups::table.filter(follow_ups::id.eq(id)).filter(follow_ups::case_id.eq(case.id));
    Ok((of_case.select(FollowUp::as_select()).first(conn)?, case))
}
