//! Recording and withdrawing consents; [`age`] knows who may give one.

use std::collections::HashSet;

use chrono::NaiveDate;
use diesel::prelude::*;

use super::holding::holds_on;
use super::model::{Consent, ConsentEndReason, ConsentPurpose, GivenBy};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::db::DbConnection;
use crate::db::schema::consents;
use crate::db::types::{ConsentId, GuardianId, OrganisationId, PersonId};
use crate::error::{AppError, Conflict, DayOf, FieldError, Rule};
use crate::grants::Action;
use crate::{loans, organisations, persons, referrals, transfers};

mod age;

pub use age::fit_to_birth;

/// Records a consent; `ahead` when somebody not yet of age agrees to what holds from coming of age on.
///
/// # Errors
/// Field errors; [`AppError::NotFound`] for a person out of reach; [`AppError::Forbidden`].
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    consent: &Consent,
    ahead: bool,
) -> Result<Consent, AppError> {
    reach_person(conn, actor, consent.person_id)?;
    let mut broken = Vec::new();
    if consent.given_on > actor.now.civil_date() {
        broken.push(FieldError::new("given_on", Rule::NotInFuture));
    }
    if consent.expires_on.is_some_and(|last| last < consent.given_on) {
        broken.push(FieldError::new("expires_on", Rule::NotBefore(DayOf::ConsentGiven)));
    }
    match (consent.purpose, consent.recipient_organisation_id) {
        (ConsentPurpose::Referral | ConsentPurpose::Transfer | ConsentPurpose::LoanCertificate, None) => {
            broken.push(FieldError::new("recipient_organisation_id", Rule::Required));
        }
        (_, Some(id)) if !organisations::rules::exists(conn, id)? => {
            broken.push(FieldError::new("recipient_organisation_id", Rule::NoSuchReference));
        }
        _ => {}
    }
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    let consent = age::fit(conn, consent, ahead)?;
    diesel::insert_into(consents::table).values(&consent).execute(conn)?;
    note(conn, actor, trail, consent.person_id, TrailAction::ConsentRecord, consent.purpose.as_str())?;
    if consent.is_live_on(actor.now.civil_date()) {
        carry_on(conn, trail, &consent, actor)?;
    }
    Ok(consent)
}

/// What is open and rests on a consent that runs out sooner goes on with this one.
fn carry_on(conn: &mut DbConnection, trail: &TrailKey, consent: &Consent, actor: &Actor) -> Result<(), AppError> {
    match consent.purpose {
        ConsentPurpose::Referral => referrals::rules::rest_on(conn, trail, consent, actor),
        ConsentPurpose::LoanCertificate => loans::rules::rest_on(conn, trail, consent, actor),
        ConsentPurpose::Transfer => transfers::rules::rest_on(conn, trail, consent, actor),
        ConsentPurpose::Support => Ok(()),
    }
}

/// Ends what a guardian agreed to who is no longer the guardian.
///
/// # Errors
/// The engine's own.
pub fn end_with_guardian(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    person: PersonId,
    guardian: GuardianId,
) -> Result<(), AppError> {
    let given: Vec<Consent> = consents::table
        .filter(consents::guardian_id.eq(guardian))
        .filter(consents::withdrawn_on.is_null())
        .select(Consent::as_select())
        .load(conn)?;
    for consent in given {
        end_one(conn, actor, trail, &consent, ConsentEndReason::GuardianEnded)?;
        note(conn, actor, trail, person, TrailAction::ConsentWithdraw, consent.purpose.as_str())?;
    }
    Ok(())
}

/// Ends one consent and everything that rests on it.
fn end_one(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    consent: &Consent,
    reason: ConsentEndReason,
) -> Result<(), AppError> {
    diesel::update(consents::table.find(consent.id))
        .set((
            consents::withdrawn_on.eq(actor.now.civil_date()),
            consents::withdrawn_by.eq(actor.account),
            consents::end_reason.eq(reason),
            consents::version.eq(consent.version + 1),
        ))
        .execute(conn)?;
    referrals::rules::close_without_consent(conn, actor, trail, consent.id)?;
    loans::rules::end_without_consent(conn, trail, consent.id, Some(actor.account), actor.now)?;
    transfers::rules::close_without_consent(conn, trail, consent.id, Some(actor.account), actor.now)
}

/// 404 for a person out of sight, 403 for one in sight whose consents are another's to record.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn reach_person(conn: &mut DbConnection, actor: &Actor, person: PersonId) -> Result<(), AppError> {
    let writing = actor.scope(Action::ConsentWrite)?;
    if !persons::rules::is_within(conn, &actor.scope(Action::ConsentRead)?, person)? {
        return Err(AppError::NotFound);
    }
    if persons::rules::is_within(conn, &writing, person)? { Ok(()) } else { Err(AppError::Forbidden) }
}

/// Reads the consents of a person, oldest first; at most 200, which no person has.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn of_person(conn: &mut DbConnection, actor: &Actor, person: PersonId) -> Result<Vec<Consent>, AppError> {
    if !persons::rules::is_within(conn, &actor.scope(Action::ConsentRead)?, person)? {
        return Err(AppError::NotFound);
    }
    Ok(consents::table
        .filter(consents::person_id.eq(person))
        .order((consents::given_on, consents::id))
        .select(Consent::as_select())
        .limit(200)
        .load(conn)?)
}

/// Reads one consent of a person.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, person: PersonId, id: ConsentId) -> Result<Consent, AppError> {
    of_person(conn, actor, person)?.into_iter().find(|consent| consent.id == id).ok_or(AppError::NotFound)
}

