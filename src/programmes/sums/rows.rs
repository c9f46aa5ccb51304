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

    /// Whether anything changed from one half month to another, both counted, as far as it lies in the year of this row.
    pub fn moves_in(&self, (from, to): (HalfMonth, HalfMonth)) -> bool {
        let first = self.year * HALVES;
        let moved = (0..).zip(self.halves).filter(|(_, change)| *change != 0);
        moved.into_iter().any(|(place, _)| (from..=to).contains(&HalfMonth(first + place)))
    }

    /// Whether anything changed until a half month, it included.
    pub fn moved_by(&self, half: HalfMonth) -> bool {
        let places = if half.year() > self.year { PLACES } else { half.place() + 1 };
        self.year <= half.year() && self.halves.iter().take(places).any(|change| *change != 0)
    }

    /// The halves as bytes: eight for each number.
    pub fn bytes(&self) -> Vec<u8> {
        self.halves.iter().flat_map(|change| change.to_le_bytes()).collect()
    }

    /// The halves from their bytes; none when they are not 24 numbers.
    pub fn halves_of(bytes: &[u8]) -> Option<[i64; PLACES]> {
        let (numbers, rest) = bytes.as_chunks::<8>();
        let numbers: &[[u8; 8]; PLACES] = numbers.try_into().ok().filter(|_| rest.is_empty())?;
        Some(numbers.map(i64::from_le_bytes))
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
    let mut years: BTreeMap<i32, [i64; PLACES]> = BTreeMap::new();
    for (half, change) in changes {
        if let Some(place) = years.entry(half.year()).or_insert([0; PLACES]).get_mut(half.place()) {
            *place += change;
        }
    }
    let is_level = matches!(nature, Nature::Level | Nature::Ever);
    let mut opening = 0;
    let next: Vec<i32> = years.keys().skip(1).copied().chain([FOR_GOOD + 1]).collect();
    let mut rows = Vec::with_capacity(years.len());
    for ((year, halves), next) in years.into_iter().zip(next) {
        let until_year = if is_level { next - 1 } else { year };
        rows.push(YearSum { year, until_year, opening: if is_level { opening } else { 0 }, halves });
        opening += halves.iter().sum::<i64>();
    }
    rows
}
