//! What `config/returns.toml` says: what a return holds, for which periods, and to whom it may be addressed. It is
//! checked whole at start.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::db::types::text_enum;
use crate::persons::ClientCategory;
use crate::programmes::indicators::Standing;
use crate::programmes::periods::{Calendar, PeriodKind};
use crate::programmes::plans::{CaseMeasure, Measure, ServiceSelection};
use crate::text::Words;

text_enum! {
    /// Whom of those a measure is about a line counts.
    Counted {
        /// Everybody: of victims, those identified in the period.
        Everybody = "everybody",
        /// Those to whom something is due.
        Due = "due",
        /// Of them, those who received it.
        Served = "served",
        /// Those who refused all that was still due.
        Refused = "refused",
    }
}

impl Counted {
    /// Whether somebody who stands so is counted.
    pub(super) fn holds(self, standing: Standing) -> bool {
        match self {
            Self::Everybody => true,
            Self::Due => matches!(standing, Standing::Served | Standing::NotServed),
            Self::Served => standing == Standing::Served,
            Self::Refused => standing == Standing::Refused,
        }
    }
}

/// Somebody a return may be addressed to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipient {
    /// Code.
    pub code: String,
    /// Name in Vietnamese.
    pub vi: String,
    /// Name in English.
    pub en: String,
}

/// A line of every return.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Code.
    pub code: String,
    /// Code of the line of whose persons these are a part.
    #[serde(default)]
    pub of: Option<String>,
    /// What it counts, in Vietnamese.
    pub vi: String,
    /// What it counts, in English.
    pub en: String,
    /// What asks for it.
    pub legal_basis: String,
    /// Measure.
    pub measure: Measure,
    /// Persons the measure is about.
    pub category: ClientCategory,
    /// Service types it looks at.
    pub services: ServiceSelection,
    /// Whom of them it counts.
    pub counted: Counted,
}

impl Line {
    /// What is asked of the records. Lines that ask the same are answered by one reading.
    pub(super) fn question(&self) -> CaseMeasure {
        CaseMeasure { measure: self.measure, category: self.category, services: self.services, released: false }
    }
}

/// The configuration of returns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnCatalogue {
    /// Calendar of the periods.
    pub calendar: Calendar,
    /// Lengths of the periods.
    pub period_kinds: Vec<PeriodKind>,
    /// Days after the last day of a period in which the province closes it.
    pub close_days: u16,
    /// Days after it in which the return is filed.
    pub file_days: u16,
    /// Who files.
    pub sender: Words,
    /// To whom.
    pub recipients: Vec<Recipient>,
    /// Lines, in the order in which they are shown.
    pub lines: Vec<Line>,
}

/// `config/returns.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReturnConfigError {
    /// It is not of the described form.
    #[error("config/returns.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// Something it describes cannot be.
    #[error("config/returns.toml says nothing usable about {0}")]
    Fault(String),
}

impl ReturnCatalogue {
    /// Reads the configuration shipped with the program.
    ///
    /// # Errors
    /// When it is not of the described form, or something in it cannot be.
    pub fn shipped() -> Result<Self, ReturnConfigError> {
        Self::parse(include_str!("../../../config/returns.toml"))
    }

    fn parse(text: &str) -> Result<Self, ReturnConfigError> {
        let catalogue: Self = toml::from_str(text)?;
        match catalogue.fault() {
            Some(fault) => Err(ReturnConfigError::Fault(fault)),
            None => Ok(catalogue),
        }
    }

    /// Whether a return is due for periods of this calendar and length.
    pub fn asks_for(&self, calendar: Calendar, kind: PeriodKind) -> bool {
        calendar == self.calendar && self.period_kinds.contains(&kind)
    }

    /// The recipient of this code.
    pub fn recipient(&self, code: &str) -> Option<&Recipient> {
        self.recipients.iter().find(|recipient| recipient.code == code)
    }