/// Withdraws a consent. What depends on it closes in the same transaction.
///
/// # Errors
/// [`AppError::VersionStale`]; [`Conflict::AlreadyWithdrawn`]; [`AppError::NotFound`].
pub fn withdraw(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    person: PersonId,
    id: ConsentId,
    expected: i32,
) -> Result<Consent, AppError> {
    reach_person(conn, actor, person)?;
    let consent = read(conn, actor, person, id)?;
    if consent.withdrawn_on.is_some() {
        return Err(AppError::Conflict(Conflict::AlreadyWithdrawn));
    }
    if consent.version != expected {
        return Err(AppError::VersionStale { current: consent.version, changed: vec!["withdrawn_on".into()] });
    }
    // Whoever withdraws means the recipient, not one of several papers.
    let alike = of_person(conn, actor, person)?.into_iter().filter(|other| {
        let same = (other.purpose, other.recipient_organisation_id);
        // What the person agreed to for the time after childhood is not a guardian's to take back.
        let hers = other.holds_from.is_some() && consent.given_by != GivenBy::OneSelf;
        same == (consent.purpose, consent.recipient_organisation_id) && other.withdrawn_on.is_none() && !hers
    });
    for other in alike {
        end_one(conn, actor, trail, &other, ConsentEndReason::Withdrawn)?;
        note(conn, actor, trail, person, TrailAction::ConsentWithdraw, other.purpose.as_str())?;
    }
    read(conn, actor, person, id)
}

/// A consent of this person that lets a service's data go to this recipient on this day.
///
/// # Errors
/// [`Conflict::ConsentMissing`] when there is none.
pub fn live_for_referral(
    conn: &mut DbConnection,
    person: PersonId,
    recipient: OrganisationId,
    day: NaiveDate,
) -> Result<ConsentId, AppError> {
    live_for(conn, person, ConsentPurpose::Referral, recipient, day)
}

/// A consent of this person for this purpose and recipient on this day.
///
/// # Errors
/// [`Conflict::ConsentMissing`] when there is none.
pub fn live_for(
    conn: &mut DbConnection,
    person: PersonId,
    purpose: ConsentPurpose,
    recipient: OrganisationId,
    day: NaiveDate,
) -> Result<ConsentId, AppError> {
    let live = live(conn, person, purpose, recipient, day)?;
    live.map(|consent| consent.id).ok_or(AppError::Conflict(Conflict::ConsentMissing))
}

/// The consent of this person for this purpose that names this recipient, holds on this day, and does so longest.
///
/// # Errors
/// The engine's own.
pub fn live(
    conn: &mut DbConnection,
    person: PersonId,
    purpose: ConsentPurpose,
    recipient: OrganisationId,
    day: NaiveDate,
) -> Result<Option<Consent>, AppError> {
    let live: Vec<Consent> = consents::table
        .filter(consents::person_id.eq(person))
        .filter(consents::purpose.eq(purpose))
        .filter(consents::recipient_organisation_id.eq(recipient))
        .filter(holds_on(day))
        .order((consents::given_on, consents::id))
        .select(Consent::as_select())
        .load(conn)?;
    // What rests on it goes on for as long as the person agreed to; of equal ones the newest stands.
    Ok(live.into_iter().max_by_key(|consent| (consent.expires_on.is_none(), consent.expires_on, consent.given_on)))
}

/// The consent to the same end that holds on this day, now that this one has run out.
///
/// # Errors
/// The engine's own.
pub fn successor(conn: &mut DbConnection, ended: &Consent, day: NaiveDate) -> Result<Option<ConsentId>, AppError> {
    let Some(recipient) = ended.recipient_organisation_id else { return Ok(None) };
    Ok(live(conn, ended.person_id, ended.purpose, recipient, day)?.map(|next| next.id))
}

/// Those of these consents that hold on this day.
///
/// # Errors
/// The engine's own.
pub fn live_among(conn: &mut DbConnection, ids: &[ConsentId], day: NaiveDate) -> Result<HashSet<ConsentId>, AppError> {
    let live = consents::table.filter(consents::id.eq_any(ids)).filter(holds_on(day)).select(consents::id);
    Ok(live.load(conn)?.into_iter().collect())
}

/// Whether the person agrees, on this day, to be on record and to be supported.
///
/// # Errors
/// The engine's own.
pub fn agrees_to_support(conn: &mut DbConnection, person: PersonId, day: NaiveDate) -> Result<bool, AppError> {
    let live = consents::table
        .filter(consents::person_id.eq(person))
        .filter(consents::purpose.eq(ConsentPurpose::Support))
        .filter(holds_on(day));
    Ok(diesel::select(diesel::dsl::exists(live)).get_result(conn)?)
}

/// Whether the consent a referral rests on still holds.
///
/// # Errors
/// The engine's own.
pub fn is_live(conn: &mut DbConnection, id: ConsentId, day: NaiveDate) -> Result<bool, AppError> {
    let live = consents::table.filter(consents::id.eq(id)).filter(holds_on(day));
    Ok(diesel::select(diesel::dsl::exists(live)).get_result(conn)?)
}

fn note(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    person: PersonId,
    action: TrailAction,
    purpose: &str,
) -> Result<(), AppError> {
    let subject = Subject::new(SubjectKind::Person, person.0);
    record(conn, trail, subject, Some(actor.account), action, &[purpose], actor.now)
}
