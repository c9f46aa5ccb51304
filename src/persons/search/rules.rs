//! Searching within what the searcher may see.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::following::NameIndex;
use super::index::{Hit, take_best, year_of};
use super::likeness::Likeness;
use super::matching::{Query, fit_of};
use super::model::{Candidate, FoundPerson, FoundPersons};
use super::words::words;
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{cases, persons};
use crate::db::types::{OrganisationId, PersonId};
use crate::error::AppError;
use crate::grants::predicates::{cases_within, persons_within};
use crate::grants::{Action, Scope};
use crate::persons::model::{Birth, SealedColumn, open_column};
use crate::vault::{DataKey, Vault};

/// Persons looked up in the records beforehand for one who reaches no whole organisation.
const FEW: i64 = 3_000;
/// Hits that are checked in the records beyond those to be shown, for the few that are not within reach.
const SPARE: usize = 8;
/// Hits that are checked in the records at the most.
const MOST_CHECKED: usize = 2_048;

/// The persons within reach who fit the query, best first, at most `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right; [`AppError::IndexBuilding`] until this node has its index.
pub fn search(
    conn: &mut DbConnection,
    actor: &Actor,
    names: &NameIndex,
    vault: &Vault,
    query: &Query,
    limit: usize,
) -> Result<FoundPersons, AppError> {
    let scope = actor.scope(Action::PersonRead)?;
    let mut hits = match few_within(conn, &scope)? {
        Some(few) => names.hits_among(query, &few)?,
        None => names.hits_within(query, &organisations_of(&scope))?,
    };
    let (mut found, mut checked) = (Vec::new(), 0);
    while found.len() <= limit && !hits.is_empty() && checked < MOST_CHECKED {
        let best = take_best(&mut hits, limit + 1 + SPARE);
        checked += best.len();
        found.extend(check(conn, &scope, vault, query, &best)?);
    }
    let more = found.len() > limit;
    found.truncate(limit);
    Ok(FoundPersons { items: found, more })
}

/// Who within reach may be the person of this likeness, likeliest first; to be checked in the records.
///
/// # Errors
/// [`AppError::IndexBuilding`] until this node has its index.
pub fn alike(
    conn: &mut DbConnection,
    scope: &Scope,
    names: &NameIndex,
    likeness: &Likeness,
) -> Result<Vec<PersonId>, AppError> {
    match few_within(conn, scope)? {
        Some(few) => names.alike_among(likeness, &few),
        None => names.alike_within(likeness, &organisations_of(scope)),
    }
}

/// Persons who may bear one of these names, in the order of ids, to be checked in the records; nobody within reach is
/// missing. None when the index cannot tell, or the scope reaches no whole organisation.
///
/// # Errors
/// The engine's own.
pub fn bearers<'a>(
    conn: &mut DbConnection,
    scope: &Scope,
    names: &NameIndex,
    wanted: impl Iterator<Item = &'a str>,
) -> Result<Option<Vec<PersonId>>, AppError> {
    if scope.organisations.iter().next().is_none() {
        return Ok(None);
    }
    let folded = |name| words(name).into_iter().map(|word| word.folded).collect();
    names.bearers(conn, &wanted.map(folded).collect::<Vec<_>>(), &organisations_of(scope))
}

/// Everybody within a scope that reaches no whole organisation, unless they are many: then nobody
/// else is looked at, not even in memory.
fn few_within(conn: &mut DbConnection, scope: &Scope) -> Result<Option<Vec<PersonId>>, AppError> {
    if scope.organisations.iter().next().is_some() {
        return Ok(None);
    }
    let through_case = cases::table.filter(cases_within(scope)).select(cases::person_id).limit(FEW);
    let mut few: Vec<PersonId> = through_case.load(conn)?;
    // More than those within reach, where a case holds them by now; each hit is checked again.
    let registered = persons::table.filter(persons::registered_by.eq(scope.account)).select(persons::id).limit(FEW);
    few.extend(registered.load::<PersonId>(conn)?);
    let all = i64::try_from(few.len()).is_ok_and(|count| count < FEW);
    few.sort_unstable();
    few.dedup();
    Ok(all.then_some(few))
}

/// Every organisation through which the scope reaches persons; the index holds for each person
/// the organisations of the cases and the one that registered.
fn organisations_of(scope: &Scope) -> Vec<OrganisationId> {
    scope.own.iter().chain(scope.case_organisations()).collect()
}

/// Reads those of the hits that are within reach and fit as they now are, in the order of the hits.
fn check(
    conn: &mut DbConnection,
    scope: &Scope,
    vault: &Vault,
    query: &Query,
    hits: &[Hit],
) -> Result<Vec<FoundPerson>, AppError> {
    let ids: Vec<PersonId> = hits.iter().map(|hit| hit.id).collect();
    let rows: Vec<Candidate> = persons::table
        .filter(persons::id.eq_any(&ids))
        .filter(persons_within(scope))
        .select(Candidate::as_select())
        .load(conn)?;
    let within: Vec<PersonId> = rows.iter().map(|row| row.id).collect();
    let keys = vault.keys(&within)?;
    let mut found: BTreeMap<PersonId, FoundPerson> = BTreeMap::new();
    for (row, key) in rows.into_iter().zip(keys) {
        if let Some(person) = shown(row, &key, query)? {
            found.insert(person.id, person);
        }
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// The person as a search shows them; none when none of their names fits any more.
fn shown(row: Candidate, key: &DataKey, query: &Query) -> Result<Option<FoundPerson>, AppError> {
    let name = open_column(key, row.id, SealedColumn::Name, row.sealed_name.as_deref())?;
    let aliases = open_column(key, row.id, SealedColumn::Aliases, row.sealed_aliases.as_deref())?;
    let birth = Birth { precision: row.birth_precision, date: row.birth_date, year: row.birth_year };
    let proper = name.iter().map(|name| (true, name.as_str()));
    let others = aliases.iter().flat_map(|aliases| aliases.lines()).map(|alias| (false, alias));
    let names: Vec<(bool, &str)> = proper.chain(others).collect();
    let Some((_, number)) = fit_of(query, &names, year_of(birth)) else { return Ok(None) };
    let matched_alias = names.get(number).filter(|(proper, _)| !proper).map(|(_, alias)| (*alias).to_owned());
    Ok(Some(FoundPerson {
        id: row.id,
        matched_alias,
        birth,
        sex: row.sex,
        residence_unit_code: row.residence_unit_code,
        categories: row.categories.list(),
        name,
    }))
}
