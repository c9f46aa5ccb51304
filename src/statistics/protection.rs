//! Hides what a table of persons would otherwise tell about a few of them.
//!
//! The interim rule of the method in docs/developers/statistics.md: one table per
//! indicator and closed year, a root and one level of units below it. A number leaves this
//! module exact or not at all; nothing is rounded or disturbed.

mod hiding;
mod model;
mod status;
#[cfg(test)]
mod tests;

use hiding::{Column, Member, Step, hide_enough};
pub use model::{
    HiddenGroup, LargestParts, ProtectedRow, ProtectedTable, ProtectedUnit, Shown, Split, Table, UnitCount,
    UnsplitGroup,
};
pub use status::{Target, TargetStatus};

/// How large a number must be before it may be shown.
///
/// The method in docs/developers/statistics.md §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Fewest persons in a number shown for the root or for one unit.
    pub unit: u64,
    /// Fewest persons in the sum of the hidden units, which anyone can work out.
    pub hidden_sum: u64,
    /// Fewest persons that must remain in a number once its largest part is taken away,
    /// because whoever works in that part knows it.
    pub left_without_largest: u64,
    /// Fewest units that may be hidden together; with one or two, subtraction solves them.
    pub hidden_units: usize,
    /// Distance that must remain between the smallest and largest value a hidden number
    /// can still have.
    pub range: u64,
}

impl Thresholds {
    /// The values in force until the whole method is built.
    pub const INTERIM: Self = Self { unit: 17, hidden_sum: 17, left_without_largest: 3, hidden_units: 3, range: 11 };

    fn is_safe(&self, value: u64, largest_part: u64) -> bool {
        value >= self.unit && value.saturating_sub(largest_part) >= self.left_without_largest
    }
}

/// Decides what of a table may be shown, and builds that.
///
/// The denominators are settled first, then, among the units that show theirs, the split in
/// served and not served (the method in docs/developers/statistics.md §4). The result
/// depends neither on the order of the units nor on who asks.
#[must_use]
pub fn protect(table: &Table, target: Option<Target>, thresholds: &Thresholds) -> ProtectedTable {
    let mut units: Vec<&UnitCount> = table.units.iter().collect();
    units.sort_by(|left, right| left.unit.cmp(&right.unit));

    let with_denominator = show_denominators(&units, thresholds);
    let with_split = with_denominator.as_deref().and_then(|shown| show_splits(&units, shown, thresholds));
    let total = total_row(&units, with_denominator.is_some(), with_split.is_some(), target, thresholds);
    let hidden = with_denominator.as_deref().and_then(|shown| hidden_group(&units, shown));
    let unsplit = with_split.as_deref().and_then(|shown| unsplit_group(&units, shown));

    let nobody_left_out =
        target.is_some_and(|target| target.wants_everybody() && total.status == Some(TargetStatus::Met));
    let nothing = vec![false; units.len()];
    let denominators = with_denominator.as_deref().unwrap_or(&nothing);
    let splits = with_split.as_deref().unwrap_or(&nothing);
    let units = units
        .iter()
        .zip(denominators.iter().zip(splits))
        .map(|(unit, (&denominator, &split))| ProtectedUnit {
            unit: unit.unit.clone(),
            row: unit_row(unit, denominator, split, target, nobody_left_out),
        })
        .collect();
    ProtectedTable { total, units, hidden, unsplit }
}

/// Which units show their denominator; `None` where not even the total may be shown.
fn show_denominators(units: &[&UnitCount], thresholds: &Thresholds) -> Option<Vec<bool>> {
    let column = Column { value: UnitCount::total, largest_part: |unit| unit.largest_parts.total };
    if !column.total_is_safe(units, thresholds) {
        return None;
    }
    let mut members: Vec<Member<1>> = units
        .iter()
        .map(|unit| Member {
            public_rank: unit.public_rank,
            values: [unit.total()],
            shown: column.unit_is_safe(unit, thresholds),
        })
        .collect();
    hide_enough(&mut members, Step::Totals, thresholds);
    Some(members.iter().map(|member| member.shown).collect())
}

