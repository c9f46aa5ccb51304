//! Rules that a field can break, and how the program says what is allowed.

use std::fmt::Display;

use chrono::NaiveDate;

use super::said::written;
use super::{CellRule, DayOf, ExchangeRule, FitsWith, Form, Language};

/// Rules a field can break. Every rule says what is allowed, never what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// The field must be there.
    Required,
    /// The field is not one of those the request may have.
    Unknown,
    /// The value has the wrong type or form; this one is expected.
    Format(Form),
    /// A text of so many characters is allowed.
    Length {
        /// Fewest.
        min: u64,
        /// Most.
        max: u64,
    },
    /// A list of so many items is allowed.
    Items {
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
    /// The date may not lie before this one.
    NotBefore(DayOf),
    /// The date may not lie before this day, which is nobody's secret.
    NotBeforeDay(NaiveDate),
    /// The date may not lie after this one.
    NotAfter(DayOf),
    /// The date may not lie after this day, which is nobody's secret.
    NotAfterDay(NaiveDate),
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
    /// This field is not sent together with that one.
    ConflictsWith(&'static str),
    /// The value must fit another, or what is on record.
    MustFit(FitsWith),
    /// The cursor was not made by this list.
    Cursor,
    /// The password is too easily guessed.
    WeakPassword,
    /// The date may lie so many days ahead at the most, and not before today.
    WithinDays(u32),
    /// The loan product is not lent on that day, in that place or to such a borrower.
    ProductNotOffered,
    /// The person must be of this age by a known birth.
    MinimumAge(u32),
    /// At least one letter is needed.
    Letter,
    /// What is said does not tell people apart.
    TooLittle,
    /// The file is not a JPEG, PNG or PDF by its content.
    FileType,
    /// The file does not open as what it is, or something stands after its end.
    FileDamaged,
    /// A picture may have this many pixels.
    Pixels {
        /// Most.
        max: u32,
    },
    /// A PDF may not do anything by itself.
    ActiveContent,
    /// A PDF may not ask for a password.
    Encrypted,
    /// The file holds more than can be looked through.
    TooComplex,
    /// The number was given to another operation of this device.
    OperationReused,
    /// A rule of a cell, a line or a whole file that is imported.
    Cell(CellRule),
    /// A rule of figures that travel to or from another system, or of what maps them.
    Exchange(ExchangeRule),
}

impl Rule {
    /// Stable code of the rule.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Unknown => "unknown_field",
            Self::Format(_) => "format",
            Self::Length { .. } | Self::Items { .. } => "length",
            Self::Range { .. } => "range",
            Self::ControlCharacter => "control_character",
            Self::NotInFuture => "not_in_future",
            Self::NotBefore(_) | Self::NotBeforeDay(_) => "not_before",
            Self::NotAfter(_) | Self::NotAfterDay(_) => "not_after",
            Self::UnitNotValidOn => "unit_not_valid_on_date",
            Self::NoSuchReference => "no_such_reference",
            Self::WrongOrganisation => "wrong_organisation",
            Self::GuardianNeeded => "guardian_needed",
            Self::OfAge => "of_age",
            Self::ConflictsWith(_) | Self::MustFit(_) => "conflicts_with",
            Self::Cursor => "cursor",
            Self::WeakPassword => "weak_password",
            Self::WithinDays(_) => "within_days",
            Self::ProductNotOffered => "product_not_offered",
            Self::MinimumAge(_) => "minimum_age",
            Self::Letter => "letter",
            Self::TooLittle => "too_little",
            Self::FileType => "file_type",
            Self::FileDamaged => "file_damaged",
            Self::Pixels { .. } => "pixels",
            Self::ActiveContent => "active_content",
            Self::Encrypted => "encrypted",
            Self::TooComplex => "too_complex",
            Self::OperationReused => "operation_reused",
            Self::Cell(rule) => rule.code(),
            Self::Exchange(rule) => rule.code(),
        }
    }

    /// What is allowed, in words.
    #[expect(clippy::too_many_lines, reason = "a table: what is allowed, in which words")]
    pub fn message(&self, language: Language) -> String {
        let (vi, en) = match self {
            Self::Cell(rule) => rule.texts(),
            Self::Exchange(rule) => rule.texts(),
            Self::Required => ("Bắt buộc phải có.".into(), "This field is required.".into()),
            Self::Unknown => ("Trường này không được phép.".into(), "This field is not allowed here.".into()),
            Self::Format(form) => {
                let (vi, en) = form.texts();
                (format!("Cần: {vi}."), format!("Expected: {en}."))
            }
            Self::Length { min: 0, max } => (format!("Nhiều nhất {max} ký tự."), format!("At most {max} characters.")),
            Self::Length { min, max } => {
                (format!("Dài từ {min} đến {max} ký tự."), format!("Between {min} and {max} characters."))
            }
            Self::Items { min: 0, max } => (format!("Nhiều nhất {max} mục."), format!("At most {max} items.")),
            Self::Items { min, max } => (format!("Từ {min} đến {max} mục."), format!("Between {min} and {max} items.")),
            Self::Range { min, max } if min == max => (format!("Phải là {min}."), format!("It must be {min}.")),
            Self::Range { min, max } => (format!("Từ {min} đến {max}."), format!("Between {min} and {max}.")),
            Self::ControlCharacter => {
                ("Không được chứa ký tự điều khiển.".into(), "Control characters are not allowed.".into())
            }
            Self::NotInFuture => ("Ngày không được sau hôm nay.".into(), "The date may not lie after today.".into()),
            Self::NotBefore(day) => not_before(day.texts()),
            Self::NotBeforeDay(day) => not_before(written(*day)),
            Self::NotAfter(day) => not_after(day.texts()),
            Self::NotAfterDay(day) => not_after(written(*day)),
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
                (format!("Không gửi cùng với «{other}»."), format!("Not to be sent together with “{other}”."))
            }
            Self::MustFit(fit) => {
                let (vi, en) = fit.texts();
                (vi.into(), en.into())
            }
            Self::Cursor => {
                ("Dùng con trỏ mà chính lần đọc trước trả về.".into(), "Use the cursor that this same reading gave before.".into())
            }
            Self::WeakPassword => (
                "Mật khẩu cần ít nhất 15 ký tự và khó đoán.".into(),
                "At least 15 characters that are hard to guess.".into(),
            ),
            Self::WithinDays(days) => {
                (format!("Từ hôm nay đến {days} ngày nữa."), format!("Between today and {days} days from now."))
            }
            Self::ProductNotOffered => (
                "Chọn một khoản vay được cung cấp vào ngày đó, tại nơi đó, cho người vay như vậy.".into(),
                "Choose a product that is lent on that day, in that place, to such a borrower.".into(),
            ),
            Self::MinimumAge(years) => (
                format!("Người vay phải đủ {years} tuổi, theo ngày hoặc năm sinh đã biết."),
                format!("The borrower must be {years} or older, by a known day or year of birth."),
            ),
            Self::OperationReused => (
                "Mỗi thao tác cần một số riêng; số này đã dùng cho thao tác khác của thiết bị.".into(),
                "Each operation needs a number of its own; this device gave this one to another operation.".into(),
            ),
            Self::Letter => ("Cần ít nhất một chữ cái.".into(), "At least one letter is needed.".into()),
            Self::TooLittle => (
                "Chưa đủ để phân biệt: cần tháng, năm sinh và hai trong ba điều ngày sinh, chữ cái tên mẹ, con thứ mấy; nếu \
                 không, hãy dùng thẻ."
                    .into(),
                "Too little to tell people apart: month and year of birth are needed, and two of day, mother's letters and \
                 place among the children; else use a card."
                    .into(),
            ),
            Self::FileType
            | Self::FileDamaged
            | Self::Pixels { .. }
            | Self::ActiveContent
            | Self::Encrypted
            | Self::TooComplex => return self.about_file(language),
        };
        language.choose(vi, en)
    }

    fn about_file(&self, language: Language) -> String {
        let (vi, en) = match self {
            Self::FileDamaged => (
                "Tệp phải nguyên vẹn, mở được, và không có gì sau phần kết thúc.",
                "The file must be whole, open, and end where its content ends.",
            ),
            Self::Pixels { max } => {
                return language.choose(
                    format!("Ảnh có nhiều nhất {max} điểm ảnh."),
                    format!("A picture may have at most {max} pixels."),
                );
            }
            Self::ActiveContent => (
                "PDF không được có mã lệnh, tệp đính kèm, biểu mẫu tự gửi, XFA hay thứ tự chạy.",
                "A PDF may not hold scripts, embedded files, forms that submit, XFA or anything that starts by itself.",
            ),
            Self::Encrypted => ("PDF không được có mật khẩu.", "A PDF may not ask for a password."),
            Self::TooComplex => (
                "Tệp quá phức tạp; hãy in lại ra PDF hoặc chụp ảnh.",
                "The file is too complex; print it to a PDF anew, or take a picture.",
            ),
            _ => ("Ảnh JPEG, PNG hoặc PDF, xét theo nội dung.", "A JPEG, PNG or PDF, by its content."),
        };
        language.choose(vi.into(), en.into())
    }
}

fn not_before<T: Display>((vi, en): (T, T)) -> (String, String) {
    (format!("Ngày không được trước {vi}."), format!("The date may not lie before {en}."))
}

fn not_after<T: Display>((vi, en): (T, T)) -> (String, String) {
    (format!("Ngày không được sau {vi}."), format!("The date may not lie after {en}."))
}
