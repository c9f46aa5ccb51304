//! Numbers of units put together on one map, from communes up to the country. No database here.
//!
//! A number is taken where it is told: of one unit from its register, or from what another body reported for it. What
//! lies below a unit adds up to it, and a report for the whole unit speaks only where nothing below it does, unless
//! the plan lets reports go first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::admin_units::{AdminUnit, AdminUnits, Level, NotTold, Placed, Shares};

/// Numbers of several spans, side by side.
pub type Spans = Vec<i64>;

/// What is told of one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    /// By its register.
    pub register: Option<Spans>,
    /// By reports of other bodies; a span nobody reported is missing.
    pub reported: Option<Vec<Option<i64>>>,
    /// It reported, and this was not in its report: nought, unless somebody tells more.
    pub is_silent: bool,
}

/// What a unit comes to, and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    /// The number of each span; none where nobody told.
    pub spans: Vec<Option<i64>>,
    /// Of it, what registers told.
    pub register: Vec<i64>,
    /// Of it, what other bodies reported.
    pub reported: Vec<i64>,
    /// Units of the level of reporting that told something, in any span.
    pub covered: usize,
    /// Whether somebody told a number, and the nought is not just silence.
    spoken: Vec<bool>,
}

impl Sum {
    fn nothing(spans: usize) -> Self {
        Self {
            spans: vec![None; spans],
            register: vec![0; spans],
            reported: vec![0; spans],
            covered: 0,
            spoken: vec![false; spans],
        }
    }

    fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.spans.iter_mut().zip(&other.spans) {
            if let Some(theirs) = theirs {
                *mine = Some(mine.unwrap_or(0) + theirs);
            }
        }
        for (mine, theirs) in [(&mut self.register, &other.register), (&mut self.reported, &other.reported)] {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
        self.spoken.iter_mut().zip(&other.spoken).for_each(|(mine, theirs)| *mine = *mine || *theirs);
        self.covered += other.covered;
    }

    /// The number of a span.
    pub fn at(&self, span: usize) -> Option<i64> {
        self.spans.get(span).copied().flatten()
    }
}

/// A map on which numbers are put together.
#[derive(Debug, Clone, Copy)]
pub struct Map<'a> {
    /// Units.
    pub units: &'a AdminUnits,
    /// Its day.
    pub day: NaiveDate,
    /// Declared shares of split units.
    pub shares: &'a Shares,
    /// Level of the units that report.
    pub reported_by: Level,
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
    pub told: BTreeMap<String, Told>,
    /// What is to be known of it.
    pub remarks: BTreeSet<Remark>,
}

