//! Opening, moving and assigning cases; [`reading`] reads them.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::events;
use super::model::{Case, CaseEvent, CaseEventKind};
use super::status::{CaseStatus, CloseReason};
use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, Level};
use crate::audit::{Subject, SubjectKind, TrailAction, TrailKey, changed_since, record};
use crate::db::DbConnection;
use crate::db::schema::{account_grants, accounts, cases};
use crate::db::types::{AccountId, CaseEventId, CaseId, Instant, OrganisationId, PersonId};
use crate::error::{AppError, Conflict, FieldError, Rule};
use crate::grants::{Action, Role};
use crate::persons::rules as person_rules;
use crate::persons::{ClientCategory, same};
use crate::tasks::status::CancelReason;

mod handing_over;
mod reading;

pub use handing_over::{HandOver, hand_over};
pub use reading::{
    CaseFile, Filter, ListRow, event_view, find, find_for, list, list_events, of_persons, progress, read, read_file,
};

/// A case that is to be opened.
#[derive(Debug, Clone)]
pub struct NewCase {
    /// Id of the case.
    pub id: CaseId,
    /// Id of its first event.
    pub event: CaseEventId,
    /// Whose case.
    pub person: PersonId,
    /// Centre; needed only when the actor works for several.
    pub organisation: Option<OrganisationId>,
    /// Unit it is counted in.
    pub unit_code: String,
    /// Category it concerns.
    pub category: ClientCategory,
    /// Day of reception.
    pub received_on: NaiveDate,
    /// Whether the person was trafficked again after an earlier case.
    pub trafficked_again: bool,
}

/// Opens a case of a person the actor may see.
///
/// # Errors
/// Field errors for dates, unit and person; [`AppError::Forbidden`] without the right.
pub fn create(
    conn: &mut DbConnection,
    actor: &Actor,
    units: &AdminUnits,
    trail: &TrailKey,
    new: &NewCase,
    sealed_summary: impl Fn() -> Result<Option<Vec<u8>>, AppError>,
) -> Result<Case, AppError> {
    let organisation = actor.scope(Action::CaseCreate)?.own_organisation(new.organisation)?;
    let broken = broken_rules(units, new, actor.now.civil_date());
    if !broken.is_empty() {
        return Err(AppError::Invalid(broken));
    }
    let scope = actor.scope(Action::PersonRead)?;
    let Some(categories) = person_rules::categories_within(conn, &scope, new.person)? else {
        return Err(AppError::field("person_id", Rule::NoSuchReference));
    };
    let manages = actor.scope(Action::CaseAssign).is_ok_and(|scope| scope.organisations.contains(organisation));
    if !manages && has_open_case(conn, new.person, organisation)? {
        return Err(AppError::Conflict(Conflict::OpenCaseExists));
    }
    let is_worker =
        |held: &crate::grants::HeldRole| held.role == Role::SocialWorker && held.organisation == Some(organisation);
    // A social worker keeps the case they open; a manager's waits to be assigned.
    let opener = Opener {
        organisation,
        by: actor.account,
        assigned_to: actor.roles.iter().any(is_worker).then_some(actor.account),
        at: actor.now,
    };
    let (case, event) = opening(new, &opener, sealed_summary()?);
    diesel::insert_into(cases::table).values(&case).execute(conn)?;
    events::insert(conn, &event)?;
    // A case of a category makes its person one of that category, else indicators would miss them.
    person_rules::add_category(conn, actor, trail, case.person_id, categories, case.category)?;
    note(conn, trail, actor, case.id, TrailAction::Create, &["case"])?;
    Ok(case)
}

/// Who opens a case, where and when.
#[derive(Debug, Clone, Copy)]
pub struct Opener {
    /// Centre that runs it.
    pub organisation: OrganisationId,
    /// Account.
    pub by: AccountId,
    /// Worker responsible; none while it waits.
    pub assigned_to: Option<AccountId>,
    /// Moment.
    pub at: Instant,
}

