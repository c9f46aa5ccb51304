//! What a person is entitled to, what exceeds it, and what a manager lets exceed it.

use chrono::{NaiveDate, TimeDelta};
use diesel::prelude::*;

use super::evaluate::{Excess, evaluate, excess, excess_of_stay};
use super::facts::{Facts, Use};
use super::model::{
    AssessedService, CaseCircumstance, Circumstance, EntitlementView, EntitlementsView, Override, OverrideReason,
    StandingView,
};
use super::{Catalogue, load};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, record};
use crate::cases::model::Case;
use crate::cases::{self, CaseStatus};
use crate::clock::Random;
use crate::db::DbConnection;
use crate::db::bulk::BulkRow as _;
use crate::db::schema::{case_circumstances, entitlement_overrides};
use crate::db::types::{CaseId, CircumstanceId, Instant, OverrideId, PersonId};
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, Form, Rule, SupportRefusal};
use crate::grants::Action;
use crate::persons::model::Birth;
use crate::referrals::rules::Side;
use crate::services::ServiceType;
use crate::vault::DataKey;
use crate::{assessments, stays};

/// What a case gives a person on a day. Opens the notes of overrides with the key that `key` finds.
///
/// # Errors
/// A field error for a day to come; [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn of_case(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &Catalogue,
    id: CaseId,
    on: Option<NaiveDate>,
    key: impl Fn(PersonId) -> Result<DataKey, AppError>,
) -> Result<EntitlementsView, AppError> {
    let case = cases::rules::find(conn, &actor.scope(Action::EntitlementRead)?, id)?;
    let today = known_until(&case, actor.now.civil_date());
    let on = on.map_or(today, |on| if on <= actor.now.civil_date() { on.min(today) } else { on });
    if on > today {
        return Err(AppError::field("on", Rule::NotInFuture));
    }
    let facts = load(conn, case.person_id, today)?.known_on(today);
    let standing = facts.standing(catalogue, id, on);
    let statutory = facts.case(id).is_some();
    let found = if statutory { evaluate(catalogue, &facts, id, on) } else { Vec::new() };
    let key = key(case.person_id)?;
    let overrides = overrides_of(conn, id)?.into_iter().map(|row| row.view(&key, today)).collect::<Result<_, _>>()?;
    Ok(EntitlementsView {
        case_id: id,
        on,
        statutory,
        standing: standing.as_ref().ok().map(StandingView::from),
        absence: standing.err(),
        nationality_unknown: facts.nationality.is_none(),
        age_unknown: facts.birth.age_on(on).is_none(),
        items: found.iter().map(|entitlement| EntitlementView::of(entitlement, on)).collect(),
        assessed: assessed(conn, id, on)?,
        circumstances: circumstances_of(conn, id)?.iter().map(CaseCircumstance::view).collect(),
        overrides,
    })
}

/// Until when a centre follows what is used: who handed a case over learns no more of what follows it.
fn known_until(case: &Case, today: NaiveDate) -> NaiveDate {
    case.closed_on.filter(|_| case.handed_to_case_id.is_some()).map_or(today, |closed| closed.min(today))
}

fn assessed(conn: &mut DbConnection, case: CaseId, on: NaiveDate) -> Result<Vec<AssessedService>, AppError> {
    let rows = assessments::rules::latest_needs(conn, case, on)?;
    let service = |(service_type, in_need, eligible, assessed_on)| AssessedService {
        service_type,
        in_need,
        eligible,
        assessed_on,
    };
    Ok(rows.into_iter().map(service).collect())
}

/// Support that is about to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct Giving {
    /// What is given, in which case and when.
    pub support: Use,
    /// Through which side of a referral it is recorded; the sender's also where there is none.
    pub by: Side,
}

