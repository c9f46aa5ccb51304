//! Columns of a file: their names, what they take, and reading a cell.

use std::collections::HashMap;

use super::table::Table;
use crate::db::types::RegisterEntryId;
use crate::error::{Form, PlainForm, Rule};
use crate::imports::columns::{YES_OR_NO_WORDS, day_in, flag_in, number_in, plain, text_in};
use crate::imports::sheet::Cell;
use crate::programmes::registers::catalogue::{Column, Register, RegisterCatalogue, RegisterField};
use crate::programmes::registers::draft::{Given, Place};
use crate::programmes::registers::form::UNIT_CODE;
use crate::text::Words;

/// How cells of a column are read.
#[derive(Debug, Clone)]
pub(super) enum Reads {
    /// Text; with `zeros` leading zeros count.
    Text { zeros: bool },
    /// A word of a list, by its code or by either name, each in plain letters.
    Word { known: HashMap<String, String>, codes: String },
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// A day.
    Day,
    /// The id of an entry.
    Entry,
    /// Texts between semicolons, commas or on lines of their own.
    List,
}

/// A column of a file.
#[derive(Debug, Clone)]
pub(super) struct SheetColumn {
    /// Name for programs.
    pub code: String,
    /// Name for people in Vietnamese.
    pub vi: String,
    /// The same in English.
    pub en: String,
    /// What it takes.
    pub hint: Words,
    /// Whether a file must have it.
    pub needed: bool,
    /// Where its values stand in an entry; none of reported values.
    pub place: Option<Place>,
    /// How its cells are read.
    pub reads: Reads,
}

/// The columns of a table.
pub(super) fn columns_of(table: Table, catalogue: &RegisterCatalogue) -> Vec<SheetColumn> {
    let Table::Entries(register) = table else { return reported() };
    let unit = SheetColumn {
        needed: register != Register::Inspections,
        place: Some(Place::Unit),
        ..text(
            UNIT_CODE,
            UNIT,
            (
                "mã của đơn vị tồn tại vào ngày đó, như G34-C00004",
                "code of a unit that exists on that day, as G34-C00004",
            ),
        )
    };
    let fields = catalogue.of(register).iter().map(|field| of_field(catalogue, register, field));
    std::iter::once(unit).chain(fields).collect()
}

const UNIT: (&str, &str) = ("Mã đơn vị hành chính", "Unit code");
const TEXT: (&str, &str) = ("văn bản, nhiều nhất 200 ký tự", "text of at most 200 characters");

fn text(code: &str, (vi, en): (&str, &str), (hint_vi, hint_en): (&str, &str)) -> SheetColumn {
    SheetColumn {
        code: code.to_owned(),
        vi: vi.to_owned(),
        en: en.to_owned(),
        hint: Words::new(hint_vi, hint_en),
        needed: false,
        place: None,
        reads: Reads::Text { zeros: false },
    }
}

fn of_field(catalogue: &RegisterCatalogue, register: Register, field: &RegisterField) -> SheetColumn {
    let (reads, hint) = match field.column {
        Column::Day | Column::LastDay | Column::StepOne | Column::StepTwo | Column::StepThree => {
            (Reads::Day, Words::new("ngày/tháng/năm, như 31/12/2025", "day/month/year, as 31/12/2025"))
        }
        Column::Kind | Column::Facet => {
            let words = field.words.as_deref().and_then(|list| catalogue.words.get(list));
            let words: Vec<(&String, &Words)> = words.into_iter().flatten().collect();
            let listed = |name: fn(&Words) -> &String| {
                words.iter().map(|(code, named)| format!("{code} = {}", name(named))).collect::<Vec<_>>().join("; ")
            };
            (of_words(&words), Words { vi: listed(|named| &named.vi), en: listed(|named| &named.en) })
        }
        Column::Number if field.flag => (Reads::Flag, Words::new(YES_OR_NO_WORDS, "yes, no")),
        Column::Number | Column::SecondNumber => (Reads::Number, Words::new("số nguyên", "a whole number")),
        Column::Name => (Reads::Text { zeros: register == Register::Staff }, Words::new(TEXT.0, TEXT.1)),
        Column::About => {
            (Reads::Entry, Words::new("id của mục trong sổ cơ sở", "id of an entry in the register of establishments"))
        }
        Column::Participants => {
            (Reads::List, Words::new("các mã, cách nhau bằng dấu chấm phẩy", "numbers, with semicolons between"))
        }
    };
    SheetColumn {
        code: field.name.clone(),
        vi: field.vi.clone(),
        en: field.en.clone(),
        hint,
        needed: field.required,
        place: Some(Place::Column(field.column)),
        reads,
    }
}

