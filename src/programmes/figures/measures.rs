//! The twelve kinds of measure: what a figure is, once its numbers are known. No database here.
//!
//! A number that is missing is never nought, and a share of nothing is no share: the figure is "no data", with a reason.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::types::text_enum;
use crate::programmes::plans::MeasureKind;

text_enum! {
    /// Why there is no figure.
    NoFigure {
        /// Nobody has said anything about it.
        NothingReported = "nothing_reported",
        /// What it is a share of is not known.
        DenominatorMissing = "denominator_missing",
        /// It would be a share of nothing.
        DenominatorNought = "denominator_nought",
        /// The number of the year before is not known.
        PreviousMissing = "previous_missing",
        /// More is told than there is: one of the two numbers is wrong, or speaks of fewer units than the other.
        MoreThanAll = "more_than_all",
        /// The two numbers that are compared speak of different units.
        UnlikeCoverage = "unlike_coverage",
        /// The unit ended in the period, and what came after it is told of others.
        UnitEnded = "unit_ended",
        /// Growth or reduction from nought cannot be told.
        FromNought = "from_nought",
        /// The plan names no baseline, or its number is not known.
        BaselineMissing = "baseline_missing",
        /// The period lies before the baseline.
        BeforeBaseline = "before_baseline",
        /// Distinct persons are not added up over years.
        NotAdditive = "not_additive",
        /// The period has not begun.
        NotBegun = "not_begun",
        /// Units of this level do not exist on the map.
        NoSuchUnit = "no_such_unit",
        /// It is not asked of units of this level.
        NotAskedHere = "not_asked_here",
        /// It is about persons from cases: only statistical releases tell it.
        StatisticsOnly = "statistics_only",
        /// Numbers of persons below a province, of a part of a year or of a class are told to those who keep the registers.
        KeepersOnly = "keepers_only",
        /// The period lies outside the plan.
        OutsidePlan = "outside_plan",
    }
}

impl NoFigure {
    /// Whether there cannot be a figure; else there might be one, if somebody told.
    pub fn is_not_applicable(self) -> bool {
        matches!(
            self,
            Self::NoSuchUnit
                | Self::NotAskedHere
                | Self::NotAdditive
                | Self::UnitEnded
                | Self::BeforeBaseline
                | Self::StatisticsOnly
                | Self::KeepersOnly
                | Self::OutsidePlan
                | Self::NotBegun
        )
    }
}

/// Numbers an indicator is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// The numerator; of growth, reduction and hold what stands now; of counts the count.
    pub numerator: Option<i64>,
    /// The denominator; of growth, reduction and hold what stood before.
    pub denominator: Option<i64>,
}

/// A value, exactly: `top` divided by `bottom`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ratio {
    /// Dividend.
    pub top: i64,
    /// Divisor, above nought.
    pub bottom: i64,
    /// Whether it is a share or a change, read in percent; else a plain number.
    pub is_percent: bool,
}

impl Ratio {
    fn percent(top: i64, bottom: i64) -> Self {
        Self { top, bottom, is_percent: true }
    }

    /// Whether it is `wanted` or more: percent, or a number.
    pub fn reaches(self, wanted: u32) -> bool {
        let scale = if self.is_percent { 100 } else { 1 };
        i128::from(self.top) * scale >= i128::from(wanted) * i128::from(self.bottom)
    }

    /// Whether it is more than `most`.
    pub fn exceeds(self, most: u32) -> bool {
        let scale = if self.is_percent { 100 } else { 1 };
        i128::from(self.top) * scale > i128::from(most) * i128::from(self.bottom)
    }

    /// Tenths of a percent, or of the number, rounded down: a target just missed never reads as met.
    pub fn tenths(self) -> i64 {
        let scale = if self.is_percent { 1000 } else { 10 };
        let tenths = (i128::from(self.top) * scale).div_euclid(i128::from(self.bottom.max(1)));
        i64::try_from(tenths).unwrap_or(i64::MAX)
    }
}

