//! Whether a target was met, and when that may be said without the numerator.

use super::{Split, Thresholds};

/// The share of persons that a programme plan wants served, in whole percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    percent: u8,
}

/// Whether the target was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetStatus {
    Met,
    NotMet,
}

impl Target {
    /// A target of at least so many percent; `None` unless between 1 and 100.
    #[must_use]
    pub fn at_least(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self { percent })
    }

    /// Whether "met" means that nobody was left out.
    pub(super) fn wants_everybody(self) -> bool {
        self.percent == 100
    }

    pub(super) fn status(self, split: Split) -> TargetStatus {
        if split.numerator >= self.fewest(split.denominator()) { TargetStatus::Met } else { TargetStatus::NotMet }
    }

    /// Whether either answer leaves a hidden numerator its range.
    ///
    /// With `n` persons the target is met from `f = ⌈n · percent / 100⌉` served: "met" leaves
    /// `f..=n` and "not met" `0..f`, so both `n - f` and `f - 1` must reach the range. A
    /// range of 11 asks for 28 persons at 60 % and for 37 at 70 %. A target of 100 % is met
    /// by one value only, which the plan means to publish; just the other answer must hide.
    pub(super) fn hides_numerator(self, denominator: u64, thresholds: &Thresholds) -> bool {
        let fewest = self.fewest(denominator);
        let if_met = denominator.saturating_sub(fewest);
        let if_not_met = fewest.saturating_sub(1);
        let range = u64::from(thresholds.lowest);
        denominator >= u64::from(thresholds.above) && (self.wants_everybody() || if_met >= range) && if_not_met >= range
    }

    /// The smallest numerator that meets the target.
    fn fewest(self, denominator: u64) -> u64 {
        let percent = u64::from(self.percent);
        (denominator / 100 * percent).saturating_add((denominator % 100 * percent).div_ceil(100))
    }
}