fn of_words(words: &[(&String, &Words)]) -> Reads {
    let spellings = |(code, named): &(&String, &Words)| {
        [plain(code), plain(&named.vi), plain(&named.en)].map(|spelling| (spelling, (*code).clone()))
    };
    let codes: Vec<&str> = words.iter().map(|(code, _)| code.as_str()).collect();
    Reads::Word { known: words.iter().flat_map(spellings).collect(), codes: codes.join(", ") }
}

fn reported() -> Vec<SheetColumn> {
    let calendar = |code: &str, vi: &str, en: &str| (code.to_owned(), Words::new(vi, en));
    let calendars = [calendar("civil", "Năm dương lịch", "Civil"), calendar("closing", "Theo ngày chốt", "Closing")];
    let calendars: Vec<(&String, &Words)> = calendars.iter().map(|(code, named)| (code, named)).collect();
    let needed = |column: SheetColumn| SheetColumn { needed: true, ..column };
    let reading = |reads: Reads, column: SheetColumn| SheetColumn { reads, ..column };
    vec![
        needed(text("element", ("Chỉ số nguồn", "Element"), ("mã của chỉ số nguồn", "code of an element"))),
        text(
            "class",
            ("Loại và nhóm", "Kinds and groups"),
            ("như face_to_face/high_risk+migrants; để trống: tất cả", "as face_to_face/high_risk+migrants; empty: all"),
        ),
        needed(text(UNIT_CODE, UNIT, ("mã của đơn vị tồn tại trong kỳ", "code of a unit that exists in the period"))),
        reading(
            of_words(&calendars),
            needed(text("calendar", ("Lịch", "Calendar"), ("civil, closing", "civil, closing"))),
        ),
        needed(text(
            "period",
            ("Kỳ", "Period"),
            ("2025, 2025-H1, 2025-Q1, 2025-01 hoặc 2021-2025", "2025, 2025-H1, 2025-Q1, 2025-01 or 2021-2025"),
        )),
        reading(
            Reads::Number,
            text(
                "value",
                ("Giá trị", "Value"),
                (
                    "số nguyên; để trống: rút lại giá trị đã có",
                    "a whole number; empty: withdraws the value that stands",
                ),
            ),
        ),
        needed(text("source_agency", ("Cơ quan báo cáo", "Source agency"), TEXT)),
        needed(text("source_document", ("Văn bản báo cáo", "Source document"), TEXT)),
        reading(
            Reads::Day,
            needed(text("source_on", ("Ngày văn bản", "Day of the source"), ("ngày/tháng/năm", "day/month/year"))),
        ),
        text(
            "reason",
            ("Lý do sửa", "Reason"),
            ("bắt buộc từ lần sửa thứ hai", "required from the second revision on"),
        ),
        reading(
            Reads::Number,
            text(
                "expected_revision",
                ("Lần sửa đang có", "Expected revision"),
                ("số lần sửa đang có; để trống: chưa có", "number of the revision that stands; empty: there is none"),
            ),
        ),
    ]
}

impl SheetColumn {
    /// Whether a text of a header is its code or a name of it.
    pub fn is_named(&self, header: &str) -> bool {
        self.code == header.trim() || [&self.code, &self.vi, &self.en].iter().any(|name| plain(name) == plain(header))
    }

    /// What a cell gives.
    ///
    /// # Errors
    /// When it cannot be read as what the column takes.
    pub fn read(&self, cell: &Cell) -> Result<Given, Rule> {
        let given = |value: Option<Given>| value.unwrap_or(Given::Nothing);
        match &self.reads {
            Reads::Text { zeros } => Ok(given(text_in(cell, *zeros)?.map(Given::Text))),
            Reads::Number => Ok(given(number_in(cell)?.map(Given::Number))),
            Reads::Flag => Ok(given(flag_in(cell)?.map(|flag| Given::Number(i64::from(flag))))),
            Reads::Day => Ok(given(day_in(cell)?.map(Given::Day))),
            Reads::Word { known, codes } => match text_in(cell, false)? {
                None => Ok(Given::Nothing),
                Some(text) => {
                    let code = known.get(&plain(&text)).cloned();
                    code.map(Given::Text).ok_or_else(|| Rule::Format(Form::OneOf(codes.clone())))
                }
            },
            Reads::Entry => match text_in(cell, false)? {
                None => Ok(Given::Nothing),
                Some(text) => {
                    let id = text.trim().parse().map(RegisterEntryId);
                    id.map(Given::Entry).map_err(|_| Rule::Format(PlainForm::Id.into()))
                }
            },
            Reads::List => {
                let text = text_in(cell, true)?.unwrap_or_default();
                let parts = text.split([';', ',', '\n']).map(|part| part.trim().to_owned());
                let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
                Ok(if parts.is_empty() { Given::Nothing } else { Given::List(parts) })
            }
        }
    }
}