/// Evaluates an indicator of a kind.
///
/// # Errors
/// Why there is no figure.
pub fn evaluate(kind: MeasureKind, numbers: Numbers) -> Result<Ratio, NoFigure> {
    match kind {
        MeasureKind::UnitShare => unit_share(numbers),
        MeasureKind::PersonShare => person_share(numbers),
        MeasureKind::ItemShare => item_share(numbers),
        MeasureKind::EstablishmentShare => establishment_share(numbers),
        MeasureKind::Cumulative => cumulative(numbers),
        MeasureKind::Cadence => cadence(numbers),
        MeasureKind::Growth => growth(numbers),
        MeasureKind::Reduction => reduction(numbers),
        MeasureKind::Count => count(numbers),
        MeasureKind::YearlyIncrement => yearly_increment(numbers),
        MeasureKind::Hold => hold(numbers),
        MeasureKind::Stepped => stepped(numbers),
    }
}

/// A share: of nothing there is none, what nobody told is not nought, and more than all is no share.
fn share(numbers: Numbers) -> Result<Ratio, NoFigure> {
    let bottom = numbers.denominator.ok_or(NoFigure::DenominatorMissing)?;
    if bottom <= 0 {
        return Err(NoFigure::DenominatorNought);
    }
    let top = numbers.numerator.ok_or(NoFigure::NothingReported)?;
    if top > bottom { Err(NoFigure::MoreThanAll) } else { Ok(Ratio::percent(top, bottom)) }
}

/// Units that meet the condition, of all units of their level on the map.
fn unit_share(numbers: Numbers) -> Result<Ratio, NoFigure> {
    share(numbers)
}

/// Distinct persons, of those it is about.
fn person_share(numbers: Numbers) -> Result<Ratio, NoFigure> {
    share(numbers)
}

/// Items handled, of those received. In a period in which none was received there is no share.
fn item_share(numbers: Numbers) -> Result<Ratio, NoFigure> {
    share(numbers)
}

/// Establishments inspected in the year, of those open in it.
fn establishment_share(numbers: Numbers) -> Result<Ratio, NoFigure> {
    share(numbers)
}

/// Establishments that are open and were inspected since the plan began, of those that are open.
fn cumulative(numbers: Numbers) -> Result<Ratio, NoFigure> {
    share(numbers)
}

/// Months with at least one, of the months that have passed; one empty month is less than all.
fn cadence(numbers: Numbers) -> Result<Ratio, NoFigure> {
    share(numbers)
}

/// Growth over the year before.
fn growth(numbers: Numbers) -> Result<Ratio, NoFigure> {
    let now = numbers.numerator.ok_or(NoFigure::NothingReported)?;
    match numbers.denominator.ok_or(NoFigure::PreviousMissing)? {
        before if before <= 0 => Err(NoFigure::FromNought),
        before => Ok(Ratio::percent(now.saturating_sub(before), before)),
    }
}

/// Reduction against the baseline.
fn reduction(numbers: Numbers) -> Result<Ratio, NoFigure> {
    let baseline = numbers.denominator.ok_or(NoFigure::BaselineMissing)?;
    let now = numbers.numerator.ok_or(NoFigure::NothingReported)?;
    if baseline <= 0 {
        return Err(NoFigure::FromNought);
    }
    Ok(Ratio::percent(baseline.saturating_sub(now), baseline))
}

/// A number, told as it is; nought only where somebody said so.
fn count(numbers: Numbers) -> Result<Ratio, NoFigure> {
    let top = numbers.numerator.ok_or(NoFigure::NothingReported)?;
    Ok(Ratio { top, bottom: 1, is_percent: false })
}

/// What was added in the year, of all.
fn yearly_increment(numbers: Numbers) -> Result<Ratio, NoFigure> {
    share(numbers)
}

/// What stands now beside what stood a year before; the target says that it is no less.
fn hold(numbers: Numbers) -> Result<Ratio, NoFigure> {
    numbers.denominator.ok_or(NoFigure::PreviousMissing)?;
    count(numbers)
}

