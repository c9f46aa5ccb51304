//! Writing, sending and answering referrals; [`reading`] reads them, [`ending`] ends what ends by itself, [`told`]
//! makes those of before this program.

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use super::model::{Referral, ReferralEvent};
use super::status::{DeclineReason, EmergencyReason, Outcome, ReferralStatus, ReferralStopReason};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::cases::{self, CaseStatus, model::Case};
use crate::db::DbConnection;
use crate::db::schema::{cases as case_table, referral_events, referrals};
use crate::db::types::{AccountId, CaseId, Instant, OrganisationId, PersonId, ReferralEventId, ReferralId};
use crate::entitlements::facts::Use;
use crate::entitlements::{self, Catalogue};
use crate::error::{AppError, Conflict};
use crate::grants::Action;
use crate::grants::predicates::{referrals_addressed, referrals_within};
use crate::services::{ServiceType, Services};
use crate::{assessments, consents, loans, organisations, training};

mod emergencies;
mod ending;
mod reading;
mod told;

pub use emergencies::{rest_on, review};
pub use ending::{cancel_open_of_case, close_without_consent, follow_case, sweep};
pub use reading::{Filter, Side, list, person_of, read, shown_persons, status_of, steps, usual_side};
pub use told::{Given, remove_unused, telling, told};

/// A referral that is to be written.
#[derive(Debug, Clone)]
pub struct NewReferral {
    /// Id.
    pub id: ReferralId,
    /// Id of its first event.
    pub event: ReferralEventId,
    /// Case it serves.
    pub case: CaseId,
    /// Service asked for.
    pub service_type: ServiceType,
    /// Recipient.
    pub to: OrganisationId,
    /// The risk to life for which it may go before consent.
    pub emergency: Option<EmergencyReason>,
}

/// Writes a draft.
///
/// # Errors
/// Field errors; [`Conflict::CaseClosed`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    services: &Services,
    trail: &TrailKey,
    new: &NewReferral,
    sealed_message: impl Fn(PersonId) -> Result<Option<Vec<u8>>, AppError>,
) -> Result<Referral, AppError> {
    let case = cases::rules::find_for(conn, actor, Action::ReferralWrite, new.case)?;
    if case.status == CaseStatus::Closed {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    let today = actor.now.civil_date();
    organisations::rules::for_service(conn, services, "to_organisation_id", new.to, new.service_type, today)?;
    if new.emergency.is_some() && !services.has_emergency(new.service_type) {
        return Err(AppError::Conflict(Conflict::NoEmergency));
    }
    let referral = Referral {
        id: new.id,
        case_id: case.id,
        person_id: case.person_id,
        service_type: new.service_type,
        from_organisation_id: case.organisation_id,
        to_organisation_id: new.to,
        status: ReferralStatus::Draft,
        consent_id: None,
        answer_due_on: None,
        sent_at: None,
        answered_at: None,
        decline_reason: None,
        outcome: None,
        sealed_message: sealed_message(case.person_id)?,
        created_by: actor.account,
        created_at: actor.now,
        updated_at: actor.now,
        version: 1,
        start_due_on: None,
        stop_reason: None,
        emergency_reason: new.emergency,
        consent_due_on: None,
        reviewed_by: None,
        reviewed_at: None,
    };
    diesel::insert_into(referrals::table).values(&referral).execute(conn)?;
    let by = Some(actor.account);
    insert_event(conn, new.event, &referral, None, None, by, actor.now)?;
    note(conn, trail, by, referral.id, TrailAction::Create, &["referral"], actor.now)?;
    Ok(referral)
}

/// Records a change of status that `referral` has just gone through.
fn insert_event(
    conn: &mut DbConnection,
    id: ReferralEventId,
    referral: &Referral,
    from: Option<ReferralStatus>,
    reason: Option<&str>,
    by: Option<AccountId>,
    at: Instant,
) -> Result<(), AppError> {
    let event = ReferralEvent {
        id,
        referral_id: referral.id,
        from_status: from,
        to_status: referral.status,
        reason: reason.map(str::to_owned),
        recorded_by: by,
        recorded_at: at,
    };
    diesel::insert_into(referral_events::table).values(&event).execute(conn)?;
    Ok(())
}

/// What the sender or the recipient does with a referral.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The sender sends the draft.
    Send,
    /// The sender takes it back.
    Cancel,
    /// The recipient will help.
    Accept,
    /// The recipient cannot help.
    Decline(DeclineReason),
    /// The recipient begins to help.
    Start,
    /// The recipient has helped.
    Complete(Outcome),
    /// The help ended before its end.
    Stop(ReferralStopReason),
}

