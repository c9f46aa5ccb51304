//! Who may be the same person: found by the index in memory, checked in the records, never kept.

use std::collections::BTreeSet;

use diesel::prelude::*;

use super::groups::everyone;
use super::model::{SameCandidate, SameReason, Verdict};
use crate::accounts::Actor;
use crate::db::DbConnection;
use crate::db::schema::{persons, same_decisions};
use crate::db::types::PersonId;
use crate::error::AppError;
use crate::grants::Action;
use crate::grants::predicates::persons_within;
use crate::persons::PersonView;
use crate::persons::model::{Birth, BirthPrecision, Person, Sex};
use crate::persons::rules::find;
use crate::persons::search::model::FoundPerson;
use crate::persons::search::{self, Likeness, NameIndex};
use crate::vault::Vault;

/// Candidates shown at the most.
const MOST_SHOWN: usize = 20;
/// Candidates read from the records at the most.
const MOST_READ: usize = 100;
/// From so much on somebody is proposed: one name alone, when nothing speaks against it.
const ENOUGH: u32 = 40;

/// Who may be the same person as `id`, among those the actor may see, likeliest first.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`]; [`AppError::IndexBuilding`].
pub(super) fn candidates(
    conn: &mut DbConnection,
    actor: &Actor,
    names: &NameIndex,
    vault: &Vault,
    id: PersonId,
) -> Result<Vec<SameCandidate>, AppError> {
    let scope = actor.scope(Action::PersonRead)?;
    let own = find(conn, &scope, id)?.view(&vault.key(id)?)?;
    let mut alike = search::rules::alike(conn, &scope, names, &likeness(&own))?;
    let settled = settled(conn, id)?;
    alike.retain(|other| !settled.contains(other));
    alike.truncate(MOST_READ);
    let rows: Vec<Person> = persons::table
        .filter(persons::id.eq_any(&alike))
        .filter(persons_within(&scope))
        .select(Person::as_select())
        .load(conn)?;
    let keys = vault.keys(&rows.iter().map(|row| row.id).collect::<Vec<_>>())?;
    let mut found = Vec::new();
    for (row, key) in rows.iter().zip(keys) {
        let other = row.view(&key)?;
        let reasons = reasons(&own, &other);
        let total = reasons.iter().map(|reason| weight(*reason)).sum();
        if proposes(&reasons, total) {
            found.push(SameCandidate { person: line(other), score: total, reasons });
        }
    }
    found.sort_by_key(|candidate| (std::cmp::Reverse(candidate.score), candidate.person.id));
    found.truncate(MOST_SHOWN);
    Ok(found)
}

fn likeness(person: &PersonView) -> Likeness {
    let names = person.name.iter().chain(&person.aliases).map(String::as_str);
    Likeness::new(names, person.birth, person.phone.as_deref())
}

fn line(person: PersonView) -> FoundPerson {
    FoundPerson {
        id: person.id,
        name: person.name,
        matched_alias: None,
        birth: person.birth,
        sex: person.sex,
        residence_unit_code: person.residence_unit_code,
        categories: person.categories,
    }
}

/// The person, those merged with them, and those who were decided to be somebody else.
fn settled(conn: &mut DbConnection, id: PersonId) -> Result<BTreeSet<PersonId>, AppError> {
    let members = everyone(conn, id)?;
    let pairs: Vec<(PersonId, PersonId)> = same_decisions::table
        .filter(same_decisions::low_id.eq_any(&members).or(same_decisions::high_id.eq_any(&members)))
        .filter(same_decisions::taken_back_at.is_null())
        .filter(same_decisions::verdict.eq(Verdict::NotSame))
        .select((same_decisions::low_id, same_decisions::high_id))
        .load(conn)?;
    Ok(members.into_iter().chain(pairs.into_iter().flat_map(|(low, high)| [low, high])).collect())
}