/// Refuses a delivery that exceeds what the law gives, unless a manager's override is live.
/// Cases that concern no victim, and what a programme gives, are not looked at. A recipient of a
/// referral is not refused for lack of status, which the sender has judged, and never learns which limit is meant.
/// Returns the moment at which it counts as recorded.
///
/// # Errors
/// [`SupportRefusal::NotEntitled`], [`SupportRefusal::OnceOnlyUsed`], [`SupportRefusal::DaysUsedUp`],
/// [`SupportRefusal::EntitlementExpired`], or to recipients [`SupportRefusal::SupportLimitReached`].
pub fn check_delivery(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &Catalogue,
    case: &Case,
    giving: Giving,
) -> Result<Instant, AppError> {
    let new = giving.support;
    if !catalogue.is_statutory(new.service) {
        return Ok(new.recorded_at);
    }
    let facts = load(conn, case.person_id, actor.now.civil_date())?;
    let Some(found) = excess(catalogue, &facts, &new) else { return Ok(new.recorded_at) };
    if giving.by == Side::Recipient && matches!(found, Excess::NotEntitled(_)) {
        return Ok(new.recorded_at);
    }
    if let Some(decided_at) = overridden(conn, actor, case.id, &facts, &new, found)? {
        // Whatever the clocks of two nodes say, what an override allows comes after it.
        return Ok(new.recorded_at.max(decided_at.plus(TimeDelta::microseconds(1))));
    }
    Err(refusal(found, told_to(case, giving.by)).into())
}

/// Refuses to send a referral to what is used up, so that the centre, who alone may ask for an override, learns of it
/// and not the recipient on the first day. Who lacks the status today may have it by then.
///
/// # Errors
/// As [`check_delivery`], without [`SupportRefusal::NotEntitled`].
pub fn check_sending(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &Catalogue,
    case: &Case,
    support: Use,
) -> Result<(), AppError> {
    match check_delivery(conn, actor, catalogue, case, Giving { support, by: Side::Sender }) {
        Err(AppError::Conflict(Conflict::Support(SupportRefusal::NotEntitled))) => Ok(()),
        checked => checked.map(drop),
    }
}

/// Refuses a stay that exceeds the days the law gives, unless a manager's override is live.
/// Nobody is refused a bed for lack of status.
///
/// # Errors
/// [`SupportRefusal::DaysUsedUp`], or to recipients [`SupportRefusal::SupportLimitReached`].
pub fn check_stay(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &Catalogue,
    case: &Case,
    (from, to): (NaiveDate, NaiveDate),
    by: Side,
) -> Result<(), AppError> {
    let facts = load(conn, case.person_id, actor.now.civil_date())?;
    let Some(found) = excess_of_stay(catalogue, &facts, case.id, from, to) else { return Ok(()) };
    let live = overrides_of(conn, case.id)?;
    let today = actor.now.civil_date();
    if live.iter().any(|row| row.service_type == ServiceType::EssentialNeeds && row.is_live_on(today)) {
        return Ok(());
    }
    Err(refusal(found, told_to(case, by)).into())
}

/// Who handed a case over is told no more than a recipient: what fills the limit may be the receiver's.
fn told_to(case: &Case, by: Side) -> Side {
    if case.handed_to_case_id.is_some() { Side::Recipient } else { by }
}

fn refusal(found: Excess, by: Side) -> SupportRefusal {
    match (by, found) {
        (Side::Recipient, _) => SupportRefusal::SupportLimitReached,
        (_, Excess::NotEntitled(_)) => SupportRefusal::NotEntitled,
        (_, Excess::OnceOnly) => SupportRefusal::OnceOnlyUsed,
        (_, Excess::Days { limit }) => SupportRefusal::DaysUsedUp { limit },
        (_, Excess::TooLate { .. }) => SupportRefusal::EntitlementExpired,
    }
}

/// When the live override was decided that covers it. One for what is given once covers one use, and is spent by it.
fn overridden(
    conn: &mut DbConnection,
    actor: &Actor,
    case: CaseId,
    facts: &Facts,
    new: &Use,
    found: Excess,
) -> Result<Option<Instant>, AppError> {
    let today = actor.now.civil_date();
    let spent = |row: &Override| {
        let later = |used: &&Use| used.service == new.service && used.recorded_at > row.created_at;
        found == Excess::OnceOnly && facts.uses.iter().filter(later).any(|used| used.key != new.key)
    };
    let rows = overrides_of(conn, case)?;
    let covers = |row: &&Override| row.service_type == new.service && row.is_live_on(today) && !spent(row);
    Ok(rows.iter().find(covers).map(|row| row.created_at))
}

