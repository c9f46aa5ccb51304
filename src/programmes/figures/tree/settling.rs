//! Which of several sources speaks for a unit, decided once: what is left of each unit adds up on every map.
//!
//! A report that is taken for a whole leaves what was told below it as it is, and is left with the rest: that of a
//! province, 50, of which a commune told 7, is 43. So the commune has 7, and whatever holds both has 50.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{ByUnit, Map, Reports, Spans, Told};
use crate::admin_units::{AdminUnit, Level, PlacedNo, UnitNo};

/// What is left of a unit in a span, or of all below it.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    register: i64,
    reported: i64,
}

impl Part {
    fn add(&mut self, other: Self) {
        self.register += other.register;
        self.reported += other.reported;
    }
}

/// What is left of the units that were settled so far.
#[derive(Debug, Default)]
struct Settled {
    own: BTreeMap<UnitNo, Vec<Option<Part>>>,
    below: BTreeMap<UnitNo, Vec<Part>>,
}

impl Settled {
    fn below(&self, unit: UnitNo, span: usize) -> Part {
        self.below.get(&unit).and_then(|below| below.get(span).copied()).unwrap_or_default()
    }

    fn own(&self, unit: UnitNo, span: usize) -> Option<Part> {
        self.own.get(&unit).and_then(|own| own.get(span).copied().flatten())
    }

    /// All of a unit.
    fn whole(&self, unit: UnitNo, span: usize) -> Part {
        let mut whole = self.below(unit, span);
        whole.add(self.own(unit, span).unwrap_or_default());
        whole
    }
}

impl Map<'_> {
    /// Leaves of each unit what adds up.
    pub fn settle(self, told: ByUnit<Told>, spans: usize, reports: Reports) -> ByUnit<Told> {
        let by_unit: BTreeMap<UnitNo, &Told> = told.0.iter().map(|(unit, told)| (*unit, told)).collect();
        if !by_unit.values().any(|told| told.has_reports()) {
            return told;
        }
        let is_whole = |unit: &AdminUnit, told: &Told, span: usize| {
            !told.is_in_part(span) || self.is_made_up(unit, &by_unit, span, reports.by_register)
        };
        let speaks = |number: UnitNo, told: &Told, span: usize| {
            at(told.register.as_ref(), span).is_some()
                || told.report(span).is_some()
                    && self.units.numbered(number).is_some_and(|unit| is_whole(unit, told, span))
        };
        let spoken_below = self.spoken_below(&by_unit, spans, &speaks);
        let mut order: Vec<(&AdminUnit, UnitNo)> =
            by_unit.keys().filter_map(|unit| Some((self.units.numbered(*unit)?, *unit))).collect();
        // From communes up, and the units of before first; districts that became communes with these.
        let level = |unit: &AdminUnit| {
            let after = self.units.successors(&unit.code).iter().filter_map(|step| self.units.get(&step.successor));
            after.map(|after| after.level).fold(unit.level, Level::max)
        };
        order.sort_by_cached_key(|(unit, number)| (Reverse(level(unit)), unit.valid_from, *number));
        let (mut settled, mut covered) = (Settled::default(), BTreeMap::<UnitNo, Vec<(usize, Level)>>::new());
        for (unit, number) in order {
            let Some(told) = by_unit.get(&number) else { continue };
            let is_below = |span: usize| spoken_below.get(&number).is_some_and(|below| below.contains(&span));
            let is_taken = |span: usize| {
                let register = at(told.register.as_ref(), span);
                is_whole(unit, told, span) && (reports.first || register.is_none() && !is_below(span))
            };
            let taken: Vec<Option<i64>> = (0..spans).map(|span| told.report(span).filter(|_| is_taken(span))).collect();
            let told_spans = || (0..spans).filter(|span| taken.get(*span).is_some_and(Option::is_some));
            for place in if told_spans().next().is_some() { self.covered_by(unit) } else { BTreeSet::new() } {
                covered.entry(place).or_default().extend(told_spans().map(|span| (span, unit.level)));
            }
            let before = self.whole_before(unit);
            let left_of = |(span, taken): (usize, &Option<i64>)| {
                let (mut of_those, mut own) = (Part::default(), Part::default());
                for old in &before {
                    of_those.add(settled.whole(*old, span));
                    own.add(settled.own(*old, span).unwrap_or_default());
                }
                left_of(told, *taken, (settled.below(number, span), of_those, own), reports, span)
            };
            let left: Vec<Option<Part>> = taken.iter().enumerate().map(left_of).collect();
            for above in self.above(number) {
                let below = settled.below.entry(above).or_insert_with(|| vec![Part::default(); spans]);
                below.iter_mut().zip(&left).for_each(|(below, left)| below.add(left.unwrap_or_default()));
            }
            settled.own.insert(number, left);
        }
        let covering = covered.into_iter().map(|(unit, covered)| (unit, Told { covered, ..Told::default() }));
        let left = |(unit, told): (UnitNo, Told)| {
            let of = |of: fn(Part) -> i64| (0..spans).map(|span| settled.own(unit, span).map(of)).collect::<Spans>();
            let (register, reported) = (of(|part| part.register), of(|part| part.reported));
            (unit, Told { register: Some(register), reported: Some(reported), reported_in_part: None, ..told })
        };
        ByUnit::of(told.0.into_iter().map(left).chain(covering).collect())
    }

    /// Whether a report of as much of a span as a unit was there is made up to the whole: by all before and after it, who
    /// told theirs; where there is a register, by any of them, for what nobody recorded there did not happen.
    fn is_made_up(self, unit: &AdminUnit, told: &BTreeMap<UnitNo, &Told>, span: usize, by_register: bool) -> bool {
        let tells = |code: &str, is: fn(&Told, usize) -> bool| {
            self.units.number(code).and_then(|number| told.get(&number)).is_some_and(|told| is(told, span))
        };
        let after = || self.units.successors(&unit.code).iter().map(|step| step.successor.as_str());
        if by_register {
            let mut others = after().chain(self.units.predecessors(&unit.code).map(|old| old.code.as_str()));
            return others.any(|other| tells(other, Told::speaks));
        }
        let reports: fn(&Told, usize) -> bool = |told, span| told.report(span).is_some();
        let all = |new: &str| tells(new, reports) && self.units.predecessors(new).all(|old| tells(&old.code, reports));
        if after().next().is_some() { after().all(all) } else { all(&unit.code) }
    }

    /// Units that went into one whole.
    fn whole_before(self, unit: &AdminUnit) -> Vec<UnitNo> {
        let is_whole = |old: &&AdminUnit| self.units.successors(&old.code).iter().all(|step| step.is_whole);
        let before = self.units.predecessors(&unit.code).filter(is_whole);
        before.filter_map(|old| self.units.number(&old.code)).collect()
    }

    /// The units of the level of reporting on the map that a report for a unit above that level speaks of.
    fn covered_by(self, unit: &AdminUnit) -> BTreeSet<UnitNo> {
        if unit.level >= self.reported_by {
            return BTreeSet::new();
        }
        let ended = unit.valid_to.filter(|last| *last < self.day);
        let day = ended.or(unit.valid_from.filter(|first| *first > self.day)).unwrap_or(self.day);
        let own = self.units.units_on(self.reported_by, &unit.code, day);
        let places = |unit: &&AdminUnit| -> Vec<UnitNo> {
            match self.units.number(&unit.code).and_then(|number| self.ground.placed(number)) {
                Some(PlacedNo::At(at)) => vec![*at],
                // Of a map before it, all those that went into it.
                _ if unit.valid_from.is_some_and(|first| first > self.day) => {
                    let before = self.units.sharing(&unit.code, self.day);
                    before.filter_map(|old| self.units.number(&old.code)).collect()
                }
                _ => Vec::new(),
            }
        };
        own.iter().flat_map(places).collect()
    }

    /// The units in which one lies, the nearest first.
    fn above(self, unit: UnitNo) -> impl Iterator<Item = UnitNo> {
        std::iter::successors(self.ground.parent(unit), move |unit| self.ground.parent(*unit))
    }

    /// In which spans something is told below a unit.
    fn spoken_below(
        self,
        told: &BTreeMap<UnitNo, &Told>,
        spans: usize,
        speaks: &impl Fn(UnitNo, &Told, usize) -> bool,
    ) -> BTreeMap<UnitNo, BTreeSet<usize>> {
        let mut below: BTreeMap<UnitNo, BTreeSet<usize>> = BTreeMap::new();
        for (unit, told) in told {
            let spoken: Vec<usize> = (0..spans).filter(|span| speaks(*unit, told, *span)).collect();
            for above in self.above(*unit) {
                below.entry(above).or_default().extend(&spoken);
            }
        }
        below
    }
}