    /// The first thing that is missing or cannot be.
    fn fault(&self) -> Option<String> {
        let unusable = [
            ("period_kinds", self.period_kinds.is_empty()),
            ("file_days", self.file_days < self.close_days),
            ("recipients", self.recipients.is_empty()),
            ("lines", self.lines.is_empty()),
        ];
        let unusable = unusable.into_iter().find(|(_, is)| *is).map(|(name, _)| name.to_owned());
        unusable
            .or_else(|| unusable_code(self.recipients.iter().map(|recipient| recipient.code.as_str())))
            .or_else(|| unusable_code(self.lines.iter().map(|line| line.code.as_str())))
            .or_else(|| self.lines.iter().enumerate().find_map(|(number, line)| self.line_fault(number, line)))
    }

    fn line_fault(&self, number: usize, line: &Line) -> Option<String> {
        let asks_what_cannot_be = match line.measure {
            Measure::RegimesReceived => {
                line.category != ClientCategory::IdentifiedVictim || line.services != ServiceSelection::Regimes
            }
            // Who did not need support, or was not assessed, is nobody's number; and nobody stands as refusing.
            Measure::SupportUsed => matches!(line.counted, Counted::Everybody | Counted::Refused),
        };
        let of_nothing = line.of.as_ref().is_some_and(|of| {
            let above = self.lines.iter().take(number).find(|above| above.code == *of);
            above.is_none_or(|above| above.question() != line.question() || above.of.is_some())
        });
        let unnamed = [&line.vi, &line.en, &line.legal_basis].into_iter().any(|text| text.trim().is_empty());
        (asks_what_cannot_be || of_nothing || unnamed).then(|| line.code.clone())
    }
}

/// A code that stands twice, or is none.
fn unusable_code<'a>(codes: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut seen = BTreeSet::new();
    let usable = |code: &str| {
        (1..=40).contains(&code.len()) && code.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    codes.into_iter().find(|code| !usable(code) || !seen.insert((*code).to_owned())).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = include_str!("../../../config/returns.toml");

    #[test]
    fn the_shipped_return_is_of_halves_and_years_that_close_on_the_fourteenth() {
        let catalogue = ReturnCatalogue::shipped().expect("the catalogue");
        assert!(catalogue.asks_for(Calendar::Closing, PeriodKind::HalfYear));
        assert!(catalogue.asks_for(Calendar::Closing, PeriodKind::Year));
        assert!(!catalogue.asks_for(Calendar::Civil, PeriodKind::Year));
        assert!(!catalogue.asks_for(Calendar::Closing, PeriodKind::Quarter));
        assert!(catalogue.recipient("ministry_of_health").is_some());
    }

    #[test]
    fn what_cannot_be_counted_or_named_is_refused() {
        for (from, to) in [
            ("code = \"victims_refused\"", "code = \"identified_victims\""),
            ("code = \"used_a_service\"", "code = \"Used\""),
            ("code = \"provincial_peoples_committee\"", "code = \"ministry_of_health\""),
            ("counted = \"due\"", "counted = \"everybody\""),
            ("of = \"in_need_and_eligible\"", "of = \"identified_victims\""),
            ("of = \"in_need_and_eligible\"", "of = \"nothing\""),
            ("services = \"regimes\"", "services = \"all\""),
            ("period_kinds = [\"half_year\", \"year\"]", "period_kinds = []"),
            ("file_days = 30", "file_days = 14"),
            ("counted = \"refused\"", "counted = \"somebody\""),
            ("legal_basis = \"Quyết định 808/QĐ-LĐTBXH, chỉ tiêu 808-10\"", "legal_basis = \" \""),
        ] {
            let changed = SHIPPED.replacen(from, to, 1);
            assert_ne!(changed, SHIPPED, "{from} stands in the file");
            assert!(ReturnCatalogue::parse(&changed).is_err(), "{to}");
        }
    }
}