impl Step {
    fn target(self) -> ReferralStatus {
        match self {
            Self::Send => ReferralStatus::Sent,
            Self::Cancel => ReferralStatus::Cancelled,
            Self::Accept => ReferralStatus::Accepted,
            Self::Decline(_) => ReferralStatus::Declined,
            Self::Start => ReferralStatus::InService,
            Self::Complete(_) => ReferralStatus::Completed,
            Self::Stop(_) => ReferralStatus::Stopped,
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Send | Self::Cancel => Action::ReferralWrite,
            Self::Accept | Self::Decline(_) | Self::Start | Self::Complete(_) | Self::Stop(_) => Action::ReferralAnswer,
        }
    }

    fn reason(self) -> Option<&'static str> {
        match self {
            Self::Decline(reason) => Some(reason.as_str()),
            Self::Complete(outcome) => Some(outcome.as_str()),
            Self::Stop(reason) => Some(reason.as_str()),
            _ => None,
        }
    }
}

/// Takes a step with a referral.
///
/// # Errors
/// [`Conflict::IllegalTransition`], [`Conflict::ConsentMissing`], [`Conflict::NotAssessed`], [`Conflict::NotWantedNow`],
/// [`Conflict::AnswerTooLate`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn take_step(
    conn: &mut DbConnection,
    actor: &Actor,
    services: &Services,
    trail: &TrailKey,
    id: ReferralId,
    expected: i32,
    step: Step,
    event: ReferralEventId,
) -> Result<Referral, AppError> {
    let mut referral = find_for(conn, actor, step.action(), id)?;
    check_version(conn, Subject::new(SubjectKind::Referral, id.0), referral.version, expected)?;
    let (from, to) = (referral.status, step.target());
    if !from.may_become(to) {
        return Err(AppError::Conflict(Conflict::IllegalTransition { from: from.as_str(), to: to.as_str() }));
    }
    let today = actor.now.civil_date();
    match step {
        Step::Send => prepare_sending(conn, services, &mut referral, actor.now)?,
        Step::Accept | Step::Decline(_) if is_late(&referral, today) => {
            return Err(AppError::Conflict(Conflict::AnswerTooLate));
        }
        // The person's data goes on only while the person agrees, or cannot be asked yet.
        Step::Accept | Step::Start if referral.goes_before_consent(today) => {}
        Step::Accept | Step::Start => {
            let (person, recipient) = (referral.person_id, referral.to_organisation_id);
            referral.consent_id = Some(consents::rules::live_for_referral(conn, person, recipient, today)?);
        }
        Step::Cancel | Step::Decline(_) | Step::Complete(_) | Step::Stop(_) => {}
    }
    referral.status = to;
    match step {
        Step::Accept => {
            referral.answered_at = Some(actor.now);
            let days = TimeDelta::days(i64::from(services.start_days(referral.service_type)));
            referral.start_due_on = Some(today + days);
        }
        Step::Decline(reason) => {
            referral.answered_at = Some(actor.now);
            referral.decline_reason = Some(reason);
        }
        Step::Complete(outcome) => referral.outcome = Some(outcome),
        Step::Stop(reason) => referral.stop_reason = Some(reason),
        Step::Send | Step::Cancel | Step::Start => {}
    }
    save(conn, &mut referral, actor.now)?;
    let by = Some(actor.account);
    insert_event(conn, event, &referral, Some(from), step.reason(), by, actor.now)?;
    if from.shows_person() && !to.shows_person() {
        loans::rules::end_with_referral(conn, trail, id, by, actor.now)?;
    }
    note(conn, trail, by, id, TrailAction::Transition, &["status"], actor.now)?;
    training::rules::follow_referral(conn, trail, &referral, by, actor.now)?;
    Ok(referral)
}

