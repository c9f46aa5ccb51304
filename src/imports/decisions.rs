//! What somebody decided about a line, written in the line itself.

use super::columns::{Column, Row, Words, column};

/// The column, the same in every template.
pub const COLUMN: Column = column("decision", "Quyết định", WORDS);

const WORDS: &str = "nhập, bỏ qua";
const DECISIONS: &Words<Decision> = &[(Decision::Import, &["nhập", "import"]), (Decision::Skip, &["bỏ qua", "skip"])];

/// What somebody decided about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Import it, whatever it looks like.
    Import,
    /// Leave it out.
    Skip,
}

/// The decision in the line itself.
pub fn decision(row: &mut Row<'_>) -> Option<Decision> {
    row.word("decision", DECISIONS, WORDS)
}
