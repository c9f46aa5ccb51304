//! What is refused in figures that travel to or from another system, and in the file that maps them.

/// A rule of a file of figures. It says what is allowed, never what the file held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExchangeRule {
    /// The file has a bounded size.
    Size {
        /// Most, in MiB.
        mebibytes: usize,
    },
    /// Text in UTF-8 without control characters.
    Encoding,
    /// Well-formed XML.
    Xml,
    /// No document type and no entities.
    Entities,
    /// The root element is that of ADX, in its namespace.
    Namespace,
    /// Only what ADX puts in this place.
    Element,
    /// So many attributes are allowed on an element.
    Attributes {
        /// Most.
        max: usize,
    },
    /// A period as DHIS2 names it.
    PeriodCode,
    /// A period as ADX writes it, by the calendar of the mapping.
    PeriodSpan,
    /// The format has a name for the period.
    PeriodUnnamed,
    /// A whole number in plain digits.
    Figure,
    /// A figure that stands, not one that was taken back.
    Withdrawn,
    /// One figure for an element, class, unit and period.
    Twice,
    /// A code of ours that the mapping gives a counterpart, in this format.
    Unmapped,
    /// A code of theirs that the mapping knows.
    NotInMapping,
    /// The data set that the mapping is for.
    OtherDataSet,
    /// A day of completion is sent for one unit and period at a time.
    CompleteApart,
    /// Something is mapped once; this line did it before.
    MappedTwice {
        /// Line of the mapping.
        line: usize,
    },
    /// Well-formed TOML.
    Toml,
    /// An identifier.
    Identifier,
    /// A name that an attribute of ADX may have.
    DimensionName,
    /// Left out: it is what stands for no breakdown.
    DefaultCombo,
    /// A closing day goes with the calendar that closes on one.
    ClosingDay,
}

impl ExchangeRule {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Size { .. } => "size",
            Self::Encoding => "encoding",
            Self::Xml => "xml",
            Self::Entities => "entities",
            Self::Namespace => "namespace",
            Self::Element => "element",
            Self::Attributes { .. } => "attributes",
            Self::PeriodCode | Self::PeriodSpan => "period",
            Self::PeriodUnnamed => "period_unnamed",
            Self::Figure => "figure",
            Self::Withdrawn => "withdrawn",
            Self::Twice => "twice",
            Self::Unmapped => "unmapped",
            Self::NotInMapping => "not_in_mapping",
            Self::OtherDataSet => "other_data_set",
            Self::CompleteApart => "complete_apart",
            Self::MappedTwice { .. } => "mapped_twice",
            Self::Toml => "toml",
            Self::Identifier => "identifier",
            Self::DimensionName => "dimension_name",
            Self::DefaultCombo => "default_combo",
            Self::ClosingDay => "closing_day",
        }
    }

    pub(super) fn texts(self) -> (String, String) {
        let (vi, en) = match self {
            Self::Size { mebibytes } => {
                return (format!("Tệp lớn nhất {mebibytes} MiB."), format!("A file of at most {mebibytes} MiB."));
            }
            Self::Attributes { max } => {
                return (
                    format!("Mỗi phần tử có nhiều nhất {max} thuộc tính."),
                    format!("An element has at most {max} attributes."),
                );
            }
            Self::Encoding => (
                "Cần văn bản UTF-8, không có ký tự điều khiển.",
                "Text in UTF-8 is needed, without control characters.",
            ),
            Self::Xml => ("Cần XML đúng cú pháp và trọn vẹn.", "Well-formed and whole XML is needed."),
            Self::Entities => {
                ("Không nhận khai báo DOCTYPE hay thực thể.", "Document types and entities of one's own are not read.")
            }
            Self::Namespace => (
                "Phần tử gốc phải là adx trong không gian tên urn:ihe:qrph:adx:2015.",
                "The root must be adx in the namespace urn:ihe:qrph:adx:2015.",
            ),
            Self::Element => (
                "Ở đây chỉ có adx, group, dataValue, annotation theo thứ tự của ADX.",
                "Only adx, group, dataValue and annotation stand here, as ADX nests them.",
            ),
            Self::Figure => (
                "Số nguyên viết bằng chữ số: 0, 7, 1250; không dấu cách, không phần lẻ.",
                "A whole number in plain digits, such as 0, 7 or 1250; no spaces, no fraction.",
            ),
            Self::Withdrawn => (
                "Số liệu đã bị xóa ở hệ thống kia; hãy xuất lại không kèm số đã xóa và rút số bằng tay.",
                "The figure was deleted over there; export without deleted ones, and take the figure back by hand.",
            ),
            Self::Twice => (
                "Mỗi chỉ tiêu, phân tổ, đơn vị và kỳ chỉ có một số.",
                "An element, class, unit and period has one figure.",
            ),
            _ => return self.texts_of_names(),
        };
        (vi.into(), en.into())
    }

    fn texts_of_names(self) -> (String, String) {
        let (vi, en) = match self {
            Self::MappedTwice { line } => {
                return (
                    format!("Mỗi mã chỉ được ghép một lần; dòng {line} đã ghép."),
                    format!("Each is mapped once; line {line} did so before."),
                );
            }
            Self::PeriodCode => (
                "Kỳ theo cách viết của DHIS2: 202503, 2025Q1, 2025S1 hoặc 2025.",
                "A period as DHIS2 names it: 202503, 2025Q1, 2025S1 or 2025.",
            ),
            Self::PeriodSpan => (
                "Kỳ theo cách viết của ADX, như 2025-01-01/P1M (P3M, P6M, P1Y, P5Y), bắt đầu đúng ngày đầu kỳ theo lịch của tệp ghép mã.",
                "A period as ADX writes it, such as 2025-01-01/P1M (P3M, P6M, P1Y, P5Y), that begins when the calendar of the mapping says.",
            ),
            Self::PeriodUnnamed => {
                ("Định dạng này không có tên cho kỳ đó.", "This format has no name for such a period.")
            }
            Self::Unmapped => (
                "Tệp ghép mã chưa có mã tương ứng cho định dạng này.",
                "The mapping has no counterpart of it in this format.",
            ),
            Self::NotInMapping => ("Tệp ghép mã không có mã này.", "The mapping does not know what stands here."),
            Self::OtherDataSet => ("Tệp ghép mã dành cho một biểu khác.", "The mapping is for another data set."),
            Self::CompleteApart => (
                "DHIS2 nhận ngày hoàn thành của từng đơn vị và từng kỳ; hãy xuất riêng.",
                "DHIS2 takes a day of completion for one unit and period; export each by itself.",
            ),
            Self::Toml => ("Cần TOML đúng cú pháp.", "Well-formed TOML is needed."),
            Self::Identifier => (
                "Mã có từ 1 đến 230 ký tự, không có khoảng trắng ở hai đầu hay ký tự điều khiển.",
                "An identifier has 1 to 230 characters, no outer white space, no control characters.",
            ),
            Self::DimensionName => (
                "Tên chiều gồm chữ cái không dấu, chữ số, gạch dưới, bắt đầu bằng chữ cái, và không trùng thuộc tính của ADX.",
                "A dimension is named by letters, digits and underscores, begins with a letter, and is no attribute ADX has already.",
            ),
            Self::DefaultCombo => {
                ("Bỏ trống: mã này có nghĩa là không phân tổ.", "Leave it out: this stands for no breakdown.")
            }
            _ => (
                "Ngày khóa sổ (1 đến 27) chỉ đi cùng lịch có khóa sổ.",
                "A closing day (1 to 27) goes with the calendar that closes, and only with it.",
            ),
        };
        (vi.into(), en.into())
    }
}
