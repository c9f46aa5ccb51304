//! What `config/registers.toml` says: the registers, their fields, and the words that stand in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::types::text_enum;
use crate::text::Words;

text_enum! {
    /// A register of a programme.
    Register {
        /// Communication activities.
        CommunicationActivities = "communication_activities",
        /// Items in the press.
        PressItems = "press_items",
        /// Staff, one by one, by their staff number.
        Staff = "staff",
        /// Staff by number.
        StaffCounts = "staff_counts",
        /// Training of staff.
        StaffTrainings = "staff_trainings",
        /// Service establishments, one by one.
        Establishments = "establishments",
        /// Service establishments and their workers by number.
        EstablishmentCounts = "establishment_counts",
        /// Inspections of establishments.
        Inspections = "inspections",
        /// Denunciations, crime reports, complaints and reflections, with the steps of their handling.
        TipOffs = "tip_offs",
        /// Surveys of needs.
        NeedSurveys = "need_surveys",
        /// Plans of localities, and plans of other programmes that take up the task.
        LocalPlans = "local_plans",
        /// Pilot models.
        PilotModels = "pilot_models",
        /// Communes recognised as healthy.
        HealthyCommunes = "healthy_communes",
    }
}

text_enum! {
    /// Where a field of a register stands.
    Column {
        /// The day it happened, began or was counted.
        Day = "day",
        /// The last day it held.
        LastDay = "last_day",
        /// What it is, by a word.
        Kind = "kind",
        /// A second word.
        Facet = "facet",
        /// How many.
        Number = "number",
        /// A second number.
        SecondNumber = "second_number",
        /// A name or number it is known by.
        Name = "name",
        /// The entry it is about.
        About = "about",
        /// The first step after it.
        StepOne = "step_one_on",
        /// The second step.
        StepTwo = "step_two_on",
        /// The third step.
        StepThree = "step_three_on",
        /// Who took part.
        Participants = "participants",
    }
}

/// A field of a register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterField {
    /// Its name in the API, in templates and exports.
    pub name: String,
    /// Where it stands.
    pub column: Column,
    /// Whether it must be there.
    #[serde(default)]
    pub required: bool,
    /// The list of words it takes.
    #[serde(default)]
    pub words: Option<String>,
    /// Whether it is yes or no.
    #[serde(default)]
    pub flag: bool,
    /// The register of the entry it names.
    #[serde(default)]
    pub about: Option<Register>,
    /// Its name in Vietnamese.
    pub vi: String,
    /// Its name in English.
    pub en: String,
}

/// A register and its fields.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterDefinition {
    /// Its name in Vietnamese.
    pub vi: String,
    /// Its name in English.
    pub en: String,
    /// Fields by which an entry is known: no two of a unit that are alike in all of them hold on the same day. None
    /// where the same may happen twice.
    #[serde(default)]
    pub once: Vec<String>,
    /// Its fields, in the order of templates. Every register has `unit_code` before them.
    pub fields: Vec<RegisterField>,
}

/// Days within which a step after the reception of a tip-off is in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TipOffDays {
    /// Days until it is verified.
    pub verify: u16,
    /// Days until it is classified.
    pub classify: u16,
    /// Days until it is handled.
    pub handle: u16,
}

/// All registers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterCatalogue {
    /// When a tip-off was handled in time.
    pub tip_off_days: TipOffDays,
    /// Lists of words.
    pub words: BTreeMap<String, BTreeMap<String, Words>>,
    /// Registers.
    pub registers: BTreeMap<Register, RegisterDefinition>,
}

/// `config/registers.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RegisterConfigError {
    /// It is not of the described form.
    #[error("config/registers.toml: {0}")]
    Form(#[from] toml::de::Error),
    /// A register is missing or has a field that cannot be.
    #[error("config/registers.toml: register {0} is missing or has a field that cannot be")]
    Register(Register),
}

impl RegisterCatalogue {
    /// Reads the registers shipped with the program.
    ///
    /// # Errors
    /// When the file is not of the described form, leaves a register out, or gives a column twice.
    pub fn shipped() -> Result<Self, RegisterConfigError> {
        let catalogue: Self = toml::from_str(include_str!("../../../config/registers.toml"))?;
        match Register::ALL.iter().find(|register| !catalogue.is_usable(**register)) {
            Some(register) => Err(RegisterConfigError::Register(*register)),
            None => Ok(catalogue),
        }
    }

    fn is_usable(&self, register: Register) -> bool {
        let Some(definition) = self.registers.get(&register) else { return false };
        let fields = &definition.fields;
        let fits = |field: &RegisterField| match field.column {
            Column::Kind | Column::Facet => {
                field.words.as_ref().is_some_and(|words| self.words.contains_key(words.as_str()))
            }
            Column::About => field.about.is_some(),
            _ => field.words.is_none() && field.about.is_none(),
        };
        let once = |(place, field): (usize, &RegisterField)| {
            !fields.iter().take(place).any(|other| other.column == field.column || other.name == field.name)
        };
        let tells_apart = |name: &String| {
            let field = fields.iter().find(|field| field.name == *name);
            field.is_some_and(|field| matches!(field.column, Column::Name | Column::Kind | Column::Day))
        };
        definition.once.iter().all(tells_apart)
            && fields.iter().all(fits)
            && fields.iter().enumerate().all(once)
            && fields.iter().any(|field| field.column == Column::Day && field.required)
    }

    /// What a register is.
    pub fn of(&self, register: Register) -> &[RegisterField] {
        self.registers.get(&register).map_or(&[], |definition| &definition.fields)
    }

    /// The field of a register that stands in a column.
    pub fn field(&self, register: Register, column: Column) -> Option<&RegisterField> {
        self.of(register).iter().find(|field| field.column == column)
    }

    /// The columns by which an entry of a register is known; none where the same may happen twice.
    pub fn once(&self, register: Register) -> Vec<Column> {
        let Some(definition) = self.registers.get(&register) else { return Vec::new() };
        let named = |name: &String| definition.fields.iter().find(|field| field.name == *name);
        definition.once.iter().filter_map(named).map(|field| field.column).collect()
    }

    /// The words a column of a register takes; none where it takes no words.
    pub fn words_of(&self, register: Register, column: Column) -> Option<&BTreeMap<String, Words>> {
        self.words.get(self.field(register, column)?.words.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_stands_in_the_shipped_file() {
        let catalogue = RegisterCatalogue::shipped().expect("the registers");
        assert_eq!(catalogue.registers.len(), Register::ALL.len());
        assert!(catalogue.words_of(Register::Inspections, Column::Kind).is_some_and(|words| words.len() == 3));
    }
}
