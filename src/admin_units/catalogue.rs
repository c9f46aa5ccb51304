//! The shipped list, indexed.

use std::collections::HashMap;
use std::fmt;

use chrono::{Days, NaiveDate};

use super::eras::Eras;
use super::names::Past;
use crate::db::types::text_enum;
use crate::text::fold;

const UNITS: &str = include_str!("../../config/admin_units/admin_units.csv");
const SUCCESSORS: &str = include_str!("../../config/admin_units/admin_unit_successors.csv");
const CHANGES: &str = include_str!("../../config/admin_units/admin_unit_changes.csv");

text_enum! {
    /// Level of a unit. Districts exist until 30/06/2025 only.
    Level {
        /// The country.
        Country = "country",
        /// Province or centrally run city.
        Province = "province",
        /// District.
        District = "district",
        /// Commune, ward, township or special zone.
        Commune = "commune",
    }
}

/// An administrative unit. Codes carry the generation (`G63-`, `G34-`), because
/// the statistics office used 3,349 codes twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminUnit {
    /// Code.
    pub code: String,
    /// Level.
    pub level: Level,
    /// Latest name in Vietnamese.
    pub name_vi: String,
    /// Name without marks, type translated; not official.
    pub name_en: String,
    /// `name_vi` folded for look-up.
    pub name_folded: String,
    /// Unit above it.
    pub parent: Option<String>,
    /// Province it lies in (itself, for a province).
    pub province: Option<String>,
    /// First day; none when it existed before the list begins (01/11/2021).
    pub valid_from: Option<NaiveDate>,
    /// Last day; none while it exists.
    pub valid_to: Option<NaiveDate>,
    /// Its successor, by default; a split commune has several (see [`Successor`]).
    pub successor: Option<String>,
}

impl AdminUnit {
    /// Whether the unit exists on this day; both its dates are inclusive.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }
}

/// One step from an old unit to a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Successor {
    /// The old unit.
    pub code: String,
    /// The new unit.
    pub successor: String,
    /// Whether it is the one to take when one must be taken; a geometric guess for split communes.
    pub is_default: bool,
    /// Whether the old unit went into the new one whole.
    pub is_whole: bool,
}

/// The shipped list does not have the described form.
#[derive(Debug, thiserror::Error)]
#[error("the list of administrative units is damaged: {0}")]
pub struct CatalogueError(pub(super) String);

/// All units, by code, by parent and by name.
pub struct AdminUnits {
    units: Vec<AdminUnit>,
    by_code: HashMap<String, usize>,
    children: HashMap<String, Vec<usize>>,
    successors: HashMap<String, Vec<Successor>>,
    predecessors: HashMap<String, Vec<usize>>,
    pub(super) past: Past,
    pub(super) eras: Eras,
}

impl fmt::Debug for AdminUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminUnits").field("units", &self.units.len()).finish_non_exhaustive()
    }
}

/// Code of the whole country.
pub const COUNTRY: &str = "VN";

