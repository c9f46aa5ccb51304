//! What a file is about.

use std::fmt;

use crate::grants::Action;
use crate::programmes::registers::Register;

/// What a file holds: entries of a register, or values reported by other bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Entries.
    Entries(Register),
    /// Reported values.
    Reported,
}

const REPORTED: &str = "reported_values";

impl Table {
    /// Its name.
    pub fn code(self) -> &'static str {
        match self {
            Self::Entries(register) => register.as_str(),
            Self::Reported => REPORTED,
        }
    }

    /// The table of a name.
    pub fn of(code: &str) -> Option<Self> {
        if code == REPORTED { Some(Self::Reported) } else { code.parse().ok().map(Self::Entries) }
    }

    /// What whoever reads it may do.
    pub fn read(self) -> Action {
        match self {
            Self::Entries(_) => Action::RegisterRead,
            Self::Reported => Action::ReportedValueRead,
        }
    }

    /// What whoever writes it may do.
    pub fn write(self) -> Action {
        match self {
            Self::Entries(_) => Action::RegisterWrite,
            Self::Reported => Action::ReportedValueWrite,
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
