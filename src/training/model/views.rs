//! What is read of courses, enrolments and what came of them. What the school reads holds no id of a case or
//! person, no category, no aid and no job; a learner's name only while the referral shows it.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AttendanceMark, Course, CourseLevel, Enrolment, EnrolmentEvent};
use crate::db::types::{CaseId, CourseId, EnrolmentId, Instant, OrganisationId, PersonId, ReferralId};
use crate::error::AppError;
use crate::training::status::{EnrolmentStatus, StopReason};
use crate::vault::{DataKey, open};

mod livelihood;

pub use livelihood::{
    CheckUpDue, CheckUpView, CourseHead, JobView, Livelihood, TrainingAidView, TrainingChain, TrainingReferral,
};

/// A course and the places left in it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CourseView {
    /// Id.
    pub id: CourseId,
    /// School.
    pub organisation_id: OrganisationId,
    /// Trade, a code of the catalogue.
    pub trade: String,
    /// Level.
    pub level: CourseLevel,
    /// First day.
    pub starts_on: NaiveDate,
    /// Last day.
    pub ends_on: NaiveDate,
    /// Where it is held.
    pub venue: String,
    /// Commune it is held in.
    pub unit_code: String,
    /// Places.
    pub places: i64,
    /// Places nobody holds yet.
    pub places_left: i64,
    /// Fee a learner, whole đồng.
    pub fee_dong: i64,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Instant>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

impl Course {
    /// The view, with so many places taken.
    pub fn view(self, taken: i64) -> CourseView {
        CourseView {
            id: self.id,
            organisation_id: self.organisation_id,
            trade: self.trade,
            level: self.level,
            starts_on: self.starts_on,
            ends_on: self.ends_on,
            venue: self.venue,
            unit_code: self.unit_code,
            places: self.places,
            places_left: (self.places - taken).max(0),
            fee_dong: self.fee_dong,
            withdrawn_at: self.withdrawn_at,
            version: self.version,
        }
    }
}

/// Days recorded of one learner.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttendanceSummary {
    /// Days of study: the learner was there.
    pub present: i64,
    /// Days missed with a reason.
    pub excused: i64,
    /// Days missed.
    pub absent: i64,
    /// First day of study.
    pub first_day: Option<NaiveDate>,
    /// Last day of study.
    pub last_day: Option<NaiveDate>,
}

/// A certificate.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CertificateView {
    /// Number.
    pub number: String,
    /// Day it was issued.
    pub issued_on: NaiveDate,
}

/// A change of status.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EnrolmentStep {
    /// Status before.
    pub from_status: Option<EnrolmentStatus>,
    /// Status after.
    pub to_status: EnrolmentStatus,
    /// Day on which it happened.
    pub occurred_on: NaiveDate,
    /// Why it was stopped.
    pub reason: Option<StopReason>,
    /// When it was recorded.
    pub recorded_at: Instant,
}

impl From<EnrolmentEvent> for EnrolmentStep {
    fn from(event: EnrolmentEvent) -> Self {
        Self {
            from_status: event.from_status,
            to_status: event.to_status,
            occurred_on: event.occurred_on,
            reason: event.reason,
            recorded_at: event.recorded_at,
        }
    }
}

/// An enrolment as the centre reads it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EnrolmentView {
    /// Id.
    pub id: EnrolmentId,
    /// Course.
    pub course_id: CourseId,
    /// Referral it answers.
    pub referral_id: ReferralId,
    /// Case it serves.
    pub case_id: CaseId,
    /// Who learns.
    pub person_id: PersonId,
    /// School.
    pub organisation_id: OrganisationId,
    /// Status.
    pub status: EnrolmentStatus,
    /// Day of enrolment.
    pub enrolled_on: NaiveDate,
    /// Day of the end.
    pub ended_on: Option<NaiveDate>,
    /// Why it was stopped.
    pub stop_reason: Option<StopReason>,
    /// Certificate, if there is one.
    pub certificate: Option<CertificateView>,
    /// Days recorded.
    pub attendance: AttendanceSummary,
    /// Changes of status, oldest first.
    pub steps: Vec<EnrolmentStep>,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

