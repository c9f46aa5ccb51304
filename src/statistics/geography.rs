//! Where persons are counted: units within units, from the country down, at one time.

use std::collections::BTreeMap;
use std::ops::Range;

/// A unit's number within a geography: those of a level follow each other, and so do the parts of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(usize);

impl Place {
    /// The unit that holds all others.
    pub const ROOT: Self = Self(0);

    /// Its number in lists by place.
    pub(super) fn number(self) -> usize {
        self.0
    }
}

/// A unit as it comes from the list of units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Code, unique.
    pub code: String,
    /// Code of the unit it lies in; none for the root alone.
    pub within: Option<String>,
    /// Place in an order fixed from public data such as population, never from the counts: the lowest is hidden first. An
    /// order that follows the counts would betray them.
    pub rank: u32,
}

/// What is no geography.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoGeography {
    /// None or several units lie in no other.
    #[error("{0} units lie in no other; one must")]
    Roots(usize),
    /// Units lie in none that is listed, or in each other, or are listed twice.
    #[error("{0} units hang on none that is listed, or are listed twice")]
    Loose(usize),
}

/// Units within units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Geography {
    units: Vec<Unit>,
    levels: Vec<Range<usize>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Unit {
    code: String,
    within: Option<Place>,
    parts: Range<usize>,
    rank: u32,
}

impl Geography {
    /// The units of a list, whatever its order. Those that the programme does not reach must be left out: a zero that
    /// everybody knows hides nobody.
    ///
    /// # Errors
    /// [`NoGeography`] when they are no tree.
    pub fn new(listed: Vec<Listed>) -> Result<Self, NoGeography> {
        let many = listed.len();
        let mut within: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
        let mut roots = Vec::new();
        for unit in listed {
            match &unit.within {
                Some(above) => within.entry(above.clone()).or_default().push(unit),
                None => roots.push(unit),
            }
        }
        if roots.len() != 1 {
            return Err(NoGeography::Roots(roots.len()));
        }
        let (mut units, mut levels) = (Vec::with_capacity(many), Vec::new());
        let mut level: Vec<(Option<Place>, Listed)> = roots.into_iter().map(|root| (None, root)).collect();
        while !level.is_empty() {
            let (from, behind) = (units.len(), units.len() + level.len());
            let mut next: Vec<(Option<Place>, Listed)> = Vec::new();
            for (above, unit) in level {
                let mut parts = within.remove(&unit.code).unwrap_or_default();
                parts.sort_by(|left, right| left.code.cmp(&right.code));
                let first = behind + next.len();
                let own = Place(units.len());
                units.push(Unit { within: above, parts: first..first + parts.len(), rank: unit.rank, code: unit.code });
                next.extend(parts.into_iter().map(|part| (Some(own), part)));
            }
            levels.push(from..behind);
            level = next;
        }
        let codes: std::collections::BTreeSet<&str> = units.iter().map(|unit| unit.code.as_str()).collect();
        match many - codes.len() {
            0 => Ok(Self { units, levels }),
            loose => Err(NoGeography::Loose(loose)),
        }
    }

    /// How many units it has.
    pub fn size(&self) -> usize {
        self.units.len()
    }

    /// Every unit, the root first, level by level.
    pub fn places(&self) -> impl DoubleEndedIterator<Item = Place> + Clone + use<> {
        (0..self.units.len()).map(Place)
    }

    /// The units of each level, the root's first.
    pub fn levels(&self) -> impl Iterator<Item = impl Iterator<Item = Place> + use<>> {
        self.levels.iter().map(|level| level.clone().map(Place))
    }

    fn unit(&self, place: Place) -> Option<&Unit> {
        self.units.get(place.0)
    }

    /// Code of a unit.
    pub fn code(&self, place: Place) -> &str {
        self.unit(place).map_or("", |unit| unit.code.as_str())
    }

    /// Place of a code.
    pub fn find(&self, code: &str) -> Option<Place> {
        self.units.iter().position(|unit| unit.code == code).map(Place)
    }

    /// The unit in which one lies.
    pub fn within(&self, place: Place) -> Option<Place> {
        self.unit(place).and_then(|unit| unit.within)
    }

    /// Numbers of the units that lie in one.
    pub(super) fn part_numbers(&self, place: Place) -> Range<usize> {
        self.unit(place).map_or(0..0, |unit| unit.parts.clone())
    }

    /// The units that lie in one, by their codes.
    pub fn parts(&self, place: Place) -> impl ExactSizeIterator<Item = Place> + Clone + use<> {
        self.part_numbers(place).map(Place)
    }

    /// Whether nothing lies in a unit.
    pub fn is_lowest(&self, place: Place) -> bool {
        self.part_numbers(place).is_empty()
    }

    /// Place of a unit in the public order.
    pub fn rank(&self, place: Place) -> u32 {
        self.unit(place).map_or(0, |unit| unit.rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(units: &[(&str, Option<&str>)]) -> Vec<Listed> {
        let unit = |(code, within): &(&str, Option<&str>)| Listed {
            code: (*code).to_owned(),
            within: within.map(ToOwned::to_owned),
            rank: 0,
        };
        units.iter().map(unit).collect()
    }

    #[test]
    fn units_stand_level_by_level_whatever_their_order_in_the_list() {
        let all = [
            ("b2", Some("b")),
            ("a", Some("VN")),
            ("VN", None),
            ("b1", Some("b")),
            ("b", Some("VN")),
            ("a1", Some("a")),
        ];
        let geography = Geography::new(listed(&all)).expect("a tree");
        let codes: Vec<&str> = geography.places().map(|place| geography.code(place)).collect();
        assert_eq!(codes, ["VN", "a", "b", "a1", "b1", "b2"]);
        let b = geography.find("b").expect("a unit");
        assert_eq!(geography.parts(b).map(|part| geography.code(part)).collect::<Vec<_>>(), ["b1", "b2"]);
        assert!(!geography.is_lowest(b) && geography.parts(b).all(|part| geography.is_lowest(part)));
        assert_eq!(geography.levels().map(Iterator::count).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn what_is_no_tree_is_refused() {
        let of = |units: &[(&str, Option<&str>)]| Geography::new(listed(units)).err();
        assert_eq!(of(&[]), Some(NoGeography::Roots(0)));
        assert_eq!(of(&[("a", None), ("b", None)]), Some(NoGeography::Roots(2)));
        assert_eq!(of(&[("a", None), ("b", Some("c"))]), Some(NoGeography::Loose(1)));
        assert_eq!(of(&[("a", None), ("b", Some("c")), ("c", Some("b"))]), Some(NoGeography::Loose(2)));
        assert_eq!(of(&[("a", None), ("b", Some("a")), ("b", Some("a"))]), Some(NoGeography::Loose(1)));
    }
}
