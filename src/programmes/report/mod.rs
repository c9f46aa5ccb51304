//! The whole report of a plan as a table, a workbook or a page to print.

mod page;
mod words;
mod workbook;

use std::borrow::Cow;

use super::figures::views::{IndicatorFigures, PlanFigure, PlanFigures};
use crate::db::types::text_enum;
use crate::error::{AppError, Language};
use crate::imports::sheet::csv_cell;

text_enum! {
    /// Form of a report.
    ReportFormat {
        /// JSON, with every explanation.
        Json = "json",
        /// Text in UTF-8, cells between semicolons.
        Csv = "csv",
        /// Excel workbook.
        Xlsx = "xlsx",
        /// A page to print.
        Html = "html",
    }
}

/// A cell of a report.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(String),
    Number(i64),
    Tenths(f64),
    Nothing,
}

/// A column: its code for programs, and how people know it.
struct Column {
    code: &'static str,
    vi: &'static str,
    en: &'static str,
}

const fn column(code: &'static str, vi: &'static str, en: &'static str) -> Column {
    Column { code, vi, en }
}

const COLUMNS: [Column; 33] = [
    column("indicator", "Chỉ tiêu", "Indicator"),
    column("name", "Tên chỉ tiêu", "Name"),
    column("unit_code", "Mã đơn vị", "Unit code"),
    column("unit", "Đơn vị", "Unit"),
    column("period", "Kỳ", "Period"),
    column("class", "Mã phân tổ", "Class code"),
    column("class_name", "Phân tổ", "Class"),
    column("numerator", "Tử số", "Numerator"),
    column("denominator", "Mẫu số", "Denominator"),
    column("percent", "Tỷ lệ (%)", "Percent"),
    column("number", "Số lượng", "Number"),
    column("target", "Mục tiêu", "Target"),
    column("wanted", "Mức phải đạt lúc này", "Wanted on that day"),
    column("status", "Tình trạng", "Status"),
    column("reason", "Vì sao không có số", "Why there is no figure"),
    column("from_registers", "Tử số: từ sổ theo dõi", "Numerator: from registers"),
    column("from_reports", "Tử số: từ cơ quan khác", "Numerator: from other bodies"),
    column("denominator_from_registers", "Mẫu số: từ sổ theo dõi", "Denominator: from registers"),
    column("denominator_from_reports", "Mẫu số: từ cơ quan khác", "Denominator: from other bodies"),
    column("units_with_data", "Đơn vị có số liệu", "Units with data"),
    column("units", "Tổng số đơn vị", "Units in all"),
    column("as_of", "Tính đến ngày", "As of"),
    column("computed_at", "Lập lúc", "Computed at"),
    column("map_of", "Bản đồ đơn vị hành chính ngày", "Map of units of"),
    column("period_status", "Tình trạng kỳ của đơn vị được hỏi", "State of the period of the unit asked for"),
    column("definition_version", "Phiên bản định nghĩa", "Version of the definition"),
    column("published_revision", "Đã công bố, bản số", "Published, revision"),
    column("published_numerator", "Tử số đã công bố", "Published numerator"),
    column("published_denominator", "Mẫu số đã công bố", "Published denominator"),
    column("changed_numerator", "Tử số nay khác", "Numerator differs by"),
    column("changed_denominator", "Mẫu số nay khác", "Denominator differs by"),
    column("changed_why", "Vì sao khác", "Why it differs"),
    column("revision_reason", "Lý do của bản sửa đổi", "Reason of the revision"),
];

fn lines(report: &PlanFigures, language: Language) -> Vec<Vec<Cell>> {
    let of = |indicator: &IndicatorFigures| -> Vec<Vec<Cell>> {
        indicator.figures.iter().map(|figure| line(report, indicator, figure, language)).collect()
    };
    report.indicators.iter().flat_map(of).collect()
}

