//! Figures that compare with an earlier time: what is told of that time moves them.

use chrono::{Datelike as _, Months, NaiveDate};

use super::{Indicator, MeasureKind, Plan, Plans, Source};
use crate::programmes::closing::locks::{Closed, Span};

impl Plans {
    /// Which later figures compare with a number of some days.
    pub fn compared_with(
        &self,
        of_plan: impl Fn(&Plan) -> bool,
        is_of: impl Fn(&Source) -> bool,
        days: Span,
    ) -> Compared {
        let indicators = self.all().filter(|plan| of_plan(plan)).flat_map(|plan| &plan.indicators);
        let comparing = indicators.filter(|indicator| indicator.measured.numerator.as_ref().is_some_and(&is_of));
        comparing.map(|indicator| compared_by(indicator, days)).max().unwrap_or(Compared::Never)
    }
}

impl Plans {
    /// A closed period of a unit whose figures compare with what is told of an earlier one.
    pub fn closed_by_comparison(
        &self,
        closed: &mut Closed<'_>,
        unit: &str,
        (of_plan, is_of): (impl Fn(&Plan) -> bool, impl Fn(&Source) -> bool),
        (from, to): Span,
    ) -> Option<Span> {
        let later = |months: u32| {
            let later = |day: NaiveDate| day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX);
            (later(from), later(to))
        };
        match self.compared_with(of_plan, is_of, (from, to)) {
            Compared::Never => None,
            Compared::NextPeriod => closed.cover(unit, later(12)).or_else(|| closed.cover_by_long(unit, later(60))),
            Compared::Ever => closed.touch(unit, (to, NaiveDate::MAX)),
        }
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
