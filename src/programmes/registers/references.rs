//! What entries refer to: the establishment of an inspection, and those who took part.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::catalogue::{Column, Register};
use super::draft::Draft;
use super::form::{EntryForm, UNIT_CODE};
use super::participants::participant_of;
use crate::db::DbConnection;
use crate::db::schema::register_entries;
use crate::db::types::{ParticipantId, RegisterEntryId};
use crate::error::{AppError, DayOf, FieldError, FitsWith, Rule};
use crate::grants::Places;
use crate::grants::predicates::entries_within;
use crate::vault::ServerKey;

/// Ids of one statement.
pub(in crate::programmes) const AT_ONCE: usize = 500;

/// An entry that others refer to.
#[derive(Debug, Clone)]
struct Known {
    unit_code: String,
    day: NaiveDate,
    last_day: Option<NaiveDate>,
}

type KnownRow = (RegisterEntryId, String, NaiveDate, Option<NaiveDate>, String);

/// Entries that drafts refer to, as far as the officer reaches them and they are not void.
#[derive(Debug, Default)]
pub struct References {
    known: HashMap<RegisterEntryId, Known>,
    by_number: HashMap<String, Vec<RegisterEntryId>>,
}

impl References {
    /// Reads everything that these drafts of a register refer to.
    ///
    /// # Errors
    /// The engine's own.
    pub fn read<'d>(
        conn: &mut DbConnection,
        places: &Places,
        register: Register,
        drafts: impl Iterator<Item = &'d Draft>,
    ) -> Result<Self, AppError> {
        let mut references = Self::default();
        match register {
            Register::Inspections => {
                let ids: BTreeSet<RegisterEntryId> = drafts.filter_map(|draft| draft.about).collect();
                references.read_ids(conn, places, Register::Establishments, ids)?;
            }
            Register::StaffTrainings => {
                let listed = drafts.filter_map(|draft| draft.participants.as_ref()).flatten();
                let (mut ids, mut numbers) = (BTreeSet::new(), BTreeSet::new());
                for number in listed {
                    match number.parse() {
                        Ok(id) => drop(ids.insert(RegisterEntryId(id))),
                        Err(_) => drop(numbers.insert(number.clone())),
                    }
                }
                references.read_ids(conn, places, Register::Staff, ids)?;
                references.read_numbers(conn, places, &numbers)?;
            }
            _ => {}
        }
        Ok(references)
    }

    fn read_ids(
        &mut self,
        conn: &mut DbConnection,
        places: &Places,
        register: Register,
        ids: BTreeSet<RegisterEntryId>,
    ) -> Result<(), AppError> {
        let ids: Vec<RegisterEntryId> = ids.into_iter().collect();
        for some in ids.chunks(AT_ONCE) {
            let rows = register_entries::table
                .filter(register_entries::id.eq_any(some.to_vec()))
                .filter(register_entries::register.eq(register))
                .filter(register_entries::voided_at.is_null())
                .filter(entries_within(places))
                .select((
                    register_entries::id,
                    register_entries::unit_code,
                    register_entries::day,
                    register_entries::last_day,
                    register_entries::name,
                ))
                .load(conn)?;
            self.take(rows, false);
        }
        Ok(())
    }

    fn read_numbers(
        &mut self,
        conn: &mut DbConnection,
        places: &Places,
        numbers: &BTreeSet<String>,
    ) -> Result<(), AppError> {
        let numbers: Vec<&String> = numbers.iter().collect();
        for some in numbers.chunks(AT_ONCE) {
            let some: Vec<String> = some.iter().map(|number| (*number).clone()).collect();
            let rows = register_entries::table
                .filter(register_entries::name.eq_any(some))
                // Written out, so that the index of staff numbers serves it.
                .filter(sql::<Bool>("register_entries.register = 'staff'"))
                .filter(register_entries::voided_at.is_null())
                .filter(entries_within(places))
                .order(register_entries::id)
                .select((
                    register_entries::id,
                    register_entries::unit_code,
                    register_entries::day,
                    register_entries::last_day,
                    register_entries::name,
                ))
                .load(conn)?;
            self.take(rows, true);
        }
        Ok(())
    }

    fn take(&mut self, rows: Vec<KnownRow>, by_number: bool) {
        for (id, unit_code, day, last_day, name) in rows {
            if by_number {
                self.by_number.entry(name).or_default().push(id);
            }
            self.known.insert(id, Known { unit_code, day, last_day });
        }
    }

    /// Fills in what a draft takes from what it refers to, and says who took part; none where nothing was said of it.
    ///
    /// # Errors
    /// References that cannot be used.
    pub fn settle(
        &self,
        form: &EntryForm<'_>,
        key: &ServerKey,
        draft: &mut Draft,
    ) -> Result<Option<Vec<ParticipantId>>, Vec<FieldError>> {
        match form.register {
            Register::Inspections => self.settle_inspection(form, draft).map(|()| None),
            Register::StaffTrainings => self.staff_of(form, draft),
            _ => participants_of(form, draft, |number| Ok(participant_of(key, number))),
        }
    }

    fn settle_inspection(&self, form: &EntryForm<'_>, draft: &mut Draft) -> Result<(), Vec<FieldError>> {
        let fault = |column, rule| Err(vec![FieldError::new(form.name_of(column), rule)]);
        let Some(establishment) = draft.about.and_then(|id| self.known.get(&id)) else {
            return fault(Column::About, Rule::NoSuchReference);
        };
        let day = draft.day.unwrap_or_default();
        if day < establishment.day {
            return fault(Column::Day, Rule::NotBefore(DayOf::EstablishmentOpened));
        }
        if establishment.last_day.is_some_and(|last| day > last) {
            return fault(Column::Day, Rule::NotAfter(DayOf::EstablishmentClosed));
        }
        if draft.unit_code.as_ref().is_some_and(|unit| *unit != establishment.unit_code) {
            return Err(vec![FieldError::new(UNIT_CODE, Rule::MustFit(FitsWith::UnitOfEstablishment))]);
        }
        draft.unit_code = Some(establishment.unit_code.clone());
        Ok(())
    }

    fn staff_of(&self, form: &EntryForm<'_>, draft: &Draft) -> Result<Option<Vec<ParticipantId>>, Vec<FieldError>> {
        let day = draft.day.unwrap_or_default();
        let in_work = |id: &RegisterEntryId| {
            let staff = self.known.get(id);
            staff.is_some_and(|staff| staff.day <= day && staff.last_day.is_none_or(|last| day <= last))
        };
        participants_of(form, draft, |number| {
            let named = match number.parse() {
                Ok(id) => vec![RegisterEntryId(id)],
                Err(_) => self.by_number.get(number).cloned().unwrap_or_default(),
            };
            match named.into_iter().filter(in_work).collect::<Vec<_>>().as_slice() {
                [only] => Ok(ParticipantId(only.0)),
                [] => Err(Rule::MustFit(FitsWith::StaffInWork)),
                _ => Err(Rule::MustFit(FitsWith::OneOfStaff)),
            }
        })
    }
}

/// Those who are listed, each once.
fn participants_of(
    form: &EntryForm<'_>,
    draft: &Draft,
    who: impl Fn(&str) -> Result<ParticipantId, Rule>,
) -> Result<Option<Vec<ParticipantId>>, Vec<FieldError>> {
    let Some(list) = &draft.participants else { return Ok(None) };
    let (mut listed, mut faults) = (BTreeSet::new(), Vec::new());
    for (place, number) in list.iter().enumerate() {
        let rule = match who(number) {
            Ok(who) if listed.insert(who) => continue,
            Ok(_) => Rule::MustFit(FitsWith::Once),
            Err(rule) => rule,
        };
        faults.push(FieldError::new(format!("{}[{place}]", form.name_of(Column::Participants)), rule));
    }
    if faults.is_empty() { Ok(Some(listed.into_iter().collect())) } else { Err(faults) }
}
