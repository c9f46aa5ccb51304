//! Words and views of reminders.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::SubjectKind;
use crate::db::types::{AccountId, CaseId, text_enum};
use crate::programmes::periods::Calendar;
use crate::text::Words;

text_enum! {
    /// What falls due. Their order here is their order in the list on one day.
    ReminderKind {
        /// A worker's task.
        TaskDue = "task_due",
        /// A step of the care plan that the person or a partner is to take.
        StepOfOthersDue = "step_of_others_due",
        /// The care plan is to be looked at again.
        PlanReviewDue = "plan_review_due",
        /// The person is to be assessed again.
        AssessmentReviewDue = "assessment_review_due",
        /// A partner's answer to a referral.
        ReferralAnswerDue = "referral_answer_due",
        /// Nothing was heard of the person for too long.
        NoContact = "no_contact",
        /// A commune hands the person over to a centre.
        HandOverDue = "hand_over_due",
        /// Another centre waits for an answer to a transfer.
        TransferAnswerDue = "transfer_answer_due",
        /// The initial verification of a possible victim.
        ScreeningDue = "screening_due",
        /// The decision whether the person is a victim.
        IdentificationDue = "identification_due",
        /// The plan of a child.
        MinorsPlanDue = "minors_plan_due",
        /// Another attempt to reach the person, or another look at the suspension.
        ContactDue = "contact_due",
        /// A follow-up of a closed case.
        FollowUpDue = "follow_up_due",
        /// A partner begins with what it accepted.
        ReferralStartDue = "referral_start_due",
        /// A consent runs out, also because the person comes of age; referrals that rest on it end with it.
        ConsentRunsOut = "consent_runs_out",
        /// The days that the law gives for a stay run out.
        StayRunsOut = "stay_runs_out",
        /// Whether work after a course lasts is to be asked.
        CheckUpDue = "check_up_due",
        /// An instalment of a loan.
        InstalmentDue = "instalment_due",
        /// A unit submits its report of a period.
        ReportDue = "report_due",
        /// Units have not submitted their reports.
        ReportsMissing = "reports_missing",
        /// Reports were submitted, and are to be checked.
        ReportsUnchecked = "reports_unchecked",
        /// A period is to be closed.
        PeriodCloseDue = "period_close_due",
        /// A closed period is to be published.
        PeriodPublishDue = "period_publish_due",
        /// Provinces have not closed a period.
        ClosingsMissing = "closings_missing",
        /// An official return is computed when the period is closed, which it is not.
        ReturnAwaited = "return_awaited",
        /// An official return waits for its first signature.
        FirstSignatureDue = "first_signature_due",
        /// An official return waits for its second signature, which files it.
        SecondSignatureDue = "second_signature_due",
        /// Provinces have not filed their official returns.
        ReturnsMissing = "returns_missing",
    }
}

/// The report a reminder is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportReminder {
    /// Unit; of an earlier map where the period ended on it.
    pub unit_code: String,
    /// Calendar of the period.
    pub calendar: Calendar,
    /// Period.
    pub period: String,
    /// How many of its units it is about; none where it is about the unit itself.
    pub units: Option<usize>,
    /// Of how many.
    pub of_units: Option<usize>,
    /// The same in words.
    pub text: Words,
}

/// Something that falls due: in a case, or of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Reminder {
    /// Day on which it is due.
    pub due_on: NaiveDate,
    /// What falls due.
    pub kind: ReminderKind,
    /// Whether that day has passed.
    pub overdue: bool,
    /// What kind of record it is about.
    pub about: SubjectKind,
    /// Id of that record; of a report, which may have none yet, one made of what the reminder is about.
    pub id: uuid::Uuid,
    /// Case; none for reports and for what another organisation asks of yours.
    pub case_id: Option<CaseId>,
    /// Whose it is to deal with: the owner of the task, the worker of the case.
    pub account_id: Option<AccountId>,
    /// The report; absent where it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportReminder>,
}

/// The place of a reminder in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Day on which it is due.
    pub due_on: NaiveDate,
    /// What falls due.
    pub kind: ReminderKind,
    /// Id of the record.
    pub id: uuid::Uuid,
}

impl Reminder {
    /// Its place in the list.
    pub fn mark(&self) -> Mark {
        Mark { due_on: self.due_on, kind: self.kind, id: self.id }
    }
}