/// A share of units; its target has steps.
fn stepped(numbers: Numbers) -> Result<Ratio, NoFigure> {
    unit_share(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SHARES: [MeasureKind; 8] = [
        MeasureKind::UnitShare,
        MeasureKind::PersonShare,
        MeasureKind::ItemShare,
        MeasureKind::EstablishmentShare,
        MeasureKind::Cumulative,
        MeasureKind::Cadence,
        MeasureKind::YearlyIncrement,
        MeasureKind::Stepped,
    ];

    fn of(numerator: impl Into<Option<i64>>, denominator: impl Into<Option<i64>>) -> Numbers {
        Numbers { numerator: numerator.into(), denominator: denominator.into() }
    }

    #[test]
    fn a_missing_number_and_a_share_of_nothing_are_no_data_and_never_nought() {
        for kind in SHARES {
            assert_eq!(evaluate(kind, of(3, None)), Err(NoFigure::DenominatorMissing), "{kind}");
            assert_eq!(evaluate(kind, of(0, 0)), Err(NoFigure::DenominatorNought), "{kind}");
            assert_eq!(evaluate(kind, of(None, 7)), Err(NoFigure::NothingReported), "{kind}");
            assert_eq!(evaluate(kind, of(0, 7)).map(Ratio::tenths), Ok(0), "{kind}");
            assert_eq!(evaluate(kind, of(7, 7)).map(Ratio::tenths), Ok(1000), "{kind}");
            assert_eq!(evaluate(kind, of(8, 7)), Err(NoFigure::MoreThanAll), "{kind}");
        }
    }

    #[test]
    fn growth_and_reduction_from_nought_cannot_be_told() {
        assert_eq!(evaluate(MeasureKind::Growth, of(5, 0)), Err(NoFigure::FromNought));
        assert_eq!(evaluate(MeasureKind::Growth, of(5, None)), Err(NoFigure::PreviousMissing));
        assert_eq!(evaluate(MeasureKind::Growth, of(104, 100)).map(Ratio::tenths), Ok(40));
        assert_eq!(evaluate(MeasureKind::Growth, of(96, 100)).map(Ratio::tenths), Ok(-40));
        assert_eq!(evaluate(MeasureKind::Reduction, of(30, 100)).map(Ratio::tenths), Ok(700));
        assert_eq!(evaluate(MeasureKind::Reduction, of(30, None)), Err(NoFigure::BaselineMissing));
    }

    #[test]
    fn the_first_whole_number_that_meets_a_share_is_the_one_of_the_plans() {
        for (percent, all, first) in
            [(70, 10_599, 7_420), (10, 705, 71), (50, 63, 32), (80, 559, 448), (60, 27, 17), (10, 27, 3), (50, 6, 3)]
        {
            let reaches = |met: i64| evaluate(MeasureKind::UnitShare, of(met, all)).is_ok_and(|at| at.reaches(percent));
            assert!(reaches(first) && !reaches(first - 1), "{percent} % of {all}");
        }
    }

    proptest! {
        #[test]
        fn more_in_the_numerator_never_lowers_a_share(top in 0_i64..1_000_000, more in 1_i64..1_000_000, wanted in 0_u32..=100) {
            for kind in SHARES {
                let at = |n| evaluate(kind, of(n, top + more)).expect("a share");
                prop_assert!(!at(top).reaches(wanted) || at(top + 1).reaches(wanted));
                prop_assert!(at(top).tenths() <= at(top + 1).tenths());
            }
        }

        #[test]
        fn what_reads_as_a_percentage_reaches_it(top in 0_i64..100_000, more in 0_i64..100_000) {
            let at = evaluate(MeasureKind::ItemShare, of(top, (top + more).max(1))).expect("a share");
            let percent = u32::try_from(at.tenths() / 10).expect("a percentage");
            prop_assert!(at.reaches(percent) && !at.reaches(percent + 1));
        }

        #[test]
        fn growth_and_reduction_are_each_others_opposite(now in 0_i64..1_000_000, before in 1_i64..1_000_000) {
            let grown = evaluate(MeasureKind::Growth, of(now, before)).expect("growth");
            let reduced = evaluate(MeasureKind::Reduction, of(now, before)).expect("reduction");
            prop_assert_eq!((grown.top, grown.bottom), (-reduced.top, reduced.bottom));
        }

        #[test]
        fn a_count_and_a_level_are_told_as_they_are(now in 0_i64..1_000_000, before in 0_i64..1_000_000) {
            let plain = Ratio { top: now, bottom: 1, is_percent: false };
            prop_assert_eq!(evaluate(MeasureKind::Count, of(now, None)), Ok(plain));
            prop_assert_eq!(evaluate(MeasureKind::Hold, of(now, before)), Ok(plain));
        }
    }
}
