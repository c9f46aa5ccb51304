//! Rows and views of overviews.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::assessments::model::RiskLevel;
use crate::cases::CaseStatus;
use crate::cases::model::CaseHead;
use crate::db::types::{AccountId, CaseId, Instant, OrganisationId, PersonId, ReferralId, text_enum};
use crate::referrals::ReferralStatus;
use crate::services::ServiceType;

/// An open case in the overview of its worker.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseloadLine {
    /// The case.
    #[serde(flatten)]
    pub case: CaseHead,
    /// Name of the person; none for an anonymous one.
    pub person_name: Option<String>,
    /// Day of the last event, assessment, support given or contact done.
    pub last_contact_on: NaiveDate,
    /// First last day of an open task.
    pub next_task_on: Option<NaiveDate>,
    /// Whether that day has passed.
    pub task_overdue: bool,
    /// Risk last found.
    pub risk: Option<RiskLevel>,
}

/// The work of one worker of a centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WorkerLoad {
    /// The worker.
    pub account_id: AccountId,
    /// Name shown.
    pub display_name: String,
    /// Whether the account still works at the centre; one that does not has work to be given to others.
    pub works_here: bool,
    /// Open cases assigned to the worker.
    pub open_cases: i64,
    /// The same by status; statuses without a case are left out.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub by_status: BTreeMap<CaseStatus, i64>,
    /// Open tasks whose last day has passed.
    pub overdue_tasks: i64,
}

/// The work of a centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CentreLoad {
    /// The centre.
    pub organisation_id: OrganisationId,
    /// Open cases that wait for a worker.
    pub waiting_cases: i64,
    /// Workers, by name.
    pub workers: Vec<WorkerLoad>,
}

text_enum! {
    /// What a referral waits for.
    WaitsFor {
        /// The partner's answer.
        Answer = "answer",
        /// The first day of service.
        Start = "start",
        /// Another referral: its deadline passed without an answer.
        AnotherReferral = "another_referral",
    }
}

/// A referral that waits.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WaitingReferral {
    /// Id.
    pub id: ReferralId,
    /// Case it serves.
    pub case_id: CaseId,
    /// Person it is about.
    pub person_id: PersonId,
    /// Worker of the case.
    pub assigned_to: Option<AccountId>,
    /// Service asked for.
    pub service_type: ServiceType,
    /// Sending centre.
    pub from_organisation_id: OrganisationId,
    /// Recipient.
    pub to_organisation_id: OrganisationId,
    /// Status.
    pub status: ReferralStatus,
    /// What it waits for.
    pub waits_for: WaitsFor,
    /// When it was sent.
    pub sent_at: Option<Instant>,
    /// Last day for an answer.
    pub answer_due_on: Option<NaiveDate>,
    /// Whether that day has passed without an answer.
    pub overdue: bool,
}
