//! Decides which numbers are shown, so that nobody can work out the others.
//!
//! The method of docs/developers/statistics.md: a number is exact or hidden. From the country downwards and from all
//! persons to their attributes, each step looks at the parts of one unit and hides further ones, by an order that no
//! count decides, until those that are hidden protect each other.

mod step;
#[cfg(test)]
pub(crate) mod tests;

use step::{Member, hide_enough};

use super::counts::Counts;
use super::geography::{Geography, Place};
use super::star::{Node, Split, Star};

/// How large a number must be before it may be shown. Configuration may raise them, never lower them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thresholds {
    /// Fewest persons in a number of a unit of the lowest level, and the width that every hidden number keeps.
    pub lowest: u32,
    /// Fewest persons in a number of a unit that has parts, and in the sum of what is hidden together.
    pub above: u32,
    /// Fewest persons left once the largest part is taken away, because whoever works in that part knows it.
    pub left_without_largest: u32,
    /// Fewest units hidden together (all of them, if there are fewer).
    pub hidden_units: usize,
}

impl Thresholds {
    /// The least that may be configured: 11, 17, 3 and 3.
    pub const LEAST: Self = Self { lowest: 11, above: 17, left_without_largest: 3, hidden_units: 3 };

    /// Whether these protect as well as the least.
    pub fn are_enough(&self) -> bool {
        let least = Self::LEAST;
        self.lowest >= least.lowest
            && self.left_without_largest >= least.left_without_largest
            && self.above >= least.above
            && self.above >= self.lowest.saturating_add(2 * self.left_without_largest)
            && self.hidden_units >= least.hidden_units
    }
}

/// What is counted, and how many there are.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    /// Where.
    pub geography: &'a Geography,
    /// By what.
    pub star: &'a Star,
    /// How many.
    pub counts: &'a Counts,
    /// Of how many levels of units numbers are shown at all, from the root on. What lies below counts as their parts.
    pub levels: usize,
}

/// Which numbers of a table are shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Shown {
    /// By node, then by unit.
    rows: Vec<Vec<bool>>,
}

impl Shown {
    /// Nothing.
    pub fn nothing(geography: &Geography, star: &Star) -> Self {
        Self { rows: vec![vec![false; geography.size()]; star.size()] }
    }

    /// Whether a number is shown.
    pub fn is_shown(&self, node: Node, place: Place) -> bool {
        self.rows.get(node.place()).and_then(|row| row.get(place.number())).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, node: Node, place: Place, is_shown: bool) {
        if let Some(cell) = self.rows.get_mut(node.place()).and_then(|row| row.get_mut(place.number())) {
            *cell = is_shown;
        }
    }
}

/// Decides which numbers of a table are shown.
///
/// The result depends on the counts, the public order and the thresholds alone, never on who asks or when.
#[must_use]
pub fn protect(table: Table<'_>, thresholds: &Thresholds) -> Shown {
    let mut hiding = Hiding { table, thresholds, shown: Shown::nothing(table.geography, table.star) };
    let whole = Column(&[Node::ALL]);
    hiding.shown.set(Node::ALL, Place::ROOT, hiding.is_safe(whole, Place::ROOT));
    let above = table.geography.levels().take(table.levels.saturating_sub(1));
    let above: Vec<Place> = above.flatten().collect();
    for place in &above {
        hiding.show_totals(*place);
    }
    for split in table.star.splits() {
        hiding.split_root(split);
        for place in &above {
            hiding.show_parts(split, *place);
        }
    }
    hiding.shown
}

/// Nodes that are looked at as one number.
#[derive(Debug, Clone, Copy)]
struct Column<'a>(&'a [Node]);

struct Hiding<'a> {
    table: Table<'a>,
    thresholds: &'a Thresholds,
    shown: Shown,
}

impl Hiding<'_> {
    fn value(&self, column: Column<'_>, place: Place) -> u32 {
        column.0.iter().map(|node| self.table.counts.value(*node, place)).sum()
    }

    /// Whether a number is large enough, also for whoever works in its largest part and knows that. Who works in one of
    /// two parts knows the other, so neither may be small, nor follow from that.
    fn is_safe(&self, column: Column<'_>, place: Place) -> bool {
        let Thresholds { lowest, above, left_without_largest, .. } = *self.thresholds;
        let geography = self.table.geography;
        let least = if geography.is_lowest(place) { lowest } else { above };
        // A single part is the unit under another name.
        let only = |place: &Place| Some(geography.parts(*place)).filter(|parts| parts.len() == 1)?.next();
        let parts = std::iter::successors(Some(place), only).last().map(|place| geography.parts(place));
        let many = parts.as_ref().map_or(0, ExactSizeIterator::len);
        let largest = parts.into_iter().flatten().map(|part| self.value(column, part)).max().unwrap_or_default();
        let value = self.value(column, place);
        let left = value.saturating_sub(largest);
        let are_two_safe = many != 2 || left >= lowest && value >= lowest.saturating_mul(3);
        value >= least && left >= left_without_largest && are_two_safe
    }

    /// Which parts of a unit show how many persons they have at all.
    fn show_totals(&mut self, place: Place) {
        if !self.shown.is_shown(Node::ALL, place) {
            return;
        }
        let whole = Column(&[Node::ALL]);
        let member = |part| Member {
            rank: self.table.geography.rank(part),
            values: vec![self.value(whole, part)],
            shown: self.is_safe(whole, part),
        };
        let mut members: Vec<Member> = self.table.geography.parts(place).map(member).collect();
        hide_enough(&mut members, self.thresholds);
        for (part, member) in self.table.geography.parts(place).zip(members) {
            self.shown.set(Node::ALL, part, member.shown);
        }
    }

    /// Which parts of a node the root shows; those declared last are hidden first.
    fn split_root(&mut self, split: &Split) {
        if !self.shown.is_shown(split.of, Place::ROOT) {
            return;
        }
        let member = |(rank, node): (u32, &Node)| {
            let column = Column(std::slice::from_ref(node));
            Member {
                rank: u32::MAX - rank,
                values: vec![self.value(column, Place::ROOT)],
                shown: self.is_safe(column, Place::ROOT),
            }
        };
        let mut members: Vec<Member> = (0..).zip(&split.parts).map(member).collect();
        hide_enough(&mut members, self.thresholds);
        for (node, member) in split.parts.iter().zip(members) {
            self.shown.set(*node, Place::ROOT, member.shown);
        }
    }

    /// Which parts of a unit show the parts of a node: those of them that the unit shows itself, all or none.
    fn show_parts(&mut self, split: &Split, place: Place) {
        let (own, rest): (Vec<Node>, Vec<Node>) =
            split.parts.iter().partition(|node| self.shown.is_shown(**node, place));
        if own.is_empty() || self.table.geography.is_lowest(place) {
            return;
        }
        let mut columns: Vec<Column<'_>> = own.iter().map(std::slice::from_ref).map(Column).collect();
        if !rest.is_empty() {
            columns.push(Column(&rest));
        }
        let member = |part| Member {
            rank: self.table.geography.rank(part),
            values: columns.iter().map(|column| self.value(*column, part)).collect(),
            shown: self.shown.is_shown(split.of, part) && columns.iter().all(|column| self.is_safe(*column, part)),
        };
        let mut members: Vec<Member> = self.table.geography.parts(place).map(member).collect();
        hide_enough(&mut members, self.thresholds);
        for (part, _) in self.table.geography.parts(place).zip(members).filter(|(_, member)| member.shown) {
            for node in &own {
                self.shown.set(*node, part, true);
            }
        }
    }
}
