//! Making, changing and finishing tasks; [`reading`] reads them, [`following`] lets them follow
//! their case, [`planned`] keeps those that are steps of a care plan.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{OwnerKind, Task, TaskKind};
use super::status::{CancelReason, TaskStatus};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::cases::model::Case;
use crate::cases::{self, CaseStatus};
use crate::db::DbConnection;
use crate::db::schema::{cases as case_table, tasks};
use crate::db::types::{AccountId, CaseId, PersonId, TaskId};
use crate::error::{AppError, Conflict, DayOf, FitsWith, Form, Rule};
use crate::grants::Action;
use crate::grants::predicates::tasks_within;

mod following;
mod planned;
mod reading;

pub use following::{cancel_open_of_case, follow_case};
pub use planned::{Planned, of_plan, save_planned};
pub use reading::{By, Filter, list, read};

/// A free task that is to be made.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// Id.
    pub id: TaskId,
    /// Case.
    pub case: CaseId,
    /// What it asks for.
    pub kind: TaskKind,
    /// Who is to do it; the worker of the case when none.
    pub owner: Option<AccountId>,
    /// Last day.
    pub due_on: NaiveDate,
}

/// Makes a free task in an open case.
///
/// # Errors
/// Field errors; [`Conflict::CaseClosed`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    new: &NewTask,
    sealed_title: impl Fn(PersonId) -> Result<Vec<u8>, AppError>,
) -> Result<Task, AppError> {
    let case = cases::rules::find_for(conn, actor, Action::PlanWrite, new.case)?;
    if case.status == CaseStatus::Closed {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    check_kind(new.kind)?;
    check_due(new.due_on, &case)?;
    if let Some(owner) = new.owner {
        check_owner(conn, owner, &case)?;
    }
    let task = Task {
        id: new.id,
        case_id: case.id,
        person_id: case.person_id,
        organisation_id: case.organisation_id,
        kind: new.kind,
        owner_kind: OwnerKind::Worker,
        owner_id: new.owner.or(case.assigned_to),
        partner_id: None,
        due_on: new.due_on,
        status: TaskStatus::Open,
        done_on: None,
        cancel_reason: None,
        step_id: None,
        sealed_title: Some(sealed_title(case.person_id)?),
        created_by: actor.account,
        created_at: actor.now,
        updated_at: actor.now,
        version: 1,
    };
    diesel::insert_into(tasks::table).values(&task).execute(conn)?;
    note(conn, trail, actor, task.id, TrailAction::Create, &["task"])?;
    Ok(task)
}

fn check_kind(kind: TaskKind) -> Result<(), AppError> {
    match kind {
        TaskKind::PlanStep => Err(AppError::field("kind", Rule::MustFit(FitsWith::StepsWithPlan))),
        _ => Ok(()),
    }
}

fn check_due(due_on: NaiveDate, case: &Case) -> Result<(), AppError> {
    if due_on < case.received_on {
        return Err(AppError::field("due_on", Rule::NotBefore(DayOf::CaseReceived)));
    }
    Ok(())
}

fn check_owner(conn: &mut DbConnection, owner: AccountId, case: &Case) -> Result<(), AppError> {
    if cases::rules::works_in(conn, owner, case.organisation_id)? {
        return Ok(());
    }
    Err(AppError::field("owner_id", Rule::NoSuchReference))
}

/// What is to be different about a free task; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// What it asks for.
    pub kind: Option<TaskKind>,
    /// Who is to do it.
    pub owner: Option<AccountId>,
    /// Last day.
    pub due_on: Option<NaiveDate>,
}

/// Changes an open free task. `seal` gives the new sealed title, or none when it stays.
///
/// # Errors
/// Field errors; [`Conflict::TaskOfPlan`] for a step of the care plan; [`Conflict::TaskEnded`];
/// [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn change(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: TaskId,
    expected: i32,
    wish: &Change,
    seal: impl Fn(&Task) -> Result<Option<Vec<u8>>, AppError>,
) -> Result<Task, AppError> {
    let (mut task, case) = find_for(conn, actor, id)?;
    check_version(conn, Subject::new(SubjectKind::Task, task.id.0), task.version, expected)?;
    if task.step_id.is_some() {
        return Err(AppError::Conflict(Conflict::TaskOfPlan));
    }
    if task.status != TaskStatus::Open {
        return Err(AppError::Conflict(Conflict::TaskEnded));
    }
    let mut changed = Vec::new();
    if let Some(kind) = wish.kind {
        check_kind(kind)?;
        task.kind = kind;
        changed.push("kind");
    }
    if let Some(owner) = wish.owner {
        check_owner(conn, owner, &case)?;
        task.owner_id = Some(owner);
        changed.push("owner");
    }
    if let Some(due_on) = wish.due_on {
        check_due(due_on, &case)?;
        task.due_on = due_on;
        changed.push("due_on");
    }
    if let Some(sealed) = seal(&task)? {
        task.sealed_title = Some(sealed);
        changed.push("title");
    }
    if changed.is_empty() {
        return Ok(task);
    }
    save(conn, actor, &mut task)?;
    note(conn, trail, actor, id, TrailAction::Update, &changed)?;
    Ok(task)
}

