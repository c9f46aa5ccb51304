//! Templates and exports.

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::Value as Json;

use super::MOST_LINES;
use super::columns::{SheetColumn, columns_of};
use super::table::Table;
use super::xlsx::{Book, Value};
use crate::accounts::Actor;
use crate::admin_units::AdminUnits;
use crate::app::App;
use crate::db::DbConnection;
use crate::db::types::{RegisterEntryId, ReportedValueId};
use crate::error::{AppError, Rule};
use crate::imports::sheet::csv_cell;
use crate::imports::template::TemplateFormat;
use crate::programmes::registers::Register;
use crate::programmes::registers::catalogue::Column;
use crate::programmes::registers::rules::{self as registers, Books, Filter};
use crate::programmes::reported::model::ReportedValue;
use crate::programmes::reported::rules as reported;

/// Rows that are read at once.
const AT_ONCE: i64 = 1_000;

/// An empty file to fill in.
///
/// # Errors
/// When it cannot be written.
pub(super) fn template(app: &App, table: Table, format: TemplateFormat) -> Result<Vec<u8>, AppError> {
    let columns = columns_of(table, &app.registers);
    match format {
        TemplateFormat::Csv => {
            let mut file = Csv::default();
            file.row(columns.iter().map(|column| Value::Text(column.vi.clone())));
            file.row(columns.iter().map(|column| Value::Text(column.code.clone())));
            Ok(file.0.into_bytes())
        }
        TemplateFormat::Xlsx => workbook(&columns).map_err(|_| AppError::internal("a template could not be written")),
    }
}

/// What stands over the columns of the guide, and how wide they are.
const GUIDE: [(&str, f64); 5] =
    [("Mã - Code", 26.0), ("Tên cột", 30.0), ("Cách điền", 80.0), ("Column", 30.0), ("What to fill in", 80.0)];

fn workbook(columns: &[SheetColumn]) -> Result<Vec<u8>, XlsxError> {
    let (text, bold) = (Format::new().set_num_format("@"), Format::new().set_num_format("@").set_bold());
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Nhập")?;
    for (place, column) in (0_u16..).zip(columns) {
        // As text, a cell keeps its leading zeros, and a day stays as it was typed.
        sheet.set_column_format(place, &text)?.set_column_width(place, 22)?;
        sheet.write_string_with_format(0, place, &column.vi, &bold)?;
        sheet.write_string_with_format(1, place, &column.code, &text)?;
    }
    sheet.set_freeze_panes(2, 0)?;
    let guide = book.add_worksheet().set_name("Hướng dẫn - Guide")?;
    for (place, (name, width)) in (0_u16..).zip(GUIDE) {
        guide.set_column_width(place, width)?.write_string_with_format(0, place, name, &bold)?;
    }
    for (line, column) in (1_u32..).zip(columns) {
        let (vi, en) = if column.needed { ("bắt buộc: ", "required: ") } else { ("", "") };
        let cells = [
            column.code.clone(),
            column.vi.clone(),
            format!("{vi}{}", column.hint.vi),
            column.en.clone(),
            format!("{en}{}", column.hint.en),
        ];
        for (place, cell) in (0_u16..).zip(cells) {
            guide.write_string(line, place, cell)?;
        }
    }
    guide.set_freeze_panes(1, 0)?;
    book.save_to_buffer()
}

/// Text in UTF-8, with the mark by which Excel knows it.
struct Csv(String);

impl Default for Csv {
    fn default() -> Self {
        Self("\u{feff}".to_owned())
    }
}

impl Csv {
    fn row(&mut self, cells: impl Iterator<Item = Value>) {
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                self.0.push(';');
            }
            match cell {
                Value::Empty => {}
                Value::Number(number) => self.0.push_str(&number.to_string()),
                Value::Text(text) => self.0.push_str(&csv_cell(&text)),
            }
        }
        self.0.push_str("\r\n");
    }
}

/// A file being written, of either form.
enum File {
    Csv(Csv),
    Xlsx(Box<Book>),
}

impl File {
    fn begin(format: TemplateFormat) -> Result<Self, AppError> {
        Ok(match format {
            TemplateFormat::Csv => Self::Csv(Csv::default()),
            TemplateFormat::Xlsx => Self::Xlsx(Box::new(Book::begin()?)),
        })
    }

    fn row(&mut self, cells: Vec<Value>) -> Result<(), AppError> {
        match self {
            Self::Csv(file) => {
                file.row(cells.into_iter());
                Ok(())
            }
            Self::Xlsx(book) => book.row(&cells),
        }
    }

    fn names(&mut self, names: Vec<(String, String)>) -> Result<(), AppError> {
        let (labels, codes): (Vec<Value>, Vec<Value>) =
            names.into_iter().map(|(label, code)| (Value::Text(label), Value::Text(code))).unzip();
        self.row(labels)?;
        self.row(codes)
    }

    fn end(self) -> Result<Vec<u8>, AppError> {
        match self {
            Self::Csv(file) => Ok(file.0.into_bytes()),
            Self::Xlsx(book) => book.end(),
        }
    }
}

fn too_many() -> AppError {
    AppError::field("from", Rule::Items { min: 0, max: u64::try_from(MOST_LINES).unwrap_or(u64::MAX) })
}

