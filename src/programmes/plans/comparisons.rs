//! Figures that compare with an earlier time: what is told of that time moves them.

use chrono::Datelike as _;

use super::{Indicator, MeasureKind, Plans, Source};
use crate::programmes::closing::locks::Span;

impl Plans {
    /// Which later figures compare with a number of some days.
    pub fn compared_with(&self, is_of: impl Fn(&Source) -> bool, days: Span) -> Compared {
        let indicators = self.all().flat_map(|plan| &plan.indicators);
        let comparing = indicators.filter(|indicator| indicator.measured.numerator.as_ref().is_some_and(&is_of));
        comparing.map(|indicator| compared_by(indicator, days)).max().unwrap_or(Compared::Never)
    }
}

/// Which later figures compare with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compared {
    /// None.
    Never,
    /// Those of the next period: a year later, of five years five.
    NextPeriod,
    /// All later ones.
    Ever,
}

fn compared_by(indicator: &Indicator, (from, to): Span) -> Compared {
    match (indicator.kind, indicator.measured.baseline_year) {
        (MeasureKind::Growth | MeasureKind::Hold, _) => Compared::NextPeriod,
        // Years of the closing calendar begin in the December before.
        (MeasureKind::Reduction, Some(year)) if from.year() <= year && to.year() >= year - 1 => Compared::Ever,
        _ => Compared::Never,
    }
}
