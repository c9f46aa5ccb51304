//! Narrowing each row's numbers with the others until nothing changes.

use super::{Quantity, Range, Relation, Row, System};

/// Rounds after which narrowing is given up; what was found until then is true, but perhaps too wide.
const MOST_ROUNDS: usize = 200;

impl System {
    /// What each number can be, by narrowing row after row. A true range is never wider than this.
    pub fn propagated(&self) -> Vec<Range> {
        let known = |known: &Option<f64>| match known {
            Some(value) => Range { low: *value, high: *value },
            None => Range { low: 0.0, high: f64::INFINITY },
        };
        let mut ranges: Vec<Range> = self.known.iter().map(known).collect();
        for _ in 0..MOST_ROUNDS {
            let mut changed = false;
            for row in &self.rows {
                changed |= narrow(row, &mut ranges);
            }
            if !changed {
                break;
            }
        }
        ranges
    }
}

/// The ends of a sum: how many of its terms have none, and the sum of the others.
#[derive(Debug, Clone, Copy, Default)]
struct End {
    endless: usize,
    sum: f64,
}

impl End {
    fn add(&mut self, value: f64) {
        if value.is_finite() { self.sum += value } else { self.endless += 1 }
    }

    /// That of all terms but this one.
    fn without(self, value: f64) -> Option<f64> {
        match (self.endless, value.is_finite()) {
            (0, _) => Some(self.sum - value),
            (1, false) => Some(self.sum),
            _ => None,
        }
    }
}

fn of_term(range: Range, factor: f64) -> (f64, f64) {
    let (one, other) = (range.low * factor, range.high * factor);
    if factor < 0.0 { (other, one) } else { (one, other) }
}

/// Narrows the numbers of a row; whether anything changed. Numbers of persons are whole.
fn narrow(row: &Row, ranges: &mut [Range]) -> bool {
    let (mut least, mut most) = (End::default(), End::default());
    let range_of = |ranges: &[Range], Quantity(number): Quantity| ranges.get(number).copied();
    for (quantity, factor) in &row.terms {
        let Some(range) = range_of(ranges, *quantity) else { continue };
        let (low, high) = of_term(range, *factor);
        least.add(low);
        most.add(high);
    }
    let mut changed = false;
    for (quantity, factor) in &row.terms {
        let Some(range) = range_of(ranges, *quantity) else { continue };
        let (low, high) = of_term(range, *factor);
        // factor · x = than − others, or at least that.
        let at_least = most.without(high).map(|others| row.than - others);
        let at_most = least.without(low).map(|others| row.than - others).filter(|_| row.relation == Relation::Equal);
        let (floor, ceiling) = if *factor < 0.0 { (at_most, at_least) } else { (at_least, at_most) };
        let floor = floor.map_or(range.low, |floor| range.low.max((floor / factor - 1e-9).ceil()));
        let ceiling = ceiling.map_or(range.high, |ceiling| range.high.min((ceiling / factor + 1e-9).floor()));
        if floor > range.low || ceiling < range.high {
            changed = true;
            if let Some(range) = ranges.get_mut(quantity.0) {
                *range = Range { low: floor, high: ceiling };
            }
            let (new_low, new_high) = of_term(Range { low: floor, high: ceiling }, *factor);
            least = replaced(least, low, new_low);
            most = replaced(most, high, new_high);
        }
    }
    changed
}

fn replaced(mut end: End, old: f64, new: f64) -> End {
    if old.is_finite() {
        end.sum -= old;
    } else {
        end.endless -= 1;
    }
    end.add(new);
    end
}
