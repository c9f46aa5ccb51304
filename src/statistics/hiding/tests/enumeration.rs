//! An attacker who knows the method and the code, and tries every small table that gives the same output.

use std::collections::HashMap;

use super::*;

/// A small world, in which every table can be tried.
const TINY: Thresholds = Thresholds { lowest: 3, above: 5, left_without_largest: 1, hidden_units: 3 };

type Hide = fn(Table<'_>) -> Shown;

fn by_the_method(table: Table<'_>) -> Shown {
    protect(table, &TINY)
}

/// Every way to spread a number of persons over so many places.
fn spreads(persons: u32, places: usize) -> Vec<Vec<u32>> {
    if places == 1 {
        return vec![vec![persons]];
    }
    let with_first =
        |first| spreads(persons - first, places - 1).into_iter().map(move |rest| [vec![first], rest].concat());
    (0..=persons).flat_map(with_first).collect()
}

struct World {
    geography: Geography,
    star: Star,
    leaves: Vec<Node>,
}

impl World {
    /// What is seen of a table: which numbers, and their values.
    fn seen(&self, hide: Hide, lowest: &[Vec<u32>]) -> (Vec<Option<u32>>, Counts) {
        let counts = counted(&self.geography, &self.star, &self.leaves, lowest);
        let shown = hide(Table { geography: &self.geography, star: &self.star, counts: &counts, levels: 9 });
        let cells = self.star.nodes().flat_map(|node| self.geography.places().map(move |place| (node, place)));
        let seen = cells.map(|(node, place)| shown.is_shown(node, place).then(|| counts.value(node, place))).collect();
        (seen, counts)
    }

    /// How many tables were tried, how many of their hidden numbers have one value in all tables of the same output, and
    /// how many fewer than three.
    fn attack(&self, hide: Hide, tables: impl Iterator<Item = Vec<Vec<u32>>>) -> (usize, usize, usize) {
        let mut outputs: HashMap<Vec<Option<u32>>, Vec<(u32, u32)>> = HashMap::new();
        let mut tried = 0;
        for lowest in tables {
            tried += 1;
            let (seen, counts) = self.seen(hide, &lowest);
            let cells = self.star.nodes().flat_map(|node| self.geography.places().map(move |place| (node, place)));
            let values = cells.map(|(node, place)| counts.value(node, place));
            let ranges = outputs.entry(seen).or_insert_with(|| values.clone().map(|value| (value, value)).collect());
            for (range, value) in ranges.iter_mut().zip(values) {
                *range = (range.0.min(value), range.1.max(value));
            }
        }
        let root = Node::ALL;
        let (mut pinned, mut narrow) = (0, 0);
        for (seen, ranges) in &outputs {
            // Outputs that hide the whole are given by larger tables as well, which are not tried.
            if seen.get(root.place()).copied().flatten().is_none() {
                continue;
            }
            for (_, (low, high)) in seen.iter().zip(ranges).filter(|(seen, _)| seen.is_none()) {
                pinned += usize::from(low == high);
                narrow += usize::from(*low < TINY.lowest && high - low < TINY.lowest - 1);
            }
        }
        (tried, pinned, narrow)
    }
}

fn units_alone(units: u32) -> World {
    let ranks: Vec<u32> = (0..units).collect();
    World { geography: flat(&ranks), star: Star::new("all"), leaves: vec![Node::ALL] }
}

fn units_by_two(units: u32) -> World {
    let mut star = Star::new("all");
    let leaves = star.split(Node::ALL, &["yes", "no"]).expect("a tree");
    World { star, leaves, ..units_alone(units) }
}

/// Two provinces of three communes each.
fn two_levels() -> World {
    let listed =
        |code: String, within: Option<&str>, rank| Listed { code, within: within.map(ToOwned::to_owned), rank };
    let mut units = vec![listed("VN".to_owned(), None, 0)];
    for province in ["a", "b"] {
        units.push(listed(province.to_owned(), Some("VN"), 1));
        units.extend((0..3).map(|number| listed(format!("{province}{number}"), Some(province), number)));
    }
    World { geography: Geography::new(units).expect("a tree"), ..units_alone(0) }
}

/// Every table of up to so many persons.
fn one_column(most: u32, units: usize) -> impl Iterator<Item = Vec<Vec<u32>>> {
    (0..=most)
        .flat_map(move |persons| spreads(persons, units))
        .map(|values| values.into_iter().map(|value| vec![value]).collect())
}

/// Every table of up to so many persons of two kinds.
fn two_columns(most: u32, units: usize) -> impl Iterator<Item = Vec<Vec<u32>>> {
    let tables = (0..=most).flat_map(move |persons| spreads(persons, 2 * units));
    tables.map(|values| values.chunks(2).map(<[u32]>::to_vec).collect())
}

#[test]
fn no_hidden_number_of_400_000_small_tables_is_pinned() {
    let mut tried = 0;
    let mut attack = |world: &World, tables: &mut dyn Iterator<Item = Vec<Vec<u32>>>| {
        let (tables, pinned, narrow) = world.attack(by_the_method, tables);
        assert_eq!((pinned, narrow), (0, 0), "{} units", world.geography.size());
        tried += tables;
    };
    for (units, most) in [(3, 40), (4, 30), (5, 22), (6, 18)] {
        attack(&units_alone(units), &mut one_column(most, usize::try_from(units).expect("few")));
    }
    for (units, most) in [(3, 17), (4, 12)] {
        attack(&units_by_two(units), &mut two_columns(most, usize::try_from(units).expect("few")));
    }
    attack(&two_levels(), &mut one_column(16, 6));
    assert!(tried >= 400_000, "{tried} tables");
}

/// Wrong, and the usual choice: the smallest is hidden first.
fn smallest_first(table: Table<'_>) -> Shown {
    let units = table.geography.places().map(|place| Listed {
        code: table.geography.code(place).to_owned(),
        within: table.geography.within(place).map(|above| table.geography.code(above).to_owned()),
        rank: table.counts.value(Node::ALL, place),
    });
    let ordered = Geography::new(units.collect()).expect("the same units");
    protect(Table { geography: &ordered, ..table }, &TINY)
}

/// Wrong: two units may hide each other, and whoever works in one is forgotten.
fn in_pairs(table: Table<'_>) -> Shown {
    protect(table, &Thresholds { lowest: 3, above: 3, left_without_largest: 0, hidden_units: 2 })
}

#[test]
fn the_attack_pins_numbers_where_the_smallest_is_hidden_first() {
    let (_, pinned, _) = units_alone(4).attack(smallest_first, one_column(20, 4));
    assert!(pinned > 0);
}

#[test]
fn the_attack_pins_numbers_where_pairs_are_hidden() {
    let (_, pinned, _) = units_alone(4).attack(in_pairs, one_column(20, 4));
    assert!(pinned > 0);
}
