//! Every unit's place on the map of one day, worked out once: figures of the country place ten thousand units again and
//! again.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use super::catalogue::{AdminUnit, AdminUnits};
use super::maps::{NotTold, Placed, Shares};

/// Maps that are kept.
const MOST_KEPT: usize = 8;

/// A unit by its place among [`AdminUnits::all`]: what lies in another stands behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitNo(u32);

/// As [`Placed`], by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacedNo {
    /// In this unit.
    At(UnitNo),
    /// In these, by shares in thousandths.
    Split(Vec<(UnitNo, i64)>),
    /// Somewhere below this unit.
    Above {
        /// The unit.
        unit: UnitNo,
        /// Why not lower.
        why: NotTold,
    },
}

/// The places of all units on the map of a day.
#[derive(Debug, PartialEq, Eq)]
pub struct Ground {
    day: NaiveDate,
    shares: Shares,
    parents: Vec<Option<UnitNo>>,
    moved: Vec<bool>,
    placed: Vec<Option<PlacedNo>>,
}

impl AdminUnits {
    /// The number of a unit.
    pub fn number(&self, code: &str) -> Option<UnitNo> {
        self.position(code).and_then(|position| u32::try_from(position).ok()).map(UnitNo)
    }

    /// The unit of a number.
    pub fn numbered(&self, number: UnitNo) -> Option<&AdminUnit> {
        self.all().get(place(number))
    }

    /// Works out where every unit lies on the map of `day`.
    pub fn ground(&self, day: NaiveDate, shares: &Shares) -> Ground {
        let parent = |unit: &AdminUnit| self.parent_on(&unit.code, day).and_then(|parent| self.number(&parent.code));
        let placed = |unit: &AdminUnit| match self.place(unit, day, shares) {
            Placed::At(at) => self.number(&at.code).map(PlacedNo::At),
            Placed::Above { unit, why } => self.number(&unit.code).map(|unit| PlacedNo::Above { unit, why }),
            Placed::Split(parts) => {
                let part = |(unit, share): (&AdminUnit, i64)| Some((self.number(&unit.code)?, share));
                parts.into_iter().map(part).collect::<Option<Vec<_>>>().map(PlacedNo::Split)
            }
        };
        Ground {
            day,
            shares: shares.clone(),
            parents: self.all().iter().map(parent).collect(),
            moved: self.all().iter().map(|unit| self.past.has_moved(&unit.code)).collect(),
            placed: self.all().iter().map(placed).collect(),
        }
    }
}

fn place(number: UnitNo) -> usize {
    usize::try_from(number.0).unwrap_or(usize::MAX)
}

impl Ground {
    /// The unit in which this one lies; before its first day its first one, after its last day its last.
    pub fn parent(&self, unit: UnitNo) -> Option<UnitNo> {
        self.parents.get(place(unit)).copied().flatten()
    }

    /// Whether a unit lay in another one at some other time.
    pub fn has_moved(&self, unit: UnitNo) -> bool {
        self.moved.get(place(unit)).copied().unwrap_or_default()
    }

    /// Where facts of a unit lie.
    pub fn placed(&self, unit: UnitNo) -> Option<&PlacedNo> {
        self.placed.get(place(unit)).and_then(Option::as_ref)
    }
}

/// Maps that were asked for lately.
#[derive(Debug, Default)]
pub struct Grounds(Mutex<Vec<Arc<Ground>>>);

impl Grounds {
    /// The map of a day with these shares.
    pub fn of(&self, units: &AdminUnits, day: NaiveDate, shares: &Shares) -> Arc<Ground> {
        let is_it = |ground: &Arc<Ground>| ground.day == day && ground.shares == *shares;
        if let Some(found) = self.kept().iter().find(|ground| is_it(ground)) {
            return found.clone();
        }
        let made = Arc::new(units.ground(day, shares));
        let mut kept = self.kept();
        kept.insert(0, made.clone());
        kept.truncate(MOST_KEPT);
        made
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Ground>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_lies_where_it_is_placed_one_by_one_and_behind_what_it_lies_in() {
        let units = AdminUnits::shipped().expect("the list");
        let mut shares = Shares::default();
        let split = units.all().iter().find(|unit| units.successors(&unit.code).len() == 2).expect("a split commune");
        for step in units.successors(&split.code) {
            shares.declare(&split.code, &step.successor, 500);
        }
        let grounds = Grounds::default();
        for day in ["2021-12-31", "2024-06-30", "2025-06-30", "2025-07-01", "2026-06-30"] {
            let day = day.parse().expect("a day");
            let ground = grounds.of(&units, day, &shares);
            for unit in units.all() {
                let number = units.number(&unit.code).expect("a number");
                let code = |number: UnitNo| units.numbered(number).expect("a unit").code.clone();
                let parent = ground.parent(number);
                assert_eq!(parent.map(code), units.parent_on(&unit.code, day).map(|parent| parent.code.clone()));
                assert!(parent.is_none_or(|parent| parent < number), "{}", unit.code);
                match (ground.placed(number).expect("a place"), units.placed_on(&unit.code, day, &shares)) {
                    (PlacedNo::At(at), Some(Placed::At(one))) => assert_eq!(code(*at), one.code),
                    (PlacedNo::Above { unit, why }, Some(Placed::Above { unit: one, why: reason })) => {
                        assert_eq!((code(*unit), *why), (one.code.clone(), reason));
                    }
                    (PlacedNo::Split(parts), Some(Placed::Split(ones))) => {
                        let parts: Vec<_> = parts.iter().map(|(part, share)| (code(*part), *share)).collect();
                        let ones: Vec<_> = ones.into_iter().map(|(one, share)| (one.code.clone(), share)).collect();
                        assert_eq!(parts, ones);
                    }
                    other => panic!("{}: {other:?}", unit.code),
                }
            }
            assert!(Arc::ptr_eq(&ground, &grounds.of(&units, day, &shares)));
            assert!(!Arc::ptr_eq(&ground, &grounds.of(&units, day, &Shares::default())));
        }
    }
}
