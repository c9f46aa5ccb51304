//! Rows of registers.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Map, Value, json};

use super::catalogue::{Column, Register, RegisterCatalogue, RegisterField};
use crate::db::bulk::bulk_rows;
use crate::db::schema::{register_entries, register_participants};
use crate::db::types::{AccountId, Instant, ParticipantId, RegisterEntryId, RegisterImportId};

/// An entry of a register. Which field of it stands in which column is said by `config/registers.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = register_entries, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct RegisterEntry {
    /// Id.
    pub id: RegisterEntryId,
    /// Register.
    pub register: Register,
    /// Unit in which it happened, as it was called then.
    pub unit_code: String,
    /// Its province on the map of today.
    pub province_code: String,
    /// Day.
    pub day: NaiveDate,
    /// Last day.
    pub last_day: Option<NaiveDate>,
    /// First word; empty where the register has none.
    pub kind: String,
    /// Second word; empty where none is given.
    pub facet: String,
    /// How many.
    pub number: Option<i64>,
    /// A second number.
    pub second_number: Option<i64>,
    /// Entry it is about.
    pub about_id: Option<RegisterEntryId>,
    /// A name or number it is known by; empty where none is given.
    pub name: String,
    /// First step after it.
    pub step_one_on: Option<NaiveDate>,
    /// Second step.
    pub step_two_on: Option<NaiveDate>,
    /// Third step.
    pub step_three_on: Option<NaiveDate>,
    /// Import that made it.
    pub import_id: Option<RegisterImportId>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
    /// When it was declared void.
    pub voided_at: Option<Instant>,
    /// Version for `If-Match`.
    pub version: i32,
}

/// Somebody took part: staff by their entry, others by a keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = register_participants, treat_none_as_default_value = false)]
pub struct Participant {
    /// Entry.
    pub entry_id: RegisterEntryId,
    /// Who.
    pub who: ParticipantId,
}

bulk_rows! { RegisterEntry => register_entries, Participant => register_participants }

/// An entry with the number of those who are listed as taking part.
#[derive(Debug, Clone)]
pub struct Told {
    /// The entry.
    pub entry: RegisterEntry,
    /// How many are listed.
    pub participants: i64,
}

impl Told {
    /// The entry under the names of its register's own fields.
    pub fn view(&self, catalogue: &RegisterCatalogue) -> Map<String, Value> {
        let entry = &self.entry;
        let mut view = Map::new();
        let mut put = |name: &str, value: Value| drop(view.insert(name.to_owned(), value));
        put("id", json!(entry.id));
        put("register", json!(entry.register));
        put("unit_code", json!(entry.unit_code));
        for field in catalogue.of(entry.register) {
            match field.column {
                Column::Participants => put("participants_count", json!(self.participants)),
                _ => put(&field.name, entry.value(field)),
            }
        }
        put("import_id", json!(entry.import_id));
        put("recorded_at", json!(entry.created_at));
        put("changed_at", json!(entry.updated_at));
        put("void", json!(entry.voided_at.is_some()));
        view
    }
}

impl RegisterEntry {
    /// What stands in a field; nothing of participants.
    pub fn value(&self, field: &RegisterField) -> Value {
        let text = |text: &String| if text.is_empty() { Value::Null } else { json!(text) };
        match field.column {
            Column::Day => json!(self.day),
            Column::LastDay => json!(self.last_day),
            Column::Kind => text(&self.kind),
            Column::Facet => text(&self.facet),
            Column::Number if field.flag => json!(self.number.map(|number| number == 1)),
            Column::Number => json!(self.number),
            Column::SecondNumber => json!(self.second_number),
            Column::Name => text(&self.name),
            Column::About => json!(self.about_id),
            Column::StepOne => json!(self.step_one_on),
            Column::StepTwo => json!(self.step_two_on),
            Column::StepThree => json!(self.step_three_on),
            Column::Participants => Value::Null,
        }
    }
}
