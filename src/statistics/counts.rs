//! How many distinct persons there are in each unit, of each attribute.

use super::geography::{Geography, Place};
use super::star::{Node, Star};

/// True counts: of every node of a star in every unit of a geography. They never leave statistics unprotected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// By node, then by unit.
    rows: Vec<Vec<u32>>,
}

impl Counts {
    /// Nobody anywhere.
    pub fn new(geography: &Geography, star: &Star) -> Self {
        Self { rows: vec![vec![0; geography.size()]; star.size()] }
    }

    /// Counts persons of a unit of the lowest level, who have these leaves of the trees.
    pub fn add(&mut self, star: &Star, place: Place, leaves: &[Node], many: u32) {
        let below_all = leaves.iter().flat_map(|leaf| star.upwards(*leaf).filter(|node| *node != Node::ALL));
        for node in below_all.chain([Node::ALL]) {
            if let Some(cell) = self.rows.get_mut(node.place()).and_then(|row| row.get_mut(place.number())) {
                *cell = cell.saturating_add(many);
            }
        }
    }

    /// Lets every unit hold what its parts hold. To be called once, when all were counted.
    pub fn sum_up(&mut self, geography: &Geography) {
        for place in geography.places().rev() {
            for row in &mut self.rows {
                let parts: u32 = row.get(geography.part_numbers(place)).unwrap_or_default().iter().sum();
                if let Some(cell) = row.get_mut(place.number()) {
                    *cell = cell.saturating_add(parts);
                }
            }
        }
    }

    /// How many persons of a node a unit has.
    pub fn value(&self, node: Node, place: Place) -> u32 {
        self.rows.get(node.place()).and_then(|row| row.get(place.number())).copied().unwrap_or_default()
    }
}