impl AdminUnits {
    /// Reads the list that ships with the program.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn shipped() -> Result<Self, CatalogueError> {
        Self::parsed(UNITS, SUCCESSORS, CHANGES)
    }

    /// Reads the three files of a list.
    pub(super) fn parsed(units: &str, successors: &str, changes: &str) -> Result<Self, CatalogueError> {
        let mut units = parse_units(units)?;
        let by_code = index_by_code(&units)?;
        let provinces: Vec<Option<String>> = units.iter().map(|unit| province_of(&units, &by_code, unit)).collect();
        for (unit, province) in units.iter_mut().zip(provinces) {
            unit.province = province;
        }
        let mut children: HashMap<String, Vec<usize>> = HashMap::new();
        for (position, unit) in units.iter().enumerate() {
            if let Some(parent) = &unit.parent {
                children.entry(parent.clone()).or_default().push(position);
            }
        }
        let steps = parse_successors(successors, &by_code)?;
        check_steps(&units, &by_code, &steps)?;
        let mut successors: HashMap<String, Vec<Successor>> = HashMap::new();
        let mut predecessors: HashMap<String, Vec<usize>> = HashMap::new();
        for step in steps {
            let old = by_code.get(&step.code).copied();
            predecessors.entry(step.successor.clone()).or_default().extend(old);
            successors.entry(step.code.clone()).or_default().push(step);
        }
        let past = Past::parsed(changes, |code| by_code.contains_key(code))?;
        let eras = Eras::of(&units, &past);
        Ok(Self { units, by_code, children, successors, predecessors, past, eras })
    }

    /// Every unit: the country, then provinces, districts and communes, each after its parent.
    pub fn all(&self) -> &[AdminUnit] {
        &self.units
    }

    /// The unit of this code.
    pub fn get(&self, code: &str) -> Option<&AdminUnit> {
        self.position(code).and_then(|position| self.units.get(position))
    }

    /// Its place among [`AdminUnits::all`].
    pub(super) fn position(&self, code: &str) -> Option<usize> {
        self.by_code.get(code).copied()
    }

    /// Whether a unit of this code exists on this day.
    pub fn is_valid_on(&self, code: &str, day: NaiveDate) -> bool {
        self.get(code).is_some_and(|unit| unit.is_valid_on(day))
    }

    /// Units directly below this one.
    pub fn children<'a>(&'a self, code: &str) -> impl Iterator<Item = &'a AdminUnit> {
        self.children.get(code).into_iter().flatten().filter_map(|position| self.units.get(*position))
    }

    /// Whether `code` is `ancestor` or lies below it.
    pub fn is_within(&self, code: &str, ancestor: &str) -> bool {
        let mut at = self.get(code);
        while let Some(unit) = at {
            if unit.code == ancestor {
                return true;
            }
            at = unit.parent.as_deref().and_then(|parent| self.get(parent));
        }
        false
    }

    /// What became of this unit: none while it exists, several where it was split.
    pub fn successors(&self, code: &str) -> &[Successor] {
        self.successors.get(code).map_or(&[], Vec::as_slice)
    }

    /// What this unit was made of: none for one that existed when the list begins, or of which nobody said.
    pub fn predecessors<'a>(&'a self, code: &str) -> impl Iterator<Item = &'a AdminUnit> {
        self.predecessors.get(code).into_iter().flatten().filter_map(|position| self.units.get(*position))
    }

    /// All steps from old to new units.
    pub fn all_successors(&self) -> impl Iterator<Item = &Successor> {
        self.units.iter().flat_map(|unit| self.successors(&unit.code))
    }

    /// The country or province on the map of `day` that a fact of this unit belongs to:
    /// the unit's own province, or its successors' when that ended before. None when a
    /// province was never told apart.
    pub fn province_on<'a>(&'a self, code: &str, day: NaiveDate) -> Option<&'a AdminUnit> {
        let mut province = self.get(code)?.province.as_deref().and_then(|p| self.get(p))?;
        while !province.is_valid_on(day) {
            province = province.successor.as_deref().and_then(|next| self.get(next))?;
        }
        Some(province)
    }
}

fn parse_units(text: &str) -> Result<Vec<AdminUnit>, CatalogueError> {
    let mut units = Vec::new();
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.map_err(|e| CatalogueError(e.to_string()))?;
        let text = |column: usize| row.get(column).unwrap_or_default();
        let optional = |column: usize| Some(text(column)).filter(|t| !t.is_empty()).map(str::to_owned);
        let level = text(1).parse().map_err(|_| CatalogueError(format!("level of {}", text(0))))?;
        units.push(AdminUnit {
            code: text(0).to_owned(),
            level,
            name_vi: text(2).to_owned(),
            name_en: text(3).to_owned(),
            name_folded: fold(text(2)),
            parent: optional(4),
            province: None,
            valid_from: date(text(5))?,
            valid_to: date(text(6))?,
            successor: optional(7),
        });
    }
    units.sort_by_key(|unit| unit.level);
    Ok(units)
}

pub(super) fn date(text: &str) -> Result<Option<NaiveDate>, CatalogueError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| CatalogueError(format!("date {text}")))
}

fn index_by_code(units: &[AdminUnit]) -> Result<HashMap<String, usize>, CatalogueError> {
    let by_code: HashMap<String, usize> =
        units.iter().enumerate().map(|(position, unit)| (unit.code.clone(), position)).collect();
    let dangling = units
        .iter()
        .find(|unit| [&unit.parent, &unit.successor].into_iter().flatten().any(|code| !by_code.contains_key(code)));
    match dangling {
        Some(unit) => Err(CatalogueError(format!("{} refers to an unknown unit", unit.code))),
        None if by_code.len() != units.len() => Err(CatalogueError("a code stands twice".into())),
        None => Ok(by_code),
    }
}

