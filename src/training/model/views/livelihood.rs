//! What came of a course: aid, work, check-ups, and the chain that leads there. The centre's alone.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::EnrolmentView;
use crate::db::types::{CaseId, DeliveryId, EnrolmentId, Instant, OrganisationId, ReferralId};
use crate::referrals::ReferralStatus;
use crate::training::model::{AidGroup, CheckUpFinding, Course, CourseLevel, JobKind, TrainingAid};

/// Training aid as the centre reads it. Amounts in whole đồng.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TrainingAidView {
    /// Enrolment.
    pub enrolment_id: EnrolmentId,
    /// The payment; declare it void to take the aid back.
    pub delivery_id: DeliveryId,
    /// Group it was due to.
    pub aid_group: AidGroup,
    /// Day of payment.
    pub paid_on: NaiveDate,
    /// Days of study it was computed from.
    pub study_days: i64,
    /// Towards the fee.
    pub fee_dong: i64,
    /// For meals.
    pub meals_dong: i64,
    /// For the way.
    pub travel_dong: i64,
    /// All of it.
    pub total_dong: i64,
    /// When it was taken back.
    pub voided_at: Option<Instant>,
}

impl From<TrainingAid> for TrainingAidView {
    fn from(aid: TrainingAid) -> Self {
        Self {
            enrolment_id: aid.enrolment_id,
            delivery_id: aid.delivery_id,
            aid_group: aid.aid_group,
            paid_on: aid.paid_on,
            study_days: aid.study_days,
            fee_dong: aid.fee_dong,
            meals_dong: aid.meals_dong,
            travel_dong: aid.travel_dong,
            total_dong: aid.fee_dong + aid.meals_dong + aid.travel_dong,
            voided_at: aid.voided_at,
        }
    }
}

/// A check-up some months after the start of work, done or to come.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CheckUpView {
    /// Months after the start.
    pub months: i32,
    /// First day on which it can be done.
    pub due_on: NaiveDate,
    /// Day on which it was done.
    pub checked_on: Option<NaiveDate>,
    /// What was found.
    pub finding: Option<CheckUpFinding>,
    /// Version; send it in quotes as `If-Match`. 0 while nothing is recorded.
    pub version: i32,
}

/// What work came of a course, and whether it lasts.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct JobView {
    /// Enrolment.
    pub enrolment_id: EnrolmentId,
    /// Kind of work.
    pub kind: JobKind,
    /// Whether it is in the trade that was learned.
    pub in_trade: Option<bool>,
    /// First day of work.
    pub started_on: Option<NaiveDate>,
    /// Check-ups after 3, 6 and 12 months; empty without work.
    pub check_ups: Vec<CheckUpView>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

/// A check-up that is due.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CheckUpDue {
    /// Enrolment.
    pub enrolment_id: EnrolmentId,
    /// Case.
    pub case_id: CaseId,
    /// Months after the start of work.
    pub months: i32,
    /// First day of work.
    pub started_on: NaiveDate,
    /// Day since which it is due.
    pub due_on: NaiveDate,
}

/// The referral at the head of a chain.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TrainingReferral {
    /// Id.
    pub id: ReferralId,
    /// School.
    pub to_organisation_id: OrganisationId,
    /// Status.
    pub status: ReferralStatus,
    /// When sent.
    pub sent_at: Option<Instant>,
}

/// One chain from a referral to a job that lasts; what has not come yet is null.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TrainingChain {
    /// The referral.
    pub referral: TrainingReferral,
    /// The enrolment, with attendance and certificate.
    pub enrolment: Option<EnrolmentView>,
    /// The course.
    pub course: Option<CourseHead>,
    /// Training aid, if it was granted and not taken back.
    pub aid: Option<TrainingAidView>,
    /// Work, and whether it lasts.
    pub job: Option<JobView>,
}

/// What a chain says of its course.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CourseHead {
    /// Trade, a code of the catalogue.
    pub trade: String,
    /// Level.
    pub level: CourseLevel,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
}

impl From<Course> for CourseHead {
    fn from(course: Course) -> Self {
        Self { trade: course.trade, level: course.level, starts_on: course.starts_on, ends_on: course.ends_on }
    }
}

/// The way of a case to a livelihood.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Livelihood {
    /// Case.
    pub case_id: CaseId,
    /// Chains of training, oldest first.
    pub training: Vec<TrainingChain>,
}