/// Overrides of a case, newest first; at most 200.
fn overrides_of(conn: &mut DbConnection, case: CaseId) -> Result<Vec<Override>, AppError> {
    Ok(entitlement_overrides::table
        .filter(entitlement_overrides::case_id.eq(case))
        .order((entitlement_overrides::created_at.desc(), entitlement_overrides::id.desc()))
        .select(Override::as_select())
        .limit(200)
        .load(conn)?)
}

/// An override as it is asked for.
#[derive(Debug, Clone)]
pub struct NewOverride {
    /// Id.
    pub id: OverrideId,
    /// Case.
    pub case: CaseId,
    /// Service type; one of the law's regimes.
    pub service_type: ServiceType,
    /// Why.
    pub reason: OverrideReason,
    /// Last day.
    pub valid_until: NaiveDate,
}

/// Lets support of one kind exceed its limit.
///
/// # Errors
/// Field errors; [`Conflict::CaseClosed`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn allow(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &Catalogue,
    trail: &TrailKey,
    new: &NewOverride,
    sealed_note: impl Fn(PersonId) -> Result<Option<Vec<u8>>, AppError>,
) -> Result<Override, AppError> {
    let case = cases::rules::find_for(conn, actor, Action::EntitlementOverride, new.case)?;
    let today = actor.now.civil_date();
    let mut broken = Vec::new();
    if !catalogue.is_statutory(new.service_type) {
        let names: Vec<&str> = catalogue.regimes.iter().map(|regime| regime.service.as_str()).collect();
        broken.push(FieldError::new("service_type", Rule::Format(Form::OneOf(names.join(", ")))));
    }
    let last = today + TimeDelta::days(i64::from(catalogue.override_days));
    if new.valid_until < today || new.valid_until > last {
        broken.push(FieldError::new("valid_until", Rule::WithinDays(catalogue.override_days)));
    }
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    if case.status == CaseStatus::Closed {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    let row = Override {
        id: new.id,
        case_id: case.id,
        person_id: case.person_id,
        service_type: new.service_type,
        reason: new.reason,
        sealed_note: sealed_note(case.person_id)?,
        valid_until: new.valid_until,
        recorded_by: actor.account,
        created_at: actor.now,
        revoked_at: None,
        revoked_by: None,
        version: 1,
    };
    diesel::insert_into(entitlement_overrides::table).values(&row).execute(conn)?;
    note(conn, trail, actor, case.id, TrailAction::Override, new.service_type.as_str())?;
    Ok(row)
}

/// Reads one override of a case.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read_override(
    conn: &mut DbConnection,
    actor: &Actor,
    case: CaseId,
    id: OverrideId,
) -> Result<Override, AppError> {
    cases::rules::find(conn, &actor.scope(Action::EntitlementRead)?, case)?;
    let found = entitlement_overrides::table.find(id).filter(entitlement_overrides::case_id.eq(case));
    Ok(found.select(Override::as_select()).first(conn)?)
}

/// Takes an override back. What was given meanwhile stays.
///
/// # Errors
/// [`SupportRefusal::AlreadyRevoked`]; [`AppError::VersionStale`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn revoke(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: CaseId,
    id: OverrideId,
    expected: i32,
) -> Result<Override, AppError> {
    cases::rules::find_for(conn, actor, Action::EntitlementOverride, case)?;
    let mut row = read_override(conn, actor, case, id)?;
    if row.version != expected {
        return Err(AppError::VersionStale { current: row.version, changed: vec!["revoked_at".into()] });
    }
    if row.revoked_at.is_some() {
        return Err(SupportRefusal::AlreadyRevoked.into());
    }
    row.revoked_at = Some(actor.now);
    row.revoked_by = Some(actor.account);
    row.version += 1;
    diesel::update(entitlement_overrides::table.find(id))
        .set((
            entitlement_overrides::revoked_at.eq(row.revoked_at),
            entitlement_overrides::revoked_by.eq(row.revoked_by),
            entitlement_overrides::version.eq(row.version),
        ))
        .execute(conn)?;
    note(conn, trail, actor, case, TrailAction::OverrideRevoke, row.service_type.as_str())?;
    Ok(row)
}