/// What is done with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It was done on this day.
    Complete(NaiveDate),
    /// It is not to be done.
    Cancel(CancelReason),
    /// It was not done after all.
    Reopen,
}

impl Step {
    fn target(self) -> TaskStatus {
        match self {
            Self::Complete(_) => TaskStatus::Done,
            Self::Cancel(_) => TaskStatus::Cancelled,
            Self::Reopen => TaskStatus::Open,
        }
    }
}

/// Completes or cancels a task, or undoes its completion.
///
/// # Errors
/// Field errors; [`Conflict::IllegalTransition`]; [`Conflict::CaseClosed`];
/// [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn take_step(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: TaskId,
    expected: i32,
    step: Step,
) -> Result<Task, AppError> {
    let (mut task, case) = find_for(conn, actor, id)?;
    check_version(conn, Subject::new(SubjectKind::Task, task.id.0), task.version, expected)?;
    let (from, to) = (task.status, step.target());
    if !from.may_become(to) {
        return Err(AppError::Conflict(Conflict::IllegalTransition { from: from.as_str(), to: to.as_str() }));
    }
    if case.status == CaseStatus::Closed {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    match step {
        Step::Complete(day) if day > actor.now.civil_date() => {
            return Err(AppError::field("done_on", Rule::NotInFuture));
        }
        Step::Complete(day) if day < case.received_on => {
            return Err(AppError::field("done_on", Rule::NotBefore(DayOf::CaseReceived)));
        }
        Step::Cancel(reason) if !reason.is_given() => {
            let allowed = "not_needed, replaced, not_wanted_now, mistake";
            return Err(AppError::field("reason", Rule::Format(Form::OneOf(allowed.into()))));
        }
        Step::Complete(day) => task.done_on = Some(day),
        Step::Cancel(reason) => task.cancel_reason = Some(reason),
        Step::Reopen => task.done_on = None,
    }
    task.status = to;
    save(conn, actor, &mut task)?;
    note(conn, trail, actor, id, TrailAction::Transition, &["status"])?;
    Ok(task)
}

/// 404 when the task cannot be seen; 403 when it can but is not the reader's to change.
fn find_for(conn: &mut DbConnection, actor: &Actor, id: TaskId) -> Result<(Task, Case), AppError> {
    let (task, _) = read(conn, actor, id)?;
    let reached = tasks::table.filter(tasks::id.eq(id)).filter(tasks_within(&actor.scope(Action::PlanWrite)?));
    if !diesel::select(diesel::dsl::exists(reached)).get_result::<bool>(conn)? {
        return Err(AppError::Forbidden);
    }
    let case = case_table::table.find(task.case_id).select(Case::as_select()).first(conn)?;
    Ok((task, case))
}

/// Writes the changeable columns; the row must still have the version that was read.
fn save(conn: &mut DbConnection, actor: &Actor, task: &mut Task) -> Result<(), AppError> {
    let read = task.version;
    task.version += 1;
    task.updated_at = actor.now;
    let row = tasks::table.filter(tasks::id.eq(task.id)).filter(tasks::version.eq(read));
    let saved = diesel::update(row)
        .set((
            tasks::organisation_id.eq(task.organisation_id),
            tasks::kind.eq(task.kind),
            tasks::owner_kind.eq(task.owner_kind),
            tasks::owner_id.eq(task.owner_id),
            tasks::partner_id.eq(task.partner_id),
            tasks::due_on.eq(task.due_on),
            tasks::status.eq(task.status),
            tasks::done_on.eq(task.done_on),
            tasks::cancel_reason.eq(task.cancel_reason),
            tasks::step_id.eq(task.step_id),
            tasks::sealed_title.eq(&task.sealed_title),
            tasks::updated_at.eq(task.updated_at),
            tasks::version.eq(task.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    task: TaskId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Task, task.0), Some(actor.account), action, fields, actor.now)
}
