//! Which of several sources speaks for a unit, decided once: what is left of each unit adds up on every map.
//!
//! A report that is taken for a whole leaves what was told below it as it is, and is left with the rest: that of a
//! province, 50, of which a commune told 7, is 43. So the commune has 7, and whatever holds both has 50.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Before, ByUnit, Days, Map, Reports, Spans, Told};
use crate::admin_units::{AdminUnit, Level, UnitNo};

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
    /// By how much a report that was taken changed what its unit would come to without it.
    by_report: BTreeMap<UnitNo, Vec<Part>>,
}

impl Settled {
    fn of(parts: &BTreeMap<UnitNo, Vec<Part>>, unit: UnitNo, span: usize) -> Part {
        parts.get(&unit).and_then(|parts| parts.get(span).copied()).unwrap_or_default()
    }

    fn own(&self, unit: UnitNo, span: usize) -> Option<Part> {
        self.own.get(&unit).and_then(|own| own.get(span).copied().flatten())
    }

    /// All of some units.
    fn wholes(&self, units: &[UnitNo], span: usize) -> Part {
        let mut all = Part::default();
        for unit in units {
            all.add(Self::of(&self.below, *unit, span));
            all.add(self.own(*unit, span).unwrap_or_default());
        }
        all
    }
}

/// Of units, whether something is so, span by span.
type InSpans = BTreeMap<UnitNo, Vec<bool>>;

fn holds(spans: &InSpans, unit: UnitNo, span: usize) -> bool {
    spans.get(&unit).and_then(|spans| spans.get(span).copied()).unwrap_or_default()
}

/// Reports for as much of a span as their unit was there.
type Parts = BTreeSet<(UnitNo, usize)>;

/// Of whom, or of whom below, registers, reports for the whole and those that are made up to it told.
#[derive(Clone, Copy)]
struct Halves<'a> {
    registers: &'a InSpans,
    wholes: &'a InSpans,
    parts: &'a InSpans,
}

/// What is asked of everybody's numbers while they are settled.
pub(super) struct Settling<'a> {
    pub(super) map: Map<'a>,
    told: BTreeMap<UnitNo, &'a Told>,
    pub(super) days: &'a [Days],
    reports: Reports,
    /// Reports for as much of a span as the unit was there that are made up to the whole.
    made_up: Parts,
    /// In which spans something speaks below a unit that goes before a report for the whole.
    spoken_below: InSpans,
}

impl Map<'_> {
    /// Leaves of each unit what adds up.
    pub fn settle(self, told: ByUnit<Told>, days: &[Days], reports: Reports) -> ByUnit<Told> {
        if !told.0.iter().any(|(_, told)| told.has_reports()) {
            return told;
        }
        let (settled, covered) = Settling::of(self, &told, days, reports).settled();
        let covering = covered.into_iter().map(|(unit, covered)| (unit, Told { covered, ..Told::default() }));
        let left = |(unit, told): (UnitNo, Told)| {
            let of =
                |of: fn(Part) -> i64| (0..days.len()).map(|span| settled.own(unit, span).map(of)).collect::<Spans>();
            let (register, reported) = (of(|part| part.register), of(|part| part.reported));
            (unit, Told { register: Some(register), reported: Some(reported), reported_in_part: None, ..told })
        };
        ByUnit::of(told.0.into_iter().map(left).chain(covering).collect())
    }

    /// The units in which one lay on a day, the nearest first.
    fn above(self, unit: UnitNo, day: chrono::NaiveDate) -> impl Iterator<Item = UnitNo> {
        let parent = move |unit: UnitNo| {
            if self.ground.has_moved(unit) {
                let moved = self.units.numbered(unit)?;
                return self.units.number(&self.units.parent_on(&moved.code, day)?.code);
            }
            self.ground.parent(unit)
        };
        std::iter::successors(parent(unit), move |unit| parent(*unit))
    }
}

impl<'a> Settling<'a> {
    fn of(map: Map<'a>, told: &'a ByUnit<Told>, days: &'a [Days], reports: Reports) -> Self {
        let told = told.0.iter().map(|(unit, told)| (*unit, told)).collect();
        let mut settling = Self { map, told, days, reports, made_up: Parts::new(), spoken_below: InSpans::new() };
        settling.make_up();
        settling.spoken_below = settling.above_all(|unit, told, span| settling.goes_first(unit, told, span));
        settling
    }

