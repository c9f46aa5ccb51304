//! Tasks that are steps of a care plan: a new version keeps, changes, adds or cancels them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{note, save};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::cases::model::Case;
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::tasks;
use crate::db::types::{CaseId, StepId, TaskId};
use crate::error::AppError;
use crate::tasks::TaskStatus;
use crate::tasks::model::{Owner, Task, TaskKind};
use crate::tasks::status::CancelReason;

/// What a new version of the plan says of one task.
#[derive(Debug, Clone)]
pub struct Planned {
    /// The task; a new one, or one of the version before.
    pub task: TaskId,
    /// The step that states it.
    pub step: StepId,
    /// Who is to do it.
    pub owner: Owner,
    /// Last day.
    pub due_on: NaiveDate,
}

/// The tasks of a case that are, or were, steps of its care plan.
///
/// # Errors
/// The engine's own.
pub fn of_plan(conn: &mut DbConnection, case: CaseId) -> Result<BTreeMap<TaskId, Task>, AppError> {
    let rows: Vec<Task> = tasks::table
        .filter(tasks::case_id.eq(case))
        .filter(tasks::step_id.is_not_null())
        .select(Task::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(|task| (task.id, task)).collect())
}

/// Brings the tasks to what the new version says; `known` are those of [`of_plan`]. Open ones
/// that the version lacks are cancelled, done ones stay done. Returns them all.
///
/// # Errors
/// The engine's own.
pub fn save_planned(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: &Case,
    mut known: BTreeMap<TaskId, Task>,
    wishes: &[Planned],
) -> Result<BTreeMap<TaskId, Task>, AppError> {
    let mut added = Vec::new();
    for wish in wishes {
        match known.get_mut(&wish.task) {
            Some(task) => restate(conn, actor, trail, task, wish)?,
            None => added.push(new_task(actor, case, wish)),
        }
    }
    Task::insert_all(conn, &added)?;
    for task in &added {
        note(conn, trail, actor, task.id, TrailAction::Create, &["task"])?;
    }
    let stated = |id: &TaskId| wishes.iter().any(|wish| wish.task == *id);
    for task in known.values_mut().filter(|task| task.status == TaskStatus::Open && !stated(&task.id)) {
        task.status = TaskStatus::Cancelled;
        task.cancel_reason = Some(CancelReason::PlanChanged);
        save(conn, actor, task)?;
        note(conn, trail, actor, task.id, TrailAction::Transition, &["status"])?;
    }
    known.extend(added.into_iter().map(|task| (task.id, task)));
    Ok(known)
}

/// Binds a task to its step in the new version; it is the same task with the same progress.
fn restate(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    task: &mut Task,
    wish: &Planned,
) -> Result<(), AppError> {
    let mut changed = vec!["care_plan"];
    if task.owner() != wish.owner {
        changed.push("owner");
    }
    if task.due_on != wish.due_on {
        changed.push("due_on");
    }
    task.step_id = Some(wish.step);
    task.owner_kind = wish.owner.kind;
    task.owner_id = wish.owner.account_id;
    task.partner_id = wish.owner.organisation_id;
    task.due_on = wish.due_on;
    save(conn, actor, task)?;
    note(conn, trail, actor, task.id, TrailAction::Update, &changed)
}

fn new_task(actor: &Actor, case: &Case, wish: &Planned) -> Task {
    Task {
        id: wish.task,
        case_id: case.id,
        person_id: case.person_id,
        organisation_id: case.organisation_id,
        kind: TaskKind::PlanStep,
        owner_kind: wish.owner.kind,
        owner_id: wish.owner.account_id,
        partner_id: wish.owner.organisation_id,
        due_on: wish.due_on,
        status: TaskStatus::Open,
        done_on: None,
        cancel_reason: None,
        step_id: Some(wish.step),
        sealed_title: None,
        created_by: actor.account,
        created_at: actor.now,
        updated_at: actor.now,
        version: 1,
    }
}
