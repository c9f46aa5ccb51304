//! Reading cases within a scope.

use chrono::NaiveDate;
use diesel::prelude::*;

use crate::accounts::Actor;
use crate::cases::deadlines::{Deadline, DeadlineFacts, Deadlines, Planning};
use crate::cases::events;
use crate::cases::model::{Case, CaseEvent, CaseEventView, CaseHead};
use crate::cases::progress::{Facts, Progress};
use crate::cases::status::CaseStatus;
use crate::db::DbConnection;
use crate::db::schema::{cases, persons, referrals};
use crate::db::types::{AccountId, CaseEventId, CaseId, Instant, OrganisationId, PersonId};
use crate::error::AppError;
use crate::follow_ups;
use crate::grants::predicates::cases_within;
use crate::grants::{Action, Scope};
use crate::persons::model::Person;
use crate::referrals::model::Referral;
use crate::vault::DataKey;

/// The case of this id within a scope.
///
/// # Errors
/// [`AppError::NotFound`] when there is none, or none the scope reaches.
pub fn find(conn: &mut DbConnection, scope: &Scope, id: CaseId) -> Result<Case, AppError> {
    Ok(cases::table.filter(cases::id.eq(id)).filter(cases_within(scope)).select(Case::as_select()).first(conn)?)
}

/// The case, for an action that changes it: 404 when it cannot be seen, 403 when it can but not be changed.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Forbidden`].
pub fn find_for(conn: &mut DbConnection, actor: &Actor, action: Action, id: CaseId) -> Result<Case, AppError> {
    let case = find(conn, &actor.scope(Action::CaseRead)?, id)?;
    let reached = cases::table.filter(cases::id.eq(id)).filter(cases_within(&actor.scope(action)?));
    if diesel::select(diesel::dsl::exists(reached)).get_result(conn)? { Ok(case) } else { Err(AppError::Forbidden) }
}

/// The cases of these persons at one centre, within a scope.
///
/// # Errors
/// The engine's own.
pub fn of_persons(
    conn: &mut DbConnection,
    scope: &Scope,
    centre: OrganisationId,
    persons: &[PersonId],
) -> Result<Vec<(PersonId, CaseId)>, AppError> {
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    Ok(cases::table
        .filter(cases::person_id.eq_any(persons))
        .filter(cases::organisation_id.eq(centre))
        .filter(cases_within(scope))
        .order(cases::id)
        .select((cases::person_id, cases::id))
        .load(conn)?)
}

/// Reads one case.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read(conn: &mut DbConnection, actor: &Actor, id: CaseId) -> Result<Case, AppError> {
    find(conn, &actor.scope(Action::CaseRead)?, id)
}

/// Which cases a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this centre.
    pub organisation: Option<OrganisationId>,
    /// Counted in this unit.
    pub unit_code: Option<String>,
    /// In this status.
    pub status: Option<CaseStatus>,
    /// Assigned to this worker.
    pub assigned_to: Option<AccountId>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// Only those of persons who were trafficked again.
    pub trafficked_again: bool,
}

/// A line of the list and the sealed name of its person.
pub type ListRow = (CaseHead, Option<Vec<u8>>);

/// Reads a page of cases, newest reception first, one more than `limit`.
///
/// # Errors
/// [`AppError::Forbidden`] without the right.
pub fn list(
    conn: &mut DbConnection,
    actor: &Actor,
    filter: &Filter,
    after: Option<(NaiveDate, CaseId)>,
    limit: i64,
) -> Result<Vec<ListRow>, AppError> {
    let scope = actor.scope(Action::CaseRead)?;
    let mut query = cases::table
        .inner_join(persons::table.on(persons::id.eq(cases::person_id)))
        .filter(cases_within(&scope))
        .order((cases::received_on.desc(), cases::id.desc()))
        .select((CaseHead::as_select(), persons::sealed_name, cases::handed_to_case_id))
        .limit(limit + 1)
        .into_boxed();
    // Narrows nothing: whoever reaches one centre only sees its cases. It lets the index of the centre
    // serve; a unit has an index of its own, and holds fewer cases.
    let only = || if filter.unit_code.is_some() { None } else { only_organisation(&scope) };
    if let Some(organisation) = filter.organisation.or_else(only) {
        query = query.filter(cases::organisation_id.eq(organisation));
    }
    if let Some(unit) = &filter.unit_code {
        query = query.filter(cases::unit_code.eq(unit.clone()));
    }
    if let Some(status) = filter.status {
        query = query.filter(cases::status.eq(status));
    }
    if let Some(worker) = filter.assigned_to {
        query = query.filter(cases::assigned_to.eq(worker));
    }
    if let Some(person) = filter.person {
        query = query.filter(cases::person_id.eq(person));
    }
    if filter.trafficked_again {
        query = query.filter(cases::trafficked_again);
    }
    if let Some((day, id)) = after {
        query = query.filter(cases::received_on.lt(day).or(cases::received_on.eq(day).and(cases::id.lt(id))));
    }
    let rows: Vec<(CaseHead, Option<Vec<u8>>, Option<CaseId>)> = query.load(conn)?;
    // A person who goes on elsewhere is no longer this centre's to see.
    Ok(rows.into_iter().map(|(case, name, handed)| (case, name.filter(|_| handed.is_none()))).collect())
}

