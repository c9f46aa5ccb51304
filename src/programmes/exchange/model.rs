//! Figures as they are before they are written in a format, and after they were read from one.

use chrono::NaiveDate;

use crate::programmes::periods::ReportPeriod;

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataValue {
    /// Our code of what is counted.
    pub element: String,
    /// Our code of the class of persons it is counted of; empty: of all of them.
    pub class: String,
    /// Our code of the administrative unit.
    pub unit: String,
    /// The period it is about.
    pub period: ReportPeriod,
    /// The figure.
    pub value: i64,
    /// What was said about it, without outer white space; never empty.
    pub comment: Option<String>,
}

/// Figures of one report, of any units and periods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// Our code of the report.
    pub code: String,
    /// The day by which all of it was complete.
    pub complete_on: Option<NaiveDate>,
    /// Its figures.
    pub values: Vec<DataValue>,
}

impl DataSet {
    /// The same figures in the order in which they are written: by unit, period, element and class.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.values.sort_by(|a, b| a.place().cmp(&b.place()));
        self
    }

    /// A data set for each unit and period in it, in order. DHIS2 takes a day of completion only so.
    pub fn by_unit_and_period(self) -> Vec<Self> {
        let Self { code, complete_on, values } = self.sorted();
        let mut parts: Vec<Self> = Vec::new();
        for value in values {
            match parts.last_mut() {
                Some(part) if part.values.last().is_some_and(|last| last.report() == value.report()) => {
                    part.values.push(value);
                }
                _ => parts.push(Self { code: code.clone(), complete_on, values: vec![value] }),
            }
        }
        parts
    }
}

impl DataValue {
    /// The unit and period it is reported for.
    pub(super) fn report(&self) -> (&str, ReportPeriod) {
        (&self.unit, self.period)
    }

    /// What there may be one figure for.
    pub(super) fn place(&self) -> (&str, ReportPeriod, &str, &str) {
        (&self.unit, self.period, &self.element, &self.class)
    }

    /// Its element and class, as faults name it.
    pub(super) fn named(&self) -> String {
        if self.class.is_empty() {
            format!("elements.{}", self.element)
        } else {
            format!("elements.{}.{}", self.element, self.class)
        }
    }
}
