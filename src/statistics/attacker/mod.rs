//! What somebody can work out who knows every number that is shown, and how the numbers add up.
//!
//! Everything that is published, and everything that relates it, is one system of equations. What a hidden number can
//! still be, its range, is found in two ways: fast, by narrowing each equation's numbers with the others until nothing
//! changes ([`System::propagated`], never narrower than it truly is), and exactly, by linear programming
//! ([`System::narrower_than`]).

mod programming;
mod propagation;
#[cfg(test)]
mod tests;

use super::geography::Place;
use super::hiding::{Shown, Table};
use super::star::Node;

/// A number of persons, shown or hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(usize);

/// What a number can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Least.
    pub low: f64,
    /// Most; infinite where nothing bounds it.
    pub high: f64,
}

impl Range {
    /// How far least and most lie apart.
    pub fn width(self) -> f64 {
        self.high - self.low
    }
}

/// How a sum relates to a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Equal,
    AtLeast,
}

#[derive(Debug, Clone)]
struct Row {
    terms: Vec<(Quantity, f64)>,
    relation: Relation,
    than: f64,
}

/// Numbers, what is known of them, and how they add up. No number is below nought.
#[derive(Debug, Clone, Default)]
pub struct System {
    known: Vec<Option<f64>>,
    rows: Vec<Row>,
}

/// The numbers of a table within a system.
#[derive(Debug, Clone, Copy)]
pub struct OfTable {
    first: usize,
    places: usize,
}

impl OfTable {
    /// A number of the table.
    pub fn quantity(self, node: Node, place: Place) -> Quantity {
        Quantity(self.first + node.place() * self.places + place.number())
    }
}

impl System {
    /// Adds a number; its value where that is shown.
    pub fn add(&mut self, shown: Option<u32>) -> Quantity {
        self.known.push(shown.map(f64::from));
        Quantity(self.known.len() - 1)
    }

    /// Adds all numbers of a table of which these are shown, and how they add up.
    pub fn add_table(&mut self, table: Table<'_>, shown: &Shown) -> OfTable {
        let Table { geography, star, counts, .. } = table;
        let of = OfTable { first: self.known.len(), places: geography.size() };
        for node in star.nodes() {
            for place in geography.places() {
                self.add(shown.is_shown(node, place).then(|| counts.value(node, place)));
            }
        }
        for node in star.nodes() {
            for place in geography.places().filter(|place| !geography.is_lowest(*place)) {
                let parts = geography.parts(place).map(|part| of.quantity(node, part));
                self.whole_is_sum(of.quantity(node, place), parts);
            }
        }
        for split in star.splits() {
            for place in geography.places() {
                let parts = split.parts.iter().map(|part| of.quantity(*part, place));
                self.whole_is_sum(of.quantity(split.of, place), parts);
            }
        }
        of
    }

    /// A number is the sum of others.
    pub fn whole_is_sum(&mut self, whole: Quantity, parts: impl IntoIterator<Item = Quantity>) {
        let terms: Vec<(Quantity, f64)> = parts.into_iter().map(|part| (part, 1.0)).chain([(whole, -1.0)]).collect();
        self.row(terms, Relation::Equal, 0.0);
    }

    /// A sum of multiples of numbers is at least so large: what a status tells.
    pub fn at_least(&mut self, terms: impl IntoIterator<Item = (Quantity, f64)>, than: f64) {
        self.row(terms, Relation::AtLeast, than);
    }

    /// What is shown is put in; a row that relates shown numbers alone tells nothing.
    fn row(&mut self, terms: impl IntoIterator<Item = (Quantity, f64)>, relation: Relation, mut than: f64) {
        let mut unknown = Vec::new();
        for (quantity, factor) in terms {
            match self.shown(quantity) {
                Some(value) => than -= factor * value,
                None => unknown.push((quantity, factor)),
            }
        }
        if !unknown.is_empty() {
            self.rows.push(Row { terms: unknown, relation, than });
        }
    }

    /// A number's value where that is shown.
    pub fn shown(&self, quantity: Quantity) -> Option<f64> {
        self.known.get(quantity.0).copied().flatten()
    }

    /// Every number that is hidden.
    pub fn hidden(&self) -> impl Iterator<Item = Quantity> {
        self.known.iter().enumerate().filter(|(_, known)| known.is_none()).map(|(number, _)| Quantity(number))
    }

    /// Somebody learns a number: who works where it comes from.
    pub fn tell(&mut self, quantity: Quantity, value: u32) {
        self.row([(quantity, 1.0)], Relation::Equal, f64::from(value));
    }
}
