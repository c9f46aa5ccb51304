//! Facts of one map on another: they stay at the unit where they happened, and are placed for reading only.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;

use super::catalogue::{AdminUnit, AdminUnits, Successor};
use crate::db::types::text_enum;

/// What all shares of a split unit add up to.
pub const WHOLE: i64 = 1000;

text_enum! {
    /// Why it cannot be told in which unit of a map a fact lies.
    NotTold {
        /// Its unit was split, and nobody declared which share lies where.
        Split = "split",
        /// Its unit ended, and no source says what became of it.
        NoSuccessor = "no_successor",
        /// Its unit began later, and no source says what was there before.
        NoPredecessor = "no_predecessor",
        /// Its unit was made of several.
        Merged = "merged",
        /// Units of its level exist no more.
        Abolished = "abolished",
    }
}

/// Where facts of a unit lie on the map of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed<'a> {
    /// In this unit: the same, or the one all of it went into or came out of.
    At(&'a AdminUnit),
    /// In these, by declared shares in thousandths that add up to [`WHOLE`]; ordered by code, none of them 0.
    Split(Vec<(&'a AdminUnit, i64)>),
    /// Somewhere below this unit, the lowest of which it can be told; never a guess.
    Above {
        /// The unit.
        unit: &'a AdminUnit,
        /// Why not lower.
        why: NotTold,
    },
}

impl<'a> Placed<'a> {
    /// The units named.
    fn units(&self) -> Vec<&'a AdminUnit> {
        match self {
            Self::At(unit) | Self::Above { unit, .. } => vec![unit],
            Self::Split(parts) => parts.iter().map(|(unit, _)| *unit).collect(),
        }
    }
}

/// Which share of a split unit lies in which new one, as somebody declared it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shares(HashMap<String, Vec<(String, i64)>>);

impl Shares {
    /// Declares one new unit's share of an old one, in thousandths. Shares of a unit count once they
    /// name each of its successors once and add up to [`WHOLE`].
    pub fn declare(&mut self, code: &str, successor: &str, thousandths: i64) {
        self.0.entry(code.to_owned()).or_default().push((successor.to_owned(), thousandths));
    }

    /// What was declared for this unit.
    pub fn of(&self, code: &str) -> &[(String, i64)] {
        self.0.get(code).map_or(&[], Vec::as_slice)
    }

    /// The share each of these steps has, if what was declared fits them.
    fn along<'s>(&self, code: &str, steps: &'s [Successor]) -> Option<Vec<(&'s str, i64)>> {
        let declared = self.of(code);
        let share = |step: &'s Successor| {
            let found = declared.iter().find(|(successor, _)| *successor == step.successor);
            found.map(|(_, thousandths)| (step.successor.as_str(), *thousandths))
        };
        let along: Vec<(&str, i64)> = steps.iter().map(share).collect::<Option<_>>()?;
        let fits = declared.len() == steps.len()
            && along.iter().all(|(_, share)| (0..=WHOLE).contains(share))
            && along.iter().map(|(_, share)| share).sum::<i64>() == WHOLE;
        fits.then_some(along)
    }
}