impl Map<'_> {
    /// Puts what units of any time told onto the map.
    pub fn place(self, told: &BTreeMap<String, Told>) -> Placing {
        let mut placing = Placing::default();
        for (unit, told) in told {
            match self.units.placed_on(unit, self.day, self.shares) {
                None => {}
                Some(Placed::At(at)) => add(placing.told.entry(at.code.clone()).or_default(), told),
                Some(Placed::Above { unit: above, why }) => {
                    placing.remarks.insert(Remark::LeftAbove { unit: unit.clone(), above: above.code.clone(), why });
                    add(placing.told.entry(above.code.clone()).or_default(), told);
                }
                Some(Placed::Split(parts)) => {
                    placing.remarks.insert(Remark::Shared(unit.clone()));
                    for (at, part) in divide(told, &parts) {
                        add(placing.told.entry(at).or_default(), &part);
                    }
                }
            }
        }
        placing
    }

    /// What every unit of the map comes to that lies in `within`, itself included.
    pub fn sums(
        self,
        told: &BTreeMap<String, Told>,
        within: &str,
        spans: usize,
        reported_first: bool,
    ) -> BTreeMap<String, Sum> {
        let mut below: BTreeMap<String, Sum> = BTreeMap::new();
        let mut sums = BTreeMap::new();
        for level in [Level::Commune, Level::District, Level::Province, Level::Country] {
            let of_level = |code: &&String| self.units.get(code).is_some_and(|unit| unit.level == level);
            let codes: BTreeSet<String> = told.keys().chain(below.keys()).filter(of_level).cloned().collect();
            for code in codes {
                let sum = self.sum(&code, told.get(&code), below.get(&code), spans, reported_first);
                if let Some(parent) = self.units.parent_on(&code, self.day)
                    && code != within
                {
                    below.entry(parent.code.clone()).or_insert_with(|| Sum::nothing(spans)).add(&sum);
                }
                sums.insert(code, sum);
            }
        }
        sums
    }

    fn sum(self, code: &str, told: Option<&Told>, below: Option<&Sum>, spans: usize, reported_first: bool) -> Sum {
        let mut sum = Sum::nothing(spans);
        for span in 0..spans {
            let register = told.and_then(|told| told.register.as_ref()?.get(span).copied());
            let reported = told.and_then(|told| told.reported.as_ref()?.get(span).copied().flatten());
            let under = below.and_then(|below| below.at(span));
            let spoken_below = below.is_some_and(|below| below.spoken.get(span) == Some(&true));
            let takes_report = reported.is_some() && (reported_first || register.is_none() && !spoken_below);
            let is_silent = told.is_some_and(|told| told.is_silent);
            let part = |parts: Option<&Vec<i64>>| parts.and_then(|parts| parts.get(span).copied()).unwrap_or(0);
            let (value, of_register, of_reports) = if takes_report {
                (reported, 0, reported.unwrap_or(0))
            } else {
                let any = register.is_some() || under.is_some() || is_silent;
                let value = any.then(|| register.unwrap_or(0) + under.unwrap_or(0));
                (value, register.unwrap_or(0) + part(below.map(|b| &b.register)), part(below.map(|b| &b.reported)))
            };
            set(&mut sum.spans, span, value);
            set(&mut sum.register, span, of_register);
            set(&mut sum.reported, span, of_reports);
            set(&mut sum.spoken, span, register.is_some() || reported.is_some() || spoken_below);
        }
        sum.covered = self.covered(code, told, below);
        sum
    }

    /// How many units of the level of reporting have told something: the unit itself, those below it, or all of them
    /// where a report speaks for the whole.
    fn covered(self, code: &str, told: Option<&Told>, below: Option<&Sum>) -> usize {
        let level = self.units.get(code).map(|unit| unit.level);
        let has_report = told.is_some_and(|told| told.reported.is_some());
        if level == Some(self.reported_by) {
            return usize::from(told.is_some() || below.is_some());
        }
        match below {
            Some(below) if below.covered > 0 => below.covered,
            _ if has_report => self.units.count_on(self.reported_by, code, self.day),
            _ => 0,
        }
    }

    /// Units of a level within another, on the map.
    pub fn units_of(&self, level: Level, within: &str) -> Vec<&AdminUnit> {
        self.units.units_on(level, within, self.day)
    }
}

fn set<T>(list: &mut [T], place: usize, value: T) {
    if let Some(slot) = list.get_mut(place) {
        *slot = value;
    }
}

fn add(into: &mut Told, other: &Told) {
    into.is_silent |= other.is_silent;
    if let Some(more) = &other.register {
        let mine = into.register.get_or_insert_with(|| vec![0; more.len()]);
        mine.iter_mut().zip(more).for_each(|(mine, more)| *mine += more);
    }
    if let Some(more) = &other.reported {
        let mine = into.reported.get_or_insert_with(|| vec![None; more.len()]);
        for (mine, more) in mine.iter_mut().zip(more) {
            if let Some(more) = more {
                *mine = Some(mine.unwrap_or(0) + more);
            }
        }
    }
}

/// Divides whole numbers by shares in thousandths, so that the parts add up to the whole: what is left over goes to the
/// largest remainders, of equals to the first.
fn divide(told: &Told, parts: &[(&AdminUnit, i64)]) -> Vec<(String, Told)> {
    let shares: Vec<i64> = parts.iter().map(|(_, share)| *share).collect();
    let columns = |numbers: &[i64]| -> Vec<Vec<i64>> { numbers.iter().map(|number| split(*number, &shares)).collect() };
    let pick = |columns: &[Vec<i64>], part: usize| -> Vec<i64> {
        columns.iter().map(|column| column.get(part).copied().unwrap_or(0)).collect()
    };
    let register = told.register.as_deref().map(columns);
    let reported: Option<Vec<Option<Vec<i64>>>> = told
        .reported
        .as_ref()
        .map(|numbers| numbers.iter().map(|number| number.map(|number| split(number, &shares))).collect());
    parts
        .iter()
        .enumerate()
        .map(|(part, (unit, _))| {
            let reported = reported.as_ref().map(|columns| {
                columns.iter().map(|column| column.as_ref().and_then(|column| column.get(part).copied())).collect()
            });
            (
                unit.code.clone(),
                Told {
                    register: register.as_ref().map(|columns| pick(columns, part)),
                    reported,
                    is_silent: told.is_silent,
                },
            )
        })
        .collect()
}

