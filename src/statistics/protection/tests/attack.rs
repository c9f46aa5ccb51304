//! An attacker who knows the rule and tries every table that gives the same output.

use std::collections::HashMap;

use super::*;

/// The smallest and largest value that a number has among the tables tried.
#[derive(Clone, Copy)]
struct Support {
    low: u64,
    high: u64,
}

/// Per unit: its denominator, numerator and complement.
type Knowledge = Vec<[Support; 3]>;

type Publish = fn(&Table, Option<Target>) -> ProtectedTable;

fn by_the_rule(table: &Table, target: Option<Target>) -> ProtectedTable {
    protect(table, target, &TINY)
}

/// The usual choice, and wrong: the smallest unit is hidden first.
fn smallest_first(table: &Table, target: Option<Target>) -> ProtectedTable {
    let mut table = table.clone();
    for unit in &mut table.units {
        unit.public_rank = u32::try_from(unit.served + unit.not_served).expect("a tiny count");
    }
    protect(&table, target, &TINY)
}

/// Wrong: nothing is hidden but the small units.
fn only_small_hidden(table: &Table, target: Option<Target>) -> ProtectedTable {
    let thresholds = Thresholds { above: 3, left_without_largest: 0, hidden_units: 1, ..TINY };
    protect(table, target, &thresholds)
}

/// Wrong: a unit's status is given wherever its own denominator alone would allow it.
fn status_of_every_unit(table: &Table, target: Option<Target>) -> ProtectedTable {
    let mut protected = protect(table, target, &TINY);
    for (unit, count) in protected.units.iter_mut().zip(&table.units) {
        let split = Split { numerator: count.served, complement: count.not_served };
        let denominator = unit.row.shown.denominator();
        unit.row.status = target
            .filter(|target| denominator.is_some_and(|persons| target.hides_numerator(persons, &TINY)))
            .map(|target| target.status(split));
    }
    protected
}

/// Gathers what each output leaves possible.
fn attack(
    tables: impl Iterator<Item = Vec<(u64, u64)>>,
    target: Option<Target>,
    publish: Publish,
) -> HashMap<ProtectedTable, Knowledge> {
    let mut outputs: HashMap<ProtectedTable, Knowledge> = HashMap::new();
    for counts in tables {
        let values = |&(served, not_served): &(u64, u64)| {
            [served + not_served, served, not_served].map(|value| Support { low: value, high: value })
        };
        let fresh: Knowledge = counts.iter().map(values).collect();
        let known = outputs.entry(publish(&table(&counts), target)).or_insert_with(|| fresh.clone());
        for (known, fresh) in known.iter_mut().flatten().zip(fresh.iter().flatten()) {
            known.low = known.low.min(fresh.low);
            known.high = known.high.max(fresh.high);
        }
    }
    outputs
}

/// Every way to spread a sum over so many units.
fn spreads(sum: u64, units: usize) -> Vec<Vec<u64>> {
    if units == 1 {
        return vec![vec![sum]];
    }
    let with_first = |first| {
        let rest = spreads(sum - first, units - 1).into_iter();
        rest.map(move |rest| [vec![first], rest].concat())
    };
    (0..=sum).flat_map(with_first).collect()
}

/// Every split of every given denominator.
fn splits(denominators: &[u64]) -> Vec<Vec<(u64, u64)>> {
    denominators.iter().fold(vec![vec![]], |tables, &denominator| {
        let with_next = |table: Vec<_>| {
            let splits = 0..=denominator;
            splits.map(move |served| {
                let next = (served, denominator - served);
                [table.clone(), vec![next]].concat()
            })
        };
        tables.into_iter().flat_map(with_next).collect()
    })
}

/// The narrowest range left to a hidden denominator, all totals of the same sum tried.
fn narrowest_denominator(sum: u64, units: usize, publish: Publish) -> Option<u64> {
    let tables = spreads(sum, units).into_iter();
    let tables = tables.map(|counts| counts.into_iter().map(|count| (count, 0)).collect());
    let outputs = attack(tables, None, publish);
    let hidden = outputs.iter().flat_map(|(protected, knowledge)| {
        let rows = protected.units.iter().zip(knowledge);
        rows.filter(|(unit, _)| unit.row.shown == Shown::Hidden)
            .map(|(_, [denominator, ..])| denominator.high - denominator.low)
    });
    hidden.min()
}

