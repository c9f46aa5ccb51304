//! What the program refuses, and how it says so: rules of fields, and rules of the casework.

use super::Language;

/// Rules a field can break. Every rule says what is allowed, never what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The field must be there.
    Required,
    /// The field is not one of those the request may have.
    Unknown,
    /// The value has the wrong type or form; the text says what is expected.
    Format(String),
    /// A text of so many characters is allowed.
    Length {
        /// Fewest.
        min: u64,
        /// Most.
        max: u64,
    },
    /// A number in this range is allowed.
    Range {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// The text may not hold control characters.
    ControlCharacter,
    /// The date may not lie after today.
    NotInFuture,
    /// The date may not lie before the date of this other field or fact.
    NotBefore(&'static str),
    /// The unit does not exist on the date of the event.
    UnitNotValidOn,
    /// Nothing of this id may be used here: it does not exist, or not for the caller.
    NoSuchReference,
    /// The organisation does not give this service, or is closed on that date.
    WrongOrganisation,
    /// Somebody under 18 does not give the consent alone.
    GuardianNeeded,
    /// The person is of age: nobody else gives the consent.
    OfAge,
    /// This field does not go together with that one.
    ConflictsWith(&'static str),
    /// The cursor was not made by this list.
    Cursor,
    /// The password is too easily guessed.
    WeakPassword,
}

impl Rule {
    /// Stable code of the rule.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Unknown => "unknown_field",
            Self::Format(_) => "format",
            Self::Length { .. } => "length",
            Self::Range { .. } => "range",
            Self::ControlCharacter => "control_character",
            Self::NotInFuture => "not_in_future",
            Self::NotBefore(_) => "not_before",
            Self::UnitNotValidOn => "unit_not_valid_on_date",
            Self::NoSuchReference => "no_such_reference",
            Self::WrongOrganisation => "wrong_organisation",
            Self::GuardianNeeded => "guardian_needed",
            Self::OfAge => "of_age",
            Self::ConflictsWith(_) => "conflicts_with",
            Self::Cursor => "cursor",
            Self::WeakPassword => "weak_password",
        }
    }

    pub(super) fn message(&self, language: Language) -> String {
        let (vi, en) = match self {
            Self::Required => ("Bắt buộc phải có.".into(), "This field is required.".into()),
            Self::Unknown => ("Trường này không được phép.".into(), "This field is not allowed here.".into()),
            Self::Format(expected) => (format!("Cần: {expected}."), format!("Expected: {expected}.")),
            Self::Length { min, max } => {
                (format!("Dài từ {min} đến {max} ký tự."), format!("Between {min} and {max} characters."))
            }
            Self::Range { min, max } => (format!("Từ {min} đến {max}."), format!("Between {min} and {max}.")),
            Self::ControlCharacter => {
                ("Không được chứa ký tự điều khiển.".into(), "Control characters are not allowed.".into())
            }
            Self::NotInFuture => ("Ngày không được sau hôm nay.".into(), "The date may not lie after today.".into()),
            Self::NotBefore(other) => {
                (format!("Ngày không được trước {other}."), format!("The date may not lie before {other}."))
            }
            Self::UnitNotValidOn => (
                "Đơn vị hành chính phải tồn tại vào ngày đó.".into(),
                "The administrative unit must exist on that date.".into(),
            ),
            Self::NoSuchReference => {
                ("Không có bản ghi nào dùng được với mã này.".into(), "No usable record has this id.".into())
            }
            Self::WrongOrganisation => (
                "Tổ chức phải đang hoạt động và cung cấp dịch vụ này.".into(),
                "The organisation must be open and give this service.".into(),
            ),
            Self::GuardianNeeded => (
                "Người dưới 18 tuổi: cần người giám hộ hoặc người đại diện hợp pháp.".into(),
                "Under 18: a guardian or legal representative is needed.".into(),
            ),
            Self::OfAge => (
                "Người từ đủ 18 tuổi tự mình đồng ý.".into(),
                "From the age of 18 the person gives the consent.".into(),
            ),
            Self::ConflictsWith(other) => {
                (format!("Không đi cùng với {other}."), format!("Does not go together with {other}."))
            }
            Self::Cursor => {
                ("Dùng next_cursor của chính danh sách này.".into(), "Use the next_cursor of this same list.".into())
            }
            Self::WeakPassword => (
                "Mật khẩu cần ít nhất 15 ký tự và khó đoán.".into(),
                "At least 15 characters that are hard to guess.".into(),
            ),
        };
        language.choose(vi, en)
    }
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
    /// A live consent of the person that names the recipient is needed.
    ConsentMissing,
    /// The case is closed.
    CaseClosed,
    /// Another centre goes on with the case.
    HandedOver,
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
    /// The record was voided before.
    AlreadyVoided,
    /// The consent was withdrawn before.
    AlreadyWithdrawn,
    /// The guardianship ended before.
    GuardianEnded,
    /// The service type has no emergency.
    NoEmergency,
    /// It is no emergency, or a manager has looked at it.
    NothingToReview,
    /// An administrator cannot take away the last administrator's rights.
    LastAdministrator,
}

impl Conflict {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::IllegalTransition { .. } => "illegal_transition",
            Self::ConsentMissing => "consent_missing",
            Self::CaseClosed => "case_closed",
            Self::HandedOver => "handed_over",
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
            Self::AlreadyVoided => "already_voided",
            Self::AlreadyWithdrawn => "already_withdrawn",
            Self::GuardianEnded => "guardian_ended",
            Self::NoEmergency => "no_emergency",
            Self::NothingToReview => "nothing_to_review",
            Self::LastAdministrator => "last_administrator",
        }
    }

    pub(super) fn title(self) -> (String, String) {
        let (vi, en) = match self {
            Self::IllegalTransition { from, to } => {
                return (
                    format!("Không thể chuyển từ «{from}» sang «{to}»."),
                    format!("There is no way from “{from}” to “{to}”."),
                );
            }
            Self::ConsentMissing => {
                ("Cần sự đồng ý còn hiệu lực cho nơi nhận này.", "A live consent naming this recipient is needed.")
            }
            Self::CaseClosed => ("Hồ sơ đã đóng.", "The case is closed."),
            Self::HandedOver => ("Trung tâm khác đang tiếp tục hồ sơ này.", "Another centre goes on with this case."),
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
            Self::AlreadyVoided => ("Bản ghi đã được hủy trước đó.", "The record was voided before."),
            Self::AlreadyWithdrawn => ("Sự đồng ý đã được rút trước đó.", "The consent was withdrawn before."),
            Self::GuardianEnded => ("Việc giám hộ đã kết thúc trước đó.", "The guardianship ended before."),
            Self::NoEmergency => {
                ("Dịch vụ này không có chuyển gửi khẩn cấp.", "This service has no emergency referral.")
            }
            Self::NothingToReview => (
                "Không có chuyển gửi khẩn cấp nào chờ người quản lý xem.",
                "No emergency referral waits for the manager's review.",
            ),
            Self::LastAdministrator => {
                ("Phải còn ít nhất một quản trị viên.", "At least one administrator must remain.")
            }
        };
        (vi.into(), en.into())
    }
}
