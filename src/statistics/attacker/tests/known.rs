//! Known answers of other programs' tests.

use super::*;

fn ranges_of(system: &System, numbers: &[Quantity]) -> Vec<(f64, f64)> {
    let ranges = system.narrower_than(f64::INFINITY, numbers.iter().copied()).expect("solved");
    ranges.into_iter().map(|(_, range)| (range.low.round(), range.high.round())).collect()
}

/// sdcTable, `test-simpleheuristic.R`: no line has a single hidden cell, and yet w|b is 47.
#[test]
fn a_cell_is_solved_though_no_line_hides_it_alone() {
    let values = [[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]];
    let of = |hidden: &[(usize, usize)]| {
        let mut system = System::default();
        let cells: Vec<Vec<Quantity>> = (0..4)
            .map(|row| {
                let cell = |column: usize| (!hidden.contains(&(row, column))).then_some(values[row][column]);
                (0..4).map(|column| system.add(cell(column))).collect()
            })
            .collect();
        for row in 0..4 {
            let sum = system.add(Some(values[row].iter().sum()));
            system.whole_is_sum(sum, cells[row].iter().copied());
        }
        for column in 0..4 {
            let sum = system.add(Some(values.iter().map(|row| row[column]).sum()));
            system.whole_is_sum(sum, cells.iter().map(|row| row[column]));
        }
        ranges_of(&system, &[cells[0][1]])
    };
    let mut hidden = vec![(0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 1), (2, 3), (3, 1), (3, 3)];
    assert_eq!(of(&hidden), [(47.0, 47.0)]);
    hidden.push((1, 1));
    assert_eq!(of(&hidden), [(0.0, 141.0)]);
}

/// sdcTable, issue 136: two tables share cells, each safe alone.
#[test]
fn linked_tables_narrow_each_other() {
    let values = [("A", 2), ("B", 2), ("I", 8), ("J", 8), ("K", 3), ("L", 3), ("M", 3), ("N", 7)];
    let groups = ["ABIJ", "KLMN", "LM", "ABIJKN"];
    let of = |shown: &str, asked: &str| {
        let mut system = System::default();
        let cells: Vec<(char, Quantity)> = values
            .iter()
            .map(|(name, value)| {
                let name = name.chars().next().expect("a letter");
                (name, system.add(shown.contains(name).then_some(*value)))
            })
            .collect();
        let named = |names: &str| -> Vec<Quantity> {
            let within = cells.iter().filter(|(name, _)| names.contains(*name));
            within.map(|(_, quantity)| *quantity).collect()
        };
        for group in groups {
            let sum = values.iter().filter(|(name, _)| group.contains(name)).map(|(_, value)| value).sum();
            let whole = system.add(Some(sum));
            system.whole_is_sum(whole, named(group));
        }
        ranges_of(&system, &named(asked))
    };
    assert_eq!(of("IJN", "K"), [(3.0, 3.0)]);
    assert_eq!(of("IJ", "ABKLM"), [(0.0, 4.0), (0.0, 4.0), (0.0, 10.0), (0.0, 6.0), (0.0, 6.0)]);
}

#[test]
fn narrowing_finds_what_lines_tell_and_is_never_narrower_than_the_truth() {
    let mut system = System::default();
    let [one, two, three] = [(); 3].map(|()| system.add(None));
    let whole = system.add(Some(10));
    system.whole_is_sum(whole, [one, two, three]);
    system.at_least([(one, 1.0)], 6.0);
    let ranges = system.propagated();
    let range = |quantity: Quantity| (ranges[quantity.0].low, ranges[quantity.0].high);
    assert_eq!([range(one), range(two)], [(6.0, 10.0), (0.0, 4.0)]);
    assert_eq!(ranges_of(&system, &[one, two, three]), [(6.0, 10.0), (0.0, 4.0), (0.0, 4.0)]);
    system.tell(two, 4);
    assert_eq!(ranges_of(&system, &[one, three]), [(6.0, 6.0), (0.0, 0.0)]);
}
