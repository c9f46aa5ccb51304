//! What is wrong with a file, line by line.

use serde::Serialize;
use utoipa::ToSchema;

use super::ImportKind;
use crate::db::types::{LoanId, PersonId};
use crate::error::{CellRule, FieldError, Language, Rule};

/// A rule that a cell, a line or a column breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line, as spreadsheets number it.
    pub line: Option<u32>,
    /// Code of the column.
    pub column: Option<&'static str>,
    /// Place of a column that is not of the template, from 0.
    pub place: Option<usize>,
    /// Which rule.
    pub rule: Rule,
}

impl Fault {
    /// A cell breaks a rule.
    pub fn of_cell(line: u32, column: &'static str, rule: Rule) -> Self {
        Self { line: Some(line), column: Some(column), place: None, rule }
    }

    /// A whole line does.
    pub fn of_line(line: u32, rule: Rule) -> Self {
        Self { line: Some(line), column: None, place: None, rule }
    }

    /// A column of the template does.
    pub fn of_column(column: &'static str, rule: Rule) -> Self {
        Self { line: None, column: Some(column), place: None, rule }
    }

    /// A column that the template does not know does.
    pub fn of_place(place: usize, rule: Rule) -> Self {
        Self { line: None, column: None, place: Some(place), rule }
    }

    /// The letter by which spreadsheets name the column; names in the file are not repeated.
    fn letters(&self) -> Option<String> {
        self.place.map(letters_of)
    }
}

/// The letters by which spreadsheets name a column, from 0.
pub fn letters_of(mut place: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(place % 26).unwrap_or(0)));
        match (place / 26).checked_sub(1) {
            Some(rest) => place = rest,
            None => return letters.iter().rev().collect(),
        }
    }
}

impl From<Fault> for FieldError {
    fn from(fault: Fault) -> Self {
        let column = fault.column.map(str::to_owned).or_else(|| fault.letters());
        let field = match (fault.line, column) {
            (Some(line), Some(column)) => format!("lines[{line}].{column}"),
            (Some(line), None) => format!("lines[{line}]"),
            (None, column) => format!("columns.{}", column.unwrap_or_default()),
        };
        Self::new(field, fault.rule)
    }
}

/// A fault in the words of the reader.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineFault {
    /// Line, as spreadsheets number it.
    pub line: Option<u32>,
    /// Code of the column, or its letter when the template has no such column.
    pub column: Option<String>,
    /// Stable code of the rule.
    pub rule: &'static str,
    /// What is allowed.
    pub message: String,
}

impl LineFault {
    /// Says it in this language.
    pub fn of(fault: &Fault, language: Language) -> Self {
        Self {
            line: fault.line,
            column: fault.column.map(str::to_owned).or_else(|| fault.letters()),
            rule: fault.rule.code(),
            message: fault.rule.message(language),
        }
    }
}

/// A line that looks like somebody on record, or like a line before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Duplicate {
    /// Line.
    pub line: u32,
    /// Persons on record that it looks like: five at the most, and only persons the reader may see.
    pub like_persons: Vec<PersonId>,
    /// Loans on record that it equals, likewise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub like_loans: Vec<LoanId>,
    /// Lines before it that it looks like: five at the most.
    pub like_lines: Vec<u32>,
    /// Whether it was decided to import it all the same.
    pub decided: bool,
}

/// What an import would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRun {
    /// What the file holds.
    pub kind: ImportKind,
    /// Lines that were read, without headers.
    pub rows_read: usize,
    /// Lines left out by decision.
    pub rows_skipped: usize,
    /// Persons it would register, once nothing is wrong.
    pub persons: usize,
    /// Cases it would open.
    pub cases: usize,
    /// Loans it would tell.
    pub loans: usize,
    /// Whether it would be stored as it is.
    pub importable: bool,
    /// Everything that is wrong.
    pub errors: Vec<LineFault>,
    /// Lines that must be decided, or are.
    pub duplicates: Vec<Duplicate>,
}

/// The lines that somebody must decide about.
pub fn undecided(duplicates: &[Duplicate]) -> impl Iterator<Item = FieldError> {
    let open = duplicates.iter().filter(|duplicate| !duplicate.decided);
    open.map(|duplicate| Fault::of_line(duplicate.line, Rule::Cell(CellRule::PossibleDuplicate)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_columns_are_named_by_the_letters_of_spreadsheets() {
        let letters = |place| Fault::of_place(place, Rule::Unknown).letters();
        assert_eq!(letters(0).as_deref(), Some("A"));
        assert_eq!(letters(25).as_deref(), Some("Z"));
        assert_eq!(letters(26).as_deref(), Some("AA"));
        assert_eq!(letters(701).as_deref(), Some("ZZ"));
        assert_eq!(letters(702).as_deref(), Some("AAA"));
    }
}
