//! An entry as somebody gives it, before it is held against the rules.

use chrono::NaiveDate;

use super::catalogue::Column;
use super::model::RegisterEntry;
use crate::db::types::RegisterEntryId;

/// A value that was given for a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// None.
    Nothing,
    /// A day.
    Day(NaiveDate),
    /// A text or word.
    Text(String),
    /// A number.
    Number(i64),
    /// The id of an entry.
    Entry(RegisterEntryId),
    /// Texts.
    List(Vec<String>),
}

/// Where a value stands in an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The unit.
    Unit,
    /// A column.
    Column(Column),
}

/// Values that were given, each with its place.
pub type Change = Vec<(Place, Given)>;

/// An entry as it is given, or as it would stand after a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Unit.
    pub unit_code: Option<String>,
    /// Day.
    pub day: Option<NaiveDate>,
    /// Last day.
    pub last_day: Option<NaiveDate>,
    /// First word.
    pub kind: Option<String>,
    /// Second word.
    pub facet: Option<String>,
    /// How many.
    pub number: Option<i64>,
    /// A second number.
    pub second_number: Option<i64>,
    /// Entry it is about.
    pub about: Option<RegisterEntryId>,
    /// Name or number.
    pub name: Option<String>,
    /// First step.
    pub step_one: Option<NaiveDate>,
    /// Second step.
    pub step_two: Option<NaiveDate>,
    /// Third step.
    pub step_three: Option<NaiveDate>,
    /// Who took part; none where nothing was said of it.
    pub participants: Option<Vec<String>>,
    /// How many are on record as having taken part.
    pub listed: usize,
}

impl Draft {
    /// An entry as it stands.
    pub fn of(entry: &RegisterEntry) -> Self {
        let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Self {
            unit_code: Some(entry.unit_code.clone()),
            day: Some(entry.day),
            last_day: entry.last_day,
            kind: text(&entry.kind),
            facet: text(&entry.facet),
            number: entry.number,
            second_number: entry.second_number,
            about: entry.about_id,
            name: text(&entry.name),
            step_one: entry.step_one_on,
            step_two: entry.step_two_on,
            step_three: entry.step_three_on,
            participants: None,
            listed: 0,
        }
    }

    /// Puts a value into its place.
    pub fn put(&mut self, place: Place, given: Given) {
        let day = if let Given::Day(day) = given { Some(day) } else { None };
        let number = if let Given::Number(number) = given { Some(number) } else { None };
        match (place, given) {
            (Place::Unit, given) => self.unit_code = given.into_text(),
            (Place::Column(Column::Kind), given) => self.kind = given.into_text(),
            (Place::Column(Column::Facet), given) => self.facet = given.into_text(),
            (Place::Column(Column::Name), given) => self.name = given.into_text(),
            (Place::Column(Column::Day), _) => self.day = day,
            (Place::Column(Column::LastDay), _) => self.last_day = day,
            (Place::Column(Column::StepOne), _) => self.step_one = day,
            (Place::Column(Column::StepTwo), _) => self.step_two = day,
            (Place::Column(Column::StepThree), _) => self.step_three = day,
            (Place::Column(Column::Number), _) => self.number = number,
            (Place::Column(Column::SecondNumber), _) => self.second_number = number,
            (Place::Column(Column::About), Given::Entry(id)) => self.about = Some(id),
            (Place::Column(Column::About), _) => self.about = None,
            (Place::Column(Column::Participants), Given::List(list)) => self.participants = Some(list),
            (Place::Column(Column::Participants), _) => self.participants = Some(Vec::new()),
        }
    }

    pub(super) fn has(&self, column: Column) -> bool {
        match column {
            Column::Day => self.day.is_some(),
            Column::LastDay => self.last_day.is_some(),
            Column::Kind => self.kind.is_some(),
            Column::Facet => self.facet.is_some(),
            Column::Number => self.number.is_some(),
            Column::SecondNumber => self.second_number.is_some(),
            Column::Name => self.name.is_some(),
            Column::About => self.about.is_some(),
            Column::StepOne => self.step_one.is_some(),
            Column::StepTwo => self.step_two.is_some(),
            Column::StepThree => self.step_three.is_some(),
            Column::Participants => self.participants.is_some(),
        }
    }

    /// Takes the values of an entry over.
    pub fn write_into(self, entry: &mut RegisterEntry) {
        entry.unit_code = self.unit_code.unwrap_or_default();
        entry.day = self.day.unwrap_or_default();
        entry.last_day = self.last_day;
        entry.kind = self.kind.unwrap_or_default();
        entry.facet = self.facet.unwrap_or_default();
        entry.number = self.number;
        entry.second_number = self.second_number;
        entry.about_id = self.about;
        entry.name = self.name.unwrap_or_default();
        entry.step_one_on = self.step_one;
        entry.step_two_on = self.step_two;
        entry.step_three_on = self.step_three;
    }
}

impl Given {
    fn into_text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}
