//! Exact ranges, by linear programming over the numbers that hang together.

use std::collections::{BTreeMap, BTreeSet};

use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};

use super::{Quantity, Range, Relation, Row, System};

/// The system contradicts itself, or its solver gave up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the equations could not be solved: {0}")]
pub struct Unsolved(String);

impl System {
    /// Those of these hidden numbers whose exact range is narrower than a width, with that range.
    ///
    /// A solution found for one number says of every other one that it can have the value it has there; so most numbers
    /// need no search of their own.
    ///
    /// # Errors
    /// [`Unsolved`]: then nothing may be published.
    pub fn narrower_than(
        &self,
        width: f64,
        numbers: impl IntoIterator<Item = Quantity>,
    ) -> Result<Vec<(Quantity, Range)>, Unsolved> {
        let asked: BTreeSet<Quantity> = numbers.into_iter().filter(|number| self.shown(*number).is_none()).collect();
        let mut narrow = Vec::new();
        for block in self.blocks() {
            let mut seen = Seen::new(&block);
            for number in block.numbers.iter().filter(|number| asked.contains(number)) {
                if seen.width(*number) >= width - TOLERANCE {
                    continue;
                }
                let low = block.search(OptimizationDirection::Minimize, *number, &mut seen)?;
                if seen.width(*number) >= width - TOLERANCE {
                    continue;
                }
                let high = block.search(OptimizationDirection::Maximize, *number, &mut seen)?;
                if high - low < width - TOLERANCE {
                    narrow.push((*number, Range { low, high }));
                }
            }
        }
        narrow.sort_by_key(|(number, _)| *number);
        Ok(narrow)
    }

    /// Hidden numbers that rows tie to each other, with those rows. A number that no row names can be anything.
    fn blocks(&self) -> Vec<Block<'_>> {
        let mut groups = Groups((0..self.known.len()).collect());
        for row in &self.rows {
            for pair in row.terms.windows(2) {
                if let [(Quantity(left), _), (Quantity(right), _)] = pair {
                    groups.join(*left, *right);
                }
            }
        }
        let mut blocks: BTreeMap<usize, Block<'_>> = BTreeMap::new();
        for row in &self.rows {
            let Some((Quantity(first), _)) = row.terms.first() else { continue };
            let block = blocks.entry(groups.leader(*first)).or_default();
            block.numbers.extend(row.terms.iter().map(|(quantity, _)| *quantity));
            block.rows.push(row);
        }
        blocks.into_values().collect()
    }
}

/// What the solver's answers may be off.
const TOLERANCE: f64 = 1e-6;

/// Numbers that hang together.
#[derive(Debug, Default)]
struct Block<'a> {
    numbers: BTreeSet<Quantity>,
    rows: Vec<&'a Row>,
}

/// The least and most that each number had in a solution.
struct Seen(BTreeMap<Quantity, Range>);

impl Seen {
    fn new(block: &Block<'_>) -> Self {
        Self(
            block
                .numbers
                .iter()
                .map(|number| (*number, Range { low: f64::INFINITY, high: f64::NEG_INFINITY }))
                .collect(),
        )
    }

    fn width(&self, number: Quantity) -> f64 {
        self.0.get(&number).map_or(f64::NEG_INFINITY, |range| range.width())
    }
}

impl Block<'_> {
    /// The least or the most that a number can be.
    fn search(&self, direction: OptimizationDirection, number: Quantity, seen: &mut Seen) -> Result<f64, Unsolved> {
        let unsolved = |error: microlp::Error| Unsolved(error.to_string());
        let mut problem = Problem::new(direction);
        let variables: BTreeMap<Quantity, Variable> = self
            .numbers
            .iter()
            .map(|own| (*own, problem.add_var(if *own == number { 1.0 } else { 0.0 }, (0.0, f64::INFINITY))))
            .collect();
        for row in &self.rows {
            let terms: Vec<(Variable, f64)> = row
                .terms
                .iter()
                .filter_map(|(quantity, factor)| variables.get(quantity).map(|variable| (*variable, *factor)))
                .collect();
            let operator = match row.relation {
                Relation::Equal => ComparisonOp::Eq,
                Relation::AtLeast => ComparisonOp::Ge,
            };
            problem.add_constraint(&terms, operator, row.than);
        }
        let solution = match problem.solve() {
            Err(microlp::Error::Unbounded) => return Ok(f64::INFINITY),
            other => other.map_err(unsolved)?.into_solution().map_err(|_| Unsolved("stopped early".to_owned()))?,
        };
        for (own, variable) in &variables {
            let value = solution.var_value(*variable);
            if let Some(range) = seen.0.get_mut(own) {
                *range = Range { low: range.low.min(value), high: range.high.max(value) };
            }
        }
        Ok(solution.objective())
    }
}

/// Which numbers hang together: each points to another of its group, or to itself.
struct Groups(Vec<usize>);

impl Groups {
    fn leader(&mut self, mut number: usize) -> usize {
        while let Some(next) = self.0.get(number).copied().filter(|next| *next != number) {
            let beyond = self.0.get(next).copied().unwrap_or(next);
            if let Some(own) = self.0.get_mut(number) {
                *own = beyond;
            }
            number = beyond;
        }
        number
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.leader(left), self.leader(right));
        if let Some(own) = self.0.get_mut(left.max(right)) {
            *own = left.min(right);
        }
    }
}
