//! From a file of another system to values as other bodies report them.

use chrono::NaiveDate;

use super::{ExchangeFormat, Faults, Mapping};
use crate::programmes::reported::rules::NewValue;

/// Where figures come from, which no file says in a form to rely on.
#[derive(Debug, Clone)]
pub struct Told {
    /// Who reported them.
    pub agency: String,
    /// In which document.
    pub document: String,
    /// Of which day.
    pub on: NaiveDate,
    /// Why they replace what stands.
    pub reason: String,
}

/// A file that is on its way in.
#[derive(Debug)]
pub struct FigureFile {
    /// What figures are called there.
    pub mapping: Mapping,
    /// Its format.
    pub format: ExchangeFormat,
    /// Where it comes from.
    pub told: Told,
}

impl FigureFile {
    /// Its figures as reported values, in the order of unit, period, element and class. A value equal to what stands is
    /// no new revision, for such files come again and again.
    ///
    /// # Errors
    /// Everything that is wrong with it, by place.
    pub fn read(&self, bytes: &[u8]) -> Result<Vec<NewValue>, Faults> {
        let set = self.format.read(bytes, &self.mapping)?;
        let calendar = self.mapping.naming().calendar;
        let value = |value: super::DataValue| NewValue {
            element: value.element,
            class: value.class,
            unit_code: value.unit,
            calendar,
            period: value.period,
            value: Some(value.value),
            source_agency: self.told.agency.clone(),
            source_document: self.told.document.clone(),
            source_on: self.told.on,
            reason: self.told.reason.clone(),
            expected_revision: None,
        };
        Ok(set.values.into_iter().map(value).collect())
    }
}
