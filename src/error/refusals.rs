//! Rules of the casework that refuse a well-formed request.

use chrono::NaiveDate;

use super::{ImportRefusal, LoanConflict, ReturnRefusal, SupportRefusal};

/// When a once-only aid was used, told without a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AidUse {
    /// Paid within the last twelve months.
    WithinTwelveMonths,
    /// Paid longer ago.
    Earlier,
    /// Declared by the person: other training aid of the State.
    OtherAid,
}

/// A rule of the casework that refuses a well-formed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The state table has no such transition.
    IllegalTransition {
        /// State the record is in.
        from: &'static str,
        /// State that was asked for.
        to: &'static str,
    },
    /// What follows from a referral is recorded while it is in service, or at least accepted.
    ReferralNotInService {
        /// Whether help has not begun and still may; else it is over.
        begins: bool,
    },
    /// A live consent of the person that names the recipient is needed.
    ConsentMissing,
    /// The case is closed.
    CaseClosed,
    /// Another centre goes on with the case.
    HandedOver,
    /// The sender works with the person in another case as well.
    OtherCaseOpen,
    /// The case is offered to somebody already.
    TransferOffered,
    /// The case is not closed; only a closed one is followed up.
    NotClosed,
    /// A case that was closed for this reason is not followed up.
    NoFollowUp,
    /// This follow-up was done before.
    FollowedUp,
    /// The service is not one the person was found in need of and eligible for.
    NotAssessed,
    /// The person does not want this support now.
    NotWantedNow,
    /// The deadline for an answer has passed; the referral went back to the sender.
    AnswerTooLate,
    /// The name is taken.
    NameTaken,
    /// Roles that one account may not hold together.
    RolesExcludeEachOther,
    /// The person has an open case at this centre; a manager may open another.
    OpenCaseExists,
    /// The account holds this very role already.
    RoleHeld,
    /// An account holds roles in four organisations at the most.
    TooManyOrganisations,
    /// There is an administrator already.
    AlreadySetUp,
    /// The report of a period is given once the period is over.
    PeriodNotOver,
    /// What it would change lies in a period that was closed.
    PeriodClosed {
        /// First day of the period.
        first: NaiveDate,
        /// Last day.
        last: NaiveDate,
    },
    /// The record was voided before.
    AlreadyVoided,
    /// The person was erased; nothing more is written about them.
    PersonErased,
    /// By the corrected birth consents that hold today would end.
    EndsConsents,
    /// The consent was withdrawn before.
    AlreadyWithdrawn,
    /// The guardianship ended before.
    GuardianEnded,
    /// The service type has no emergency.
    NoEmergency,
    /// It is no emergency, or a manager has looked at it.
    NothingToReview,
    /// The task is done or cancelled.
    TaskEnded,
    /// The task is a step of the care plan, which alone changes it.
    TaskOfPlan,
    /// An administrator cannot take away the last administrator's rights.
    LastAdministrator,
    /// What the law gives, or a stay, does not allow it.
    Support(SupportRefusal),
    /// The course is over or was withdrawn.
    CourseClosed,
    /// Every place of the course is taken.
    CourseFull,
    /// Learners hold places in the course.
    CourseHasLearners,
    /// The person holds a place in this course, or in one on the same days.
    AlreadyEnrolled,
    /// The person has received training aid, which is due once in a life.
    TrainingAidUsed {
        /// How long ago, as a class of time: no day, and not where.
        when: AidUse,
    },
    /// What follows from a completed course is recorded when it is completed.
    CourseNotCompleted,
    /// Training aid is for a course that the person attends or has completed.
    CourseNotAttended,
    /// No training aid is due for this course: by its level, its day, or because nothing is to be paid.
    NoTrainingAid,
    /// No work is recorded that could last.
    NoWorkRecorded,
    /// A rule of loans refuses.
    Loan(LoanConflict),
    /// The records are one person already.
    AlreadySame,
    /// It was decided that records of the two are different persons.
    DecidedNotSame,
    /// So many records cannot be one person.
    TooManyTogether,
    /// Nothing that stands was decided about this very pair.
    NothingDecided,
    /// The organisation is registered as a group already.
    GroupRegistered,
    /// The contact code is linked to somebody already.
    CodeLinked,
    /// The person has as many contact codes as there may be, or was given so many within a day.
    TooManyCodes,
    /// The person does not agree to support, as far as is recorded.
    SupportConsentMissing,
    /// It was decided before which value stands.
    AlreadyDecided,
    /// Another leader of the group decides.
    NotTheDecider,
    /// What the conflict is about changed since the decider saw it.
    RecordChanged,
    /// A parcel that was handed in without a login was not taken; one reply whatever was wrong.
    ParcelRefused,
    /// So many parcels of this device are kept already.
    TooManyParcels,
    /// It was decided about the parcel before.
    ParcelDecided,
    /// The parcel holds nothing that can be read.
    ParcelUnreadable,
    /// The unit went into one, or into none that is known: there are no shares to declare.
    UnitNotSplit,
    /// An import cannot be stored, or undone.
    Import(ImportRefusal),
    /// An official return cannot be signed.
    Return(ReturnRefusal),
}

