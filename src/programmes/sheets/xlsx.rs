//! Workbooks of one sheet, written row by row so that none of them is held in memory but its packed bytes.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::error::AppError;

/// A cell that is written.
pub(super) enum Value {
    /// Nothing.
    Empty,
    /// Text; never taken for a formula.
    Text(String),
    /// A number.
    Number(i64),
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const BOOK: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const BOOK_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
const SHEET: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
const SHEET_END: &str = "</sheetData></worksheet>";

/// A workbook being written.
pub(super) struct Book(ZipWriter<Cursor<Vec<u8>>>);

fn broken(_: impl std::error::Error) -> AppError {
    AppError::internal("a workbook could not be written")
}

impl Book {
    /// Begins one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin() -> Result<Self, AppError> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        for (name, text) in [
            ("[Content_Types].xml", TYPES),
            ("_rels/.rels", RELATIONS),
            ("xl/workbook.xml", BOOK),
            ("xl/_rels/workbook.xml.rels", BOOK_RELATIONS),
            ("xl/worksheets/sheet1.xml", SHEET),
        ] {
            zip.start_file(name, options).map_err(broken)?;
            zip.write_all(text.as_bytes()).map_err(broken)?;
        }
        Ok(Self(zip))
    }

    /// Writes a row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn row(&mut self, cells: &[Value]) -> Result<(), AppError> {
        let mut row = String::from("<row>");
        for cell in cells {
            // Writing to a string cannot fail.
            let _never = match cell {
                Value::Empty => row.write_str("<c/>"),
                Value::Number(number) => write!(row, "<c><v>{number}</v></c>"),
                Value::Text(text) => {
                    write!(row, "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>", escaped(text))
                }
            };
        }
        row.push_str("</row>");
        self.0.write_all(row.as_bytes()).map_err(broken)
    }

    /// Ends it and gives its bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self) -> Result<Vec<u8>, AppError> {
        self.0.write_all(SHEET_END.as_bytes()).map_err(broken)?;
        Ok(self.0.finish().map_err(broken)?.into_inner())
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // No other control character may stand in XML.
            c if c.is_control() && c != '\n' && c != '\t' => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}
