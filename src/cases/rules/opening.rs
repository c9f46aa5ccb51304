//! Opening cases, and removing those in which nothing happened.

use chrono::NaiveDate;
use diesel::prelude::*;

use super::note;
use crate::accounts::Actor;
use crate::admin_units::{AdminUnits, Level};
use crate::audit::{TrailAction, TrailKey};
use crate::cases::events;
use crate::cases::model::{Case, CaseEvent, CaseEventKind};
use crate::cases::status::CaseStatus;
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{AccountId, CaseEventId, CaseId, Instant, OrganisationId, PersonId};
use crate::error::{AppError, Conflict, DayOf, FieldError, FitsWith, PlainForm, Rule};
use crate::grants::{Action, Role};
use crate::persons::rules as person_rules;
use crate::persons::{ClientCategory, same};

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
    /// Day on which somebody else identified the person as a victim, before or at reception.
    pub identified_on: Option<NaiveDate>,
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
    let scope = actor.scope(Action::PersonRead)?.within(organisation);
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
        identified_on: new.identified_on,
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
        first_received_on: None,
        planned_before: false,
        last_contact_on: new.received_on,
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
        broken.push(FieldError::new("unit_code", Rule::Format(PlainForm::UnitBelowCountry.into())));
    }
    let victim = [ClientCategory::PossibleVictim, ClientCategory::IdentifiedVictim].contains(&new.category);
    if new.trafficked_again && !victim {
        broken.push(FieldError::new("trafficked_again", Rule::MustFit(FitsWith::OfVictims)));
    }
    if let Some(day) = new.identified_on {
        if new.category != ClientCategory::IdentifiedVictim {
            broken.push(FieldError::new("identified_on", Rule::MustFit(FitsWith::OfIdentifiedVictims)));
        } else if day > new.received_on {
            broken.push(FieldError::new("identified_on", Rule::NotAfter(DayOf::CaseReceived)));
        }
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
