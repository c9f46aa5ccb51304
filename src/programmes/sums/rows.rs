//! Sums as they are stored: a row for each year in which a series of a unit changed.

use std::collections::BTreeMap;

use super::flows::Flows;
use crate::programmes::elements::Nature;
use crate::programmes::periods::{HALVES, HalfMonth};

/// Half months of a year.
const PLACES: usize = 24;
/// The year a level stands until when nothing changes it any more.
pub const FOR_GOOD: i32 = 9999;

/// What a series of a unit comes to in a year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearSum {
    /// Year.
    pub year: i32,
    /// The last year it speaks for.
    pub until_year: i32,
    /// The level at the start of the year; nought of what happens.
    pub opening: i64,
    /// The change in each half month.
    pub halves: [i64; PLACES],
    /// The half months of which something was told, be it that there was none: a bit for each.
    pub told: u32,
}

impl YearSum {
    /// The level at the end of a half month that this row speaks for.
    pub fn level_at(&self, half: HalfMonth) -> i64 {
        let upto = if half.year() > self.year { PLACES } else { half.place() + 1 };
        self.opening + self.halves.iter().take(upto).sum::<i64>()
    }

    /// What happened from one half month to another, both counted, as far as it lies in the year of this row.
    pub fn between(&self, (from, to): (HalfMonth, HalfMonth)) -> i64 {
        let first = self.year * HALVES;
        let within = |place: usize| {
            let half = HalfMonth(first + i32::try_from(place).unwrap_or(0));
            (from..=to).contains(&half)
        };
        self.halves.iter().enumerate().filter(|(place, _)| within(*place)).map(|(_, change)| change).sum()
    }

    /// Whether anything was told of a half month from one to another, both counted, as far as it lies in the year of this
    /// row.
    pub fn is_told_in(&self, (from, to): (HalfMonth, HalfMonth)) -> bool {
        (0..HALVES)
            .any(|place| (from..=to).contains(&HalfMonth(self.year * HALVES + place)) && self.told & (1 << place) != 0)
    }

    /// Whether anything was told until a half month, it included. A row is there only where something was told in its year.
    pub fn is_told_by(&self, half: HalfMonth) -> bool {
        self.year < half.year() || self.year == half.year() && self.told & ((2 << half.place()) - 1) != 0
    }

    /// The halves as bytes: eight for each number, and four for those that were told.
    pub fn bytes(&self) -> Vec<u8> {
        let halves = self.halves.iter().flat_map(|change| change.to_le_bytes());
        halves.chain(self.told.to_le_bytes()).collect()
    }

    /// The halves and those that were told from their bytes; none when they are something else.
    pub fn halves_of(bytes: &[u8]) -> Option<([i64; PLACES], u32)> {
        let (halves, told) = bytes.split_at_checked(PLACES * 8)?;
        let (numbers, _) = halves.as_chunks::<8>();
        let numbers: &[[u8; 8]; PLACES] = numbers.try_into().ok()?;
        Some((numbers.map(i64::from_le_bytes), u32::from_le_bytes(told.try_into().ok()?)))
    }
}

/// The rows of a series of a unit, by class; the class of no name is the total, where there are classes.
pub fn rows(flows: &Flows, nature: Nature) -> BTreeMap<String, Vec<YearSum>> {
    let mut total: BTreeMap<HalfMonth, i64> = BTreeMap::new();
    for (half, change) in flows.values().flatten() {
        *total.entry(*half).or_default() += change;
    }
    let classes = flows.iter().filter(|(class, _)| !class.is_empty());
    let mut rows: BTreeMap<String, Vec<YearSum>> =
        classes.map(|(class, halves)| (class.clone(), year_sums(halves, nature))).collect();
    rows.insert(String::new(), year_sums(&total, nature));
    rows.retain(|_, rows| !rows.is_empty());
    rows
}

fn year_sums(changes: &BTreeMap<HalfMonth, i64>, nature: Nature) -> Vec<YearSum> {
    let mut years: BTreeMap<i32, ([i64; PLACES], u32)> = BTreeMap::new();
    for (half, change) in changes {
        let (halves, told) = years.entry(half.year()).or_default();
        if let Some(place) = halves.get_mut(half.place()) {
            *place += change;
            *told |= 1 << half.place();
        }
    }
    let is_level = matches!(nature, Nature::Level | Nature::Ever);
    let mut opening = 0;
    let next: Vec<i32> = years.keys().skip(1).copied().chain([FOR_GOOD + 1]).collect();
    let mut rows = Vec::with_capacity(years.len());
    for ((year, (halves, told)), next) in years.into_iter().zip(next) {
        let until_year = if is_level { next - 1 } else { year };
        rows.push(YearSum { year, until_year, opening: if is_level { opening } else { 0 }, halves, told });
        opening += halves.iter().sum::<i64>();
    }
    rows
}