fn line(report: &PlanFigures, indicator: &IndicatorFigures, figure: &PlanFigure, language: Language) -> Vec<Cell> {
    let text = |text: &str| if text.is_empty() { Cell::Nothing } else { Cell::Text(text.to_owned()) };
    let number = |number: Option<i64>| number.map_or(Cell::Nothing, Cell::Number);
    let count = |count: usize| Cell::Number(i64::try_from(count).unwrap_or(i64::MAX));
    let name = if language == Language::Vi { &indicator.name_vi } else { &indicator.name_en };
    let unit = report.unit_names.get(&figure.unit_code).map_or("", String::as_str);
    let published = figure.published.as_ref();
    let changed = published.and_then(|told| told.changed.as_ref());
    let why: Vec<&str> = changed.into_iter().flat_map(|by| &by.why).map(|why| words::change(*why, language)).collect();
    let wanted =
        figure.target.as_ref().and_then(|target| target.wanted_tenths).and_then(|tenths| i32::try_from(tenths).ok());
    let class = figure.class.as_deref().unwrap_or_default();
    vec![
        text(&indicator.indicator),
        text(name),
        text(&figure.unit_code),
        text(unit),
        text(&figure.period),
        text(class),
        text(report.class_name(class, language)),
        number(figure.numerator),
        number(figure.denominator),
        figure.percent.map_or(Cell::Nothing, Cell::Tenths),
        number(figure.number),
        figure
            .target
            .as_ref()
            .map_or(Cell::Nothing, |target| text(&words::target(target, indicator.kind.is_percent(), language))),
        wanted.map_or(Cell::Nothing, |tenths| Cell::Tenths(f64::from(tenths) / 10.0)),
        text(words::status(figure.status, language)),
        figure.reason.map_or(Cell::Nothing, |reason| text(words::reason(reason, language))),
        number(figure.numerator_parts.map(|parts| parts.register)),
        number(figure.numerator_parts.map(|parts| parts.reported)),
        number(figure.denominator_parts.map(|parts| parts.register)),
        number(figure.denominator_parts.map(|parts| parts.reported)),
        figure.coverage.map_or(Cell::Nothing, |coverage| count(coverage.units)),
        figure.coverage.map_or(Cell::Nothing, |coverage| count(coverage.of)),
        Cell::Text(figure.as_of.to_string()),
        Cell::Text(report.computed_at.civil_minute_iso()),
        Cell::Text(report.map_of.to_string()),
        text(words::state(report.period_status, language)),
        Cell::Number(report.definition_version.into()),
        number(published.map(|told| told.revision.into())),
        number(published.and_then(|told| told.numerator)),
        number(published.and_then(|told| told.denominator)),
        number(changed.and_then(|by| by.numerator)),
        number(changed.and_then(|by| by.denominator)),
        text(&why.join("; ")),
        text(published.and_then(|told| told.reason.as_deref()).unwrap_or_default()),
    ]
}

impl ReportFormat {
    /// Media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// What a browser may do with it; none where it is no page.
    pub fn policy(self) -> Option<String> {
        (self == Self::Html).then(page::policy)
    }

    /// Writes a report in this form.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(self, report: &PlanFigures, language: Language) -> Result<Vec<u8>, AppError> {
        let report = if self == Self::Json { Cow::Borrowed(report) } else { worded(report, language) };
        let report = &*report;
        match self {
            Self::Json => serde_json::to_vec(report).map_err(|error| AppError::internal(error.to_string())),
            Self::Csv => Ok(csv(report, language).into_bytes()),
            Self::Xlsx => workbook::write(report, language).map_err(|error| AppError::internal(error.to_string())),
            Self::Html => Ok(page::write(report, language).into_bytes()),
        }
    }
}

/// The report with what became of its units said in the language of its reader. Names have no other language.
fn worded(report: &PlanFigures, language: Language) -> Cow<'_, PlanFigures> {
    if language == Language::Vi {
        return Cow::Borrowed(report);
    }
    let mut report = report.clone();
    let name = |name: &mut String| *name = name.replace("(nay thuộc: ", "(now in: ").replace("(nay: ", "(now: ");
    name(&mut report.unit_name);
    report.unit_names.values_mut().for_each(name);
    let notes = report.indicators.iter_mut().flat_map(|of| &mut of.unit_notes);
    notes.map(|note| &mut note.unit_name).for_each(name);
    Cow::Owned(report)
}

/// With the mark by which Excel knows UTF-8; the second line has the codes of the columns.
fn csv(report: &PlanFigures, language: Language) -> String {
    let heads = COLUMNS.iter().map(|column| if language == Language::Vi { column.vi } else { column.en });
    let mut text = format!("\u{feff}{}\r\n", heads.map(csv_cell).collect::<Vec<_>>().join(";"));
    text.push_str(&COLUMNS.iter().map(|column| column.code).collect::<Vec<_>>().join(";"));
    text.push_str("\r\n");
    for line in lines(report, language) {
        text.push_str(&line.iter().map(|cell| written(cell, language)).collect::<Vec<_>>().join(";"));
        text.push_str("\r\n");
    }
    text
}

/// A cell as spreadsheets of the language read it.
fn written(cell: &Cell, language: Language) -> String {
    match cell {
        Cell::Tenths(tenths) if language == Language::Vi => format!("{tenths:.1}").replace('.', ","),
        Cell::Text(text) => csv_cell(text),
        Cell::Number(number) => number.to_string(),
        Cell::Tenths(tenths) => format!("{tenths:.1}"),
        Cell::Nothing => String::new(),
    }
}

#[cfg(test)]
mod tests;
