//! Where an officer of an administrative unit is at work: the places a [`Scope`] reaches on the map of today.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::Scope;
use crate::admin_units::{AdminUnit, AdminUnits, Level};

/// Places whose records are reached. A province reaches all that is recorded in what it was made of; a smaller unit
/// what lies in it, and what was recorded in units that went into it whole. What was split belongs to nobody below
/// the province.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    pub(super) everywhere: bool,
    /// Provinces on the map of today.
    pub(super) provinces: BTreeSet<String>,
    /// Units by themselves, none of them in one of the provinces.
    pub(super) units: BTreeSet<String>,
}

impl Places {
    /// What a scope reaches.
    pub fn of(scope: &Scope, units: &AdminUnits, today: NaiveDate) -> Self {
        let mut places = Self { everywhere: scope.everywhere, ..Self::default() };
        for code in &scope.admin_units {
            places.add(units, code, today);
        }
        places.plain(units, today)
    }

    /// The places that one unit stands for.
    pub fn of_unit(code: &str, units: &AdminUnits, today: NaiveDate) -> Self {
        let mut places = Self::default();
        places.add(units, code, today);
        places.plain(units, today)
    }

    fn add(&mut self, units: &AdminUnits, code: &str, today: NaiveDate) {
        let Some(unit) = units.get(code) else { return };
        match unit.level {
            Level::Country => self.everywhere = true,
            Level::Province => {
                self.provinces.insert(province_of(units, code, today));
            }
            Level::District | Level::Commune => self.take(units, unit),
        }
    }

    fn take(&mut self, units: &AdminUnits, unit: &AdminUnit) {
        if !self.units.insert(unit.code.clone()) {
            return;
        }
        let went_in_whole = |before: &&AdminUnit| {
            let steps = units.successors(&before.code);
            steps.iter().all(|step| step.successor == unit.code && step.is_whole)
        };
        let before = units.predecessors(&unit.code).filter(went_in_whole);
        for other in units.children(&unit.code).chain(before) {
            self.take(units, other);
        }
    }

    /// Names nothing twice.
    fn plain(mut self, units: &AdminUnits, today: NaiveDate) -> Self {
        if self.everywhere {
            self.provinces.clear();
            self.units.clear();
        }
        let provinces = &self.provinces;
        self.units.retain(|unit| !provinces.contains(&province_of(units, unit, today)));
        self
    }

    /// What is in both.
    #[must_use]
    pub fn within(&self, other: &Self, units: &AdminUnits, today: NaiveDate) -> Self {
        if self.everywhere {
            return other.clone();
        }
        if other.everywhere {
            return self.clone();
        }
        let held_by = |places: &Self, unit: &str| places.holds(unit, &province_of(units, unit, today));
        let own = self.units.iter().filter(|unit| held_by(other, unit));
        let others = other.units.iter().filter(|unit| held_by(self, unit));
        Self {
            everywhere: false,
            provinces: self.provinces.intersection(&other.provinces).cloned().collect(),
            units: own.chain(others).cloned().collect(),
        }
    }

    /// Whether a record of this unit, which lies in this province of today, is reached: what the predicates of
    /// places say of a row, for one that is not stored yet.
    pub fn holds(&self, unit: &str, province: &str) -> bool {
        self.everywhere || self.provinces.contains(province) || self.units.contains(unit)
    }

    /// Each place by itself, so that each is read from its own index; no record is in two of them.
    pub fn each(&self) -> Vec<Self> {
        if self.everywhere {
            return vec![self.clone()];
        }
        let one = |code: &String| BTreeSet::from([code.clone()]);
        let provinces = self.provinces.iter().map(|code| Self { provinces: one(code), ..Self::default() });
        let units = self.units.iter().map(|code| Self { units: one(code), ..Self::default() });
        provinces.chain(units).collect()
    }
}

/// The province on the map of today that reaches a unit's records; the country itself for its own.
pub fn province_of(units: &AdminUnits, unit: &str, today: NaiveDate) -> String {
    units.province_on(unit, today).map_or_else(|| unit.to_owned(), |province| province.code.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units() -> AdminUnits {
        AdminUnits::shipped().expect("the list")
    }

    fn today() -> NaiveDate {
        "2025-10-15".parse().expect("a day")
    }

    fn of(code: &str) -> Places {
        Places::of_unit(code, &units(), today())
    }

    #[test]
    fn an_old_province_stands_for_the_one_it_became() {
        assert_eq!(of("G63-P44"), of("G34-P44"));
        assert_eq!(of("G34-P44").provinces, BTreeSet::from(["G34-P44".to_owned()]));
        assert!(of("VN").everywhere);
    }

    #[test]
    fn a_commune_reaches_what_went_into_it_whole_and_no_split_unit() {
        let units = units();
        let communes = units.units_on(Level::Commune, "VN", today());
        let (mut whole, mut split) = (0, 0);
        for commune in communes {
            let places = of_known(&units, &commune.code);
            assert!(places.units.contains(&commune.code));
            for before in units.predecessors(&commune.code) {
                let is_whole = units.successors(&before.code).len() == 1;
                assert_eq!(places.units.contains(&before.code), is_whole, "{}", before.code);
                if is_whole { whole += 1 } else { split += 1 }
            }
        }
        assert!(whole > 5_000 && split > 400, "{whole} {split}");
    }

    fn of_known(units: &AdminUnits, code: &str) -> Places {
        Places::of_unit(code, units, today())
    }

    #[test]
    fn what_is_in_both_is_named_once_and_each_place_stands_by_itself() {
        let units = units();
        let commune = units.units_on(Level::Commune, "G34-P01", today()).first().expect("a commune").code.clone();
        let province = of_known(&units, "G34-P01");
        let own = of_known(&units, &commune);
        assert_eq!(province.within(&own, &units, today()), own);
        assert_eq!(own.within(&Places::of_unit("VN", &units, today()), &units, today()), own);
        let other = of_known(&units, "G34-P44");
        assert_eq!(own.within(&other, &units, today()), Places::default());
        assert_eq!(own.each().len(), own.units.len());
    }
}