fn weight(reason: SameReason) -> u32 {
    match reason {
        SameReason::Name => 40,
        SameReason::Alias | SameReason::BirthDate => 30,
        SameReason::Phone | SameReason::NationalId => 25,
        SameReason::NameAlike => 20,
        SameReason::BirthYear | SameReason::Residence => 10,
        SameReason::BirthDiffers => 0,
    }
}

/// A number of an identity card alone proposes nobody: it may be lent, bought or mistyped.
fn proposes(reasons: &[SameReason], total: u32) -> bool {
    let has = |reason| reasons.contains(&reason);
    let named = has(SameReason::Name) || has(SameReason::NameAlike) || has(SameReason::Alias);
    total >= ENOUGH && (named || (has(SameReason::Phone) && has(SameReason::BirthDate)))
}

/// What speaks for one person; nothing when something speaks against it.
pub(super) fn reasons(one: &PersonView, other: &PersonView) -> Vec<SameReason> {
    let birth = birth(one.birth, other.birth);
    if !sexes_go_together(one.sex, other.sex) {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    reasons.extend(names(one, other));
    reasons.extend(birth.flatten());
    let same = |one: Option<String>, other: Option<String>| one.is_some() && one == other;
    if same(one.residence_unit_code.clone(), other.residence_unit_code.clone()) {
        reasons.push(SameReason::Residence);
    }
    let phone = |person: &PersonView| person.phone.as_deref().and_then(search::plain_number);
    if same(phone(one), phone(other)) {
        reasons.push(SameReason::Phone);
    }
    if same(plain_id(one.national_id.as_deref()), plain_id(other.national_id.as_deref())) {
        reasons.push(SameReason::NationalId);
    }
    if birth.is_none() {
        // Day and month are swapped, a year is misheard: of one name and one number it may still be one person.
        let has = |reason| reasons.contains(&reason);
        let named = has(SameReason::Name) || has(SameReason::Alias);
        if !(named && (has(SameReason::Phone) || has(SameReason::NationalId))) {
            return Vec::new();
        }
        reasons.push(SameReason::BirthDiffers);
    }
    reasons
}

fn names(one: &PersonView, other: &PersonView) -> Option<SameReason> {
    let proper = match (&one.name, &other.name) {
        (Some(one), Some(other)) => search::likeness_of(one, other),
        _ => search::Alike::Not,
    };
    if proper == search::Alike::Same {
        return Some(SameReason::Name);
    }
    let all = |person: &PersonView| -> Vec<String> { person.name.iter().chain(&person.aliases).cloned().collect() };
    let (ones, others) = (all(one), all(other));
    let known = |name: &String| others.iter().any(|other| search::likeness_of(name, other) == search::Alike::Same);
    if ones.iter().any(known) {
        return Some(SameReason::Alias);
    }
    (proper == search::Alike::Near).then_some(SameReason::NameAlike)
}

fn sexes_go_together(one: Sex, other: Sex) -> bool {
    let open = |sex| matches!(sex, Sex::Unknown | Sex::Other);
    one == other || open(one) || open(other)
}

/// None when the births contradict each other; else the reason they give, if they give any.
fn birth(one: Birth, other: Birth) -> Option<Option<SameReason>> {
    use chrono::Datelike as _;
    let (Some(born), Some(other_born)) = (one.earliest(), other.earliest()) else { return Some(None) };
    if born.year() != other_born.year() {
        return None;
    }
    // Whoever knows the year only is often written down as born on 1 January.
    let year_only =
        |birth: Birth| birth.precision != BirthPrecision::Exact || birth.earliest().is_some_and(|d| d.ordinal() == 1);
    if year_only(one) || year_only(other) {
        return Some(Some(SameReason::BirthYear));
    }
    (born == other_born).then_some(Some(SameReason::BirthDate))
}

/// Letters and digits of the number of a card or passport.
fn plain_id(number: Option<&str>) -> Option<String> {
    let plain: String = number?.chars().filter(char::is_ascii_alphanumeric).collect();
    (plain.len() >= 6).then(|| plain.to_ascii_uppercase())
}
