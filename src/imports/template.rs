//! Empty files to fill in: the names of the columns for people, then for programs.

use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::ImportKind;
use super::columns::Column;
use super::sheet::guarded;
use super::{loans, persons};
use crate::db::types::text_enum;
use crate::error::AppError;

text_enum! {
    /// Form of a template.
    TemplateFormat {
        /// Excel workbook, every cell formatted as text.
        Xlsx = "xlsx",
        /// Text in UTF-8, cells between semicolons.
        Csv = "csv",
    }
}

impl TemplateFormat {
    /// Media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

impl ImportKind {
    /// The columns of this kind of file.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Persons => persons::COLUMNS,
            Self::Loans => loans::COLUMNS,
        }
    }
}

/// The template of this kind.
///
/// # Errors
/// When the workbook cannot be written.
pub fn template(kind: ImportKind, format: TemplateFormat) -> Result<Vec<u8>, AppError> {
    match format {
        TemplateFormat::Csv => Ok(csv(kind.columns()).into_bytes()),
        TemplateFormat::Xlsx => {
            workbook(kind.columns()).map_err(|_| AppError::internal("a template could not be written"))
        }
    }
}

/// With the mark by which Excel knows UTF-8.
fn csv(columns: &[Column]) -> String {
    let line = |name: fn(&Column) -> &'static str| {
        let cells: Vec<String> = columns.iter().map(|column| guarded(name(column))).collect();
        cells.join(";")
    };
    format!("\u{feff}{}\r\n{}\r\n", line(|column| column.label), line(|column| column.code))
}

fn workbook(columns: &[Column]) -> Result<Vec<u8>, XlsxError> {
    let (text, bold) = (Format::new().set_num_format("@"), Format::new().set_num_format("@").set_bold());
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Nhập")?;
    for (place, column) in (0_u16..).zip(columns) {
        // As text, a cell keeps its leading zeros, and a day stays as it was typed.
        sheet.set_column_format(place, &text)?.set_column_width(place, 22)?;
        sheet.write_string_with_format(0, place, column.label, &bold)?;
        sheet.write_string_with_format(1, place, column.code, &text)?;
    }
    sheet.set_freeze_panes(2, 0)?;
    let guide = book.add_worksheet().set_name("Hướng dẫn")?;
    guide.set_column_width(0, 26)?.set_column_width(1, 26)?.set_column_width(2, 90)?;
    for (line, column) in (0_u32..).zip(columns) {
        guide.write_string(line, 0, column.label)?;
        guide.write_string(line, 1, column.code)?;
        guide.write_string(line, 2, column.hint)?;
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imports::columns::Header;
    use crate::imports::sheet::read;

    #[test]
    fn every_template_is_read_back_with_all_its_columns() {
        for kind in ImportKind::ALL {
            for format in TemplateFormat::ALL {
                let lines = read(&template(*kind, *format).expect("a template")).expect("read");
                let header = Header::find(&lines, kind.columns()).expect("its own columns");
                assert_eq!((lines.len(), header.lines), (2, 2), "{kind} {format}");
            }
        }
    }
}
