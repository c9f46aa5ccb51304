//! Reading the lines of a file: an Excel workbook or a table in text, told apart by content.
//!
//! Files come from outside and may be made to harm: nothing is unpacked past a bound, no
//! formula is evaluated, and what a line holds is never repeated.

mod parts;
mod text;
mod workbook;

use chrono::NaiveDate;

use crate::error::{CellRule, FieldError, Rule};
use crate::text::tidy;

/// Lines with content that a file of persons or loans may hold, besides its headers.
pub const MOST_LINES: usize = 5_000;
/// Lines of headers, at the most.
const HEADERS: usize = 2;
/// Columns that are looked at; templates have fewer by far.
const MOST_COLUMNS: usize = 100;
/// Cells of all lines together, empty ones before others included: 100,000 lines of thirty columns.
const MOST_CELLS: usize = 3_000_000;
/// Longest text that a cell is read with, in bytes; Excel itself stops at 32,767 characters.
const LONGEST_CELL: usize = 128 * 1024;

/// How much a file may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Lines with content, besides the headers.
    pub lines: usize,
    /// Bytes of text in all cells together.
    pub text: usize,
    /// Bytes that all parts of a workbook may have together when unpacked.
    pub unpacked: u64,
    /// Whether cells may be merged, so that all but the first of them are empty.
    pub merged: bool,
}

impl Limits {
    /// Of files of persons and loans; 5,000 lines of their templates take five million bytes.
    pub const LISTS: Self =
        Self { lines: MOST_LINES, text: 32 * 1024 * 1024, unpacked: 64 * 1024 * 1024, merged: true };
}

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text, composed, without outer white space; never empty.
    Text(String),
    /// A number.
    Number(f64),
    /// A day, from a cell that Excel shows as a date.
    Day(NaiveDate),
    /// True or false.
    Flag(bool),
    /// The error of a formula, or a date that there is not.
    Fault,
}

impl Cell {
    /// A cell of this text.
    fn of_text(text: &str) -> Self {
        let text = tidy(text);
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }
}

/// A line with content.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Number as spreadsheets show it, from 1.
    pub number: u32,
    /// Cells from the first column on.
    pub cells: Vec<Cell>,
}

/// Why a file cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable {
    /// Rule.
    pub rule: CellRule,
    /// Line, where one is to blame.
    pub line: Option<u32>,
}

impl From<CellRule> for Unreadable {
    fn from(rule: CellRule) -> Self {
        Self { rule, line: None }
    }
}

impl From<Unreadable> for FieldError {
    fn from(fault: Unreadable) -> Self {
        let field = fault.line.map_or_else(|| "file".to_owned(), |line| format!("lines[{line}]"));
        Self::new(field, Rule::Cell(fault.rule))
    }
}

/// Reads the lines that hold anything, of a file of persons or loans.
///
/// # Errors
/// As [`read_within`].
pub fn read(bytes: &[u8]) -> Result<Vec<Line>, Unreadable> {
    read_within(bytes, Limits::LISTS)
}

/// Reads the lines that hold anything.
///
/// # Errors
/// When it is neither kind of file, or holds too much.
pub fn read_within(bytes: &[u8], limits: Limits) -> Result<Vec<Line>, Unreadable> {
    if bytes.starts_with(b"PK\x03\x04") {
        return workbook::read(bytes, limits);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| if_text(bytes))?;
    if text.starts_with("%PDF") || text.contains('\0') || text.trim().is_empty() {
        return Err(CellRule::File.into());
    }
    text::read(text, limits)
}

/// Why bytes that are no UTF-8 are refused: as text of another encoding, or as no text at all.
fn if_text(bytes: &[u8]) -> CellRule {
    let utf_16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let old_workbook = bytes.starts_with(b"\xd0\xcf\x11\xe0");
    if utf_16 || !(old_workbook || bytes.contains(&0)) { CellRule::Encoding } else { CellRule::File }
}

/// Adds up what was read, and stops at the bounds.
#[derive(Debug)]
struct Measure {
    limits: Limits,
    lines: usize,
    cells: usize,
    text: usize,
}

impl Measure {
    fn new(limits: Limits) -> Self {
        Self { limits, lines: 0, cells: 0, text: 0 }
    }

    fn cells(&mut self, more: usize) -> Result<(), Unreadable> {
        self.cells += more;
        if self.cells > MOST_CELLS { Err(CellRule::Unpacked.into()) } else { Ok(()) }
    }

    fn line(&mut self) -> Result<(), Unreadable> {
        self.lines += 1;
        if self.lines > self.limits.lines + HEADERS {
            return Err(CellRule::Lines { max: self.limits.lines }.into());
        }
        Ok(())
    }

    fn text(&mut self, bytes: usize) -> Result<(), Unreadable> {
        self.text += bytes;
        if self.text > self.limits.text || bytes > LONGEST_CELL {
            return Err(CellRule::Unpacked.into());
        }
        Ok(())
    }
}

/// Spreadsheets take text that begins so for a formula; written with an apostrophe before it, they do not.
fn is_taken_for_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A text as it may be written into a file that a spreadsheet opens.
pub fn guarded(text: &str) -> String {
    if is_taken_for_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// A text as a cell of a CSV file that a spreadsheet opens, whichever sign it takes between cells.
pub fn csv_cell(text: &str) -> String {
    let text = guarded(text);
    if text.contains([';', ',', '"', '\n', '\r', '\t']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// A text as it was before [`guarded`].
fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_taken_for_formula(rest)).unwrap_or(text)
}
