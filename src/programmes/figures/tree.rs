//! Numbers of units put together on one map, from communes up to the country. No database here.
//!
//! A number is taken where it is told: of one unit from its register, or from what another body reported for it. What
//! lies below a unit adds up to it, and a report for the whole unit speaks only where nothing below it does, unless
//! reports go first: the plan lets them, or no register gives the number. Which of them speaks is decided once, among the
//! units of one time ([`settling`]); on a map numbers only add up.

mod covering;
mod settling;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::admin_units::{AdminUnit, AdminUnits, Ground, Level, NotTold, PlacedNo, UnitNo};

/// Numbers of several spans, side by side; none where nobody told one.
pub type Spans = Vec<Option<i64>>;

/// What is told of one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// By its register.
    pub register: Option<Spans>,
    /// By reports of other bodies.
    pub reported: Option<Spans>,
    /// By reports that add up to as much of a span as the unit was there, where it was not all the time.
    pub reported_in_part: Option<Spans>,
    /// Spans of which a report for a unit above told, with the level of the lowest unit of the map that holds both.
    pub covered: Vec<(usize, Level)>,
    /// It reported, and this was not in its report: nought, unless somebody tells more.
    pub is_silent: bool,
}

/// Something of each unit, in the order of the units: for ten thousand of them a list is quicker than a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByUnit<T>(Vec<(UnitNo, T)>);

impl<T> Default for ByUnit<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByUnit<T> {
    /// Those of a list in which every unit stands once, in their order.
    pub fn in_order(list: Vec<(UnitNo, T)>) -> Self {
        debug_assert!(list.is_sorted_by(|(a, _), (b, _)| a < b));
        Self(list)
    }

    /// What a unit has.
    pub fn get(&self, unit: UnitNo) -> Option<&T> {
        let place = self.0.binary_search_by_key(&unit, |(unit, _)| *unit).ok()?;
        self.0.get(place).map(|(_, of)| of)
    }

    /// Each unit with what it has.
    pub fn iter(&self) -> impl Iterator<Item = (UnitNo, &T)> {
        self.0.iter().map(|(unit, of)| (*unit, of))
    }

    /// All of them.
    pub fn into_list(self) -> Vec<(UnitNo, T)> {
        self.0
    }
}

impl ByUnit<Told> {
    /// Of a list in any order; what is told twice of a unit is put together.
    pub fn of(mut list: Vec<(UnitNo, Told)>) -> Self {
        if !list.is_sorted_by_key(|(unit, _)| *unit) {
            list.sort_by_key(|(unit, _)| *unit);
        }
        let mut all: Vec<(UnitNo, Told)> = Vec::with_capacity(list.len());
        for (unit, told) in list {
            match all.last_mut().filter(|(last, _)| *last == unit) {
                Some((_, into)) => add(into, told),
                None => all.push((unit, told)),
            }
        }
        Self(all)
    }
}

/// What a unit comes to in a span, and where it comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpanSum {
    /// The number; none where nobody told.
    pub number: Option<i64>,
    /// Of it, what registers told.
    pub register: i64,
    /// Of it, what other bodies reported.
    pub reported: i64,
    /// Units of the level of reporting that told something.
    pub covered: usize,
    /// Units that told nothing themselves, by the level of the unit above that told for them.
    told_for: [usize; 4],
    /// Whether somebody told a number, and the nought is not just silence.
    pub is_spoken: bool,
    /// Units of the level of reporting that told something themselves.
    told: usize,
}

/// First and last day of a span.
pub type Days = (NaiveDate, NaiveDate);

impl SpanSum {
    /// Of years that were put together each by itself: the number, what registers and what other bodies told of it, and
    /// how many units told something.
    pub fn of_years(number: i64, (register, reported): (i64, i64), covered: usize) -> Self {
        Self { number: Some(number), register, reported, covered, is_spoken: true, ..Self::default() }
    }
}

/// Levels by their order, the country first.
fn place_of(level: Level) -> usize {
    match level {
        Level::Country => 0,
        Level::Province => 1,
        Level::District => 2,
        Level::Commune => 3,
    }
}

/// What a unit comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    /// Span by span.
    pub spans: Vec<SpanSum>,
}

impl Sum {
    fn nothing(spans: usize) -> Self {
        Self { spans: vec![SpanSum::default(); spans] }
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.spans.iter_mut().zip(&other.spans) {
            if let Some(theirs) = theirs.number {
                mine.number = Some(mine.number.unwrap_or(0) + theirs);
            }
            mine.register += theirs.register;
            mine.reported += theirs.reported;
            mine.is_spoken |= theirs.is_spoken;
            mine.told += theirs.told;
            for (mine, theirs) in mine.told_for.iter_mut().zip(theirs.told_for) {
                *mine += theirs;
            }
        }
    }

