//! The one error type, and how each error reads as a problem document (RFC 9457).

use actix_web::http::StatusCode;
use serde::Serialize;

mod exchanging;
mod field_rules;
mod importing;
mod loans;
mod refusals;
mod returns;
mod said;
mod support;

pub use exchanging::ExchangeRule;
pub use field_rules::Rule;
pub use importing::{CellRule, ImportRefusal};
pub use loans::LoanConflict;
pub use refusals::{AidUse, Conflict};
pub use returns::ReturnRefusal;
pub use said::{DayOf, FitsWith, Form, PlainForm};
pub use support::SupportRefusal;

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

    /// In the words of a language.
    pub fn said(&self, language: Language) -> ProblemField {
        ProblemField { field: self.field.clone(), rule: self.rule.code(), message: self.rule.message(language) }
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
    MethodNotAllowed {
        /// Methods it knows, for the header `Allow`.
        allow: String,
    },
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
    /// The index of names is still being built on this node.
    #[error("the index of names is being built")]
    IndexBuilding,
    /// The database refused or failed.
    #[error("database: {0}")]
    Database(#[from] diesel::result::Error),
    /// A stored file is missing, or does not open.
    #[error("a stored file is missing or does not open")]
    FileLost,
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

    /// A period that is closed, from one day to another, would change.
    pub fn closed((first, last): (chrono::NaiveDate, chrono::NaiveDate)) -> Self {
        Self::Conflict(Conflict::PeriodClosed { first, last })
    }

    /// A rule of loans refuses.
    pub fn loan(conflict: LoanConflict) -> Self {
        Self::Conflict(Conflict::Loan(conflict))
    }

    /// HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated | Self::LoginRefused => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::Database(diesel::result::Error::NotFound) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Invalid(_) | Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::VersionRequired => StatusCode::PRECONDITION_REQUIRED,
            Self::VersionStale { .. } => StatusCode::PRECONDITION_FAILED,
            Self::TooManyGuesses { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy { .. } | Self::IndexBuilding => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(_) | Self::FileLost | Self::Internal(_) | Self::IdempotentReplay => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        }
    }

    /// Stable code of the problem.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::LoginRefused => "login_refused",
            Self::Forbidden => "forbidden",
            Self::NotFound | Self::Database(diesel::result::Error::NotFound) => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
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
            Self::IndexBuilding => "index_building",
            Self::FileLost => "file_lost",
            Self::Database(_) | Self::Internal(_) | Self::IdempotentReplay => "internal",
        }
    }

    fn title(&self, language: Language) -> String {
        let (vi, en) = match self {
            Self::Unauthenticated => ("Cần đăng nhập.", "Log in first."),
            Self::LoginRefused => ("Thông tin đăng nhập không đúng.", "These login details are not right."),
            Self::Forbidden => ("Vai trò của bạn không được làm việc này.", "Your role may not do this."),
            Self::NotFound | Self::Database(diesel::result::Error::NotFound) => ("Không tìm thấy.", "Not found."),
            Self::MethodNotAllowed { .. } => ("Phương thức không được phép.", "This method is not allowed here."),
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
            Self::IndexBuilding => (
                "Danh mục tên đang được dựng lại; hãy thử lại sau vài giây.",
                "The index of names is being built; try again in a few seconds.",
            ),
            Self::FileLost => (
                "Tệp đã lưu bị thiếu hoặc hỏng; hãy báo quản trị viên.",
                "The stored file is missing or damaged; tell an administrator.",
            ),
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
            Self::IndexBuilding => Some(2),
            _ => None,
        }
    }

    /// The problem document that the client reads.
    pub fn problem(&self, language: Language, request_id: &str) -> Problem {
        let errors = self.fields().iter().map(|error| error.said(language)).collect();
        let changed = match self {
            Self::VersionStale { changed, .. } => Some(changed.clone()),
            _ => None,
        };
        let stands = if let Self::VersionStale { current, .. } = self { Some(*current) } else { None };
        Problem {
            r#type: format!("urn:hoanhap:problem:{}", self.code()),
            title: self.title(language),
            status: self.status().as_u16(),
            code: self.code(),
            errors,
            changed,
            stands,
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
    /// With `version_stale`: the version, or the revision of a reported value, that stands now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stands: Option<i32>,
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
