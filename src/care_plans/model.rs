//! Rows and views of care plans.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;

use crate::consents::model::GivenBy;
use crate::db::bulk::bulk_rows;
use crate::db::schema::{care_plan_goals, care_plan_steps, care_plans};
use crate::db::types::{AccountId, CaseId, GoalId, Instant, OrganisationId, PersonId, StepId, TaskId};
use crate::error::AppError;
use crate::services::ServiceType;
use crate::tasks::TaskStatus;
use crate::tasks::model::{Owner, OwnerKind, Task};
use crate::vault::{DataKey, FieldName, open};

/// One version of the care plan of a case. It is never changed; a later one takes its place.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = care_plans, treat_none_as_default_value = false)]
pub struct CarePlan {
    /// Case.
    pub case_id: CaseId,
    /// Number of the version, from 1.
    pub number: i32,
    /// Person.
    pub person_id: PersonId,
    /// Centre that ran the case.
    pub organisation_id: OrganisationId,
    /// Who agreed to it for the person.
    pub agreed_with: GivenBy,
    /// Day of the agreement.
    pub agreed_on: NaiveDate,
    /// Day on which it is to be looked at again.
    pub review_on: NaiveDate,
    /// Who saved it.
    pub saved_by: AccountId,
    /// When it was saved.
    pub saved_at: Instant,
    /// Day on which the chair of the commune approved it; asked for of a child's plan (Decree 56/2017).
    pub approved_on: Option<NaiveDate>,
}

/// A goal of one version.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = care_plan_goals, treat_none_as_default_value = false)]
pub struct Goal {
    /// Id.
    pub id: GoalId,
    /// Case.
    pub case_id: CaseId,
    /// Version of the plan.
    pub plan_number: i32,
    /// Place among the goals, from 0.
    pub position: i32,
    /// Service it calls for.
    pub service_type: Option<ServiceType>,
    /// Sealed text.
    pub sealed_text: Vec<u8>,
}

/// A step as one version states it. Its progress is kept in its task, which lives on from
/// version to version.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = care_plan_steps, treat_none_as_default_value = false)]
pub struct Step {
    /// Id.
    pub id: StepId,
    /// Case.
    pub case_id: CaseId,
    /// Version of the plan.
    pub plan_number: i32,
    /// Goal.
    pub goal_id: GoalId,
    /// Place among all steps of the version, from 0.
    pub position: i32,
    /// The task it states.
    pub task_id: TaskId,
    /// Who was to do it.
    pub owner_kind: OwnerKind,
    /// The worker.
    pub owner_id: Option<AccountId>,
    /// The partner.
    pub partner_id: Option<OrganisationId>,
    /// Last day.
    pub due_on: NaiveDate,
    /// Sealed title.
    pub sealed_title: Vec<u8>,
}

bulk_rows! { CarePlan => care_plans, Goal => care_plan_goals, Step => care_plan_steps }

impl Goal {
    /// Where the sealed text of a goal stands.
    pub fn text_place(id: GoalId) -> FieldName {
        FieldName { table: "care_plan_goals", column: "sealed_text", row: id.0 }
    }
}

impl Step {
    /// Where the sealed title of a step stands.
    pub fn title_place(id: StepId) -> FieldName {
        FieldName { table: "care_plan_steps", column: "sealed_title", row: id.0 }
    }
}

/// The head of a version.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanHead {
    /// Number of the version, from 1; send the latest in quotes as `If-Match`.
    pub number: i32,
    /// Who agreed to it for the person.
    pub agreed_with: GivenBy,
    /// Day of the agreement.
    pub agreed_on: NaiveDate,
    /// Day on which it is to be looked at again.
    pub review_on: NaiveDate,
    /// Who saved it.
    pub saved_by: AccountId,
    /// When it was saved.
    pub saved_at: Instant,
    /// Day on which the chair of the commune approved it; asked for of a child's plan (Decree 56/2017).
    pub approved_on: Option<NaiveDate>,
}

impl From<CarePlan> for PlanHead {
    fn from(plan: CarePlan) -> Self {
        Self {
            number: plan.number,
            agreed_with: plan.agreed_with,
            agreed_on: plan.agreed_on,
            review_on: plan.review_on,
            saved_by: plan.saved_by,
            saved_at: plan.saved_at,
            approved_on: plan.approved_on,
        }
    }
}

/// A version of the care plan.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PlanView {
    /// Its head.
    #[serde(flatten)]
    pub head: PlanHead,
    /// Whether no later version took its place.
    pub current: bool,
    /// Goals in their order.
    pub goals: Vec<GoalView>,
    /// Version; send it in quotes as `If-Match`. It moves on with each version of the plan and each change of its tasks.
    pub version: i32,
}

/// A goal of a plan.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct GoalView {
    /// What is to be reached.
    pub text: String,
    /// Service it calls for.
    pub service_type: Option<ServiceType>,
    /// Steps in their order.
    pub steps: Vec<StepView>,
}

/// A step of a plan.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StepView {
    /// The task it states; name it again in the next version to keep it.
    pub task_id: TaskId,
    /// What is to be done.
    pub title: String,
    /// Who is to do it: as this version says; in the current version, as it stands now.
    pub owner: Owner,
    /// Last day.
    pub due_on: NaiveDate,
    /// How the task stands now.
    pub status: TaskStatus,
    /// Day on which it was done.
    pub done_on: Option<NaiveDate>,
}

/// A version with all that belongs to it.
#[derive(Debug, Clone)]
pub struct WholePlan {
    /// Its head.
    pub plan: CarePlan,
    /// Whether no later version took its place.
    pub current: bool,
    /// Goals in their order.
    pub goals: Vec<Goal>,
    /// Steps in their order.
    pub steps: Vec<Step>,
    /// Their tasks.
    pub tasks: BTreeMap<TaskId, Task>,
}

/// What an edit of the plan rests on: its number, and how often its tasks were changed. Both only grow.
pub fn standing(number: Option<i32>, tasks: &BTreeMap<TaskId, Task>) -> i32 {
    number.unwrap_or(0) + tasks.values().map(|task| task.version - 1).sum::<i32>()
}

impl WholePlan {
    /// Opens the sealed texts.
    ///
    /// # Errors
    /// When one does not open.
    pub fn view(self, key: &DataKey) -> Result<PlanView, AppError> {
        let person = self.plan.person_id;
        let mut goals = Vec::with_capacity(self.goals.len());
        for goal in &self.goals {
            let own = self.steps.iter().filter(|step| step.goal_id == goal.id);
            goals.push(GoalView {
                text: open(key, person, Goal::text_place(goal.id), &goal.sealed_text)?.to_string(),
                service_type: goal.service_type,
                steps: own.map(|step| self.step_view(step, key)).collect::<Result<_, _>>()?,
            });
        }
        let version = standing(Some(self.plan.number), &self.tasks);
        Ok(PlanView { head: self.plan.into(), current: self.current, goals, version })
    }

    fn step_view(&self, step: &Step, key: &DataKey) -> Result<StepView, AppError> {
        let task = self.tasks.get(&step.task_id).ok_or_else(|| AppError::internal("a step has no task"))?;
        let title = open(key, self.plan.person_id, Step::title_place(step.id), &step.sealed_title)?.to_string();
        let stated = Owner { kind: step.owner_kind, account_id: step.owner_id, organisation_id: step.partner_id };
        Ok(StepView {
            task_id: step.task_id,
            title,
            owner: if self.current { task.owner() } else { stated },
            due_on: step.due_on,
            status: task.status,
            done_on: task.done_on,
        })
    }
}
