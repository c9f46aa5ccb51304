//! Rows and words of vocational training; [`views`] holds what is read.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::status::{EnrolmentStatus, StopReason};
use crate::db::bulk::bulk_rows;
use crate::db::schema::{
    attendances, course_days, courses, enrolment_events, enrolments, job_check_ups, job_outcomes, training_aids,
};
use crate::db::types::{
    AccountId, CaseId, CourseId, DeliveryId, EnrolmentEventId, EnrolmentId, Instant, OrganisationId, PersonId,
    ReferralId, TrainingAidId, text_enum,
};
use crate::vault::FieldName;

pub mod views;

text_enum! {
    /// Level of a course. The words shown stand in `config/training.toml`.
    CourseLevel {
        /// Đào tạo dưới 3 tháng.
        UnderThreeMonths = "under_three_months",
        /// Sơ cấp.
        Primary = "primary",
        /// Trung cấp.
        Intermediate = "intermediate",
        /// Cao đẳng.
        College = "college",
    }
}

text_enum! {
    /// Whether a learner was there.
    AttendanceMark {
        /// Có mặt: a day of study.
        Present = "present",
        /// Vắng có lý do.
        Excused = "excused",
        /// Vắng.
        Absent = "absent",
    }
}

text_enum! {
    /// Group to whom training aid is due (Decision 46/2015/QĐ-TTg, Art. 4).
    AidGroup {
        /// Người khuyết tật.
        Disabled = "disabled",
        /// Hộ đồng bào dân tộc thiểu số nghèo.
        PoorMinority = "poor_minority",
        /// Hộ nghèo ở xã, thôn, bản đặc biệt khó khăn.
        PoorDifficultArea = "poor_difficult_area",
        /// Người dân tộc thiểu số.
        Minority = "minority",
        /// Người có công.
        Merit = "merit",
        /// Hộ nghèo.
        Poor = "poor",
        /// Hộ bị thu hồi đất.
        LandRecovered = "land_recovered",
        /// Lao động nữ bị mất việc làm.
        RedundantWoman = "redundant_woman",
        /// Ngư dân.
        Fisher = "fisher",
        /// Hộ cận nghèo.
        NearPoor = "near_poor",
        /// Phụ nữ khác.
        Woman = "woman",
        /// Lao động nông thôn khác.
        RuralWorker = "rural_worker",
    }
}

text_enum! {
    /// What work came of a course.
    JobKind {
        /// Làm việc hưởng lương.
        Employed = "employed",
        /// Tự làm.
        SelfEmployed = "self_employed",
        /// Trong hợp tác xã, tổ hợp tác.
        Cooperative = "cooperative",
        /// Chưa có việc làm.
        NoneYet = "none_yet",
        /// Chưa rõ.
        Unknown = "unknown",
    }
}

impl JobKind {
    /// What is work, which has a first day and may last.
    pub const WORK: [Self; 3] = [Self::Employed, Self::SelfEmployed, Self::Cooperative];

    /// Whether this is work.
    pub fn is_work(self) -> bool {
        Self::WORK.contains(&self)
    }
}

text_enum! {
    /// Whether somebody still works some months after the start.
    CheckUpFinding {
        /// Still in work.
        InWork = "in_work",
        /// No longer.
        NotInWork = "not_in_work",
        /// Could not be reached.
        OutOfContact = "out_of_contact",
    }
}