    /// The number of a span.
    pub fn at(&self, span: usize) -> Option<i64> {
        self.spans.get(span).and_then(|span| span.number)
    }
}

/// A map on which numbers are put together.
#[derive(Debug, Clone, Copy)]
pub struct Map<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Its day.
    pub day: NaiveDate,
    /// Where every unit lies on it.
    pub ground: &'a Ground,
    /// Level of the units that report.
    pub reported_by: Level,
}

/// What a report for the whole of a unit goes before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Before {
    /// Nothing: neither registers nor what lies below.
    #[default]
    Nothing,
    /// What was reported of its parts.
    Reports,
    /// Registers and what lies below.
    Everything,
}

/// How what other bodies report of something is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reports {
    /// What a report for the whole goes before.
    pub before: Before,
    /// What a unit tells now takes the place of what was told of those that went into it; else both add up.
    pub newest_stands: bool,
    /// A register gives it as well.
    pub by_register: bool,
}

/// Something to know about where numbers were put.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// Numbers of this unit were divided by declared shares.
    Shared(String),
    /// It cannot be told where below another unit the numbers of this one lie.
    LeftAbove {
        /// The unit.
        unit: String,
        /// The one they were left at.
        above: String,
        /// Why.
        why: NotTold,
    },
}

/// Numbers on a map.
#[derive(Debug, Clone, Default)]
pub struct Placing {
    /// By unit of the map.
    pub told: ByUnit<Told>,
    /// What is to be known of it.
    pub remarks: BTreeSet<Remark>,
    /// Units of which numbers were left above, in which spans.
    pub left: BTreeMap<UnitNo, BTreeSet<usize>>,
}

impl Map<'_> {
    /// Puts what units of any time told onto the map.
    pub fn place(self, told: ByUnit<Told>, days: &[Days], reports: Reports) -> Placing {
        let told = self.settle(told, days, reports);
        let (mut placed, mut remarks, mut left) = (Vec::with_capacity(told.0.len()), BTreeSet::new(), BTreeMap::new());
        for (unit, told) in told.0 {
            match self.ground.placed(unit) {
                None => {}
                Some(PlacedNo::At(at)) => placed.push((*at, told)),
                Some(PlacedNo::Above { unit: above, why }) => {
                    let spans = told.numbers_in();
                    if !spans.is_empty() {
                        left.insert(unit, spans);
                        let (unit, above) = (self.code(unit), self.code(*above));
                        remarks.insert(Remark::LeftAbove { unit, above, why: *why });
                    }
                    placed.push((*above, told));
                }
                Some(PlacedNo::Split(parts)) => {
                    remarks.insert(Remark::Shared(self.code(unit)));
                    placed.extend(divide(&told, parts));
                }
            }
        }
        Placing { told: ByUnit::of(placed), remarks, left }
    }

    /// The code of a unit.
    pub fn code(self, unit: UnitNo) -> String {
        self.units.numbered(unit).map_or_else(String::new, |unit| unit.code.clone())
    }

    fn level(self, unit: UnitNo) -> Option<Level> {
        self.units.numbered(unit).map(|unit| unit.level)
    }

    /// What every unit of the map comes to that lies in `within`, itself included; of what was settled.
    pub fn sums(self, told: &ByUnit<Told>, within: &str, spans: usize) -> ByUnit<Sum> {
        let within = self.units.number(within);
        let mut told = told.0.iter().rev().peekable();
        let mut below: BTreeMap<UnitNo, Sum> = BTreeMap::new();
        let mut sums = Vec::with_capacity(told.len());
        // What lies in another unit stands behind it, so every unit is complete when its turn comes.
        while let Some(unit) = told.peek().map(|(unit, _)| *unit).max(below.last_key_value().map(|(unit, _)| *unit)) {
            let own = told.next_if(|(of, _)| *of == unit).map(|(_, told)| told);
            let sum = self.sum(unit, own, below.remove(&unit).as_ref(), spans);
            if let Some(parent) = self.ground.parent(unit).filter(|_| Some(unit) != within) {
                below.entry(parent).or_insert_with(|| Sum::nothing(spans)).add(&sum);
            }
            sums.push((unit, sum));
        }
        sums.reverse();
        ByUnit::in_order(sums)
    }

    fn sum(self, unit: UnitNo, told: Option<&Told>, below: Option<&Sum>, spans: usize) -> Sum {
        // A province that closes a period in which nobody below it reported has not said that there was nothing.
        let reports = self.level(unit).is_some_and(|level| level >= self.reported_by);
        let is_silent = reports && told.is_some_and(|told| told.is_silent);
        let of_span = |span: usize| {
            let register = told.and_then(|told| told.register.as_ref()?.get(span).copied().flatten());
            let reported = told.and_then(|told| told.reported.as_ref()?.get(span).copied().flatten());
            let under = below.and_then(|below| below.spans.get(span).copied()).unwrap_or_default();
            let is_told = register.is_some() || reported.is_some();
            let any = is_told || under.number.is_some() || is_silent;
            let level = self.level(unit).unwrap_or(Level::Commune);
            let (mut of_itself, mut told_for) = (under.told, under.told_for);
            if level == self.reported_by {
                let of_span = told.iter().flat_map(|told| &told.covered).filter(|(of, _)| *of == span);
                let by = of_span.map(|(_, level)| *level).max();
                (of_itself, told_for) = (usize::from(any), [0; 4]);
                if let Some(place) = by.filter(|_| !any).and_then(|by| told_for.get_mut(place_of(by))) {
                    *place = 1;
                }
            }
            let (register, reported) = (register.unwrap_or(0), reported.unwrap_or(0));
            SpanSum {
                number: any.then(|| register + reported + under.number.unwrap_or(0)),
                register: register + under.register,
                reported: reported + under.reported,
                // What was told for more than this unit does not speak of it.
                covered: of_itself + told_for.iter().skip(place_of(level)).sum::<usize>(),
                told: of_itself,
                told_for,
                is_spoken: is_told || under.is_spoken,
            }
        };
        Sum { spans: (0..spans).map(of_span).collect() }
    }

    /// Units of a level within another, on the map.
    pub fn units_of(&self, level: Level, within: &str) -> Vec<&AdminUnit> {
        self.units.units_on(level, within, self.day)
    }
}

