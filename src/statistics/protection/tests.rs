//! The rule's known answers and its properties.

mod attack;
mod known;
mod properties;

use super::*;

/// Small enough to try every table: a range of 3, one insider on either side.
const TINY: Thresholds = Thresholds { lowest: 3, above: 5, left_without_largest: 1, hidden_units: 3 };

/// The counts as (served, not served), ranked as they stand: the first is hidden first.
fn table(counts: &[(u64, u64)]) -> Table {
    let ranks: Vec<u32> = (0..).take(counts.len()).collect();
    ranked_table(counts, &ranks)
}

fn ranked_table(counts: &[(u64, u64)], ranks: &[u32]) -> Table {
    let units = counts.iter().zip(ranks).enumerate();
    Table {
        units: units
            .map(|(place, (&(served, not_served), &public_rank))| UnitCount {
                unit: format!("{place:02}"),
                public_rank,
                served,
                not_served,
                parts: Vec::new(),
            })
            .collect(),
    }
}

fn denominators(protected: &ProtectedTable) -> Vec<Option<u64>> {
    let rows = protected.units.iter().map(|unit| unit.row);
    rows.map(|row| row.shown.denominator()).collect()
}

fn numerators(protected: &ProtectedTable) -> Vec<Option<u64>> {
    let rows = protected.units.iter().map(|unit| unit.row);
    rows.map(|row| row.shown.split().map(|split| split.numerator)).collect()
}