fn only_organisation(scope: &Scope) -> Option<OrganisationId> {
    match scope.case_organisations().as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

/// Reads a page of events of a case, one more than `limit`.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn list_events(
    conn: &mut DbConnection,
    actor: &Actor,
    id: CaseId,
    after: Option<(Instant, CaseEventId)>,
    limit: i64,
) -> Result<(Case, Vec<CaseEvent>), AppError> {
    let case = read(conn, actor, id)?;
    let events = events::page(conn, id, after, limit)?;
    Ok((case, events))
}

/// Opens an event for reading.
///
/// # Errors
/// When its note does not open.
pub fn event_view(event: CaseEvent, person: PersonId, key: &DataKey) -> Result<CaseEventView, AppError> {
    events::view(event, person, key)
}

/// Referrals that a case is read with at the most; more are read from their own list.
const REFERRALS_SHOWN: i64 = 200;

/// A case and what is read with it.
#[derive(Debug)]
pub struct CaseFile {
    /// The case.
    pub case: Case,
    /// Whose case.
    pub person: Person,
    /// Whether the person's record may be shown; not once another centre goes on with the case.
    pub shows_person: bool,
    /// Step of case management it is in.
    pub progress: Progress,
    /// Referrals, oldest first; at most 200.
    pub referrals: Vec<Referral>,
    /// What is to be done, soonest first.
    pub deadlines: Vec<Deadline>,
}

/// Reads one case together with its person and those of its referrals that the actor may read.
///
/// # Errors
/// [`AppError::NotFound`]; [`AppError::Forbidden`] without the right.
pub fn read_file(
    conn: &mut DbConnection,
    actor: &Actor,
    deadlines: &Deadlines,
    id: CaseId,
) -> Result<CaseFile, AppError> {
    let (case, facts, person, referrals) = read_rows(conn, actor, id)?;
    let followed_up = match case.closed_on {
        Some(closed_on) => follow_ups::rules::reached(conn, id, closed_on)?,
        None => Vec::new(),
    };
    let at_commune = actor.scope(Action::CaseRead)?.intake.contains(case.organisation_id);
    let minor = person.birth().may_be_minor_on(case.begun_on());
    let of_deadlines = DeadlineFacts {
        category: case.category,
        status: case.status,
        status_since: case.status_since,
        received_on: case.received_on,
        begun_on: case.begun_on(),
        at_commune,
        minor,
        plan: Planning::of(facts.planned_on.is_some(), case.planned_before),
        close_reason: case.close_reason,
        followed_up: &followed_up,
    };
    let deadlines = deadlines.open(of_deadlines, actor.now.civil_date());
    let shows_person = case.handed_to_case_id.is_none();
    Ok(CaseFile { case, person, shows_person, progress: facts.progress(), referrals, deadlines })
}

type FileRows = (Case, Facts, Person, Vec<Referral>);

/// In one statement.
fn read_rows(conn: &mut DbConnection, actor: &Actor, id: CaseId) -> Result<FileRows, AppError> {
    let scope = actor.scope(Action::CaseRead)?;
    let case = cases::table
        .inner_join(persons::table.on(persons::id.eq(cases::person_id)))
        .filter(cases::id.eq(id))
        .filter(cases_within(&scope));
    let Ok(of_referrals) = actor.scope(Action::ReferralRead) else {
        let shown = (Case::as_select(), Facts::as_select(), Person::as_select());
        let (case, facts, person) = case.select(shown).first(conn)?;
        return Ok((case, facts, person, Vec::new()));
    };
    // A referral is reached through its case, which stands here already.
    let shown = referrals::case_id.eq(cases::id).and(cases_within(&of_referrals));
    let rows: Vec<(Case, Facts, Person, Option<Referral>)> = case
        .left_join(referrals::table.on(shown))
        .order((referrals::created_at, referrals::id))
        .select((Case::as_select(), Facts::as_select(), Person::as_select(), Option::<Referral>::as_select()))
        .limit(REFERRALS_SHOWN)
        .load(conn)?;
    let mut referrals = Vec::with_capacity(rows.len());
    let mut file = None;
    for (case, facts, person, referral) in rows {
        referrals.extend(referral);
        file.get_or_insert((case, facts, person));
    }
    let (case, facts, person) = file.ok_or(AppError::NotFound)?;
    Ok((case, facts, person, referrals))
}
