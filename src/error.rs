//! The one error type, and how each error reads as a problem document (RFC 9457).

use actix_web::http::StatusCode;
use serde::Serialize;

/// A rule that a field of a request broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field in the body (`birth.year`), or the parameter's or header's name.
    pub field: String,
    /// Which rule.
    pub rule: Rule,
}

impl FieldError {
    /// `field` broke `rule`.
    pub fn new(field: impl Into<String>, rule: Rule) -> Self {
        Self { field: field.into(), rule }
    }
}

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
            Self::ConflictsWith(_) => "conflicts_with",
            Self::Cursor => "cursor",
            Self::WeakPassword => "weak_password",
        }
    }

    fn message(&self, language: Language) -> String {
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
    /// The service is not one the person was found in need of and eligible for.
    NotAssessed,
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
    /// An administrator cannot take away the last administrator's rights.
    LastAdministrator,
}

impl Conflict {
    fn code(self) -> &'static str {
        match self {
            Self::IllegalTransition { .. } => "illegal_transition",
            Self::ConsentMissing => "consent_missing",
            Self::CaseClosed => "case_closed",
            Self::NotAssessed => "not_assessed",
            Self::AnswerTooLate => "answer_too_late",
            Self::NameTaken => "name_taken",
            Self::RolesExcludeEachOther => "roles_exclude_each_other",
            Self::OpenCaseExists => "open_case_exists",
            Self::RoleHeld => "role_held",
            Self::TooManyOrganisations => "too_many_organisations",
            Self::AlreadySetUp => "already_set_up",
            Self::AlreadyVoided => "already_voided",
            Self::AlreadyWithdrawn => "already_withdrawn",
            Self::LastAdministrator => "last_administrator",
        }
    }

    fn title(self) -> (String, String) {
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
            Self::NotAssessed => (
                "Chưa có đánh giá có nhu cầu và đủ điều kiện cho dịch vụ này.",
                "No assessment finds need and eligibility for this service.",
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
            Self::LastAdministrator => {
                ("Phải còn ít nhất một quản trị viên.", "At least one administrator must remain.")
            }
        };
        (vi.into(), en.into())
    }
}

/// Everything that can go wrong with a request.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// No valid access token.
    #[error("unauthenticated")]
    Unauthenticated,
    /// Wrong name, password, code or refresh token; one reply for all.
    #[error("login refused")]
    LoginRefused,
    /// The role may not do this.
    #[error("forbidden")]
    Forbidden,
    /// Nothing the caller may see is there.
    #[error("not found")]
    NotFound,
    /// The route knows no such method.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The body is not JSON of the described form.
    #[error("malformed request")]
    Malformed(Vec<FieldError>),
    /// Fields break rules.
    #[error("invalid fields")]
    Invalid(Vec<FieldError>),
    /// The body is larger than the route takes.
    #[error("body too large")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
    /// The body is not declared as JSON.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// A casework rule refuses.
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// The idempotency key was used for another request.
    #[error("idempotency key reused")]
    IdempotencyKeyReused,
    /// The write of this idempotency key is done already; the reply is rebuilt.
    #[error("idempotent replay")]
    IdempotentReplay,
    /// A change without `If-Match`.
    #[error("version required")]
    VersionRequired,
    /// Somebody else changed the record first.
    #[error("version stale")]
    VersionStale {
        /// Version the record has now.
        current: i32,
        /// Names of the fields that changed since.
        changed: Vec<String>,
    },
    /// Too many wrong guesses.
    #[error("too many guesses")]
    TooManyGuesses {
        /// Seconds after which another guess is evaluated.
        retry_after_seconds: u32,
    },
    /// All workers of a bounded resource are taken.
    #[error("busy")]
    Busy {
        /// Seconds after which to try again.
        retry_after_seconds: u32,
    },
    /// The database refused or failed.
    #[error("database: {0}")]
    Database(#[from] diesel::result::Error),
    /// A fault of the program or its surroundings; the cause is logged, never sent.
    #[error("internal: {0}")]
    Internal(String),
}

