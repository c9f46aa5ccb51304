//! What is refused in a file that is imported: rules of cells, of lines, of the whole.

/// A rule of an imported file. It says what is allowed, never what the file held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellRule {
    /// The file is a workbook or a table in text.
    File,
    /// Text is in UTF-8.
    Encoding,
    /// Cells are not merged.
    Merged,
    /// The file, unpacked, has a bounded size.
    Unpacked,
    /// So many lines are allowed in one file.
    Lines {
        /// Most.
        max: usize,
    },
    /// A quoted cell ends with its quote.
    Quotes,
    /// A column stands once.
    ColumnTwice,
    /// The lines of names and of codes do not name the same column here.
    Headers,
    /// Values, no formulas: what is stored beside one need not be what it comes to.
    Formula,
    /// A day.
    Date,
    /// A day of birth, a year of birth, or that it is not known.
    Birth,
    /// One of these words.
    Word(&'static str),
    /// A cell of text: as a number, leading zeros are gone.
    TextCell,
    /// A cell with a value, not an error of a formula.
    Value,
    /// A whole number.
    Number,
    /// Somebody of this name and year of birth who has a case at this centre.
    NoSuchPerson,
    /// Several have this name and year of birth; the case tells them apart.
    SeveralPersons,
    /// The person has several cases at this centre.
    SeveralCases,
    /// Several organisations have this name.
    SeveralOrganisations,
    /// A live consent of the person that names the lender is needed.
    ConsentMissing,
    /// A live consent of its own to the certificate is needed.
    CertificateConsentMissing,
    /// All loans of the person for the product stay below its ceiling.
    LoanCeiling,
    /// The case must be open for a loan that is to go on.
    CaseClosed,
    /// Looks like something on record, or like another line; somebody must decide.
    PossibleDuplicate,
}

