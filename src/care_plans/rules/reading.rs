//! Reading versions of a care plan.

use diesel::prelude::*;

use crate::accounts::Actor;
use crate::care_plans::model::{CarePlan, Goal, Step, WholePlan};
use crate::cases::{self, model::Case};
use crate::db::DbConnection;
use crate::db::schema::{care_plan_goals, care_plan_steps, care_plans};
use crate::db::types::CaseId;
use crate::error::AppError;
use crate::grants::Action;
use crate::tasks::rules as task_rules;

/// Number of the latest version.
pub(super) fn latest_number(conn: &mut DbConnection, case: CaseId) -> Result<Option<i32>, AppError> {
    Ok(care_plans::table
        .filter(care_plans::case_id.eq(case))
        .order(care_plans::number.desc())
        .select(care_plans::number)
        .first(conn)
        .optional()?)
}

/// Whether a plan was agreed on in this case.
///
/// # Errors
/// The engine's own.
pub fn has_plan(conn: &mut DbConnection, case: CaseId) -> Result<bool, AppError> {
    Ok(latest_number(conn, case)?.is_some())
}

fn case_in_sight(conn: &mut DbConnection, actor: &Actor, case: CaseId) -> Result<Case, AppError> {
    cases::rules::find(conn, &actor.scope(Action::PlanRead)?, case)
}

/// Reads the latest version.
///
/// # Errors
/// [`AppError::NotFound`], also when there is no plan yet; [`AppError::Forbidden`] without the right.
pub fn current(conn: &mut DbConnection, actor: &Actor, case: CaseId) -> Result<WholePlan, AppError> {
    case_in_sight(conn, actor, case)?;
    let number = latest_number(conn, case)?.ok_or(AppError::NotFound)?;
    whole(conn, case, number, true)
}

/// Reads one version.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn version(conn: &mut DbConnection, actor: &Actor, case: CaseId, number: i32) -> Result<WholePlan, AppError> {
    case_in_sight(conn, actor, case)?;
    let latest = latest_number(conn, case)?;
    whole(conn, case, number, latest == Some(number))
}

fn whole(conn: &mut DbConnection, case: CaseId, number: i32, current: bool) -> Result<WholePlan, AppError> {
    let plan = care_plans::table.find((case, number)).select(CarePlan::as_select()).first(conn)?;
    let goals = care_plan_goals::table
        .filter(care_plan_goals::case_id.eq(case))
        .filter(care_plan_goals::plan_number.eq(number))
        .order(care_plan_goals::position)
        .select(Goal::as_select())
        .load(conn)?;
    let steps: Vec<Step> = care_plan_steps::table
        .filter(care_plan_steps::case_id.eq(case))
        .filter(care_plan_steps::plan_number.eq(number))
        .order(care_plan_steps::position)
        .select(Step::as_select())
        .load(conn)?;
    let tasks = task_rules::of_plan(conn, case)?;
    Ok(WholePlan { plan, current, goals, steps, tasks })
}

/// Reads a page of the versions of a case, latest first, one more than `limit`.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    case: CaseId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<CarePlan>, AppError> {
    case_in_sight(conn, actor, case)?;
    let mut query = care_plans::table
        .filter(care_plans::case_id.eq(case))
        .order(care_plans::number.desc())
        .select(CarePlan::as_select())
        .limit(limit + 1)
        .into_boxed();
    if let Some(number) = before {
        query = query.filter(care_plans::number.lt(number));
    }
    Ok(query.load(conn)?)
}