/// The case was handed over: what was recorded of the circumstances is copied to the receiver's, so that the
/// standing stays what it was. What a manager let exceed a limit is not: that is for the receiver to decide.
///
/// # Errors
/// The engine's own.
pub fn follow_case(conn: &mut DbConnection, from: CaseId, to: CaseId) -> Result<(), AppError> {
    let mut rows = circumstances_of(conn, from)?;
    for row in &mut rows {
        // Nothing outside the database depends on this id, so a retried write may draw another.
        row.id = CircumstanceId(Random::system().uuid());
        row.case_id = to;
    }
    Ok(CaseCircumstance::insert_all(conn, &rows)?)
}

fn circumstances_of(conn: &mut DbConnection, case: CaseId) -> Result<Vec<CaseCircumstance>, AppError> {
    Ok(case_circumstances::table
        .filter(case_circumstances::case_id.eq(case))
        .order((case_circumstances::created_at, case_circumstances::id))
        .select(CaseCircumstance::as_select())
        .limit(200)
        .load(conn)?)
}

/// Records a circumstance that entitlements depend on.
///
/// # Errors
/// Field errors for the day, and for an adult who is to be an accompanying minor;
/// [`Conflict::CaseClosed`]; [`AppError::NotFound`]; [`AppError::Forbidden`].
pub fn record_circumstance(
    conn: &mut DbConnection,
    actor: &Actor,
    catalogue: &Catalogue,
    trail: &TrailKey,
    case: CaseId,
    (id, circumstance, since_on): (CircumstanceId, Circumstance, NaiveDate),
) -> Result<CaseCircumstance, AppError> {
    let case = cases::rules::find_for(conn, actor, Action::AssessmentWrite, case)?;
    let mut broken = Vec::new();
    if since_on > actor.now.civil_date() {
        broken.push(FieldError::new("since_on", Rule::NotInFuture));
    }
    if since_on < case.received_on {
        broken.push(FieldError::new("since_on", Rule::NotBefore(DayOf::CaseReceived)));
    }
    let birth: Birth = crate::persons::rules::birth_of(conn, case.person_id)?;
    if circumstance == Circumstance::AccompaniesVictim && birth.age_on(since_on).is_some_and(|age| age >= 18) {
        broken.push(FieldError::new("circumstance", Rule::MustFit(FitsWith::ChildOfVictim)));
    }
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    if case.status == CaseStatus::Closed {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    let row = CaseCircumstance {
        id,
        case_id: case.id,
        person_id: case.person_id,
        circumstance,
        since_on,
        recorded_by: actor.account,
        created_at: actor.now,
    };
    diesel::insert_into(case_circumstances::table).values(&row).execute(conn)?;
    note(conn, trail, actor, case.id, TrailAction::Update, "circumstance")?;
    stays::rules::refresh(conn, catalogue, case.person_id, actor.now)?;
    Ok(row)
}

/// Reads one circumstance of a case.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read_circumstance(
    conn: &mut DbConnection,
    actor: &Actor,
    case: CaseId,
    id: CircumstanceId,
) -> Result<CaseCircumstance, AppError> {
    cases::rules::read(conn, actor, case)?;
    let found = case_circumstances::table.find(id).filter(case_circumstances::case_id.eq(case));
    Ok(found.select(CaseCircumstance::as_select()).first(conn)?)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    case: CaseId,
    action: TrailAction,
    field: &str,
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Case, case.0), Some(actor.account), action, &[field], actor.now)
}