impl CellRule {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Encoding => "encoding",
            Self::Merged => "merged_cells",
            Self::Unpacked => "unpacked_size",
            Self::Lines { .. } => "lines",
            Self::Quotes => "quotes",
            Self::ColumnTwice => "column_twice",
            Self::Headers => "headers_differ",
            Self::Formula => "formula",
            Self::Date => "date",
            Self::Birth => "birth",
            Self::Word(_) => "word",
            Self::TextCell => "text_cell",
            Self::Value => "value",
            Self::Number => "number",
            Self::NoSuchPerson => "no_such_person",
            Self::SeveralPersons => "several_persons",
            Self::SeveralCases => "several_cases",
            Self::SeveralOrganisations => "several_organisations",
            Self::ConsentMissing => "consent_missing",
            Self::CertificateConsentMissing => "certificate_consent_missing",
            Self::LoanCeiling => "loan_ceiling",
            Self::CaseClosed => "case_closed",
            Self::PossibleDuplicate => "possible_duplicate",
        }
    }

    pub(super) fn texts(self) -> (String, String) {
        let (vi, en) = match self {
            Self::Lines { max } => {
                return (format!("Một tệp có từ 1 đến {max} dòng."), format!("A file holds 1 to {max} lines."));
            }
            Self::Word(words) => {
                return (format!("Một trong các từ: {words}."), format!("One of these words: {words}."));
            }
            Self::File => (
                "Cần tệp Excel (XLSX, không đặt mật khẩu) hoặc CSV (UTF-8).",
                "An Excel workbook (XLSX, without password) or a CSV file (UTF-8) is needed.",
            ),
            Self::Encoding => (
                "Tệp CSV cần lưu ở dạng UTF-8; trong Excel chọn «CSV UTF-8».",
                "A CSV file must be saved as UTF-8; in Excel choose “CSV UTF-8”.",
            ),
            Self::Merged => {
                ("Không gộp ô; hãy bỏ gộp ô rồi gửi lại.", "Cells may not be merged; unmerge them and send again.")
            }
            Self::Unpacked => ("Tệp quá lớn sau khi giải nén.", "The file is too large when unpacked."),
            Self::Quotes => {
                ("Dấu ngoặc kép mở ở đầu ô phải đóng ở cuối ô.", "A quote that opens a cell must close it.")
            }
            Self::ColumnTwice => ("Mỗi cột chỉ đứng một lần.", "A column stands once."),
            Self::Formula => (
                "Tệp có ô công thức; hãy chép cả trang tính rồi dán dưới dạng giá trị (Dán đặc biệt → Giá trị), lưu và gửi lại.",
                "The file has a cell with a formula; copy the sheet, paste it as values (Paste Special → Values), save it and send it again.",
            ),
            Self::Headers => (
                "Dòng tên cột và dòng mã cột không nói cùng một cột ở đây.",
                "The line of names and the line of codes do not name the same column here.",
            ),
            Self::Date => ("Ngày theo dạng ngày/tháng/năm: 31/12/2025.", "A date as day/month/year: 31/12/2025."),
            Self::Birth => (
                "Ngày/tháng/năm, hoặc chỉ năm (1990), hoặc «không rõ».",
                "Day/month/year, or only the year (1990), or “không rõ” (unknown).",
            ),
            Self::TextCell => (
                "Đặt định dạng ô là văn bản: ở dạng số, các số 0 đứng đầu đã mất.",
                "Format the cell as text: as a number it has lost its leading zeros.",
            ),
            Self::Value => ("Ô cần một giá trị, không phải lỗi công thức.", "A value, not the error of a formula."),
            Self::PossibleDuplicate => (
                "Có thể đã có trong hệ thống, hoặc trùng dòng khác; hãy ghi quyết định: nhập hoặc bỏ qua.",
                "This may be on record already, or another line again; decide: import or skip.",
            ),
            _ => return self.texts_of_loans(),
        };
        (vi.into(), en.into())
    }

    fn texts_of_loans(self) -> (String, String) {
        let (vi, en) = match self {
            Self::Number => ("Số nguyên: 20000000 hoặc 20.000.000.", "A whole number: 20000000 or 20.000.000."),
            Self::NoSuchPerson => (
                "Cần người có hồ sơ tại trung tâm, đúng họ tên và năm sinh.",
                "Somebody with a case at the centre, of this name and year of birth, is needed.",
            ),
            Self::SeveralPersons => (
                "Nhiều người có họ tên và năm sinh này; hãy ghi mã hồ sơ.",
                "Several have this name and year of birth; give the id of the case.",
            ),
            Self::SeveralCases => (
                "Người này có nhiều hồ sơ tại trung tâm; hãy ghi mã hồ sơ.",
                "The person has several cases at the centre; give the id of the case.",
            ),
            Self::SeveralOrganisations => {
                ("Nhiều tổ chức có tên này; hãy ghi mã tổ chức.", "Several organisations have this name; give the id.")
            }
            Self::ConsentMissing => (
                "Cần sự đồng ý còn hiệu lực của người vay cho nơi cho vay này.",
                "A live consent of the person that names this lender is needed.",
            ),
            Self::CertificateConsentMissing => (
                "Cần sự đồng ý riêng, còn hiệu lực, về giấy xác nhận cho nơi cho vay này.",
                "A live consent of its own that lets the certificate go to this lender is needed.",
            ),
            Self::LoanCeiling => (
                "Tổng các khoản vay của người này theo chương trình phải trong mức tối đa.",
                "All loans of the person for this product together must stay below its ceiling.",
            ),
            _ => (
                "Khoản vay chưa giải ngân cần hồ sơ đang mở; khoản vay còn nợ cần hồ sơ chưa chuyển đi.",
                "A loan that is not paid out needs an open case; one that is owed, a case that was not handed over.",
            ),
        };
        (vi.into(), en.into())
    }
}

/// Why an import is not stored, or not undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportRefusal {
    /// This very file is imported already.
    FileImported,
    /// Another list was imported since this one was checked against the records.
    ImportedMeanwhile,
    /// The import was undone before.
    AlreadyUndone,
    /// The import stored nothing.
    NotStored,
    /// Something was built on what the import made.
    BuiltOn {
        /// Rows that stand in the way.
        rows: i64,
    },
}

impl ImportRefusal {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::FileImported => "file_imported",
            Self::ImportedMeanwhile => "imported_meanwhile",
            Self::AlreadyUndone => "already_undone",
            Self::NotStored => "not_stored",
            Self::BuiltOn { .. } => "built_on",
        }
    }

    pub(super) fn texts(self) -> (String, String) {
        let (vi, en) = match self {
            Self::BuiltOn { rows } => {
                return (
                    format!("Không hoàn tác được: {rows} bản ghi đã được thêm hoặc sửa trên những gì được nhập."),
                    format!("This cannot be undone: {rows} rows were added to what was imported, or changed."),
                );
            }
            Self::FileImported => (
                "Tệp này đã được nhập; hãy hoàn tác lần nhập đó trước, hoặc chỉ gửi những dòng còn lại.",
                "This file is imported already; undo that import first, or send only the lines that remain.",
            ),
            Self::ImportedMeanwhile => (
                "Một danh sách khác vừa được nhập trong lúc kiểm tra tệp này; hãy gửi lại.",
                "Another list was imported while this file was checked; send it again.",
            ),
            Self::NotStored => ("Lần nhập này chưa lưu gì.", "This import stored nothing."),
            Self::AlreadyUndone => ("Lần nhập này đã được hoàn tác.", "The import was undone before."),
        };
        (vi.into(), en.into())
    }
}