/// What is left of a unit in a span: of what was taken for the whole, all that was not left of others within it.
fn left_of(
    told: &Told,
    taken: Option<i64>,
    (below, older, own_older): (Part, Part, Part),
    reports: Reports,
    span: usize,
) -> Option<Part> {
    match (taken, at(told.register.as_ref(), span)) {
        (Some(value), _) => {
            let mut rest = below;
            // For the whole of the span it speaks of those that went into the unit as well; of levels it is the newest.
            if !told.is_in_part(span) || reports.newest_stands {
                rest.add(older);
            }
            Some(Part { register: -rest.register, reported: value - rest.reported })
        }
        (None, Some(register)) => {
            let older = if reports.newest_stands { own_older.reported } else { 0 };
            Some(Part { register, reported: -older })
        }
        (None, None) => None,
    }
}

impl Told {
    /// Whether anything was reported.
    pub fn has_reports(&self) -> bool {
        self.reported.is_some() || self.reported_in_part.is_some()
    }

    /// What was reported of a span, for the whole of it or as much as the unit was there.
    pub fn report(&self, span: usize) -> Option<i64> {
        at(self.reported.as_ref(), span).or_else(|| at(self.reported_in_part.as_ref(), span))
    }

    /// Whether what was reported is for as much of a span as the unit was there.
    pub fn is_in_part(&self, span: usize) -> bool {
        at(self.reported.as_ref(), span).is_none() && at(self.reported_in_part.as_ref(), span).is_some()
    }

    fn speaks(&self, span: usize) -> bool {
        at(self.register.as_ref(), span).is_some() || self.report(span).is_some()
    }

    /// Whether anything is left of it.
    pub(super) fn has_numbers(&self) -> bool {
        let any = |spans: &Spans| spans.iter().any(Option::is_some);
        self.register.as_ref().is_some_and(any) || self.reported.as_ref().is_some_and(any)
    }
}

fn at(spans: Option<&Spans>, span: usize) -> Option<i64> {
    spans?.get(span).copied().flatten()
}