/// Entries of a register within the reach of an officer, as a file; void ones are left out.
///
/// # Errors
/// When there are more than a file holds; field errors; [`AppError::Forbidden`] without the right.
pub(super) fn entries(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    (register, filter): (Register, &Filter),
    format: TemplateFormat,
) -> Result<Vec<u8>, AppError> {
    let mut file = File::begin(format)?;
    file.names(entry_names(app, register))?;
    let (mut after, mut written): (Option<(chrono::NaiveDate, RegisterEntryId)>, usize) = (None, 0);
    loop {
        let mut rows = registers::list(conn, actor, Books::of(app), register, filter, after, AT_ONCE)?;
        let more = rows.len() > usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        rows.truncate(usize::try_from(AT_ONCE).unwrap_or(usize::MAX));
        written += rows.len();
        if written > MOST_LINES || (written == MOST_LINES && more) {
            return Err(too_many());
        }
        after = rows.last().map(|row| (row.entry.day, row.entry.id));
        for row in &rows {
            let mut cells = vec![
                Value::Text(row.entry.id.to_string()),
                Value::Text(row.entry.unit_code.clone()),
                Value::Text(name_of(&app.units, &row.entry.unit_code)),
            ];
            for field in app.registers.of(register) {
                cells.push(match field.column {
                    Column::Participants => Value::Number(row.participants),
                    _ => cell(&row.entry.value(field)),
                });
            }
            cells.push(Value::Text(row.entry.created_at.0.to_rfc3339()));
            file.row(cells)?;
        }
        if !more {
            return file.end();
        }
    }
}

fn entry_names(app: &App, register: Register) -> Vec<(String, String)> {
    let own = |label: &str, code: &str| (label.to_owned(), code.to_owned());
    let mut names =
        vec![own("Mã mục", "id"), own("Mã đơn vị hành chính", "unit_code"), own("Đơn vị hành chính", "unit_name")];
    names.extend(app.registers.of(register).iter().map(|field| match field.column {
        Column::Participants => own("Số người trong danh sách", "participants_count"),
        _ => own(&field.vi, &field.name),
    }));
    names.push(own("Ghi lúc", "recorded_at"));
    names
}

fn name_of(units: &AdminUnits, unit: &str) -> String {
    units.get(unit).map(|unit| unit.name_vi.clone()).unwrap_or_default()
}

fn cell(value: &Json) -> Value {
    match value {
        Json::Null => Value::Empty,
        Json::Bool(flag) => Value::Text(if *flag { "có" } else { "không" }.to_owned()),
        Json::Number(number) => number.as_i64().map_or(Value::Empty, Value::Number),
        Json::String(text) => Value::Text(text.clone()),
        other => Value::Text(other.to_string()),
    }
}

const REPORTED: [(&str, &str); 14] = [
    ("Mã", "id"),
    ("Chỉ số nguồn", "element"),
    ("Loại và nhóm", "class"),
    ("Mã đơn vị hành chính", "unit_code"),
    ("Đơn vị hành chính", "unit_name"),
    ("Lịch", "calendar"),
    ("Kỳ", "period"),
    ("Giá trị", "value"),
    ("Cơ quan báo cáo", "source_agency"),
    ("Văn bản báo cáo", "source_document"),
    ("Ngày văn bản", "source_on"),
    ("Lý do sửa", "reason"),
    ("Lần sửa", "revision"),
    ("Ghi lúc", "entered_at"),
];

/// Reported values within the reach of an officer, as a file.
///
/// # Errors
/// As [`entries`].
pub(super) fn values(
    conn: &mut DbConnection,
    actor: &Actor,
    app: &App,
    filter: &reported::Filter,
    format: TemplateFormat,
) -> Result<Vec<u8>, AppError> {
    let plans = app.plans.now();
    let mut file = File::begin(format)?;
    file.names(REPORTED.iter().map(|(label, code)| ((*label).to_owned(), (*code).to_owned())).collect())?;
    let (mut after, mut written): (Option<(String, ReportedValueId)>, usize) = (None, 0);
    loop {
        let mut rows = reported::list(conn, actor, reported::Books::of(app, &plans), filter, after, AT_ONCE)?;
        let more = rows.len() > usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        rows.truncate(usize::try_from(AT_ONCE).unwrap_or(usize::MAX));
        written += rows.len();
        if written > MOST_LINES || (written == MOST_LINES && more) {
            return Err(too_many());
        }
        after = rows.last().map(|row| (row.element.clone(), row.id));
        for row in rows {
            file.row(value_cells(&app.units, row))?;
        }
        if !more {
            return file.end();
        }
    }
}

fn value_cells(units: &AdminUnits, row: ReportedValue) -> Vec<Value> {
    let unit_name = name_of(units, &row.unit_code);
    vec![
        Value::Text(row.id.to_string()),
        Value::Text(row.element),
        Value::Text(row.class),
        Value::Text(row.unit_code),
        Value::Text(unit_name),
        Value::Text(row.calendar.to_string()),
        Value::Text(row.period),
        row.value.map_or(Value::Empty, Value::Number),
        Value::Text(row.source_agency),
        Value::Text(row.source_document),
        Value::Text(row.source_on.to_string()),
        Value::Text(row.reason),
        Value::Number(i64::from(row.revision)),
        Value::Text(row.entered_at.0.to_rfc3339()),
    ]
}
