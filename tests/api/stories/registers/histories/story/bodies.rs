//! Bodies of entries, field by field, in words that the plans look at.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use hoanhap::programmes::registers::Register;
use hoanhap::programmes::registers::catalogue::{Column, RegisterField};
use serde_json::{Map, Value, json};

use super::Story;

/// Those reached count once a year, whichever of these they are.
const STUDENTS: [&str; 2] = ["upper_secondary_students", "vocational_students"];

impl Story<'_> {
    /// A body of a register; a line of a file has every field.
    pub(super) fn body(&mut self, register: Register, unit: &str, day: NaiveDate, whole: bool) -> Value {
        let fields = self.app.state().registers.of(register).to_vec();
        let mut body = Map::new();
        if register != Register::Inspections {
            body.insert("unit_code".to_owned(), json!(unit));
        }
        for field in fields {
            if !field.required && self.chance(25) {
                if whole {
                    body.insert(field.name, Value::Null);
                }
                continue;
            }
            let value = self.value(register, &field, day);
            body.insert(field.name, value);
        }
        Value::Object(body)
    }

    /// A value of a field, as it may be of an entry of that day.
    pub(super) fn value(&mut self, register: Register, field: &RegisterField, day: NaiveDate) -> Value {
        let today = self.app.today();
        match field.column {
            Column::Day => json!(day),
            Column::LastDay if register == Register::NeedSurveys => json!((day + self.days(20)).min(today)),
            Column::LastDay if self.chance(50) => Value::Null,
            Column::LastDay => json!(day + self.days(400)),
            Column::Kind | Column::Facet => json!(self.word(field)),
            Column::Number if field.flag => json!(self.chance(60)),
            Column::Number => json!(20 + self.below(30)),
            Column::SecondNumber => json!(self.below(20)),
            Column::Name => {
                self.number += 1;
                json!(format!("Tên {}", self.number))
            }
            Column::StepOne => json!((day + self.days(12)).min(today)),
            Column::StepTwo => json!((day + chrono::TimeDelta::days(12) + self.days(14)).min(today)),
            Column::StepThree => json!((day + chrono::TimeDelta::days(26) + self.days(60)).min(today)),
            Column::About => {
                let known = self.of_register(Register::Establishments, day);
                let any = self.of_register(Register::Establishments, today);
                let from = if known.is_empty() { any } else { known };
                if from.is_empty() { Value::Null } else { json!(self.pick(&from).id) }
            }
            Column::Participants => self.participants(register, day),
        }
    }

    /// A few of three persons, or of the staff who were in the work.
    fn participants(&self, register: Register, day: NaiveDate) -> Value {
        let many = self.below(4);
        if register != Register::StaffTrainings {
            let who: BTreeSet<String> = (0..many).map(|_| format!("N{}", self.below(3))).collect();
            return json!(who);
        }
        let staff = self.of_register(Register::Staff, day);
        let many = if staff.is_empty() { 0 } else { many };
        let who: BTreeSet<String> = (0..many).map(|_| self.pick(&staff).id.to_string()).collect();
        json!(who)
    }

    /// A word of a field, most often one of those that some plan asks for.
    fn word(&self, field: &RegisterField) -> String {
        let state = self.app.state();
        let list = field.words.as_deref().and_then(|list| state.registers.words.get(list)).expect("words");
        let series = state.counter().series;
        let asked: Vec<String> = list
            .keys()
            .filter(|word| series.iter().any(|series| series.kinds.contains(*word) || series.groups.contains(*word)))
            .cloned()
            .collect();
        if field.column == Column::Facet && list.contains_key(STUDENTS[0]) && self.chance(75) {
            return self.pick(&STUDENTS).to_owned();
        }
        let all: Vec<String> = list.keys().cloned().collect();
        let from = if asked.is_empty() || self.chance(15) { all } else { asked };
        // Few words, so that entries meet.
        self.pick(&from[..from.len().min(3)])
    }
}
