//! Figures made ready to be written: every code has its counterpart, and the order is always the same.

use std::collections::BTreeSet;

use super::mapping::{Mapping, Target};
use super::periods::{self, Naming};
use super::{DataSet, DataValue, Faults, MOST_BYTES, MOST_VALUES, text};
use crate::error::{ExchangeRule, Rule};

/// A format that figures are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Dhis2,
    Adx(Naming),
}

/// The figures of a unit in a period.
#[derive(Debug)]
pub(super) struct Report<'a> {
    /// Their unit.
    pub(super) unit: &'a str,
    /// Their name of the period.
    pub(super) period: String,
    pub(super) figures: Vec<Sent<'a>>,
}

/// A figure as it is sent.
#[derive(Debug)]
pub(super) struct Sent<'a> {
    pub(super) target: &'a Target,
    pub(super) value: i64,
    pub(super) comment: Option<&'a str>,
}

/// The reports of a sorted data set.
pub(super) fn reports<'a>(set: &'a DataSet, mapping: &'a Mapping, format: Format) -> Result<Vec<Report<'a>>, Faults> {
    let mut faults = Faults::default();
    if set.code != mapping.code() {
        faults.push("code", ExchangeRule::OtherDataSet);
    }
    if set.values.is_empty() || set.values.len() > MOST_VALUES {
        faults.push("values", Rule::Items { min: 1, max: u64::try_from(MOST_VALUES).unwrap_or(u64::MAX) });
    }
    let mut asked = Asked { mapping, format, told: BTreeSet::new(), faults };
    let mut reports: Vec<Report<'a>> = Vec::new();
    let mut last: Option<&DataValue> = None;
    for value in &set.values {
        if last.is_some_and(|last| last.place() == value.place()) {
            asked.tell(value.named(), ExchangeRule::Twice);
        }
        let (unit, period, figure) = (asked.unit(value), asked.period(value), asked.figure(value));
        match (figure, reports.last_mut()) {
            (Some(figure), Some(report)) if last.is_some_and(|last| last.report() == value.report()) => {
                report.figures.push(figure);
            }
            (figure, _) => reports.push(Report {
                unit: unit.unwrap_or_default(),
                period: period.unwrap_or_default(),
                figures: figure.into_iter().collect(),
            }),
        }
        last = Some(value);
    }
    asked.faults.or(reports)
}

struct Asked<'a> {
    mapping: &'a Mapping,
    format: Format,
    /// What was told already: a code without counterpart is told once, however many figures have it.
    told: BTreeSet<String>,
    faults: Faults,
}

impl<'a> Asked<'a> {
    fn tell(&mut self, field: String, rule: impl Into<Rule>) {
        if !self.faults.is_full() && self.told.insert(field.clone()) {
            self.faults.push(field, rule);
        }
    }

    fn unit(&mut self, value: &DataValue) -> Option<&'a str> {
        let unit = self.mapping.unit(&value.unit);
        if unit.is_none() {
            self.tell(format!("units.{}", value.unit), ExchangeRule::Unmapped);
        }
        unit
    }

    fn period(&mut self, value: &DataValue) -> Option<String> {
        let named = match self.format {
            Format::Dhis2 => periods::dhis2(value.period),
            Format::Adx(naming) => naming.adx(value.period),
        };
        if named.is_none() {
            self.tell(format!("periods.{}", value.period), ExchangeRule::PeriodUnnamed);
        }
        named
    }

    fn figure(&mut self, value: &'a DataValue) -> Option<Sent<'a>> {
        let comment = value.comment.as_deref();
        if comment.is_some_and(|comment| comment.chars().any(text::is_forbidden)) {
            self.tell(format!("{}.comment", value.named()), Rule::ControlCharacter);
        }
        let target = self.mapping.target(&value.element, &value.class);
        let target = target.filter(|target| self.format != Format::Dhis2 || target.is_named_without_dimensions());
        if target.is_none() {
            self.tell(value.named(), ExchangeRule::Unmapped);
        }
        Some(Sent { target: target?, value: value.value, comment })
    }
}

/// A written file, when it is not larger than one that is read.
pub(super) fn bounded(file: String) -> Result<String, Faults> {
    if file.len() > MOST_BYTES {
        return Err(Faults::one("file", ExchangeRule::Size { mebibytes: MOST_BYTES / (1024 * 1024) }));
    }
    Ok(file)
}
