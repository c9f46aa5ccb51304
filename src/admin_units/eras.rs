//! Which units lay in which, for every time between two changes of the map.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::OnceLock;

use chrono::NaiveDate;

use super::catalogue::{AdminUnit, AdminUnits, Level};
use super::names::Past;

/// Positions of the units of a level within a unit (by its position), in the order of their codes.
type Within = HashMap<(usize, Level), Vec<usize>>;

/// The times between two changes of the map. What lay in what is worked out when
/// somebody first asks of a time: most are never asked of.
pub(super) struct Eras {
    starts: Vec<NaiveDate>,
    within: Vec<OnceLock<Within>>,
}

impl fmt::Debug for Eras {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Eras").field("starts", &self.starts).finish_non_exhaustive()
    }
}

impl Eras {
    pub(super) fn of(units: &[AdminUnit], past: &Past) -> Self {
        let begun = units.iter().filter_map(|unit| unit.valid_from);
        let gone = units.iter().filter_map(|unit| unit.valid_to?.succ_opt());
        let starts: BTreeSet<NaiveDate> = begun.chain(gone).chain(past.moves()).chain([NaiveDate::MIN]).collect();
        let within = starts.iter().map(|_| OnceLock::new()).collect();
        Self { starts: starts.into_iter().collect(), within }
    }

    fn at(&self, units: &AdminUnits, day: NaiveDate) -> Option<&Within> {
        let era = self.starts.partition_point(|start| *start <= day).checked_sub(1)?;
        Some(self.within.get(era)?.get_or_init(|| within_on(units, day)))
    }
}

fn within_on(units: &AdminUnits, day: NaiveDate) -> Within {
    let mut there: Vec<&AdminUnit> = units.all().iter().filter(|unit| unit.is_valid_on(day)).collect();
    there.sort_unstable_by(|a, b| a.code.cmp(&b.code));
    let mut within = Within::new();
    for unit in there {
        let Some(position) = units.position(&unit.code) else { continue };
        for at in units.lineage(unit, day) {
            if let Some(above) = units.position(&at.code) {
                within.entry((above, unit.level)).or_default().push(position);
            }
        }
    }
    within
}

impl AdminUnits {
    /// The units of a level that exist on this day and lie in `within` by the parents of that day (a unit lies
    /// in itself), ordered by code. None within a unit that is not there on that day.
    pub fn units_on(&self, level: Level, within: &str, day: NaiveDate) -> Vec<&AdminUnit> {
        self.positions_on(level, within, day).iter().filter_map(|position| self.all().get(*position)).collect()
    }

    /// How many units of a level exist on this day and lie in `within`: what a share of all is reckoned from.
    pub fn count_on(&self, level: Level, within: &str, day: NaiveDate) -> usize {
        self.positions_on(level, within, day).len()
    }

    fn positions_on(&self, level: Level, within: &str, day: NaiveDate) -> &[usize] {
        let of_unit = |position| self.eras.at(self, day).and_then(|era| era.get(&(position, level)));
        self.position(within).and_then(of_unit).map_or(&[], Vec::as_slice)
    }
}