impl AdminUnits {
    /// Where facts of this unit lie on the map of `day`; none for a code that does not exist.
    /// A split unit's default successor is a guess and never an answer.
    pub fn placed_on<'a>(&'a self, code: &str, day: NaiveDate, shares: &Shares) -> Option<Placed<'a>> {
        self.get(code).map(|unit| self.place(unit, day, shares))
    }

    /// The units of the map of `day` that share in a unit which was split, or made of several.
    pub fn sharing<'a>(&'a self, code: &str, day: NaiveDate) -> impl Iterator<Item = &'a AdminUnit> {
        let news = self.successors(code).iter().filter_map(|step| self.get(&step.successor));
        news.chain(self.predecessors(code)).filter(move |unit| unit.is_valid_on(day))
    }

    // Ends, because a unit goes on in one that lasts longer (checked when the list is read).
    pub(super) fn place<'a>(&'a self, unit: &'a AdminUnit, day: NaiveDate, shares: &Shares) -> Placed<'a> {
        if unit.is_valid_on(day) {
            Placed::At(unit)
        } else if unit.valid_to.is_some_and(|last| last < day) {
            self.place_later(unit, day, shares)
        } else {
            self.place_earlier(unit, day)
        }
    }

    fn place_later<'a>(&'a self, unit: &'a AdminUnit, day: NaiveDate, shares: &Shares) -> Placed<'a> {
        let news = self.successors(&unit.code).iter().filter_map(|step| self.get(&step.successor));
        let pieces = news.map(|new| self.place(new, day, shares)).collect();
        match self.together(pieces, day, NotTold::Split) {
            Some(above @ Placed::Above { .. }) => self.by_shares(unit, day, shares).unwrap_or(above),
            Some(told) => told,
            None => {
                let why = if self.has_level_on(unit, day) { NotTold::NoSuccessor } else { NotTold::Abolished };
                Placed::Above { unit: self.province_or_country(unit, day), why }
            }
        }
    }

    fn place_earlier<'a>(&'a self, unit: &'a AdminUnit, day: NaiveDate) -> Placed<'a> {
        let olds = self.predecessors(&unit.code);
        let pieces = olds.map(|old| self.place(old, day, &Shares::default())).collect();
        let nothing_before =
            || Placed::Above { unit: self.province_or_country(unit, day), why: NotTold::NoPredecessor };
        self.together(pieces, day, NotTold::Merged).unwrap_or_else(nothing_before)
    }

    /// One answer out of those for the pieces of a unit.
    fn together<'a>(&'a self, pieces: Vec<Placed<'a>>, day: NaiveDate, why: NotTold) -> Option<Placed<'a>> {
        let (first, others) = pieces.split_first()?;
        if others.iter().all(|piece| piece == first) {
            return Some(first.clone());
        }
        let units: Vec<&AdminUnit> = pieces.iter().flat_map(Placed::units).collect();
        let unit = self.lowest_above(&units, day)?;
        Some(Placed::Above { unit, why })
    }

    fn by_shares<'a>(&'a self, unit: &AdminUnit, day: NaiveDate, shares: &Shares) -> Option<Placed<'a>> {
        let mut parts: BTreeMap<&str, (&AdminUnit, i64)> = BTreeMap::new();
        for (successor, share) in shares.along(&unit.code, self.successors(&unit.code))? {
            match self.place(self.get(successor)?, day, shares) {
                _ if share == 0 => {}
                Placed::At(new) => parts.entry(&new.code).or_insert((new, 0)).1 += share,
                Placed::Split(_) | Placed::Above { .. } => return None,
            }
        }
        Some(Placed::Split(parts.into_values().collect()))
    }

    /// The lowest unit on the map of `day` that all of these are or lie in.
    fn lowest_above<'a>(&'a self, units: &[&'a AdminUnit], day: NaiveDate) -> Option<&'a AdminUnit> {
        let (first, others) = units.split_first()?;
        let others: Vec<Vec<&AdminUnit>> = others.iter().map(|unit| self.lineage(unit, day)).collect();
        self.lineage(first, day).into_iter().find(|at| others.iter().all(|lineage| lineage.contains(at)))
    }

    /// The province of `day` in which all of the unit lies, else the country.
    fn province_or_country<'a>(&'a self, unit: &'a AdminUnit, day: NaiveDate) -> &'a AdminUnit {
        let province = unit.province.as_deref().filter(|province| *province != unit.code);
        match province.and_then(|code| self.placed_on(code, day, &Shares::default())) {
            Some(Placed::At(province) | Placed::Above { unit: province, .. }) => province,
            Some(Placed::Split(_)) | None => self.country(unit),
        }
    }

    fn country<'a>(&'a self, unit: &'a AdminUnit) -> &'a AdminUnit {
        self.lineage(unit, NaiveDate::MAX).last().copied().unwrap_or(unit)
    }

    fn has_level_on(&self, unit: &AdminUnit, day: NaiveDate) -> bool {
        self.count_on(unit.level, &self.country(unit).code, day) > 0
    }
}

#[cfg(test)]
mod tests;