/// Which units show numerator and complement; `None` where the total may not.
fn show_splits(units: &[&UnitCount], with_denominator: &[bool], thresholds: &Thresholds) -> Option<Vec<bool>> {
    let served = Column { value: |unit| unit.served, largest_part: |unit| unit.largest_parts.served };
    let not_served = Column { value: |unit| unit.not_served, largest_part: |unit| unit.largest_parts.not_served };
    let columns = [served, not_served];
    if !columns.iter().all(|column| column.total_is_safe(units, thresholds)) {
        return None;
    }
    let mut members: Vec<Member<2>> = units
        .iter()
        .zip(with_denominator)
        .map(|(unit, &with_denominator)| Member {
            public_rank: unit.public_rank,
            values: [unit.served, unit.not_served],
            shown: with_denominator && columns.iter().all(|column| column.unit_is_safe(unit, thresholds)),
        })
        .collect();
    hide_enough(&mut members, Step::Split, thresholds);
    Some(members.iter().map(|member| member.shown).collect())
}

/// The total's row; the only one whose status may be shown without its numerator.
///
/// The numerator of the total is tied by a sum to those of the units, so statuses of units
/// with hidden numerators are inequalities about one equation: together, or with the total's
/// own number, they narrow each other. Beside the total's status alone, a unit's numerator
/// keeps a range as wide as the total's. See the method in docs/developers/statistics.md §5.
fn total_row(
    units: &[&UnitCount],
    with_denominator: bool,
    with_split: bool,
    target: Option<Target>,
    thresholds: &Thresholds,
) -> ProtectedRow {
    let split = sum(units.iter().copied());
    if !with_denominator {
        return ProtectedRow { shown: Shown::Hidden, status: None };
    }
    if with_split {
        return ProtectedRow { shown: Shown::Split(split), status: target.map(|target| target.status(split)) };
    }
    ProtectedRow {
        shown: Shown::Denominator(split.denominator()),
        status: target
            .filter(|target| target.hides_numerator(split.denominator(), thresholds))
            .map(|target| target.status(split)),
    }
}

/// A unit's row. Its status says nothing that its own numbers, or a total that left nobody
/// out, do not say already.
fn unit_row(
    unit: &UnitCount,
    with_denominator: bool,
    with_split: bool,
    target: Option<Target>,
    nobody_left_out: bool,
) -> ProtectedRow {
    let split = sum([unit]);
    let (shown, status) = if with_split {
        (Shown::Split(split), target.map(|target| target.status(split)))
    } else if with_denominator {
        let denominator = Shown::Denominator(split.denominator());
        (denominator, nobody_left_out.then_some(TargetStatus::Met))
    } else {
        (Shown::Hidden, None)
    };
    ProtectedRow { shown, status }
}

fn hidden_group(units: &[&UnitCount], shown: &[bool]) -> Option<HiddenGroup> {
    let hidden = not_shown(units, shown);
    (!hidden.is_empty())
        .then(|| HiddenGroup { units: hidden.len(), denominator: sum(hidden.iter().copied()).denominator() })
}

fn unsplit_group(units: &[&UnitCount], shown: &[bool]) -> Option<UnsplitGroup> {
    let unsplit = not_shown(units, shown);
    (!unsplit.is_empty()).then(|| UnsplitGroup { units: unsplit.len(), split: sum(unsplit.iter().copied()) })
}

fn not_shown<'a>(units: &[&'a UnitCount], shown: &[bool]) -> Vec<&'a UnitCount> {
    let hidden = units.iter().zip(shown).filter(|&(_, &shown)| !shown);
    hidden.map(|(&unit, _)| unit).collect()
}

fn sum<'a>(units: impl IntoIterator<Item = &'a UnitCount>) -> Split {
    let mut split = Split { numerator: 0, complement: 0 };
    for unit in units {
        split.numerator = split.numerator.saturating_add(unit.served);
        split.complement = split.complement.saturating_add(unit.not_served);
    }
    split
}
