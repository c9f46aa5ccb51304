//! A case goes on elsewhere: the sender's is closed, the receiver's is opened.

use diesel::prelude::*;

use super::{note, save};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::care_plans;
use crate::cases::events;
use crate::cases::model::{Case, CaseEvent, CaseEventKind};
use crate::cases::status::{CaseStatus, CloseReason};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseEventId, CaseId, OrganisationId, PersonId};
use crate::error::{AppError, Conflict};
use crate::tasks::status::CancelReason;

/// What is handed over, and to whom.
#[derive(Debug, Clone, Copy)]
pub struct HandOver {
    /// The sender's case.
    pub case: CaseId,
    /// Id of the receiver's case.
    pub new_case: CaseId,
    /// Receiver.
    pub receiver: OrganisationId,
    /// Id of the event that opens the receiver's case.
    pub opened: CaseEventId,
    /// Id of the event that closes the sender's.
    pub closed: CaseEventId,
    /// Whether the receiver's case counts from the day on which the sender received the person.
    pub keeps_reception: bool,
}

/// Closes the sender's case as transferred and opens the receiver's in the same status,
/// waiting to be assigned. Who may do so was decided by the transfer.
///
/// # Errors
/// [`Conflict::CaseClosed`], [`Conflict::OtherCaseOpen`].
pub fn hand_over(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, wish: &HandOver) -> Result<(), AppError> {
    let mut case: Case = cases::table.find(wish.case).select(Case::as_select()).first(conn)?;
    if case.status == CaseStatus::Closed {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    refuse_another_open(conn, &case)?;
    let today = actor.now.civil_date();
    let received_on = if wish.keeps_reception { case.received_on } else { today };
    let taken_over = Case {
        id: wish.new_case,
        organisation_id: wish.receiver,
        received_on,
        last_contact_on: received_on,
        assigned_to: None,
        opened_by: actor.account,
        // Sealed for the sender's row, and the sender's to keep.
        sealed_summary: None,
        created_at: actor.now,
        updated_at: actor.now,
        version: 1,
        continues_case_id: Some(case.id),
        first_received_on: Some(case.begun_on()),
        planned_before: case.planned_before || care_plans::rules::has_plan(conn, case.id)?,
        ..case.clone()
    };
    diesel::insert_into(cases::table).values(&taken_over).execute(conn)?;
    let event = |id, of: &Case, kind, from_status, to_status, reason| CaseEvent {
        id,
        case_id: of.id,
        kind,
        from_status,
        to_status: Some(to_status),
        occurred_on: today,
        reason,
        sealed_note: None,
        recorded_by: actor.account,
        recorded_at: actor.now,
    };
    let opened = event(wish.opened, &taken_over, CaseEventKind::TakenOver, None, taken_over.status, None);
    events::insert(conn, &opened)?;
    note(conn, trail, actor, taken_over.id, TrailAction::Create, &["case"])?;
    let reason = Some(CloseReason::Transferred);
    let closed = event(wish.closed, &case, CaseEventKind::HandedOver, Some(case.status), CaseStatus::Closed, reason);
    events::insert(conn, &closed)?;
    case.status = CaseStatus::Closed;
    case.status_since = today;
    case.closed_on = Some(today);
    case.close_reason = reason;
    case.handed_to_case_id = Some(wish.new_case);
    save(conn, actor, &mut case)?;
    note(conn, trail, actor, case.id, TrailAction::Transition, &["status"])?;
    let_go(conn, actor, trail, &case, wish.new_case)?;
    crate::tasks::rules::cancel_open_of_case(conn, actor, trail, case.id, CancelReason::CaseTransferred)
}

/// Somebody whom the sender goes on working with cannot be handed over.
///
/// # Errors
/// [`Conflict::OtherCaseOpen`].
pub fn refuse_another_open(conn: &mut DbConnection, case: &Case) -> Result<(), AppError> {
    let others = of_person_at(case).filter(cases::status.ne(CaseStatus::Closed));
    let open: bool = diesel::select(diesel::dsl::exists(others)).get_result(conn)?;
    if open { Err(AppError::Conflict(Conflict::OtherCaseOpen)) } else { Ok(()) }
}

/// The other cases of this person at the centre of this case.
#[diesel::dsl::auto_type(no_type_alias)]
fn of_person_at(case: &Case) -> _ {
    let (id, person, centre): (CaseId, PersonId, OrganisationId) = (case.id, case.person_id, case.organisation_id);
    cases::table.filter(cases::person_id.eq(person)).filter(cases::organisation_id.eq(centre)).filter(cases::id.ne(id))
}

/// Through its earlier cases the sender would still reach the person, who is another centre's now.
fn let_go(
    conn: &mut DbConnection,
    actor: &Actor,
    trail: &TrailKey,
    case: &Case,
    new_case: CaseId,
) -> Result<(), AppError> {
    let earlier: Vec<Case> =
        of_person_at(case).filter(cases::handed_to_case_id.is_null()).select(Case::as_select()).load(conn)?;
    for mut earlier in earlier {
        earlier.handed_to_case_id = Some(new_case);
        save(conn, actor, &mut earlier)?;
        note(conn, trail, actor, earlier.id, TrailAction::Update, &["handed_to_case_id"])?;
    }
    Ok(())
}
