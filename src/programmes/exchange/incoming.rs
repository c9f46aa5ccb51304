//! Figures read from a file, turned into ours one by one.

use std::collections::HashSet;

use chrono::NaiveDate;

use super::mapping::{Breakdown, Known, Mapping};
use super::{DataSet, DataValue, Faults, MOST_VALUES, text};
use crate::error::{ExchangeRule, Rule};
use crate::programmes::periods::ReportPeriod;

/// A figure as a file says it, with unit and period already ours where they are known.
pub(super) struct Said<'a, 'm> {
    pub(super) data_element: Option<&'a str>,
    pub(super) breakdown: Breakdown,
    pub(super) unit: Option<&'m str>,
    pub(super) period: Option<ReportPeriod>,
    /// Its number, when it was one.
    pub(super) value: Option<i64>,
    pub(super) comment: Option<&'a str>,
}

/// What was read so far.
pub(super) struct Incoming<'m> {
    pub(super) mapping: &'m Mapping,
    pub(super) faults: Faults,
    places: HashSet<(usize, &'m str, ReportPeriod)>,
    values: Vec<DataValue>,
    complete: Complete,
}

/// When reports were complete: the whole is, by the last of them, once each is.
#[derive(Debug, Clone, Copy)]
enum Complete {
    NoReport,
    All(NaiveDate),
    NotAll,
}

impl<'m> Incoming<'m> {
    pub(super) fn new(mapping: &'m Mapping) -> Self {
        let (places, values) = (HashSet::new(), Vec::new());
        Self { mapping, faults: Faults::default(), places, values, complete: Complete::NoReport }
    }

    /// A report begins that was complete on that day, or not yet.
    pub(super) fn report(&mut self, complete_on: Option<NaiveDate>) {
        self.complete = match (self.complete, complete_on) {
            (Complete::NoReport, Some(day)) => Complete::All(day),
            (Complete::All(last), Some(day)) => Complete::All(last.max(day)),
            (Complete::NotAll, _) | (_, None) => Complete::NotAll,
        };
    }

    /// Whether the data set a file names is the mapped one.
    pub(super) fn data_set(&mut self, field: String, id: &str) {
        if id != self.mapping.data_set() {
            self.faults.push(field, ExchangeRule::OtherDataSet);
        }
    }

    /// Our unit of theirs.
    pub(super) fn unit(&mut self, field: impl FnOnce() -> String, id: &str) -> Option<&'m str> {
        let unit = self.mapping.unit_of(id);
        if unit.is_none() {
            self.faults.push(field(), ExchangeRule::NotInMapping);
        }
        unit
    }

    /// Takes a figure in; `field` says where in the file something of it stands.
    pub(super) fn figure(&mut self, field: impl Fn(&str) -> String, said: Said<'_, 'm>) {
        let element = self.element(&field, said.data_element, &said.breakdown);
        let comment = self.comment(&field, said.comment);
        let (Some((place, element, class)), Some(unit), Some(period)) = (element, said.unit, said.period) else {
            return;
        };
        if !self.places.insert((place, unit, period)) {
            self.faults.push(field("dataElement"), ExchangeRule::Twice);
        }
        let Some(value) = said.value else { return };
        let (element, class, unit) = (element.to_owned(), class.to_owned(), unit.to_owned());
        self.values.push(DataValue { element, class, unit, period, value, comment });
    }

    fn element(
        &mut self,
        field: &impl Fn(&str) -> String,
        data_element: Option<&str>,
        breakdown: &Breakdown,
    ) -> Option<(usize, &'m str, &'m str)> {
        let (name, rule) = match data_element.map(|element| self.mapping.known(element, breakdown)) {
            Some(Known::Figure(place, entry)) => return Some((place, &entry.element, &entry.class)),
            Some(Known::ElementOnly) => ("categoryOptionCombo", ExchangeRule::NotInMapping.into()),
            Some(Known::Nothing) => ("dataElement", ExchangeRule::NotInMapping.into()),
            None => ("dataElement", Rule::Required),
        };
        self.faults.push(field(name), rule);
        None
    }

    fn comment(&mut self, field: &impl Fn(&str) -> String, said: Option<&str>) -> Option<String> {
        let said = said?;
        if said.chars().any(text::is_forbidden) {
            self.faults.push(field("comment"), Rule::ControlCharacter);
        }
        if said.chars().count() > text::LONGEST_COMMENT {
            let max = u64::try_from(text::LONGEST_COMMENT).unwrap_or(u64::MAX);
            self.faults.push(field("comment"), Rule::Length { min: 0, max });
        }
        text::comment(said)
    }

    /// How many figures a file may hold was asked before; that it holds one is asked here.
    pub(super) fn data_set_read(mut self) -> Result<DataSet, Faults> {
        if self.values.is_empty() && self.faults.all().is_empty() {
            self.faults.push("dataValues", too_many_or_none());
        }
        let complete_on = match self.complete {
            Complete::All(day) => Some(day),
            Complete::NoReport | Complete::NotAll => None,
        };
        let set = DataSet { code: self.mapping.code().to_owned(), complete_on, values: self.values };
        self.faults.or(set.sorted())
    }
}

/// How many figures a file holds.
pub(super) fn too_many_or_none() -> Rule {
    Rule::Items { min: 1, max: u64::try_from(MOST_VALUES).unwrap_or(u64::MAX) }
}