impl AppError {
    /// A fault whose cause goes to the log only. The cause must not hold personal data.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self::Internal(cause.into())
    }

    /// One field broke one rule.
    pub fn field(field: impl Into<String>, rule: Rule) -> Self {
        Self::Invalid(vec![FieldError::new(field, rule)])
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::LoginRefused => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::Database(diesel::result::Error::NotFound) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::VersionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::VersionStale { .. } => StatusCode::PRECONDITION_FAILED,
            Self::TooManyGuesses { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) | Self::Internal(_) | Self::IdempotentReplay => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Stable code of the problem.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::LoginRefused => "login_refused",
            Self::Forbidden => "forbidden",
            Self::NotFound | Self::Database(diesel::result::Error::NotFound) => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Malformed(_) => "malformed",
            Self::Invalid(_) => "invalid",
            Self::TooLarge { .. } => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::Conflict(conflict) => conflict.code(),
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::VersionRequired => "version_required",
            Self::VersionStale { .. } => "version_stale",
            Self::TooManyGuesses { .. } => "too_many_guesses",
            Self::Busy { .. } => "busy",
            Self::Database(_) | Self::Internal(_) | Self::IdempotentReplay => "internal",
        }
    }

    fn title(&self, language: Language) -> String {
        let (vi, en) = match self {
            Self::Unauthenticated => ("Cần đăng nhập.", "Log in first."),
            Self::LoginRefused => ("Thông tin đăng nhập không đúng.", "These login details are not right."),
            Self::Forbidden => ("Vai trò của bạn không được làm việc này.", "Your role may not do this."),
            Self::NotFound | Self::Database(diesel::result::Error::NotFound) => ("Không tìm thấy.", "Not found."),
            Self::MethodNotAllowed => ("Phương thức không được phép.", "This method is not allowed here."),
            Self::Malformed(_) => ("Yêu cầu không đúng dạng.", "The request does not have the described form."),
            Self::Invalid(_) => ("Có trường chưa hợp lệ.", "Some fields are not valid."),
            Self::TooLarge { limit } => {
                return language.choose(
                    format!("Nội dung quá lớn; tối đa {limit} byte."),
                    format!("The body is too large; at most {limit} bytes."),
                );
            }
            Self::UnsupportedMediaType => {
                ("Cần Content-Type: application/json.", "Content-Type must be application/json.")
            }
            Self::Conflict(conflict) => {
                let (vi, en) = conflict.title();
                return language.choose(vi, en);
            }
            Self::IdempotencyKeyReused => (
                "Idempotency-Key này đã dùng cho một yêu cầu khác.",
                "This Idempotency-Key was used for another request.",
            ),
            Self::VersionRequired => {
                ("Cần If-Match với ETag của bản đã đọc.", "If-Match with the ETag of the version you read is needed.")
            }
            Self::VersionStale { .. } => (
                "Bản ghi đã được người khác thay đổi; hãy đọc lại.",
                "Somebody else changed the record; read it again.",
            ),
            Self::TooManyGuesses { .. } => ("Sai quá nhiều lần; hãy chờ.", "Too many wrong attempts; wait."),
            Self::Busy { .. } => ("Hệ thống đang bận; hãy thử lại.", "Busy; try again."),
            Self::Database(_) | Self::Internal(_) | Self::IdempotentReplay => {
                ("Lỗi hệ thống; đã ghi nhận.", "A fault on our side; it has been logged.")
            }
        };
        language.choose(vi.to_owned(), en.to_owned())
    }

    fn fields(&self) -> &[FieldError] {
        match self {
            Self::Malformed(fields) | Self::Invalid(fields) => fields,
            _ => &[],
        }
    }

    /// Seconds for a `Retry-After` header.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::TooManyGuesses { retry_after_seconds } | Self::Busy { retry_after_seconds } => {
                Some(*retry_after_seconds)
            }
            _ => None,
        }
    }

    /// The problem document that the client reads.
    pub fn problem(&self, language: Language, request_id: &str) -> Problem {
        let errors = self
            .fields()
            .iter()
            .map(|error| ProblemField {
                field: error.field.clone(),
                rule: error.rule.code(),
                message: error.rule.message(language),
            })
            .collect();
        let changed = match self {
            Self::VersionStale { changed, .. } => Some(changed.clone()),
            _ => None,
        };
        Problem {
            r#type: format!("urn:hoanhap:problem:{}", self.code()),
            title: self.title(language),
            status: self.status().as_u16(),
            code: self.code(),
            errors,
            changed,
            request_id: request_id.to_owned(),
        }
    }
}

impl From<actix_web::error::BlockingError> for AppError {
    fn from(_: actix_web::error::BlockingError) -> Self {
        Self::internal("a blocking task was cancelled")
    }
}

impl actix_web::ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    // The body is written by http::finish, which knows the request's language and id.
    fn error_response(&self) -> actix_web::HttpResponse {
        actix_web::HttpResponse::new(self.status())
    }
}

/// Languages people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese, the default.
    Vi,
    /// English.
    En,
}

impl Language {
    /// The first of our languages that an `Accept-Language` header names; Vietnamese when none.
    pub fn of(accept: Option<&str>) -> Self {
        let named = accept.unwrap_or_default().split(',').find_map(|part| {
            match part.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
                Some("vi") => Some(Self::Vi),
                Some("en") => Some(Self::En),
                _ => None,
            }
        });
        named.unwrap_or(Self::Vi)
    }

    fn choose(self, vi: String, en: String) -> String {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}

/// Problem document (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:hoanhap:problem:` and the code.
    pub r#type: String,
    /// What is wrong, in the language of `Accept-Language` (vi or en).
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// Stable code for programs.
    pub code: &'static str,
    /// Fields that break rules.
    pub errors: Vec<ProblemField>,
    /// With `version_stale`: names of the fields that changed since the version sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Vec<String>>,
    /// Finds this request in the server's log.
    pub request_id: String,
}

/// One field that breaks a rule.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemField {
    /// Path of the field.
    pub field: String,
    /// Stable code of the rule.
    pub rule: &'static str,
    /// What is allowed.
    pub message: String,
}
