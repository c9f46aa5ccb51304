//! Whether two spans that are compared were told of the same land. Units are not counted: some that came or went in
//! between have neither predecessor nor successor in the list, and so the same teller speaks of another number of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::admin_units::{AdminUnit, AdminUnits, Level, PlacedNo, UnitNo};
use crate::programmes::figures::tree::{ByUnit, Map, Told};

/// Who told something of each row of a map, span by span: units whose own number is left once all was settled.
pub(super) struct Tellers {
    /// By span and row.
    spans: Vec<BTreeMap<UnitNo, BTreeSet<UnitNo>>>,
    /// Last day of each span.
    days: Vec<NaiveDate>,
}

impl Tellers {
    /// Those of numbers that were settled.
    pub fn of(map: Map<'_>, settled: ByUnit<Told>, days: Vec<NaiveDate>) -> Self {
        let mut spans = vec![BTreeMap::<UnitNo, BTreeSet<UnitNo>>::new(); days.len()];
        for (unit, told) in settled.into_list() {
            let rows = rows_of(map, unit);
            for (_, tellers) in spans.iter_mut().enumerate().filter(|(span, _)| told.speaks(*span)) {
                for row in &rows {
                    tellers.entry(*row).or_default().insert(unit);
                }
            }
        }
        Self { spans, days }
    }

    /// Those of spans, side by side, each with its last day.
    pub fn of_spans(spans: Vec<BTreeMap<UnitNo, BTreeSet<UnitNo>>>, days: Vec<NaiveDate>) -> Self {
        Self { spans, days }
    }

    /// Of one span and row.
    pub fn of_row(&self, row: UnitNo, span: usize) -> Teller {
        let units = self.spans.get(span).and_then(|rows| rows.get(&row)).cloned().unwrap_or_default();
        Teller { units, day: self.days.get(span).copied().unwrap_or_default() }
    }
}

/// Who told something of a row in a span, and its last day.
#[derive(Debug, Clone, Default)]
pub(super) struct Teller {
    pub(super) units: BTreeSet<UnitNo>,
    pub(super) day: NaiveDate,
}

/// The units of the map in which numbers of a unit lie.
pub(super) fn rows_of(map: Map<'_>, unit: UnitNo) -> BTreeSet<UnitNo> {
    let places: Vec<UnitNo> = match map.ground.placed(unit) {
        Some(PlacedNo::At(at) | PlacedNo::Above { unit: at, .. }) => vec![*at],
        Some(PlacedNo::Split(parts)) => parts.iter().map(|(part, _)| *part).collect(),
        None => Vec::new(),
    };
    let above = |place| std::iter::successors(Some(place), |unit| map.ground.parent(*unit));
    places.into_iter().flat_map(above).collect()
}

/// Units that told, with those of which all that lies in them did, and without what lies in others of them.
fn put_together(units: &AdminUnits, mut told: BTreeSet<UnitNo>, day: NaiveDate) -> BTreeSet<UnitNo> {
    let codes = told.iter().filter_map(|unit| units.numbered(*unit)).map(|unit| unit.code.as_str());
    let above = codes.flat_map(|code| std::iter::successors(units.get(code), |at| units.parent_on(&at.code, day)));
    // Districts end without successors: what is told of all their communes is told of these.
    let above = above.filter(|unit| matches!(unit.level, Level::Country | Level::Province));
    let wholes: BTreeSet<(Reverse<Level>, &str)> =
        above.map(|unit| (Reverse(unit.level), unit.code.as_str())).collect();
    for (Reverse(level), whole) in wholes {
        let is_told = |below: &Level| {
            let mut parts = units.units_on(*below, whole, day);
            if *below == Level::Commune {
                // An island that is a district has no communes.
                let islands = units.units_on(Level::District, whole, day).into_iter();
                parts.extend(islands.filter(|of| units.units_on(Level::Commune, &of.code, day).is_empty()));
            }
            let is_told = |part: &&AdminUnit| units.number(&part.code).is_some_and(|part| told.contains(&part));
            !parts.is_empty() && parts.iter().all(is_told)
        };
        let below = [Level::Province, Level::District, Level::Commune];
        if below.iter().filter(|below| **below > level).any(is_told) {
            told.extend(units.number(whole));
        }
    }
    let left =
        told.iter().filter_map(|unit| units.numbered(*unit)).filter(|unit| !is_told_by_others(units, unit, &told, day));
    left.filter_map(|unit| units.number(&unit.code)).collect()
}

/// Whether one of these units told of another as well: of the one it lay in on its last day in the span, or all that it
/// went into by then.
fn is_told_by_others(units: &AdminUnits, unit: &AdminUnit, told: &BTreeSet<UnitNo>, day: NaiveDate) -> bool {
    let tells = |unit: &AdminUnit| units.number(&unit.code).is_some_and(|unit| told.contains(&unit));
    let last = unit.valid_to.map_or(day, |to| to.min(day));
    let mut above = std::iter::successors(units.parent_on(&unit.code, last), |at| units.parent_on(&at.code, last));
    let next = units.successors(&unit.code).iter().filter_map(|step| units.get(&step.successor));
    let next: Vec<&AdminUnit> = next.filter(|new| new.valid_from.is_some_and(|from| from <= day)).collect();
    above.any(tells)
        || !next.is_empty() && next.iter().all(|new| tells(new) || is_told_by_others(units, new, told, day))
}

/// Whether the same land was told of twice: by the same units, or by those that all of them came out of, and went into.
pub(super) fn are_alike(units: &AdminUnits, now: &Teller, before: &Teller) -> bool {
    if now.units == before.units {
        return true;
    }
    let least = |of: &Teller| put_together(units, of.units.clone(), of.day);
    let (now, before) = (least(now), least(before));
    let ends = |told: &BTreeSet<UnitNo>, next: &dyn Fn(&str) -> Vec<UnitNo>| -> BTreeSet<UnitNo> {
        let (mut ends, mut left) = (BTreeSet::new(), told.iter().copied().collect::<Vec<_>>());
        while let Some(unit) = left.pop() {
            let further = units.numbered(unit).map(|unit| next(&unit.code)).unwrap_or_default();
            if further.is_empty() {
                ends.insert(unit);
            }
            left.extend(further);
        }
        ends
    };
    let older = |code: &str| units.predecessors(code).filter_map(|old| units.number(&old.code)).collect();
    let newer = |code: &str| units.successors(code).iter().filter_map(|step| units.number(&step.successor)).collect();
    now == before || ends(&now, &older) == ends(&before, &older) && ends(&now, &newer) == ends(&before, &newer)
}
