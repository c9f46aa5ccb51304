//! What is refused in a file that is imported: rules of cells, of lines, of the whole.

/// A rule of an imported file. It says what is allowed, never what the file held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellRule {
    /// The file is a workbook or a table in text.
    File,
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
    /// Looks like a person on record, or like another line; somebody must decide.
    PossibleDuplicate,
}

impl CellRule {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Unpacked => "unpacked_size",
            Self::Lines { .. } => "lines",
            Self::Quotes => "quotes",
            Self::ColumnTwice => "column_twice",
            Self::Date => "date",
            Self::Birth => "birth",
            Self::Word(_) => "word",
            Self::TextCell => "text_cell",
            Self::Value => "value",
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
            Self::Unpacked => ("Tệp quá lớn sau khi giải nén.", "The file is too large when unpacked."),
            Self::Quotes => {
                ("Dấu ngoặc kép mở ở đầu ô phải đóng ở cuối ô.", "A quote that opens a cell must close it.")
            }
            Self::ColumnTwice => ("Mỗi cột chỉ đứng một lần.", "A column stands once."),
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
                "Có thể là người đã có hồ sơ, hoặc trùng dòng khác; hãy ghi quyết định: nhập hoặc bỏ qua.",
                "This may be somebody on record, or another line again; decide: import or skip.",
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
    /// The import was undone before.
    AlreadyUndone,
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
            Self::AlreadyUndone => "already_undone",
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
            Self::AlreadyUndone => ("Lần nhập này đã được hoàn tác.", "The import was undone before."),
        };
        (vi.into(), en.into())
    }
}
