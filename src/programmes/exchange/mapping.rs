//! From our codes to those of another system and back. `config/exchange/example.toml` describes the file.

mod file;

use std::collections::BTreeMap;

use super::Faults;
use super::periods::Naming;

/// What one of our figures is called in the other system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Data element.
    pub data_element: String,
    /// Category option combination, for both formats.
    pub combo: Option<String>,
    /// The same said by dimension and option (`SEX` is `F`): ADX only, and there instead of a combination.
    pub dimensions: BTreeMap<String, String>,
}

/// How a file says of whom a figure is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Breakdown {
    /// Of everyone.
    Whole,
    /// By a combination of options.
    Combo(String),
    /// By dimension.
    Dimensions(BTreeMap<String, String>),
}

/// One of our figures and its counterpart.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) element: String,
    pub(super) class: String,
    pub(super) target: Target,
}

/// A mapping whose codes are unambiguous both ways.
#[derive(Debug, Clone)]
pub struct Mapping {
    code: String,
    id: String,
    attribute: (Option<String>, BTreeMap<String, String>),
    default_combo: Option<String>,
    naming: Naming,
    entries: Vec<Entry>,
    ours: BTreeMap<String, BTreeMap<String, usize>>,
    theirs: BTreeMap<String, BTreeMap<Breakdown, usize>>,
    units: BTreeMap<String, String>,
    units_of_theirs: BTreeMap<String, String>,
}

/// What the mapping knows of an element and a breakdown.
pub(super) enum Known<'m> {
    /// The figure of ours, and its place in the mapping.
    Figure(usize, &'m Entry),
    /// The element, but not of these persons.
    ElementOnly,
    /// Nothing.
    Nothing,
}

impl Mapping {
    /// Reads a mapping file and checks that it can be followed both ways.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line and field.
    pub fn parse(text: &str) -> Result<Self, Faults> {
        file::read(text)
    }

    /// Our code of the report it is for.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The other system's id of it.
    pub fn data_set(&self) -> &str {
        &self.id
    }

    /// Our elements and classes, each with its counterpart.
    pub fn elements(&self) -> impl Iterator<Item = (&str, &str, &Target)> {
        self.entries.iter().map(|entry| (entry.element.as_str(), entry.class.as_str(), &entry.target))
    }

    /// Our units, each with its counterpart.
    pub fn units(&self) -> impl Iterator<Item = (&str, &str)> {
        self.units.iter().map(|(ours, theirs)| (ours.as_str(), theirs.as_str()))
    }

    pub(super) fn naming(&self) -> Naming {
        self.naming
    }

    /// Combination and dimensions that the report as a whole carries.
    pub(super) fn attribute(&self) -> (Option<&str>, &BTreeMap<String, String>) {
        (self.attribute.0.as_deref(), &self.attribute.1)
    }

    pub(super) fn target(&self, element: &str, class: &str) -> Option<&Target> {
        let place = self.ours.get(element)?.get(class)?;
        self.entries.get(*place).map(|entry| &entry.target)
    }

    pub(super) fn unit(&self, ours: &str) -> Option<&str> {
        self.units.get(ours).map(String::as_str)
    }

    pub(super) fn unit_of(&self, theirs: &str) -> Option<&str> {
        self.units_of_theirs.get(theirs).map(String::as_str)
    }

    /// What a file says by a combination, or else by dimensions.
    pub(super) fn breakdown(&self, combo: Option<&str>, dimensions: BTreeMap<String, String>) -> Breakdown {
        match combo.filter(|combo| !combo.is_empty()) {
            Some(combo) if self.default_combo.as_deref() == Some(combo) => Breakdown::Whole,
            Some(combo) => Breakdown::Combo(combo.to_owned()),
            None if dimensions.is_empty() => Breakdown::Whole,
            None => Breakdown::Dimensions(dimensions),
        }
    }

    pub(super) fn known(&self, data_element: &str, breakdown: &Breakdown) -> Known<'_> {
        let Some(of_element) = self.theirs.get(data_element) else { return Known::Nothing };
        let place = of_element.get(breakdown).copied();
        let entry = place.and_then(|place| self.entries.get(place).map(|entry| (place, entry)));
        entry.map_or(Known::ElementOnly, |(place, entry)| Known::Figure(place, entry))
    }

    /// Whether a report of this attribute is the one that is mapped.
    pub(super) fn is_attribute(&self, said: &Breakdown) -> bool {
        let (combo, dimensions) = &self.attribute;
        match said {
            Breakdown::Whole => combo.is_none() && dimensions.is_empty(),
            Breakdown::Combo(said) => combo.as_ref() == Some(said),
            Breakdown::Dimensions(said) => dimensions == said,
        }
    }
}

impl Target {
    /// Every way in which a file may name it.
    fn breakdowns(&self) -> Vec<Breakdown> {
        let combo = self.combo.clone().map(Breakdown::Combo);
        let dimensions = Some(self.dimensions.clone()).filter(|dimensions| !dimensions.is_empty());
        let named: Vec<Breakdown> = combo.into_iter().chain(dimensions.map(Breakdown::Dimensions)).collect();
        if named.is_empty() { vec![Breakdown::Whole] } else { named }
    }

    /// Whether a format that knows combinations only can name it.
    pub(super) fn is_named_without_dimensions(&self) -> bool {
        self.combo.is_some() || self.dimensions.is_empty()
    }
}