fn add(into: &mut Told, other: Told) {
    into.is_silent |= other.is_silent;
    into.covered.extend(other.covered);
    for (mine, more) in [
        (&mut into.register, other.register),
        (&mut into.reported, other.reported),
        (&mut into.reported_in_part, other.reported_in_part),
    ] {
        match (mine, more) {
            (Some(mine), Some(more)) => {
                for (mine, more) in mine.iter_mut().zip(more) {
                    *mine = more.map_or(*mine, |more| Some(mine.unwrap_or(0) + more));
                }
            }
            (mine, Some(more)) => *mine = Some(more),
            (_, None) => {}
        }
    }
}

/// Divides whole numbers by shares in thousandths, so that the parts add up to the whole: what is left over goes to the
/// largest remainders, of equals to the first.
fn divide(told: &Told, parts: &[(UnitNo, i64)]) -> Vec<(UnitNo, Told)> {
    let shares: Vec<i64> = parts.iter().map(|(_, share)| *share).collect();
    let columns = |numbers: &Spans| -> Vec<Option<Vec<i64>>> {
        numbers.iter().map(|number| number.map(|number| split(number, &shares))).collect()
    };
    let (register, reported) = (told.register.as_ref().map(columns), told.reported.as_ref().map(columns));
    let pick = |columns: &Vec<Option<Vec<i64>>>, part: usize| -> Spans {
        columns.iter().map(|column| column.as_ref().and_then(|column| column.get(part).copied())).collect()
    };
    let of_part = |(part, (unit, _)): (usize, &(UnitNo, i64))| {
        let told = Told {
            register: register.as_ref().map(|columns| pick(columns, part)),
            reported: reported.as_ref().map(|columns| pick(columns, part)),
            is_silent: told.is_silent,
            ..Told::default()
        };
        (*unit, told)
    };
    parts.iter().enumerate().map(of_part).collect()
}

fn split(number: i64, shares: &[i64]) -> Vec<i64> {
    let whole: i64 = shares.iter().sum::<i64>().max(1);
    let mut parts: Vec<i64> = shares.iter().map(|share| (number * share).div_euclid(whole)).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|place| {
        std::cmp::Reverse(shares.get(*place).map_or(0, |share| (number * share).rem_euclid(whole)))
    });
    let left = number - parts.iter().sum::<i64>();
    for place in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
        }
    }
    parts
}

#[cfg(test)]
mod tests;
