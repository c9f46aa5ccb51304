//! What units were called on a day, and what they lay in.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::catalogue::{AdminUnit, AdminUnits, CatalogueError, Level, date};
use super::maps::{NotTold, Placed, Shares};
use crate::db::types::text_enum;
use crate::text::Words;

text_enum! {
    /// Kind of a commune, as its name on a day tells it.
    CommuneKind {
        /// Xã.
        Commune = "commune",
        /// Phường.
        Ward = "ward",
        /// Thị trấn; until 30/06/2025 only.
        Township = "township",
        /// Đặc khu; since 01/07/2025 only.
        SpecialZone = "special_zone",
    }
}

impl CommuneKind {
    /// The type that stands before the name.
    pub const fn name_vi(self) -> &'static str {
        match self {
            Self::Commune => "Xã",
            Self::Ward => "Phường",
            Self::Township => "Thị trấn",
            Self::SpecialZone => "Đặc khu",
        }
    }

    /// Its name in both languages.
    pub fn words(self) -> Words {
        let en = match self {
            Self::Commune => "Commune",
            Self::Ward => "Ward",
            Self::Township => "Township",
            Self::SpecialZone => "Special zone",
        };
        Words::new(self.name_vi(), en)
    }

    fn of_name(name: &str) -> Option<Self> {
        let begins = |kind: &&Self| name.strip_prefix(kind.name_vi()).is_some_and(|rest| rest.starts_with(' '));
        Self::ALL.iter().find(begins).copied()
    }
}

/// What was true until the day before a change, oldest first.
type Until = HashMap<String, Vec<(NaiveDate, String)>>;

/// Names and parents that units had before their last ones.
#[derive(Debug, Default)]
pub(super) struct Past {
    names: Until,
    parents: Until,
}

impl Past {
    pub(super) fn parsed(text: &str, is_known: impl Fn(&str) -> bool) -> Result<Self, CatalogueError> {
        let mut past = Self::default();
        for row in csv::Reader::from_reader(text.as_bytes()).records() {
            let row = row.map_err(|e| CatalogueError(e.to_string()))?;
            let text = |column: usize| row.get(column).unwrap_or_default();
            let damaged = || CatalogueError(format!("change of {}", text(0)));
            let values = match text(2) {
                "name_vi" => &mut past.names,
                "parent_code" if is_known(text(3)) => &mut past.parents,
                _ => return Err(damaged()),
            };
            let day = date(text(1))?.filter(|_| is_known(text(0))).ok_or_else(damaged)?;
            values.entry(text(0).to_owned()).or_default().push((day, text(3).to_owned()));
        }
        past.names.values_mut().chain(past.parents.values_mut()).for_each(|values| values.sort());
        Ok(past)
    }

    /// Code of what the unit lay in on this day.
    pub(super) fn parent_on<'a>(&'a self, unit: &'a AdminUnit, day: NaiveDate) -> Option<&'a str> {
        before(&self.parents, &unit.code, day).or(unit.parent.as_deref())
    }

    /// Whether a unit came to lie in another while it was there.
    pub(super) fn has_moved(&self, code: &str) -> bool {
        self.parents.contains_key(code)
    }

    /// Days on which a unit came to lie in another.
    pub(super) fn moves(&self) -> impl Iterator<Item = NaiveDate> {
        self.parents.values().flatten().map(|(day, _)| *day)
    }
}

fn before<'a>(values: &'a Until, code: &str, day: NaiveDate) -> Option<&'a str> {
    values.get(code)?.iter().find(|(changed, _)| day < *changed).map(|(_, value)| value.as_str())
}

impl AdminUnits {
    /// Name of the unit on this day; before its first day its first one, after its last day its last.
    pub fn name_on<'a>(&'a self, code: &str, day: NaiveDate) -> Option<&'a str> {
        let unit = self.get(code)?;
        before(&self.past.names, code, day).or(Some(unit.name_vi.as_str()))
    }

    /// The unit this one lay in on this day; before its first day its first one, after its last day its last.
    pub fn parent_on(&self, code: &str, day: NaiveDate) -> Option<&AdminUnit> {
        self.past.parent_on(self.get(code)?, day).and_then(|parent| self.get(parent))
    }

    /// Kind of a commune on this day; none for other levels.
    pub fn kind_on(&self, code: &str, day: NaiveDate) -> Option<CommuneKind> {
        let name = self.get(code).filter(|unit| unit.level == Level::Commune).and(self.name_on(code, day));
        name.and_then(CommuneKind::of_name)
    }

    /// The unit and all it lay in on this day, nearest first.
    pub(super) fn lineage<'a>(&'a self, unit: &'a AdminUnit, day: NaiveDate) -> Vec<&'a AdminUnit> {
        std::iter::successors(Some(unit), |at| self.parent_on(&at.code, day)).collect()
    }

    /// Name with those of the units above it, as on this day; of a unit that has ended, its last,
    /// and what it is on this day. A commune's name alone identifies no commune.
    pub fn full_name(&self, code: &str, day: NaiveDate) -> Option<String> {
        let unit = self.get(code)?;
        let there = unit.valid_from.map_or(day, |from| from.max(day));
        let Some(last) = unit.valid_to.filter(|last| *last < day) else {
            return Some(self.line(unit, there));
        };
        Some(format!("{}{}", self.line(unit, last), self.now(unit, day)))
    }

    fn line(&self, unit: &AdminUnit, day: NaiveDate) -> String {
        let lineage = self.lineage(unit, day);
        let below_country = lineage.iter().filter(|at| at.level != Level::Country || lineage.len() == 1);
        let names: Vec<&str> = below_country.filter_map(|at| self.name_on(&at.code, day)).collect();
        names.join(", ")
    }

    fn now(&self, unit: &AdminUnit, day: NaiveDate) -> String {
        match self.place(unit, day, &Shares::default()) {
            Placed::At(now) => format!(" (nay: {})", self.line(now, day)),
            Placed::Above { why: NotTold::Split, .. } => {
                let parts: Vec<String> = self
                    .successors(&unit.code)
                    .iter()
                    .filter_map(|step| self.get(&step.successor))
                    .map(|part| self.line(part, day))
                    .collect();
                format!(" (nay thuộc: {})", parts.join("; "))
            }
            Placed::Above { unit: above, .. } => format!(" (nay thuộc: {})", self.line(above, day)),
            Placed::Split(parts) => {
                let parts: Vec<String> = parts.iter().map(|(part, _)| self.line(part, day)).collect();
                format!(" (nay thuộc: {})", parts.join("; "))
            }
        }
    }
}
