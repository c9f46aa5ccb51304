//! Reading entries within the places of an officer.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::Books;
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{register_entries, register_participants};
use crate::db::types::RegisterEntryId;
use crate::error::{AppError, Rule};
use crate::grants::predicates::entries_within;
use crate::grants::{Action, Places};
use crate::programmes::registers::catalogue::{Column, Register};
use crate::programmes::registers::model::{RegisterEntry, Told};

/// Which entries of a register are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this unit and of what lies in it.
    pub unit: Option<String>,
    /// Not before this day.
    pub from: Option<NaiveDate>,
    /// Not after this day.
    pub to: Option<NaiveDate>,
    /// With this first word.
    pub kind: Option<String>,
    /// Void ones as well.
    pub include_void: bool,
}

/// The entry of this id, where the actor reaches it with this action.
pub(super) fn row(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    (register, id): (Register, RegisterEntryId),
    action: Action,
) -> Result<RegisterEntry, AppError> {
    let places = books.places(actor, action)?;
    let found = register_entries::table
        .filter(register_entries::id.eq(id))
        .filter(register_entries::register.eq(register))
        .filter(entries_within(&places));
    Ok(found.select(RegisterEntry::as_select()).first(conn)?)
}

/// Reads one entry.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn find(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    (register, id): (Register, RegisterEntryId),
) -> Result<Told, AppError> {
    let entry = row(conn, actor, books, (register, id), Action::RegisterRead)?;
    told(conn, entry)
}

/// An entry with the number of its participants.
///
/// # Errors
/// The engine's own.
pub fn told(conn: &mut DbConnection, entry: RegisterEntry) -> Result<Told, AppError> {
    let listed = register_participants::table.filter(register_participants::entry_id.eq(entry.id));
    let participants = listed.count().get_result(conn)?;
    Ok(Told { entry, participants })
}

/// Reads a page of entries, the newest first, one more than `limit`.
///
/// # Errors
/// Field errors; [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    books: Books<'_>,
    register: Register,
    filter: &Filter,
    after: Option<(NaiveDate, RegisterEntryId)>,
    limit: i64,
) -> Result<Vec<Told>, AppError> {
    let places = books.places(actor, Action::RegisterRead)?;
    let places = asked(&places, books, actor, filter)?;
    check_kind(books, register, filter)?;
    let mut rows: Vec<RegisterEntry> = Vec::new();
    // Each place has its own index, in the order of the list.
    for place in places.each() {
        rows.extend(page(conn, register, filter, &place, after, limit)?);
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.day, row.id)));
    rows.truncate(usize::try_from(limit + 1).unwrap_or(usize::MAX));
    with_participants(conn, register, books, rows)
}

fn asked(places: &Places, books: Books<'_>, actor: &Actor, filter: &Filter) -> Result<Places, AppError> {
    let today = actor.now.civil_date();
    match &filter.unit {
        None => Ok(places.clone()),
        Some(unit) if books.units.get(unit).is_none() => Err(AppError::field("unit", Rule::NoSuchReference)),
        Some(unit) => Ok(places.within(&Places::of_unit(unit, books.units, today), books.units, today)),
    }
}

fn check_kind(books: Books<'_>, register: Register, filter: &Filter) -> Result<(), AppError> {
    let words = books.catalogue.words_of(register, Column::Kind);
    match &filter.kind {
        Some(kind) if !words.is_some_and(|words| words.contains_key(kind)) => {
            let words = words.map(|words| words.keys().cloned().collect::<Vec<_>>().join(", ")).unwrap_or_default();
            Err(AppError::field("kind", Rule::Format(crate::error::Form::OneOf(words))))
        }
        _ => Ok(()),
    }
}

fn page(
    conn: &mut DbConnection,
    register: Register,
    filter: &Filter,
    place: &Places,
    after: Option<(NaiveDate, RegisterEntryId)>,
    limit: i64,
) -> Result<Vec<RegisterEntry>, AppError> {
    let mut query = register_entries::table
        .filter(register_entries::register.eq(register))
        .filter(entries_within(place))
        .order((register_entries::day.desc(), register_entries::id.desc()))
        .select(RegisterEntry::as_select())
        .limit(limit + 1)
        .into_boxed();
    if !filter.include_void {
        query = query.filter(register_entries::voided_at.is_null());
    }
    if let Some(kind) = &filter.kind {
        query = query.filter(register_entries::kind.eq(kind.clone()));
    }
    if let Some(from) = filter.from {
        query = query.filter(register_entries::day.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(register_entries::day.le(to));
    }
    if let Some((day, id)) = after {
        // The first condition is the one an index is entered by.
        let before = register_entries::day.lt(day).or(register_entries::id.lt(id));
        query = query.filter(register_entries::day.le(day)).filter(before);
    }
    Ok(query.load(conn)?)
}

/// Entries with the numbers of their participants.
fn with_participants(
    conn: &mut DbConnection,
    register: Register,
    books: Books<'_>,
    rows: Vec<RegisterEntry>,
) -> Result<Vec<Told>, AppError> {
    let mut counts: HashMap<RegisterEntryId, i64> = HashMap::new();
    if books.catalogue.field(register, Column::Participants).is_some() {
        let ids: Vec<RegisterEntryId> = rows.iter().map(|row| row.id).collect();
        let found: Vec<(RegisterEntryId, i64)> = register_participants::table
            .filter(register_participants::entry_id.eq_any(ids))
            .group_by(register_participants::entry_id)
            .select((register_participants::entry_id, diesel::dsl::count_star()))
            .load(conn)?;
        counts.extend(found);
    }
    let told = |entry: RegisterEntry| Told { participants: counts.get(&entry.id).copied().unwrap_or(0), entry };
    Ok(rows.into_iter().map(told).collect())
}