/// A course that a school offers. Nothing in it is about a person.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = courses, treat_none_as_default_value = false)]
pub struct Course {
    /// Id.
    pub id: CourseId,
    /// School.
    pub organisation_id: OrganisationId,
    /// Trade, a code of `config/training.toml`.
    pub trade: String,
    /// Level.
    pub level: CourseLevel,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
    /// Where it is held, as the school publishes it.
    pub venue: String,
    /// Commune it is held in.
    pub unit_code: String,
    /// Places.
    pub places: i64,
    /// Fee a learner, whole đồng; 0 when free.
    pub fee_dong: i64,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Instant>,
    /// Who offered it.
    pub created_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

impl Course {
    /// Whether somebody may still join on this day.
    pub fn is_open_on(&self, day: NaiveDate) -> bool {
        self.withdrawn_at.is_none() && day <= self.ends_on
    }
}

/// One person's place in a course, in answer to a referral.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = enrolments, treat_none_as_default_value = false)]
pub struct Enrolment {
    /// Id.
    pub id: EnrolmentId,
    /// Course.
    pub course_id: CourseId,
    /// Referral it answers.
    pub referral_id: ReferralId,
    /// Case of that referral.
    pub case_id: CaseId,
    /// Who learns.
    pub person_id: PersonId,
    /// School.
    pub organisation_id: OrganisationId,
    /// Status.
    pub status: EnrolmentStatus,
    /// Day of enrolment.
    pub enrolled_on: NaiveDate,
    /// Day on which it was completed, stopped or cancelled.
    pub ended_on: Option<NaiveDate>,
    /// Why it was stopped.
    pub stop_reason: Option<StopReason>,
    /// Day of the certificate; none without one.
    pub certificate_issued_on: Option<NaiveDate>,
    /// Sealed number of the certificate.
    pub sealed_certificate_number: Option<Vec<u8>>,
    /// First day of study, for which the school's support is recorded.
    pub served_on: Option<NaiveDate>,
    /// That record.
    pub delivery_id: Option<DeliveryId>,
    /// Who enrolled.
    pub created_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// When last changed.
    pub updated_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

impl Enrolment {
    /// Where the sealed number of a certificate stands.
    pub fn certificate_place(id: EnrolmentId) -> FieldName {
        FieldName { table: "enrolments", column: "sealed_certificate_number", row: id.0 }
    }
}

/// A change of status of an enrolment.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = enrolment_events, treat_none_as_default_value = false)]
pub struct EnrolmentEvent {
    /// Id.
    pub id: EnrolmentEventId,
    /// Enrolment.
    pub enrolment_id: EnrolmentId,
    /// Status before.
    pub from_status: Option<EnrolmentStatus>,
    /// Status after.
    pub to_status: EnrolmentStatus,
    /// Day on which it happened.
    pub occurred_on: NaiveDate,
    /// Why it was stopped.
    pub reason: Option<StopReason>,
    /// Who; none when a deadline or the end of a consent did it.
    pub recorded_by: Option<AccountId>,
    /// When it was recorded.
    pub recorded_at: Instant,
}

/// A day of a course on which attendance was recorded.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = course_days, treat_none_as_default_value = false)]
pub struct CourseDay {
    /// Course.
    pub course_id: CourseId,
    /// Day.
    pub day: NaiveDate,
    /// Who recorded or corrected it last.
    pub recorded_by: AccountId,
    /// When.
    pub recorded_at: Instant,
    /// Version for `If-Match`; a day that was not recorded has version 0.
    pub version: i32,
}

/// Whether one learner was there on one day.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = attendances, treat_none_as_default_value = false)]
pub struct Attendance {
    /// Enrolment.
    pub enrolment_id: EnrolmentId,
    /// Day.
    pub day: NaiveDate,
    /// Whether the learner was there.
    pub mark: AttendanceMark,
    /// Who recorded or corrected it last.
    pub recorded_by: AccountId,
    /// When.
    pub recorded_at: Instant,
}

/// Training aid granted for an enrolment. The money is a delivery of its own.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = training_aids, treat_none_as_default_value = false)]
pub struct TrainingAid {
    /// Id.
    pub id: TrainingAidId,
    /// Enrolment.
    pub enrolment_id: EnrolmentId,
    /// Its case.
    pub case_id: CaseId,
    /// Whose right it uses up.
    pub person_id: PersonId,
    /// The payment.
    pub delivery_id: DeliveryId,
    /// Group it was due to.
    pub aid_group: AidGroup,
    /// Day of payment.
    pub paid_on: NaiveDate,
    /// Days of study it was computed from.
    pub study_days: i64,
    /// Towards the fee, whole đồng.
    pub fee_dong: i64,
    /// For meals.
    pub meals_dong: i64,
    /// For the way.
    pub travel_dong: i64,
    /// Who granted it.
    pub granted_by: AccountId,
    /// When it was recorded.
    pub created_at: Instant,
    /// When the payment was declared void, which frees the right again.
    pub voided_at: Option<Instant>,
}

/// What work came of a course.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = job_outcomes, treat_none_as_default_value = false)]
pub struct JobOutcome {
    /// Enrolment.
    pub enrolment_id: EnrolmentId,
    /// Its case.
    pub case_id: CaseId,
    /// Kind of work.
    pub kind: JobKind,
    /// Whether it is in the trade that was learned.
    pub in_trade: Option<bool>,
    /// First day of work.
    pub started_on: Option<NaiveDate>,
    /// Day from which on the next check-up is due; none when nothing is to be asked any more.
    pub next_due_on: Option<NaiveDate>,
    /// Who recorded or corrected it last.
    pub recorded_by: AccountId,
    /// When.
    pub recorded_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

/// Whether somebody still works some months after the start.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = job_check_ups, treat_none_as_default_value = false)]
pub struct JobCheckUp {
    /// Enrolment.
    pub enrolment_id: EnrolmentId,
    /// Months after the start.
    pub months: i32,
    /// Day of the check-up.
    pub checked_on: NaiveDate,
    /// What was found.
    pub finding: CheckUpFinding,
    /// Who recorded or corrected it last.
    pub recorded_by: AccountId,
    /// When.
    pub recorded_at: Instant,
    /// Version for `If-Match`.
    pub version: i32,
}

bulk_rows! {
    Course => courses,
    Enrolment => enrolments,
    EnrolmentEvent => enrolment_events,
    CourseDay => course_days,
    Attendance => attendances,
    TrainingAid => training_aids,
    JobOutcome => job_outcomes,
    JobCheckUp => job_check_ups,
}
