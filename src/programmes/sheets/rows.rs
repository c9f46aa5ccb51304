//! What is wrong with a file, and the rows it holds.

use serde::{Deserialize, Serialize};

use super::MOST_FAULTS;
use crate::error::{FieldError, Language, Rule};
use crate::programmes::registers::Register;
use crate::programmes::registers::draft::Draft;
use crate::programmes::reported::rules::NewValue;

/// A fault as it is kept: which rule, and in both languages what is allowed. Never what the file held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptFault {
    /// Line, as spreadsheets number it.
    pub line: Option<u32>,
    /// Column, by its code or the letter of its place; none of the whole line or file.
    pub column: Option<String>,
    /// Code of the rule.
    pub rule: String,
    /// What is allowed, in Vietnamese.
    pub vi: String,
    /// The same in English.
    pub en: String,
}

/// Faults of a file: all are counted, the first are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Faults {
    /// The first.
    pub kept: Vec<KeptFault>,
    /// All.
    pub count: i64,
}

impl Faults {
    /// Notes one.
    pub fn add(&mut self, line: Option<u32>, column: Option<&str>, rule: &Rule) {
        self.count += 1;
        if self.kept.len() < MOST_FAULTS {
            self.kept.push(KeptFault {
                line,
                column: column.map(str::to_owned),
                rule: rule.code().to_owned(),
                vi: rule.message(Language::Vi),
                en: rule.message(Language::En),
            });
        }
    }

    /// Notes what a record of a line breaks; a field of a list is told by its column.
    pub fn add_all(&mut self, line: u32, errors: Vec<FieldError>) {
        for error in errors {
            let column = error.field.split('[').next().unwrap_or_default();
            self.add(Some(line), Some(column), &error.rule);
        }
    }

    /// The same, each line called by its label, where there are labels: a file of figures has no lines.
    #[must_use]
    pub fn labelled(mut self, labels: &[String]) -> Self {
        for fault in &mut self.kept {
            let label = fault.line.and_then(|line| labels.get(usize::try_from(line).ok()?.checked_sub(1)?));
            if let Some(label) = label {
                fault.line = None;
                fault.column = Some(fault.column.take().map_or_else(|| label.clone(), |of| format!("{label} {of}")));
            }
        }
        self
    }

    /// These and others, in the order of their lines.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.count += others.count;
        self.kept.extend(others.kept);
        self.kept.sort_by_key(|fault| fault.line);
        self.kept.truncate(MOST_FAULTS);
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Rows of a file, each with its line.
#[derive(Debug)]
pub(super) enum Rows {
    /// Entries.
    Entries(Register, Vec<(u32, Draft)>),
    /// Reported values.
    Values(Vec<(u32, NewValue)>),
}

impl Rows {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Entries(_, rows) => rows.len(),
            Self::Values(rows) => rows.len(),
        }
    }
}