fn province_of(units: &[AdminUnit], by_code: &HashMap<String, usize>, unit: &AdminUnit) -> Option<String> {
    let mut at = unit;
    while at.level != Level::Province {
        let parent = at.parent.as_ref()?;
        at = units.get(*by_code.get(parent)?)?;
    }
    Some(at.code.clone())
}

fn parse_successors(text: &str, by_code: &HashMap<String, usize>) -> Result<Vec<Successor>, CatalogueError> {
    let mut successors = Vec::new();
    for row in csv::Reader::from_reader(text.as_bytes()).records() {
        let row = row.map_err(|e| CatalogueError(e.to_string()))?;
        let text = |column: usize| row.get(column).unwrap_or_default();
        if !by_code.contains_key(text(0)) || !by_code.contains_key(text(1)) {
            return Err(CatalogueError(format!("successor of {}", text(0))));
        }
        successors.push(Successor {
            code: text(0).to_owned(),
            successor: text(1).to_owned(),
            is_default: text(3) == "1",
            is_whole: text(4) == "whole",
        });
    }
    Ok(successors)
}

/// A unit goes on in one that is there on the day after: so every chain of steps has an end.
fn check_steps(
    units: &[AdminUnit],
    by_code: &HashMap<String, usize>,
    steps: &[Successor],
) -> Result<(), CatalogueError> {
    let unit = |code: &str| by_code.get(code).and_then(|position| units.get(*position));
    let follows = |step: &Successor| {
        let first = unit(&step.code)?.valid_to?.checked_add_days(Days::new(1))?;
        unit(&step.successor).filter(|new| new.is_valid_on(first))
    };
    match steps.iter().find(|step| follows(step).is_none()) {
        Some(step) => Err(CatalogueError(format!("{} does not go on in {}", step.code, step.successor))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{AdminUnits, Level};

    fn count(units: &AdminUnits, level: Level, day: &str) -> usize {
        let day = day.parse().expect("a date");
        units.all().iter().filter(|unit| unit.level == level && unit.is_valid_on(day)).count()
    }

    #[test]
    fn the_shipped_list_has_the_known_numbers_of_units_on_the_known_days() {
        let units = AdminUnits::shipped().expect("the list");
        assert_eq!(units.all().len(), 14_741);
        assert_eq!(count(&units, Level::District, "2021-11-01"), 705);
        assert_eq!(count(&units, Level::Commune, "2021-11-01"), 10_599);
        assert_eq!(count(&units, Level::Province, "2025-06-30"), 63);
        assert_eq!(count(&units, Level::Commune, "2025-06-30"), 10_035);
        assert_eq!(count(&units, Level::Province, "2025-07-01"), 34);
        assert_eq!(count(&units, Level::Commune, "2025-07-01"), 3_321);
        assert_eq!(count(&units, Level::District, "2025-07-01"), 0);
    }

    #[test]
    fn code_44_means_two_provinces_and_the_generation_tells_them_apart() {
        let units = AdminUnits::shipped().expect("the list");
        assert_eq!(units.get("G63-P44").expect("old").name_vi, "Tỉnh Quảng Bình");
        assert_eq!(units.get("G34-P44").expect("new").name_vi, "Tỉnh Quảng Trị");
        let today = "2026-01-01".parse().expect("a date");
        assert_eq!(units.province_on("G63-P44", today).expect("province").code, "G34-P44");
    }

    #[test]
    fn a_commune_lies_within_its_district_its_province_and_the_country() {
        let units = AdminUnits::shipped().expect("the list");
        let district = units.all().iter().find(|unit| unit.level == Level::District).expect("a district");
        let commune = units.children(&district.code).next().expect("a commune");
        let province = commune.province.as_deref().expect("a province");
        assert!(units.is_within(&commune.code, &district.code));
        assert!(units.is_within(&commune.code, province));
        assert!(units.is_within(&commune.code, "VN"));
        assert!(!units.is_within(province, &commune.code));
    }

    #[test]
    fn every_commune_of_the_last_old_day_has_a_successor_and_471_were_split() {
        let units = AdminUnits::shipped().expect("the list");
        let day = "2025-06-30".parse().expect("a date");
        let old = || units.all().iter().filter(|unit| unit.level == Level::Commune && unit.is_valid_on(day));
        assert!(old().all(|unit| !units.successors(&unit.code).is_empty()));
        assert_eq!(old().filter(|unit| units.successors(&unit.code).len() > 1).count(), 471);
    }
}
