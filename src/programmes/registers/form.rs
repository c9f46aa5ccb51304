//! An entry as somebody gives it, field by field, in JSON or in the cells of a line; and the rules it must keep.

use chrono::{Datelike as _, NaiveDate};
use serde_json::{Map, Value};

use super::catalogue::{Column, Register, RegisterCatalogue, RegisterField};
use super::draft::{Change, Draft, Given, Place};
use crate::admin_units::{AdminUnits, Level};
use crate::db::types::RegisterEntryId;
use crate::error::{DayOf, FieldError, FitsWith, Form, PlainForm, Rule};
use crate::http::extract::plain_name;
use crate::text::{is_hidden, tidy};

/// The field that every register has besides its own.
pub const UNIT_CODE: &str = "unit_code";
/// Largest number.
pub const MOST: i64 = 100_000_000;
/// Letters of a name.
const LONGEST_NAME: u64 = 200;
/// Participants of an entry.
pub const MOST_PARTICIPANTS: usize = 1_000;
/// Letters of a participant's number.
const LONGEST_PARTICIPANT: u64 = 100;

/// The form of a register: its definition, and what its values are held against.
#[derive(Debug, Clone, Copy)]
pub struct EntryForm<'a> {
    /// Registers.
    pub catalogue: &'a RegisterCatalogue,
    /// Units.
    pub units: &'a AdminUnits,
    /// Which register.
    pub register: Register,
    /// Today in Vietnam.
    pub today: NaiveDate,
}

impl<'a> EntryForm<'a> {
    /// Reads an object, field by field.
    ///
    /// # Errors
    /// Fields the register has not, and values of another form.
    pub fn read(&self, body: &Map<String, Value>) -> Result<Change, Vec<FieldError>> {
        let (mut change, mut faults) = (Change::new(), Vec::new());
        for (name, value) in body {
            match self.read_field(name, value) {
                Ok(given) => change.push(given),
                Err((field, rule)) => faults.push(FieldError::new(field, rule)),
            }
        }
        if faults.is_empty() { Ok(change) } else { Err(faults) }
    }

    fn read_field(&self, name: &str, value: &Value) -> Result<(Place, Given), (String, Rule)> {
        if name == UNIT_CODE {
            let given = read_text(value).map_err(|form| (name.to_owned(), Rule::Format(form.into())))?;
            return Ok((Place::Unit, given));
        }
        let field = self.catalogue.of(self.register).iter().find(|field| field.name == name);
        let field = field.ok_or_else(|| (plain_name(name).to_owned(), Rule::Unknown))?;
        let given =
            self.read_value(field, value).map_err(|(place, form)| (format!("{name}{place}"), Rule::Format(form)))?;
        Ok((Place::Column(field.column), given))
    }

    fn read_value(&self, field: &RegisterField, value: &Value) -> Result<Given, (String, Form)> {
        let plain = |form: PlainForm| (String::new(), form.into());
        match (field.column, value) {
            (_, Value::Null) => Ok(Given::Nothing),
            (Column::Day | Column::LastDay | Column::StepOne | Column::StepTwo | Column::StepThree, value) => {
                read_day(value).map_err(plain)
            }
            (Column::Kind | Column::Facet, value) => {
                let word = read_text(value).map_err(plain)?;
                let known = |word: &String| self.words(field).any(|known| known == word);
                match word {
                    Given::Text(word) if known(&word) => Ok(Given::Text(word)),
                    _ => Err((String::new(), self.one_of(field))),
                }
            }
            (Column::Number, Value::Bool(flag)) if field.flag => Ok(Given::Number(i64::from(*flag))),
            (Column::Number, _) if field.flag => Err(plain(PlainForm::Truth)),
            (Column::Number | Column::SecondNumber, value) => {
                value.as_i64().map(Given::Number).ok_or_else(|| plain(PlainForm::WholeNumber))
            }
            (Column::Name, value) => read_text(value).map_err(plain),
            (Column::About, value) => {
                let id = value.as_str().and_then(|text| text.parse().ok());
                id.map(|id| Given::Entry(RegisterEntryId(id))).ok_or_else(|| plain(PlainForm::Id))
            }
            (Column::Participants, Value::Array(items)) => {
                let text = |(place, item): (usize, &Value)| match item {
                    Value::String(text) => Ok(tidy(text)),
                    _ => Err((format!("[{place}]"), PlainForm::Text.into())),
                };
                items.iter().enumerate().map(text).collect::<Result<_, _>>().map(Given::List)
            }
            (Column::Participants, _) => Err(plain(PlainForm::List)),
        }
    }

    /// The codes of the words a field takes.
    pub fn words(&self, field: &RegisterField) -> impl Iterator<Item = &'a String> + use<'a> {
        let words = field.words.as_deref().and_then(|list| self.catalogue.words.get(list));
        words.into_iter().flat_map(std::collections::BTreeMap::keys)
    }

    /// The words a field takes, as a form.
    pub fn one_of(&self, field: &RegisterField) -> Form {
        Form::OneOf(self.words(field).cloned().collect::<Vec<_>>().join(", "))
    }

    /// Required fields that are not there.
    pub fn missing(&self, draft: &Draft) -> Vec<FieldError> {
        let unit = draft.unit_code.is_none() && self.register != Register::Inspections;
        let fields = self.catalogue.of(self.register).iter();
        let missing = fields.filter(|field| field.required && !draft.has(field.column)).map(|field| &*field.name);
        let unit = unit.then_some(UNIT_CODE);
        unit.into_iter().chain(missing).map(|field| FieldError::new(field, Rule::Required)).collect()
    }