    /// Of all units above those of which something is so, in the spans in which it is.
    fn above_all(&self, is: impl Fn(UnitNo, &Told, usize) -> bool) -> InSpans {
        let mut all = InSpans::new();
        for (unit, told) in &self.told {
            let spans: Vec<usize> = (0..self.days.len()).filter(|span| is(*unit, told, *span)).collect();
            self.each_above(*unit, &spans, |above, spans| {
                let of_unit = all.entry(above).or_insert_with(|| vec![false; self.days.len()]);
                for span in spans {
                    of_unit.get_mut(*span).into_iter().for_each(|is| *is = true);
                }
            });
        }
        all
    }

    /// Goes through the units in which one lay in these spans, each with those in which it lay there.
    fn each_above(&self, unit: UnitNo, spans: &[usize], mut each: impl FnMut(UnitNo, &[usize])) {
        let Some((_, last)) = spans.first().and_then(|span| self.days.get(*span)) else { return };
        let above: Vec<UnitNo> = self.map.above(unit, *last).collect();
        if !std::iter::once(unit).chain(above.iter().copied()).any(|unit| self.map.ground.has_moved(unit)) {
            for above in above {
                each(above, spans);
            }
            return;
        }
        for span in spans {
            let last = self.days.get(*span).map_or(*last, |(_, last)| *last);
            self.map.above(unit, last).for_each(|above| each(above, &[*span]));
        }
    }

