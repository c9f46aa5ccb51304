//! Figures that compare with an earlier time: what is told of that time moves them.

use chrono::{Datelike as _, Months, NaiveDate};

use super::{Indicator, MeasureKind, Plans, Source};
use crate::programmes::closing::locks::Span;

impl Plans {
    /// The last day on which a number of some days moves figures: of a year later where a plan compares with the year
    /// before, and for good where one compares with a year that these days belong to.
    pub fn moved_until(&self, is_of: impl Fn(&Source) -> bool, days: Span) -> NaiveDate {
        let indicators = self.all().flat_map(|plan| &plan.indicators);
        let comparing = indicators.filter(|indicator| indicator.measured.numerator.as_ref().is_some_and(&is_of));
        comparing.map(|indicator| moved_by(indicator, days)).max().unwrap_or(days.1)
    }
}

fn moved_by(indicator: &Indicator, (from, to): Span) -> NaiveDate {
    match (indicator.kind, indicator.measured.baseline_year) {
        (MeasureKind::Growth | MeasureKind::Hold, _) => {
            to.checked_add_months(Months::new(12)).unwrap_or(NaiveDate::MAX)
        }
        // Years of the closing calendar begin in the December before.
        (MeasureKind::Reduction, Some(year)) if from.year() <= year && to.year() >= year - 1 => NaiveDate::MAX,
        _ => to,
    }
}
