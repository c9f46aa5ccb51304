//! Recording and withdrawing consents.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::model::{Consent, ConsentEndReason, ConsentPurpose, GivenBy};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::db::DbConnection;
use crate::db::schema::consents;
use crate::db::types::{ConsentId, GuardianId, OrganisationId, PersonId};
use crate::error::{AppError, Conflict, FieldError, Rule};
use crate::grants::Action;
use crate::persons::model::Birth;
use crate::{guardians, loans, organisations, persons, referrals, transfers};

/// Records a consent.
///
/// # Errors
/// Field errors; [`AppError::NotFound`] for a person out of reach; [`AppError::Forbidden`].
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    consent: &Consent,
) -> Result<Consent, AppError> {
    reach_person(conn, actor, consent.person_id)?;
    let mut broken = Vec::new();
    if consent.given_on > actor.now.civil_date() {
        broken.push(FieldError::new("given_on", Rule::NotInFuture));
    }
    if consent.expires_on.is_some_and(|last| last < consent.given_on) {
        broken.push(FieldError::new("expires_on", Rule::NotBefore("given_on")));
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
    let consent = as_of_age(conn, consent)?;
    diesel::insert_into(consents::table).values(&consent).execute(conn)?;
    note(conn, actor, trail, consent.person_id, TrailAction::ConsentRecord, consent.purpose.as_str())?;
    if consent.purpose == ConsentPurpose::Referral {
        referrals::rules::rest_on(conn, trail, &consent, actor)?;
    }
    Ok(consent)
}

/// Who may give the consent, by the person's age on that day. A guardian speaks until the
/// person comes of age and no longer, so the consent ends on the day before.
///
/// # Errors
/// Field errors.
fn as_of_age(conn: &mut DbConnection, consent: &Consent) -> Result<Consent, AppError> {
    let birth = persons::rules::birth_of(conn, consent.person_id)?;
    let day = consent.given_on;
    let by_guardian = consent.given_by != GivenBy::OneSelf;
    match consent.guardian_id {
        Some(_) if !by_guardian => return Err(AppError::field("guardian_id", Rule::ConflictsWith("given_by"))),
        None if by_guardian => return Err(AppError::field("guardian_id", Rule::Required)),
        Some(guardian) if !guardians::rules::in_charge(conn, consent.person_id, guardian, day)? => {
            return Err(AppError::field("guardian_id", Rule::NoSuchReference));
        }
        _ => {}
    }
    if !by_guardian {
        let child = birth.is_minor_on(day);
        return if child { Err(AppError::field("given_by", Rule::GuardianNeeded)) } else { Ok(consent.clone()) };
    }
    let Some(of_age) = birth.of_age_on() else { return Ok(consent.clone()) };
    if day >= of_age {
        return Err(AppError::field("given_by", Rule::OfAge));
    }
    let last = of_age.pred_opt();
    let expires_on = consent.expires_on.map_or(last, |told| last.map(|last| last.min(told)));
    Ok(Consent { expires_on, ..consent.clone() })
}

/// After a birth was corrected: what a guardian agreed to ends before the person comes of age.
///
/// # Errors
/// The engine's own.
pub fn end_at_coming_of_age(conn: &mut DbConnection, person: PersonId, birth: &Birth) -> Result<(), AppError> {
    let Some(last) = birth.of_age_on().and_then(|day| day.pred_opt()) else { return Ok(()) };
    let longer = consents::table
        .filter(consents::person_id.eq(person))
        .filter(consents::given_by.ne(GivenBy::OneSelf))
        .filter(consents::withdrawn_on.is_null())
        .filter(consents::expires_on.is_null().or(consents::expires_on.gt(last)));
    diesel::update(longer)
        .set((consents::expires_on.eq(last), consents::version.eq(consents::version + 1)))
        .execute(conn)?;
    Ok(())
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
        same == (consent.purpose, consent.recipient_organisation_id) && other.withdrawn_on.is_none()
    });
    for other in alike {
        end_one(conn, actor, trail, &other, ConsentEndReason::Withdrawn)?;
    }
    let consent = read(conn, actor, person, id)?;
    note(conn, actor, trail, person, TrailAction::ConsentWithdraw, consent.purpose.as_str())?;
    Ok(consent)
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

/// A consent of this person for this purpose that names this recipient and holds on this day.
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
    let candidates: Vec<Consent> = consents::table
        .filter(consents::person_id.eq(person))
        .filter(consents::purpose.eq(purpose))
        .filter(consents::recipient_organisation_id.eq(recipient))
        .filter(consents::withdrawn_on.is_null())
        .order((consents::given_on.desc(), consents::id))
        .select(Consent::as_select())
        .load(conn)?;
    Ok(candidates.into_iter().find(|consent| consent.is_live_on(day)))
}

/// Whether the consent a referral rests on still holds.
///
/// # Errors
/// The engine's own.
pub fn is_live(conn: &mut DbConnection, id: ConsentId, day: NaiveDate) -> Result<bool, AppError> {
    let consent: Option<Consent> = consents::table.find(id).select(Consent::as_select()).first(conn).optional()?;
    Ok(consent.is_some_and(|consent| consent.is_live_on(day)))
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