    pub(super) fn unit(&self, number: UnitNo) -> Option<&'a AdminUnit> {
        self.map.units.numbered(number)
    }

    /// Whether what is told of a unit goes before a report for one above it.
    fn goes_first(&self, number: UnitNo, told: &Told, span: usize) -> bool {
        at(told.register.as_ref(), span).is_some()
            || self.reports.before == Before::Nothing
                && told.report(span).is_some()
                && self.is_whole(number, told, span)
    }

    /// Whether a report is for the whole of a span.
    fn is_whole(&self, number: UnitNo, told: &Told, span: usize) -> bool {
        !told.is_in_part(span) || self.made_up.contains(&(number, span))
    }

    /// Finds the reports of as much of a span as a unit was there that are made up to the whole. One that is not counted
    /// makes up no other, so those that nothing makes up are taken out until all that are left make up each other.
    fn make_up(&mut self) {
        let in_part = |(unit, told): (&UnitNo, &&Told)| {
            let spans = (0..self.days.len()).filter(|span| told.is_in_part(*span));
            spans.map(|span| (*unit, span)).collect::<Vec<_>>()
        };
        self.made_up = self.told.iter().flat_map(in_part).collect();
        if self.made_up.is_empty() {
            return;
        }
        let registers = self.with_above(|_, told, span| at(told.register.as_ref(), span).is_some());
        let wholes = self.with_above(|_, told, span| at(told.reported.as_ref(), span).is_some());
        loop {
            let parts = self.with_above(|unit, _, span| self.made_up.contains(&(unit, span)));
            let told = Halves { registers: &registers, wholes: &wholes, parts: &parts };
            let left: Parts = self.made_up.iter().copied().filter(|part| self.is_made_up(*part, told)).collect();
            if left.len() == self.made_up.len() {
                return;
            }
            self.made_up = left;
        }
    }

    /// Of all units of which something is so, or below which, the spans in which it is.
    fn with_above(&self, is: impl Fn(UnitNo, &Told, usize) -> bool) -> InSpans {
        let mut all = self.above_all(&is);
        for (unit, told) in &self.told {
            let own = all.entry(*unit).or_insert_with(|| vec![false; self.days.len()]);
            own.iter_mut().enumerate().for_each(|(span, of)| *of |= is(*unit, told, span));
        }
        all
    }

    /// Whether a report of as much of a span as a unit was there is made up to the whole: by all before and after it who
    /// were there in the span and of whom theirs was told; where there is a register, by any of them, for what nobody
    /// recorded there did not happen. Where nobody was there before or after it, it is the whole. Who came after and told
    /// of the whole span speaks of what was before as well.
    fn is_made_up(&self, (number, span): (UnitNo, usize), told: Halves<'_>) -> bool {
        let Some(unit) = self.unit(number) else { return false };
        let mut after = self.after(unit);
        after.retain(|new| self.was_there(new, span));
        let before = |unit: &AdminUnit| {
            let olds = self.map.units.predecessors(&unit.code);
            olds.filter(|old| self.was_there(old, span)).collect::<Vec<_>>()
        };
        let is_new_told = |new: &AdminUnit| self.is_told(new, span, told, false);
        let is_old_told = |old: &AdminUnit| self.is_told(old, span, told, true);
        if self.reports.by_register {
            let olds = before(unit);
            return after.is_empty() && olds.is_empty()
                || after.into_iter().any(is_new_told)
                || olds.into_iter().any(is_old_told);
        }
        let all = |new: &AdminUnit| is_new_told(new) && before(new).into_iter().all(is_old_told);
        if after.is_empty() { before(unit).into_iter().all(is_old_told) } else { after.into_iter().all(all) }
    }

    /// The units that came after one. The list knows of districts only what became of their communes.
    fn after(&self, unit: &AdminUnit) -> Vec<&'a AdminUnit> {
        let units = self.map.units;
        let of = |code: &str| units.successors(code).iter().filter_map(|step| units.get(&step.successor)).collect();
        let own: Vec<&AdminUnit> = of(&unit.code);
        match unit.valid_to {
            Some(last) if own.is_empty() => {
                let communes = units.units_on(Level::Commune, &unit.code, last);
                communes.into_iter().flat_map(|commune| of(&commune.code)).collect()
            }
            _ => own,
        }
    }

    /// Whether the half of a unit was told: by itself, by a district or province that it lay in, or where there is a
    /// register also below it. A report for the whole span is that half of a unit that ended in it.
    fn is_told(&self, unit: &AdminUnit, span: usize, told: Halves<'_>, with_wholes: bool) -> bool {
        let Some((number, (_, last))) = self.map.units.number(&unit.code).zip(self.days.get(span)) else {
            return false;
        };
        if self.reports.by_register
            && (holds(told.registers, number, span)
                || holds(told.parts, number, span)
                || with_wholes && holds(told.wholes, number, span))
        {
            return true;
        }
        let day = unit.valid_to.map_or(*last, |to| to.min(*last));
        let within = |of: &UnitNo| self.unit(*of).is_some_and(|of| of.level != Level::Country);
        let mut all = std::iter::once(number).chain(self.map.above(number, day).filter(within));
        all.any(|of| {
            let is_whole = || self.told.get(&of).is_some_and(|told| at(told.reported.as_ref(), span).is_some());
            self.made_up.contains(&(of, span)) || with_wholes && is_whole()
        })
    }

    fn was_there(&self, unit: &AdminUnit, span: usize) -> bool {
        self.days.get(span).is_some_and(|(first, last)| {
            unit.valid_from.is_none_or(|from| from <= *last) && unit.valid_to.is_none_or(|to| *first <= to)
        })
    }

    /// What was reported of a unit for the whole of a span, where it speaks.
    fn taken(&self, number: UnitNo, told: &Told, span: usize) -> Option<i64> {
        let goes_first = self.reports.before == Before::Everything
            || at(told.register.as_ref(), span).is_none() && !holds(&self.spoken_below, number, span);
        told.report(span).filter(|_| goes_first && self.is_whole(number, told, span))
    }

    /// What is left of everybody, and which units of the level of reporting others told of.
    fn settled(&self) -> (Settled, BTreeMap<UnitNo, Vec<(usize, Level)>>) {
        let (mut settled, mut covered) = (Settled::default(), BTreeMap::<UnitNo, Vec<(usize, Level)>>::new());
        for (unit, number) in self.in_order() {
            let Some(told) = self.told.get(&number) else { continue };
            let taken: Vec<Option<i64>> = (0..self.days.len()).map(|span| self.taken(number, told, span)).collect();
            let before = self.whole_before(unit);
            let left: Vec<Option<Part>> = taken
                .iter()
                .enumerate()
                .map(|(span, taken)| self.left_of((number, told), *taken, &before, &settled, span))
                .collect();
            let spans: Vec<usize> =
                (0..self.days.len()).filter(|span| left.get(*span).is_some_and(Option::is_some)).collect();
            self.each_above(number, &spans, |above, spans| {
                let below = settled.below.entry(above).or_insert_with(|| vec![Part::default(); self.days.len()]);
                for span in spans {
                    let left = left.get(*span).copied().flatten().unwrap_or_default();
                    below.get_mut(*span).into_iter().for_each(|below| below.add(left));
                }
            });
            if taken.iter().any(Option::is_some) {
                settled.by_report.insert(number, by_report(told, &taken, &left));
            }
            settled.own.insert(number, left);
            let spans = (0..self.days.len()).filter(|span| taken.get(*span).is_some_and(Option::is_some));
            self.cover((unit, number), spans.filter(|span| !self.is_replaced(unit, *span)), &mut covered);
        }
        (settled, covered)
    }

    /// From communes up, and the units of before first; districts that became communes with these.
    fn in_order(&self) -> Vec<(&'a AdminUnit, UnitNo)> {
        let mut order: Vec<(&AdminUnit, UnitNo)> =
            self.told.keys().filter_map(|unit| Some((self.unit(*unit)?, *unit))).collect();
        let level = |unit: &AdminUnit| {
            let steps = self.map.units.successors(&unit.code).iter();
            let after = steps.filter_map(|step| self.map.units.get(&step.successor));
            after.map(|after| after.level).fold(unit.level, Level::max)
        };
        order.sort_by_cached_key(|(unit, number)| (Reverse(level(unit)), unit.valid_from, *number));
        order
    }

    /// What is left of a unit in a span: of what was taken for the whole, all that was not left of others within it.
    fn left_of(
        &self,
        (number, told): (UnitNo, &Told),
        taken: Option<i64>,
        before: &[UnitNo],
        settled: &Settled,
        span: usize,
    ) -> Option<Part> {
        let newest = self.reports.newest_stands;
        match (taken, at(told.register.as_ref(), span)) {
            (Some(value), _) => {
                let mut rest = Settled::of(&settled.below, number, span);
                // For the whole of the span it speaks of those that went into the unit as well; of levels it is the newest.
                if !told.is_in_part(span) || newest {
                    rest.add(settled.wholes(before, span));
                }
                Some(Part { register: -rest.register, reported: value - rest.reported })
            }
            (None, Some(register)) => {
                let mut left = Part { register, reported: 0 };
                for old in before.iter().filter(|_| newest) {
                    let of = Settled::of(&settled.by_report, *old, span);
                    left.add(Part { register: -of.register, reported: -of.reported });
                }
                Some(left)
            }
            (None, None) => None,
        }
    }

    /// Whether a level that was reported of a unit gives way to the register of the one it went into whole.
    fn is_replaced(&self, unit: &AdminUnit, span: usize) -> bool {
        let has_register = |code: &str| {
            let new = self.map.units.number(code).and_then(|number| self.told.get(&number));
            new.is_some_and(|new| at(new.register.as_ref(), span).is_some())
        };
        let after = self.map.units.successors(&unit.code);
        self.reports.newest_stands
            && !after.is_empty()
            && after.iter().all(|step| step.is_whole && has_register(&step.successor))
    }

    /// Units that went into one whole.
    fn whole_before(&self, unit: &AdminUnit) -> Vec<UnitNo> {
        let units = self.map.units;
        let is_whole = |old: &&AdminUnit| units.successors(&old.code).iter().all(|step| step.is_whole);
        let before = units.predecessors(&unit.code).filter(is_whole);
        before.filter_map(|old| units.number(&old.code)).collect()
    }
}