/// The narrowest range left to any hidden number, all tables with the same total tried.
///
/// Outputs that hide the total's numerator are left out: other totals give them as well.
fn narrowest_beside_shown_total(served: u64, not_served: u64, units: usize, publish: Publish) -> Option<u64> {
    let complements = spreads(not_served, units);
    let tables = spreads(served, units).into_iter().flat_map(|numerators| {
        let with = move |complements: &Vec<u64>| {
            let pairs = numerators.iter().copied().zip(complements.iter().copied());
            pairs.collect()
        };
        complements.iter().map(with).collect::<Vec<_>>()
    });
    let outputs = attack(tables, Target::at_least(60), publish);
    let known_total = outputs.iter().filter(|(protected, _)| protected.total.shown.split().is_some());
    let hidden = known_total.flat_map(|(protected, knowledge)| {
        let rows = protected.units.iter().zip(knowledge);
        rows.flat_map(|(unit, supports)| match unit.row.shown {
            Shown::Hidden => &supports[..],
            Shown::Denominator(_) => &supports[1..],
            Shown::Split(_) => &[],
        })
    });
    hidden.map(|support| support.high - support.low).min()
}

/// The narrowest range left to a numerator beside a known denominator, all numerators tried.
fn narrowest_numerator(denominators: &[u64], percent: u8, publish: Publish) -> Option<u64> {
    let outputs = attack(splits(denominators).into_iter(), Target::at_least(percent), publish);
    let hidden = outputs.iter().flat_map(|(protected, knowledge)| {
        let on_purpose = percent == 100 && protected.total.status == Some(TargetStatus::Met);
        let rows = protected.units.iter().zip(knowledge);
        rows.filter(move |(unit, _)| !on_purpose && unit.row.shown.split().is_none())
            .map(|(_, [_, numerator, _])| numerator.high - numerator.low)
    });
    hidden.min()
}

#[test]
fn no_hidden_denominator_is_narrowed() {
    for (units, largest_sum) in [(3, 20), (4, 20), (5, 14)] {
        for sum in u64::from(TINY.above)..=largest_sum {
            let narrowest = narrowest_denominator(sum, units, by_the_rule);
            let narrowest = narrowest.expect("some table hides a unit");
            assert!(narrowest >= u64::from(TINY.lowest), "{units} units of {sum}: {narrowest}");
        }
    }
}

#[test]
fn no_hidden_split_is_narrowed_beside_a_shown_total() {
    for (served, not_served, units) in [(12, 12, 3), (16, 8, 3), (7, 7, 4), (10, 6, 4)] {
        let narrowest = narrowest_beside_shown_total(served, not_served, units, by_the_rule);
        let narrowest = narrowest.expect("some table hides a split");
        assert!(narrowest >= u64::from(TINY.lowest), "{served} and {not_served}: {narrowest}");
    }
}

#[test]
fn no_hidden_numerator_is_narrowed_by_the_totals_status() {
    for percent in [30, 50, 60, 80, 100] {
        for denominators in [&[5, 5, 6, 9][..], &[10, 10, 10], &[6, 7, 12], &[20, 5, 5]] {
            let narrowest = narrowest_numerator(denominators, percent, by_the_rule);
            let narrowest = narrowest.expect("some table hides a split");
            assert!(narrowest >= u64::from(TINY.lowest), "{percent} % of {denominators:?}: {narrowest}");
        }
    }
}

#[test]
fn the_attack_breaks_a_rule_that_hides_the_smallest_first() {
    let narrowest = (5..=20).filter_map(|sum| narrowest_denominator(sum, 4, smallest_first));
    assert_eq!(narrowest.min(), Some(0));
}

#[test]
fn the_attack_breaks_a_rule_that_hides_only_the_small() {
    let narrowest = narrowest_denominator(20, 4, only_small_hidden);
    assert_eq!(narrowest, Some(0));
}

#[test]
fn the_attack_breaks_the_statuses_of_units_that_hide_their_numerator() {
    let hidden_total = narrowest_numerator(&[10, 10, 10], 60, status_of_every_unit);
    assert_eq!(hidden_total, Some(0));
    let shown_total = narrowest_beside_shown_total(12, 12, 3, status_of_every_unit);
    assert_eq!(shown_total, Some(0));
}
