//! Tasks follow their case: to another worker, to its end.

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

/// The case has been given to another worker: the open tasks of `former` and of nobody go along, or wait with
/// the case.
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
        let goes_along = task.owner_kind == OwnerKind::Worker
            && (task.owner_id.is_none() || task.owner_id == former)
            && task.owner_id != case.assigned_to;
        if goes_along {
            task.owner_id = case.assigned_to;
            save(conn, actor, &mut task)?;
            note(conn, trail, actor, task.id, TrailAction::Assign, &["owner"])?;
        }
    }
    Ok(())
}

/// Cancels the open tasks of a case that is being closed or handed over. They do not come back when it is
/// opened again: what is to be done then is planned anew.
///
/// # Errors
/// The engine's own.
pub fn cancel_open_of_case(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: CaseId,
    reason: CancelReason,
) -> Result<(), AppError> {
    for mut task in open_of_case(conn, case)? {
        task.status = TaskStatus::Cancelled;
        task.cancel_reason = Some(reason);
        save(conn, actor, &mut task)?;
        note(conn, trail, actor, task.id, TrailAction::Transition, &["status"])?;
    }
    Ok(())
}