fn split(number: i64, shares: &[i64]) -> Vec<i64> {
    let whole: i64 = shares.iter().sum::<i64>().max(1);
    let mut parts: Vec<i64> = shares.iter().map(|share| number * share / whole).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(shares.get(*place).map_or(0, |share| number * share % whole)));
    let left = number - parts.iter().sum::<i64>();
    for place in order.into_iter().take(usize::try_from(left).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(place) {
            *part += 1;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(register: i64) -> Told {
        Told { register: Some(vec![register]), ..Told::default() }
    }

    fn report(value: i64) -> Told {
        Told { reported: Some(vec![Some(value)]), ..Told::default() }
    }

    fn map<'a>(units: &'a AdminUnits, shares: &'a Shares, day: &str) -> Map<'a> {
        Map { units, day: day.parse().expect("a day"), shares, reported_by: Level::Commune }
    }

    #[test]
    fn a_report_for_a_whole_province_speaks_only_where_nothing_below_it_does() {
        let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
        let map = map(&units, &shares, "2022-06-30");
        let commune = map.units_of(Level::Commune, "G63-P38").first().expect("a commune").code.clone();
        let both = BTreeMap::from([
            (commune.clone(), told(4)),
            ("G63-P38".to_owned(), report(100)),
            ("G63-P35".to_owned(), report(7)),
        ]);
        let sums = map.sums(&both, "VN", 1, false);
        assert_eq!(sums["G63-P38"].at(0), Some(4));
        assert_eq!((sums["VN"].at(0), sums["VN"].register[0], sums["VN"].reported[0]), (Some(11), 4, 7));
        assert_eq!(
            (sums["G63-P38"].covered, sums["G63-P35"].covered),
            (1, map.units.count_on(Level::Commune, "G63-P35", map.day))
        );
        let first = map.sums(&both, "VN", 1, true);
        assert_eq!((first["G63-P38"].at(0), first["VN"].at(0)), (Some(100), Some(107)));
    }

    #[test]
    fn what_nobody_told_is_missing_and_not_nought() {
        let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
        let map = map(&units, &shares, "2022-06-30");
        let sums = map.sums(&BTreeMap::from([("G63-P38".to_owned(), told(0))]), "VN", 1, false);
        assert_eq!(sums["G63-P38"].at(0), Some(0));
        assert!(!sums.contains_key("G63-P35"));
    }

    #[test]
    fn silence_is_nought_and_gives_way_to_whoever_tells_more() {
        let (units, shares) = (AdminUnits::shipped().expect("units"), Shares::default());
        let map = map(&units, &shares, "2022-06-30");
        let commune = map.units_of(Level::Commune, "G63-P38").first().expect("a commune").code.clone();
        let silent = Told { is_silent: true, ..Told::default() };
        let quiet = BTreeMap::from([(commune.clone(), silent.clone())]);
        let sums = map.sums(&quiet, "VN", 1, false);
        assert_eq!((sums["G63-P38"].at(0), sums["G63-P38"].covered), (Some(0), 1));
        let with_report = BTreeMap::from([(commune, silent), ("G63-P38".to_owned(), report(9))]);
        assert_eq!(map.sums(&with_report, "VN", 1, false)["G63-P38"].at(0), Some(9));
    }

    #[test]
    fn a_split_commune_is_left_at_its_province_unless_shares_were_declared() {
        let units = AdminUnits::shipped().expect("units");
        let last: NaiveDate = "2025-06-30".parse().expect("a day");
        let split =
            units.units_on(Level::Commune, "VN", last).into_iter().find(|unit| units.successors(&unit.code).len() == 2);
        let split = split.expect("a split commune");
        let facts = BTreeMap::from([(split.code.clone(), told(5))]);
        let none = Shares::default();
        let placing = map(&units, &none, "2026-01-01").place(&facts);
        assert!(placing.remarks.iter().any(|remark| matches!(remark, Remark::LeftAbove { why: NotTold::Split, .. })));
        assert!(placing.told.keys().all(|code| units.get(code).is_some_and(|unit| unit.level != Level::Commune)));
        let mut shares = Shares::default();
        for (successor, share) in units.successors(&split.code).iter().zip([600, 400]) {
            shares.declare(&split.code, &successor.successor, share);
        }
        let placing = map(&units, &shares, "2026-01-01").place(&facts);
        let parts: Vec<i64> = placing.told.values().map(|told| told.register.as_ref().expect("numbers")[0]).collect();
        assert_eq!(parts.iter().sum::<i64>(), 5);
        assert!(parts.contains(&3) && parts.contains(&2));
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole_and_stay_within_one_of_their_share(
            number in 0_i64..100_000, cuts in prop::collection::vec(0_i64..=1000, 1..4),
        ) {
            let mut cuts = cuts;
            cuts.extend([0, 1000]);
            cuts.sort_unstable();
            let shares: Vec<i64> = cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let parts = split(number, &shares);
            prop_assert_eq!(parts.iter().sum::<i64>(), number);
            for (part, share) in parts.iter().zip(shares) {
                prop_assert!((part * 1000 - number * share).abs() < 1000);
            }
        }
    }
}