/// By how much reports that were taken change what a unit comes to.
fn by_report(told: &Told, taken: &[Option<i64>], left: &[Option<Part>]) -> Vec<Part> {
    let of_span = |(span, (taken, left)): (usize, (&Option<i64>, &Option<Part>))| match (taken, left) {
        (Some(_), Some(left)) => {
            let register = at(told.register.as_ref(), span).unwrap_or(0);
            Part { register: left.register - register, reported: left.reported }
        }
        _ => Part::default(),
    };
    taken.iter().zip(left).enumerate().map(of_span).collect()
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

    /// Whether anything is told of a span.
    pub fn speaks(&self, span: usize) -> bool {
        at(self.register.as_ref(), span).is_some() || self.report(span).is_some()
    }

    /// In which spans anything above nought or below is left of it.
    pub(super) fn numbers_in(&self) -> BTreeSet<usize> {
        let of = |spans: &Option<Spans>| -> Vec<usize> {
            let numbers = spans.iter().flatten().enumerate();
            numbers.filter(|(_, number)| number.is_some_and(|number| number != 0)).map(|(span, _)| span).collect()
        };
        [of(&self.register), of(&self.reported)].concat().into_iter().collect()
    }
}

fn at(spans: Option<&Spans>, span: usize) -> Option<i64> {
    spans?.get(span).copied().flatten()
}