impl Conflict {
    #[expect(clippy::too_many_lines, reason = "a table: which refusal, by which code")]
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::IllegalTransition { .. } => "illegal_transition",
            Self::ReferralNotInService { begins: true } => "referral_not_begun",
            Self::ReferralNotInService { begins: false } => "referral_over",
            Self::ConsentMissing => "consent_missing",
            Self::CaseClosed => "case_closed",
            Self::HandedOver => "handed_over",
            Self::OtherCaseOpen => "other_case_open",
            Self::TransferOffered => "transfer_offered",
            Self::NotClosed => "not_closed",
            Self::NoFollowUp => "no_follow_up",
            Self::FollowedUp => "followed_up",
            Self::NotAssessed => "not_assessed",
            Self::NotWantedNow => "not_wanted_now",
            Self::AnswerTooLate => "answer_too_late",
            Self::NameTaken => "name_taken",
            Self::RolesExcludeEachOther => "roles_exclude_each_other",
            Self::OpenCaseExists => "open_case_exists",
            Self::RoleHeld => "role_held",
            Self::TooManyOrganisations => "too_many_organisations",
            Self::AlreadySetUp => "already_set_up",
            Self::PeriodNotOver => "period_not_over",
            Self::PeriodClosed { .. } => "period_closed",
            Self::AlreadyVoided => "already_voided",
            Self::PersonErased => "person_erased",
            Self::EndsConsents => "ends_consents",
            Self::AlreadyWithdrawn => "already_withdrawn",
            Self::GuardianEnded => "guardian_ended",
            Self::NoEmergency => "no_emergency",
            Self::NothingToReview => "nothing_to_review",
            Self::TaskEnded => "task_ended",
            Self::TaskOfPlan => "task_of_plan",
            Self::LastAdministrator => "last_administrator",
            Self::Support(refusal) => refusal.code(),
            Self::CourseClosed => "course_closed",
            Self::CourseFull => "course_full",
            Self::CourseHasLearners => "course_has_learners",
            Self::AlreadyEnrolled => "already_enrolled",
            Self::TrainingAidUsed { .. } => "training_aid_used",
            Self::CourseNotCompleted => "course_not_completed",
            Self::CourseNotAttended => "course_not_attended",
            Self::NoTrainingAid => "no_training_aid",
            Self::NoWorkRecorded => "no_work_recorded",
            Self::Loan(conflict) => conflict.code(),
            Self::AlreadySame => "already_same",
            Self::DecidedNotSame => "decided_not_same",
            Self::TooManyTogether => "too_many_together",
            Self::NothingDecided => "nothing_decided",
            Self::GroupRegistered => "group_registered",
            Self::CodeLinked => "code_linked",
            Self::TooManyCodes => "too_many_codes",
            Self::SupportConsentMissing => "support_consent_missing",
            Self::AlreadyDecided => "conflict_decided",
            Self::NotTheDecider => "not_the_decider",
            Self::RecordChanged => "record_changed",
            Self::ParcelRefused => "parcel_refused",
            Self::TooManyParcels => "too_many_parcels",
            Self::ParcelDecided => "parcel_decided",
            Self::ParcelUnreadable => "parcel_unreadable",
            Self::UnitNotSplit => "unit_not_split",
            Self::Import(refusal) => refusal.code(),
            Self::Return(refusal) => refusal.code(),
        }
    }

    #[expect(clippy::too_many_lines, reason = "a table: what is refused, and in which words")]
    pub(super) fn title(self) -> (String, String) {
        let (vi, en) = match self {
            Self::IllegalTransition { from, to } => {
                return (
                    format!("Không thể chuyển từ «{from}» sang «{to}»."),
                    format!("There is no way from “{from}” to “{to}”."),
                );
            }
            Self::PeriodClosed { first, last } => {
                let (from, to) = (first.format("%d/%m/%Y"), last.format("%d/%m/%Y"));
                return (
                    format!(
                        "Việc này làm đổi số của kỳ báo cáo {from} – {to} đã khóa; tỉnh (hoặc trung ương) mở lại kỳ, có nêu lý do, rồi mới sửa được."
                    ),
                    format!(
                        "This would change figures of the period {first} to {last}, which is closed; it can be done once the province (or the country) opens the period again, with a reason."
                    ),
                );
            }
            Self::Support(refusal) => return refusal.title(),
            Self::Import(refusal) => return refusal.texts(),
            Self::Return(refusal) => return refusal.title(),
            Self::ReferralNotInService { begins: true } => (
                "Chuyển gửi chưa bắt đầu: nơi nhận cần nhận chuyển gửi trước, và bắt đầu trước khi ghi hỗ trợ hoặc giải ngân.",
                "The referral has not begun: the recipient accepts it first, and starts it before support is recorded or a loan paid out.",
            ),
            Self::ReferralNotInService { begins: false } => (
                "Chuyển gửi đã kết thúc; không ghi thêm gì theo chuyển gửi này.",
                "The referral is over; nothing more is recorded on it.",
            ),
            Self::ConsentMissing => {
                ("Cần sự đồng ý còn hiệu lực cho nơi nhận này.", "A live consent naming this recipient is needed.")
            }
            Self::CaseClosed => ("Hồ sơ đã đóng.", "The case is closed."),
            Self::HandedOver => ("Trung tâm khác đang tiếp tục hồ sơ này.", "Another centre goes on with this case."),
            Self::OtherCaseOpen => (
                "Nơi chuyển còn một hồ sơ khác đang mở của người này; hãy đóng hồ sơ đó trước.",
                "The sender has another open case of this person; that one is to be closed first.",
            ),
            Self::TransferOffered => {
                ("Hồ sơ đang chờ nơi nhận trả lời.", "The case waits for the answer to a transfer.")
            }
            Self::NotClosed => ("Hồ sơ chưa đóng.", "The case is not closed."),
            Self::NoFollowUp => (
                "Hồ sơ đóng vì lý do này không có theo dõi sau đóng.",
                "A case closed for this reason is not followed up.",
            ),
            Self::FollowedUp => ("Lần theo dõi này đã được ghi.", "This follow-up was recorded before."),
            Self::NotAssessed => (
                "Chưa có đánh giá có nhu cầu và đủ điều kiện cho dịch vụ này.",
                "No assessment finds need and eligibility for this service.",
            ),
            Self::NotWantedNow => (
                "Người được hỗ trợ chưa muốn nhận dịch vụ này; đánh giá lại khi họ muốn.",
                "The person does not want this service now; assess again when they do.",
            ),
            Self::AnswerTooLate => ("Đã quá hạn trả lời.", "The deadline for an answer has passed."),
            Self::CodeLinked => (
                "Mã tiếp cận này đã gắn với một người trong hệ thống.",
                "This contact code is linked to somebody on record already.",
            ),
            Self::TooManyCodes => (
                "Một người có nhiều nhất 20 mã tiếp cận, và được liên kết nhiều nhất 20 lần trong một ngày.",
                "A person has at most 20 contact codes, and is linked to one at most 20 times within a day.",
            ),
            Self::SupportConsentMissing => (
                "Cần sự đồng ý nhận hỗ trợ còn hiệu lực của người này.",
                "A live consent of the person to support is needed.",
            ),
            Self::NotTheDecider => (
                "Một trưởng nhóm khác quyết định chỗ này; xem decider_id.",
                "Another leader of the group decides this one; see decider_id.",
            ),
            Self::RecordChanged => (
                "Bản ghi đã thay đổi từ khi bạn xem chỗ khác nhau này; hãy đọc lại rồi quyết định.",
                "The record changed since you saw this conflict; read it again, then decide.",
            ),
            Self::AlreadyDecided => {
                ("Đã có quyết định giữ giá trị nào.", "It has been decided already which value stands.")
            }
            Self::ParcelRefused => (
                "Máy chủ chưa nhận gói dữ liệu này; hãy giữ lại trên điện thoại.",
                "The parcel was not taken; keep it on the phone.",
            ),
            Self::TooManyParcels => (
                "Đang giữ quá nhiều gói dữ liệu của thiết bị này; hãy giữ gói còn lại trên điện thoại và gửi lại sau.",
                "Too many parcels of this device are kept already; keep the others on the phone and send them later.",
            ),
            Self::ParcelDecided => {
                ("Đã có quyết định về gói dữ liệu này.", "It has been decided about this parcel already.")
            }
            Self::ParcelUnreadable => (
                "Không đọc được nội dung gói dữ liệu này; gói vẫn được giữ.",
                "What is in this parcel cannot be read; it is kept.",
            ),
            Self::UnitNotSplit => (
                "Đơn vị này không bị chia tách, nên không có tỷ lệ để khai báo.",
                "This unit was not split, so there are no shares to declare.",
            ),
            Self::GroupRegistered => {
                ("Tổ chức này đã được đăng ký là nhóm.", "This organisation is registered as a group already.")
            }
            Self::NameTaken => ("Tên này đã được dùng.", "This name is taken."),
            Self::RolesExcludeEachOther => (
                "Một tài khoản không được giữ đồng thời các vai trò này.",
                "One account may not hold these roles together.",
            ),
            Self::OpenCaseExists => {
                ("Người này đang có hồ sơ mở tại trung tâm.", "The person has an open case at this centre.")
            }
            Self::RoleHeld => ("Tài khoản đã có vai trò này.", "The account holds this role already."),
            Self::TooManyOrganisations => (
                "Một tài khoản giữ vai trò ở nhiều nhất bốn tổ chức.",
                "An account holds roles in four organisations at the most.",
            ),
            Self::AlreadySetUp => ("Hệ thống đã có quản trị viên.", "There is an administrator already."),
            Self::PeriodNotOver => {
                ("Chỉ báo cáo được sau khi kỳ đã kết thúc.", "A report is given once its period is over.")
            }
            Self::AlreadyVoided => ("Bản ghi đã được hủy trước đó.", "The record was voided before."),
            Self::PersonErased => (
                "Dữ liệu của người này đã được xóa; không ghi thêm được gì.",
                "This person was erased; nothing more is written about them.",
            ),
            Self::EndsConsents => (
                "Ngày sinh này làm chấm dứt sự đồng ý đang có hiệu lực và hỗ trợ dựa trên đó; hãy xác nhận bằng ends_consents.",
                "This birth ends consents that hold today, and the help that rests on them; confirm by ends_consents.",
            ),
            Self::AlreadyWithdrawn => ("Sự đồng ý đã được rút trước đó.", "The consent was withdrawn before."),
            Self::GuardianEnded => ("Việc giám hộ đã kết thúc trước đó.", "The guardianship ended before."),
            Self::NoEmergency => {
                ("Dịch vụ này không có chuyển gửi khẩn cấp.", "This service has no emergency referral.")
            }
            Self::NothingToReview => (
                "Không có chuyển gửi khẩn cấp nào chờ người quản lý xem.",
                "No emergency referral waits for the manager's review.",
            ),
            Self::TaskEnded => ("Việc này đã xong hoặc đã hủy.", "The task is done or cancelled."),
            Self::TaskOfPlan => (
                "Việc này là một bước của kế hoạch hỗ trợ; hãy lưu phiên bản kế hoạch mới.",
                "The task is a step of the care plan; save a new version of the plan.",
            ),
            Self::LastAdministrator => {
                ("Phải còn ít nhất một quản trị viên.", "At least one administrator must remain.")
            }
            Self::CourseClosed => {
                ("Khóa học đã kết thúc hoặc đã được rút lại.", "The course is over or was withdrawn.")
            }
            Self::CourseFull => ("Khóa học đã hết chỗ.", "Every place of the course is taken."),
            Self::CourseHasLearners => (
                "Khóa học đang có người học; chỉ địa điểm và số chỗ còn đổi được.",
                "Learners hold places in the course; only venue and places may still change.",
            ),
            Self::AlreadyEnrolled => (
                "Người này đã có chỗ ở khóa học này hoặc ở một khóa trùng thời gian.",
                "The person holds a place in this course, or in one on the same days.",
            ),
            Self::TrainingAidUsed { when } => when.title(),
            Self::CourseNotCompleted => (
                "Người học chưa học xong khóa học này; chứng chỉ và việc làm ghi sau khi học xong.",
                "The learner has not completed this course; certificate and work are recorded once they have.",
            ),
            Self::CourseNotAttended => (
                "Chế độ hỗ trợ đào tạo dành cho người đang học hoặc đã học xong khóa học.",
                "Training aid is for a course that the person attends or has completed.",
            ),
            Self::NoTrainingAid => {
                ("Không có khoản hỗ trợ đào tạo nào cho khóa học này.", "No training aid is due for this course.")
            }
            Self::NoWorkRecorded => {
                ("Chưa ghi nhận việc làm nào để hỏi lại.", "No work is recorded that could be checked.")
            }
            Self::Loan(conflict) => conflict.title(),
            Self::AlreadySame => {
                ("Hai bản ghi này đã được xác định là một người.", "These records are one person already.")
            }
            Self::DecidedNotSame => (
                "Đã xác định đây không phải cùng một người; hãy rút quyết định đó trước.",
                "It was decided that these are different persons; take that back first.",
            ),
            Self::TooManyTogether => ("Một người có nhiều nhất 20 bản ghi.", "At most 20 records can be one person."),
            Self::NothingDecided => (
                "Chưa có quyết định nào còn hiệu lực về đúng hai bản ghi này.",
                "No decision stands about these very two records.",
            ),
        };
        (vi.into(), en.into())
    }
}

impl AidUse {
    fn title(self) -> (&'static str, &'static str) {
        match self {
            Self::WithinTwelveMonths => (
                "Mỗi người được hỗ trợ đào tạo một lần; người này đã nhận trong 12 tháng qua.",
                "Training aid is due once to a person; this person received it within the last twelve months.",
            ),
            Self::Earlier => (
                "Mỗi người được hỗ trợ đào tạo một lần; người này đã nhận từ hơn 12 tháng trước.",
                "Training aid is due once to a person; this person received it more than twelve months ago.",
            ),
            Self::OtherAid => (
                "Người đã được Nhà nước hỗ trợ đào tạo theo chính sách khác thì không được hỗ trợ lần nữa.",
                "Whoever received other training aid of the State is not due this one.",
            ),
        }
    }
}
