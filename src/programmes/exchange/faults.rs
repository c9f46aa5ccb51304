//! What is wrong with a file or with figures, place by place.

use std::fmt;

use crate::error::{AppError, ExchangeRule, FieldError, Language, PlainForm, Rule};

/// Most faults that are told at once; whoever mends a hundred asks again.
pub const MOST_FAULTS: usize = 100;

/// Everything that is wrong, at most [`MOST_FAULTS`]. Places in a file are named by line (`lines[12].value`) or by index from 0
/// (`dataValues[3].value`), figures of ours by their codes (`elements.808-10.female`, `units.VN`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    /// The faults, in the order of the file.
    pub fn all(&self) -> &[FieldError] {
        &self.0
    }

    /// One fault.
    pub(super) fn one(field: impl Into<String>, rule: impl Into<Rule>) -> Self {
        Self(vec![FieldError::new(field, rule.into())])
    }

    /// A fault of a line.
    pub(super) fn of_line(line: usize, rule: impl Into<Rule>) -> Self {
        Self::one(format!("lines[{line}]"), rule)
    }

    /// Adds a fault, while there is room.
    pub(super) fn push(&mut self, field: impl Into<String>, rule: impl Into<Rule>) {
        if self.0.len() < MOST_FAULTS {
            self.0.push(FieldError::new(field, rule.into()));
        }
    }

    /// Whether no further fault would be told.
    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MOST_FAULTS
    }

    /// `value`, when nothing is wrong.
    pub(super) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<ExchangeRule> for Rule {
    fn from(rule: ExchangeRule) -> Self {
        Self::Exchange(rule)
    }
}

impl From<PlainForm> for Rule {
    fn from(form: PlainForm) -> Self {
        Self::Format(form.into())
    }
}

impl From<Faults> for AppError {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults.0)
    }
}

/// One on a line, in English, as commands print them.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, fault) in self.0.iter().enumerate() {
            let end = if number == 0 { "" } else { "\n" };
            write!(f, "{end}{}: {}", fault.field, fault.rule.message(Language::En))?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
