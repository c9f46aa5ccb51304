//! What stands in a register once: somebody of the staff, an establishment, a model that is counted by its entry. A
//! second entry of the same, for the same days, in the same unit or in one that went into it whole, would count it twice.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;

use super::catalogue::{Column, Register, RegisterCatalogue};
use super::model::RegisterEntry;
use super::references::AT_ONCE;
use crate::admin_units::AdminUnits;
use crate::db::DbConnection;
use crate::db::schema::register_entries;
use crate::db::types::RegisterEntryId;
use crate::error::{AppError, FieldError, FitsWith, Rule};
use crate::grants::Places;
use crate::grants::predicates::entries_within;
use crate::text::spoken_alike;

/// What an entry is known by in the register of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Known {
    unit: String,
    name: Option<String>,
    kind: Option<String>,
    day: Option<NaiveDate>,
}

/// Days that are taken, the last of each by its first; none of them meet.
#[derive(Debug, Default)]
struct Taken(BTreeMap<NaiveDate, NaiveDate>);

impl Taken {
    /// The last of those before the end of these days, if it reaches into them.
    fn met(&self, (first, last): (NaiveDate, NaiveDate)) -> Option<(NaiveDate, NaiveDate)> {
        let before = self.0.range(..=last).next_back().map(|(from, to)| (*from, *to));
        before.filter(|(_, to)| *to >= first)
    }

    fn take(&mut self, (mut first, mut last): (NaiveDate, NaiveDate)) {
        while let Some((from, to)) = self.met((first, last)) {
            self.0.remove(&from);
            (first, last) = (first.min(from), last.max(to));
        }
        self.0.insert(first, last);
    }
}

fn days_of(entry: &RegisterEntry) -> (NaiveDate, NaiveDate) {
    (entry.day, entry.last_day.unwrap_or(NaiveDate::MAX))
}

/// A row on record: id, unit, name, kind and days.
type Row = (RegisterEntryId, String, String, String, NaiveDate, Option<NaiveDate>);

/// Whether an entry that was changed may say again what it did not say before: it is known by something else, or for more
/// days.
pub fn says_more(catalogue: &RegisterCatalogue, before: &RegisterEntry, after: &RegisterEntry) -> bool {
    let columns = catalogue.once(before.register);
    let (then, now) = (days_of(before), days_of(after));
    before.unit_code != after.unit_code
        || columns.contains(&Column::Name) && before.name != after.name
        || columns.contains(&Column::Kind) && before.kind != after.kind
        || columns.contains(&Column::Day) && before.day != after.day
        || now.0 < then.0
        || now.1 > then.1
}

/// Which of these entries of a register say again what another of them, before it, or one on record says already; each
/// by its place, with the field that tells so. What the officer does not reach is not told of.
///
/// # Errors
/// The engine's own.
pub fn said_twice(
    conn: &mut DbConnection,
    (catalogue, units, reached): (&RegisterCatalogue, &AdminUnits, &Places),
    register: Register,
    entries: &[RegisterEntry],
) -> Result<Vec<(usize, FieldError)>, AppError> {
    let columns = catalogue.once(register);
    let Some(column) = columns.first() else { return Ok(Vec::new()) };
    let known = |unit: &str, name: &str, kind: &str, day: NaiveDate| Known {
        unit: unit.to_owned(),
        name: columns.contains(&Column::Name).then(|| spoken_alike(name)),
        kind: columns.contains(&Column::Kind).then(|| kind.to_owned()),
        day: columns.contains(&Column::Day).then_some(day),
    };
    let mut together: HashMap<&str, Vec<&str>> = HashMap::new();
    for entry in entries {
        together.entry(&entry.unit_code).or_insert_with(|| counted_together(units, &entry.unit_code));
    }
    let known_in = |entry: &RegisterEntry| -> Vec<Known> {
        let known = |unit: &&str| known(unit, &entry.name, &entry.kind, entry.day);
        together.get(&*entry.unit_code).into_iter().flatten().map(known).collect()
    };
    let asked: HashSet<Known> = entries.iter().flat_map(known_in).collect();
    let mut taken: HashMap<Known, Taken> = HashMap::new();
    let own: HashSet<RegisterEntryId> = entries.iter().map(|entry| entry.id).collect();
    let places: Vec<&str> = together.values().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    for some in places.chunks(AT_ONCE) {
        for (id, unit, name, kind, first, last) in on_record(conn, register, reached, some)? {
            let known = known(&unit, &name, &kind, first);
            if asked.contains(&known) && !own.contains(&id) {
                taken.entry(known).or_default().take((first, last.unwrap_or(NaiveDate::MAX)));
            }
        }
    }
    let mut twice = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        let days = days_of(entry);
        if known_in(entry).iter().any(|known| taken.get(known).is_some_and(|taken| taken.met(days).is_some())) {
            let field = catalogue.field(register, *column).map_or(column.as_str(), |field| &field.name);
            twice.push((place, FieldError::new(field, Rule::MustFit(FitsWith::OnRecordOnce))));
        } else {
            taken.entry(known(&entry.unit_code, &entry.name, &entry.kind, entry.day)).or_default().take(days);
        }
    }
    Ok(twice)
}

/// A unit, those that went into it whole, and those it went into.
fn counted_together<'a>(units: &'a AdminUnits, unit: &'a str) -> Vec<&'a str> {
    let into = |code: &str| match units.successors(code) {
        [only] if only.is_whole => Some(only.successor.as_str()),
        _ => None,
    };
    let mut together: Vec<&str> = std::iter::successors(Some(unit), |code| into(code)).collect();
    let mut left = vec![unit];
    while let Some(code) = left.pop() {
        for old in units.predecessors(code).filter(|old| into(&old.code) == Some(code)) {
            together.push(&old.code);
            left.push(&old.code);
        }
    }
    together
}

fn on_record(
    conn: &mut DbConnection,
    register: Register,
    reached: &Places,
    units: &[&str],
) -> Result<Vec<Row>, AppError> {
    let rows = register_entries::table
        .filter(register_entries::register.eq(register))
        .filter(register_entries::unit_code.eq_any(units.to_vec()))
        .filter(register_entries::voided_at.is_null())
        .filter(entries_within(reached))
        .select((
            register_entries::id,
            register_entries::unit_code,
            register_entries::name,
            register_entries::kind,
            register_entries::day,
            register_entries::last_day,
        ));
    Ok(rows.load(conn)?)
}
