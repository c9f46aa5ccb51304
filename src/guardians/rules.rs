//! Recording guardians, and what ends with them.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Guardian, GuardianEndReason};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::consents;
use crate::db::DbConnection;
use crate::db::schema::guardians;
use crate::db::types::{GuardianId, PersonId};
use crate::error::{AppError, Conflict, DayOf, Rule};
use crate::grants::Action;
use crate::persons;

/// Records a guardian of a person.
///
/// # Errors
/// Field errors; [`AppError::NotFound`] for a person out of reach; [`AppError::Forbidden`].
pub fn create(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, guardian: &Guardian) -> Result<(), AppError> {
    consents::rules::reach_person(conn, actor, guardian.person_id)?;
    if guardian.from_on > actor.now.civil_date() {
        return Err(AppError::field("from_on", Rule::NotInFuture));
    }
    diesel::insert_into(guardians::table).values(guardian).execute(conn)?;
    note(conn, actor, trail, guardian.person_id)
}

/// Reads the guardians of a person, oldest first; at most 200, which no person has.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn of_person(conn: &mut DbConnection, actor: &Actor, person: PersonId) -> Result<Vec<Guardian>, AppError> {
    if !persons::rules::is_within(conn, &actor.scope(Action::ConsentRead)?, person)? {
        return Err(AppError::NotFound);
    }
    Ok(guardians::table
        .filter(guardians::person_id.eq(person))
        .order((guardians::from_on, guardians::id))
        .select(Guardian::as_select())
        .limit(200)
        .load(conn)?)
}

/// Reads one guardian of a person.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, person: PersonId, id: GuardianId) -> Result<Guardian, AppError> {
    of_person(conn, actor, person)?.into_iter().find(|guardian| guardian.id == id).ok_or(AppError::NotFound)
}

/// Ends a guardianship. What the guardian agreed to ends with it, and with that every
/// share that rests on it, in the same transaction.
///
/// # Errors
/// Field errors; [`Conflict::GuardianEnded`]; [`AppError::VersionStale`]; [`AppError::NotFound`].
pub fn end(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    (person, id): (PersonId, GuardianId),
    expected: i32,
    until_on: NaiveDate,
    reason: GuardianEndReason,
) -> Result<Guardian, AppError> {
    consents::rules::reach_person(conn, actor, person)?;
    let mut guardian = read(conn, actor, person, id)?;
    if guardian.version != expected {
        return Err(AppError::VersionStale { current: guardian.version, changed: vec!["until_on".into()] });
    }
    if guardian.until_on.is_some() {
        return Err(AppError::Conflict(Conflict::GuardianEnded));
    }
    if until_on > actor.now.civil_date() {
        return Err(AppError::field("until_on", Rule::NotInFuture));
    }
    if until_on < guardian.from_on {
        return Err(AppError::field("until_on", Rule::NotBefore(DayOf::GuardianFrom)));
    }
    guardian.until_on = Some(until_on);
    guardian.end_reason = Some(reason);
    guardian.version += 1;
    diesel::update(guardians::table.find(id))
        .set((
            guardians::until_on.eq(guardian.until_on),
            guardians::end_reason.eq(guardian.end_reason),
            guardians::version.eq(guardian.version),
        ))
        .execute(conn)?;
    note(conn, actor, trail, person)?;
    consents::rules::end_with_guardian(conn, actor, trail, person, id)?;
    Ok(guardian)
}

/// Whether this guardian of the person spoke for them on this day.
///
/// # Errors
/// The engine's own.
pub fn in_charge(conn: &mut DbConnection, person: PersonId, id: GuardianId, day: NaiveDate) -> Result<bool, AppError> {
    let of_person = guardians::table.filter(guardians::id.eq(id)).filter(guardians::person_id.eq(person));
    let guardian: Option<Guardian> = of_person.select(Guardian::as_select()).first(conn).optional()?;
    Ok(guardian.is_some_and(|guardian| guardian.is_in_charge_on(day)))
}

fn note(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, person: PersonId) -> Result<(), AppError> {
    let subject = Subject::new(SubjectKind::Person, person.0);
    record(conn, trail, subject, Some(actor.account), TrailAction::Update, &["guardian"], actor.now)
}
