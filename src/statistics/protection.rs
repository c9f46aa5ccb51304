//! Hides what a table of persons would otherwise tell about a few of them.
//!
//! One table per indicator and closed year, a root and one level of units below it: how many there are, how many of
//! them were served, and whether a target was met. Which numbers are shown is decided by [`super::hiding`]. A number
//! leaves this module exact or not at all; nothing is rounded or disturbed.

mod model;
mod status;
#[cfg(test)]
mod tests;

pub use model::{
    HiddenGroup, PartCount, ProtectedRow, ProtectedTable, ProtectedUnit, Shown, Split, Table, UnitCount, UnsplitGroup,
};
pub use status::{Target, TargetStatus};

use super::counts::Counts;
use super::geography::{Geography, Listed, NoGeography, Place};
use super::hiding::{self, Thresholds};
use super::star::{Node, Star};

/// Decides what of a table may be shown, and builds that.
///
/// The result depends neither on the order of the units nor on who asks.
#[must_use]
pub fn protect(table: &Table, target: Option<Target>, thresholds: &Thresholds) -> ProtectedTable {
    let mut units: Vec<&UnitCount> = table.units.iter().collect();
    units.sort_by(|left, right| left.unit.cmp(&right.unit));

    let shown = Rows::of(&units, thresholds);
    let total = total_row(&units, shown.total, target, thresholds);
    let hidden = shown.total.0.then(|| hidden_group(&units, &shown.denominators)).flatten();
    let unsplit = shown.total.1.then(|| unsplit_group(&units, &shown.splits)).flatten();

    let nobody_left_out =
        target.is_some_and(|target| target.wants_everybody() && total.status == Some(TargetStatus::Met));
    let units = units
        .iter()
        .zip(shown.denominators.iter().zip(&shown.splits))
        .map(|(unit, (&denominator, &split))| ProtectedUnit {
            unit: unit.unit.clone(),
            row: unit_row(unit, denominator, split, target, nobody_left_out),
        })
        .collect();
    ProtectedTable { total, units, hidden, unsplit }
}

/// Which rows show their denominator, and which their split as well.
struct Rows {
    total: (bool, bool),
    denominators: Vec<bool>,
    splits: Vec<bool>,
}

impl Rows {
    fn of(units: &[&UnitCount], thresholds: &Thresholds) -> Self {
        let nothing =
            Self { total: (false, false), denominators: vec![false; units.len()], splits: vec![false; units.len()] };
        let mut star = Star::new("all");
        let (Ok(halves), Ok(geography)) = (star.split(Node::ALL, &["served", "not_served"]), geography(units)) else {
            return nothing;
        };
        let [served, not_served] = halves.as_slice() else { return nothing };
        let mut counts = Counts::new(&geography, &star);
        let below = geography.places().filter(|place| geography.is_lowest(*place));
        for (place, (_, part)) in below.zip(parts_of(units)) {
            for (node, many) in [(served, part.served), (not_served, part.not_served)] {
                counts.add(&star, place, &[*node], u32::try_from(many).unwrap_or(u32::MAX));
            }
        }
        counts.sum_up(&geography);
        let table = hiding::Table { geography: &geography, star: &star, counts: &counts, levels: 2 };
        let shown = hiding::protect(table, thresholds);
        let of = |place: Place| (shown.is_shown(Node::ALL, place), shown.is_shown(*served, place));
        let (denominators, splits) = geography.parts(Place::ROOT).map(of).unzip();
        Self { total: of(Place::ROOT), denominators, splits }
    }
}

/// The parts of every unit, with its place among them; what is of no known part is one more.
fn parts_of<'a>(units: &'a [&UnitCount]) -> impl Iterator<Item = (usize, PartCount)> + 'a {
    units.iter().enumerate().flat_map(|(number, unit)| {
        let known = sum(&unit.parts, |part| (part.served, part.not_served));
        let rest = PartCount {
            served: unit.served.saturating_sub(known.numerator),
            not_served: unit.not_served.saturating_sub(known.complement),
        };
        let has_rest = unit.parts.is_empty() || rest != PartCount::default();
        unit.parts.iter().copied().chain(has_rest.then_some(rest)).map(move |part| (number, part))
    })
}

fn geography(units: &[&UnitCount]) -> Result<Geography, NoGeography> {
    let name = |number: usize| format!("{number:09}");
    let root = Listed { code: "all".to_owned(), within: None, rank: 0 };
    let listed = units.iter().enumerate().map(|(number, unit)| Listed {
        code: name(number),
        within: Some("all".to_owned()),
        rank: unit.public_rank,
    });
    let parts = parts_of(units).enumerate().map(|(part, (number, _))| Listed {
        code: format!("part {part:09}"),
        within: Some(name(number)),
        rank: 0,
    });
    Geography::new(std::iter::once(root).chain(listed).chain(parts).collect())
}

/// The total's row; the only one whose status may be shown without its numerator.
///
/// The numerator of the total is tied by a sum to those of the units, so statuses of units
/// with hidden numerators are inequalities about one equation: together, or with the total's
/// own number, they narrow each other. Beside the total's status alone, a unit's numerator
/// keeps a range as wide as the total's. See the method in docs/developers/statistics.md §5.
fn total_row(
    units: &[&UnitCount],
    (with_denominator, with_split): (bool, bool),
    target: Option<Target>,
    thresholds: &Thresholds,
) -> ProtectedRow {
    let split = sum_of(units.iter().copied());
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
    let split = sum_of([unit]);
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
        .then(|| HiddenGroup { units: hidden.len(), denominator: sum_of(hidden.iter().copied()).denominator() })
}

fn unsplit_group(units: &[&UnitCount], shown: &[bool]) -> Option<UnsplitGroup> {
    let unsplit = not_shown(units, shown);
    (!unsplit.is_empty()).then(|| UnsplitGroup { units: unsplit.len(), split: sum_of(unsplit.iter().copied()) })
}

fn not_shown<'a>(units: &[&'a UnitCount], shown: &[bool]) -> Vec<&'a UnitCount> {
    let hidden = units.iter().zip(shown).filter(|&(_, &shown)| !shown);
    hidden.map(|(&unit, _)| unit).collect()
}

fn sum_of<'a>(units: impl IntoIterator<Item = &'a UnitCount>) -> Split {
    sum(units, |unit| (unit.served, unit.not_served))
}

fn sum<T>(all: impl IntoIterator<Item = T>, of: impl Fn(&T) -> (u64, u64)) -> Split {
    let mut split = Split { numerator: 0, complement: 0 };
    for (served, not_served) in all.into_iter().map(|one| of(&one)) {
        split.numerator = split.numerator.saturating_add(served);
        split.complement = split.complement.saturating_add(not_served);
    }
    split
}
