//! Vocational training: [`courses`] of schools, [`enrolling`] in them, [`attendance`], [`aid`], [`jobs`]; [`reading`]
//! reads enrolments and the way to a livelihood.

use diesel::prelude::*;

use super::model::{Enrolment, EnrolmentEvent};
use super::status::{EnrolmentStatus, StopReason};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::db::schema::{enrolment_events, enrolments};
use crate::db::types::{AccountId, EnrolmentEventId, EnrolmentId, Instant};
use crate::db::{DbConnection, lost_race};
use crate::error::{AppError, Conflict};
use crate::grants::Action;
use crate::grants::predicates::{enrolments_addressed, enrolments_within};
use crate::referrals::rules::Side;

pub mod aid;
pub mod attendance;
pub mod courses;
pub mod enrolling;
pub mod jobs;
pub mod reading;

pub use aid::free_aid;
pub use enrolling::{follow_case, follow_referral};

/// Reads one enrolment, and through which side the actor reaches it.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: EnrolmentId) -> Result<(Enrolment, Side), AppError> {
    let scope = actor.scope(Action::EnrolmentRead)?;
    let found = || enrolments::table.filter(enrolments::id.eq(id)).select(Enrolment::as_select());
    let own: Option<Enrolment> = found().filter(enrolments_within(&scope)).first(conn).optional()?;
    if let Some(enrolment) = own {
        return Ok((enrolment, Side::Sender));
    }
    Ok((found().filter(enrolments_addressed(&scope)).first(conn)?, Side::Recipient))
}

/// 404 when the enrolment cannot be seen; 403 when it can but this is not the reader's to do.
fn find_for(conn: &mut DbConnection, actor: &Actor, action: Action, id: EnrolmentId) -> Result<Enrolment, AppError> {
    let (enrolment, _) = read(conn, actor, id)?;
    let scope = actor.scope(action)?;
    let found = enrolments::table.filter(enrolments::id.eq(id));
    let reached: bool = match action {
        Action::EnrolmentWrite => {
            diesel::select(diesel::dsl::exists(found.filter(enrolments_addressed(&scope)))).get_result(conn)?
        }
        _ => diesel::select(diesel::dsl::exists(found.filter(enrolments_within(&scope)))).get_result(conn)?,
    };
    if reached { Ok(enrolment) } else { Err(AppError::Forbidden) }
}

/// What moves an enrolment to another status.
struct Turn {
    to: EnrolmentStatus,
    on: chrono::NaiveDate,
    reason: Option<StopReason>,
    by: Option<AccountId>,
    at: Instant,
    event: EnrolmentEventId,
}

/// Moves an enrolment as the table of transitions allows, with its event and its entry in the trail.
fn turn(conn: &mut DbConnection, trail: &TrailKey, enrolment: &mut Enrolment, turn: &Turn) -> Result<(), AppError> {
    let from = enrolment.status;
    if !from.may_become(turn.to) {
        return Err(illegal(from, turn.to));
    }
    enrolment.status = turn.to;
    if !EnrolmentStatus::OPEN.contains(&turn.to) {
        enrolment.ended_on = Some(turn.on);
    }
    enrolment.stop_reason = turn.reason;
    save(conn, enrolment, turn.at)?;
    insert_event(conn, enrolment.id, Some(from), turn)?;
    note(conn, trail, turn.by, enrolment.id, TrailAction::Transition, &["status"], turn.at)
}

fn insert_event(
    conn: &mut DbConnection,
    enrolment: EnrolmentId,
    from: Option<EnrolmentStatus>,
    turn: &Turn,
) -> Result<(), AppError> {
    let event = EnrolmentEvent {
        id: turn.event,
        enrolment_id: enrolment,
        from_status: from,
        to_status: turn.to,
        occurred_on: turn.on,
        reason: turn.reason,
        recorded_by: turn.by,
        recorded_at: turn.at,
    };
    diesel::insert_into(enrolment_events::table).values(&event).execute(conn)?;
    Ok(())
}

fn illegal(from: EnrolmentStatus, to: EnrolmentStatus) -> AppError {
    AppError::Conflict(Conflict::IllegalTransition { from: from.as_str(), to: to.as_str() })
}

/// Writes the changeable columns; the row must still have the version that was read.
fn save(conn: &mut DbConnection, enrolment: &mut Enrolment, now: Instant) -> Result<(), AppError> {
    let read = enrolment.version;
    enrolment.version += 1;
    enrolment.updated_at = now;
    let row = enrolments::table.filter(enrolments::id.eq(enrolment.id)).filter(enrolments::version.eq(read));
    let saved = diesel::update(row)
        .set((
            enrolments::status.eq(enrolment.status),
            enrolments::ended_on.eq(enrolment.ended_on),
            enrolments::stop_reason.eq(enrolment.stop_reason),
            enrolments::certificate_issued_on.eq(enrolment.certificate_issued_on),
            enrolments::sealed_certificate_number.eq(&enrolment.sealed_certificate_number),
            enrolments::updated_at.eq(enrolment.updated_at),
            enrolments::version.eq(enrolment.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

/// An insert that meets the row of another write is tried again, and then finds that row.
fn or_again(inserted: QueryResult<usize>) -> Result<(), AppError> {
    match inserted {
        Err(error) if crate::db::is_unique_violation(&error) => Err(lost_race().into()),
        other => {
            other?;
            Ok(())
        }
    }
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    by: Option<AccountId>,
    id: EnrolmentId,
    action: TrailAction,
    fields: &[&str],
    now: Instant,
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Enrolment, id.0), by, action, fields, now)
}
