//! The report as an Excel workbook: the figures, and what counts.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::{COLUMNS, Cell, lines};
use crate::error::Language;
use crate::programmes::figures::views::PlanFigures;

pub(super) fn write(report: &PlanFigures, language: Language) -> Result<Vec<u8>, XlsxError> {
    let vietnamese = language == Language::Vi;
    let (bold, tenths) = (Format::new().set_bold(), Format::new().set_num_format("0.0"));
    let mut book = Workbook::new();
    // Row by row, through a file without a name: of the country by commune these are 50,000 rows.
    let sheet =
        book.add_worksheet_with_constant_memory()?.set_name(if vietnamese { "Số liệu" } else { "Figures" })?;
    for (place, column) in (0_u16..).zip(&COLUMNS) {
        sheet.set_column_width(place, 16)?;
        sheet.write_string_with_format(0, place, if vietnamese { column.vi } else { column.en }, &bold)?;
        sheet.write_string(1, place, column.code)?;
    }
    sheet.set_freeze_panes(2, 0)?;
    for (row, line) in (2_u32..).zip(lines(report, language)) {
        for (place, cell) in (0_u16..).zip(line) {
            match cell {
                // Written as text it is never taken for a formula.
                Cell::Text(text) => sheet.write_string(row, place, text)?,
                Cell::Number(number) => sheet.write_number(row, place, whole(number))?,
                Cell::Tenths(value) => sheet.write_number_with_format(row, place, value, &tenths)?,
                Cell::Nothing => sheet,
            };
        }
    }
    let notes = book.add_worksheet().set_name(if vietnamese { "Cách tính" } else { "What counts" })?;
    notes.set_column_width(0, 12)?.set_column_width(1, 80)?.set_column_width(2, 80)?;
    for (row, indicator) in (0_u32..).zip(&report.indicators) {
        let definition = if vietnamese { &indicator.definition_vi } else { &indicator.definition_en };
        notes.write_string_with_format(row, 0, &indicator.indicator, &bold)?;
        notes.write_string(row, 1, &indicator.source_text)?;
        notes.write_string(row, 2, definition)?;
    }
    if report.indicators.iter().any(|indicator| !indicator.reports.is_empty()) {
        add_sources(&mut book, report, language)?;
    }
    if report.indicators.iter().any(|indicator| !indicator.unit_notes.is_empty()) {
        add_notes(&mut book, report, language)?;
    }
    book.save_to_buffer()
}

/// What other bodies reported, beside the figures it may be counted in.
fn add_sources(book: &mut Workbook, report: &PlanFigures, language: Language) -> Result<(), XlsxError> {
    let vietnamese = language == Language::Vi;
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet().set_name(if vietnamese { "Số của cơ quan khác" } else { "Other bodies" })?;
    for (place, (vi, en)) in (0_u16..).zip(SOURCES) {
        sheet.set_column_width(place, 24)?;
        sheet.write_string_with_format(0, place, if vietnamese { vi } else { en }, &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let told = report.indicators.iter().flat_map(|of| of.reports.iter().map(move |told| (&of.indicator, told)));
    for (row, (indicator, told)) in (1_u32..).zip(told) {
        let name = told.element_name.as_ref().map(|name| if vietnamese { &name.vi } else { &name.en });
        let unit = report.unit_names.get(&told.unit_code).unwrap_or(&told.unit_code);
        let on = told.source_on.map_or_else(String::new, |on| on.to_string());
        let class = report.class_name(&told.class, language);
        let texts =
            [indicator, name.unwrap_or(&told.element), class, &told.unit_code, unit, &told.period].map(String::from);
        for (place, text) in (0_u16..).zip(texts) {
            sheet.write_string(row, place, text)?;
        }
        sheet.write_number(row, 6, whole(told.value))?;
        for (place, text) in (7_u16..).zip([&told.source_agency, &told.source_document, &on]) {
            sheet.write_string(row, place, text)?;
        }
    }
    Ok(())
}

/// Units whose numbers are not shown plainly on the map, and what became of those.
fn add_notes(book: &mut Workbook, report: &PlanFigures, language: Language) -> Result<(), XlsxError> {
    let vietnamese = language == Language::Vi;
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet().set_name(if vietnamese { "Đơn vị hành chính" } else { "Units" })?;
    for (place, (vi, en)) in (0_u16..).zip(NOTES) {
        sheet.set_column_width(place, 32)?;
        sheet.write_string_with_format(0, place, if vietnamese { vi } else { en }, &bold)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    let notes = report.indicators.iter().flat_map(|of| of.unit_notes.iter().map(move |note| (&of.indicator, note)));
    for (row, (indicator, note)) in (1_u32..).zip(notes) {
        let above = note.left_at.as_ref().map(|above| report.unit_names.get(above).unwrap_or(above));
        let texts: [&str; 4] = [indicator, &note.unit_code, &note.unit_name, above.map_or("", String::as_str)];
        for (place, text) in (0_u16..).zip(texts) {
            sheet.write_string(row, place, text)?;
        }
    }
    Ok(())
}

/// What stands over the columns of the sheet of units.
const NOTES: [(&str, &str); 4] = [
    ("Chỉ tiêu", "Indicator"),
    ("Mã đơn vị", "Unit code"),
    ("Đơn vị", "Unit"),
    ("Số liệu để ở (để trống: chia theo tỷ lệ đã công bố)", "Numbers left at (empty: divided by declared shares)"),
];

/// What stands over the columns of the sheet of sources.
const SOURCES: [(&str, &str); 10] = [
    ("Chỉ tiêu", "Indicator"),
    ("Chỉ số nguồn", "Element"),
    ("Phân tổ", "Class"),
    ("Mã đơn vị", "Unit code"),
    ("Đơn vị", "Unit"),
    ("Kỳ", "Period"),
    ("Giá trị", "Value"),
    ("Cơ quan báo cáo", "Source agency"),
    ("Văn bản báo cáo", "Source document"),
    ("Ngày văn bản", "Day of the source"),
];

/// Figures stay far below 2^53, up to which a cell tells every whole number.
fn whole(number: i64) -> f64 {
    number.to_string().parse().unwrap_or(f64::NAN)
}
