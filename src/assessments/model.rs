//! Rows of assessments and refusals.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::db::bulk::bulk_rows;
use crate::db::schema::{assessed_needs, assessments, support_refusals};
use crate::db::types::{AccountId, AssessmentId, CaseId, Instant, OrganisationId, PersonId, RefusalId, text_enum};
use crate::services::ServiceType;
use crate::vault::FieldName;

text_enum! {
    /// Why somebody is or is not eligible for a service.
    EligibilityReason {
        /// Entitled by law.
        Statutory = "statutory",
        /// Meets the conditions of a programme.
        Programme = "programme",
        /// Conditions not met.
        ConditionsNotMet = "conditions_not_met",
        /// Used before and granted once only.
        UsedBefore = "used_before",
        /// Papers missing for now.
        PapersMissing = "papers_missing",
    }
}

impl EligibilityReason {
    /// Whether it says why somebody may get a service; the others say why not.
    pub fn speaks_for(self) -> bool {
        matches!(self, Self::Statutory | Self::Programme)
    }
}

text_enum! {
    /// How it is known that somebody needs a service.
    NeedReason {
        /// The person asked for it.
        Asked = "asked",
        /// The worker saw it.
        Observed = "observed",
        /// A professional found it.
        ProfessionalFinding = "professional_finding",
        /// Who sent the person said so.
        ReportedByReferrer = "reported_by_referrer",
    }
}

text_enum! {
    /// How great the risk to the person is.
    RiskLevel {
        /// Thấp.
        Low = "low",
        /// Trung bình.
        Medium = "medium",
        /// Cao.
        High = "high",
        /// Nguy hiểm trước mắt.
        ImmediateDanger = "immediate_danger",
    }
}

/// An assessment. It is never changed; a later one takes its place.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = assessments, treat_none_as_default_value = false)]
pub struct Assessment {
    /// Id.
    pub id: AssessmentId,
    /// Case.
    pub case_id: CaseId,
    /// Person.
    pub person_id: PersonId,
    /// Centre that ran the case.
    pub organisation_id: OrganisationId,
    /// Unit the case was counted in.
    pub unit_code: String,
    /// Day.
    pub assessed_on: NaiveDate,
    /// By whom.
    pub assessed_by: AccountId,
    /// How great the risk to the person is; none in assessments that did not ask.
    pub risk: Option<RiskLevel>,
    /// Sealed findings.
    pub sealed_findings: Option<Vec<u8>>,
    /// Day on which to assess again.
    pub next_review_on: Option<NaiveDate>,
    /// When it was recorded.
    pub created_at: Instant,
}

impl Assessment {
    /// Where the sealed findings of an assessment stand.
    pub fn findings_place(id: AssessmentId) -> FieldName {
        FieldName { table: "assessments", column: "sealed_findings", row: id.0 }
    }
}

/// What an assessment found for one service type.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = assessed_needs, treat_none_as_default_value = false)]
pub struct AssessedNeed {
    /// Assessment.
    pub assessment_id: AssessmentId,
    /// Service type.
    pub service_type: ServiceType,
    /// Whether the person needs it.
    pub in_need: bool,
    /// Whether the person may get it.
    pub eligible: bool,
    /// Why, or why not.
    pub reason: Option<EligibilityReason>,
    /// How the need is known.
    pub need_reason: Option<NeedReason>,
}

/// A recorded refusal: the person does not want this support now.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = support_refusals, treat_none_as_default_value = false)]
pub struct SupportRefusal {
    /// Id.
    pub id: RefusalId,
    /// Case.
    pub case_id: CaseId,
    /// Person.
    pub person_id: PersonId,
    /// Service refused; all when none.
    pub service_type: Option<ServiceType>,
    /// Day.
    pub refused_on: NaiveDate,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When it was recorded.
    pub created_at: Instant,
}

bulk_rows! { Assessment => assessments, AssessedNeed => assessed_needs, SupportRefusal => support_refusals }