/// Refuses what the law gives no more of; an emergency goes all the same.
///
/// # Errors
/// As [`entitlements::rules::check_sending`].
pub fn refuse_used_up(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &Catalogue,
    referral: &Referral,
) -> Result<(), AppError> {
    if referral.emergency_reason.is_some() {
        return Ok(());
    }
    let case = case_table::table.find(referral.case_id).select(Case::as_select()).first(conn)?;
    let support = Use {
        case: case.id,
        service: referral.service_type,
        day: actor.now.civil_date(),
        key: referral.id.0,
        recorded_at: actor.now,
    };
    entitlements::rules::check_sending(conn, actor, catalogue, &case, support)
}

fn is_late(referral: &Referral, today: NaiveDate) -> bool {
    referral.status == ReferralStatus::Sent && referral.answer_due_on.is_some_and(|due| today > due)
}

fn prepare_sending(
    conn: &mut DbConnection,
    services: &Services,
    referral: &mut Referral,
    now: Instant,
) -> Result<(), AppError> {
    let today = now.civil_date();
    let service = referral.service_type;
    let emergency = referral.emergency_reason.is_some();
    if !emergency && !assessments::rules::in_need_and_eligible(conn, referral.case_id, service)? {
        return Err(AppError::Conflict(Conflict::NotAssessed));
    }
    if !emergency && assessments::rules::is_refused(conn, referral.case_id, service)? {
        return Err(AppError::Conflict(Conflict::NotWantedNow));
    }
    let recipient = referral.to_organisation_id;
    organisations::rules::for_service(conn, services, "to_organisation_id", recipient, service, today)?;
    match consents::rules::live_for_referral(conn, referral.person_id, recipient, today) {
        Ok(consent) => referral.consent_id = Some(consent),
        Err(AppError::Conflict(Conflict::ConsentMissing)) if emergency => {
            referral.consent_due_on = Some(today + TimeDelta::days(i64::from(services.emergency_consent_days())));
        }
        Err(error) => return Err(error),
    }
    referral.sent_at = Some(now);
    referral.answer_due_on = Some(today + TimeDelta::days(i64::from(services.answer_days(service))));
    Ok(())
}

/// 404 when the referral cannot be seen; 403 when it can but this is not the reader's step to take.
fn find_for(conn: &mut DbConnection, actor: &Actor, action: Action, id: ReferralId) -> Result<Referral, AppError> {
    let (referral, _) = read(conn, actor, id)?;
    let scope = actor.scope(action)?;
    let found = referrals::table.filter(referrals::id.eq(id));
    let reached: bool = match action {
        Action::ReferralAnswer => {
            diesel::select(diesel::dsl::exists(found.filter(referrals_addressed(&scope)))).get_result(conn)?
        }
        _ => diesel::select(diesel::dsl::exists(found.filter(referrals_within(&scope)))).get_result(conn)?,
    };
    if reached { Ok(referral) } else { Err(AppError::Forbidden) }
}

fn save(conn: &mut DbConnection, referral: &mut Referral, now: Instant) -> Result<(), AppError> {
    let read = referral.version;
    referral.version += 1;
    referral.updated_at = now;
    let row = referrals::table.filter(referrals::id.eq(referral.id)).filter(referrals::version.eq(read));
    let saved = diesel::update(row)
        .set((
            referrals::status.eq(referral.status),
            referrals::consent_id.eq(referral.consent_id),
            referrals::answer_due_on.eq(referral.answer_due_on),
            referrals::sent_at.eq(referral.sent_at),
            referrals::answered_at.eq(referral.answered_at),
            referrals::decline_reason.eq(referral.decline_reason),
            referrals::start_due_on.eq(referral.start_due_on),
            referrals::stop_reason.eq(referral.stop_reason),
            referrals::consent_due_on.eq(referral.consent_due_on),
            referrals::reviewed_by.eq(referral.reviewed_by),
            referrals::reviewed_at.eq(referral.reviewed_at),
            referrals::outcome.eq(referral.outcome),
            referrals::updated_at.eq(referral.updated_at),
            referrals::version.eq(referral.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    by: Option<AccountId>,
    id: ReferralId,
    action: TrailAction,
    fields: &[&str],
    now: Instant,
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Referral, id.0), by, action, fields, now)
}
