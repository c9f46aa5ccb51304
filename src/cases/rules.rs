//! Moving and assigning cases; [`opening`] opens them, [`handing_over`] hands one over, [`reading`] reads.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::events;
use super::model::{Case, CaseEvent, CaseEventKind};
use super::status::{CaseStatus, CloseReason};
use crate::accounts::Actor;
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, check_version, record};
use crate::db::DbConnection;
use crate::db::schema::{account_grants, accounts, cases};
use crate::db::types::{AccountId, CaseEventId, CaseId, OrganisationId};
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, Rule, SupportRefusal};
use crate::grants::{Action, Role};
use crate::persons::ClientCategory;
use crate::persons::rules as person_rules;
use crate::stays;
use crate::tasks::status::CancelReason;

mod handing_over;
mod opening;
mod reading;

pub use handing_over::{HandOver, hand_over, refuse_another_open};
pub use opening::{NewCase, Opener, broken_rules, create, opening, remove_unused};
pub use reading::{
    CaseFile, Filter, ListRow, event_view, find, find_for, list, list_events, of_persons, read, read_file,
};

/// A move to another status.
#[derive(Debug, Clone)]
pub struct Move {
    /// New status.
    pub to: CaseStatus,
    /// Day on which it happened.
    pub occurred_on: NaiveDate,
    /// Why, when it is closed.
    pub reason: Option<CloseReason>,
    /// Id of the event.
    pub event: CaseEventId,
    /// Sealed note.
    pub sealed_note: Option<Vec<u8>>,
}

/// Moves a case to another status and records the event.
///
/// # Errors
/// [`Conflict::IllegalTransition`]; [`SupportRefusal::StayGoesOn`]; [`AppError::VersionStale`]; field errors.
pub fn change_status(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: CaseId,
    expected: i32,
    wish: &Move,
) -> Result<Case, AppError> {
    let mut case = find_for(conn, actor, Action::CaseUpdate, id)?;
    let right = case.status.right_to_become(wish.to);
    if let Some(right) = right {
        find_for(conn, actor, right, id)?;
    }
    check_version(conn, Subject::new(SubjectKind::Case, case.id.0), case.version, expected)?;
    if case.handed_to_case_id.is_some() {
        return Err(AppError::Conflict(Conflict::HandedOver));
    }
    if right.is_none() {
        let (from, to) = (case.status.as_str(), wish.to.as_str());
        return Err(AppError::Conflict(Conflict::IllegalTransition { from, to }));
    }
    check_move(conn, actor, &case, wish)?;
    if wish.to == CaseStatus::Closed && stays::rules::goes_on(conn, id)? {
        return Err(SupportRefusal::StayGoesOn.into());
    }
    let event = CaseEvent {
        id: wish.event,
        case_id: id,
        kind: if case.status == CaseStatus::Closed { CaseEventKind::Reopened } else { CaseEventKind::StatusChanged },
        from_status: Some(case.status),
        to_status: Some(wish.to),
        occurred_on: wish.occurred_on,
        reason: wish.reason,
        sealed_note: wish.sealed_note.clone(),
        recorded_by: actor.account,
        recorded_at: actor.now,
    };
    events::insert(conn, &event)?;
    case.status = wish.to;
    case.status_since = wish.occurred_on;
    case.closed_on = (wish.to == CaseStatus::Closed).then_some(wish.occurred_on);
    case.close_reason = wish.reason;
    if wish.to == CaseStatus::Confirmed {
        // Verified again, a person stays identified since the first time.
        case.identified_on = case.identified_on.or(Some(wish.occurred_on));
        let person = person_rules::read(conn, actor, case.person_id)?;
        let identified = ClientCategory::IdentifiedVictim;
        person_rules::add_category(conn, actor, trail, case.person_id, person.categories, identified)?;
    }
    if wish.to == CaseStatus::NotConfirmed {
        case.identified_on = None;
    }
    save(conn, actor, &mut case)?;
    note(conn, trail, actor, id, TrailAction::Transition, &["status"])?;
    if wish.to == CaseStatus::Closed {
        crate::referrals::rules::cancel_open_of_case(conn, actor, trail, id)?;
        crate::transfers::rules::withdraw_of_case(conn, actor, trail, id)?;
        crate::tasks::rules::cancel_open_of_case(conn, actor, trail, id, CancelReason::CaseClosed)?;
    }
    Ok(case)
}

fn check_move(conn: &mut DbConnection, actor: &Actor, case: &Case, wish: &Move) -> Result<(), AppError> {
    let mut broken = Vec::new();
    if wish.occurred_on > actor.now.civil_date() {
        broken.push(FieldError::new("occurred_on", Rule::NotInFuture));
    }
    let last = events::last_day(conn, case.id)?.unwrap_or(case.received_on);
    if wish.occurred_on < last {
        broken.push(FieldError::new("occurred_on", Rule::NotBefore(DayOf::LastCaseEvent)));
    }
    match (wish.to == CaseStatus::Closed, wish.reason) {
        (true, None) => broken.push(FieldError::new("reason", Rule::Required)),
        (false, Some(_)) => broken.push(FieldError::new("reason", Rule::MustFit(FitsWith::OnClosing))),
        _ => {}
    }
    if broken.is_empty() { Ok(()) } else { Err(AppError::Invalid(broken)) }
}

