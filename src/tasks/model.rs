//! Rows and views of tasks.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::status::{CancelReason, TaskStatus};
use crate::db::bulk::bulk_rows;
use crate::db::schema::tasks;
use crate::db::types::{AccountId, CaseId, Instant, OrganisationId, PersonId, StepId, TaskId, text_enum};
use crate::error::AppError;
use crate::vault::{DataKey, FieldName, open};

text_enum! {
    /// What a task asks for.
    TaskKind {
        /// A step of the care plan.
        PlanStep = "plan_step",
        /// Call or write, in the way that is safe.
        Contact = "contact",
        /// Visit the person.
        Visit = "visit",
        /// Go along to, or hold, an appointment.
        Appointment = "appointment",
        /// Get papers.
        Papers = "papers",
        /// Ask a partner how a referral goes.
        ReferralFollowUp = "referral_follow_up",
        /// Anything else.
        Other = "other",
    }
}

impl TaskKind {
    /// Kinds that, once done, mean that the person was met or spoken to.
    pub const CONTACTS: [Self; 3] = [Self::Contact, Self::Visit, Self::Appointment];
}

text_enum! {
    /// Who is to do something.
    OwnerKind {
        /// A worker of the centre.
        Worker = "worker",
        /// The person supported.
        Person = "person",
        /// A partner organisation.
        Partner = "partner",
    }
}

/// Who is to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// A worker, the person, or a partner.
    pub kind: OwnerKind,
    /// The worker. When absent, the worker of the case; none while the case waits.
    #[serde(default)]
    pub account_id: Option<AccountId>,
    /// The partner.
    #[serde(default)]
    pub organisation_id: Option<OrganisationId>,
}

/// A task as stored. A step of the care plan has its title in the plan (`step_id`), a free
/// task has its own: no title is stored twice.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = tasks, treat_none_as_default_value = false)]
pub struct Task {
    /// Id.
    pub id: TaskId,
    /// Case.
    pub case_id: CaseId,
    /// Person.
    pub person_id: PersonId,
    /// Centre that runs the case.
    pub organisation_id: OrganisationId,
    /// What it asks for.
    pub kind: TaskKind,
    /// Who is to do it.
    pub owner_kind: OwnerKind,
    /// The worker; none while the case waits.
    pub owner_id: Option<AccountId>,
    /// The partner.
    pub partner_id: Option<OrganisationId>,
    /// Last day.
    pub due_on: NaiveDate,
    /// Status.
    pub status: TaskStatus,
    /// Day on which it was done.
    pub done_on: Option<NaiveDate>,
    /// Why it was cancelled.
    pub cancel_reason: Option<CancelReason>,
    /// Step of the care plan that states it, in the last version that has it.
    pub step_id: Option<StepId>,
    /// Sealed title of a free task.
    pub sealed_title: Option<Vec<u8>>,
    /// Who made it.
    pub created_by: AccountId,
    /// When it was made.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! { Task => tasks }

/// A task and the sealed title of its step in the care plan.
pub type TaskRow = (Task, Option<Vec<u8>>);

/// A task as those who may see it read it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TaskView {
    /// Id.
    pub id: TaskId,
    /// Case.
    pub case_id: CaseId,
    /// What it asks for.
    pub kind: TaskKind,
    /// What is to be done.
    pub title: String,
    /// Who is to do it.
    pub owner: Owner,
    /// Last day.
    pub due_on: NaiveDate,
    /// Whether it is open and its last day has passed.
    pub overdue: bool,
    /// Status.
    pub status: TaskStatus,
    /// Day on which it was done.
    pub done_on: Option<NaiveDate>,
    /// Why it was cancelled.
    pub cancel_reason: Option<CancelReason>,
    /// Who made it.
    pub created_by: AccountId,
    /// When it was made.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

impl Task {
    /// Where the sealed title of a free task stands.
    pub fn title_place(id: TaskId) -> FieldName {
        FieldName { table: "tasks", column: "sealed_title", row: id.0 }
    }

    /// Who is to do it.
    pub fn owner(&self) -> Owner {
        Owner { kind: self.owner_kind, account_id: self.owner_id, organisation_id: self.partner_id }
    }

    /// Opens the title, which for a step stands in the care plan.
    ///
    /// # Errors
    /// When it does not open.
    pub fn view(self, of_step: Option<&[u8]>, key: &DataKey, today: NaiveDate) -> Result<TaskView, AppError> {
        let (place, stored) = match self.step_id {
            Some(step) => (crate::care_plans::model::Step::title_place(step), of_step),
            None => (Self::title_place(self.id), self.sealed_title.as_deref()),
        };
        let stored = stored.ok_or_else(|| AppError::internal("a task has no title"))?;
        let title = open(key, self.person_id, place, stored)?.to_string();
        Ok(TaskView {
            id: self.id,
            case_id: self.case_id,
            kind: self.kind,
            title,
            owner: self.owner(),
            due_on: self.due_on,
            overdue: self.status == TaskStatus::Open && self.due_on < today,
            status: self.status,
            done_on: self.done_on,
            cancel_reason: self.cancel_reason,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        })
    }
}