/// An enrolment as the school reads it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LearnerView {
    /// Id.
    pub id: EnrolmentId,
    /// Course.
    pub course_id: CourseId,
    /// Referral it answers.
    pub referral_id: ReferralId,
    /// Name, while the referral shows the person; none for an anonymous one.
    pub name: Option<String>,
    /// Status.
    pub status: EnrolmentStatus,
    /// Day of enrolment.
    pub enrolled_on: NaiveDate,
    /// Day of the end.
    pub ended_on: Option<NaiveDate>,
    /// Why it was stopped.
    pub stop_reason: Option<StopReason>,
    /// Day of the certificate, if there is one.
    pub certificate_issued_on: Option<NaiveDate>,
    /// Days recorded.
    pub attendance: AttendanceSummary,
    /// Version; send it in quotes as `If-Match`.
    pub version: i32,
}

/// What a reader of an enrolment gets: the centre's view or the school's.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum EnrolmentReply {
    /// For the centre.
    Centre(Box<EnrolmentView>),
    /// For the school.
    School(LearnerView),
}

impl EnrolmentReply {
    /// Version of the enrolment.
    pub fn version(&self) -> i32 {
        match self {
            Self::Centre(view) => view.version,
            Self::School(view) => view.version,
        }
    }

    /// Id of the enrolment.
    pub fn id(&self) -> EnrolmentId {
        match self {
            Self::Centre(view) => view.id,
            Self::School(view) => view.id,
        }
    }
}

impl Enrolment {
    /// The certificate.
    ///
    /// # Errors
    /// When its number does not open.
    pub fn certificate(&self, key: &DataKey) -> Result<Option<CertificateView>, AppError> {
        let (Some(issued_on), Some(stored)) = (self.certificate_issued_on, &self.sealed_certificate_number) else {
            return Ok(None);
        };
        let number = open(key, self.person_id, Self::certificate_place(self.id), stored)?.to_string();
        Ok(Some(CertificateView { number, issued_on }))
    }

    /// The centre's view.
    ///
    /// # Errors
    /// When the number of the certificate does not open.
    pub fn view(
        self,
        key: &DataKey,
        attendance: AttendanceSummary,
        steps: Vec<EnrolmentEvent>,
    ) -> Result<EnrolmentView, AppError> {
        Ok(EnrolmentView {
            certificate: self.certificate(key)?,
            id: self.id,
            course_id: self.course_id,
            referral_id: self.referral_id,
            case_id: self.case_id,
            person_id: self.person_id,
            organisation_id: self.organisation_id,
            status: self.status,
            enrolled_on: self.enrolled_on,
            ended_on: self.ended_on,
            stop_reason: self.stop_reason,
            attendance,
            steps: steps.into_iter().map(EnrolmentStep::from).collect(),
            version: self.version,
        })
    }

    /// The school's view.
    pub fn learner(self, name: Option<String>, attendance: AttendanceSummary) -> LearnerView {
        LearnerView {
            id: self.id,
            course_id: self.course_id,
            referral_id: self.referral_id,
            name,
            status: self.status,
            enrolled_on: self.enrolled_on,
            ended_on: self.ended_on,
            stop_reason: self.stop_reason,
            certificate_issued_on: self.certificate_issued_on,
            attendance,
            version: self.version,
        }
    }
}

/// One learner on the sheet of a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SheetRow {
    /// Enrolment.
    pub enrolment_id: EnrolmentId,
    /// Name, while the referral shows the person.
    pub name: Option<String>,
    /// Status of the enrolment.
    pub status: EnrolmentStatus,
    /// Whether the learner was there; none while it is not recorded.
    pub mark: Option<AttendanceMark>,
}

/// The sheet of one day of a course: those who learn now, and those recorded on that day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DaySheet {
    /// Course.
    pub course_id: CourseId,
    /// Day.
    pub day: NaiveDate,
    /// Learners, in the order in which they enrolled.
    pub rows: Vec<SheetRow>,
    /// Version; send it in quotes as `If-Match`. 0 while nothing is recorded.
    pub version: i32,
}

/// What was recorded on a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct DayRecorded {
    /// Course.
    pub course_id: CourseId,
    /// Day.
    pub day: NaiveDate,
    /// Marks that were recorded anew.
    pub recorded: usize,
    /// Marks that were corrected.
    pub corrected: usize,
    /// Version of the day now.
    pub version: i32,
}

/// One day of one learner.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttendanceView {
    /// Day.
    pub day: NaiveDate,
    /// Whether the learner was there.
    pub mark: AttendanceMark,
    /// When it was recorded or corrected last.
    pub recorded_at: Instant,
}
