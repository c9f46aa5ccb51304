//! The true counts that come in, and what of them comes out.

use super::TargetStatus;

/// The true counts of one part of a unit, such as a commune. Whoever works in it knows them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartCount {
    pub served: u64,
    pub not_served: u64,
}

/// The true counts of one unit that takes part in the programme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitCount {
    /// Code of the unit, unique in the table.
    pub unit: String,
    /// Place in an order fixed from public data such as population, never from the counts:
    /// the lowest is hidden first. An order that follows the counts would betray them.
    pub public_rank: u32,
    pub served: u64,
    pub not_served: u64,
    /// What of them lies in which part; empty where the parts are not known.
    pub parts: Vec<PartCount>,
}

/// The true counts of one indicator in one closed year.
///
/// Units outside the public register of participants must already be left out: a zero that
/// everybody knows hides nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    pub units: Vec<UnitCount>,
}

/// What a reader sees of the counts of one row.
///
/// A numerator exists only beside its complement, so a ratio can never be turned back into
/// a number that was hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shown {
    /// Nothing. It does not say that the number is small.
    Hidden,
    /// How many persons the indicator is about, not how many of them were served.
    Denominator(u64),
    /// Every count of the row.
    Split(Split),
}

/// A row whose counts are all shown; the denominator is their sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Split {
    pub numerator: u64,
    pub complement: u64,
}

impl Split {
    #[must_use]
    pub fn denominator(self) -> u64 {
        self.numerator.saturating_add(self.complement)
    }

    /// Whole percent, rounded down, so that a target just missed never reads as met.
    #[must_use]
    pub fn whole_percent(self) -> Option<u8> {
        (u128::from(self.numerator) * 100)
            .checked_div(u128::from(self.denominator()))
            .and_then(|percent| u8::try_from(percent).ok())
    }
}

impl Shown {
    #[must_use]
    pub fn denominator(self) -> Option<u64> {
        match self {
            Self::Hidden => None,
            Self::Denominator(denominator) => Some(denominator),
            Self::Split(split) => Some(split.denominator()),
        }
    }

    #[must_use]
    pub fn split(self) -> Option<Split> {
        match self {
            Self::Hidden | Self::Denominator(_) => None,
            Self::Split(split) => Some(split),
        }
    }
}

/// What a reader sees of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProtectedRow {
    pub shown: Shown,
    /// `None` where there is no target or where the answer would tell too much.
    pub status: Option<TargetStatus>,
}

/// What a reader sees of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProtectedUnit {
    pub unit: String,
    pub row: ProtectedRow,
}

/// The units without a denominator, together. Their sum follows from the other numbers, so
/// it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HiddenGroup {
    pub units: usize,
    pub denominator: u64,
}

/// The units without a numerator, together, those of [`HiddenGroup`] included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UnsplitGroup {
    pub units: usize,
    pub split: Split,
}

/// What every reader sees of a table; it holds no number that is not public.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProtectedTable {
    pub total: ProtectedRow,
    /// Sorted by unit code.
    pub units: Vec<ProtectedUnit>,
    /// `None` where no denominator is hidden, or where the total is hidden as well.
    pub hidden: Option<HiddenGroup>,
    /// `None` where no numerator is hidden, or where the total's numerator is hidden as well.
    pub unsplit: Option<UnsplitGroup>,
}
