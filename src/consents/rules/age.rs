//! Who may give a consent, by the person's age, and what becomes of it when the birth is corrected.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::{end_one, note};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::consents::model::{Consent, ConsentEndReason, GivenBy};
use crate::db::DbConnection;
use crate::db::schema::consents;
use crate::db::types::PersonId;
use crate::error::{AppError, Conflict, DayOf, FitsWith, Rule};
use crate::persons::model::Birth;
use crate::{guardians, persons};

/// How many days before coming of age somebody may agree to what holds from that day on.
const DAYS_AHEAD: i64 = 90;

/// The consent as the person's age on that day lets it be: a guardian speaks until the person comes of age and
/// no longer, so what one agrees to ends on the day before.
///
/// # Errors
/// Field errors.
pub(super) fn fit(conn: &mut DbConnection, consent: &Consent, ahead: bool) -> Result<Consent, AppError> {
    let birth = persons::rules::birth_of(conn, consent.person_id)?;
    let day = consent.given_on;
    let by_guardian = consent.given_by != GivenBy::OneSelf;
    match consent.guardian_id {
        Some(_) if !by_guardian => return Err(AppError::field("guardian_id", Rule::MustFit(FitsWith::ByGuardian))),
        None if by_guardian => return Err(AppError::field("guardian_id", Rule::Required)),
        Some(guardian) if !guardians::rules::in_charge(conn, consent.person_id, guardian, day)? => {
            return Err(AppError::field("guardian_id", Rule::NoSuchReference));
        }
        _ => {}
    }
    if ahead {
        return given_ahead(consent, &birth);
    }
    if !by_guardian && birth.is_minor_on(day) {
        return Err(AppError::field("given_by", Rule::GuardianNeeded));
    }
    if by_guardian && birth.of_age_on().is_some_and(|of_age| day >= of_age) {
        return Err(AppError::field("given_by", Rule::OfAge));
    }
    let (_, expires_on) = times(consent, &birth);
    Ok(Consent { expires_on, ..consent.clone() })
}

/// The own consent of somebody who will soon be of age: it holds from that day on, so that help that a guardian
/// agreed to does not break off on the birthday.
fn given_ahead(consent: &Consent, birth: &Birth) -> Result<Consent, AppError> {
    const FIELD: &str = "from_coming_of_age";
    if consent.given_by != GivenBy::OneSelf {
        return Err(AppError::field(FIELD, Rule::MustFit(FitsWith::BySelf)));
    }
    let of_age = birth.of_age_on().filter(|of_age| consent.given_on < *of_age);
    let Some(of_age) = of_age else { return Err(AppError::field(FIELD, Rule::OfAge)) };
    if (of_age - consent.given_on).num_days() > DAYS_AHEAD {
        return Err(AppError::field("given_by", Rule::GuardianNeeded));
    }
    if consent.expires_on.is_some_and(|last| last < of_age) {
        return Err(AppError::field("expires_on", Rule::NotBefore(DayOf::ComingOfAge)));
    }
    Ok(Consent { holds_from: Some(of_age), ..consent.clone() })
}

/// First day, where it was given ahead, and last day of a consent of somebody of this birth.
fn times(consent: &Consent, birth: &Birth) -> (Option<NaiveDate>, Option<NaiveDate>) {
    let told = consent.told_expires_on;
    let Some(of_age) = birth.of_age_on() else { return (consent.holds_from, told) };
    if consent.given_by == GivenBy::OneSelf {
        return (consent.holds_from.map(|_| of_age.max(consent.given_on)), told);
    }
    let last_of_childhood = of_age.pred_opt();
    (None, told.map_or(last_of_childhood, |told| last_of_childhood.map(|last| last.min(told))))
}

/// What a corrected birth makes of the person's consents: a guardian's ends with childhood, as it now is, and lasts
/// as long as was told within it; what the person agreed to ahead holds from the new day on; and what a child agreed
/// to alone ends, for a guardian is needed.
///
/// # Errors
/// [`Conflict::EndsConsents`] when one that holds today would end, unless that is `confirmed`: help that rests on it
/// ends with it, and a slip of the hand must not do that.
pub fn fit_to_birth(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    person: PersonId,
    birth: &Birth,
    confirmed: bool,
) -> Result<(), AppError> {
    let today = actor.now.civil_date();
    let standing: Vec<Consent> = consents::table
        .filter(consents::person_id.eq(person))
        .filter(consents::withdrawn_on.is_null())
        .select(Consent::as_select())
        .load(conn)?;
    for former in standing {
        let (holds_from, expires_on) = times(&former, birth);
        let consent = Consent { expires_on, holds_from, ..former.clone() };
        let alone = former.given_by == GivenBy::OneSelf && former.holds_from.is_none();
        let stands = !(alone && birth.is_minor_on(former.given_on));
        if former.is_live_on(today) && !(stands && consent.is_live_on(today)) && !confirmed {
            return Err(AppError::Conflict(Conflict::EndsConsents));
        }
        if !stands {
            end_one(conn, actor, trail, &former, ConsentEndReason::GuardianNeeded)?;
            note(conn, actor, trail, person, TrailAction::ConsentWithdraw, former.purpose.as_str())?;
        } else if (former.holds_from, former.expires_on) != (holds_from, expires_on) {
            diesel::update(consents::table.find(former.id))
                .set((
                    consents::holds_from.eq(holds_from),
                    consents::expires_on.eq(expires_on),
                    consents::version.eq(former.version + 1),
                ))
                .execute(conn)?;
            note(conn, actor, trail, person, TrailAction::ConsentRecord, former.purpose.as_str())?;
        }
    }
    Ok(())
}