    /// What its values break that are there.
    pub fn broken(&self, draft: &Draft) -> Vec<FieldError> {
        let mut faults = Faults { form: *self, found: Vec::new() };
        faults.check_unit(draft);
        faults.check_days(draft);
        faults.check_numbers(draft);
        faults.check_name(draft);
        faults.check_participants(draft);
        faults.found
    }

    /// The name of the field that stands in a column.
    pub fn name_of(&self, column: Column) -> &'a str {
        self.catalogue.field(self.register, column).map_or(column.as_str(), |field| &field.name)
    }
}

fn read_text(value: &Value) -> Result<Given, PlainForm> {
    match value {
        Value::Null => Ok(Given::Nothing),
        Value::String(text) => Ok(Given::Text(tidy(text))),
        _ => Err(PlainForm::Text),
    }
}

fn read_day(value: &Value) -> Result<Given, PlainForm> {
    let day: NaiveDate = value.as_str().and_then(|text| text.parse().ok()).ok_or(PlainForm::Day)?;
    // The reader of days takes others, such as 2025-1-2, that no reply writes.
    let is_written_so = value.as_str().is_some_and(|text| text.len() == 10);
    match day.year() {
        1900..=2200 if is_written_so => Ok(Given::Day(day)),
        1900..=2200 => Err(PlainForm::Day),
        _ => Err(PlainForm::DayOnRecord),
    }
}

struct Faults<'a> {
    form: EntryForm<'a>,
    found: Vec<FieldError>,
}

impl Faults<'_> {
    fn add(&mut self, column: Column, rule: Rule) {
        self.found.push(FieldError::new(self.form.name_of(column), rule));
    }

    fn check_unit(&mut self, draft: &Draft) {
        let (Some(code), Some(day)) = (&draft.unit_code, draft.day) else { return };
        // An inspection goes with its establishment, whatever became of its unit since.
        if self.form.register == Register::Inspections {
            return;
        }
        let unit = self.form.units.get(code).filter(|unit| unit.is_valid_on(day));
        let rule = match unit {
            None => Rule::UnitNotValidOn,
            Some(unit) if self.form.register == Register::HealthyCommunes && unit.level != Level::Commune => {
                Rule::Format(PlainForm::Commune.into())
            }
            Some(_) => return,
        };
        self.found.push(FieldError::new(UNIT_CODE, rule));
    }

    fn check_days(&mut self, draft: &Draft) {
        let (Some(day), today) = (draft.day, self.form.today) else { return };
        if day > today {
            self.add(Column::Day, Rule::NotInFuture);
        }
        if let Some(last) = draft.last_day {
            if last < day {
                self.add(Column::LastDay, Rule::NotBefore(DayOf::EntryDay));
            }
            if last > today && self.form.register == Register::NeedSurveys {
                self.add(Column::LastDay, Rule::NotInFuture);
            }
        }
        let steps = [
            (Column::StepOne, draft.step_one),
            (Column::StepTwo, draft.step_two),
            (Column::StepThree, draft.step_three),
        ];
        let mut before = day;
        for (column, step) in steps {
            let Some(step) = step else { continue };
            if step < day {
                self.add(column, Rule::NotBefore(DayOf::EntryDay));
            } else if step < before {
                self.add(column, Rule::NotBefore(DayOf::StepBefore));
            }
            if step > today {
                self.add(column, Rule::NotInFuture);
            }
            before = before.max(step);
        }
    }

    fn check_numbers(&mut self, draft: &Draft) {
        for (column, number) in [(Column::Number, draft.number), (Column::SecondNumber, draft.second_number)] {
            if number.is_some_and(|number| !(0..=MOST).contains(&number)) {
                self.add(column, Rule::Range { min: 0, max: MOST });
            }
        }
        let is_part = matches!(
            self.form.register,
            Register::CommunicationActivities
                | Register::StaffCounts
                | Register::StaffTrainings
                | Register::NeedSurveys
        );
        if let (true, Some(whole), Some(part)) = (is_part, draft.number, draft.second_number)
            && part > whole
        {
            self.add(Column::SecondNumber, Rule::MustFit(FitsWith::PartOfNumber));
        }
    }

    fn check_name(&mut self, draft: &Draft) {
        if let Some(name) = &draft.name {
            let rules = text_rules(name, LONGEST_NAME);
            for rule in rules {
                self.add(Column::Name, rule);
            }
        }
    }

    fn check_participants(&mut self, draft: &Draft) {
        let listed = draft.participants.as_ref().map_or(draft.listed, Vec::len);
        if draft.number.is_some_and(|number| number < i64::try_from(listed).unwrap_or(i64::MAX)) {
            self.add(Column::Number, Rule::MustFit(FitsWith::Listed));
        }
        let Some(list) = &draft.participants else { return };
        let name = self.form.name_of(Column::Participants);
        if list.len() > MOST_PARTICIPANTS {
            let max = u64::try_from(MOST_PARTICIPANTS).unwrap_or(u64::MAX);
            self.found.push(FieldError::new(name, Rule::Items { min: 0, max }));
            return;
        }
        for (place, number) in list.iter().enumerate() {
            let rules = text_rules(number, LONGEST_PARTICIPANT);
            self.found.extend(rules.into_iter().map(|rule| FieldError::new(format!("{name}[{place}]"), rule)));
        }
    }
}

fn text_rules(text: &str, max: u64) -> Vec<Rule> {
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    let long = (!(1..=max).contains(&length)).then_some(Rule::Length { min: 1, max });
    long.into_iter().chain(text.chars().any(is_hidden).then_some(Rule::ControlCharacter)).collect()
}
