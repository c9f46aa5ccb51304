//! Reading tasks within a scope.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{care_plan_steps, tasks};
use crate::db::types::{AccountId, CaseId, OrganisationId, TaskId};
use crate::error::AppError;
use crate::grants::Action;
use crate::grants::predicates::tasks_within;
use crate::tasks::TaskStatus;
use crate::tasks::model::{Task, TaskRow};

/// Reads one task.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: TaskId) -> Result<TaskRow, AppError> {
    let scope = actor.scope(Action::PlanRead)?;
    Ok(tasks::table
        .left_join(care_plan_steps::table.on(care_plan_steps::id.nullable().eq(tasks::step_id)))
        .filter(tasks::id.eq(id))
        .filter(tasks_within(&scope))
        .select((Task::as_select(), care_plan_steps::sealed_title.nullable()))
        .first(conn)?)
}

/// Whose tasks a list shows; each is served by an index of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Those given to this account.
    Owner(AccountId),
    /// Those in cases of this centre.
    Organisation(OrganisationId),
    /// Those of this case.
    Case(CaseId),
}

/// Which tasks a list shows.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// Whose.
    pub by: By,
    /// In this status.
    pub status: TaskStatus,
    /// Due on this day or later.
    pub from: Option<NaiveDate>,
    /// Due on this day or before.
    pub until: Option<NaiveDate>,
}

/// Reads a page of tasks, first due first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    filter: &Filter,
    after: Option<(NaiveDate, TaskId)>,
    limit: i64,
) -> Result<Vec<TaskRow>, AppError> {
    let scope = actor.scope(Action::PlanRead)?;
    let mut query = tasks::table
        .left_join(care_plan_steps::table.on(care_plan_steps::id.nullable().eq(tasks::step_id)))
        .filter(tasks::status.eq(filter.status))
        .filter(tasks_within(&scope))
        .order((tasks::due_on, tasks::id))
        .select((Task::as_select(), care_plan_steps::sealed_title.nullable()))
        .limit(limit + 1)
        .into_boxed();
    query = match filter.by {
        By::Owner(account) => query.filter(tasks::owner_id.eq(account)),
        By::Organisation(organisation) => query.filter(tasks::organisation_id.eq(organisation)),
        By::Case(case) => query.filter(tasks::case_id.eq(case)),
    };
    if let Some(day) = filter.from {
        query = query.filter(tasks::due_on.ge(day));
    }
    if let Some(day) = filter.until {
        query = query.filter(tasks::due_on.le(day));
    }
    if let Some((day, id)) = after {
        // The first condition narrows nothing; it lets the index begin where the page before ended.
        query = query
            .filter(tasks::due_on.ge(day))
            .filter(tasks::due_on.gt(day).or(tasks::due_on.eq(day).and(tasks::id.gt(id))));
    }
    Ok(query.load(conn)?)
}
