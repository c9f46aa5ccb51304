//! Hides further units until those already hidden protect each other.

use super::{Thresholds, UnitCount};

/// One of the numbers that a row can show.
pub(super) struct Column {
    pub(super) value: fn(&UnitCount) -> u64,
    pub(super) largest_part: fn(&UnitCount) -> u64,
}

impl Column {
    pub(super) fn unit_is_safe(&self, unit: &UnitCount, thresholds: &Thresholds) -> bool {
        thresholds.is_safe((self.value)(unit), (self.largest_part)(unit))
    }

    /// The largest part of a total is its largest unit. A single unit is the total under
    /// another name, so there the unit's own largest part counts.
    pub(super) fn total_is_safe(&self, units: &[&UnitCount], thresholds: &Thresholds) -> bool {
        if let [only] = units {
            return self.unit_is_safe(only, thresholds);
        }
        let values = units.iter().map(|unit| (self.value)(unit));
        let largest = values.clone().max().unwrap_or(0);
        thresholds.is_safe(values.fold(0, u64::saturating_add), largest)
    }
}

/// One unit in a step, with its number in each column of that step.
pub(super) struct Member<const COLUMNS: usize> {
    pub(super) public_rank: u32,
    pub(super) values: [u64; COLUMNS],
    pub(super) shown: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Totals,
    Split,
}

/// Hides shown members, the lowest public rank first, until the hidden ones are safe
/// together or nothing is shown.
///
/// Members come sorted by unit code, which settles ties of rank.
pub(super) fn hide_enough<const COLUMNS: usize>(members: &mut [Member<COLUMNS>], step: Step, thresholds: &Thresholds) {
    while !hidden_are_safe(members, step, thresholds) {
        let shown = members.iter_mut().filter(|member| member.shown);
        let Some(next) = shown.min_by_key(|member| member.public_rank) else {
            return;
        };
        next.shown = false;
    }
}

fn hidden_are_safe<const COLUMNS: usize>(members: &[Member<COLUMNS>], step: Step, thresholds: &Thresholds) -> bool {
    let hidden: Vec<[u64; COLUMNS]> =
        members.iter().filter(|member| !member.shown).map(|member| member.values).collect();
    if hidden.is_empty() {
        return true;
    }
    let mut sums = [0_u64; COLUMNS];
    let mut largest = [0_u64; COLUMNS];
    for values in &hidden {
        for ((sum, largest), &value) in sums.iter_mut().zip(&mut largest).zip(values) {
            *sum = sum.saturating_add(value);
            *largest = value.max(*largest);
        }
    }
    hidden.len() >= thresholds.hidden_units.min(members.len())
        && sums.iter().zip(&largest).all(|(&sum, &largest)| {
            sum >= thresholds.hidden_sum && sum.saturating_sub(largest) >= thresholds.left_without_largest
        })
        && (step == Step::Split
            || [thresholds.range, thresholds.unit].iter().all(|&limit| leaves_room_below(limit, &hidden)))
}

/// Whether hidden members that all lie below a limit could also have added up otherwise.
///
/// Whoever knows the rule knows that members hidden for their own sake are below the unit's
/// limit; three of 16 below 17 would be solved by their sum of 48.
fn leaves_room_below<const COLUMNS: usize>(limit: u64, hidden: &[[u64; COLUMNS]]) -> bool {
    let values = || hidden.iter().flatten().copied();
    if values().any(|value| value >= limit) {
        return true;
    }
    let others = u64::try_from(hidden.len().saturating_sub(1)).unwrap_or(u64::MAX);
    values().fold(0, u64::saturating_add) <= others.saturating_mul(limit.saturating_sub(1))
}
