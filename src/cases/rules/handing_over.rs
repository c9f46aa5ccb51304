//! A case goes on elsewhere: the sender's is closed, the receiver's is opened.

use diesel::prelude::*;

use super::{note, save};
use crate::accounts::Actor;
use crate::audit::{TrailAction, TrailKey};
use crate::cases::events;
use crate::cases::model::{Case, CaseEvent, CaseEventKind};
use crate::cases::status::{CaseStatus, CloseReason};
use crate::db::DbConnection;
use crate::db::schema::cases;
use crate::db::types::{CaseEventId, CaseId, OrganisationId};
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
/// [`Conflict::CaseClosed`].
pub fn hand_over(conn: &mut DbConnection, actor: &Actor, trail: &TrailKey, wish: &HandOver) -> Result<(), AppError> {
    let mut case: Case = cases::table.find(wish.case).select(Case::as_select()).first(conn)?;
    if case.status == CaseStatus::Closed {
        return Err(AppError::Conflict(Conflict::CaseClosed));
    }
    let today = actor.now.civil_date();
    let taken_over = Case {
        id: wish.new_case,
        organisation_id: wish.receiver,
        received_on: if wish.keeps_reception { case.received_on } else { today },
        assigned_to: None,
        opened_by: actor.account,
        // Sealed for the sender's row, and the sender's to keep.
        sealed_summary: None,
        created_at: actor.now,
        updated_at: actor.now,
        version: 1,
        continues_case_id: Some(case.id),
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
    crate::tasks::rules::cancel_open_of_case(conn, actor, trail, case.id, CancelReason::CaseTransferred)
}
