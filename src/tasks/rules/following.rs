//! Tasks follow their case: to another worker, to another centre, to its end.

use diesel::prelude::*;

use super::{note, save};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::cases::model::Case;
use crate::db::DbConnection;
use crate::db::schema::tasks;
use crate::db::types::{AccountId, CaseId};
use crate::error::AppError;
use crate::tasks::TaskStatus;
use crate::tasks::model::{OwnerKind, Task};
use crate::tasks::status::CancelReason;

fn open_of_case(conn: &mut DbConnection, case: CaseId) -> Result<Vec<Task>, AppError> {
    Ok(tasks::table
        .filter(tasks::case_id.eq(case))
        .filter(tasks::status.eq(TaskStatus::Open))
        .order((tasks::due_on, tasks::id))
        .select(Task::as_select())
        .load(conn)?)
}

/// The case has been given to another worker, or another centre: its open tasks go along. Those
/// of `former` and of nobody are now the new worker's, or wait with the case; when the centre
/// changed, so are those of colleagues there.
///
/// # Errors
/// The engine's own.
pub fn follow_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: &Case,
    former: Option<AccountId>,
) -> Result<(), AppError> {
    for mut task in open_of_case(conn, case.id)? {
        let moved = task.organisation_id != case.organisation_id;
        let goes_along = task.owner_kind == OwnerKind::Worker
            && (moved || task.owner_id.is_none() || task.owner_id == former)
            && task.owner_id != case.assigned_to;
        if !moved && !goes_along {
            continue;
        }
        task.organisation_id = case.organisation_id;
        if goes_along {
            task.owner_id = case.assigned_to;
        }
        save(conn, actor, &mut task)?;
        note(conn, trail, actor, task.id, TrailAction::Assign, &["owner"])?;
    }
    Ok(())
}

/// Cancels the open tasks of a case that is being closed. They do not come back when it is
/// opened again: what is to be done then is planned anew.
///
/// # Errors
/// The engine's own.
pub fn cancel_open_of_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: CaseId,
) -> Result<(), AppError> {
    for mut task in open_of_case(conn, case)? {
        task.status = TaskStatus::Cancelled;
        task.cancel_reason = Some(CancelReason::CaseClosed);
        save(conn, actor, &mut task)?;
        note(conn, trail, actor, task.id, TrailAction::Transition, &["status"])?;
    }
    Ok(())
}