/// The row of a new case and its first event.
pub fn opening(new: &NewCase, opener: &Opener, sealed_summary: Option<Vec<u8>>) -> (Case, CaseEvent) {
    let case = Case {
        id: new.id,
        person_id: new.person,
        organisation_id: opener.organisation,
        unit_code: new.unit_code.clone(),
        category: new.category,
        status: CaseStatus::Received,
        received_on: new.received_on,
        identified_on: None,
        closed_on: None,
        close_reason: None,
        assigned_to: opener.assigned_to,
        opened_by: opener.by,
        sealed_summary,
        created_at: opener.at,
        updated_at: opener.at,
        version: 1,
        status_since: new.received_on,
        trafficked_again: new.trafficked_again,
        handed_to_case_id: None,
        continues_case_id: None,
    };
    let event = CaseEvent {
        id: new.event,
        case_id: case.id,
        kind: CaseEventKind::Opened,
        from_status: None,
        to_status: Some(CaseStatus::Received),
        occurred_on: case.received_on,
        reason: None,
        sealed_note: None,
        recorded_by: case.opened_by,
        recorded_at: case.created_at,
    };
    (case, event)
}

/// A second case would let its worker see the person whoever the first one is given to.
fn has_open_case(conn: &mut DbConnection, person: PersonId, organisation: OrganisationId) -> Result<bool, AppError> {
    for record in same::everyone(conn, person)? {
        let open = cases::table
            .filter(cases::person_id.eq(record))
            .filter(cases::organisation_id.eq(organisation))
            .filter(cases::status.ne(CaseStatus::Closed));
        if diesel::select(diesel::dsl::exists(open)).get_result(conn)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Fields of a new case that break rules on `today`.
pub fn broken_rules(units: &AdminUnits, new: &NewCase, today: NaiveDate) -> Vec<FieldError> {
    let mut broken = Vec::new();
    if new.received_on > today {
        broken.push(FieldError::new("received_on", Rule::NotInFuture));
    }
    if !units.is_valid_on(&new.unit_code, new.received_on) {
        broken.push(FieldError::new("unit_code", Rule::UnitNotValidOn));
    } else if units.get(&new.unit_code).is_some_and(|unit| unit.level == Level::Country) {
        broken.push(FieldError::new("unit_code", Rule::Format("a commune, district or province".into())));
    }
    let victim = [ClientCategory::PossibleVictim, ClientCategory::IdentifiedVictim].contains(&new.category);
    if new.trafficked_again && !victim {
        broken.push(FieldError::new("trafficked_again", Rule::ConflictsWith("category")));
    }
    broken
}

/// Removes cases in which nothing happened but that they were opened.
///
/// # Errors
/// The engine's own, when another row still refers to one of them.
pub fn remove_unused(conn: &mut DbConnection, ids: &[CaseId]) -> Result<(), AppError> {
    for some in ids.chunks(500) {
        events::remove_openings(conn, some)?;
        diesel::delete(cases::table.filter(cases::id.eq_any(some))).execute(conn)?;
    }
    Ok(())
}

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
/// [`Conflict::IllegalTransition`]; [`AppError::VersionStale`]; field errors.
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
    check_version(conn, &case, expected)?;
    if case.handed_to_case_id.is_some() {
        return Err(AppError::Conflict(Conflict::HandedOver));
    }
    if right.is_none() {
        let (from, to) = (case.status.as_str(), wish.to.as_str());
        return Err(AppError::Conflict(Conflict::IllegalTransition { from, to }));
    }
    check_move(conn, actor, &case, wish)?;
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
        broken.push(FieldError::new("occurred_on", Rule::NotBefore("last_event")));
    }
    match (wish.to == CaseStatus::Closed, wish.reason) {
        (true, None) => broken.push(FieldError::new("reason", Rule::Required)),
        (false, Some(_)) => broken.push(FieldError::new("reason", Rule::ConflictsWith("to"))),
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
    check_version(conn, &case, expected)?;
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
    check_version(conn, &case, expected)?;
    case.sealed_summary = seal(&case)?;
    save(conn, actor, &mut case)?;
    note(conn, trail, actor, id, TrailAction::Update, &["summary"])?;
    Ok(case)
}

fn check_version(conn: &mut DbConnection, case: &Case, expected: i32) -> Result<(), AppError> {
    if case.version == expected {
        return Ok(());
    }
    let subject = Subject::new(SubjectKind::Case, case.id.0);
    let changed = changed_since(conn, subject, case.version - expected)?;
    Err(AppError::VersionStale { current: case.version, changed })
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