/// Assigns a case to a worker of its centre, or puts it back to wait.
///
/// # Errors
/// A field error when the account is no active worker of the centre; [`AppError::VersionStale`].
pub fn assign(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: CaseId,
    expected: i32,
    worker: Option<AccountId>,
    event: CaseEventId,
) -> Result<Case, AppError> {
    let mut case = find_for(conn, actor, Action::CaseAssign, id)?;
    check_version(conn, Subject::new(SubjectKind::Case, case.id.0), case.version, expected)?;
    let manages = actor.scope(Action::CaseAssign)?.organisations.contains(case.organisation_id);
    // Workers may take a waiting case themselves; giving cases to others is the manager's.
    if !manages && worker != Some(actor.account) {
        return Err(AppError::Forbidden);
    }
    if let Some(worker) = worker
        && !works_in(conn, worker, case.organisation_id)?
    {
        return Err(AppError::field("account_id", Rule::NoSuchReference));
    }
    let former = std::mem::replace(&mut case.assigned_to, worker);
    let assigned = CaseEvent {
        id: event,
        case_id: id,
        kind: CaseEventKind::Assigned,
        from_status: None,
        to_status: None,
        occurred_on: actor.now.civil_date(),
        reason: None,
        sealed_note: None,
        recorded_by: actor.account,
        recorded_at: actor.now,
    };
    events::insert(conn, &assigned)?;
    save(conn, actor, &mut case)?;
    note(conn, trail, actor, id, TrailAction::Assign, &["assigned_to"])?;
    crate::tasks::rules::follow_case(conn, actor, trail, &case, former)?;
    Ok(case)
}

/// Whether the account is active and a worker or counsellor of this centre.
///
/// # Errors
/// The engine's own.
pub fn works_in(conn: &mut DbConnection, worker: AccountId, organisation: OrganisationId) -> Result<bool, AppError> {
    let grants = account_grants::table
        .inner_join(accounts::table.on(accounts::id.eq(account_grants::account_id)))
        .filter(account_grants::account_id.eq(worker))
        .filter(account_grants::organisation_id.eq(organisation))
        .filter(account_grants::role.eq_any([Role::SocialWorker, Role::Counsellor]))
        .filter(account_grants::revoked_at.is_null())
        .filter(accounts::state.eq(crate::accounts::AccountState::Active));
    Ok(diesel::select(diesel::dsl::exists(grants)).get_result(conn)?)
}

/// Changes the summary of a case.
///
/// # Errors
/// [`AppError::VersionStale`] with the names of fields changed since; [`AppError::NotFound`].
pub fn update_summary(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    id: CaseId,
    expected: i32,
    seal: impl Fn(&Case) -> Result<Option<Vec<u8>>, AppError>,
) -> Result<Case, AppError> {
    let mut case = find_for(conn, actor, Action::CaseUpdate, id)?;
    check_version(conn, Subject::new(SubjectKind::Case, case.id.0), case.version, expected)?;
    case.sealed_summary = seal(&case)?;
    save(conn, actor, &mut case)?;
    note(conn, trail, actor, id, TrailAction::Update, &["summary"])?;
    Ok(case)
}

/// Writes the changeable columns; the row must still have the version that was read.
fn save(conn: &mut DbConnection, actor: &Actor, case: &mut Case) -> Result<(), AppError> {
    let read = case.version;
    case.version += 1;
    case.updated_at = actor.now;
    let row = cases::table.filter(cases::id.eq(case.id)).filter(cases::version.eq(read));
    let saved = diesel::update(row)
        .set((
            cases::status.eq(case.status),
            cases::status_since.eq(case.status_since),
            cases::identified_on.eq(case.identified_on),
            cases::closed_on.eq(case.closed_on),
            cases::close_reason.eq(case.close_reason),
            cases::assigned_to.eq(case.assigned_to),
            cases::sealed_summary.eq(&case.sealed_summary),
            cases::updated_at.eq(case.updated_at),
            cases::handed_to_case_id.eq(case.handed_to_case_id),
            cases::version.eq(case.version),
        ))
        .execute(conn)?;
    crate::db::met_one_row(saved)
}

fn note(
    conn: &mut DbConnection,
    trail: &TrailKey,
    actor: &Actor,
    case: CaseId,
    action: TrailAction,
    fields: &[&str],
) -> Result<(), AppError> {
    record(conn, trail, Subject::new(SubjectKind::Case, case.0), Some(actor.account), action, fields, actor.now)
}
